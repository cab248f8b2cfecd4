use domain::codec;
use domain::facts::grant::{ApplicationRecord, ProjectRecord};
use serde_json::{Value, json};

use super::*;

mod mutations;
mod real;

fn parse(files: &[(&str, String)]) -> Result<Parsed, Refused> {
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes())).collect();
    parse_files(&files)
}

fn one(document: &Value) -> Parsed {
    parse(&[("f.json", document.to_string())]).unwrap()
}

fn project_in(parsed: &Parsed) -> &ProjectRecord {
    match &parsed.records[0].1.record {
        GrantRecord::Project(record) => record,
        other => panic!("{other:?}"),
    }
}

fn application_in(parsed: &Parsed) -> &ApplicationRecord {
    match &parsed.records[0].1.record {
        GrantRecord::Application(record) => record,
        other => panic!("{other:?}"),
    }
}

fn scf(fields: &Value) -> Value {
    let prefixed = fields.as_object().unwrap().iter();
    let prefixed = prefixed.map(|(name, value)| (format!("org.stellar.communityfund.{name}"), value.clone()));
    json!({ "org.stellar.communityfund": prefixed.collect::<serde_json::Map<_, _>>() })
}

fn rows(parsed: &Parsed) -> Vec<&str> {
    parsed.records.iter().map(|(row, _)| row.as_str()).collect()
}

#[test]
fn a_project_keeps_what_the_folds_need() {
    let parsed = one(&json!({
        "type": "Project", "id": " daoip-5:scf:project:x ", "name": "X", "description": "Line one.\nLine two.",
        "contentURI": "https://content.example", "image": "https://v5.airtableusercontent.com/v3/u/1",
        "socials": [
            {"name": "GitHub", "value": "https://github.com/a/b"}, {"name": "Discord", "value": "https://d.example"},
            {"name": "Discord", "value": "https://d.example"}, {"name": "X", "value": ""}
        ],
        "extensions": scf(&json!({
            "integrationStatus": "Mainnet", "category": "Applications", "github": "https://github.com/a/b",
            "totalAwardedUSD": 150_000, "awardedSubmissionsCount": "2", "openSource": true,
            "roundFromSubmissions": "SCF #34 , SCF #36", "roundFromAwardedSubmissions": null
        }))
    }));
    let record = project_in(&parsed);
    assert_eq!(record.id, "daoip-5:scf:project:x");
    assert_eq!(record.description.as_deref(), Some("Line one.\nLine two."));
    assert_eq!(record.website.as_deref(), Some("https://content.example"));
    assert_eq!(record.git_urls, ["https://github.com/a/b"]);
    assert_eq!(record.links.len(), 1);
    assert_eq!(record.awarded_usd.as_ref().unwrap().as_str(), "150000");
    assert_eq!(record.awarded_submissions.as_ref().unwrap().as_str(), "2");
    assert_eq!((record.open_source, &record.paid_usd), (Some(true), &None));
    assert_eq!(record.rounds, ["SCF #34", "SCF #36"]);
    assert!(record.awarded_rounds.is_empty());
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
}

#[test]
fn regions_are_a_text_or_a_list_of_texts() {
    let regions = |said: Value| {
        let extensions = scf(&json!({ "regionsOfOperation": said }));
        let parsed = one(&json!({"type": "Project", "id": "p", "extensions": extensions}));
        (project_in(&parsed).regions_of_operation.clone(), parsed.warnings.len())
    };
    for same in [json!("Europe, Africa"), json!(["Europe", "Africa"]), json!([" Europe ", "", "Africa"])] {
        assert_eq!(regions(same), (Some("Europe, Africa".to_owned()), 0));
    }
    assert_eq!([json!([]), json!(null), json!([" "])].map(regions), [(None, 0), (None, 0), (None, 0)]);
    assert_eq!([json!([1]), json!({})].map(regions), [(None, 1), (None, 1)]);
}

#[test]
fn numbers_keep_the_digits_they_are_written_with() {
    let text = r#"{"type":"Project","id":"p","extensions":{"org.stellar.communityfund":{
        "org.stellar.communityfund.totalAwardedUSD":9007199254740993.10,
        "org.stellar.communityfund.totalPaidUSD":0.1000000000000000055,
        "org.stellar.communityfund.awardedSubmissionsCount":"n/a"}}}"#;
    let parsed = parse(&[("f.json", text.to_owned())]).unwrap();
    assert_eq!(project_in(&parsed).awarded_usd.as_ref().unwrap().as_str(), "9007199254740993.1");
    assert_eq!(project_in(&parsed).paid_usd.as_ref().unwrap().as_str(), "0.1000000000000000055");
    assert_eq!(parsed.warnings, ["f.json (p): awardedSubmissionsCount: `n/a` is no decimal number"]);
}

#[test]
fn an_application_names_its_project_or_stands_for_one() {
    let application = |mut fields: Value, extension: &Value| {
        fields["type"] = json!("GrantApplication");
        fields["id"] = json!("a");
        fields["extensions"] = scf(extension);
        application_in(&one(&fields)).clone()
    };
    let full = application(
        json!({"projectId": "p", "projectName": "Title", "grantPoolId": "pool_#34", "grantPoolName": "SCF #34 "}),
        &json!({"project": "P", "code": "na", "trancheCompletionPercent": 67, "submissionTitle": "Title"}),
    );
    assert_eq!((full.project_id.as_str(), full.project.as_deref()), ("p", Some("P")));
    assert_eq!(full.round.as_deref(), Some("SCF #34 "));
    assert_eq!(full.git_urls, ["na"]);
    assert_eq!(full.completion_percent.unwrap().as_str(), "67");
    assert_eq!(application(json!({"projectId": ""}), &json!({"project": "Some name"})).project_id, "a");
    assert_eq!(
        application(json!({}), &json!({"project": "daoip-5:scf:project:q"})).project_id,
        "daoip-5:scf:project:q"
    );
}

#[test]
fn documents_are_told_apart_by_content() {
    let project = json!({"id": "p", "socials": []});
    let pool = json!({"id": "r", "totalGrantPoolSize": [{"amount": "5.50", "denomination": "USD"}]});
    let application = json!({"id": "a", "grantPoolId": "r", "projectId": "p"});
    let typed = json!({"type": "Project", "id": "t", "closeDate": "never"});
    let parsed = one(&json!([project, pool, application, typed]));
    let kinds: Vec<u8> = parsed.records.iter().map(|(_, facts)| key(facts).0).collect();
    assert_eq!(kinds, [0, 1, 2, 0]);
    assert_eq!(rows(&parsed), ["f.json:[0] (p)", "f.json:[1] (r)", "f.json:[2] (a)", "f.json:[3] (t)"]);
    let GrantRecord::Pool(pool) = &parsed.records[1].1.record else { panic!() };
    assert_eq!((pool.amounts[0].amount.as_str(), pool.amounts[0].denomination.as_str()), ("5.5", "USD"));

    let system = json!({
        "@context": "http://www.daostar.org/schemas", "name": "SCF", "type": "Foundation",
        "grantPools": [{"type": "GrantPool", "id": "r", "applications": [{"type": "GrantApplication", "id": "a"}]}]
    });
    assert_eq!(rows(&one(&system)), ["f.json:grantPools[0] (r)", "f.json:grantPools[0].applications[0] (a)"]);
    assert_eq!(rows(&one(&json!({"type": "Project", "id": "p"}))), ["f.json (p)"]);
}

#[test]
fn malformed_records_are_refused_one_by_one() {
    let long = "x".repeat(MAX_PROSE_BYTES + 1);
    let parsed = one(&json!({"data": [
        5, {"type": "Project"}, {"type": "DAO", "id": "d"}, {"id": "u"}, {"type": "Project", "id": 7.5},
        {"type": "Project", "id": "a\u{0}b"}, {"type": "Project", "id": "ann@x.org"},
        {"type": "Project", "id": "i".repeat(1025)}, {"type": "Project", "id": "l", "description": long},
        {"type": "Project", "id": "s", "socials": vec![json!({"name": "X"}); MAX_LIST + 1]},
        {"type": "Project", "id": "fine"}
    ]}));
    let refused: Vec<(&str, &str)> = parsed.refused.iter().map(|r| (r.row.as_str(), r.reason.as_str())).collect();
    let expected = [
        ("f.json:data[0]", "no object"),
        ("f.json:data[1]", "id: missing"),
        ("f.json:data[2] (d)", "type: `DAO` is not"),
        ("f.json:data[3] (u)", "type: missing"),
        ("f.json:data[4]", "id: an id is text"),
        ("f.json:data[5] (a\\u{0}b)", "id: control characters in `a\\u{0}b`"),
        ("f.json:data[6] (<email>)", "id: holds an e-mail address"),
        ("f.json:data[7] (iii", "id: longer than 1024 bytes"),
        ("f.json:data[8] (l)", "description: 131073 bytes, the limit is 131072"),
        ("f.json:data[9] (s)", "socials: 201 entries, the limit is 200"),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for ((row, reason), (row_part, reason_part)) in refused.iter().zip(expected) {
        assert!(row.starts_with(row_part) && reason.starts_with(reason_part), "{row}: {reason}");
    }
    assert_eq!(rows(&parsed), ["f.json:data[10] (fine)"]);
}

#[test]
fn fields_of_the_wrong_type_are_warnings() {
    let parsed = one(&json!({
        "type": "Project", "id": "p", "name": 5, "description": "a\u{0}b\u{7}\tc", "socials": ["x", {"value": 1}],
        "extensions": scf(&json!({"openSource": "yes", "category": "a\nb", "website": null}))
    }));
    let record = project_in(&parsed);
    assert_eq!((record.name.as_deref(), record.description.as_deref()), (None, Some("a b \tc")));
    assert_eq!((record.open_source, record.category.as_deref()), (None, Some("a b")));
    assert_eq!(parsed.warnings.len(), 6, "{:?}", parsed.warnings);
    assert!(codec::encode(&parsed.records[0].1.clone().into()).is_ok());
    let bare = one(&json!({"type": "Project", "id": "p", "socials": 5, "extensions": []}));
    assert_eq!(bare.warnings, ["f.json (p): socials: expected a list"]);
}

#[test]
fn of_several_records_of_one_id_the_last_in_file_order_stands() {
    let project = |name: &str| json!({"type": "Project", "id": "p", "name": name});
    let first = json!([project("one"), {"type": "GrantPool", "id": "p"}, project("two")]).to_string();
    let parsed =
        parse(&[("a.json", first), ("b.json", json!([project("three"), {"type": "Project"}]).to_string())]).unwrap();
    assert_eq!(rows(&parsed), ["a.json:[1] (p)", "b.json:[0] (p)"]);
    let refused: Vec<String> = parsed.refused.iter().map(|r| format!("{}: {}", r.row, r.reason)).collect();
    assert_eq!(
        refused,
        [
            "a.json:[0] (p): duplicate id; the last one stands: b.json:[0] (p)",
            "a.json:[2] (p): duplicate id; the last one stands: b.json:[0] (p)",
            "b.json:[1]: id: missing",
        ]
    );
}

#[test]
fn addresses_and_expiring_links_are_no_facts() {
    let signed = "https://v5.airtableusercontent.com/v3/u/51/51/1774821600000/EZzc2QBp1OH0lEfLlEyVKQ/x";
    let parsed = one(&json!({
        "type": "Project", "id": "p", "name": "ann@x.org", "description": format!("\nann@x.org, see {signed}."),
        "socials": [{"name": "GitHub", "value": signed}, {"name": "Mail", "value": "mailto:ann@x.org"}],
        "extensions": scf(&json!({"website": signed, "analytics": format!("pic ({signed})")}))
    }));
    let record = project_in(&parsed);
    assert_eq!(record.name.as_deref(), Some("<email>"));
    assert_eq!(record.description.as_deref(), Some("\n<email>, see <expiring-link>."));
    assert_eq!((&record.website, &record.analytics, record.git_urls.len()), (&None, &None, 0));
    assert_eq!(record.links[0].url, "mailto:<email>");
    assert_eq!(parsed.records[0].1.document.sha256, Digest::of(&parsed.documents[0]));
    let kept = String::from_utf8(parsed.documents[0].clone()).unwrap();
    assert!(kept.contains(signed) && !kept.contains("ann@x.org"));
    assert!(serde_json::from_str::<Value>(&kept).is_ok());
}

#[test]
fn a_file_is_refused_as_a_whole_only_when_it_holds_no_grants_data() {
    let good = json!({"type": "Project", "id": "p"}).to_string();
    for (text, part) in [
        ("", "f.json: not JSON: EOF"),
        ("{\"data\": [", "f.json: not JSON: EOF"),
        ("{} {}", "f.json: not JSON: trailing"),
        ("\"text\"", "f.json: no DAOIP-5 document: expected an object or a list"),
        ("null", "f.json: no DAOIP-5 document: expected an object or a list"),
        ("{}", "f.json: no DAOIP-5 document: neither `type`"),
        ("{\"data\": 5}", "f.json: no DAOIP-5 document: neither `type`"),
        ("{\"spdxVersion\": \"SPDX-2.3\"}", "f.json: no DAOIP-5 document: neither `type`"),
        (
            r#"{"data":[{"id":"a","data":[{"id":"b","data":[{"id":"c"}]}]}]}"#,
            "f.json: data[0].data[0]: lists of records nested more than 2 deep",
        ),
    ] {
        let refused = parse(&[("good.json", good.clone()), ("f.json", text.to_owned())]).unwrap_err();
        assert!(refused.to_string().starts_with(part), "{text}: {refused}");
    }
    let refused = parse_files(&[("f.json".to_owned(), b"[\"\xff\"]".to_vec())]).unwrap_err();
    assert_eq!(refused.to_string(), "f.json: not UTF-8 after 2 bytes");
    let many = format!("[{}0]", "0,".repeat(MAX_RECORDS));
    assert_eq!(parse(&[("f.json", many)]).unwrap_err().to_string(), "f.json: more than 200000 records");
    let page = one(&json!({"data": [], "pagination": {"hasNext": true}}));
    assert!(page.records.is_empty() && page.refused.is_empty());
    assert_eq!(page.warnings, ["f.json: one page of several: there are further records (`hasNext`)"]);
    assert_eq!(one(&json!([])).warnings, [""; 0]);
    assert!(parse(&[("deep.json", "[".repeat(1_000_000) + &"]".repeat(1_000_000))]).unwrap().records.is_empty());
}

#[test]
fn a_word_for_nothing_is_no_id() {
    for id in ["nan", "NaN", " None ", "null", "Undefined"] {
        let parsed =
            one(&json!([{"type": "Project", "id": id, "name": "One"}, {"type": "Project", "id": 12, "name": "Two"}]));
        assert_eq!(parsed.refused[0].reason, format!("id: `{}` is no id", id.trim()));
        assert_eq!(parsed.records[0].1.record.id(), "12");
    }
    let parsed = one(&json!({"type": "GrantApplication", "id": "a", "projectId": "nan"}));
    assert_eq!(application_in(&parsed).project_id, "a");
    assert_eq!(parsed.warnings, ["f.json (a): projectId: `nan` is no id"]);
}

#[test]
fn other_spellings_of_what_is_meant_are_read() {
    let system = json!({"type": "DAO", "grant_pools": [{"type": "GrantPool", "id": "r"}]});
    assert_eq!(rows(&one(&system)), ["f.json:grant_pools[0] (r)"]);
    let parsed = one(&json!({"type": "Project", "id": "p", "socials": [
        {"platform": "GitHub", "url": "https://github.com/own/app"}, {"platform": "X", "url": "https://x.example"},
        {"name": null, "value": null, "platform": "GitLab", "url": "https://gitlab.com/own/app"}, {"handle": "own"},
    ]}));
    assert_eq!(project_in(&parsed).git_urls, ["https://github.com/own/app", "https://gitlab.com/own/app"]);
    assert_eq!(project_in(&parsed).links.len(), 1);
    assert_eq!(parsed.warnings, ["f.json (p): socials: value: missing, so is the link"]);
    let percent = |text: &str| {
        let parsed = one(&json!({"type": "GrantApplication", "id": "a",
            "extensions": scf(&json!({"trancheCompletionPercent": text}))}));
        let number = application_in(&parsed).completion_percent.as_ref().map(|number| number.as_str().to_owned());
        (number, parsed.warnings.len())
    };
    assert_eq!(percent("100%"), (Some("100".to_owned()), 0));
    assert_eq!(percent(" 66.5 % "), (Some("66.5".to_owned()), 0));
    assert_eq!((percent("all"), percent("%"), percent("1%%")), ((None, 1), (None, 1), (None, 1)));
}

#[test]
fn a_file_in_utf_16_is_read_with_a_warning() {
    let text = json!({"type": "Project", "id": "daoip-5:scf:project:x", "name": "Ä"}).to_string();
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let read = parse_files(&[("f.json".to_owned(), wide)]).unwrap();
    assert_eq!(read.records, parse(&[("f.json", text)]).unwrap().records);
    assert!(read.warnings.contains(&format!("f.json: {}", encoding::WAS_UTF16)), "{:?}", read.warnings);
}
