//! Who a commit is from, without saying who: keyed pseudonyms, what counts as a bot, and the account behind a
//! forge's own address.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::digest::Digest;

/// Hexadecimal digits of a key's public id.
pub const KEY_ID_DIGITS: usize = 16;

/// Block of SHA-256, in bytes: the length to which HMAC pads a shorter key.
const HMAC_BLOCK_BYTES: usize = 64;

/// Keeps the id of a key apart from every other hash of the same bytes.
const KEY_ID_CONTEXT: &[u8] = b"pg-atlas pseudonym key id\0";

/// The secret of a deployment under which e-mail addresses become pseudonyms. Never printed, never stored in the
/// log: whoever has it can test a guessed address. Two deployments with the same key agree on every pseudonym.
#[derive(Clone)]
pub struct PseudonymKey([u8; 32]);

/// The key of the demo's own data: no secret, so that anybody can rebuild the files and see that they are right.
const PUBLIC_DEMO_KEY: [u8; 32] = *b"pg-atlas public demo key 0000001";

impl PseudonymKey {
    /// The key of these 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key written as 64 hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        Digest::parse(text).map(|digest| Self(digest.0))
    }

    /// The key under which the data compiled into the demo was pseudonymised. It is public: what it hides, anybody can
    /// test. Never for people's addresses.
    #[must_use]
    pub fn public_demo() -> Self {
        Self(PUBLIC_DEMO_KEY)
    }

    /// The public id, [`KEY_ID_DIGITS`] hexadecimal digits: tells keys apart without giving one away.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = Digest::of_parts(&[KEY_ID_CONTEXT, &self.0]).to_string();
        id.truncate(KEY_ID_DIGITS);
        id
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PseudonymKey({})", self.id())
    }
}

/// Whether a text has the form of [`PseudonymKey::id`].
#[must_use]
pub fn is_key_id(text: &str) -> bool {
    text.len() == KEY_ID_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The form of an address in which two are compared, as bytes: trimmed, ASCII letters lower case. What is no ASCII
/// stays as it is, so that two persons whom an encoding or an alphabet tells apart are never one.
#[must_use]
pub fn normalised_email(email: &[u8]) -> Vec<u8> {
    email.trim_ascii().to_ascii_lowercase()
}

/// The pseudonym of an address: HMAC-SHA-256 of its normalised form.
#[must_use]
pub fn pseudonym(key: &PseudonymKey, email: impl AsRef<[u8]>) -> Digest {
    // Padding the key here, as HMAC itself would, gives the constructor that cannot fail.
    let mut block = [0u8; HMAC_BLOCK_BYTES];
    block[..key.0.len()].copy_from_slice(&key.0);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(&normalised_email(email.as_ref()));
    Digest(mac.finalize().into_bytes().into())
}

/// Names that are bots though nothing in them says so, lower-cased.
const BOT_NAMES: [&str; 4] = ["dependabot", "greenkeeper", "bitnami bot", "upptime bot"];
/// Endings that mark a bot, lower-cased.
const BOT_ENDINGS: [&str; 2] = ["[bot]", "-bot"];

/// Whether an author is a program: a known name, or a name, an address or its local part that ends in `[bot]` or
/// `-bot`, whatever the case.
#[must_use]
pub fn is_bot(name: &str, email: &str) -> bool {
    let name = name.trim().to_lowercase();
    let email = email.trim().to_lowercase();
    let local = email.rsplit_once('@').map_or(email.as_str(), |(local, _)| local);
    let marked = |text: &str| BOT_ENDINGS.iter().any(|ending| text.ends_with(ending));
    BOT_NAMES.contains(&name.as_str()) || [name.as_str(), email.as_str(), local].into_iter().any(marked)
}

/// Greatest length of a login, in characters.
const MAX_LOGIN_CHARS: usize = 100;

/// The account behind a noreply address of a forge, in its own spelling: `12345+login@users.noreply.github.com`,
/// the older `login@users.noreply.github.com`, GitLab's `12345-login@users.noreply.gitlab.com`, and the same forms
/// on hosts that run these forges themselves.
#[must_use]
pub fn forge_login(email: &str) -> Option<String> {
    let (local, host) = email.trim().rsplit_once('@')?;
    let forge = host.to_lowercase().strip_prefix("users.noreply.")?.to_owned();
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let login = match (local.split_once('+'), local.split_once('-')) {
        (Some((id, login)), _) => number(id).then_some(login)?,
        // GitHub's older addresses carry no number, and a login there may begin with one.
        (None, Some((id, login))) if forge != "github.com" && number(id) => login,
        (None, _) => local,
    };
    let plain = login.strip_suffix("[bot]").unwrap_or(login);
    let fits = !plain.is_empty()
        && login.len() <= MAX_LOGIN_CHARS
        && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (fits && !forge.is_empty()).then(|| login.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(start: &[u8]) -> PseudonymKey {
        let mut bytes = [0u8; 32];
        bytes[..start.len()].copy_from_slice(start);
        PseudonymKey::new(bytes)
    }

    #[test]
    fn pseudonyms_are_hmac_sha_256_of_the_normalised_address() {
        // RFC 4231, test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(pseudonym(&key(b"Jefe"), "what do ya want for nothing?").to_string(), expected);
        assert_eq!(pseudonym(&key(b"Jefe"), "  What do YA want for nothing?\n").to_string(), expected);
        assert_ne!(pseudonym(&key(b"other"), "what do ya want for nothing?").to_string(), expected);
    }

    #[test]
    fn addresses_are_compared_as_bytes() {
        let of = |email: &[u8]| pseudonym(&key(b"k"), email);
        assert_eq!(of(b" ANN@Example.ORG\t"), of(b"ann@example.org"));
        let apart: [&[u8]; 6] = [
            "Ä@x.org".as_bytes(),
            "ä@x.org".as_bytes(),
            b"j\xe4@x.org",
            b"j\xf6@x.org",
            b"j@x.org",
            "j\u{a0}@x.org".as_bytes(),
        ];
        for (n, one) in apart.iter().enumerate() {
            assert!(apart[..n].iter().all(|other| of(one) != of(other)), "{one:?}");
        }
    }

    #[test]
    fn a_key_shows_its_id_alone() {
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let key = PseudonymKey::from_hex(hex).unwrap();
        assert!(is_key_id(&key.id()));
        assert_eq!(format!("{key:?}"), format!("PseudonymKey({})", key.id()));
        assert!(!hex.contains(&key.id()));
        assert_ne!(key.id(), PseudonymKey::new([0; 32]).id());
        assert!(PseudonymKey::from_hex("abc").is_none());
        assert!(!is_key_id("0123456789ABCDEF"));
    }

    #[test]
    fn programs_are_bots_and_people_are_not() {
        let bots = [
            ("dependabot[bot]", "x@y.org"),
            ("Dependabot", "x@y.org"),
            ("GreenKeeper ", "x@y.org"),
            ("Bitnami Bot", "x@y.org"),
            ("upptime bot", "x@y.org"),
            ("renovate-bot", "x@y.org"),
            ("R", "29139614+Renovate[bot]@users.noreply.github.com"),
            ("R", "release-bot@y.org"),
            ("R", "x@some-bot"),
        ];
        for (name, email) in bots {
            assert!(is_bot(name, email), "{name} {email}");
        }
        let people = [
            ("Ann Abbot", "ann@abbot.org"),
            ("dependabot fan", "fan@y.org"),
            ("other bot", "x@y.org"),
            ("Botond", "bot@y.org"),
            ("", ""),
        ];
        for (name, email) in people {
            assert!(!is_bot(name, email), "{name} {email}");
        }
    }

    #[test]
    fn logins_come_from_noreply_addresses_alone() {
        let login = |email: &str| forge_login(email);
        assert_eq!(login("12345+Ann-B@users.noreply.github.com").as_deref(), Some("Ann-B"));
        assert_eq!(login("ann@Users.Noreply.GitHub.com").as_deref(), Some("ann"));
        assert_eq!(login("3-d@users.noreply.github.com").as_deref(), Some("3-d"));
        assert_eq!(login("3-d@users.noreply.gitlab.com").as_deref(), Some("d"));
        assert_eq!(login("77-a-b@users.noreply.git.example.org").as_deref(), Some("a-b"));
        assert_eq!(login("9+ci[bot]@users.noreply.github.com").as_deref(), Some("ci[bot]"));
        for none in [
            "ann@example.org",
            "noreply@github.com",
            "@users.noreply.github.com",
            "x+ann@users.noreply.github.com",
            "1+<b>@users.noreply.github.com",
            "ann@users.noreply.",
            "",
        ] {
            assert_eq!(login(none), None, "{none}");
        }
    }
}
