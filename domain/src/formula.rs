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

mod adoption;
mod place;
mod policy;
mod terms;

pub(crate) use adoption::check_name;
pub use policy::*;
pub use terms::{Condition, Flag, Measured, Term, TermsPolicy};

/// The meanings of policies this program knows.
pub(crate) const SEMANTICS: u32 = 1;
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
    /// Not TOML, an unknown key, a value of another type; the reason names the allowed values.
    #[error("{reason}")]
    Malformed {
        /// Line in the document, from 1.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// A value outside its range.
    #[error("{field}: {value} is not in {allowed}")]
    Range {
        /// Line in the document, from 1.
        line: Option<usize>,
        /// Path of the field.
        field: String,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A semantics this program lacks.
    #[error("`{name}` needs semantics {needed}; this program knows 1 to {SEMANTICS}")]
    Semantics {
        /// Line in the document, from 1.
        line: Option<usize>,
        /// Name of the formula.
        name: String,
        /// The semantics it names.
        needed: u32,
    },
    /// No shipped formula of that name.
    #[error("none is named `{0}`")]
    Unknown(String),
    /// The name of a shipped formula, for another one.
    #[error("`{0}` is a shipped formula; give yours another name")]
    Shipped(String),
    /// The document goes into the log as it is.
    #[error("the document holds an e-mail address or a password; they are not kept")]
    Address,
}

impl FormulaError {
    /// The line of the document that it is about, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Malformed { line, .. } | Self::Range { line, .. } | Self::Semantics { line, .. } => *line,
            Self::Unknown(_) | Self::Shipped(_) | Self::Address => None,
        }
    }

    /// The same, with its line in the document.
    fn in_document(mut self, document: &str) -> Self {
        match &mut self {
            Self::Range { line, field, .. } => *line = place::line(document, field),
            Self::Semantics { line, .. } => *line = place::line(document, "semantics"),
            Self::Malformed { .. } | Self::Unknown(_) | Self::Shipped(_) | Self::Address => {}
        }
        self
    }

    /// What the reader of the document says.
    fn unread(document: &str, error: &toml::de::Error) -> Self {
        // What is missing has no bytes.
        let found = error.span().filter(|span| !span.is_empty()).and_then(|span| place::at(document, &span));
        let line = error.span().map(|span| place::line_of(document, span.start));
        let Some(found) = found else { return Self::Malformed { line, reason: error.message().to_owned() } };
        // The reader knows the type of a value, the formula what is allowed.
        if let (Some(allowed), Some(value)) = (allowed(&found.path), document.get(found.span)) {
            return Self::Range { line, field: found.path, value: value.to_owned(), allowed };
        }
        Self::Malformed { line, reason: format!("{}: {}", found.path, error.message()) }
    }
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

/// What is allowed where the type of a value says too little.
const ALLOWED: [(&str, &str); 12] = [
    ("name", "1 to 64 of a-z 0-9 . -"),
    ("semantics", "1"),
    ("description", "text without U+0000"),
    ("graph.confidence.verified_sbom", "0..=100"),
    ("graph.confidence.inferred_shadow", "0..=100"),
    ("pony.window_months", "1..=1200"),
    ("pony.threshold_percent", "1..=100"),
    ("adoption.signals", "1 to 3 distinct signals: downloads, stars, forks"),
    ("score.criticality.weight", WEIGHTS),
    ("score.pony.weight", WEIGHTS),
    ("score.adoption.weight", WEIGHTS),
    ("terms.decay_days", "1..=36500"),
];
const WEIGHTS: &str = "0..=1000, not all zero";

fn allowed(path: &str) -> Option<&'static str> {
    ALLOWED.iter().find(|(field, _)| *field == path).map(|(_, allowed)| *allowed)
}

/// Greatest number of pseudonyms that a formula's rules about people name, of flags, and of conditions of a flag.
const MAX_PSEUDONYMS: usize = 500;
const MAX_FLAGS: usize = 32;
const MAX_CONDITIONS: usize = 16;

impl Formula {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// When it is no formula; the error knows the line and names the allowed values.
    pub fn parse(document: &str) -> Result<Self, FormulaError> {
        if document.len() > MAX_DOCUMENT_BYTES {
            let reason = format!("the document exceeds {MAX_DOCUMENT_BYTES} bytes");
            return Err(FormulaError::Malformed { line: None, reason });
        }
        let formula: Self = toml::from_str(document).map_err(|error| FormulaError::unread(document, &error))?;
        formula.check().map_err(|error| error.in_document(document))?;
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

    /// Digest of the canonical form: the identity of the formula.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest::of(&canonical::to_vec(self).expect("integers, enumerations and text have a canonical form"))
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
            return Err(FormulaError::Semantics { line: None, name: self.name.clone(), needed: self.semantics });
        }
        let is_name = |text: &str, more: &str| {
            let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
            !text.is_empty() && text.len() <= 64 && text.chars().all(letter)
        };
        bounded(is_name(&self.name, ".-"), "name", &format!("`{}`", self.name))?;
        bounded(!self.description.contains('\0'), "description", &"U+0000")?;
        let weights = self.graph.confidence;
        for (field, weight) in [
            ("graph.confidence.verified_sbom", weights.verified_sbom),
            ("graph.confidence.inferred_shadow", weights.inferred_shadow),
        ] {
            bounded(weight <= 100, field, &weight)?;
        }
        let pony = &self.pony;
        bounded((1..=1200).contains(&pony.window_months), "pony.window_months", &pony.window_months)?;
        let percent = pony.threshold_percent;
        bounded((1..=100).contains(&percent), "pony.threshold_percent", &percent)?;
        let signals: BTreeSet<Signal> = self.adoption.signals.iter().copied().collect();
        let distinct = !signals.is_empty() && signals.len() == self.adoption.signals.len();
        let named: Vec<&str> = self.adoption.signals.iter().map(|signal| signal.name()).collect();
        bounded(distinct, "adoption.signals", &format!("[{}]", named.join(", ")))?;
        self.check_people()?;
        if let Some(score) = &self.score {
            let weights = [
                ("score.criticality.weight", score.criticality.weight),
                ("score.pony.weight", score.pony.weight),
                ("score.adoption.weight", score.adoption.weight),
            ];
            let fits = |weight: u32| score.weighs() && weight <= 1000;
            weights.iter().try_for_each(|(field, weight)| bounded(fits(*weight), field, weight))?;
        }
        if let Some(terms) = &self.terms {
            let distinct = terms.compute.iter().collect::<BTreeSet<_>>().len() == terms.compute.len();
            require(distinct, "terms.compute", &"a term twice", "distinct terms")?;
            let days = terms.decay_days;
            bounded((1..=36_500).contains(&days), "terms.decay_days", &days)?;
        }
        require(self.flags.len() <= MAX_FLAGS, "flags", &self.flags.len(), "at most 32 flags")?;
        let names: BTreeSet<&str> = self.flags.iter().map(|flag| flag.name.as_str()).collect();
        require(names.len() == self.flags.len(), "flags", &"a name twice", "distinct names")?;
        self.flags.iter().enumerate().try_for_each(|(n, flag)| {
            let name = format!("flags.{n}.name");
            require(is_name(&flag.name, "-"), &name, &format!("`{}`", flag.name), "1 to 64 of a-z 0-9 -")?;
            self.check_flag(&format!("flags.{n}.when"), flag)
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

    fn check_flag(&self, field: &str, flag: &Flag) -> Result<(), FormulaError> {
        let conditions = flag.when.len();
        require((1..=MAX_CONDITIONS).contains(&conditions), field, &conditions, "1 to 16 conditions")?;
        for (n, condition) in flag.when.iter().enumerate() {
            let field = format!("{field}.{n}");
            let bounded = condition.at_least.is_some() || condition.at_most.is_some();
            let name = condition.value.name();
            require(bounded, &field, &name, "conditions with at_least, at_most or both")?;
            let known = match condition.value {
                Measured::Term(term) => self.further().contains(&term),
                Measured::PgScore => self.score.is_some(),
                _ => true,
            };
            let value = format!("{field}.value");
            require(known, &value, &name, "the scores and terms that this formula computes")?;
        }
        Ok(())
    }
}

/// Requires what is allowed of a field.
fn bounded(fits: bool, field: &str, value: &dyn ToString) -> Result<(), FormulaError> {
    require(fits, field, value, allowed(field).expect("what is allowed of the field is in the table"))
}

fn require(fits: bool, field: &str, value: &dyn ToString, allowed: &'static str) -> Result<(), FormulaError> {
    if fits {
        return Ok(());
    }
    Err(FormulaError::Range { line: None, field: field.to_owned(), value: value.to_string(), allowed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_formulas_are_well_formed_and_named_as_shipped() {
        for (name, document) in SHIPPED {
            let formula = Formula::parse(document).unwrap();
            assert_eq!(formula.name, name);
            assert_ne!(formula.hash(), Digest::default());
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
        for (good, bad, allowed) in [
            ("\"flat\"", "\"round\"", "nested"),
            ("edges =", "hedges =", "edges"),
            ("window_months = 24", "window_months = 0", "0 is not in 1..=1200"),
            ("window_months = 24", "window_months = \"x\"", "\"x\" is not in 1..=1200"),
            ("threshold_percent = 50", "threshold_percent = -1", "-1 is not in 1..=100"),
            ("verified_sbom = 100", "verified_sbom = 101", "101 is not in 0..=100"),
            ("[\"downloads\", \"stars\", \"forks\"]", "[]", "[] is not in 1 to 3 distinct signals"),
            ("name = \"seed\"", "name = \"The Seed\"", "`The Seed` is not in 1 to 64 of a-z 0-9 . -"),
            ("name = \"seed\"", "name = 5", "5 is not in 1 to 64 of a-z 0-9 . -"),
            ("semantics = 1", "semantics = 9", "this program knows 1 to 1"),
            ("[status]", "[status", "]"),
        ] {
            let line = 1 + document.lines().position(|line| line.contains(good)).unwrap();
            let error = Formula::parse(&document.replacen(good, bad, 1)).unwrap_err();
            assert_eq!(error.line(), Some(line), "{bad}: {error}");
            assert!(error.to_string().contains(allowed), "{bad}: {error}");
        }
        let missing = Formula::parse(&document.replace("[status]\nsource = \"cascade\"\n", "")).unwrap_err();
        assert_eq!(missing.to_string(), "missing field `status`");
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
        let error = with(&flag("luck", "at_most = \"1\"")).unwrap_err();
        assert!(error.line().is_some() && error.to_string().contains("pony_factor"), "{error}");
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
