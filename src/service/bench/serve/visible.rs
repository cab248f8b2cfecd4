//! From when documents are in the graph that answers come from.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::service::Error;
use crate::service::bench::measure::{Figures, quantile, report};
use crate::service::plain_http::Connection;

/// What is asked for: it is small, and says which position it is of.
const TARGET: &str = "/scores?limit=1";
/// Pause between two questions: how exact the times are.
const PAUSE: Duration = Duration::from_millis(10);
/// How long it may take behind the last document.
const PATIENCE: Duration = Duration::from_secs(60);

/// When answers were of which position, each as soon as one was.
#[derive(Debug, Default)]
pub(super) struct Sightings(Vec<(u64, Instant)>);

/// Asks until answers are of the last position, which is told once it is known, or it has been patient enough.
pub(super) async fn watch(host: &str, mut last: oneshot::Receiver<u64>) -> Sightings {
    let (mut seen, mut held, mut until) = (Sightings::default(), None, None);
    loop {
        let asked = async {
            let connection = match held.take() {
                Some(connection) => connection,
                None => Connection::open(host).await?,
            };
            let (connection, status, body) = connection.get(host, TARGET).await?;
            let said: Value = serde_json::from_slice(&body).map_err(Error::unavailable)?;
            let position = said["at"]["position"].as_u64().filter(|_| status == 200);
            Ok::<_, Error>((connection, position))
        };
        if let Ok((connection, position)) = asked.await {
            held = Some(connection);
            seen.add(position);
        }
        if until.is_none()
            && let Ok(last) = last.try_recv()
        {
            until = Some((last, Instant::now() + PATIENCE));
        }
        if until.is_some_and(|(last, until)| seen.position() >= last || Instant::now() > until) {
            return seen;
        }
        sleep(PAUSE).await;
    }
}

impl Sightings {
    /// The latest position that was seen.
    fn position(&self) -> u64 {
        self.0.last().map_or(0, |(position, _)| *position)
    }

    /// An answer just came, of this position where it said one.
    fn add(&mut self, position: Option<u64>) {
        if let Some(position) = position.filter(|position| *position > self.position()) {
            self.0.push((position, Instant::now()));
        }
    }

    /// How long after it was accepted a position was seen, in milliseconds: 0 where that was before; none where it
    /// never was.
    fn after(&self, accepted: Instant, position: u64) -> Option<f64> {
        let at = self.0.partition_point(|(seen, _)| *seen < position);
        let (_, seen) = self.0.get(at)?;
        Some(seen.saturating_duration_since(accepted).as_secs_f64() * 1_000.0)
    }

    /// How long it took from when documents were accepted until they were in the graph that answers come from, and how
    /// many never were while anybody looked.
    pub(super) fn figures(&self, accepted: impl Iterator<Item = (u64, Instant)>) -> Figures {
        let (mut times, mut never) = (Vec::new(), 0_u64);
        for (position, at) in accepted {
            match self.after(at, position) {
                Some(time) => times.push(time),
                None => never += 1,
            }
        }
        times.sort_by(f64::total_cmp);
        let time = |percent| (!times.is_empty()).then(|| quantile(&times, percent));
        report(json!({
            "graph_p50_ms": time(50),
            "graph_p99_ms": time(99),
            "graph_max_ms": time(100),
            "not_in_graph": never,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_there_with_the_first_answer_at_or_behind_its_position() {
        let begun = Instant::now();
        let at = |milliseconds| begun + Duration::from_millis(milliseconds);
        let seen = Sightings(vec![(3, at(10)), (7, at(40))]);
        let of = |position, accepted| seen.after(at(accepted), position);
        assert_eq!([of(3, 4), of(4, 4), of(7, 50), of(8, 4)], [Some(6.0), Some(36.0), Some(0.0), None]);
        let figures = seen.figures([(3, at(4)), (4, at(4)), (8, at(4))].into_iter());
        assert_eq!((&figures["graph_max_ms"], &figures["not_in_graph"]), (&json!(36.0), &json!(1)));
        assert_eq!(seen.figures(std::iter::empty())["graph_p50_ms"], Value::Null);
    }
}
