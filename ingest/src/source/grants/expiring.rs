//! Links that expire: signed for some hours, different every time they are served. They are no facts.

use std::borrow::Cow;

/// What stands where such a link was.
pub(super) const PLACEHOLDER: &str = "<expiring-link>";

/// Hosts that serve nothing but expiring links.
const HOSTS: [&str; 1] = ["airtableusercontent.com"];
/// Query parameters that make a link expire, in lower case.
const PARAMETERS: [&str; 8] =
    ["expires", "signature", "sig", "awsaccesskeyid", "googleaccessid", "key-pair-id", "expirationtimestamp", "exp"];
/// Beginnings of such parameters, in lower case.
const PARAMETER_FAMILIES: [&str; 2] = ["x-amz-", "x-goog-"];
/// Milliseconds since 1970 that a path may name as its end: the years 2015 to 2100.
const EXPIRY_MILLISECONDS: std::ops::Range<u64> = 1_420_070_400_000..4_102_444_800_000;
/// Least length of the token that follows an expiry in a path.
const MIN_TOKEN_BYTES: usize = 16;

/// The text with [`PLACEHOLDER`] for every link that expires. Text without one is returned as it is.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"<>()[]{}`|\\^".contains(c);
    let mut out = String::new();
    let mut kept = 0;
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if !ends(c) {
            continue;
        }
        let link = text[start..at].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if expires(link) {
            out.push_str(&text[kept..start]);
            out.push_str(PLACEHOLDER);
            kept = start + link.len();
        }
        start = at + c.len_utf8();
    }
    if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[kept..]) }
}

/// Whether a link, with or without scheme, expires.
fn expires(link: &str) -> bool {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let host = host.to_ascii_lowercase();
    host.contains('.') && (HOSTS.iter().any(|end| host.ends_with(end)) || signed(query) || timed(path))
}

fn signed(query: &str) -> bool {
    query.split(['&', ';', '#']).any(|pair| {
        let name = pair.split('=').next().unwrap_or(pair).to_ascii_lowercase();
        PARAMETERS.contains(&name.as_str()) || PARAMETER_FAMILIES.iter().any(|family| name.starts_with(family))
    })
}

/// Whether the path names a moment and, after it, carries a token.
fn timed(path: &str) -> bool {
    let mut segments = path.split('/').skip_while(|segment| {
        !segment.parse().is_ok_and(|milliseconds: u64| EXPIRY_MILLISECONDS.contains(&milliseconds))
    });
    let is_token = |segment: &str| {
        segment.len() >= MIN_TOKEN_BYTES && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    segments.next().is_some() && segments.any(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_expire_go_wherever_they_stand() {
        for link in [
            "https://v5.airtableusercontent.com/v3/u/51/51/1774821600000/EZzc2QBp1OH0lEfLlEyVKQ/x",
            "https://files.example/v3/1774821600000/EZzc2QBp1OH0lEfLlEyVKQ",
            "https://bucket.s3.amazonaws.com/a.png?X-Amz-Date=20260101T000000Z&X-Amz-Signature=ab",
            "https://cdn.example/a.png?id=1&amp;Expires=1774821600&amp;Signature=ab",
            "HTTPS://CDN.example/a?sig=x#top",
            "v5.airtableusercontent.com/v3/x",
        ] {
            assert_eq!(without(link), PLACEHOLDER, "{link}");
            assert_eq!(without(&format!("Logo.jpg ({link}), more")), format!("Logo.jpg ({PLACEHOLDER}), more"));
            assert_eq!(without(&format!("see {link}, {link}.")), format!("see {PLACEHOLDER}, {PLACEHOLDER}."));
        }
    }

    #[test]
    fn lasting_links_stay() {
        for text in [
            "https://medium.com/a?source=collection_detail----89c348dcf743-----10---",
            "https://docs.google.com/document/d/1OEft00GPV4D0jRuNtAuu8RHlPEPAOGXF/edit?usp=sharing&ouid=115126705350833397321",
            "https://x.com/a/status/1774821600000",
            "https://blog.example/1774821600000/short",
            "https://flutrai.s3.us-east-1.amazonaws.com/report.pdf",
            "what expires? signature=1",
            "",
        ] {
            assert!(matches!(without(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
