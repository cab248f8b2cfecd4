//! The events of a batch, prepared on other threads while the database takes those before them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use domain::decide;
use tokio::sync::mpsc;

use super::Append;
use super::prepared::{Prepared, is_key};
use super::streams::AskedStreams;
use crate::error::{Corrupt, Refusal};

/// Events handed over at once.
const CHUNK: usize = 256;

/// Some events, in order; those that cannot be stored with the reason.
type Chunk = Vec<Result<Prepared, Refusal>>;

/// The events of a batch, as far as they are prepared. They stay for a further try.
pub(crate) struct Items {
    chunks: Vec<OnceLock<Chunk>>,
    /// Every stream that an event may go to, and what it must remember.
    pub(crate) asked: AskedStreams,
    /// Every key that an event may carry.
    pub(crate) keys: Vec<String>,
    /// How many events there are.
    pub(crate) len: usize,
}

/// Where prepared events come from: chunk n from lane n modulo their number.
pub(crate) struct Ahead(Vec<mpsc::UnboundedReceiver<Chunk>>);

/// Begins to encode and digest, on all cores but one: that is the server's, which would wait for its first events until
/// all are prepared, and then have nobody beside it.
pub(crate) fn prepare(appends: Vec<Append>) -> (Items, Ahead) {
    let mut asked = AskedStreams::new();
    for event in appends.iter().map(|append| &append.event) {
        if let Ok(stream) = event.stream() {
            let span = decide::asked(stream.kind(), event, &event.source());
            asked.entry(stream).or_default().insert(span);
        }
    }
    let keys = appends.iter().filter_map(|append| append.key.clone()).filter(|key| is_key(key)).collect();
    let len = appends.len();
    let chunks = len.div_ceil(CHUNK);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.saturating_sub(1).max(1).min(chunks);
    let mut shares: Vec<Vec<Vec<Append>>> = (0..threads).map(|_| Vec::new()).collect();
    let mut rest = appends.into_iter();
    for n in 0..chunks {
        shares[n % threads].push(rest.by_ref().take(CHUNK).collect());
    }
    let lanes = shares.into_iter().map(|share| {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::task::spawn_blocking(move || {
            for chunk in share {
                // Nobody listens any more when the caller gave up.
                if sender.send(chunk.into_iter().map(Prepared::new).collect()).is_err() {
                    break;
                }
            }
        });
        receiver
    });
    let ahead = Ahead(lanes.collect());
    (Items { chunks: (0..chunks).map(|_| OnceLock::new()).collect(), asked, keys, len }, ahead)
}

/// Events that are prepared already.
pub(crate) fn ready(items: Vec<Result<Prepared, Refusal>>) -> (Items, Ahead) {
    let prepared = || items.iter().flatten();
    let mut asked = AskedStreams::new();
    for item in prepared() {
        asked.entry(item.stream.clone()).or_default().insert(item.asked());
    }
    let keys = prepared().filter_map(|item| item.key.clone()).collect();
    let len = items.len();
    let mut rest = items.into_iter();
    let chunks = (0..len.div_ceil(CHUNK)).map(|_| OnceLock::from(rest.by_ref().take(CHUNK).collect::<Chunk>()));
    (Items { chunks: chunks.collect(), asked, keys, len }, Ahead(Vec::new()))
}

impl Ahead {
    /// Waits for everything.
    pub(crate) async fn all(
        mut self,
        items: Items,
    ) -> Result<impl Iterator<Item = Result<Prepared, Refusal>>, Corrupt> {
        for n in 0..items.chunks() {
            self.chunk(&items, n).await?;
        }
        Ok(items.chunks.into_iter().filter_map(OnceLock::into_inner).flatten())
    }

    /// Chunk `n` of the items. Chunks are asked for in order, and may be asked for again.
    pub(crate) async fn chunk<'a>(&mut self, items: &'a Items, n: usize) -> Result<&'a Chunk, Corrupt> {
        let place = &items.chunks[n];
        if let Some(chunk) = place.get() {
            return Ok(chunk);
        }
        let lane = n % self.0.len();
        let chunk = self.0[lane].recv().await.ok_or_else(|| Corrupt::new("log.event", "preparing a batch failed"))?;
        Ok(place.get_or_init(|| chunk))
    }
}

impl Items {
    /// How many chunks there are.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// An event that is prepared, unless it is refused.
    pub(crate) fn get(&self, n: usize) -> Option<&Prepared> {
        self.chunks[n / CHUNK].get()?.get(n % CHUNK)?.as_ref().ok()
    }

    /// Lets go of the events, on another thread, for that takes as long as sequencing them. Why those refused are: by
    /// their place.
    pub(crate) fn into_refusals(self) -> BTreeMap<usize, Refusal> {
        let (mut events, mut refusals) = (Vec::with_capacity(self.len), BTreeMap::new());
        for (n, item) in self.chunks.into_iter().filter_map(OnceLock::into_inner).flatten().enumerate() {
            match item {
                Ok(event) => events.push(event),
                Err(refusal) => _ = refusals.insert(n, refusal),
            }
        }
        tokio::task::spawn_blocking(move || drop(events));
        refusals
    }
}
