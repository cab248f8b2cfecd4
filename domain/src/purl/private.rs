//! Ids of packages that carry no purl: private to the subject whose document names them.

use super::{MAX_PURL_BYTES, REPOSITORY_TYPES, percent, split};
use crate::digest::Digest;

/// What a package without any name is called.
const UNNAMED: &str = "unnamed";

/// The id of a package that carries no purl: private to the subject that names it. Where it would be longer than
/// [`MAX_PURL_BYTES`], the digest of that id stands for it: an edge, which is keyed by two ids, must fit an index.
#[must_use]
pub fn generic_id(subject_id: &str, name: &str) -> String {
    grouped_id(subject_id, "", name)
}

/// As [`generic_id`], of a package in a group. Slashes separate the group's segments; empty ones are dropped.
#[must_use]
pub fn grouped_id(subject_id: &str, group: &str, name: &str) -> String {
    let (mut id, is_shared) = prefix(subject_id);
    let name = if name.is_empty() { UNNAMED } else { name };
    // What reads as a path out of the name's place says nothing there either.
    for segment in group.split('/').filter(|segment| !["", ".", ".."].contains(segment)) {
        percent::encode_into(&mut id, segment);
        id.push_str(if is_shared { "%2F" } else { "/" });
    }
    percent::encode_into(&mut id, name);
    if id.len() > MAX_PURL_BYTES { format!("pkg:generic/{}", Digest::of(id.as_bytes())) } else { id }
}

/// Whether a canonical id looks like one that [`grouped_id`] gives to packages of another subject: whoever writes such
/// a purl does not get what is private to that subject.
#[must_use]
pub fn is_private_to_another(id: &str, subject_id: &str) -> bool {
    let Some(path) = id.strip_prefix("pkg:generic/") else { return false };
    let (own, is_shared) = prefix(subject_id);
    let is_own = id.strip_prefix(&own).is_some_and(|rest| !(is_shared && rest.contains('/')));
    let is_digest = path.len() == 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit());
    (path.split('/').count() > 2 && !is_own) || is_digest
}

/// How the ids of a subject's packages begin, and whether ids of other subjects may begin so too.
///
/// Two hosts may have repositories of one name, so those of other hosts than GitHub have the host in front. An owner on
/// GitHub may be called like a host: groups there make no segments.
fn prefix(subject_id: &str) -> (String, bool) {
    let Some((host, path)) = split(subject_id) else { return (format!("pkg:generic/{subject_id}/"), false) };
    if host == "github" {
        let is_shared = path.split('/').next().is_some_and(|owner| REPOSITORY_TYPES.contains(&owner));
        (format!("pkg:generic/{path}/"), is_shared)
    } else {
        (format!("pkg:generic/{host}/{path}/"), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_without_purl_stay_with_their_subject() {
        assert_eq!(generic_id("pkg:github/a/b", "left pad"), "pkg:generic/a/b/left%20pad");
        assert_ne!(generic_id("pkg:github/a/b", "x"), generic_id("pkg:github/a/c", "x"));
        assert_eq!(generic_id("pkg:gitlab/a/b", "x"), "pkg:generic/gitlab/a/b/x", "another host, another repository");
        assert_ne!(generic_id("pkg:github/gitlab/a", "b/x"), generic_id("pkg:gitlab/a/b", "x"));
        assert_eq!(generic_id("pkg:github/a/b", ""), "pkg:generic/a/b/unnamed");
        let private = |id: &str| is_private_to_another(id, "pkg:github/a/b");
        assert!(private("pkg:generic/a/c/x") && private("pkg:generic/gitlab/a/b/x"));
        assert!(!private("pkg:generic/a/b/x") && !private("pkg:generic/zlib") && !private("pkg:generic/madler/zlib"));
        assert!(!private("pkg:npm/a/c/x"));
        let long = ["語".repeat(170), "語".repeat(169)].map(|name| generic_id("pkg:github/a/b", &name));
        assert!(private(&long[0]), "nobody writes such a purl himself");
        assert!(long[0] != long[1] && long.iter().all(|id| id.len() == "pkg:generic/".len() + 64), "{long:?}");
    }

    #[test]
    fn groups_tell_packages_of_one_name_apart() {
        let id = |group: &str, name: &str| grouped_id("pkg:github/a/b", group, name);
        assert_eq!(id("org.x", "util"), "pkg:generic/a/b/org.x/util");
        assert_eq!(id("/x//y z/./", "u"), "pkg:generic/a/b/x/y%20z/u");
        assert_eq!(id("/", "u"), generic_id("pkg:github/a/b", "u"), "a group that says nothing");
        assert_ne!(id("x", "u"), id("", "x/u"), "a slash in a name is none between segments");
        assert!(!is_private_to_another(&id("x/y", "u"), "pkg:github/a/b"));
        assert!(is_private_to_another(&id("x/y", "u"), "pkg:github/a/bb"));
    }

    #[test]
    fn an_owner_called_like_a_host_shares_nothing() {
        let (github, gitlab) = ("pkg:github/gitlab/a", "pkg:gitlab/a/b");
        assert_ne!(grouped_id(github, "b", "x"), generic_id(gitlab, "x"));
        assert!(is_private_to_another(&generic_id(gitlab, "x"), github));
        assert!(!is_private_to_another(&grouped_id(github, "b", "x"), github));
    }
}
