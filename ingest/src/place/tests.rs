use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// The contract of every place, whatever it is made of; `place` is empty, and is again afterwards.
pub(crate) async fn keeps_the_contract(place: &Place) {
    let names = |files: Vec<ListedFile>| files.into_iter().map(|file| (file.name, file.bytes)).collect::<Vec<_>>();
    assert!(place.folders().await.unwrap().is_empty());
    assert!(place.get("one/first", 10).await.unwrap().is_none());
    for (file, content) in [("one/first", "1234"), ("one/deep/second", "12"), ("one2/first", "x"), ("two/first", "")] {
        place.put(file, Bytes::from(content)).await.unwrap();
    }
    assert_eq!(place.folders().await.unwrap(), ["one", "one2", "two"]);
    let expected = [("deep/second".to_owned(), 2), ("first".to_owned(), 4)];
    assert_eq!(names(place.files("one").await.unwrap()), expected, "and nothing of a longer name");
    assert_eq!(place.get("one/first", 4).await.unwrap().unwrap(), "1234");
    assert!(matches!(place.get("one/first", 3).await, Err(PlaceError::TooLarge { bytes: 4, most: 3, .. })));
    place.put("one/first", Bytes::from("4321")).await.unwrap();
    assert_eq!(place.get("one/first", 4).await.unwrap().unwrap(), "4321");
    place.remove("one", "first").await.unwrap();
    place.remove("one", "first").await.unwrap();
    assert_eq!(place.folders().await.unwrap(), ["one2", "two"]);
    place.remove("one2", "none of its files").await.unwrap();
    place.remove("two", "first").await.unwrap();
    assert!(place.folders().await.unwrap().is_empty());
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    keeps_the_contract(&Place::memory()).await;
}

#[tokio::test]
async fn a_folder_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/place");
    let place = Place::open(folder.to_str().unwrap()).unwrap();
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, FOLDER_MODE);
    keeps_the_contract(&place).await;
    // What a killed writer has left goes with its folder.
    place.put("one/first", Bytes::from("x")).await.unwrap();
    std::fs::write(folder.join("one/first#1"), "half").unwrap();
    assert_eq!(place.files("one").await.unwrap().len(), 1);
    place.remove("one", "first").await.unwrap();
    assert!(!folder.join("one").exists());
}

#[test]
fn only_who_writes_makes_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("missing");
    let name = folder.to_str().unwrap();
    assert!(matches!(Place::found(name), Err(PlaceError::Folder { .. })) && !folder.exists());
    Place::open(name).unwrap();
    assert!(Place::found(name).is_ok());
    assert!(matches!(Place::open("gopher://x"), Err(PlaceError::Scheme(scheme)) if scheme == "gopher"));
}
