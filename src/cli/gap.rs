//! What is missing, in the words of the command line: the command that gives it.

use domain::repository_link::clone_url;
use serde_json::{Value, json};

use crate::cli::manual::fold::folded;
use crate::cli::output::cell::indented;
use crate::cli::output::looks;
#[cfg(feature = "ingest")]
use crate::service::act::add::Lacking;
use crate::service::ask::unsaid::Unsaid;
use crate::service::ask::why::Gap;

/// Blanks in front of a command below what it is for.
const INDENT: usize = 4;

/// What is missing, each with the command that gives it.
pub(crate) fn missing(gaps: &[Gap]) -> Value {
    let one = |gap: &Gap| json!({"what": gap.to_string(), "command": command(gap)});
    gaps.iter().map(one).collect()
}

/// The command that gives what is missing; words in capitals are to be filled in.
pub(crate) fn command(gap: &Gap) -> String {
    match gap {
        Gap::Survey(_) => "pg-atlas ingest survey FILE.csv".to_owned(),
        Gap::Grants(_) => "pg-atlas ingest grants FILE.json".to_owned(),
        Gap::Repositories(project) => format!(
            "pg-atlas curate membership --repo pkg:github/OWNER/NAME --project {} --actor NAME --reason TEXT",
            quoted(project)
        ),
        Gap::Project(repo) => {
            format!("pg-atlas curate membership --repo {} --project PROJECT --actor NAME --reason TEXT", quoted(repo))
        }
        Gap::GitLog(repo) => {
            let source = clone_url(repo).map_or_else(|| "PATH".to_owned(), |url| quoted(&url));
            format!("pg-atlas ingest git-log {source} --repo {}", quoted(repo))
        }
        Gap::HostFacts(repo) => format!("pg-atlas ingest repo FILE.json --repo {}", quoted(repo)),
        Gap::Publication(repo) => {
            format!("pg-atlas curate publication --package PURL --repo {} --actor NAME --reason TEXT", quoted(repo))
        }
        Gap::Dependents(_) => "pg-atlas ingest sbom FILE --repo pkg:github/OWNER/NAME".to_owned(),
    }
}

/// What is lacking of a repository that was added, and the command that tells it.
#[cfg(feature = "ingest")]
pub(crate) fn lacking(lacking: &Lacking) -> (String, String) {
    match lacking {
        Lacking::Dependencies(repo) => (
            format!("what {repo} depends on: no bill of materials"),
            format!("pg-atlas ingest sbom FILE --repo {}", quoted(repo)),
        ),
        Lacking::Unanswered { repo, reason } => {
            (format!("what its host says of {repo}: {reason}"), command(&Gap::HostFacts(repo.clone())))
        }
        Lacking::Gap(gap) => (gap.to_string(), command(gap)),
        Lacking::Scores => ("scores with all of this".to_owned(), "pg-atlas project".to_owned()),
    }
}

/// What no source says of what a table shows, a line each with the command that gives it; of projects where those are
/// shown.
pub(crate) fn unsaid(unsaid: &Unsaid, of_projects: bool) -> Vec<String> {
    let Unsaid { numbers, by_survey } = unsaid;
    let mut lines = Vec::new();
    if of_projects && numbers.non_responsive > 0 {
        let count = numbers.non_responsive;
        let are = if count == 1 { "project is" } else { "projects are" };
        let why = match (by_survey, numbers.undescribed) {
            (false, _) => "no grants record says more".to_owned(),
            (true, 0) => "no survey answer, and no later commit".to_owned(),
            (true, all) if all == count => "no survey answer, no grants record, and no later commit".to_owned(),
            (true, some) => format!("no survey answer, and no later commit; no grants record of {some} either"),
        };
        let command = if *by_survey { "pg-atlas ingest survey FILE.csv" } else { "pg-atlas ingest grants FILE.json" };
        lines.push(indented(&format!("{count} {are} non-responsive: {why}"), 0) + &pasted(command, INDENT));
    }
    let mut repos = |count: u64, what: &str, command: &str| {
        if count > 0 {
            let word = if numbers.repos == 1 { "repository" } else { "repositories" };
            let command = pasted(&format!("pg-atlas {command}"), INDENT);
            lines.push(indented(&format!("{count} of {} {word}: {what}", numbers.repos), 0) + &command);
        }
    };
    repos(
        numbers.without_project,
        "no project, so no status",
        "curate membership --repo PURL --project ID --actor NAME --reason TEXT",
    );
    repos(numbers.without_log, "no git log, so nobody knows who works on it", "ingest git-log URL --repo PURL");
    repos(numbers.without_signals, "neither stars, forks nor downloads", "ingest repo FILE.json --repo PURL");
    lines
}

/// A command in lines that fit the terminal, behind so many blanks. As it stands it can be pasted.
pub(crate) fn pasted(command: &str, indent: usize) -> String {
    let folded = folded(command, looks().width, [indent, indent + 2], " \\");
    format!("{:indent$}{folded}", "")
}

/// A text as a shell takes it.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let gap = Gap::GitLog("pkg:github/o/n".to_owned());
        assert_eq!(command(&gap), "pg-atlas ingest git-log https://github.com/o/n --repo pkg:github/o/n");
        let gap = Gap::Project("pkg:generic/it's $HOME".to_owned());
        assert!(command(&gap).contains(r"--repo 'pkg:generic/it'\''s $HOME' "), "{}", command(&gap));
        let gap = Gap::GitLog("pkg:generic/o/n".to_owned());
        assert!(command(&gap).contains("git-log PATH --repo"), "{}", command(&gap));
        let long = command(&Gap::Publication("pkg:github/o/n".to_owned()));
        let folded =
            "    pg-atlas curate publication --package PURL --repo pkg:github/o/n \\\n      --actor NAME --reason TEXT";
        assert_eq!(pasted(&long, 4), folded);
    }
}
