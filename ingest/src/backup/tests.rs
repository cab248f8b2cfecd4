use std::collections::BTreeSet;

use bytes::Bytes;
use domain::digest::Digest;
use domain::time::Timestamp;

use super::BackupError;
use super::files::PackedFiles;
use super::manifest::{BackupDocuments, BackupId, BackupManifest, FORMAT, LiveDigests};
use super::reader::BackupReader;
use super::shelf;
use super::writer::BackupWriter;
use crate::artifact::Store;
use crate::place::Place;

fn at(time: &str) -> Timestamp {
    Timestamp::parse_time_or_date(time).unwrap()
}

/// A manifest of an empty log.
fn manifest(id: &BackupId, created_at: Timestamp) -> BackupManifest {
    BackupManifest {
        format: FORMAT.to_owned(),
        id: id.clone(),
        created_at,
        tool: "tests/1".to_owned(),
        schema: 17,
        head: 0,
        root: Digest::of(b""),
        pending: 0,
        checkpoint: Some("a note\n\n\u{2014} signed\n".to_owned()),
        live: Some(LiveDigests {
            formula: "seed".to_owned(),
            formula_hash: Digest::of(b"f"),
            digest: Digest::of(b"d"),
            state_digest: Digest::of(b"s"),
            families: [("graph".to_owned(), 3)].into(),
        }),
        pseudonym_keys: vec!["a key".to_owned()],
        bytes: 0,
        tables: Vec::new(),
        documents: BackupDocuments::default(),
    }
}

/// A backup without rows, begun at a time.
async fn made(place: &Place, time: &str) -> BackupId {
    let id = BackupId::new(at(time));
    let writer = BackupWriter::begin(place.clone(), id.clone()).unwrap();
    writer.end(&manifest(&id, at(time))).await.unwrap();
    id
}

/// What every place of backups does, whatever it is made of; `place` is empty.
pub(crate) async fn keeps_backups(place: Place) {
    let store = Store::memory();
    // More than one file, and a document in two of them: what does not pack is as long as it was.
    let noise: Vec<u8> = (0..700_000_u32).flat_map(|n| Digest::of(&n.to_be_bytes()).0).collect();
    let documents = [Bytes::new(), Bytes::from("one\n"), Bytes::from(noise)];
    for document in &documents {
        store.put(document.clone()).await.unwrap();
    }
    let lost = Digest::of(b"lost");
    let named: BTreeSet<Digest> = documents.iter().map(|document| Digest::of(document)).chain([lost]).collect();

    assert!(matches!(shelf::newest(&place).await, Err(BackupError::None)));
    let (id, now) = (BackupId::new(at("2026-03-01T12:00:00Z")), at("2026-03-01T12:00:00.5Z"));
    let writer = BackupWriter::begin(place.clone(), id.clone()).unwrap();
    let written = writer.documents(&store, &named, &mut || ()).await.unwrap();
    assert_eq!((written.count, written.bytes, &written.missing), (3, 22_400_004, &vec![lost]));
    assert!(written.files.len() > 1, "{:?}", written.files);
    let [listed] = &shelf::list(&place).await.unwrap()[..] else { panic!("one folder") };
    assert!(listed.manifest.is_err() && listed.id == id, "without a manifest it is none");
    assert!(matches!(BackupReader::open(&place, &id).await, Err(BackupError::NotFound(_))));

    let manifest = BackupManifest { documents: written, ..manifest(&id, now) };
    writer.end(&manifest).await.unwrap();
    let reader = BackupReader::open(&place, &shelf::newest(&place).await.unwrap()).await.unwrap();
    assert_eq!(*reader.manifest(), manifest);
    reader.check(&mut || ()).await.unwrap();
    let back = Store::memory();
    assert_eq!(reader.documents(&back, &mut || ()).await.unwrap(), 3);
    assert_eq!(back.list().await.unwrap(), store.list().await.unwrap());

    // A whole file of another backup in the place of one is as wrong as a byte.
    let (first, second) = (&manifest.documents.files[0], &manifest.documents.files[1]);
    let swapped = place.get(&format!("{id}/{}", second.name), second.bytes).await.unwrap().unwrap();
    let whole = place.get(&format!("{id}/{}", first.name), first.bytes).await.unwrap().unwrap();
    place.put(&format!("{id}/{}", first.name), swapped).await.unwrap();
    let error = reader.check(&mut || ()).await.unwrap_err();
    assert!(matches!(&error, BackupError::Damaged { file, .. } if *file == first.name), "{error}");
    assert!(shelf::list(&place).await.unwrap()[0].manifest.is_err());
    place.put(&format!("{id}/{}", first.name), whole).await.unwrap();
    assert!(shelf::list(&place).await.unwrap()[0].manifest.is_ok());

    shelf::remove(&place, &id).await.unwrap();
    assert!(shelf::list(&place).await.unwrap().is_empty());
}

#[tokio::test]
async fn memory_keeps_backups() {
    keeps_backups(Place::memory()).await;
}

#[tokio::test]
async fn a_folder_keeps_backups() {
    let dir = tempfile::tempdir().unwrap();
    keeps_backups(Place::folder(dir.path()).unwrap()).await;
}

#[test]
fn a_byte_that_changed_anywhere_in_a_manifest_is_found() {
    let id = BackupId::new(at("2026-03-01"));
    let manifest = manifest(&id, at("2026-03-01"));
    let text = manifest.to_json().unwrap();
    assert_eq!(BackupManifest::from_json(&id, &text).unwrap(), manifest);
    for n in 0..text.len() {
        for bit in [0x01, 0x20] {
            let mut other = text.clone();
            other[n] ^= bit;
            assert!(BackupManifest::from_json(&id, &other).is_err(), "byte {n}: {}", String::from_utf8_lossy(&other));
        }
    }
    for cut in [0, 1, text.len() / 2, text.len() - 1] {
        assert!(BackupManifest::from_json(&id, &text[..cut]).is_err());
    }
    let other = BackupId::new(at("2026-03-02"));
    assert!(BackupManifest::from_json(&other, &text).unwrap_err().to_string().contains(id.as_str()));
    let later = BackupManifest { format: "pg-atlas-backup/2".to_owned(), ..manifest };
    let error = BackupManifest::from_json(&id, &later.to_json().unwrap()).unwrap_err().to_string();
    assert!(error.contains("pg-atlas-backup/2") && error.contains(FORMAT), "{error}");
}

#[test]
fn an_id_is_a_time_and_digits() {
    let id = BackupId::new(at("2026-11-29T10:59:22.999999Z"));
    assert!(id.as_str().starts_with("20261129T105922Z-") && id.as_str().len() == 25, "{id}");
    assert_eq!(id.begun(), at("2026-11-29T10:59:22Z"));
    assert_eq!(BackupId::parse(id.as_str()).unwrap(), id);
    assert_ne!(BackupId::new(at("2026-11-29")), BackupId::new(at("2026-11-29")));
    for wrong in [
        "",
        "..",
        "20261129T105922Z",
        "20261129T105922Z-",
        "20261129T105922Z-5F1C09AB",
        "20261129T105922Z-5f1c09abc",
        "20261329T105922Z-5f1c09ab",
        "20261129T105922Z-5f1c09a/",
        "2026-1129T105922Z-5f1c09ab",
        "00011129T105922Z-5f1c09ab",
    ] {
        assert!(matches!(BackupId::parse(wrong), Err(BackupError::Id(_))), "{wrong}");
    }
}

#[tokio::test]
async fn old_backups_go_by_the_calendar_and_the_newest_complete_one_stays() {
    let place = Place::memory();
    let mut ids = Vec::new();
    for time in ["2026-01-01", "2026-01-30T23:59:59Z", "2026-01-31T00:00:00Z", "2026-02-15"] {
        ids.push(made(&place, time).await);
    }
    // Interrupted ones: an old and a young.
    for time in ["2026-01-02", "2026-03-01"] {
        let id = BackupId::new(at(time));
        let mut files = PackedFiles::new(&place, &id, "log.event");
        files.write(b"rows").await.unwrap();
        files.end().await.unwrap();
        ids.push(id);
    }
    let shelf = shelf::list(&place).await.unwrap();
    assert_eq!(shelf.len(), 6);
    let outdated = |now: &str, days: u16| -> Vec<BackupId> {
        shelf::outdated(&shelf, at(now), days).into_iter().map(|backup| backup.id.clone()).collect()
    };
    // Day 30 stays, day 31 goes, whatever the time of day.
    let expected = [ids[0].clone(), ids[4].clone(), ids[1].clone()];
    assert_eq!(outdated("2026-03-02T00:00:00Z", 30), expected);
    assert_eq!(outdated("2026-03-02T23:59:59Z", 30), expected);
    let all_but_the_newest: Vec<BackupId> = [0, 4, 1, 2, 5].map(|n| ids[n].clone()).into();
    assert_eq!(outdated("2030-01-01", 1), all_but_the_newest, "an interrupted one is not the newest");
    assert_eq!(outdated("2026-01-01", 1), []);
}

#[tokio::test]
async fn of_two_backups_of_one_second_the_later_is_the_newest() {
    for _ in 0..8 {
        let place = Place::memory();
        let later = made(&place, "2026-01-01T00:00:00.9Z").await;
        let first = made(&place, "2026-01-01T00:00:00.1Z").await;
        assert_eq!(shelf::newest(&place).await.unwrap(), later);
        let listed = shelf::list(&place).await.unwrap();
        assert!(listed.iter().map(|backup| &backup.id).eq([&first, &later]));
    }
}
