//! What a family of projections says of itself.
//!
//! A family folds the log into tables of its own: one build holds those of one family. It is a folder with a
//! `family.rs`, and a line in [`crate::families`].

use domain::recorded::Recorded;

use crate::changes::Changes;
use crate::table::{Table, TableRows};

/// A family. Nothing here has a default, so that a new one answers every question before it compiles.
#[derive(Debug)]
pub struct Family {
    /// The stored and printed name; also the schema's place in statements, `{name}`.
    pub name: &'static str,
    /// What it is, in a few words for people.
    pub about: &'static str,
    /// The set it moves with: the live builds of a set stand at one position, which one projector moves on a connection
    /// of its own, and no set waits for another.
    pub set: &'static str,
    /// Decides whether stored builds are ours. To be raised when the same log gives other rows, other digests or other
    /// views, or its stored state has another shape, wherever in the program the reason is. The golden logs say when it
    /// was forgotten; comments and questions raise nothing.
    pub version: u32,
    /// Whether a formula decides its rows.
    pub needs_formula: bool,
    /// Whether the digests that are published rest on it.
    pub published: bool,
    /// Its tables.
    pub tables: &'static [&'static Table],
    /// The one of them that holds its state, as rows `(kind, key, value)`; `None` where it keeps no state of its own.
    pub facts: Option<&'static Table>,
    /// Indexes besides the primary keys: table, column.
    pub indexes: &'static [(&'static Table, &'static str)],
    /// Makes its views in `public`; empty where it has none.
    pub views: &'static str,
}

impl Family {
    /// Name and version: what a build's code begins with.
    #[must_use]
    pub fn mark(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

/// The rows of a state: `(kind, key, value)`. Kinds are of one family alone. `fact_maps!` writes this.
pub trait FactRows {
    /// The kinds there are.
    const KINDS: &'static [&'static str];

    /// Every row's kind and key, in order.
    fn rows(&self) -> impl Iterator<Item = (&'static str, &str)>;

    /// Appends the stored value of one row; false when there is none.
    ///
    /// # Errors
    /// Never for values this program makes; serialisation is fallible by type.
    fn write_value(&self, kind: &str, key: &str, to: &mut Vec<u8>) -> Result<bool, serde_json::Error>;

    /// Takes in a stored row; false when the kind is unknown.
    ///
    /// # Errors
    /// When the value is not of its kind's shape.
    fn restore(&mut self, kind: &str, key: String, value: &str) -> Result<bool, serde_json::Error>;
}

/// What a family remembers of the log.
pub trait FamilyState: FactRows {
    /// Folds the next event. Which rows changed goes to `changes`.
    fn apply(&mut self, recorded: &Recorded, changes: &mut Changes);

    /// All rows of the tables that follow from this state alone, each sorted by key. Of the others, which rest on what
    /// is resolved of all states, [`crate::tables::content`] makes the rows.
    fn derived(&self) -> Vec<TableRows>;
}

/// Declares a state made of maps that store as `(kind, key, value)` rows; `as` says which map, where rows keep a place.
macro_rules! fact_maps {
    (@map $value:ty) => { std::collections::BTreeMap<String, $value> };
    (@map $value:ty as $map:ident) => { $map<$value> };
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident : $kind:literal => $value:ty $(as $map:ident)?),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $crate::family::fact_maps!(@map $value $(as $map)?)),+
        }

        impl $crate::family::FactRows for $name {
            const KINDS: &'static [&'static str] = &[$($kind),+];

            fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
                std::iter::empty()$(.chain(self.$field.keys().map(|key| ($kind, &**key))))+
            }

            fn write_value(&self, kind: &str, key: &str, to: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
                let written = match kind {
                    $($kind => self.$field.get(key).map(|value| serde_json::to_writer(to, value)),)+
                    _ => None,
                };
                written.transpose().map(|written| written.is_some())
            }

            fn restore(&mut self, kind: &str, key: String, value: &str) -> Result<bool, serde_json::Error> {
                match kind {
                    $($kind => { self.$field.insert(key, serde_json::from_str(value)?); })+
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }
    };
}
pub(crate) use fact_maps;
