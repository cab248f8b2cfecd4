//! Formulas are data: a named document of policies and parameters that decides every number.
//!
//! A document is TOML; what is hashed is its canonical form, so comments, order and layout do not matter. No floats:
//! shares are percent, weights are integers. `semantics` names the meaning of the policies; a program that lacks one
//! says so instead of computing something else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical;
use crate::digest::Digest;
use crate::redact;

mod policy;
mod terms;

pub use policy::*;
pub use terms::{Condition, Flag, Measured, Term, TermsPolicy};

/// The meanings of policies this program knows.
pub const SEMANTICS: u32 = 1;
/// Greatest size of a formula document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// The formula that is live before the first promotion.
pub const DEFAULT: &str = "seed";

/// Documents compiled into the program: (name, TOML).
pub const SHIPPED: [(&str, &str); 3] = [
    ("seed", include_str!("../formulas/seed.toml")),
    ("upstream-0.6", include_str!("../formulas/upstream-0.6.toml")),
    ("atlas-1", include_str!("../formulas/atlas-1.toml")),
];

/// Why a document is no formula.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FormulaError {
    /// Not TOML, an unknown key, a value that is not allowed; the reason names line and allowed values.
    #[error("{0}")]
    Malformed(String),
    /// A value outside its range.
    #[error("{field}: {value} is not in {allowed}")]
    Range {
        /// Path of the field.
        field: &'static str,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A semantics this program lacks.
    #[error("formula `{name}` needs semantics {needed}; this program knows 1 to {SEMANTICS}")]
    Semantics {
        /// Name of the formula.
        name: String,
        /// The semantics it names.
        needed: u32,
    },
    /// No shipped formula of that name.
    #[error("no formula named `{0}`")]
    Unknown(String),
    /// The name of a shipped formula, for another one.
    #[error("`{0}` is a shipped formula; give yours another name")]
    Shipped(String),
    /// The document goes into the log as it is.
    #[error("the document holds an e-mail address or a password; they are not kept")]
    Address,
}

/// A formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    /// Name: lower-case letters, digits, `.`, `-`, at most 64.
    pub name: String,
    /// Meaning of the policies below.
    pub semantics: u32,
    /// One sentence for people.
    #[serde(default)]
    pub description: String,
    /// Which edges and which active subgraph.
    pub graph: GraphPolicy,
    /// Criticality.
    pub criticality: CriticalityPolicy,
    /// Whose commits count.
    pub people: PeoplePolicy,
    /// Pony factor.
    pub pony: PonyPolicy,
    /// Adoption.
    pub adoption: AdoptionPolicy,
    /// Activity status.
    pub status: StatusPolicy,
    /// The composite; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScorePolicy>,
    /// Further terms; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<TermsPolicy>,
    /// Risk flags; absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// Greatest number of pseudonyms that a formula's rules about people name, of flags, and of conditions of a flag.
const MAX_PSEUDONYMS: usize = 500;
const MAX_FLAGS: usize = 32;
const MAX_CONDITIONS: usize = 16;

impl Formula {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// When it is no formula; the error names line and allowed values.
    pub fn parse(document: &str) -> Result<Self, FormulaError> {
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(FormulaError::Malformed(format!("the document exceeds {MAX_DOCUMENT_BYTES} bytes")));
        }
        let formula: Self = toml::from_str(document).map_err(|e| FormulaError::Malformed(e.to_string()))?;
        formula.check()?;
        Ok(formula)
    }

    /// The shipped formula of this name.
    ///
    /// # Errors
    /// When none is shipped under it.
    pub fn shipped(name: &str) -> Result<Self, FormulaError> {
        let (_, document) = SHIPPED
            .iter()
            .find(|(shipped, _)| *shipped == name)
            .ok_or_else(|| FormulaError::Unknown(name.to_owned()))?;
        Self::parse(document)
    }

    /// Whether a log can take in the formula with this document.
    ///
    /// # Errors
    /// When its name is that of a shipped formula and it is another one, or when the document holds an address.
    pub fn check_adoptable(&self, document: &str) -> Result<(), FormulaError> {
        if is_redefined(&self.name, &self.hash()) {
            return Err(FormulaError::Shipped(self.name.clone()));
        }
        if redact::is_clean(document) { Ok(()) } else { Err(FormulaError::Address) }
    }

    /// Digest of the canonical form: the identity of the formula.
    #[must_use]
    pub fn hash(&self) -> Digest {
        // Integers, enumerations and text only: the canonical form always exists.
        canonical::to_vec(self).map(|bytes| Digest::of(&bytes)).unwrap_or_default()
    }

    /// The further terms, by name.
    #[must_use]
    pub fn further(&self) -> Vec<Term> {
        let mut terms = self.terms.as_ref().map(|terms| terms.compute.clone()).unwrap_or_default();
        terms.sort_unstable();
        terms
    }

    fn check(&self) -> Result<(), FormulaError> {
        if self.semantics == 0 || self.semantics > SEMANTICS {
            return Err(FormulaError::Semantics { name: self.name.clone(), needed: self.semantics });
        }
        let is_name = |text: &str, more: &str| {
            let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
            !text.is_empty() && text.len() <= 64 && text.chars().all(letter)
        };
        require(is_name(&self.name, ".-"), "name", &self.name, "1 to 64 of a-z 0-9 . -")?;
        require(!self.description.contains('\0'), "description", &"U+0000", "text without it")?;
        let weights = self.graph.confidence;
        for (field, weight) in [
            ("graph.confidence.verified_sbom", weights.verified_sbom),
            ("graph.confidence.inferred_shadow", weights.inferred_shadow),
        ] {
            require(weight <= 100, field, &weight, "0..=100")?;
        }
        let pony = &self.pony;
        require((1..=1200).contains(&pony.window_months), "pony.window_months", &pony.window_months, "1..=1200")?;
        let percent = pony.threshold_percent;
        require((1..=100).contains(&percent), "pony.threshold_percent", &percent, "1..=100")?;
        let signals: BTreeSet<Signal> = self.adoption.signals.iter().copied().collect();
        let distinct = !signals.is_empty() && signals.len() == self.adoption.signals.len();
        require(distinct, "adoption.signals", &self.adoption.signals.len(), "1 to 3 distinct signals")?;
        self.check_people()?;
        if let Some(score) = &self.score {
            let weights = [score.criticality.weight, score.pony.weight, score.adoption.weight];
            let fit = weights.iter().all(|weight| *weight <= 1000) && weights.iter().sum::<u32>() > 0;
            require(fit, "score.*.weight", &format!("{weights:?}"), "0..=1000, not all zero")?;
        }
        if let Some(terms) = &self.terms {
            let distinct = terms.compute.iter().collect::<BTreeSet<_>>().len() == terms.compute.len();
            require(distinct, "terms.compute", &"a term twice", "distinct terms")?;
            let days = terms.decay_days;
            require((1..=36_500).contains(&days), "terms.decay_days", &days, "1..=36500")?;
        }
        require(self.flags.len() <= MAX_FLAGS, "flags", &self.flags.len(), "at most 32 flags")?;
        let names: BTreeSet<&str> = self.flags.iter().map(|flag| flag.name.as_str()).collect();
        require(names.len() == self.flags.len(), "flags.*.name", &"a name twice", "distinct names")?;
        self.flags.iter().try_for_each(|flag| {
            require(is_name(&flag.name, "-"), "flags.*.name", &flag.name, "1 to 64 of a-z 0-9 -")?;
            self.check_flag(flag)
        })
    }

    fn check_people(&self) -> Result<(), FormulaError> {
        let people = &self.people;
        let named: Vec<&Digest> = people.same.iter().flatten().collect();
        let count = named.len() + people.also_bots.len() + people.never_bots.len();
        require(count <= MAX_PSEUDONYMS, "people", &count, "at most 500 pseudonyms")?;
        let once = named.iter().collect::<BTreeSet<_>>().len() == named.len();
        require(once, "people.same", &"a pseudonym twice", "each pseudonym in one group")?;
        let both = people.also_bots.iter().find(|pseudonym| people.never_bots.contains(pseudonym));
        let both = both.map(ToString::to_string).unwrap_or_default();
        require(both.is_empty(), "people.never_bots", &both, "no pseudonym of people.also_bots")
    }

    fn check_flag(&self, flag: &Flag) -> Result<(), FormulaError> {
        let conditions = flag.when.len();
        require((1..=MAX_CONDITIONS).contains(&conditions), "flags.*.when", &conditions, "1 to 16 conditions")?;
        for condition in &flag.when {
            let bounded = condition.at_least.is_some() || condition.at_most.is_some();
            let name = condition.value.name();
            require(bounded, "flags.*.when", &name, "conditions with at_least, at_most or both")?;
            let known = match condition.value {
                Measured::Term(term) => self.further().contains(&term),
                Measured::PgScore => self.score.is_some(),
                _ => true,
            };
            require(known, "flags.*.when.value", &name, "the scores and terms that this formula computes")?;
        }
        Ok(())
    }
}

/// Whether this is the name of a shipped formula, and the hash that of another one.
#[must_use]
pub fn is_redefined(name: &str, hash: &Digest) -> bool {
    Formula::shipped(name).is_ok_and(|shipped| shipped.hash() != *hash)
}

fn require(fits: bool, field: &'static str, value: &dyn ToString, allowed: &'static str) -> Result<(), FormulaError> {
    if fits { Ok(()) } else { Err(FormulaError::Range { field, value: value.to_string(), allowed }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_formulas_are_well_formed_and_named_as_shipped() {
        for (name, document) in SHIPPED {
            let formula = Formula::parse(document).unwrap();
            assert_ne!(formula.hash(), Digest::default());
            assert_eq!(formula.name, name);
            assert_eq!(formula.check_adoptable(document), Ok(()));
            assert_eq!(
                formula.check_adoptable(&format!("# by ann@example.org\n{document}")),
                Err(FormulaError::Address)
            );
            let other = Formula { description: "mine".to_owned(), ..formula };
            assert_eq!(other.check_adoptable(document), Err(FormulaError::Shipped(name.to_owned())));
        }
        assert!(matches!(Formula::shipped("none"), Err(FormulaError::Unknown(_))));
    }

    #[test]
    fn layout_does_not_matter_and_values_do() {
        let seed = Formula::shipped("seed").unwrap();
        let (_, document) = SHIPPED[0];
        let commented = format!("# a comment\n{document}\n");
        assert_eq!(Formula::parse(&commented).unwrap().hash(), seed.hash());
        let other = Formula { pony: PonyPolicy { window_months: 12, ..seed.pony.clone() }, ..seed.clone() };
        assert_ne!(other.hash(), seed.hash());
    }

    #[test]
    fn errors_name_the_place_and_the_allowed_values() {
        let (_, document) = SHIPPED[0];
        let error = Formula::parse(&document.replace("\"flat\"", "\"round\"")).unwrap_err().to_string();
        assert!(error.contains("line") && error.contains("nested"), "{error}");
        let error = Formula::parse(&document.replace("window_months = 24", "window_months = 0")).unwrap_err();
        assert!(error.to_string().contains("1..=1200"));
        let error = Formula::parse(&document.replace("semantics = 1", "semantics = 9")).unwrap_err();
        assert!(matches!(error, FormulaError::Semantics { needed: 9, .. }));
    }

    #[test]
    fn flags_look_at_what_the_formula_computes() {
        let (_, document) = SHIPPED[0];
        let with = |more: &str| Formula::parse(&format!("{document}\n{more}"));
        let flag = |value: &str, bound: &str| {
            format!("[[flags]]\nname = \"alone\"\nwhen = [{{ value = \"{value}\", {bound} }}]\n")
        };
        let good = with(&flag("pony_factor", "at_most = \"1\"")).unwrap();
        assert_eq!(good.flags[0].when[0].value, Measured::PonyFactor);
        let error = with(&flag("luck", "at_most = \"1\"")).unwrap_err().to_string();
        assert!(error.contains("line") && error.contains("pony_factor"), "{error}");
        for bad in [flag("hhi", "at_most = \"1\""), flag("pg_score", "at_least = \"1\""), flag("pony_factor", "")] {
            assert!(with(&bad).is_err(), "{bad}");
        }
        let terms = "[terms]\ncompute = [\"hhi\"]\ndecay_days = 30\n";
        assert_eq!(with(&format!("{terms}{}", flag("hhi", "at_least = \"2500\""))).unwrap().further(), [Term::Hhi]);
    }

    #[test]
    fn a_pseudonym_is_in_one_group() {
        let (_, document) = SHIPPED[0];
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let with = |rule: &str| Formula::parse(&document.replace("[people]\n", &format!("[people]\n{rule}\n")));
        let same = with(&format!("same = [[\"{b}\", \"{a}\"]]")).unwrap();
        assert_eq!(same.people.persons(), [(a, a.min(b)), (b, a.min(b))].into());
        assert!(with(&format!("same = [[\"{a}\", \"{b}\"], [\"{a}\"]]")).is_err());
        assert!(with(&format!("also_bots = [\"{a}\"]\nnever_bots = [\"{a}\"]")).is_err());
    }
}
