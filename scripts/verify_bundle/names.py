"""What ids mean (docs/semantics/identity.md and graph.md): renames, and who publishes a package."""

import re

HOSTS = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}
REPOSITORY_TYPES = tuple(HOSTS.values())
SCHEMES = ("https", "http", "git", "ssh")
NO_OWNERS = ("apps", "collections", "features", "marketplace", "orgs", "sponsors", "topics", "trending", "users")
GITLAB_PAGES = ("-", "blame", "blob", "commits", "issues", "merge_requests", "raw", "tree", "wikis")
MAX_LINK = 1000  # bytes
SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,255}")


def parts(purl):
    """Type and path of an id."""
    kind, _, path = purl[4:].partition("/")
    return kind, path


def hosted(purl):
    kind, path = parts(purl)
    return kind in REPOSITORY_TYPES and "/" in path


def private_to_another(purl, subject):
    """Whether an id looks like one of a package without purl that is another subject's."""
    if not purl.startswith("pkg:generic/"):
        return False
    rest = purl[len("pkg:generic/") :]
    kind, path = parts(subject)
    shared = kind == "github" and path.split("/")[0] in REPOSITORY_TYPES
    own = (path if kind == "github" else kind + "/" + path) + "/"
    is_own = rest.startswith(own) and not (shared and "/" in rest[len(own) :])
    return (rest.count("/") > 1 and not is_own) or re.fullmatch(r"[0-9a-fA-F]{64}", rest) is not None


def segment(text):
    return SEGMENT.fullmatch(text) is not None and text.strip(".") != ""


def scheme(text):
    text = text.lower()
    return (text[4:] if text.startswith("git+") else text) in SCHEMES


def unbroken(link):
    return len(link.encode()) <= MAX_LINK and not any(c.isspace() or ord(c) < 32 or 127 <= ord(c) < 160 for c in link)


def repository_at(kind, path):
    """The id of the repository at a path of a host."""
    segments = path.strip("/").split("/")
    if kind == "gitlab":
        ends = [n for n, part in enumerate(segments) if n > 1 and part in GITLAB_PAGES]
        segments = segments[: ends[0]] if ends else segments
    else:
        segments = segments[:2]
    *owners, name = segments
    name = name[:-4] if name.endswith(".git") else name
    if not owners or not all(map(segment, segments[:-1])) or not segment(name):
        return None
    if kind == "github" and any("." in owner or owner in NO_OWNERS for owner in owners):
        return None
    name = name.lower()
    while name.endswith(".git") and name != ".git":
        name = name[:-4]
    return None if name == ".git" else "pkg:%s/%s/%s" % (kind, "/".join(owners).lower(), name)


def on_host(text):
    """The repository of `host/path`, `host:path` or `host:port/path`."""
    mark = re.search("[/:]", text)
    if mark is None:
        return None
    host = text[: mark.start()].lower()
    kind = HOSTS.get(host[4:] if host.startswith("www.") else host)
    path = text[mark.end() :]
    port, slash, behind = path.partition("/")
    if mark.group() == ":" and slash and port.isascii() and port.isdigit() and int(port) < 65536:
        path = behind
    return repository_at(kind, path) if kind else None


def repository_of(link):
    """The repository that a link means, or None."""
    link = link.strip()
    if not unbroken(link):
        return None
    link = re.split("[#?]", link, maxsplit=1)[0]
    if "://" in link:
        before, _, place = link.partition("://")
        user, at, behind = place.partition("@")
        return on_host(behind if at and "/" not in user else place) if scheme(before) else None
    if link.startswith("git@"):
        return on_host(link[4:])
    if ":" in link:
        kind, _, path = link.partition(":")
        return repository_at(kind, path) if kind in REPOSITORY_TYPES else None
    return on_host(link) or (repository_at("github", link) if link.count("/") == 1 else None)


def is_link(link):
    link = link.strip()
    if not unbroken(link):
        return False
    if "://" in link:
        before, _, place = link.partition("://")
        return scheme(before) and place[:1].isalnum()
    user, at, behind = link.partition("@")
    host, colon, path = behind.partition(":")
    return bool(at and segment(user) and colon and "." in host and path) or (
        link.startswith("gist:") and segment(link[5:])
    )


def renames(hosts, subjects):
    """What every renamed id is called today, by id; `hosts` are (rank, full_name) by subject."""
    to = {}

    def end(name):
        while name in to:
            name = to[name]
        return name

    said = [(rank, subject, name) for subject, (rank, name) in hosts.items() if name and name != subject]
    for _, subject, name in sorted(said, reverse=True):
        if end(name) != subject:
            to[subject] = name
    for subject in sorted(subjects):
        if subject.startswith("pkg:gitlab/") and re.search("[A-Z]", subject):
            lower = subject.lower()
            if lower not in subjects and end(subject) != lower:
                to.setdefault(lower, subject)
    return {name: end(name) for name in to}


def publishers(claims, links, corrections, repos, renamed):
    """By package the repository that it is published from. `claims` are subjects by package, `links` the links of
    registries, `corrections` a repository or None, `repos` the Repos."""
    found = {}
    for package in set(claims) | set(links):
        link = links.get(package)
        repository = repository_of(link) if link else None
        if repository is not None:
            repository = renamed.get(repository, repository)
            if repository in repos:
                found[package] = repository
        elif (link is None or not is_link(link)) and len(claims.get(package, ())) == 1:
            (found[package],) = claims[package]
    for package, repository in corrections.items():
        found.pop(package, None)
        if repository is not None:
            found[package] = renamed.get(repository, repository)
    return found
