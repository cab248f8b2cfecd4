//! Documents of any shape: nothing panics, every record is a fact that can be stored, or a refusal.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn page() -> Value {
    json!({"@context": "http://www.daostar.org/schemas", "pagination": {"hasNext": false}, "data": [
        {"type": "Project", "id": "p", "name": "P", "description": "text", "contentURI": "https://p.example",
         "socials": [{"name": "GitHub", "value": "https://github.com/a/b"}],
         "extensions": scf(&json!({"integrationStatus": "Mainnet", "totalPaidUSD": 1.5, "openSource": true,
                                   "roundFromSubmissions": "SCF #1, SCF #2"}))},
        {"type": "GrantPool", "id": "r", "name": "SCF #1", "isOpen": false,
         "totalGrantPoolSize": [{"amount": "1", "denomination": "USD"}], "extensions": scf(&json!({"phase": "Ended"}))},
        {"type": "GrantApplication", "id": "a", "projectId": "p", "grantPoolId": "r", "socials": [],
         "extensions": scf(&json!({"code": "https://github.com/a", "trancheCompletionPercent": 100}))}
    ]})
}

fn strange_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "(a@b\\.co|https://github\\.com/[a/.]{0,6}|\u{0}|\u{7}|Project|GrantPool|GrantApplication|1e[0-9]{1,9})"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof![
            Just("id".to_owned()),
            Just("type".to_owned()),
            Just("data".to_owned()),
            Just("value".to_owned()),
            ".{0,4}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every place in a tree, as a JSON pointer.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{n}"), out);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                places(item, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        _ => {}
    }
}

fn is_sound(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(parsed) = parse_files(&[("f.json".to_owned(), bytes.to_vec())]) else { return Ok(()) };
    for (row, facts) in parsed.records {
        let event = Event::from(facts);
        let bytes = codec::encode(&event).map_err(|e| TestCaseError::fail(format!("{row}: {e}")))?;
        prop_assert_eq!(codec::decode("GrantObserved", 1, &bytes).unwrap(), event);
        prop_assert!(matches!(
            redact::emails_in_json(std::str::from_utf8(&bytes).unwrap()),
            std::borrow::Cow::Borrowed(_)
        ));
    }
    prop_assert!(parsed.refused.iter().all(|refused| refused.row.starts_with("f.json") && !refused.reason.is_empty()));
    prop_assert!(!String::from_utf8_lossy(&parsed.documents[0]).contains("a@b.co"));
    Ok(())
}

proptest! {
    #[test]
    fn any_value_may_stand_anywhere(changes in prop::collection::vec((any::<Index>(), strange_value()), 1..4)) {
        let mut document = page();
        for (index, value) in changes {
            let mut all = Vec::new();
            places(&document, "", &mut all);
            if let Some(place) = document.pointer_mut(&all[index.index(all.len())]) {
                *place = value;
            }
        }
        is_sound(document.to_string().as_bytes())?;
    }

    #[test]
    fn bytes_may_change_or_end_anywhere(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
        end in any::<Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = page().to_string().into_bytes();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        is_sound(&bytes)?;
    }
}
