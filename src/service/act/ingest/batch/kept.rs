//! A page of which all is done but the append. The next one is made ready beside its append where neither tells the
//! other anything: the disk writes documents while the database writes events.

use std::collections::BTreeSet;

use domain::StreamId;
use ingest::Append;

use super::page::{LinePlace, PageEvents};
use crate::service::Result;
use crate::service::act::ingest::intake::{EventFate, Foresight, Intake};

/// A page whose documents are kept.
pub(super) struct KeptPage {
    foreseen: Vec<Foresight>,
    places: Vec<LinePlace>,
    streams: BTreeSet<StreamId>,
    keys: BTreeSet<String>,
}

impl KeptPage {
    /// Asks the log what would become of a page's events, and keeps the documents of those that are new.
    ///
    /// # Errors
    /// When the log or the store does not answer.
    pub(super) async fn of(intake: &Intake, page: PageEvents) -> Result<Self> {
        let PageEvents { appends, places, documents } = page;
        let streams = appends.iter().filter_map(|append| append.event.stream().ok()).collect();
        let keys = appends.iter().filter_map(|append| append.key.clone()).collect();
        let foreseen = intake.foresee(appends).await?;
        intake.keep(&foreseen, documents).await?;
        Ok(Self { foreseen, places, streams, keys })
    }

    /// Whether a page can be foreseen before this one is in the log: none of its events is of a stream or under a key
    /// of this one's, or says anything of a repository, whose project an earlier event may have told.
    pub(super) fn tells_nothing_to(&self, page: &PageEvents) -> bool {
        let is_alone = |append: &Append| {
            append.event.subject().is_none()
                && append.event.stream().is_ok_and(|stream| !self.streams.contains(&stream))
                && append.key.as_ref().is_none_or(|key| !self.keys.contains(key))
        };
        page.appends.iter().all(is_alone)
    }

    /// Appends its events. Answers what became of each, and where it is from.
    ///
    /// # Errors
    /// When the log does not take them.
    pub(super) async fn append(self, intake: &Intake) -> Result<Vec<(EventFate, LinePlace)>> {
        let fates = intake.append(self.foreseen).await?;
        Ok(fates.into_iter().zip(self.places).collect())
    }
}
