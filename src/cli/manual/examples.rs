//! What people type: examples of every command, as its long help ends in.

/// Commands, each with what is wanted and the lines that do it. A program that lacks a command shows none of its lines.
pub(super) const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("See everything at work on real documents", "pg-atlas demo"),
            ("Take in a bill of materials", "pg-atlas ingest sbom sbom.json --repo pkg:github/OWNER/NAME"),
            ("Bring the scores up to date, and read them", "pg-atlas project\npg-atlas scores --level repo"),
        ],
    ),
    #[cfg(feature = "serve")]
    (
        "demo",
        &[
            ("The whole pipeline, in a folder of its own", "pg-atlas demo"),
            ("The same, and then over HTTP", "pg-atlas demo --serve"),
        ],
    ),
    #[cfg(not(feature = "serve"))]
    ("demo", &[("The whole pipeline, in a folder of its own", "pg-atlas demo")]),
    ("init", &[("A folder for an atlas of one's own", "pg-atlas init ~/my-atlas")]),
    (
        "add",
        &[
            (
                "A checkout, with its bill of materials and what its project answers",
                "pg-atlas add . --sbom sbom.json --project daoip-5:scf:project:NAME --status live",
            ),
            ("What can be read elsewhere", "pg-atlas add https://github.com/OWNER/NAME"),
        ],
    ),
    (
        "ingest sbom",
        &[
            (
                "A repository of a project, with the package that it publishes",
                "pg-atlas ingest sbom sbom.json --repo pkg:github/OWNER/NAME --package pkg:npm/NAME --project daoip-5:scf:project:NAME",
            ),
            (
                "What another program writes; only look at what it would come to",
                "npm sbom --sbom-format cyclonedx | pg-atlas ingest sbom - --repo pkg:github/OWNER/NAME --dry-run",
            ),
        ],
    ),
    (
        "ingest survey",
        &[
            ("Answers of maintainers", "pg-atlas ingest survey survey.csv"),
            ("All rows or none", "pg-atlas ingest survey survey.csv --strict --actor ann"),
        ],
    ),
    (
        "ingest repo",
        &[(
            "What GitHub says of a repository",
            "curl -s https://api.github.com/repos/OWNER/NAME | pg-atlas ingest repo - --repo pkg:github/OWNER/NAME",
        )],
    ),
    (
        "ingest git-log",
        &[
            ("The checkout in this folder", "pg-atlas ingest git-log . --repo pkg:github/OWNER/NAME"),
            (
                "Two years of a repository elsewhere",
                "pg-atlas ingest git-log https://github.com/OWNER/NAME.git --repo pkg:github/OWNER/NAME --since-months 24",
            ),
            (
                "Pseudonyms alone leave this machine; the file is ingested elsewhere",
                "pg-atlas --format ndjson ingest git-log . --dry-run --repo pkg:github/OWNER/NAME > name.gitlog.ndjson",
            ),
        ],
    ),
    (
        "ingest grants",
        &[("Projects and what they applied for", "pg-atlas ingest grants projects.json applications.json")],
    ),
    (
        "ingest batch",
        &[
            ("Many documents; safe to feed again", "pg-atlas ingest batch documents.ndjson"),
            ("Refuse all when one is refused", "zcat documents.ndjson.gz | pg-atlas ingest batch - --strict"),
        ],
    ),
    (
        "ingest registry",
        &[(
            "Two packages, and what they depend upon",
            "PG_ATLAS_NPM_URL=\"$(npm config get registry)\" pg-atlas ingest registry pkg:npm/express pkg:npm/accepts --hops 1",
        )],
    ),
    (
        "project",
        &[
            ("Once, up to the head", "pg-atlas project"),
            ("Until Ctrl-C, within moments of every append", "pg-atlas project --follow"),
        ],
    ),
    (
        "serve",
        &[
            ("On this machine", "pg-atlas serve"),
            ("One of many, which writes nothing", "pg-atlas serve --listen 0.0.0.0:8080 --read-only"),
        ],
    ),
    ("status", &[("How far the tables are behind the log", "pg-atlas status")]),
    (
        "scores",
        &[
            (
                "The repositories that most others rest on",
                "pg-atlas scores --level repo --sort criticality_score:desc --limit 10",
            ),
            ("The repositories of a project", "pg-atlas scores --level repo --project daoip-5:scf:project:NAME"),
            ("What is alive", "pg-atlas scores --status live --status in-dev"),
            (
                "One project, at the end of last year",
                "pg-atlas scores --id daoip-5:scf:project:NAME --as-of 2026-01-01",
            ),
            ("Under another formula", "pg-atlas scores --level external --formula atlas-1 --format csv"),
        ],
    ),
    (
        "why",
        &[
            ("Every value of a repository", "pg-atlas why pkg:github/OWNER/NAME"),
            ("What moved one of them", "pg-atlas why pkg:npm/express criticality_score --from 2026-01-01"),
        ],
    ),
    (
        "edges",
        &[
            ("What a repository depends upon, and what depends on it", "pg-atlas edges --of pkg:github/OWNER/NAME"),
            (
                "Who says that the first depends on the second",
                "pg-atlas edges --why pkg:github/OWNER/NAME pkg:npm/express",
            ),
        ],
    ),
    (
        "events",
        &[
            ("The first hundred", "pg-atlas events --to 100"),
            ("All of one repository", "pg-atlas events --stream repo:pkg:github/OWNER/NAME"),
        ],
    ),
    (
        "replay",
        &[
            ("Is what is live what the log gives?", "pg-atlas replay --verify"),
            ("Is what was published?", "pg-atlas replay --verify --label 2026-q4"),
        ],
    ),
    ("publish", &[("Vouch for the scores as they are now", "pg-atlas publish --label 2026-q4 --actor ann")]),
    (
        "rebuild",
        &[
            ("Build anew and compare; nothing is switched", "pg-atlas rebuild"),
            ("Under another formula, and switch to it", "pg-atlas rebuild --formula atlas-1 --promote --actor ann"),
        ],
    ),
    ("rollback", &[("The former formula's builds again", "pg-atlas rollback --projection metrics --actor ann")]),
    (
        "history",
        &[("How critical a package was, and when", "pg-atlas history pkg:npm/express --metric criticality_score")],
    ),
    ("export graph", &[("For Gephi, yEd or NetworkX", "pg-atlas export graph --as graphml --out graph.graphml")]),
    (
        "export scores",
        &[("For a spreadsheet, of a day", "pg-atlas export scores --as csv --as-of 2026-01-31 --out scores.csv")],
    ),
    ("formula list", &[("Which there are", "pg-atlas formula list")]),
    ("formula show", &[("Begin one's own", "pg-atlas --format table formula show seed > mine.toml")]),
    ("formula check", &[("Where is it wrong?", "pg-atlas formula check mine.toml")]),
    (
        "formula diff",
        &[
            ("What would move", "pg-atlas formula diff seed mine.toml"),
            ("At the end of last year", "pg-atlas formula diff seed atlas-1 --as-of 2026-01-01"),
        ],
    ),
    ("formula adopt", &[("Into the log, so that it can be named", "pg-atlas formula adopt mine.toml --actor ann")]),
    ("triage list", &[("What only a maintainer knows", "pg-atlas triage list")]),
    (
        "triage resolve",
        &[(
            "Nobody claims the repositories of an owner",
            "pg-atlas triage resolve owner/pkg:github/OWNER --none --actor ann --reason 'asked the owner'",
        )],
    ),
    ("conflicts", &[("Where sources disagree", "pg-atlas conflicts")]),
    (
        "curate membership",
        &[(
            "A repository belongs to a project",
            "pg-atlas curate membership --repo pkg:github/OWNER/NAME --project daoip-5:scf:project:NAME --actor ann --reason 'README says so'",
        )],
    ),
    (
        "curate owner",
        &[(
            "All of an owner's that nothing else claims",
            "pg-atlas curate owner --owner pkg:github/OWNER --project daoip-5:scf:project:NAME --actor ann --reason 'asked the owner'",
        )],
    ),
    (
        "curate publication",
        &[(
            "A package comes from a repository",
            "pg-atlas curate publication --package pkg:pypi/click --repo pkg:github/pallets/click --actor ann --reason 'see its setup.py'",
        )],
    ),
    (
        "curate survey-name",
        &[(
            "Whose answers those are",
            "pg-atlas curate survey-name --name 'The Name' --project daoip-5:scf:project:NAME --actor ann --reason 'former name'",
        )],
    ),
    (
        "curate project",
        &[(
            "A better name",
            "pg-atlas curate project --project daoip-5:scf:project:NAME --field name --value 'The Name' --actor ann --reason 'as they write it'",
        )],
    ),
    (
        "quarantine",
        &[
            ("Pass over an event", "pg-atlas quarantine 17 --reason 'not theirs' --actor ann"),
            ("No longer", "pg-atlas quarantine 17 --lift --reason 'theirs after all' --actor ann"),
        ],
    ),
    (
        "erase contributor",
        &[(
            "Names and handles, by pseudonym",
            "pg-atlas erase contributor 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        )],
    ),
    (
        "erase payload",
        &[
            ("What would become unprovable", "pg-atlas erase payload 17 --reason 'by law' --dry-run"),
            ("For good, without being asked", "pg-atlas erase payload 17 --reason 'by law' --yes --actor ann"),
        ],
    ),
    (
        "artifact get",
        &[(
            "A document, by the digest that its event names",
            "pg-atlas artifact get e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 > sbom.json",
        )],
    ),
    ("artifact history", &[("What was said of a repository", "pg-atlas artifact history pkg:github/OWNER/NAME")]),
    ("artifact audit", &[("Is every document there and undamaged?", "pg-atlas artifact audit")]),
    ("artifact migrate", &[("Into another folder", "pg-atlas artifact migrate /srv/atlas")]),
    (
        "audit checkpoint",
        &[
            ("Sign the log; the first time it gets a name", "pg-atlas audit checkpoint --origin atlas.example/log"),
            ("Change the key", "pg-atlas audit checkpoint --rotate"),
            ("Keep what a witness has cosigned", "pg-atlas audit checkpoint --add cosigned.note"),
        ],
    ),
    (
        "audit prove",
        &[
            ("That an event is in the log", "pg-atlas audit prove 17"),
            ("That the log has only grown", "pg-atlas audit prove --from 1000 --to 2000"),
            ("With its checkpoint, for other tools", "pg-atlas audit prove 17 --tlog-proof"),
        ],
    ),
    (
        "audit cosign",
        &[
            ("A log seen for the first time", "pg-atlas audit cosign cp.note --key VKEY --name witness.example"),
            ("One that has grown", "pg-atlas audit cosign cp.note --proof grown.json"),
        ],
    ),
    ("audit check", &[("A proof that somebody sent", "pg-atlas audit check 17.tlog-proof")]),
    (
        "audit verify",
        &[
            ("A bundle, trusting an earlier checkpoint", "pg-atlas audit verify log.bundle --checkpoint earlier.note"),
            ("The database and its live tables", "pg-atlas audit verify"),
            (
                "Two of three witnesses vouch for it",
                "pg-atlas audit verify --key VKEY --witness W1 --witness W2 --witness W3 --quorum 2",
            ),
        ],
    ),
    ("audit export", &[("The log in one file", "pg-atlas audit export log.bundle --artifacts")]),
    ("audit import", &[("A database of it", "pg-atlas audit import log.bundle --data-dir ./copy")]),
    (
        "audit explain",
        &[(
            "What a published score rests on",
            "pg-atlas audit explain pkg:github/OWNER/NAME criticality_score --label 2026-q4",
        )],
    ),
    ("backup create", &[("Beside the machine's disk", "pg-atlas backup create --to /mnt/atlas-backups")]),
    (
        "backup list",
        &[("Which there are, and whether each is complete", "pg-atlas backup list --to /mnt/atlas-backups")],
    ),
    (
        "backup restore",
        &[
            ("Does the newest one work?", "pg-atlas backup restore --drill --to /mnt/atlas-backups"),
            ("Into an empty folder", "pg-atlas backup restore --from /mnt/atlas-backups --data-dir /srv/atlas"),
        ],
    ),
    ("backup prune", &[("Those of a month stay", "pg-atlas backup prune --keep-days 30 --to /mnt/atlas-backups")]),
    ("doctor", &[("What is to be mended", "pg-atlas doctor")]),
    (
        "alerts check",
        &[(
            "Every minute, beside a server begun with --metrics-listen 127.0.0.1:9090",
            "pg-atlas alerts check --metrics http://127.0.0.1:9090",
        )],
    ),
    (
        "migrate",
        &[(
            "On a server of one's own, as the owner of the database",
            "pg-atlas migrate --roles --database-url postgres://owner@db.example/atlas",
        )],
    ),
    (
        "key create",
        &[(
            "Bills of materials and host facts of one owner's repositories",
            "pg-atlas key create --kinds sbom,repo --repos 'pkg:github/OWNER/*' --name nightly --expires-at 2030-01-31",
        )],
    ),
    ("key list", &[("Whose there are, and until when", "pg-atlas key list")]),
    ("key revoke", &[("One that has leaked", "pg-atlas key revoke ID")]),
    ("tenant create", &[("On the private server, or as the owner of the database", "pg-atlas tenant create acme")]),
    ("tenant list", &[("Which there are, and how long their logs are", "pg-atlas tenant list")]),
    (
        "completions",
        &[
            (
                "In bash, for oneself",
                "mkdir -p ~/.local/share/bash-completion/completions\npg-atlas completions bash > ~/.local/share/bash-completion/completions/pg-atlas",
            ),
            ("In fish", "pg-atlas completions fish > ~/.config/fish/completions/pg-atlas.fish"),
        ],
    ),
    ("man", &[("For oneself", "pg-atlas man ~/.local/share/man/man1\nman pg-atlas")]),
    ("bench append", &[("In a private server", "pg-atlas bench append")]),
    ("bench append-single", &[("In a private server", "pg-atlas bench append-single")]),
    ("bench rebuild", &[("A smaller log", "pg-atlas bench rebuild --repos 1000 --edges 10000 --events 20000")]),
    ("bench replay", &[("A smaller log", "pg-atlas bench replay --repos 1000 --edges 10000 --events 20000")]),
    ("bench lag", &[("Fewer appends", "pg-atlas bench lag --appends 200")]),
    ("bench page", &[("A smaller log", "pg-atlas bench page --repos 1000 --edges 10000")]),
    #[cfg(feature = "serve")]
    (
        "bench serve",
        &[(
            "A smaller log, for a moment",
            "pg-atlas bench serve --repos 1000 --edges 10000 --events 2000 --seconds 10",
        )],
    ),
    ("bench root", &[("In a private server", "pg-atlas bench root")]),
    (
        "bench generate",
        &[(
            "A log to try things on, in a folder of its own",
            "pg-atlas bench generate --events 20000 --repos 1000 --edges 10000 --data-dir ./generated",
        )],
    ),
    (
        "bench criticality",
        &[(
            "A graph from files, on two threads",
            "pg-atlas bench criticality --edges edges.csv --nodes nodes.csv --threads 2 --repeat 5",
        )],
    ),
];
