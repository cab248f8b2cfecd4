//! Who asks to write: a bearer of a token, or of a key.

use axum::http::{HeaderMap, StatusCode, header};

use super::answer::Complaint;
use crate::service::Deps;
use crate::service::act::ingest::desk::{Desk, Submitter, TokenRefusal};
use crate::service::act::key::{self, KeyHolder};

/// What a bearer has in hand.
pub(super) enum Bearer {
    /// A run of a code host, by its token.
    Run(Submitter),
    /// A client, by its key.
    Client(KeyHolder),
}

/// Whoever asks. `deps`: where keys are looked up; without, there are none.
pub(super) async fn bearer(headers: &HeaderMap, desk: &Desk, deps: Option<&Deps>) -> Result<Bearer, Complaint> {
    let text = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let text = text.filter(|text| !text.is_empty()).ok_or_else(missing)?;
    let text =
        std::str::from_utf8(text).map_err(|_| refused(&TokenRefusal::Invalid("no JSON Web Token".to_owned())))?;
    if !key::is_one(text) {
        return desk.submitter(text).await.map(Bearer::Run).map_err(|refusal| refused(&refusal));
    }
    let held = match deps {
        Some(deps) => key::holder(deps, text).await?,
        None => None,
    };
    let unknown = || {
        let said = Complaint::new(StatusCode::UNAUTHORIZED, "This key is not valid, or not any longer.");
        said.with(header::WWW_AUTHENTICATE, "Bearer")
    };
    held.map(Bearer::Client).ok_or_else(unknown)
}

fn missing() -> Complaint {
    let detail = "Missing or malformed Authorization header. Expected: Bearer <oidc-token>";
    Complaint::new(StatusCode::UNAUTHORIZED, detail).with(header::WWW_AUTHENTICATE, "Bearer")
}

fn refused(refusal: &TokenRefusal) -> Complaint {
    Complaint::new(StatusCode::FORBIDDEN, refusal.to_string())
}
