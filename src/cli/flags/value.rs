//! Values of flags that go into the log.

use domain::redact;

/// The name of somebody or something: what `--actor`, `--author`, `--project` and `--label` take.
pub(crate) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err("expected a text without control characters".to_owned());
    }
    if !redact::is_clean(text) {
        return Err("a name or handle; e-mail addresses are not kept".to_owned());
    }
    Ok(text.to_owned())
}

/// An idempotency key.
#[cfg(feature = "ingest")]
pub(crate) fn key(text: &str) -> Result<String, String> {
    let key = ingest::append::is_key(text).then(|| text.to_owned());
    key.ok_or_else(|| ingest::Refusal::Key.to_string())
}
