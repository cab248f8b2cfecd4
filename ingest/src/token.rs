//! Tokens of a code host's runs: who they say is submitting, believed as far as the host has signed it.
//!
//! A token is a JSON Web Token, signed by RS256 and by nothing else, whatever it says of itself; the key is one of the
//! host's, by the id that the token names. What is refused is refused in the words that clients know.

use std::sync::Arc;
use std::time::SystemTime;

use domain::checked::Origin;
use domain::digest::Digest;
use domain::purl::Purl;
use reqwest::Url;
use serde_json::{Map, Value};
use thiserror::Error;

use self::keys::KeySet;
use crate::source::fetch::UnusableAddress;

mod claims;
mod keys;
mod quoted;

/// Whom the host's runs name as issuer, where nobody says.
pub const ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Where the host's keys are, below its issuer, where nobody says.
const KEYS_PATH: &str = "/.well-known/jwks";
/// Longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// Longest repository and longest name of an actor, in bytes.
const MAX_NAME_BYTES: usize = 140;

/// Why a token is not believed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TokenRefusal {
    /// There is no key to check it by.
    #[error("Unable to retrieve or select JWKS signing key.")]
    NoKey,
    /// It was good once.
    #[error("OIDC token has expired.")]
    Expired,
    /// What is wrong with it.
    #[error("OIDC token validation failed: {0}")]
    Invalid(String),
}

impl TokenRefusal {
    fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

/// Who submits, by a token that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    /// The repository as the host writes it, `owner/name`.
    pub repository: String,
    /// Who set the run going: nothing of it goes into the log.
    pub actor: String,
    /// Whether the repository is for everybody to see; nobody knows where the token does not say.
    pub public: Option<bool>,
    /// What the run was.
    pub origin: Origin,
    /// What tells this token from others: by its own id, else by all of it.
    pub id: Digest,
}

impl Submitter {
    /// The repository's canonical id.
    #[must_use]
    pub fn id(&self) -> String {
        format!("pkg:github/{}", self.repository)
    }
}

/// Believes tokens.
#[derive(Debug)]
pub struct TokenVerifier {
    audience: String,
    issuer: String,
    keys: Arc<KeySet>,
}

impl TokenVerifier {
    /// Believes tokens of the same issuer for a place within the audience.
    #[must_use]
    pub fn within(&self, place: &str) -> Self {
        let audience = format!("{}{place}", self.audience.trim_end_matches('/'));
        Self { audience, issuer: self.issuer.clone(), keys: Arc::clone(&self.keys) }
    }

    /// Believes tokens of this issuer for this audience, by the keys that are at an address. The variables are read
    /// through `get`: the audience by `PG_ATLAS_API_URL`; none without one.
    ///
    /// # Errors
    /// When the address of the keys can be none; what `get` says.
    pub fn of<E: ToString>(
        get: impl Fn(&'static str) -> Result<Option<String>, E>,
    ) -> Result<Option<Self>, UnusableAddress> {
        let unusable = |variable, reason: String| UnusableAddress { variable, reason };
        let text = |variable| get(variable).map_err(|error| unusable(variable, error.to_string()));
        let Some(audience) = text("PG_ATLAS_API_URL")? else { return Ok(None) };
        let issuer = text("PG_ATLAS_OIDC_ISSUER")?.unwrap_or_else(|| ISSUER.to_owned());
        let named = crate::source::fetch::base("PG_ATLAS_OIDC_JWKS", &get)?;
        let beside = || {
            let beside: Option<Url> = format!("{}{KEYS_PATH}", issuer.trim_end_matches('/')).parse().ok();
            let usable = beside.filter(|url| matches!(url.scheme(), "http" | "https"));
            usable.ok_or_else(|| unusable("PG_ATLAS_OIDC_ISSUER", "found something else".to_owned()))
        };
        let keys = Arc::new(KeySet::at(named.map_or_else(beside, Ok)?));
        Ok(Some(Self { audience, issuer, keys }))
    }

    /// Whoever the token says is submitting.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn verify(&self, token: &str) -> Result<Submitter, TokenRefusal> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let parts = TokenParts::of(token)?;
        let key = self.keys.named(parts.key_id()?).await.ok_or(TokenRefusal::NoKey)?;
        if !key.has_signed(parts.signed.as_bytes(), &parts.signature) {
            return Err(TokenRefusal::invalid("Signature verification failed"));
        }
        claims::check(&parts.claims, &self.issuer, &self.audience, since.as_secs_f64())?;
        self.submitter(&parts)
    }

    fn submitter(&self, parts: &TokenParts<'_>) -> Result<Submitter, TokenRefusal> {
        let text = |name: &str| parts.claims.get(name).and_then(Value::as_str);
        let named = |name: &str| {
            let given = text(name).filter(|text| text.len() <= MAX_NAME_BYTES);
            let given = given.filter(|text| !text.contains(char::is_control));
            given.ok_or_else(|| TokenRefusal::invalid(format!("The \"{name}\" claim cannot be used")))
        };
        let (repository, actor) = (named("repository")?, named("actor")?);
        if !is_repository(repository) {
            return Err(TokenRefusal::invalid("The \"repository\" claim is not owner/name"));
        }
        let visibility = text("repository_visibility");
        let names = ["repository_id", "repository_owner_id", "ref", "sha", "workflow", "run_id", "run_attempt"];
        let said = names.iter().filter_map(|name| Some((*name, text(name)?)));
        let said = said.chain([("repository", repository)]).chain(visibility.map(|text| ("visibility", text)));
        // An id is the issuer's own; what has none is known by all that is signed.
        let id = match text("jti").filter(|id| !id.is_empty()) {
            Some(id) => Digest::of_parts(&[self.issuer.as_bytes(), &[0], id.as_bytes()]),
            None => Digest::of(parts.signed.as_bytes()),
        };
        Ok(Submitter {
            repository: repository.to_owned(),
            actor: actor.to_owned(),
            public: visibility.map(|text| text == "public"),
            origin: Origin::of(&said.collect::<Vec<_>>()),
            id,
        })
    }
}

/// Whether a text is `owner/name`, as the host allows them.
fn is_repository(text: &str) -> bool {
    let part = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && part.bytes().all(plain) && part.bytes().any(|byte| byte != b'.')
    };
    text.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
        && Purl::parse(&format!("pkg:github/{text}")).is_ok()
}

/// A token, taken apart and not yet believed.
struct TokenParts<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// What the signature is over.
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> TokenParts<'a> {
    fn of(token: &'a str) -> Result<Self, TokenRefusal> {
        let malformed = || TokenRefusal::invalid("This is no JSON Web Token");
        if token.len() > MAX_TOKEN_BYTES {
            return Err(malformed());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').filter(|(_, rest)| !rest.contains('.')).ok_or_else(malformed)?;
        let bytes = |text: &str| keys::decoded(text).ok_or_else(malformed);
        let object = |text: &str| serde_json::from_slice(&bytes(text)?).map_err(|_| malformed());
        Ok(Self { header: object(header)?, claims: object(claims)?, signed, signature: bytes(signature)? })
    }

    /// The id of the key that it says it is signed by, by the one algorithm that is taken.
    fn key_id(&self) -> Result<&str, TokenRefusal> {
        match self.header.get("alg").filter(|alg| !alg.is_null()) {
            None => return Err(TokenRefusal::invalid("Algorithm not specified")),
            Some(alg) if alg != "RS256" => {
                return Err(TokenRefusal::invalid("The specified alg value is not allowed"));
            }
            Some(_) => {}
        }
        if self.header.contains_key("crit") {
            return Err(TokenRefusal::invalid("Unsupported critical extension"));
        }
        let id = self.header.get("kid").and_then(Value::as_str).filter(|id| !id.is_empty());
        id.ok_or(TokenRefusal::NoKey)
    }
}
