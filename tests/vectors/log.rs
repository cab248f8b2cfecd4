//! A log and what comes of it: leaves, roots, digests with their lines, history.

use std::collections::{BTreeMap, BTreeSet};

use domain::canonical;
use domain::codec;
use domain::digest::Digest;
use domain::event::Event;
use domain::formula::Formula;
use domain::merkle::Frontier;
use domain::{Position, Recorded};
use projections::fold::{Fold, World};
use projections::history::History;
use projections::metrics::digest::{scores_lines, state_lines};
use replay::as_of::outcome_under;
use replay::audit::bundle::line::EventLine;
use replay::decisions::Decisions;
use replay::log::Stored;
use serde_json::{Value, json};

/// The vector of a log: what is given, and what comes of it.
///
/// Given are `about`, `rules`, `events` (of each `stream`, `type`, `version`, `observed_at`, `recorded_at`, `metadata`,
/// `payload`; of an erased one `payload_sha256`), `evaluations` (of each `position` and `formula`, with `lines` if the
/// lines are wanted), and `history`: the formula that it is told under.
pub(super) fn come(given: &Value) -> Value {
    let (events, stored) = events(&given["events"]);
    let decoded: Vec<Option<Recorded>> = stored.iter().map(|stored| stored.decode().ok()).collect();
    let decided = decoded.iter().flatten().filter(|recorded| recorded.event.event_type().is_decision());
    let log = Log { decisions: Decisions::of(decided.cloned().collect()), stored: &stored, decoded: &decoded };
    let evaluations = given["evaluations"].as_array().unwrap().iter().map(|asked| log.evaluated(asked));
    let evaluations: Vec<Value> = evaluations.collect();
    let mut vector = json!({
        "about": given["about"],
        "evaluations": evaluations,
        "events": events,
        "formulas": log.formulas(given),
        "publications": log.publications(),
        "roots": roots(&stored),
        "rules": given["rules"],
    });
    if let Some(history) = given.get("history") {
        vector["history"] = log.history(history["formula"].as_str().unwrap());
    }
    vector
}

/// The events with all that follows from what is given of them.
fn events(given: &Value) -> (Vec<Value>, Vec<Stored>) {
    let mut sequences: BTreeMap<String, u64> = BTreeMap::new();
    let mut events = Vec::new();
    let mut all = Vec::new();
    for (given, position) in given.as_array().unwrap().iter().zip(1_u64..) {
        let mut event = given.clone();
        let sequence = sequences.entry(given["stream"].as_str().unwrap().to_owned()).or_default();
        *sequence += 1;
        event["sequence"] = json!(sequence);
        event["position"] = json!(position);
        if given.get("event").is_none() {
            event["event"] = json!(format!("00000000-0000-7000-8000-{position:012}/0"));
        }
        event["leaf_hash"] = json!(Digest::default());
        let line: EventLine = serde_json::from_value(event.clone()).unwrap();
        let mut stored = line.stored().unwrap();
        stored.leaf_hash = stored.envelope.leaf_hash().unwrap();
        event["leaf_hash"] = json!(stored.leaf_hash);
        check(&stored);
        events.push(event);
        all.push(stored);
    }
    (events, all)
}

/// A vector holds nothing that no log would.
fn check(stored: &Stored) {
    if stored.is_erased() {
        return;
    }
    let text: Value = serde_json::from_slice(&stored.payload).unwrap();
    assert_eq!(canonical::to_vec(&text).unwrap(), stored.payload, "position {}", stored.position);
    let recorded = stored.decode().unwrap();
    assert_eq!(recorded.event.stream().unwrap(), stored.envelope.stream, "position {}", stored.position);
    if stored.envelope.version == recorded.event.event_type().current_version() {
        assert_eq!(codec::encode(&recorded.event).unwrap(), stored.payload, "position {}", stored.position);
    }
}

/// The root after each event.
fn roots(stored: &[Stored]) -> Vec<Digest> {
    let mut frontier = Frontier::default();
    let root = |stored: &Stored| {
        frontier.push(stored.leaf_hash);
        frontier.root()
    };
    stored.iter().map(root).collect()
}

struct Log<'a> {
    decisions: Decisions,
    stored: &'a [Stored],
    decoded: &'a [Option<Recorded>],
}

impl Log<'_> {
    /// The document that the log adopted last under a name, else the shipped one.
    fn formula(&self, name: &str) -> Formula {
        let adopted = self.decisions.events().iter().rev().find_map(|recorded| match &recorded.event {
            Event::FormulaAdopted(facts) if facts.name == name => Some(Formula::parse(&facts.document).unwrap()),
            _ => None,
        });
        adopted.unwrap_or_else(|| Formula::shipped(name).unwrap())
    }

    fn folded(&self, formula: &Formula, passed: &BTreeSet<Position>, to: Position, history: Option<History>) -> Fold {
        let mut fold = Fold::new(World::default(), formula.clone(), passed.clone(), history);
        for (stored, recorded) in self.stored.iter().zip(self.decoded).take_while(|(stored, _)| stored.position <= to) {
            match recorded {
                Some(recorded) => fold.apply(recorded).unwrap(),
                None => fold.pass(stored.position).unwrap(),
            }
        }
        fold
    }

    fn evaluated(&self, asked: &Value) -> Value {
        let position = asked["position"].as_u64().unwrap();
        let formula = self.formula(asked["formula"].as_str().unwrap());
        let passed = self.decisions.passed_over(Position::MAX);
        let fold = self.folded(&formula, &passed.positions, position, None);
        let outcome = outcome_under(&fold, &formula);
        let mut came = json!({
            "digest": outcome.digest,
            "formula": formula.name,
            "position": position,
            "quarantine_digest": passed.digest(),
            "state_digest": outcome.state_digest,
        });
        if asked.get("scores").is_some() || asked.get("lines").is_some() {
            let view = fold.world.view();
            let (mut scores, mut state): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
            let read = |line: &[u8]| serde_json::from_slice(line).unwrap();
            scores_lines(&outcome.scores, &mut |line| scores.push(read(line)));
            state_lines(&view.graph, &view.contributions, formula.graph.edges, &mut |line| state.push(read(line)));
            came["scores"] = json!(scores);
            came["state"] = json!(state);
        }
        came
    }

    /// The canonical form of every formula that the vector names and nobody ships.
    fn formulas(&self, given: &Value) -> Value {
        let evaluations = given["evaluations"].as_array().unwrap().iter();
        let named =
            evaluations.filter_map(|asked| asked["formula"].as_str()).filter(|name| Formula::shipped(name).is_err());
        let each = named.map(|name| {
            let formula = self.formula(name);
            let canonical = String::from_utf8(canonical::to_vec(&formula).unwrap()).unwrap();
            (name.to_owned(), json!({"canonical": canonical, "hash": formula.hash()}))
        });
        Value::Object(each.collect())
    }

    /// What every publication would be today, under what was passed over then and without what is erased since.
    fn publications(&self) -> Vec<Value> {
        let erased: BTreeSet<Position> = self.decisions.erasures().into_keys().collect();
        let each = self.decisions.publications().map(|(event, facts)| {
            let then = self.decisions.passed_over_by(event, facts);
            let formula = self.decisions.formula(&facts.formula, &facts.formula_hash).unwrap().formula;
            let passed = then.positions.union(&erased).copied().collect();
            let outcome = outcome_under(&self.folded(&formula, &passed, facts.position, None), &formula);
            json!({
                "digest": outcome.digest,
                "event": event,
                "label": facts.label,
                "passed_over": then.positions,
                "position": facts.position,
                "quarantine_digest": then.digest(),
                "state_digest": outcome.state_digest,
            })
        });
        each.collect()
    }

    fn history(&self, name: &str) -> Value {
        let formula = self.formula(name);
        let passed = self.decisions.passed_over(Position::MAX).positions;
        let fold = self.folded(&formula, &passed, Position::MAX, Some(History::default()));
        let mut history = fold.history.unwrap();
        let ticks = history.ticks.iter().map(|(position, tick)| json!([position, tick.day, tick.labels]));
        let ticks: Vec<Value> = ticks.collect();
        let mut moves = Vec::new();
        history.take_moves(Position::MAX, |segment| {
            let each = segment
                .moves
                .iter()
                .map(|(position, value)| json!([position, serde_json::from_str::<Value>(&value.to_string()).unwrap()]));
            moves.push(json!([segment.level.name(), segment.id, segment.metric.name(), each.collect::<Vec<_>>()]));
        });
        json!({"formula": name, "moves": moves, "ticks": ticks})
    }
}
