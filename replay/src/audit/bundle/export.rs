//! Writing a bundle: one pass over the log, in one snapshot, folding as it goes.

use std::collections::BTreeSet;
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::canonical;
use domain::checkpoint::Checkpoint;
use domain::digest::Digest;
use domain::facts::document;
use domain::note::Note;
use domain::recorded::Position;
use flate2::Compression;
use flate2::write::GzEncoder;
use projections::metrics::digest::{scores_lines, state_lines};
use projections::store::schema::FormulaDocument;
use sqlx::PgConnection;

use super::line::{
    ArtifactLine, BundleLine, CHUNK_BYTES, CheckpointLine, End, EventLine, FORMAT, FormulaLine, Header, Section,
};
use crate::ReplayError;
use crate::audit::live;
use crate::audit::rules::ExaminedEvent;
use crate::audit::tree::Anchor;
use crate::audit::verdict::Verdict;
use crate::audit::verification::{Evaluated, Verification, VerificationStop, Witness};
use crate::decisions::Decisions;
use crate::log::{self, Stored};

/// A bundle in the making.
pub struct Writer<W: Write> {
    out: GzEncoder<W>,
    end: End,
    /// Publications whose score lines are left out, with the reason.
    pub left_out: Vec<(String, String)>,
}

impl<W: Write> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("end", &self.end).finish_non_exhaustive()
    }
}

impl<W: Write> Writer<W> {
    /// Begins a bundle.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, header: Header) -> Result<Self, ReplayError> {
        let out = GzEncoder::new(out, Compression::new(COMPRESSION));
        let mut writer = Self { out, end: End::default(), left_out: Vec::new() };
        writer.line(&BundleLine::Header(header))?;
        Ok(writer)
    }

    fn line(&mut self, line: &BundleLine) -> Result<(), ReplayError> {
        // At once: a compressor that is fed token by token spends its time on being called.
        let mut bytes = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        bytes.push(b'\n');
        Ok(self.out.write_all(&bytes)?)
    }

    /// Adds a raw document, after all events.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn artifact(&mut self, sha256: Digest, document: &[u8]) -> Result<(), ReplayError> {
        let chunks = document.chunks(CHUNK_BYTES);
        let head = ArtifactLine { sha256, bytes: document.len() as u64, chunks: chunks.len() as u64 };
        self.line(&BundleLine::Artifact(head))?;
        for chunk in chunks {
            self.line(&BundleLine::Chunk(BASE64.encode(chunk)))?;
        }
        self.end.artifacts += 1;
        Ok(())
    }

    /// Ends the bundle. Answers what it holds, and the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> Result<(End, W), ReplayError> {
        let end = self.end.clone();
        self.line(&BundleLine::End(end.clone()))?;
        Ok((end, self.out.finish()?))
    }
}

/// Level of gzip: most of the size is hashes, which no level makes smaller.
const COMPRESSION: u32 = 5;

impl<W: Write> Witness for Writer<W> {
    fn evaluated(&mut self, at: &Evaluated<'_>) -> Result<(), ReplayError> {
        let label = &at.facts.label;
        match at.verdict {
            Verdict::Verified => {}
            Verdict::Unprovable { reason } | Verdict::OtherVersion { reason } => {
                self.left_out.push((label.clone(), reason.clone()));
                return Ok(());
            }
            Verdict::Diverged { .. } => {
                self.left_out.push((label.clone(), "it does not follow from the log".to_owned()));
                return Ok(());
            }
        }
        let (mut scores, mut state) = (0, 0);
        let view = at.fold.world.view();
        scores_lines(&at.outcome.scores, &mut |_| scores += 1);
        state_lines(&view.graph, &view.contributions, at.formula.graph.edges, &mut |_| state += 1);
        self.line(&BundleLine::Publication(Section {
            label: label.clone(),
            event: at.event,
            position: at.facts.position,
            formula_hash: at.facts.formula_hash,
            scores,
            state,
        }))?;
        let mut written = Ok(());
        let out = &mut self.out;
        let mut write = |line: &[u8]| {
            if written.is_ok() {
                written = out.write_all(line);
            }
        };
        scores_lines(&at.outcome.scores, &mut write);
        state_lines(&view.graph, &view.contributions, at.formula.graph.edges, &mut write);
        self.end.publications += 1;
        Ok(written?)
    }
}

/// Writes the log as it stands. To be called in one snapshot. Answers the writer, for raw documents to be added and to
/// be ended, and the digests of those that events name.
///
/// # Errors
/// When the log is at fault (a bundle of it would be worthless), the database vanishes, or the file cannot be written.
pub async fn export<W: Write>(
    conn: &mut PgConnection,
    out: W,
    tool: &str,
    progress: &mut dyn FnMut(&Stored),
) -> Result<(Writer<W>, BTreeSet<Digest>), ReplayError> {
    let head = log::head(&mut *conn).await?;
    let decisions = Decisions::read(&mut *conn).await?;
    let header = Header { format: FORMAT.to_owned(), tree_size: head.position, root: head.root, tool: tool.to_owned() };
    let mut writer = Writer::new(out, header)?;
    let mut written = BTreeSet::new();
    for (_, facts) in decisions.publications() {
        // Of one that nobody has there is no line, nor can its publications be told.
        let Ok(known) = decisions.formula(&facts.formula, &facts.formula_hash) else { continue };
        let FormulaDocument { formula, document } = known;
        if written.insert(facts.formula_hash) {
            let canonical = canonical::to_vec(&formula).map_err(|error| corrupt(0, &error))?;
            let canonical = String::from_utf8(canonical).map_err(|error| corrupt(0, &error))?;
            let (name, hash) = (formula.name, facts.formula_hash);
            writer.line(&BundleLine::Formula(FormulaLine { name, hash, canonical, document }))?;
        }
    }
    let positions: Vec<Position> = decisions.events().iter().map(|event| event.position).collect();
    log::positions(&mut *conn, &positions, |stored| writer.line(&BundleLine::Decision(EventLine::of(stored)?))).await?;
    for note in live::checkpoints(&mut *conn).await? {
        let parsed = Note::parse(&note).map_err(|error| corrupt(0, &error))?;
        let tree_size = Checkpoint::parse(&parsed.text).map_err(|error| corrupt(0, &error))?.size;
        writer.line(&BundleLine::Checkpoint(CheckpointLine { tree_size, note }))?;
        writer.end.checkpoints += 1;
    }
    let anchor = Anchor::said(head.position, head.root, "the head");
    let mut verification = Verification::new(vec![anchor], decisions, None).map_err(error)?;
    let mut documents = BTreeSet::new();
    let read = log::read_with(&mut *conn, 1, head.position, ExaminedEvent::of, |examined| {
        let stored = &examined.stored;
        progress(stored);
        writer.line(&BundleLine::Event(EventLine::of(stored.clone())?))?;
        writer.end.events += 1;
        documents.extend(document(&stored.payload).map(|document| document.sha256));
        verification.push(examined, &mut writer)
    });
    read.await.map_err(error)?;
    verification.end().map_err(|fault| error(fault.into()))?;
    Ok((writer, documents))
}

fn corrupt(position: Position, detail: &dyn std::fmt::Display) -> ReplayError {
    ReplayError::Corrupt { position, detail: detail.to_string() }
}

fn error(stop: VerificationStop) -> ReplayError {
    match stop {
        VerificationStop::Error(error) => error,
        VerificationStop::Fault(fault) => {
            ReplayError::Corrupt { position: fault.position.unwrap_or(0), detail: fault.reason }
        }
    }
}
