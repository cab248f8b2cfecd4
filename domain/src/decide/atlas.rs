//! The log's own affairs: a label is used once, in every spelling.

use super::state::{BrokenRule, SourceSpan, StreamState};
use crate::checked::Label;
use crate::event::Event;
use crate::facts::log::ScoresPublished;

/// A publication asks for all labels that were used; else the source itself is enough.
pub(super) fn asked(event: &Event, source: &str) -> SourceSpan {
    if let Event::ScoresPublished(_) = event {
        // No text in between begins otherwise: `0` follows `/`.
        let last = ScoresPublished::SOURCES.replace('/', "0");
        return SourceSpan { first: ScoresPublished::SOURCES.to_owned(), last };
    }
    SourceSpan::of(source)
}

/// Whether an event may be in this stream.
pub(super) fn check(state: &StreamState, event: &Event) -> Result<(), BrokenRule> {
    if let Event::ScoresPublished(facts) = event
        && let Some(used) = used_label(state, &facts.label)
    {
        return Err(BrokenRule::LabelTaken { label: facts.label.clone(), used: used.to_owned() });
    }
    Ok(())
}

/// The label of a publication that is the same to a reader, if there is one. Streams remember labels as they were
/// written, by whatever program; they are compared here, when one is asked for.
fn used_label<'a>(state: &'a StreamState, label: &str) -> Option<&'a str> {
    let prefix = ScoresPublished::SOURCES;
    let mut used = state.sources.range(prefix.to_owned()..).map_while(|(source, _)| source.strip_prefix(prefix));
    used.find(|used| Label::are_one(used, label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreamKind;
    use crate::decide::{StreamDecision, decide};
    use crate::digest::Digest;

    fn published(label: &str) -> Event {
        let digest = Digest::of(b"x");
        let (root, formula_hash, state_digest, quarantine_digest) = (digest, digest, digest, digest);
        let (label, formula, families) = (label.to_owned(), "seed".to_owned(), [("graph".to_owned(), 2)].into());
        let position = 1;
        ScoresPublished {
            label,
            position,
            root,
            formula,
            formula_hash,
            digest,
            state_digest,
            quarantine_digest,
            families,
        }
        .into()
    }

    /// What a stream remembers of labels as an earlier program wrote them.
    fn remembered(labels: &[&str]) -> StreamState {
        let mut state = StreamState::default();
        for source in ["erased/7", "published", "published0", "quarantined/7"] {
            state.evolve(source, Digest::of(b"another"));
        }
        labels.iter().for_each(|label| state.evolve(&published(label).source(), Digest::of(label.as_bytes())));
        serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap()
    }

    fn decided(state: &StreamState, label: &str) -> Result<StreamDecision, BrokenRule> {
        let event = published(label);
        decide(StreamKind::Atlas, state, &event, &event.source(), &event.semantic_digest().unwrap())
    }

    #[test]
    fn a_publication_asks_for_every_label() {
        let asked = |event: &Event| super::asked(event, &event.source());
        let (state, span) = (remembered(&["", "a", "\u{10ffff}"]), asked(&published("Q1")));
        let labels: Vec<&str> = state
            .sources
            .range(span.first..=span.last)
            .filter_map(|(source, _)| source.strip_prefix(ScoresPublished::SOURCES))
            .collect();
        assert_eq!(labels, ["", "a", "\u{10ffff}"]);
    }

    #[test]
    fn a_label_is_used_once_in_every_spelling() {
        let state = remembered(&["Q1", " old ", "e\u{301}", "\u{200b}seen"]);
        for (label, used) in [
            ("Q1", "Q1"),
            ("q1", "Q1"),
            ("\u{ff51}1", "Q1"),
            ("OLD", " old "),
            ("\u{c9}", "e\u{301}"),
            ("seen", "\u{200b}seen"),
        ] {
            let taken = BrokenRule::LabelTaken { label: label.to_owned(), used: used.to_owned() };
            assert_eq!(decided(&state, label), Err(taken));
        }
        for label in ["Q2", "q", "", "0", "7"] {
            assert_eq!(decided(&state, label), Ok(StreamDecision::Append), "{label}");
        }
        assert_eq!(
            decided(&state, "q1").unwrap_err().to_string(),
            "the label `q1` is already published, as `Q1`: case and width tell no two labels apart"
        );
        assert_eq!(decided(&state, "Q1").unwrap_err().to_string(), "the label `Q1` is already published");
    }
}
