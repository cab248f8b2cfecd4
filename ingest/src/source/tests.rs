//! What every kind of document promises.

use std::collections::BTreeSet;

use super::*;

fn subject() -> Subject {
    Subject::new("pkg:github/o/r", None, &mut Vec::new()).unwrap()
}

/// A small document of a kind.
fn sample(kind: &str) -> Vec<u8> {
    let text = match kind {
        "sbom" => r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"x","purl":"pkg:npm/x@1"}]}"#,
        "survey" => "project_id,project_name,status,answered_at\np:1,One,live,2026-01-01\np:2,Two,gone,2026-01-01\n",
        "grants" => r#"[{"type":"Project","id":"p:1","name":"One"},{"type":"Project","id":true}]"#,
        "repo" => r#"{"full_name":"o/r","stargazers_count":7}"#,
        "git-log" => concat!(
            r#"{"format":"pg-atlas-git-log","pseudonym_key":"0123456789abcdef","repo":"pkg:github/o/r","rows":0,"#,
            r#""to":"2026-01-01","version":1}"#
        ),
        "registry" => r#"{"name":"x","vers":"1.0.0","deps":[]}"#,
        other => panic!("no sample of {other}"),
    };
    text.as_bytes().to_vec()
}

fn read(kind: &SourceKind) -> Reading {
    let document = sample(kind.name);
    let options =
        ReadOptions { observed_at: Timestamp::parse("2026-02-01T00:00:00Z").unwrap(), key: None, publishes: vec![] };
    let read = match kind.reads {
        Reads::Repository(read) => read(document, subject(), &options),
        Reads::Package(read) => read(document, &Purl::parse("pkg:cargo/x").unwrap()),
        Reads::Records(read) => read(&[("file".to_owned(), document)]),
    };
    read.unwrap()
}

/// A kind that is not in the list would be read by no batch, no rehearsal and no address.
#[test]
fn every_kind_that_a_file_declares_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/source");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let declares = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path).unwrap().lines().any(|line| line.starts_with("pub const KIND: SourceKind"))
    };
    assert_eq!(files.filter(declares).count(), ALL.len());
    assert_eq!(BTreeSet::from_iter(NAMES).len(), ALL.len(), "no name twice");
}

#[test]
fn a_kind_gives_what_it_says() {
    for kind in ALL {
        assert_eq!(named(kind.name).map(|kind| kind.documents), Some(kind.documents));
        let reading = read(kind);
        let told: BTreeSet<&str> = reading.summary.keys().map(String::as_str).collect();
        assert_eq!(told, kind.answer.iter().copied().collect(), "{}", kind.name);
        let many = matches!(kind.reads, Reads::Records(_));
        assert_eq!(reading.events.len(), 1, "{}", kind.name);
        assert_eq!(reading.refused.len(), usize::from(many), "{}", kind.name);
        // Every fact names one of the documents, and has a place where there may be many.
        let kept: BTreeSet<_> = reading.documents.iter().map(|document| domain::digest::Digest::of(document)).collect();
        for ReadEvent { event, place } in &reading.events {
            assert!(kept.contains(&event.document().unwrap().sha256), "{}", kind.name);
            assert_eq!(place.is_some(), many, "{}", kind.name);
        }
    }
    assert!(named("x").is_none());
}

#[test]
fn places_read_as_people_say_them() {
    assert_eq!(RecordPlace::Row(7).to_string(), "row 7");
    assert_eq!(RecordPlace::Named("f.json:data[1]".to_owned()).to_string(), "f.json:data[1]");
}
