//! What a check came to.

use domain::digest::Digest;
use domain::recorded::Position;
use schemars::JsonSchema;
use serde::Serialize;

use super::fault::NamedFault;
use super::tree::{Fault, Tree};
use super::verdict::{Judged, Verdict};
use super::verification::{Verification, VerificationStop};
use crate::ReplayError;
use crate::verify::Divergence;

/// What a check came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VerificationReport {
    /// Events that the log says it has.
    pub tree_size: u64,
    /// Root of the Merkle tree over the events that were read.
    pub root: Digest,
    /// Events that were read, checked and folded.
    pub events: u64,
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Whether nothing is wrong, and checkpoints that have all that the auditor asks for, brought or, with witnesses,
    /// kept by the log, reach as far as every one that the auditor brought.
    pub trusted: bool,
    /// Up to which position such checkpoints vouch for the log.
    pub trusted_to: Option<Position>,
    /// The first position that is not what was vouched for.
    pub first_bad_position: Option<Position>,
    /// What is wrong.
    pub reason: Option<String>,
    /// What is wrong beside the events, each by its name.
    pub faults: Vec<NamedFault>,
    /// What this check did not look at, in words.
    pub not_covered: Vec<String>,
    /// Publications that cannot be told any more, because what they may rest on was erased.
    pub unprovable: usize,
    /// What became of every publication.
    pub publications: Vec<Judged>,
    /// Where the live tables differ from the fold; `None` where none were compared.
    pub divergences: Option<Vec<Divergence>>,
    /// What the auditor is told besides, in words.
    #[serde(skip)]
    pub remarks: Vec<String>,
}

impl VerificationReport {
    /// The report of a check that stopped, or came to the end.
    ///
    /// # Errors
    /// When it stopped for a reason that says nothing about the log.
    pub fn of(
        tree_size: u64,
        verification: &Verification,
        stopped: Result<(), VerificationStop>,
        divergences: Option<Vec<Divergence>>,
    ) -> Result<Self, ReplayError> {
        let fault = match stopped {
            Ok(()) => None,
            Err(VerificationStop::Fault(fault)) => Some(fault),
            Err(VerificationStop::Error(error)) => return Err(error),
        };
        let mut report = Self::begun(tree_size, verification.tree(), fault);
        report.publications = verification.judged().to_vec();
        report.publications.sort_by_key(|one| (one.position, one.event));
        for one in &mut report.publications {
            one.within_trust = report.trusted_to.is_some_and(|to| one.event <= to);
        }
        let told = |one: &&Judged| !matches!(one.verdict, Verdict::Unprovable { .. });
        report.unprovable = report.publications.iter().filter(|one| !told(one)).count();
        report.divergences = divergences;
        if report.publications.iter().any(|one| matches!(one.verdict, Verdict::Diverged { .. })) {
            report.fails("a publication does not follow from the log");
        }
        if report.divergences.as_ref().is_some_and(|found| !found.is_empty()) {
            report.fails("the live tables do not follow from the log");
        }
        report.take_in(verification.broken());
        Ok(report)
    }

    /// Takes in what is wrong beside the events.
    pub fn take_in(&mut self, faults: Vec<NamedFault>) {
        if let Some(NamedFault { what, name, reason, .. }) = faults.first() {
            self.fails(&format!("{what} {name}: {reason}"));
        }
        let first = faults.iter().filter_map(|fault| fault.position).min();
        self.first_bad_position = self.first_bad_position.or(first);
        self.faults.extend(faults);
    }

    /// What cannot be told is no less than wrong, unless the auditor says that it is known.
    pub fn require_provable(&mut self) {
        if self.unprovable > 0 {
            self.fails("a publication cannot be told any more: what it may rest on was erased");
        }
    }

    /// Something is wrong. What was found first is the reason.
    fn fails(&mut self, reason: &str) {
        self.ok = false;
        self.trusted = false;
        self.reason.get_or_insert_with(|| reason.to_owned());
    }

    /// Whether some publication rests on other versions of families than this program holds: nothing is wrong with the
    /// log, and not all is proven.
    #[must_use]
    pub fn lacks_versions(&self) -> bool {
        self.publications.iter().any(|one| matches!(one.verdict, Verdict::OtherVersion { .. }))
    }

    /// The report of a check that stopped before the first event.
    pub(super) fn before(tree_size: u64, fault: Fault) -> Result<Self, ReplayError> {
        let tree = Tree::new(Vec::new()).map_err(|_| ReplayError::NoBuild)?;
        Ok(Self::begun(tree_size, &tree, Some(fault)))
    }

    fn begun(tree_size: u64, tree: &Tree, fault: Option<Fault>) -> Self {
        let (first_bad_position, reason) = fault.map_or((None, None), |fault| (fault.position, Some(fault.reason)));
        Self {
            tree_size,
            root: tree.root(),
            events: tree.size(),
            ok: reason.is_none(),
            trusted: reason.is_none() && tree.is_trusted(),
            trusted_to: tree.trusted(),
            first_bad_position,
            reason,
            faults: Vec::new(),
            not_covered: Vec::new(),
            unprovable: 0,
            publications: Vec::new(),
            divergences: None,
            remarks: Vec::new(),
        }
    }
}
