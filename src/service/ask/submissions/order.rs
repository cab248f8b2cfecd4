//! In which order documents came in: kept in memory, so that a page of all of them costs what the page costs. What was
//! appended since is read by whoever asks next.

use domain::EventType;
use domain::number::fit;
use domain::recorded::Position;
use futures_util::TryStreamExt as _;
use replay::log;
use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};
use tokio::sync::{Mutex, MutexGuard};

use super::DocumentKind;
use crate::service::Result;

/// The order of the documents of an atlas.
#[derive(Debug, Default)]
pub struct DocumentOrder {
    known: Mutex<KnownDocuments>,
}

/// Documents up to a position.
#[derive(Debug, Default)]
pub(super) struct KnownDocuments {
    position: Position,
    /// Bills of materials: when each was recorded, in microseconds, and where it is; by both, ascending.
    sboms: Vec<(i64, Position)>,
    /// Git logs, ascending.
    git_logs: Vec<Position>,
}

/// A submission that became no event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BesideRow {
    pub(super) id: i64,
    pub(super) submitted_at: DateTime<Utc>,
}

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// An event.
    Event(Position),
    /// A submission that became none of its own.
    Beside(i64),
}

impl DocumentOrder {
    /// What is known by now. Who holds it opens a snapshot and brings it there before it looks: nobody else may be
    /// ahead of what that snapshot holds.
    pub(super) async fn locked(&self) -> MutexGuard<'_, KnownDocuments> {
        self.known.lock().await
    }
}

impl KnownDocuments {
    /// Reads what was appended since, as a snapshot has it.
    ///
    /// # Errors
    /// When the database fails; then it knows what it did.
    pub(super) async fn catch_up(&mut self, conn: &mut PgConnection) -> Result<()> {
        let head = log::head(&mut *conn).await?.position;
        if head < self.position {
            // Another log is there by now.
            *self = Self::default();
        }
        if head == self.position {
            return Ok(());
        }
        let behind = fit::<i64>(self.position, "position");
        let (mut sboms, mut git_logs) = (Vec::new(), Vec::new());
        let mut rows = sqlx::query_file!("sql/documents_behind.sql", behind).fetch(conn);
        while let Some(row) = rows.try_next().await? {
            let position: Position = fit(row.position, "position");
            if row.event_type == EventType::SbomSubmitted.name() {
                sboms.push((row.recorded_at.timestamp_micros(), position));
            } else {
                git_logs.push(position);
            }
        }
        self.add(sboms);
        self.git_logs.extend(git_logs);
        self.position = head;
        Ok(())
    }

    /// Bills of materials go in behind those that were recorded before them. Clocks may go back: so may these.
    fn add(&mut self, mut sboms: Vec<(i64, Position)>) {
        sboms.sort_unstable();
        let Some(first) = sboms.first() else { return };
        let begin = self.sboms.partition_point(|known| known < first);
        self.sboms.extend(sboms);
        self.sboms[begin..].sort();
    }

    /// How many events of a kind there are.
    pub(super) fn count(&self, kind: DocumentKind) -> usize {
        match kind {
            DocumentKind::Sbom => self.sboms.len(),
            DocumentKind::GitLog => self.git_logs.len(),
        }
    }

    /// Some git logs, newest first.
    pub(super) fn git_logs(&self, limit: usize, offset: usize) -> Vec<Position> {
        self.git_logs.iter().rev().skip(offset).take(limit).copied().collect()
    }

    /// Some bills of materials, newest first, among submissions that became no event, of which `beside` are the newest
    /// as far as the page reaches. Of what came in at once, those come first.
    pub(super) fn sboms(&self, beside: &[BesideRow], limit: usize, offset: usize) -> Vec<Listed> {
        let newer = |row: &BesideRow| {
            let at = row.submitted_at.timestamp_micros();
            self.sboms.len() - self.sboms.partition_point(|(recorded_at, _)| *recorded_at <= at)
        };
        let places: Vec<usize> = beside.iter().enumerate().map(|(n, row)| n + newer(row)).collect();
        let all = self.sboms.len() + beside.len();
        let one = |place| {
            let before = places.partition_point(|other| *other < place);
            match beside.get(before).filter(|_| places[before] == place) {
                Some(row) => Listed::Beside(row.id),
                None => Listed::Event(self.sboms[self.sboms.len() - 1 - (place - before)].1),
            }
        };
        (offset.min(all)..offset.saturating_add(limit).min(all)).map(one).collect()
    }
}

impl From<Listed> for (Option<i64>, Option<i64>) {
    /// A position, or the number of a submission.
    fn from(listed: Listed) -> Self {
        match listed {
            Listed::Event(position) => (Some(fit(position, "position")), None),
            Listed::Beside(id) => (None, Some(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn what_came_in_is_listed_newest_first_whichever_way_it_went() {
        let mut known = KnownDocuments::default();
        let micros = |second: i64| at(second).timestamp_micros();
        known.add(vec![(micros(10), 1), (micros(30), 2)]);
        // A clock went back, and two came at once.
        known.add(vec![(micros(20), 3), (micros(30), 4)]);
        let beside = [(9, 30), (8, 25), (7, 5)].map(|(id, second)| BesideRow { id, submitted_at: at(second) });
        let all = [
            Listed::Beside(9),
            Listed::Event(4),
            Listed::Event(2),
            Listed::Beside(8),
            Listed::Event(3),
            Listed::Event(1),
            Listed::Beside(7),
        ];
        assert_eq!(known.sboms(&beside, 99, 0), all);
        for offset in 0..9 {
            for limit in 0..9 {
                let page: Vec<Listed> = all.iter().copied().skip(offset).take(limit).collect();
                let newest = &beside[..beside.len().min(offset + limit)];
                assert_eq!(known.sboms(newest, limit, offset), page, "{limit} behind {offset}");
            }
        }
    }
}
