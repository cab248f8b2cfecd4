//! The live tables of a database under a check: what of them can be compared, and whether their register says what the
//! log says.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::formula::{self, Formula};
use domain::recorded::Position;
use domain::time::Timestamp;
use projections::fold::Fold;
use projections::store::Build;
use projections::tables::Projection;
use sqlx::PgConnection;

use super::fault::NamedFault;
use super::{tiles, verification::LiveFold};
use crate::ReplayError;
use crate::as_of::FoldDigests;
use crate::decisions::Decisions;
use crate::verify::{self, Divergence, EndedSegments, LiveHistory};

/// The first position that a build holds and that is erased since.
pub(super) fn holds_erased(build: &Build, decisions: &Decisions) -> Option<Position> {
    let passed = decisions.passed_over_under(&build.quarantine_digest)?;
    let erased = decisions.erasures().into_keys();
    erased.take_while(|at| *at <= build.position).find(|at| !passed.contains(at))
}

/// What the register says of a build besides its cursor.
#[derive(Debug)]
struct BuildNote {
    id: i64,
    /// Log time of the last event folded in.
    recorded_at: Option<DateTime<Utc>>,
    /// The manifest: events 1 to `built_to` went in when it was made, under `log_root`.
    built_to: Option<i64>,
    log_root: Option<Vec<u8>>,
}

/// Live builds, as far as they can be compared with a fold.
#[derive(Debug)]
pub(super) struct LiveTables {
    builds: Vec<Build>,
    /// Where they stand; 0 where they cannot be compared.
    pub(super) position: Position,
    /// The fold that they are to be compared with; `None` where they cannot be.
    pub(super) fold: Option<LiveFold>,
    history: Option<LiveHistory>,
    /// What the register says of them besides their cursors.
    notes: Vec<BuildNote>,
    /// What is wrong with them at first sight.
    pub(super) faults: Vec<NamedFault>,
    pub(super) divergences: Vec<Divergence>,
}

impl LiveTables {
    /// What a log with these decisions and this end makes of the builds that a database calls live.
    pub(super) fn of(builds: Vec<Build>, decisions: &Decisions, head: Position) -> Self {
        let mut live = Self {
            builds,
            position: 0,
            fold: None,
            history: None,
            notes: Vec::new(),
            faults: Vec::new(),
            divergences: Vec::new(),
        };
        let Some(metrics) = live.build(Projection::Metrics).cloned() else {
            if let Some(build) = live.builds.first() {
                let reason = "it is live, and there are no live scores that it could stand beside";
                live.faults.push(NamedFault::of("build", &build.schema(), reason));
            }
            return live;
        };
        for family in Projection::ALL {
            if live.build(family).is_none() {
                live.faults.push(NamedFault::of("build", family.name(), "the family has no live build"));
            }
        }
        let mut comparable = true;
        for build in live.builds.clone() {
            let mut fault = |reason: String| live.faults.push(NamedFault::of("build", &build.schema(), reason));
            if !build.is_ours() {
                let ours = build.projection.family().mark();
                fault(format!(
                    "it was folded by {}, and this program is {ours}: check it with one that is that",
                    build.code
                ));
                comparable = false;
            }
            if build.position > head || build.position != metrics.position {
                let (at, other) = (build.position, metrics.position);
                fault(format!("it stands at {at}, the live scores at {other}, and the log ends at {head}"));
                comparable &= build.position <= head && build.position == metrics.position;
            }
            if build.quarantine_digest != metrics.quarantine_digest {
                fault("other events were passed over for it than for the live scores".to_owned());
                comparable = false;
            }
        }
        let formula = live.formula(&metrics, decisions);
        let passed = live.passed(&metrics, decisions);
        if let (true, Some(formula), Some(passed)) = (comparable, formula, passed) {
            live.position = metrics.position;
            live.fold = Some(LiveFold { formula, passed, history: live.build(Projection::History).is_some() });
        }
        live
    }

    fn build(&self, family: Projection) -> Option<&Build> {
        self.builds.iter().find(|build| build.projection == family)
    }

    /// The formula that the scores were made under: it is to be the one that the log promoted last where they stand.
    fn formula(&mut self, metrics: &Build, decisions: &Decisions) -> Option<Formula> {
        let hash = metrics.formula_hash.unwrap_or_default();
        let name = metrics.formula.clone().unwrap_or_default();
        let says = |build: &Build| {
            let read = build.read_formula().ok().filter(|_| build.formula_document.is_some());
            read.is_some_and(|read| read.hash() == hash && read.name == name)
                && (build.formula_hash, build.formula.as_deref()) == (Some(hash), Some(name.as_str()))
        };
        for build in self.builds.iter().filter(|build| build.projection.needs_formula()) {
            if !says(build) {
                let reason = format!("the formula that the register names with it is not `{name}` of digest {hash}");
                self.faults.push(NamedFault::of("build", &build.schema(), reason));
            }
        }
        let wrong = match decisions.promoted(metrics.position) {
            Some((at, facts)) if facts.hash != hash => Some(format!("the log promoted `{}` at {at}", facts.formula)),
            None if name != formula::DEFAULT => {
                Some(format!("the log promoted none, which leaves `{}`", formula::DEFAULT))
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            let reason = format!("the live scores are made under it, but {wrong}: promote the one that is to be live");
            self.faults.push(NamedFault::of("formula", &name, reason));
        }
        match decisions.formula(&name, &hash) {
            Ok(known) => Some(known.formula),
            Err(error) => {
                let reason = format!("neither the log nor this program has the one of digest {hash}: {error}");
                self.faults.push(NamedFault::of("formula", &name, reason));
                None
            }
        }
    }

    /// What was passed over when the builds were folded.
    fn passed(&mut self, metrics: &Build, decisions: &Decisions) -> Option<BTreeSet<Position>> {
        let schema = metrics.schema();
        let mut fault = |reason: String| self.faults.push(NamedFault::of("build", &schema, reason));
        let Some(passed) = decisions.passed_over_under(&metrics.quarantine_digest) else {
            fault("it says of what it passed over what the log never decided".to_owned());
            return None;
        };
        if let Some(gone) = holds_erased(metrics, decisions) {
            fault(format!("it holds what was erased since, at position {gone}: `pg-atlas project` makes it anew"));
            return None;
        }
        Some(passed)
    }

    /// Reads what is noted with them, and begins to read what is compared on the way.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn open(&mut self, conn: &mut PgConnection) -> Result<(), ReplayError> {
        let ids: Vec<i64> = self.builds.iter().map(|build| build.id).collect();
        self.notes = sqlx::query_file_as!(BuildNote, "sql/build_notes.sql", &ids).fetch_all(&mut *conn).await?;
        if let Some(build) = self.build(Projection::History).filter(|_| self.fold.is_some()).cloned() {
            self.history = Some(LiveHistory::of(&build));
        }
        Ok(())
    }

    /// Compares what of the history of the fold has ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn on_the_way(
        &mut self,
        conn: &mut PgConnection,
        ended: impl Iterator<Item = EndedSegments>,
    ) -> Result<(), ReplayError> {
        let Some(live) = &mut self.history else { return Ok(()) };
        for segments in ended {
            live.meet(&mut *conn, segments, &mut self.divergences).await?;
        }
        Ok(())
    }

    /// Compares all tables where they stand, and what is noted with them. The fold goes on without a history.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn at_their_position(
        &mut self,
        conn: &mut PgConnection,
        fold: Option<&mut Fold>,
    ) -> Result<(), ReplayError> {
        let Some(fold) = fold.filter(|_| self.fold.is_some()) else { return Ok(()) };
        if let (Some(live), Some(mut history)) = (self.history.take(), fold.history.take()) {
            live.end(&mut *conn, &mut history, &mut self.divergences).await?;
        }
        // Of the tables first: what rests on others is what people ask for.
        let before = std::mem::take(&mut self.divergences);
        let noted = self.builds.iter().any(Build::notes_digests);
        let (found, digests) = verify::compare(&mut *conn, fold, &self.builds, noted).await?;
        self.divergences = found;
        self.divergences.extend(before);
        self.divergences.truncate(verify::MAX_REPORTED);
        if self.position > 0 {
            self.noted(fold, digests);
        }
        Ok(())
    }

    /// Times that the register notes with each build, and digests where it does.
    fn noted(&mut self, fold: &Fold, digests: Option<FoldDigests>) {
        let text = |digest: Option<Digest>| digest.map(|digest| digest.to_string());
        let replayed = |noted: Option<Digest>, of: fn(FoldDigests) -> Digest| text(noted.and(digests.map(of)));
        for build in &self.builds {
            let note = self.notes.iter().find(|note| note.id == build.id);
            let recorded_at = note.and_then(|note| note.recorded_at).and_then(Timestamp::from_datetime);
            let noted = [
                ("digest", replayed(build.output_digest, |d| d.digest), text(build.output_digest)),
                ("state_digest", replayed(build.state_digest, |d| d.state_digest), text(build.state_digest)),
                (
                    "recorded_at",
                    fold.world.graph.recorded_at().map(|time| time.to_string()),
                    recorded_at.map(|time| time.to_string()),
                ),
            ];
            for (metric, replayed, live) in noted {
                if replayed != live {
                    let (table, id) = (Some("atlas.build".to_owned()), build.schema());
                    self.divergences.push(Divergence { table, id, metric: metric.to_owned(), replayed, live });
                }
            }
        }
    }

    /// Whether each build was made of the events that its manifest says. To be asked once the tiles are known to be
    /// those of the events.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn manifests(&mut self, conn: &mut PgConnection, head: Position) -> Result<(), ReplayError> {
        for build in &self.builds {
            let Some(note) = self.notes.iter().find(|note| note.id == build.id) else { continue };
            let (built_to, said) = match (note.built_to, &note.log_root) {
                (None, None) => continue,
                (built_to, root) => (built_to.and_then(|to| u64::try_from(to).ok()), root),
            };
            let fits = match (built_to, said.as_deref().and_then(Digest::from_slice)) {
                (Some(to), Some(root)) if to <= build.position.min(head) => {
                    tiles::root_at(&mut *conn, to).await? == root
                }
                _ => false,
            };
            if !fits {
                let reason = "it was not made of the events that its manifest says";
                self.faults.push(NamedFault::of("build", &build.schema(), reason));
            }
        }
        Ok(())
    }
}
