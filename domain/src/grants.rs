//! Reading grants data: rounds, git URLs, completion, and the status a grants record implies. The folds use these;
//! the events keep what the documents say.

use crate::decimal::Decimal;
use crate::facts::grant::ApplicationRecord;
use crate::purl::{Purl, owner_of};
use crate::status::ActivityStatus;

/// The number of a round in its name or pool id: the digits after the last `#` (`SCF #34 `), else those that end the
/// text as a word of their own (`round 34`, `pool_34`).
#[must_use]
pub fn round_number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = match text.rsplit_once('#') {
        Some((_, rest)) => {
            let rest = rest.trim_start();
            &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())]
        }
        None => {
            let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '.') { "" } else { &text[before.len()..] }
        }
    };
    digits.parse().ok()
}

/// The round an application belongs to, by the round's name, else by the pool's id.
#[must_use]
pub fn round_of(application: &ApplicationRecord) -> Option<u32> {
    let number = |text: &Option<String>| text.as_deref().and_then(round_number);
    number(&application.round).or_else(|| number(&application.pool_id))
}

/// The latest application of a project: that of the greatest round, then of the greatest id.
#[must_use]
pub fn latest<'a>(applications: impl IntoIterator<Item = &'a ApplicationRecord>) -> Option<&'a ApplicationRecord> {
    applications.into_iter().max_by_key(|application| (round_of(application), &application.id))
}

/// What a git URL of a grants record names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitUrl {
    /// Exactly one repository.
    Repo {
        /// Its canonical purl.
        id: String,
    },
    /// All repositories of an owner; compare with [`owner_of`].
    Owner {
        /// Type of the owner's purls: `github` or `gitlab`.
        host: String,
        /// The owner, in the spelling of canonical purls.
        owner: String,
    },
    /// Neither: a warning.
    Other,
}

/// Tells what `text` names. A git URL is `http(s)://github.com|gitlab.com/owner[/repo][.git][/]`, white space around it
/// does not count; anything deeper, several URLs in one text and other hosts are [`GitUrl::Other`].
#[must_use]
pub fn classify_git_url(text: &str) -> GitUrl {
    git_url(text).unwrap_or(GitUrl::Other)
}

fn git_url(text: &str) -> Option<GitUrl> {
    let (scheme, rest) = text.trim().split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let host = match host.to_ascii_lowercase().as_str() {
        "github.com" => "github",
        "gitlab.com" => "gitlab",
        _ => return None,
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (owner, repo) = match path.split_once('/') {
        Some((owner, repo)) => (owner, Some(repo)),
        None => (path, None),
    };
    if !is_name(owner) || !repo.is_none_or(is_name) {
        return None;
    }
    // The owner's canonical spelling is whatever the purl of a repository of theirs says.
    let id = Purl::parse_repository(&format!("pkg:{host}/{owner}/{}", repo.unwrap_or("x"))).ok()?.id;
    if repo.is_some() {
        return Some(GitUrl::Repo { id });
    }
    owner_of(&id).map(|(host, owner)| GitUrl::Owner { host: host.to_owned(), owner: owner.to_owned() })
}

/// Names of owners and repositories: letters, digits, `.`, `_`, `-`, and not only dots.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !text.trim_matches('.').is_empty()
}

/// Whether a project's funding is complete: the latest application's completion in percent reaches 100; without such a
/// percentage, what was paid reaches what was awarded. Unknown, or nothing awarded, is not complete.
#[must_use]
pub fn completion(percent: Option<&Decimal>, paid: Option<&Decimal>, awarded: Option<&Decimal>) -> bool {
    match (percent, paid, awarded) {
        (Some(percent), _, _) => *percent >= Decimal::from(100),
        // 100 x paid / awarded >= 100, without dividing.
        (None, Some(paid), Some(awarded)) => awarded.is_positive() && paid >= awarded,
        _ => false,
    }
}

/// The status that PG Atlas as first shipped read from a project record's `integrationStatus`; of a record without
/// one, and of an unknown word, `in-dev`.
#[must_use]
pub fn upstream_status(integration_status: Option<&str>) -> ActivityStatus {
    match integration_status.map_or("", str::trim) {
        "Mainnet" | "Live (on Mainnet)" | "Expansion" => ActivityStatus::Live,
        "Abandoned" | "Completed" => ActivityStatus::Discontinued,
        "Unknown" => ActivityStatus::NonResponsive,
        // "Development", "Testnet", "Idea", and whatever it does not know.
        _ => ActivityStatus::InDev,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounds_are_numbered_by_name_or_pool() {
        for (text, number) in [
            ("SCF #34 ", Some(34)),
            ("SCF #1", Some(1)),
            ("daoip-5:scf:grantPool:scf_#9", Some(9)),
            ("SCF # 12 (extended)", Some(12)),
            ("round 7", Some(7)),
            ("scf_48", Some(48)),
            ("34", Some(34)),
            ("daoip-5:scf:grantPool:liquidity", None),
            ("SCF 3.0", None),
            ("Q4", None),
            ("SCF #", None),
            ("SCF #99999999999", None),
            ("", None),
        ] {
            assert_eq!(round_number(text), number, "{text}");
        }
    }

    #[test]
    fn the_latest_application_is_of_the_greatest_round_not_the_last_in_bytes() {
        let application = |id: &str, round: &str, pool: &str| ApplicationRecord {
            id: id.to_owned(),
            round: Some(round.to_owned()),
            pool_id: Some(pool.to_owned()),
            ..ApplicationRecord::default()
        };
        let nine = application("z", "SCF #9", "x");
        let forty = application("a", "SCF #40", "x");
        let forty_too = application("b", "", "grantPool:scf_#40");
        let none = application("zz", "soon", "x");
        assert_eq!(latest([&nine, &forty_too, &forty, &none]), Some(&forty_too));
        assert_eq!(latest([&none]), Some(&none));
        assert_eq!(latest([]), None);
    }

    fn repo(id: &str) -> GitUrl {
        GitUrl::Repo { id: id.to_owned() }
    }

    fn owner(host: &str, owner: &str) -> GitUrl {
        GitUrl::Owner { host: host.to_owned(), owner: owner.to_owned() }
    }

    #[test]
    fn git_urls_name_a_repository_or_an_owner() {
        for (text, named) in [
            ("https://github.com/Stellar/JS-xdr", repo("pkg:github/stellar/js-xdr")),
            ("http://github.com/a/b.git", repo("pkg:github/a/b")),
            ("https://github.com/a/b/", repo("pkg:github/a/b")),
            ("https://github.com/a/b.git/", repo("pkg:github/a/b")),
            ("https://github.com/a/StellarKit.Swift", repo("pkg:github/a/stellarkit.swift")),
            ("HTTPS://GitHub.com/a/b", repo("pkg:github/a/b")),
            (" https://github.com/a/b  ", repo("pkg:github/a/b")),
            ("https://gitlab.com/dolphinze/disbursements", repo("pkg:gitlab/dolphinze/disbursements")),
            ("https://github.com/Blade-Labs ", owner("github", "blade-labs")),
            ("https://github.com/rahataid/", owner("github", "rahataid")),
            ("https://gitlab.com/group", owner("gitlab", "group")),
            ("https://github.com/owner.git", owner("github", "owner")),
        ] {
            assert_eq!(classify_git_url(text), named, "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_git_url() {
        for text in [
            "https://github.com/a/b/tree/main",
            "https://github.com/orgs/a/repositories",
            "https://github.com/search?q=a",
            "https://github.com/a?tab=repositories",
            "https://github.com/a/b#readme",
            "https://github.com/a, https://github.com/b",
            "https://github.com/a/b https://github.com/a/c",
            "https://github.com/a/b (private)",
            "https://github.com/",
            "https://github.com",
            "https://github.com//a",
            "https://github.com/a//",
            "https://github.com/a/.git",
            "https://github.com/../b",
            "https://github.com/a%2Fb",
            "https://www.github.com/a/b",
            "https://github.com.evil.example/a/b",
            "https://user@github.com/a/b",
            "ssh://github.com/a/b",
            "<email>:a/b.git",
            "github.com/a/b",
            "https://docs.google.com/a/b",
            "na",
            "",
        ] {
            assert_eq!(classify_git_url(text), GitUrl::Other, "{text}");
        }
    }

    #[test]
    fn an_owner_is_compared_with_the_owner_of_a_repository() {
        assert_eq!(owner_of("pkg:github/stellar/js-xdr"), Some(("github", "stellar")));
        assert_eq!(owner_of("pkg:gitlab/group/sub/name"), Some(("gitlab", "group")));
        assert_eq!(owner_of("pkg:npm/left-pad"), None);
    }

    #[test]
    fn completion_is_compared_exactly() {
        let decimal = |text: &str| Decimal::parse(text).unwrap();
        let by_percent = |text| completion(Some(&decimal(text)), Some(&decimal("1")), Some(&decimal("1")));
        let by_money = |paid, awarded| completion(None, Some(&decimal(paid)), Some(&decimal(awarded)));
        assert!(by_percent("100") && by_percent("100.0") && by_percent("133.3"));
        assert!(!by_percent("99.999999999999999999999999") && !by_percent("0") && !by_percent("-100"));
        assert!(by_money("19994.09", "19994.09") && by_money("111333.34", "92000"));
        assert!(!by_money("19994.08999999999999999999999", "19994.09") && !by_money("9", "10"));
        assert!(!by_money("26477.72", "0") && !by_money("0", "0"));
        assert!(!completion(None, Some(&decimal("5")), None) && !completion(None, None, None));
    }

    #[test]
    fn words_map_as_first_shipped() {
        for (word, status) in [
            (Some("Mainnet"), ActivityStatus::Live),
            (Some("Live (on Mainnet)"), ActivityStatus::Live),
            (Some("Expansion "), ActivityStatus::Live),
            (Some("Development"), ActivityStatus::InDev),
            (Some("Testnet"), ActivityStatus::InDev),
            (Some("Idea"), ActivityStatus::InDev),
            (Some("Abandoned"), ActivityStatus::Discontinued),
            (Some("Completed"), ActivityStatus::Discontinued),
            (Some("Unknown"), ActivityStatus::NonResponsive),
            (Some("something new"), ActivityStatus::InDev),
            (Some(""), ActivityStatus::InDev),
            (None, ActivityStatus::InDev),
        ] {
            assert_eq!(upstream_status(word), status, "{word:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_classified_is_canonical(text in "(https?://)?(github|gitlab).com(/[A-Za-z0-9._@%#?-]{0,8}){0,4}") {
            if let GitUrl::Repo { id } = classify_git_url(&text) {
                prop_assert_eq!(&Purl::parse_repository(&id).unwrap().id, &id);
            }
        }

        #[test]
        fn every_repository_falls_under_the_url_of_its_owner(name in "[A-Za-z0-9][A-Za-z0-9-]{0,9}") {
            for host in ["github", "gitlab"] {
                let of_owner = classify_git_url(&format!("https://{host}.com/{name}"));
                let GitUrl::Repo { id } = classify_git_url(&format!("https://{host}.com/{name}/r")) else {
                    return Err(TestCaseError::fail("no repository"));
                };
                let (host, owner) = owner_of(&id).unwrap();
                prop_assert_eq!(of_owner, GitUrl::Owner { host: host.to_owned(), owner: owner.to_owned() });
            }
        }
    }
}
