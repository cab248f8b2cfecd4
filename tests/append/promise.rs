//! No e-mail address passes the log's door, in whatever text of whatever fact it stands.

use domain::digest::Digest;
use domain::{Envelope, EventType, StreamId, codec, schema};
use ingest::append::Prepared;
use ingest::import::{Import, ImportedEvent};
use ingest::{Append, AppendContext, AppendError, Refusal};
use serde_json::{Map, Value, json};

use crate::support::log::{append, check, context, count, keyed};
use crate::support::{Db, events};

/// What stands for any text in a sample.
const WORD: &str = "word";
/// One address, spelled in every way.
const SPELLINGS: [&str; 9] = [
    "by leak@example.org.",
    "leak\u{ff20}example.org",
    "leak@example\u{3002}org",
    "leak\u{ff20}example\u{ff0e}co\u{ff61}uk",
    "\"leak doe\"@example.org",
    "pkg:generic/x/leak%40example.org",
    "leak&#64;example.org",
    "leak\\u0040example.org",
    "https://leak:secret@localhost/x",
];

/// Values of a schema: every field is there, every alternative is taken once.
fn samples(place: &Value, all: &Value) -> Vec<Value> {
    if let Some(target) = place["$ref"].as_str() {
        return samples(&all["$defs"][target.rsplit('/').next().unwrap()], all);
    }
    if let Some(constant) = place.get("const") {
        return vec![constant.clone()];
    }
    if let Some(choices) = place["oneOf"].as_array().or(place["anyOf"].as_array()) {
        let choices = choices.iter().filter(|choice| choice["type"] != "null");
        return choices.flat_map(|choice| samples(choice, all)).collect();
    }
    let kind = place["type"].as_str().or_else(|| place["type"][0].as_str()).unwrap();
    match kind {
        // Names of families are the program's own.
        "object" if place["properties"].is_null() => vec![json!({"graph": 1})],
        "object" => objects(place["properties"].as_object().unwrap(), all),
        // So are those that whoever submits a document gives.
        "array"
            if place["description"].as_str().is_some_and(|says| says.starts_with("Canonical versionless purls")) =>
        {
            vec![json!(["pkg:npm/x"])]
        }
        "array" => match place["prefixItems"].as_array() {
            Some(parts) => vec![parts.iter().map(|part| samples(part, all).remove(0)).collect()],
            None => samples(&place["items"], all).into_iter().map(|item| json!([item])).collect(),
        },
        "boolean" => vec![json!(true)],
        "integer" => vec![json!(0)],
        // Ids of corrections are read as ids at the door: what is none is refused for that, whatever it holds.
        "string" if place["description"].as_str().is_some_and(|says| says.starts_with("Canonical purl of the p")) => {
            vec![json!("pkg:npm/x")]
        }
        "string" if place["description"].as_str().is_some_and(|says| says.starts_with("Canonical purl")) => {
            vec![json!("pkg:github/o/r")]
        }
        "string" if place["description"].as_str().is_some_and(|says| says.starts_with("The code host")) => {
            vec![json!("github")]
        }
        "string" if place["description"].as_str().is_some_and(|says| says.starts_with("Its value; absent")) => {
            vec![json!("pg_root")]
        }
        "string" => vec![json!(match place["pattern"].as_str() {
            None => WORD.to_owned(),
            Some(pattern) if pattern.contains("{64}") => "0".repeat(64),
            Some(pattern) if pattern.contains('T') => "2026-01-01T00:00:00.000000Z".to_owned(),
            Some(pattern) if pattern.contains("{4}") => "2026-01-01".to_owned(),
            Some(_) => "1".to_owned(),
        })],
        other => panic!("a fact of type {other}"),
    }
}

fn objects(fields: &Map<String, Value>, all: &Value) -> Vec<Value> {
    let mut found = vec![Map::new()];
    for (name, place) in fields {
        let values = samples(place, all);
        // The first alternative everywhere, each of the others once.
        let others: Vec<Map<String, Value>> = values[1..]
            .iter()
            .map(|value| found[0].clone().into_iter().chain([(name.clone(), value.clone())]).collect())
            .collect();
        found.iter_mut().for_each(|object| drop(object.insert(name.clone(), values[0].clone())));
        found.extend(others);
    }
    // An alternative that was taken early lacks what came later.
    let whole = found[0].clone();
    found.into_iter().map(|object| Value::Object(whole.clone().into_iter().chain(object).collect())).collect()
}

/// The pointers to every text of a sample.
fn texts(tree: &Value, at: &str, found: &mut Vec<String>) {
    match tree {
        Value::String(text) if text == WORD => found.push(at.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| texts(item, &format!("{at}/{n}"), found));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, item)| texts(item, &format!("{at}/{key}"), found)),
        _ => {}
    }
}

fn event(kind: EventType, tree: &Value) -> Append {
    let bytes = serde_json::to_vec(tree).unwrap();
    codec::decode(kind.name(), kind.current_version(), &bytes).unwrap_or_else(|e| panic!("{tree}: {e}")).into()
}

#[tokio::test]
async fn every_text_of_every_fact_is_asked_in_every_spelling() {
    let db = Db::create().await;
    let log = db.log();
    let all = schema::events();
    let mut fields = 0;
    for kind in EventType::ALL {
        for sample in samples(&all["properties"][kind.name()], &all) {
            Prepared::new(event(*kind, &sample)).unwrap_or_else(|e| panic!("the sample itself: {sample}: {e}"));
            let mut places = Vec::new();
            texts(&sample, "", &mut places);
            for place in &places {
                fields += 1;
                // The path as it is printed: `packages[0].name`.
                let parts = place[1..].split('/').map(|part| match part.parse::<usize>() {
                    Ok(n) => format!("[{n}]"),
                    Err(_) => format!(".{part}"),
                });
                let path = format!("{kind}: {}", parts.collect::<String>().trim_start_matches('.'));
                let mut dirty = Vec::new();
                for spelling in SPELLINGS {
                    let mut tree = sample.clone();
                    *tree.pointer_mut(place).unwrap() = json!(spelling);
                    let refused = log.append(event(*kind, &tree), &context()).await.unwrap_err();
                    match &refused {
                        AppendError::Refused(Refusal::Address(named)) => assert_eq!(*named, path, "{spelling}"),
                        // What is no owner is repeated to who sent it.
                        AppendError::Refused(Refusal::Invalid(invalid)) if invalid.field == "owner" => continue,
                        // A value with rules of its own is asked by those first.
                        AppendError::Refused(Refusal::Invalid(invalid)) => {
                            assert!(path.contains(invalid.field), "{path}: {refused}");
                        }
                        other => panic!("{tree}: {other}"),
                    }
                    assert!(!refused.to_string().contains("leak"), "{refused}");
                    dirty.push(event(*kind, &tree));
                }
                let refused = log.append_batch(dirty, &context()).await.unwrap();
                assert!(
                    refused.iter().all(|one| matches!(one, Err(Refusal::Address(_) | Refusal::Invalid(_)))),
                    "{refused:?}"
                );
            }
        }
    }
    assert!(fields > 100, "{fields} fields");
    for spelling in SPELLINGS {
        let refused = log.append(keyed(events::repo("a/b", 1), spelling), &context()).await.unwrap_err();
        assert!(matches!(refused, AppendError::Refused(Refusal::Key)), "{refused}");
        let (actor, tool) = (
            AppendContext { actor: spelling.to_owned(), ..context() },
            AppendContext { tool: spelling.to_owned(), ..context() },
        );
        for (context, what) in [(actor, "actor"), (tool, "tool")] {
            let refused = log.append(events::repo("a/b", 1).into(), &context).await.unwrap_err();
            let AppendError::Refused(Refusal::Invalid(why)) = &refused else { panic!("{refused}") };
            assert!(why.field == what && why.reason.contains("e-mail"), "{refused}");
            assert!(!refused.to_string().contains("leak"), "{refused}");
        }
    }
    for rows in [
        "SELECT count(*) FROM log.event",
        "SELECT count(*) FROM log.stream",
        "SELECT count(*) FROM log.latest",
        "SELECT count(*) FROM log.idempotency_key",
    ] {
        assert_eq!(count(db.pool(), rows).await, 0, "{rows}");
    }
}

#[tokio::test]
async fn what_an_older_log_holds_is_taken_in_as_it_is() {
    let db = Db::create().await;
    let domain::Event::RepoObserved(mut facts) = events::repo("a/b", 1) else { unreachable!() };
    facts.description = Some("by leak@example.org".to_owned());
    let old = domain::Event::from(facts);
    let payload = codec::encode(&old).unwrap();
    let time = events::time("2026-01-01T00:00:00Z");
    let envelope = Envelope {
        stream: StreamId::parse("repo:pkg:github/a/b").unwrap(),
        sequence: 1,
        event_type: "RepoObserved".to_owned(),
        version: 1,
        observed_at: time,
        recorded_at: time,
        metadata: [("actor".to_owned(), "ann".to_owned())].into(),
        payload_sha256: Digest::of(&payload),
    };
    let leaf_hash = envelope.leaf_hash().unwrap();
    let append_id = uuid::Uuid::now_v7();
    let imported = ImportedEvent {
        position: 1,
        append: append_id,
        index: 0,
        envelope: envelope.into(),
        leaf_hash,
        payload: payload.clone(),
    };
    let mut import = Import::begin(&db.log()).await.unwrap();
    import.push(imported).await.unwrap();
    assert_eq!(import.end().await.unwrap().0, 1);

    let refused = db.log().append(old.into(), &context()).await.unwrap_err();
    assert!(matches!(refused, AppendError::Refused(Refusal::Address(_))), "not even as a repetition: {refused}");
    append(&db.log(), events::repo("a/b", 1)).await;
    let stored = check(db.pool()).await;
    assert_eq!(stored.len(), 2, "the stream goes on");
    let kept: Vec<u8> =
        sqlx::query_scalar("SELECT payload FROM log.event WHERE sequence = 1").fetch_one(db.pool()).await.unwrap();
    assert_eq!(kept, payload);
}
