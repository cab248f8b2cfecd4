//! Base addresses. None is built in: whoever runs the program says what it may ask.

use reqwest::Url;
use thiserror::Error;

/// An address that cannot be a base.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{variable}: expected a base address such as https://registry.example/, {reason}")]
pub struct UnusableAddress {
    /// The variable that holds it.
    pub variable: &'static str,
    /// What is wrong with it; never its text, which may hold a secret.
    pub reason: String,
}

/// The base address that a variable holds, read through `get`. Unset and empty is the same; an error of `get` is the
/// reason why a value is no text.
///
/// # Errors
/// When it is not `http(s)://host[:port][/path]`.
pub fn base<E: ToString>(
    variable: &'static str,
    get: impl Fn(&'static str) -> Result<Option<String>, E>,
) -> Result<Option<Url>, UnusableAddress> {
    let unusable = |reason: String| UnusableAddress { variable, reason };
    let said = get(variable).map_err(|error| unusable(error.to_string()))?;
    let Some(text) = said.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let url: Url = text.trim().parse().map_err(|error| unusable(format!("found something else: {error}")))?;
    check(variable, &url)?;
    Ok(Some(url))
}

/// Whether an address can be a base.
pub(in crate::source) fn check(variable: &'static str, url: &Url) -> Result<(), UnusableAddress> {
    let reason = match url {
        url if !matches!(url.scheme(), "http" | "https") => "found another scheme",
        url if !url.username().is_empty() || url.password().is_some() => "found a user or password in it",
        url if url.query().is_some() || url.fragment().is_some() => "found a query or fragment in it",
        _ => return Ok(()),
    };
    Err(UnusableAddress { variable, reason: reason.to_owned() })
}

/// `base` with further segments, each percent-encoded, a slash in one too.
pub(in crate::source) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Only addresses without authority have no path, and `check` refuses these.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_addresses_are_refused_without_showing_them() {
        for text in
            ["registry", "ftp://h/", "https://ann:s3cret@h/", "https://h/?key=s3cret", "https://", "mailto:s3cret"]
        {
            let error = base("A_URL", |_| Ok::<_, String>(Some(text.to_owned()))).unwrap_err().to_string();
            assert!(error.starts_with("A_URL: expected") && !error.contains("s3cret"), "{error}");
        }
        assert_eq!(base("A_URL", |_| Ok::<_, String>(Some("  ".to_owned()))), Ok(None));
        let refused = base("A_URL", |_| Err("A_URL is no text in UTF-8")).unwrap_err();
        assert!(refused.to_string().ends_with("A_URL is no text in UTF-8"), "{refused}");
    }

    #[test]
    fn segments_stay_segments() {
        let base: Url = "https://host.example/api/".parse().unwrap();
        assert_eq!(below(&base, &["a/b", "c d"]).as_str(), "https://host.example/api/a%2Fb/c%20d");
    }
}
