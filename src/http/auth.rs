//! Who asks to write: a bearer of a token, or of a key.

use axum::http::{HeaderMap, StatusCode, header};

use super::answer::Complaint;
use crate::service::Deps;
use crate::service::act::ingest::desk::{Desk, Submitter, TokenRefusal};
use crate::service::act::key::{self, AUDIT, KeyHolder};
use crate::service::atlases::ServedAtlas;

/// What a bearer has in hand.
pub(super) enum Bearer {
    /// A run of a code host, by its token.
    Run(Submitter),
    /// A client, by its key.
    Client(KeyHolder),
}

/// Whoever asks. `deps`: where keys are looked up; without, there are none.
pub(super) async fn bearer(headers: &HeaderMap, desk: &Desk, deps: Option<&Deps>) -> Result<Bearer, Complaint> {
    let text = bearer_text(headers).ok_or_else(missing)?;
    let text =
        std::str::from_utf8(text).map_err(|_| refused(&TokenRefusal::Invalid("no JSON Web Token".to_owned())))?;
    if !key::is_one(text) {
        return desk.submitter(text).await.map(Bearer::Run).map_err(|refusal| refused(&refusal));
    }
    let held = match deps {
        Some(deps) => key::holder(deps, text).await?,
        None => None,
    };
    held.map(Bearer::Client).ok_or_else(unknown)
}

/// Complains of whoever has no key for what is not for everybody.
pub(super) async fn is_auditor(headers: &HeaderMap, atlas: &ServedAtlas) -> Result<(), Complaint> {
    let refused = |detail: &str| Complaint::new(StatusCode::FORBIDDEN, detail);
    let needed = "This log has events about private repositories: a key of kind `audit` is needed.";
    let text = bearer_text(headers).ok_or_else(|| refused(needed))?;
    // What takes no documents may not look keys up.
    if atlas.desk.is_none() {
        return Err(refused("This log has events about private repositories, and this server knows no keys."));
    }
    let text = std::str::from_utf8(text).map_err(|_| unknown())?;
    let holder = key::holder(&atlas.deps, text).await?.ok_or_else(unknown)?;
    let lack = holder.scope.lacks(AUDIT, None);
    lack.map_or(Ok(()), |lack| Err(refused(&lack)))
}

/// The bearer of a request, if there is one.
fn bearer_text(headers: &HeaderMap) -> Option<&[u8]> {
    let text = headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
    Some(text).filter(|text| !text.is_empty())
}

fn unknown() -> Complaint {
    let said = Complaint::new(StatusCode::UNAUTHORIZED, "This key is not valid, or not any longer.");
    said.with(header::WWW_AUTHENTICATE, "Bearer")
}

fn missing() -> Complaint {
    let detail = "Missing or malformed Authorization header. Expected: Bearer <oidc-token>";
    Complaint::new(StatusCode::UNAUTHORIZED, detail).with(header::WWW_AUTHENTICATE, "Bearer")
}

fn refused(refusal: &TokenRefusal) -> Complaint {
    Complaint::new(StatusCode::FORBIDDEN, refusal.to_string())
}
