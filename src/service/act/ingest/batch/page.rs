//! Lines that are appended together, read ahead on a thread of their own.

use std::io::{self, Read};

use bytes::Bytes;
use ingest::Append;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::line::{Item, LineReader};
use super::lines::Lines;
use crate::service::{Error, Result};

/// Lines, or events, after which a page is appended.
const PAGE_ITEMS: usize = 2_000;
/// Bytes of lines and documents after which a page is appended: 16 MiB.
const PAGE_BYTES: usize = 16 * 1024 * 1024;
/// Pages that are parsed ahead of the one being appended.
const PAGES_AHEAD: usize = 1;

/// Lines that are appended together.
#[derive(Default)]
pub(super) struct LinePage {
    pub(super) items: Vec<Item>,
    events: usize,
    bytes: usize,
}

impl LinePage {
    fn push(&mut self, item: Item) {
        self.events += item.appends.len();
        self.bytes += item.bytes;
        self.items.push(item);
    }

    fn is_full(&self) -> bool {
        self.items.len() >= PAGE_ITEMS || self.events >= PAGE_ITEMS || self.bytes >= PAGE_BYTES
    }
}

/// The events of a page, once what is odd about its lines is said.
#[derive(Default)]
pub(super) struct PageEvents {
    pub(super) appends: Vec<Append>,
    /// Line and place of each.
    pub(super) places: Vec<LinePlace>,
    pub(super) documents: Vec<Bytes>,
}

/// A line, and a place in its document where that holds several records.
pub(super) type LinePlace = (u64, Option<String>);

/// The pages of an input, as they come.
pub(super) struct Pages {
    received: mpsc::Receiver<LinePage>,
    reading: JoinHandle<io::Result<()>>,
}

impl Pages {
    /// Begins to read and to parse.
    pub(super) fn read_ahead(source: Box<dyn Read + Send>, mut reader: LineReader) -> Self {
        let (sender, received) = mpsc::channel(PAGES_AHEAD);
        let reading = tokio::task::spawn_blocking(move || {
            let mut lines = Lines::of(source);
            let mut page = LinePage::default();
            while let Some(line) = lines.next()? {
                page.push(reader.read(&line));
                if page.is_full() && sender.blocking_send(std::mem::take(&mut page)).is_err() {
                    return Ok(());
                }
            }
            if !page.items.is_empty() {
                // Nobody listens any more: the other side has its reasons and says them.
                let _ = sender.blocking_send(page);
            }
            Ok(())
        });
        Self { received, reading }
    }

    /// The next page.
    pub(super) async fn next(&mut self) -> Option<LinePage> {
        self.received.recv().await
    }

    /// The next page, if it has come.
    pub(super) fn ready(&mut self) -> Option<LinePage> {
        self.received.try_recv().ok()
    }

    /// Whether the input was read to its end.
    pub(super) async fn end(self) -> Result<()> {
        self.reading.await.map_err(Error::refused)?.map_err(Error::unavailable)
    }
}
