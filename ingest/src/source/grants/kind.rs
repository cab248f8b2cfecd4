//! The kinds of records, as documents name them.

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    Project,
    Pool,
    Application,
}

impl RecordKind {
    /// The kind that a document calls itself.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.trim() {
            "Project" => Some(Self::Project),
            "GrantPool" => Some(Self::Pool),
            "GrantApplication" => Some(Self::Application),
            _ => None,
        }
    }
}
