//! Tenants: each is a log of its own in the same database, and sees nothing of the others.

use std::fmt;

use crate::checked::Invalid;

/// Greatest length of a tenant's name, in bytes.
const MAX_NAME_BYTES: usize = 63;
/// Name of the tenant [`TenantId::PUBLIC`].
const PUBLIC: &str = "public";

/// What a tenant is called: 1 to 63 of `a` to `z`, `0` to `9` and `-`, the first not `-`. Its folders have it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantName(String);

impl TenantName {
    /// The name that is written so.
    ///
    /// # Errors
    /// When the text is none.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > MAX_NAME_BYTES || text.starts_with('-') || !text.bytes().all(plain) {
            let reason = format!("expected 1 to {MAX_NAME_BYTES} of a-z, 0-9 and -, the first of them not -");
            return Err(Invalid::new("tenant", reason));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether it is `public`, whose the log is where nobody says otherwise.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.0 == PUBLIC
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of this tenant's log as checkpoints have it, where the whole place is called `origin`: it ends in the
    /// tenant. That of `public` is `origin` itself.
    #[must_use]
    pub fn origin(&self, origin: &str) -> String {
        if self.owns(origin) { origin.to_owned() } else { format!("{origin}/{self}") }
    }

    /// Whether a name of a log is one of this tenant's.
    #[must_use]
    pub fn owns(&self, origin: &str) -> bool {
        self.is_public() || origin.rsplit_once('/').is_some_and(|(_, tenant)| tenant == self.0)
    }
}

impl Default for TenantName {
    fn default() -> Self {
        Self(PUBLIC.to_owned())
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of a tenant in its database, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TenantId(i32);

impl TenantId {
    /// The tenant `public`: whose the log is where nobody says otherwise.
    pub const PUBLIC: Self = Self(1);

    /// The tenant of this number; none has it below 1.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The schema of its stable views.
    #[must_use]
    pub fn views_schema(self) -> String {
        if self == Self::PUBLIC { PUBLIC.to_owned() } else { format!("tenant_{}", self.0) }
    }

    /// The setting by which a session of the database says whose it is, and its value.
    #[must_use]
    pub fn setting(self) -> (&'static str, String) {
        ("pg_atlas.tenant", self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["a", "0", "public", "a-b", "0-", &"x".repeat(63)] {
            assert!(TenantName::new(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "A", "a_b", "a.b", "a/b", "..", "é", "a b", "a\n", &"x".repeat(64)] {
            assert!(TenantName::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_name_of_a_log_ends_in_its_tenant() {
        let acme = TenantName::new("acme").unwrap();
        assert_eq!(acme.origin("atlas.example/log"), "atlas.example/log/acme");
        assert_eq!(acme.origin("atlas.example/acme"), "atlas.example/acme");
        assert_eq!(acme.origin("acme"), "acme/acme");
        assert!(!acme.owns("atlas.example/log/notacme") && !acme.owns("atlas.example/log"));
        assert_eq!(TenantName::default().origin("atlas.example/log"), "atlas.example/log");
        assert!(TenantName::default().is_public() && !acme.is_public());
    }
}
