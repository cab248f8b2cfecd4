//! Keys of clients: what their holders may hand in, about which repositories, until when.

use domain::Timestamp;
use domain::checked::Actor;
use domain::purl::Purl;
use ingest::api_key::{self, NewApiKey};
use ingest::source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::types::chrono::{DateTime, Utc};

use crate::service::{Deps, Error, Result};

/// A kind of key that hands nothing in: it may have what is not for everybody.
pub(crate) const AUDIT: &str = "audit";
/// Many documents in one request; each is asked for by its own kind.
pub(crate) const BATCH: &str = "batch";
/// Most patterns of one key.
const MAX_PATTERNS: usize = 256;
/// Longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 512;

/// A key that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MadeKey {
    /// What it is named by from now on.
    pub id: String,
    /// The key itself, shown this once.
    pub key: String,
    /// What may be handed in with it.
    pub kinds: Vec<String>,
    /// About which repositories: ids, and patterns that end in `*`.
    pub repos: Vec<String>,
    /// Until when; null is for ever.
    pub expires_at: Option<String>,
}

/// What is to be kept of a key, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKeyDraft {
    scope: KeyScope,
    name: Option<String>,
    expires_at: Option<Timestamp>,
}

impl ClientKeyDraft {
    /// A key for documents of these kinds, about repositories that fit one of these patterns, in the name of somebody
    /// or something, until a time.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no kind, no pattern, no name, or no time to come.
    pub fn new(kinds: &[String], repos: &[String], name: Option<&str>, expires_at: Option<&str>) -> Result<Self> {
        let known = || source::NAMES.iter().copied().chain([AUDIT]);
        for kind in kinds {
            if !known().any(|known| known == kind) {
                let reason = format!("no such kind; there are {}", known().collect::<Vec<_>>().join(", "));
                return Err(Error::invalid("kinds", reason));
            }
        }
        let kinds = if kinds.is_empty() {
            source::NAMES.iter().map(|kind| (*kind).to_owned()).collect()
        } else {
            kinds.to_vec()
        };
        let repos: Vec<String> = if repos.is_empty() {
            vec!["*".to_owned()]
        } else {
            repos.iter().map(|text| pattern(text)).collect::<Result<_>>()?
        };
        if repos.len() > MAX_PATTERNS {
            return Err(Error::invalid("repos", format!("at most {MAX_PATTERNS} patterns")));
        }
        let name = name.map(Actor::new).transpose()?.map(|name| name.as_str().to_owned());
        let time = |text: &str| Timestamp::parse_time_or_date(text).ok().filter(|time| time.datetime() > Utc::now());
        let no_time =
            || Error::invalid("expires_at", "expected a time to come, such as 2030-01-31 or 2030-01-31T12:00:00Z");
        let expires_at = expires_at.map(|text| time(text).ok_or_else(no_time)).transpose()?;
        Ok(Self { scope: KeyScope { kinds, repos }, name, expires_at })
    }
}

/// A pattern of repositories: an id, or the beginning of ids and `*`.
fn pattern(text: &str) -> Result<String> {
    let wrong = || {
        let expected = "expected `*`, a repository such as pkg:github/owner/name, or the beginning of such and `*`";
        Error::invalid("repos", expected)
    };
    if text.len() > MAX_PATTERN_BYTES || text.contains(char::is_control) {
        return Err(wrong());
    }
    match text.strip_suffix('*') {
        Some("") => Ok(text.to_owned()),
        Some(beginning) if !beginning.contains('*') => Ok(beginning_of_ids(beginning).ok_or_else(wrong)? + "*"),
        Some(_) => Err(wrong()),
        None => Ok(Purl::parse(text).map_err(|_| wrong())?.id),
    }
}

/// The beginning of ids as ids are written: what of case each type of purl keeps, and what it encodes.
fn beginning_of_ids(text: &str) -> Option<String> {
    if !text.strip_prefix("pkg:")?.contains('/') {
        return Some(text.to_lowercase());
    }
    // A whole id is made of it; some types have a namespace always. A rest that is cut off was a version's or so.
    ["0070707", "0070707/0070707"].into_iter().find_map(|rest| {
        let whole = Purl::parse(&format!("{text}{rest}")).ok()?;
        whole.id.strip_suffix(rest).map(str::to_owned)
    })
}

/// What may be told by whoever holds a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyScope {
    kinds: Vec<String>,
    repos: Vec<String>,
}

impl KeyScope {
    /// Why documents of this kind, about this repository or package, may not be told; none where they may.
    #[must_use]
    pub fn lacks(&self, kind: &str, named: Option<&str>) -> Option<String> {
        if !self.kinds.iter().any(|known| known == kind) {
            return Some(match kind {
                AUDIT => "this key is not for auditors".to_owned(),
                _ => format!("this key is not for documents of kind {kind}"),
            });
        }
        // What cannot be read is refused where it is read.
        let id = named.map(|text| Purl::parse(text).map_or_else(|_| text.to_owned(), |purl| purl.id));
        let fits = |pattern: &String| match (pattern.strip_suffix('*'), &id) {
            (Some(""), _) => true,
            (Some(beginning), Some(id)) => id.starts_with(beginning),
            (None, Some(id)) => id == pattern,
            (_, None) => false,
        };
        if self.repos.iter().any(fits) {
            return None;
        }
        Some(match id {
            Some(_) => "this key is not for this repository or package".to_owned(),
            None if kind == AUDIT => "this key is for some repositories, and a log is about all".to_owned(),
            None => format!("this key is for some repositories, and documents of kind {kind} may be about any"),
        })
    }
}

/// Whoever holds a key that is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    /// In whose name it is.
    pub name: String,
    /// What may be told with it.
    pub scope: KeyScope,
}

/// Makes a key.
///
/// # Errors
/// When there is no way to the database, or this login may not.
pub async fn create(deps: &Deps, draft: ClientKeyDraft) -> Result<MadeKey> {
    let ClientKeyDraft { scope: KeyScope { kinds, repos }, name, expires_at } = draft;
    let made = NewApiKey::make().map_err(|error| Error::unavailable(error.to_string()))?;
    let name = name.unwrap_or_else(|| format!("key {}", made.id));
    let until: Option<DateTime<Utc>> = expires_at.map(Timestamp::datetime);
    let log = deps.log().await?;
    sqlx::query_file!("sql/make_key.sql", made.id, &made.digest.0[..], &kinds, &repos, name, until)
        .execute(log.pool())
        .await?;
    let expires_at = expires_at.map(|time| time.to_string());
    Ok(MadeKey { id: made.id, key: made.text, kinds, repos, expires_at })
}

/// A key that is valid no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevokedKey {
    /// The key.
    pub id: String,
    /// Since when.
    pub revoked_at: String,
}

/// Revokes a key, at once.
///
/// # Errors
/// [`Error::NotFound`] where there is none of this id.
pub async fn revoke(deps: &Deps, id: &str) -> Result<RevokedKey> {
    let log = deps.log().await?;
    let revoked = sqlx::query_file_scalar!("sql/revoke_key.sql", id).fetch_optional(log.pool()).await?;
    let revoked = revoked.and_then(Timestamp::from_datetime);
    let revoked = revoked.ok_or_else(|| Error::not_found("key", id, format!("there is no key {id}")))?;
    Ok(RevokedKey { id: id.to_owned(), revoked_at: revoked.to_string() })
}

/// Whether a text claims to be a key, rather than a token.
#[must_use]
pub fn is_one(text: &str) -> bool {
    api_key::is_one(text)
}

/// Whoever holds the key; nobody where it is none, or valid no longer.
///
/// # Errors
/// When the database fails.
pub async fn holder(deps: &Deps, text: &str) -> Result<Option<KeyHolder>> {
    let Some((id, digest)) = api_key::read(text) else { return Ok(None) };
    let log = deps.log().await?;
    let held = sqlx::query_file!("sql/valid_key.sql", id, &digest.0[..]).fetch_optional(log.pool()).await?;
    Ok(held.map(|held| KeyHolder { name: held.name, scope: KeyScope { kinds: held.kinds, repos: held.repos } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_some_kinds_and_repositories() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let draft = |kinds: &[&str], repos: &[&str]| ClientKeyDraft::new(&texts(kinds), &texts(repos), None, None);
        let scope = draft(&["sbom"], &["pkg:github/Acme/*", "pkg:github/other/One"]).unwrap().scope;
        for (repo, may) in [
            ("pkg:github/ACME/tool", true),
            ("pkg:github/acmeville/tool", false),
            ("pkg:github/other/one", true),
            ("pkg:github/other/one2", false),
            ("acme/tool", false),
        ] {
            assert_eq!(scope.lacks("sbom", Some(repo)).is_none(), may, "{repo}");
        }
        assert!(scope.lacks("repo", Some("pkg:github/acme/tool")).is_some());
        for (beginning, id) in [
            ("pkg:*", "pkg:npm/left"),
            ("pkg:GitHub/*", "pkg:github/acme/tool"),
            ("pkg:github/Ac*", "pkg:github/acme/tool"),
            ("pkg:npm/@Acme/*", "pkg:npm/@Acme/tool"),
            ("pkg:pypi/Acme_*", "pkg:pypi/acme.tool"),
            ("pkg:cargo/Acme*", "pkg:cargo/AcmeTool"),
        ] {
            let scope = draft(&["registry"], &[beginning]).unwrap().scope;
            assert_eq!(scope.lacks("registry", Some(id)), None, "{beginning}");
            assert!(scope.lacks("registry", Some("pkg:gem/other")).is_some() || beginning == "pkg:*", "{beginning}");
        }
        assert!(draft(&[], &["pkg:cargo/Acme*"]).unwrap().scope.lacks("registry", Some("pkg:cargo/acme")).is_some());
        let any = draft(&[], &[]).unwrap().scope;
        assert_eq!(any.lacks("grants", None), None);
        let some = draft(&["grants"], &["pkg:github/a/*"]).unwrap().scope;
        assert!(some.lacks("grants", None).is_some());
        for (kinds, repos) in [
            (&["nothing"][..], &[][..]),
            (&[], &["acme/*"]),
            (&[], &["pkg:github/*/x*"]),
            (&[], &["x"]),
            (&[], &["pkg:npm/a@1*"]),
        ] {
            assert!(draft(kinds, repos).is_err(), "{kinds:?} {repos:?}");
        }
        assert!(ClientKeyDraft::new(&[], &[], None, Some("2020-01-01")).is_err());
    }
}
