use std::fs;
use std::path::PathBuf;

use super::*;

/// The contract of every store, whatever it is made of; `store` is empty.
pub(crate) async fn keeps_the_contract(store: Store) {
    let (one, two) = (Bytes::from_static(b"one document"), Bytes::from_static(b"another"));
    let digest = Digest::of(&one);
    assert!(store.list().await.unwrap().is_empty());
    assert!(matches!(store.get(&digest).await, Err(ArtifactError::NotFound(missing)) if missing == digest));
    assert!(!store.exists(&digest).await.unwrap());

    assert_eq!(store.put(one.clone()).await.unwrap(), digest);
    assert_eq!(store.put(one.clone()).await.unwrap(), digest, "again is no error");
    assert_eq!(store.get(&digest).await.unwrap(), one);
    assert!(store.exists(&digest).await.unwrap());

    let empty = store.put(Bytes::new()).await.unwrap();
    assert_eq!(store.get(&empty).await.unwrap(), Bytes::new(), "an empty document is a document");
    let mut all = vec![digest, empty, store.put(two).await.unwrap()];
    all.sort_unstable();
    assert_eq!(store.list().await.unwrap(), all);

    // Damage of every kind is an error that names the digest, and a put mends it.
    for other in [&b""[..], b"one documen", b"one documenu", b"one document "] {
        store.place.objects().put(&key(&digest), PutPayload::from(other.to_vec())).await.unwrap();
        let error = store.get(&digest).await.unwrap_err();
        assert!(matches!(&error, ArtifactError::Damaged { digest: named, .. } if *named == digest), "{error}");
        assert!(error.to_string().contains(&digest.to_string()));
        assert_eq!(store.put(one.clone()).await.unwrap(), digest);
        assert_eq!(store.get(&digest).await.unwrap(), one);
    }

    // A group: one that is there, a damaged one, a new one twice.
    let new = Bytes::from_static(b"a third");
    store.place.objects().put(&key(&digest), PutPayload::from_static(b"one documenT")).await.unwrap();
    let group = [&one, &Bytes::new(), &new, &new].map(|document| RawDocument::of(document.clone()));
    store.put_all(group.clone()).await.unwrap();
    for document in group {
        assert_eq!(store.get(&document.digest()).await.unwrap(), document.bytes);
    }
    assert_eq!(store.list().await.unwrap().len(), 4);

    // Many writers of the same and of different documents, and readers among them.
    let big = |n: u8| Bytes::from(vec![n; 200_000]);
    let tasks: Vec<_> = (0..24_u8)
        .map(|n| {
            let (store, document) = (store.clone(), big(n % 4));
            tokio::spawn(async move {
                match store.get(&Digest::of(&document)).await {
                    Ok(found) => assert_eq!(found, document),
                    Err(ArtifactError::NotFound(_)) => {}
                    Err(error) => panic!("half a document was visible: {error}"),
                }
                store.put(document).await.unwrap()
            })
        })
        .collect();
    for (n, task) in (0..24_u8).zip(tasks) {
        assert_eq!(task.await.unwrap(), Digest::of(&big(n % 4)));
    }
    assert_eq!(store.list().await.unwrap().len(), 4 + 4);

    let copy = Store::memory();
    let moved = migrate(&store, &copy).await.unwrap();
    assert_eq!((moved.copied, moved.present, moved.damaged.len()), (8, 0, 0));
    assert_eq!(moved.copied_bytes, 4 * 200_000 + 12 + 7 + 7);
    assert_eq!(copy.list().await.unwrap(), store.list().await.unwrap());
    let again = migrate(&copy, &store).await.unwrap();
    assert_eq!(again, Migration { present: 8, ..Migration::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    keeps_the_contract(Store::memory()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(Store::local(&dir.path().join("deep/data")).unwrap()).await;
}

/// The file of a document in a folder.
fn file_of(dir: &Folder, digest: &Digest) -> PathBuf {
    let digest = digest.to_string();
    dir.join(ROOT).join(&digest[..2]).join(&digest[2..])
}

#[tokio::test]
async fn a_folder_is_private_and_its_files_are_the_documents() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(FOLDER)).unwrap();
    fs::set_permissions(dir.path().join(FOLDER), fs::Permissions::from_mode(0o755)).unwrap();
    let store = Store::local(dir.path()).unwrap();
    assert_eq!(fs::metadata(dir.path().join(FOLDER)).unwrap().permissions().mode() & 0o777, 0o700);
    let digest = store.put("abc").await.unwrap();
    let file = dir.path().join("artifacts/sha256/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(file, file_of(dir.path(), &digest));
    assert_eq!(fs::read(&file).unwrap(), b"abc");
    let reopened = Store::local(dir.path()).unwrap();
    assert_eq!(reopened.get(&digest).await.unwrap(), "abc");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    let digest = store.put(vec![7_u8; 10_000]).await.unwrap();
    let file = file_of(dir.path(), &digest);

    let mut flipped = vec![7_u8; 10_000];
    flipped[5_000] ^= 1;
    for content in [flipped, vec![7; 9_999], vec![]] {
        fs::write(&file, content).unwrap();
        let error = store.get(&digest).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("document {digest} is damaged: its ")), "{error}");
    }
    let other = Store::memory();
    let moved = migrate(&store, &other).await.unwrap();
    assert_eq!((moved.copied, &moved.damaged[..]), (0, &[digest][..]));
    assert!(other.list().await.unwrap().is_empty(), "damage does not spread");
    store.put(vec![7_u8; 10_000]).await.unwrap();
    assert_eq!(fs::read(&file).unwrap(), vec![7; 10_000]);
}

#[tokio::test]
async fn what_a_killed_writer_left_is_harmless() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    let digest = Digest::of(b"whole document");
    let file = file_of(dir.path(), &digest);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(format!("{}#1", file.display()), "whole doc").unwrap();
    fs::write(file.with_file_name("notes.txt"), "not ours").unwrap();

    assert!(matches!(store.get(&digest).await, Err(ArtifactError::NotFound(_))));
    assert!(!store.exists(&digest).await.unwrap() && store.list().await.unwrap().is_empty());
    assert_eq!(store.put("whole document").await.unwrap(), digest);
    assert_eq!(store.get(&digest).await.unwrap(), "whole document");
    assert_eq!(store.list().await.unwrap(), [digest]);
}

/// Names the folder to the process that is killed.
const VICTIM_FOLDER: &str = "PG_ATLAS_TEST_VICTIM_FOLDER";

/// Size of what it writes.
const VICTIM_BYTES: usize = 200_000;

/// Writes documents alone and in groups until it is killed; does nothing unless [`kill_9_leaves_whole_documents_only`]
/// starts it.
#[tokio::test]
async fn a_writer_for_the_next_test() {
    let Some(folder) = std::env::var_os(VICTIM_FOLDER) else { return };
    let store = Store::local(Folder::new(&folder)).unwrap();
    let document = |n: u32| -> Vec<u8> { n.to_le_bytes().iter().copied().cycle().take(VICTIM_BYTES).collect() };
    for n in (0_u32..).step_by(20) {
        store.put(document(n)).await.unwrap();
        store.put_all((n + 1..n + 20).map(|n| RawDocument::of(document(n)))).await.unwrap();
    }
}

#[tokio::test]
async fn kill_9_leaves_whole_documents_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    let mut seen = 0;
    for _ in 0..3 {
        let mut victim = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "artifact::tests::a_writer_for_the_next_test"])
            .env(VICTIM_FOLDER, dir.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while store.list().await.unwrap().len() < seen + 30 {
            assert!(victim.try_wait().unwrap().is_none(), "the writer ended by itself");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        let digests = store.list().await.unwrap();
        for digest in &digests {
            assert_eq!(store.get(digest).await.unwrap().len(), VICTIM_BYTES);
        }
        seen = digests.len();
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_said_plainly() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("blocked");
    fs::write(&blocked, "a file, not a folder").unwrap();
    let error = Store::local(&blocked).unwrap_err().to_string();
    let expected = format!("the folder {} cannot be used: ", blocked.display());
    assert!(error.starts_with(&expected), "{error}");

    let store = Store::local(dir.path()).unwrap();
    fs::write(dir.path().join(ROOT), "in the way").unwrap();
    let error = store.put("x").await.unwrap_err();
    assert!(matches!(error, ArtifactError::Place(PlaceError::File { .. })), "{error:?}");
}

#[tokio::test]
async fn sizes_are_bounded() {
    let store = Store::memory();
    // Zeros that are never touched take no memory.
    let too_large = Bytes::from(vec![0_u8; usize::try_from(MAX_DOCUMENT_BYTES).unwrap() + 1]);
    let digest = Digest::of(b"x");
    store.place.objects().put(&key(&digest), PutPayload::from(too_large.clone())).await.unwrap();
    assert!(matches!(store.get(&digest).await, Err(ArtifactError::Damaged { .. })));
    assert!(matches!(store.put(too_large.clone()).await, Err(ArtifactError::TooLarge(268_435_457))));
    let dir = tempfile::tempdir().unwrap();
    let folder = Store::local(dir.path()).unwrap();
    let group = ["small".into(), too_large].map(|document: Bytes| RawDocument::of(document));
    assert!(matches!(folder.put_all(group).await, Err(ArtifactError::TooLarge(268_435_457))));
    assert!(folder.list().await.unwrap().is_empty(), "all of a group or none, where that can be told before");
}
