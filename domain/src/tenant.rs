//! Tenants: each is a log of its own in the same database, and sees nothing of the others.

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

    /// The setting by which a session of the database says whose it is, and its value.
    #[must_use]
    pub fn setting(self) -> (&'static str, String) {
        ("pg_atlas.tenant", self.0.to_string())
    }
}
