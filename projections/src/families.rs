//! Every family, and what the list of them makes: names, builds, the world. A new family is a line here.

use domain::recorded::{Position, Recorded};

use crate::changes::Changes;
use crate::family::{FactRows, Family, FamilyState};
use crate::graph::GraphState;
use crate::people::PeopleState;
use crate::table::{Table, TableRows};

/// The set of every family there is: what scores rest on, the scores, and their history. [`World`] is its state.
pub const ATLAS: &str = "atlas";

/// Families by name and folder; those that keep a state of their own say its type.
macro_rules! families {
    ($($(#[$doc:meta])* $name:ident in $folder:ident $(keeps $state:ty)?;)+) => {
        /// A family of projections. A build is of one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Projection {
            $($(#[$doc])* $name),+
        }

        impl Projection {
            /// Every family, in order.
            pub const ALL: [Self; [$(stringify!($name)),+].len()] = [$(Self::$name),+];

            /// What it says of itself.
            #[must_use]
            pub fn family(self) -> &'static Family {
                match self { $(Self::$name => &crate::$folder::family::FAMILY),+ }
            }
        }

        /// Everything the families remember, at a position.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct World {
            /// The last position folded.
            pub position: Position,
            $($(
                #[doc = concat!("What `", stringify!($folder), "` remembers.")]
                pub $folder: $state,
            )?)+
        }

        impl World {
            /// Folds the next event into every state. Which rows changed goes to `changes`.
            pub(crate) fn apply(&mut self, recorded: &Recorded, changes: &mut Changes) {
                self.position = recorded.position;
                $($(<$state as FamilyState>::apply(&mut self.$folder, recorded, changes);)?)+
            }

            /// Kind and key of every row of every family.
            pub fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
                std::iter::empty()$($(.chain(<$state as FactRows>::rows(&self.$folder)))?)+
            }

            /// Appends a family's stored value of one row; false when it has none.
            ///
            /// # Errors
            /// As [`FactRows::write_value`].
            pub fn write_value(
                &self,
                of: Projection,
                kind: &str,
                key: &str,
                to: &mut Vec<u8>,
            ) -> Result<bool, serde_json::Error> {
                match of {
                    $($(Projection::$name => <$state as FactRows>::write_value(&self.$folder, kind, key, to),)?)+
                    _ => Ok(false),
                }
            }

            /// A family's stored value of one row; `None` when it has none.
            ///
            /// # Errors
            /// As [`FactRows::write_value`].
            pub fn row(&self, of: Projection, kind: &str, key: &str) -> Result<Option<String>, serde_json::Error> {
                let mut value = Vec::new();
                let is_there = self.write_value(of, kind, key, &mut value)?;
                Ok(is_there.then(|| String::from_utf8(value).expect("JSON is text")))
            }

            /// Takes in a family's stored row; false when it knows no such kind.
            ///
            /// # Errors
            /// As [`FactRows::restore`].
            pub fn restore(
                &mut self,
                of: Projection,
                kind: &str,
                key: String,
                value: &str,
            ) -> Result<bool, serde_json::Error> {
                match of {
                    $($(Projection::$name => <$state as FactRows>::restore(&mut self.$folder, kind, key, value),)?)+
                    _ => Ok(false),
                }
            }

            /// All rows of the tables that follow from one state alone.
            pub(crate) fn derived(&self) -> Vec<TableRows> {
                let mut rows = Vec::new();
                $($(rows.extend(<$state as FamilyState>::derived(&self.$folder));)?)+
                rows
            }
        }

        /// The kinds of rows that each family keeps.
        #[cfg(test)]
        const KINDS: &[(Projection, &[&str])] = &[$($((Projection::$name, <$state as FactRows>::KINDS),)?)+];
    };
}

families! {
    /// Vertices, claims, edges, membership; free of formulas.
    Graph in graph keeps GraphState;
    /// Contributors and their days; free of formulas.
    People in people keeps PeopleState;
    /// Everything a formula decides.
    Metrics in metrics;
    /// Scores over time.
    History in history;
}

impl Projection {
    /// The stored and printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.family().name
    }

    /// The family with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|projection| projection.name() == name)
    }

    /// Whether a formula decides its rows.
    #[must_use]
    pub fn needs_formula(self) -> bool {
        self.family().needs_formula
    }

    /// Its tables.
    pub fn tables(self) -> impl Iterator<Item = &'static Table> {
        self.family().tables.iter().copied()
    }

    /// Whether it is the family of a table.
    #[must_use]
    pub fn holds(self, table: &Table) -> bool {
        table.family == self.name()
    }
}

/// Name and version of every family: what the builds of this program's are known by.
#[must_use]
pub fn marks() -> Vec<String> {
    Projection::ALL.iter().map(|projection| projection.family().mark()).collect()
}

/// The versions of the families on which published digests rest, by name.
#[must_use]
pub fn published() -> std::collections::BTreeMap<String, u32> {
    let families = Projection::ALL.iter().map(|projection| projection.family());
    families.filter(|family| family.published).map(|family| (family.name.to_owned(), family.version)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn families_share_no_name_no_kind_and_no_table() {
        let mut seen = BTreeSet::new();
        for projection in Projection::ALL {
            let family = projection.family();
            assert!(seen.insert(family.name.to_owned()), "{} twice", family.name);
            assert!(family.name.bytes().all(|b| b.is_ascii_lowercase()) && family.version > 0, "{family:?}");
            assert_eq!(family.set, ATLAS, "{}: one projector moves one set, and this is the one there is", family.name);
            assert!(
                family.tables.iter().all(|table| table.family == family.name),
                "{} has tables of others",
                family.name
            );
            for table in family.tables {
                assert!(
                    seen.insert(format!("{}.{}", family.name, table.name)),
                    "{} has {} twice",
                    family.name,
                    table.name
                );
            }
            let own = |table: &&Table| projection.holds(table);
            assert!(family.facts.iter().copied().all(|table| own(&table) && family.tables.contains(&table)));
            assert!(family.indexes.iter().all(|(table, _)| own(table)));
            let keeps = KINDS.iter().any(|(keeper, _)| *keeper == projection);
            assert_eq!(keeps, family.facts.is_some(), "{}: a state needs a table and a table a state", family.name);
        }
        for kind in KINDS.iter().flat_map(|(_, kinds)| *kinds) {
            assert!(seen.insert(format!("kind {kind}")), "two families keep rows of kind {kind}");
        }
    }
}
