use super::*;

/// Groups on either side of where files are made durable together.
const SIZES: [usize; 3] = [1, TOGETHER - 1, TOGETHER + 1];

/// Files of a group, in folders of which none is there yet.
fn files(count: usize) -> Vec<(String, Bytes)> {
    (0..count).map(|n| (format!("deep/{n:02}/file"), Bytes::from(vec![b'x'; n * COMPARED / 3]))).collect()
}

/// All that is below a folder and no folder, by its path there.
fn found(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name().into_string().unwrap())).unwrap();
        if path.is_dir() {
            found.extend(self::found(&path).into_iter().map(|(below, content)| (format!("{name}/{below}"), content)));
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

fn expected(files: &[(String, Bytes)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(name, content)| (name.clone(), content.to_vec())).collect()
}

#[tokio::test]
async fn files_are_there_under_their_names_and_nothing_beside_them() {
    for count in SIZES {
        let dir = tempfile::tempdir().unwrap();
        put_all(dir.path().to_owned(), files(count)).await.unwrap();
        assert_eq!(found(dir.path()), expected(&files(count)));
    }
}

#[tokio::test]
async fn what_is_there_is_left_and_what_is_damaged_is_replaced() {
    for count in SIZES {
        let dir = tempfile::tempdir().unwrap();
        put_all(dir.path().to_owned(), files(count)).await.unwrap();
        let inode = |n: usize| fs::metadata(dir.path().join(&files(count)[n].0)).unwrap().ino();
        let inodes: Vec<u64> = (0..count).map(inode).collect();
        let last = dir.path().join(&files(count)[count - 1].0);
        // Too long, too short, and of the same length with another end.
        let (whole, mut flipped) = (fs::read(&last).unwrap(), fs::read(&last).unwrap());
        if let Some(byte) = flipped.last_mut() {
            *byte ^= 1;
        }
        let damaged = [[&whole[..], b"more"].concat(), whole[..whole.len() / 2].to_vec(), flipped];
        for damaged in damaged.into_iter().filter(|damaged| *damaged != whole) {
            fs::write(&last, damaged).unwrap();
            put_all(dir.path().to_owned(), files(count)).await.unwrap();
            assert_eq!(found(dir.path()), expected(&files(count)));
        }
        assert_ne!(inode(count - 1), inodes[count - 1], "replaced");
        assert_eq!((0..count - 1).map(inode).collect::<Vec<_>>(), inodes[..count - 1], "left");
    }
}

#[tokio::test]
async fn a_group_that_fails_says_where_and_leaves_nothing_half_written() {
    for count in SIZES {
        // A file where a folder must be: nothing of the group can have its name yet.
        let dir = tempfile::tempdir().unwrap();
        let (last, _) = files(count).pop().unwrap();
        let blocked = dir.path().join(&last).parent().unwrap().to_owned();
        fs::create_dir(blocked.parent().unwrap()).unwrap();
        fs::write(&blocked, "in the way").unwrap();
        let error = put_all(dir.path().to_owned(), files(count)).await.unwrap_err();
        assert!(error.to_string().contains(&last), "{error}");
        let way = blocked.strip_prefix(dir.path()).unwrap().to_str().unwrap().to_owned();
        assert_eq!(found(dir.path()), BTreeMap::from([(way, b"in the way".to_vec())]));

        // A folder where a file must be, met only when files have their names.
        let dir = tempfile::tempdir().unwrap();
        let (first, _) = files(count).swap_remove(0);
        fs::create_dir_all(dir.path().join(&first).join("in the way")).unwrap();
        let error = put_all(dir.path().to_owned(), files(count)).await.unwrap_err();
        assert!(error.to_string().contains(&first), "{error}");
        let mut whole = expected(&files(count));
        whole.remove(&first);
        assert!(found(dir.path()).iter().all(|(name, content)| whole.get(name) == Some(content)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_the_same_files_do_not_meet() {
    for count in SIZES {
        let dir = tempfile::tempdir().unwrap();
        // What a killed writer left takes a name that nobody else needs.
        let beside = dir.path().join(format!("{}#1", files(count)[0].0));
        fs::create_dir_all(beside.parent().unwrap()).unwrap();
        fs::write(&beside, "half").unwrap();
        let writers: Vec<_> = (0..8).map(|_| tokio::spawn(put_all(dir.path().to_owned(), files(count)))).collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(fs::read(&beside).unwrap(), b"half");
        fs::remove_file(beside).unwrap();
        assert_eq!(found(dir.path()), expected(&files(count)));
    }
}
