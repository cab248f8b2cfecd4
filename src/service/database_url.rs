//! The database URL: read without ever repeating it, for it may hold a password.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use super::error::{Error, Result};

/// What a URL begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Parameters that the driver understands, apart from `options[...]`. It would log any other one with its value.
const KNOWN: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// Longest parameter name that is shown, in bytes: a longer one is no name.
const SHOWN_BYTES: usize = 40;

/// How to connect, and the names of parameters that are not used.
///
/// # Errors
/// When the text is no `postgres://` URL. The text itself is not in the message.
pub(super) fn parse(url: &str) -> Result<(PgConnectOptions, Vec<String>)> {
    let malformed =
        || Error::invalid("database_url", "the database URL is not of the form postgres://user@host/database");
    let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme)).ok_or_else(malformed)?;
    if rest.is_empty() {
        return Err(malformed());
    }
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let (used, unused): (Vec<&str>, Vec<&str>) =
        query.split('&').filter(|pair| !pair.is_empty()).partition(|pair| is_known(name_of(pair)));
    let options = PgConnectOptions::from_str(&format!("{place}?{}", used.join("&"))).map_err(|_| malformed())?;
    Ok((options, unused.into_iter().map(shown).collect()))
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || name.starts_with("options[") || name.starts_with("options%5B")
}

/// The name of a parameter as a message may hold it: what has no value may be one.
fn shown(pair: &str) -> String {
    let name = name_of(pair);
    let plain = name.len() <= SHOWN_BYTES && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain && name != pair { name.to_owned() } else { "(unnamed)".to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_url_is_read_or_refused_without_repeating_it(
            before in "(postgres(ql)?://)?([a-z:@/%?&=\\[\\]#.0-9]|\\PC){0,12}",
            after in "([a-z:@/%?&=\\[\\]#.0-9]|\\PC){0,12}",
        ) {
            match parse(&format!("{before}HUNTER2{after}")) {
                Ok((_, unused)) => prop_assert!(unused.iter().all(|name| !name.contains("HUNTER2")), "{:?}", unused),
                Err(failure) => prop_assert!(!failure.to_string().contains("HUNTER2")),
            }
        }
    }
}
