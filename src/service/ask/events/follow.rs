//! The log as it grows, as server-sent events: each has its position as id, so that a client goes on behind the last
//! one that it saw.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::recorded::Position;
use futures_util::{Stream, stream};
use replay::stop::Stop;
use tokio::sync::mpsc::{Sender, channel};

use super::{EventsQuery, PublicEvent, page};
use crate::service::aside::aside;
use crate::service::ask::held::HeldSnapshot;
use crate::service::{Deps, Error, Result};

/// Events read at once.
const PAGE: u64 = 100;
/// Texts that wait to be taken by a slow client.
const WAITING: usize = 4;

/// What is followed.
pub struct FollowQuery {
    /// The first position; the next one that comes where none is named.
    pub from: Option<Position>,
    /// How often something is said where nothing comes.
    pub breath: Duration,
    /// Asks every stream to end.
    pub end: Stop,
}

/// Events from a position on, for ever. `place` is kept until the client has gone or everything ends.
pub fn followed<P: Send + 'static>(
    deps: Deps,
    held: Arc<HeldSnapshot>,
    asked: FollowQuery,
    place: P,
) -> impl Stream<Item = std::result::Result<Bytes, Infallible>> + Send + 'static {
    let (give, given) = channel(WAITING);
    tokio::spawn(async move {
        let end = asked.end.clone();
        tokio::select! {
            biased;
            () = end.asked() => {}
            () = give.closed() => {}
            followed = follow(&deps, &held, &asked, &give) => {
                if let Err(error) = followed {
                    tracing::warn!(%error, "a stream of events ends early");
                }
            }
        }
        drop(place);
    });
    Box::pin(stream::unfold(given, async |mut given| given.recv().await.map(|text| (Ok(text), given))))
}

async fn follow(deps: &Deps, held: &Arc<HeldSnapshot>, asked: &FollowQuery, give: &Sender<Bytes>) -> Result<()> {
    let mut heard = held.hear();
    let mut next = asked.from.unwrap_or_else(|| held.now().map_or(1, |atlas| atlas.position + 1)).max(1);
    // The client learns at once that it is heard.
    let mut said = Bytes::from_static(b": pg-atlas\n\n");
    // It goes on for as long as the client takes what is said.
    while give.send(said).await.is_ok() {
        said = match held.now() {
            Some(atlas) if next <= atlas.position => {
                let (deps, wanted) =
                    (deps.clone(), EventsQuery { from: Some(next), limit: Some(PAGE), ..EventsQuery::default() });
                let found = aside(async move || page(&deps, &atlas, &wanted).await).await?;
                next = found.items.last().map_or(next, |event| event.position) + 1;
                Bytes::from(written(&found.items)?)
            }
            _ => match tokio::time::timeout(asked.breath, heard.changed()).await {
                // What came is said next.
                Ok(_) => Bytes::new(),
                Err(_) => Bytes::from_static(b": \n\n"),
            },
        };
    }
    Ok(())
}

fn written(events: &[PublicEvent]) -> Result<String> {
    let mut text = String::new();
    for event in events {
        let data = serde_json::to_string(event).map_err(Error::refused)?;
        // Writing to a String cannot fail. Canonical JSON has no line breaks.
        let _ = write!(text, "id: {}\nevent: {}\ndata: {data}\n\n", event.position, event.r#type);
    }
    Ok(text)
}
