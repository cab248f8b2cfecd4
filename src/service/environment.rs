//! What the environment says. Compose files and scripts set variables to nothing: that is as if they were not set.

use super::error::{Error, Result};

/// The value of a variable; none where it is not set, or set to nothing.
///
/// # Errors
/// [`Error::Invalid`], without the value, where it is no text: it is not passed over, for what stands behind it may be
/// another key or another place.
pub(crate) fn variable(name: &'static str) -> Result<Option<String>> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    value.into_string().map(Some).map_err(|_| Error::invalid(name, format!("{name} is no text in UTF-8")))
}
