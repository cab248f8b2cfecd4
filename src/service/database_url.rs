//! The database URL: read without ever repeating it, for it may hold a password.

use std::net::IpAddr;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::environment;
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
/// What says where the program runs, and what it says where others could listen on the way to the database.
const ENVIRONMENT: &str = "PG_ATLAS_ENV";
const PRODUCTION: &str = "production";
/// What it says everywhere else, as where it says nothing.
const DEVELOPMENT: &str = "development";
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

/// Refuses a way to the database that others could read along, where the environment is called production.
///
/// # Errors
/// When nothing makes sure that it is encrypted, and when the environment is called something else that is not known.
pub(super) fn ensure_private(options: &PgConnectOptions) -> Result<()> {
    let is_production = match environment::variable(ENVIRONMENT)?.as_deref() {
        None | Some(DEVELOPMENT) => false,
        Some(PRODUCTION) => true,
        Some(_) => {
            let expected = format!("{ENVIRONMENT}: expected `{PRODUCTION}` or `{DEVELOPMENT}`");
            return Err(Error::invalid(ENVIRONMENT, expected));
        }
    };
    if is_production && !is_private(options) {
        let reason = format!(
            "{ENVIRONMENT} is {PRODUCTION}, and the way to the database may be without encryption: put \
             sslmode=verify-full (verify-ca, require) into its URL, or reach it on this machine"
        );
        return Err(Error::invalid("database_url", reason));
    }
    Ok(())
}

/// Whether the way stays on this machine, or is encrypted whatever the server would like.
fn is_private(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let is_loopback = || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let is_here = options.get_socket().is_some() || host.starts_with('/') || host == "localhost" || is_loopback();
    let is_encrypted = match options.get_ssl_mode() {
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => true,
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => false,
    };
    is_here || is_encrypted
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

    #[test]
    fn a_way_is_private_on_this_machine_or_with_encryption_that_the_server_cannot_decline() {
        let private = |url: &str| is_private(&parse(url).unwrap().0);
        for url in [
            "postgres://a@localhost/b",
            "postgres://a@127.0.0.2/b?sslmode=disable",
            "postgres://a@[::1]/b",
            "postgres://a@%2Frun%2Fpostgresql/b",
            "postgres://a@db.example/b?host=/run/postgresql",
            "postgres://a@db.example/b?sslmode=require",
            "postgres://a@db.example/b?sslmode=verify-ca",
            "postgres://a@10.0.0.1/b?sslmode=verify-full",
        ] {
            assert!(private(url), "{url}");
        }
        for url in [
            "postgres://a@db.example/b?sslmode=prefer",
            "postgres://a@db.example/b?sslmode=allow",
            "postgres://a@10.0.0.1/b?sslmode=disable",
            "postgres://a@localhost.example/b?sslmode=prefer",
            "postgres://a@localhost/b?host=db.example&sslmode=prefer",
        ] {
            assert!(!private(url), "{url}");
        }
    }

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
