//! Which repository a link means: package registries carry clone URLs, pages, shorthands, all of them by hand.

use crate::purl::{Purl, REPOSITORY_TYPES};

/// Greatest length of a link, in bytes.
pub(crate) const MAX_LINK_BYTES: usize = 1000;

/// The code hosts that we know, each with the type of its purls.
const HOSTS: [(&str, &str); 3] = [("github.com", "github"), ("gitlab.com", "gitlab"), ("bitbucket.org", "bitbucket")];
/// Schemes under which code hosts serve pages and clones.
const SCHEMES: [&str; 4] = ["https", "http", "git", "ssh"];
/// First segments of pages on GitHub that are no owner.
const NO_OWNERS: [&str; 9] =
    ["apps", "collections", "features", "marketplace", "orgs", "sponsors", "topics", "trending", "users"];
/// Segments that end the path of a GitLab project, whose groups may nest.
const GITLAB_PAGES: [&str; 9] = ["-", "blame", "blob", "commits", "issues", "merge_requests", "raw", "tree", "wikis"];
/// Greatest length of an owner, a group or a name, in bytes.
const MAX_SEGMENT_BYTES: usize = 255;

/// The canonical purl of the repository that `link` points at or into; `None` for anything else.
///
/// Understood are clone URLs (`git+https://github.com/o/r.git`, `git://`, `ssh://git@`), the form that ssh takes
/// (`git@github.com:o/r.git`), pages of a repository (`https://github.com/o/r/tree/main/x`, `#readme`), the same
/// without scheme, and the shorthands `github:o/r`, `gitlab:g/s/r`, `bitbucket:o/r` and `o/r` (which is GitHub).
#[must_use]
pub fn repository_of(link: &str) -> Option<String> {
    let link = link.trim();
    if link.len() > MAX_LINK_BYTES || link.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let link = link.split(['#', '?']).next().unwrap_or(link);
    if let Some((scheme, rest)) = link.split_once("://") {
        let scheme = scheme.to_ascii_lowercase();
        let scheme = scheme.strip_prefix("git+").unwrap_or(&scheme);
        let path = rest.split_once('@').filter(|(user, _)| !user.contains('/')).map_or(rest, |(_, path)| path);
        return if SCHEMES.contains(&scheme) { hosted(path) } else { None };
    }
    if let Some(path) = link.strip_prefix("git@") {
        return hosted(path);
    }
    match link.split_once(':') {
        Some((kind, path)) if REPOSITORY_TYPES.contains(&kind) => repository_at(kind, path),
        Some(_) => None,
        // Owners have no dot, so a host is no owner.
        None => {
            hosted(link).or_else(|| if link.split('/').count() == 2 { repository_at("github", link) } else { None })
        }
    }
}

/// Whether a text is a link at all, wherever it leads: an address under a scheme of code hosts, the form that ssh
/// takes, or a gist.
#[must_use]
pub fn is_link(text: &str) -> bool {
    let link = text.trim();
    if link.len() > MAX_LINK_BYTES || link.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    if let Some((scheme, rest)) = link.split_once("://") {
        let scheme = scheme.to_ascii_lowercase();
        let scheme = scheme.strip_prefix("git+").unwrap_or(&scheme);
        return SCHEMES.contains(&scheme) && rest.starts_with(|c: char| c.is_alphanumeric());
    }
    let by_ssh = |(user, rest): (&str, &str)| {
        let named = rest.split_once(':').is_some_and(|(host, path)| host.contains('.') && !path.is_empty());
        is_segment(user) && named
    };
    link.split_once('@').is_some_and(by_ssh) || link.strip_prefix("gist:").is_some_and(is_segment)
}

/// The canonical purl of the repository at `path` (`owner/name`, deeper pages, groups on GitLab) of the host whose
/// purls have type `kind`.
#[must_use]
pub fn repository_at(kind: &str, path: &str) -> Option<String> {
    let mut segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match kind {
        "gitlab" => {
            let end = segments.iter().skip(2).position(|part| GITLAB_PAGES.contains(part));
            segments.truncate(end.map_or(segments.len(), |end| end + 2));
        }
        _ => segments.truncate(2),
    }
    let name = segments.pop()?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let owner_is_one =
        |owner: &&str| is_segment(owner) && (kind != "github" || !(owner.contains('.') || NO_OWNERS.contains(owner)));
    if segments.is_empty() || !segments.iter().all(owner_is_one) || !is_segment(name) {
        return None;
    }
    Purl::parse_exact_repository(&format!("pkg:{kind}/{}/{name}", segments.join("/"))).ok().map(|purl| purl.id)
}

/// Where everybody may clone the repository with this canonical purl; `None` where its host is not one that we know.
#[must_use]
pub fn clone_url(id: &str) -> Option<String> {
    let (kind, path) = id.strip_prefix("pkg:")?.split_once('/')?;
    let (host, _) = HOSTS.iter().find(|(_, known)| *known == kind)?;
    Some(format!("https://{host}/{path}"))
}

/// `host/path`, `host:path` or `host:port/path` on a host that we know.
fn hosted(text: &str) -> Option<String> {
    let (host, rest) = text.split_at(text.find(['/', ':'])?);
    let host = host.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let (_, kind) = HOSTS.iter().find(|(known, _)| *known == host)?;
    let path = match rest[1..].split_once('/') {
        Some((port, path)) if rest.starts_with(':') && port.parse::<u16>().is_ok() => path,
        _ => &rest[1..],
    };
    repository_at(kind, path)
}

fn is_segment(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.len() <= MAX_SEGMENT_BYTES && text.chars().all(allowed) && !text.chars().all(|c| c == '.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_repository_is_one_repository() {
        for link in [
            "git+https://github.com/Stellar/js-xdr.git",
            "https://github.com/stellar/js-xdr",
            "http://www.github.com/stellar/js-xdr/",
            "git://github.com/stellar/js-xdr.git#master",
            "git@github.com:stellar/js-xdr.git",
            "git@github.com/stellar/js-xdr.git",
            "ssh://git@github.com/stellar/js-xdr.git",
            "ssh://git@github.com:22/stellar/js-xdr.git",
            "git+ssh://git@github.com:stellar/js-xdr.git",
            "https://ann:x@github.com/stellar/js-xdr",
            "https://github.com:443/stellar/js-xdr",
            "https://github.com/stellar/js-xdr#readme",
            "https://github.com/stellar/js-xdr/tree/main/packages/x?tab=readme",
            "https://github.com/stellar/js-xdr/issues",
            "github.com/stellar/js-xdr",
            "github:stellar/js-xdr",
            " stellar/js-xdr ",
            "stellar/js-xdr#semver:^1",
        ] {
            assert_eq!(repository_of(link).as_deref(), Some("pkg:github/stellar/js-xdr"), "{link}");
        }
    }

    #[test]
    fn a_clone_url_leads_back_to_its_purl() {
        for id in ["pkg:github/o/r", "pkg:gitlab/group/sub/name", "pkg:bitbucket/o/r.js"] {
            assert_eq!(clone_url(id).as_deref().and_then(repository_of).as_deref(), Some(id));
        }
        assert_eq!(clone_url("pkg:github/o/r").as_deref(), Some("https://github.com/o/r"));
        assert_eq!((clone_url("pkg:npm/o"), clone_url("o/r")), (None, None));
    }

    #[test]
    fn groups_nest_on_gitlab() {
        for link in [
            "https://gitlab.com/group/sub/name.git",
            "https://gitlab.com/group/sub/name/-/tree/main/x",
            "gitlab:group/sub/name",
            "git@gitlab.com:group/sub/name.git",
            "https://gitlab.com/group/sub/name/issues",
        ] {
            assert_eq!(repository_of(link).as_deref(), Some("pkg:gitlab/group/sub/name"), "{link}");
        }
        assert_eq!(repository_of("https://gitlab.com/tree/name").as_deref(), Some("pkg:gitlab/tree/name"));
        assert_eq!(repository_of("bitbucket:Owner/Name").as_deref(), Some("pkg:bitbucket/owner/name"));
    }

    #[test]
    fn names_keep_their_dots() {
        assert_eq!(repository_of("https://github.com/o/r.js").as_deref(), Some("pkg:github/o/r.js"));
        assert_eq!(repository_of("https://github.com/o/.github").as_deref(), Some("pkg:github/o/.github"));
    }

    #[test]
    fn nothing_else_is_a_repository() {
        for link in [
            "",
            "/",
            "stellar",
            "^1.2.3",
            "1.0 / 2.0",
            "a/b/c",
            "@scope/name",
            "https://github.com",
            "https://github.com/stellar",
            "https://github.com/stellar/",
            "https://github.com/stellar/.git",
            "https://github.com/orgs/stellar",
            "https://github.com/sponsors/someone",
            "https://gist.github.com/owner/0123456789",
            "gist:0123456789",
            "https://example.org/owner/name",
            "https://github.com.example.org/owner/name",
            "https://example.org/github.com/owner/name",
            "https://example.org@github.com.example.org/o/r",
            "https://stellar.github.io/js-xdr",
            "file:../js-xdr",
            "ftp://github.com/o/r",
            "javascript://github.com/o/r",
            "https://github.com/o/..",
            "https://github.com/o/na me",
            "https://github.com/o/r%2f",
            "https://github.com/ö/r",
        ] {
            assert_eq!(repository_of(link), None, "{link}");
        }
    }

    #[test]
    fn a_link_may_lead_elsewhere() {
        for link in [
            "https://codeberg.org/o/r",
            " git+https://git.example/o/r.git",
            "git://git.example/r",
            "git@git.example:o/r.git",
            "ssh://git@git.example/r",
            "https://github.com/stellar",
            "gist:0123456789",
        ] {
            assert!(is_link(link) && repository_of(link).is_none(), "{link}");
        }
        for text in
            ["", "n/a", "none", "UNKNOWN", "see README", "file:../x", "https://", "a@b", "npm:x", "javascript:0"]
        {
            assert!(!is_link(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_found_is_canonical(link in "(git\\+|https://|git@|github\\.com|gitlab\\.com|[/:#?@.]|[a-zA-Z0-9-]{1,4}|\\PC){0,12}") {
            if let Some(id) = repository_of(&link) {
                prop_assert!(crate::purl::is_repository(&id));
                prop_assert_eq!(&Purl::parse(&id).unwrap().id, &id);
            }
        }
    }
}
