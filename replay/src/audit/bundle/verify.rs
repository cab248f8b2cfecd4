//! The check of a bundle: without database, without network, in one pass.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::Recorded;
use domain::canonical;
use domain::digest::Digest;
use domain::facts::document;
use domain::formula::{self, Formula};
use domain::recorded::Position;
use projections::metrics::{Level, Scores};
use sha2::{Digest as _, Sha256};

use super::line::{ArtifactLine, BundleLine, End, FormulaLine, Header, Section};
use super::reader::BundleReader;
use crate::ReplayError;
use crate::audit::erased::StillCompared;
use crate::audit::fault::NamedFault;
use crate::audit::policy::Policy;
use crate::audit::report::VerificationReport;
use crate::audit::rules::ExaminedEvent;
use crate::audit::tree::{Anchor, Fault};
use crate::audit::verdict::{Verdict, differing};
use crate::audit::verification::{Evaluated, LiveFold, Verification, VerificationStop, Witness};
use crate::decisions::{Decisions, is_decision};
use crate::log::{Erasures, Stored};
use crate::verify::MAX_REPORTED;

/// Decisions announced at most; a log of a million events has some hundred.
const MAX_DECISIONS: usize = 1_000_000;

/// What a check of a bundle does not look at.
const NOT_COVERED: [&str; 2] =
    ["tables and views, which a bundle has none of", "raw documents that events name and the bundle does not hold"];

/// The scores of a publication whose lines are compared, should they come.
struct AwaitedLines {
    /// Position of the event that publishes: of a log that breaks the rules two may have one label.
    event: Position,
    scores: Scores,
    /// What of them can be compared, where the publication cannot be told as a whole.
    still: Option<StillCompared>,
}

/// What is kept of publications that do not follow, until the next event: their lines come before it.
#[derive(Default)]
struct Awaited(Vec<AwaitedLines>);

impl Witness for Awaited {
    fn evaluated(&mut self, at: &Evaluated<'_>) -> Result<(), ReplayError> {
        let still = match at.verdict {
            Verdict::Diverged { .. } => None,
            Verdict::Unprovable { .. } => Some(at.still.cloned().unwrap_or_default()),
            Verdict::Verified | Verdict::OtherVersion { .. } => return Ok(()),
        };
        self.0.push(AwaitedLines { event: at.event, scores: at.outcome.scores.clone(), still });
        Ok(())
    }
}

/// What stands before the events.
struct Prelude {
    anchors: Vec<Anchor>,
    decisions: Decisions,
    counted: End,
    /// Checkpoints that one of the auditor's keys has signed.
    signed: u64,
    /// The first line of another kind.
    next: BundleLine,
}

/// Checks a bundle against what the auditor brings, folds it and compares every publication. With `artifacts` it is to
/// hold every raw document that its events name. `each` sees the events.
///
/// # Errors
/// When the file cannot be read or a formula is beyond this program. What is wrong with the bundle is in the report.
pub fn verify<R: Read>(
    file: R,
    anchors: Vec<Anchor>,
    policy: &Policy,
    artifacts: bool,
    each: &mut dyn FnMut(&Stored) -> Result<(), ReplayError>,
) -> Result<VerificationReport, ReplayError> {
    let (mut reader, header) = match BundleReader::open(file) {
        Ok(opened) => opened,
        Err(error @ ReplayError::Bundle { .. }) => {
            return VerificationReport::before(0, Fault { position: None, reason: error.to_string() });
        }
        Err(error) => return Err(error),
    };
    let prelude = match prelude(&mut reader, &header, anchors, policy) {
        Ok(prelude) => prelude,
        Err(VerificationStop::Error(error)) => return Err(error),
        Err(VerificationStop::Fault(fault)) => return VerificationReport::before(header.tree_size, fault),
    };
    let erasures = prelude.decisions.erasures();
    let kept = prelude.counted.checkpoints;
    let foreign = !policy.keys.is_empty() && kept > 0 && prelude.signed == 0;
    // Some formula: every event is to be decoded and folded, also those that no publication rests on.
    let formula = Formula::shipped(formula::DEFAULT)?;
    let passed = prelude.decisions.passed_over(Position::MAX).positions;
    let fold = LiveFold { formula, passed, history: false };
    let mut verification = match Verification::new(prelude.anchors, prelude.decisions, Some(fold)) {
        Ok(verification) => verification,
        Err(VerificationStop::Error(error)) => return Err(error),
        Err(VerificationStop::Fault(fault)) => return VerificationReport::before(header.tree_size, fault),
    };
    let mut body = BundleBody {
        erasures,
        counted: prelude.counted,
        awaited: Awaited::default(),
        told: BTreeSet::new(),
        faults: Vec::new(),
        named: artifacts.then(BTreeMap::new),
    };
    let run = body.run(&mut reader, prelude.next, &mut verification, each);
    let run = run.and_then(|()| reader.end().map_err(|error| at_end(&verification, error)));
    let run = run.and_then(|()| Ok(verification.end()?));
    let mut report = VerificationReport::of(header.tree_size, &verification, run, None)?;
    let lacking = body.named.iter().flatten().map(|(digest, position)| {
        let reason = format!("it is named by the event at position {position}, and is not in the bundle");
        NamedFault::of("document", &digest.to_string(), reason)
    });
    report.take_in(body.faults.into_iter().chain(lacking).collect());
    let covered = if artifacts { 1 } else { NOT_COVERED.len() };
    report.not_covered = NOT_COVERED[..covered].iter().map(|what| (*what).to_owned()).collect();
    if foreign {
        let remark = format!("the given keys have signed none of the checkpoints in the bundle ({kept})");
        report.remarks.push(remark);
    }
    Ok(report)
}

/// A bundle that is wrong behind the last event is wrong at the next position.
fn at_end(verification: &Verification, error: ReplayError) -> VerificationStop {
    match error {
        ReplayError::Bundle { .. } => Fault::at(verification.tree().size() + 1, error.to_string()).into(),
        error => error.into(),
    }
}

fn prelude<R: Read>(
    reader: &mut BundleReader<R>,
    header: &Header,
    mut anchors: Vec<Anchor>,
    policy: &Policy,
) -> Result<Prelude, VerificationStop> {
    anchors.push(Anchor::said(header.tree_size, header.root, "the header"));
    let (mut counted, mut signed) = (End::default(), 0);
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let line = reader.line().map_err(unplaced)?;
        match line {
            BundleLine::Formula(formula) => known(&formula)?,
            BundleLine::Decision(line) => {
                let stored = line.stored()?;
                stored.check(&Erasures::new())?;
                if !is_decision(&stored.envelope.event_type)
                    || events.last().is_some_and(|last| last.position >= stored.position)
                {
                    return Err(Fault::at(stored.position, "announced, but no decision or out of order").into());
                }
                events.push(stored.decode()?);
                if events.len() > MAX_DECISIONS {
                    return Err(unplaced(reader.wrong("too many decisions")));
                }
            }
            BundleLine::Checkpoint(line) => {
                let wrong = |error: &dyn std::fmt::Display| unplaced(reader.wrong(&error.to_string()));
                let found = policy.kept(&line.note).map_err(|error| wrong(&error))?;
                signed += u64::from(found.signed);
                anchors.push(found.anchor);
                counted.checkpoints += 1;
            }
            next => return Ok(Prelude { anchors, decisions: Decisions::of(events), counted, signed, next }),
        }
    }
}

fn unplaced(error: ReplayError) -> VerificationStop {
    match error {
        ReplayError::Bundle { .. } => Fault { position: None, reason: error.to_string() }.into(),
        error => error.into(),
    }
}

/// Checks a formula against its own hash.
fn known(line: &FormulaLine) -> Result<(), VerificationStop> {
    let wrong = |what: &str| {
        VerificationStop::Fault(Fault { position: None, reason: format!("formula {}: {what}", line.name) })
    };
    let formula = Formula::parse(&line.document).map_err(ReplayError::from)?;
    let canonical = canonical::to_vec(&formula).map_err(|error| wrong(&error.to_string()))?;
    if canonical != line.canonical.as_bytes() || Digest::of(&canonical) != line.hash {
        return Err(wrong("the document is not the one that was hashed"));
    }
    Ok(())
}

/// The part from the events on.
struct BundleBody {
    erasures: Erasures,
    counted: End,
    awaited: Awaited,
    /// The publications whose lines have come, by their events.
    told: BTreeSet<Position>,
    faults: Vec<NamedFault>,
    /// Raw documents that events name and that have not come, each with the first position that does; `None` where
    /// nobody asks.
    named: Option<BTreeMap<Digest, Position>>,
}

impl BundleBody {
    fn run<R: Read>(
        &mut self,
        reader: &mut BundleReader<R>,
        first: BundleLine,
        verification: &mut Verification,
        each: &mut dyn FnMut(&Stored) -> Result<(), ReplayError>,
    ) -> Result<(), VerificationStop> {
        let mut line = first;
        loop {
            match line {
                BundleLine::Event(event) => {
                    let stored = event.stored()?;
                    // Place first: an event that stands elsewhere is no fault of its bytes.
                    let next = verification.tree().size() + 1;
                    if stored.position != next {
                        return Err(Fault::at(next, format!("position {} stands in its place", stored.position)).into());
                    }
                    stored.check(&self.erasures)?;
                    each(&stored)?;
                    if let (Some(named), Some(document)) = (&mut self.named, document(&stored.payload)) {
                        named.entry(document.sha256).or_insert(stored.position);
                    }
                    self.awaited.0.clear();
                    verification.push(ExaminedEvent::of(stored), &mut self.awaited)?;
                    self.counted.events += 1;
                }
                BundleLine::Publication(section) => self.section(reader, &section, verification)?,
                BundleLine::Artifact(artifact) => {
                    artifact_lines(reader, &artifact).map_err(|error| at_end(verification, error))?;
                    self.named.iter_mut().for_each(|named| _ = named.remove(&artifact.sha256));
                    self.counted.artifacts += 1;
                }
                BundleLine::End(end) if end == self.counted => return Ok(()),
                BundleLine::End(_) => {
                    return Err(at_end(verification, reader.wrong("the last line counts something else")));
                }
                _ => return Err(at_end(verification, reader.wrong("out of place"))),
            }
            line = reader.line().map_err(|error| at_end(verification, error))?;
        }
    }

    /// The lines of a publication must be those that the event's digests are of.
    fn section<R: Read>(
        &mut self,
        reader: &mut BundleReader<R>,
        section: &Section,
        verification: &mut Verification,
    ) -> Result<(), VerificationStop> {
        // What comes later, or again, would be compared with nothing.
        let wrong =
            |what: &str| Fault { position: None, reason: format!("the lines of label `{}` {what}", section.label) };
        if section.position != verification.tree().size() {
            return Err(wrong("are not behind the event they are about").into());
        }
        if !self.told.insert(section.event) {
            return Err(wrong("are there twice").into());
        }
        let place = self.awaited.0.iter().position(|awaited| awaited.event == section.event);
        let mut held = Vec::new();
        let mut digests = [Digest::default(); 2];
        for (digest, count) in digests.iter_mut().zip([section.scores, section.state]) {
            let mut hasher = Sha256::new();
            for _ in 0..count {
                let line = reader.raw().map_err(|error| at_end(verification, error))?;
                hasher.update(line);
                if place.is_some() && (held.len() as u64) < section.scores {
                    held.push(serde_json::from_slice(line).unwrap_or_default());
                }
            }
            *digest = Digest(hasher.finalize().into());
        }
        if let Some(AwaitedLines { event, scores, still }) = place.map(|place| self.awaited.0.remove(place)) {
            let compares = |level: Level, id: &str, metric: &str| {
                still.as_ref().is_none_or(|still| still.compares(level, id, metric))
            };
            let rows = differing(&scores, &held, compares, MAX_REPORTED);
            if still.is_none() {
                verification.name(event, rows);
            } else {
                if !rows.is_empty() {
                    verification.diverges(event, rows);
                }
                let reason = "its lines rest on what was erased since, and cannot be told: a bundle holds none";
                self.faults.push(NamedFault::of("publication", &section.label, reason));
            }
        }
        let published = verification.published(section.event);
        let fits = published.is_some_and(|facts| {
            (&facts.label, facts.position, facts.formula_hash)
                == (&section.label, section.position, section.formula_hash)
                && [facts.digest, facts.state_digest] == digests
        });
        if !fits {
            return Err(wrong("are not those that were published").into());
        }
        self.counted.publications += 1;
        Ok(())
    }
}

/// The lines of a document. Each says something: a small file inflates to any number of lines that do not, and the
/// check ends at the first.
fn artifact_lines<R: Read>(reader: &mut BundleReader<R>, artifact: &ArtifactLine) -> Result<(), ReplayError> {
    let wrong = |reader: &BundleReader<R>, how: &str| reader.wrong(&format!("document {} {how}", artifact.sha256));
    if artifact.chunks > artifact.bytes {
        return Err(wrong(reader, "has more chunks than bytes"));
    }
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    for _ in 0..artifact.chunks {
        let BundleLine::Chunk(chunk) = reader.line()? else { return Err(reader.wrong("expected a chunk")) };
        let chunk = BASE64.decode(chunk).map_err(|error| reader.wrong(&error.to_string()))?;
        if chunk.is_empty() {
            return Err(wrong(reader, "has a chunk of nothing"));
        }
        bytes += chunk.len() as u64;
        if bytes > artifact.bytes {
            return Err(wrong(reader, "has more bytes than it says"));
        }
        hasher.update(&chunk);
    }
    if bytes != artifact.bytes || Digest(hasher.finalize().into()) != artifact.sha256 {
        return Err(wrong(reader, "is damaged"));
    }
    Ok(())
}
