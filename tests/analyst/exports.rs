//! `export`: files that other tools read.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::ecosystem;

#[tokio::test]
async fn the_graph_and_the_scores_as_files() {
    let place = ecosystem().await;
    let graph = place.run(&["export", "graph", "--as", "json"]);
    let (nodes, edges) = (graph["nodes"].as_array().unwrap(), graph["edges"].as_array().unwrap());
    assert_eq!(Value::from(edges.clone()), place.run(&["edges"]));
    let ids: Vec<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    for edge in edges {
        assert!(
            ids.contains(&edge["in_vertex"].as_str().unwrap()) && ids.contains(&edge["out_vertex"].as_str().unwrap())
        );
    }

    let path = place.path("graph.graphml");
    let said = place.run(&["export", "graph", "--as", "graphml", "--out", path.to_str().unwrap()]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(said["bytes"], text.len());
    assert_eq!((text.matches("<node ").count(), text.matches("<edge ").count()), (nodes.len(), edges.len()));
    assert!(text.starts_with("<?xml version=\"1.0\"") && text.ends_with("</graphml>\n"));
    assert!(text.contains("<edge source=\"pkg:github/o/a\" target=\"pkg:github/o/b\">"), "{text}");

    let lines = |args: &[&str]| String::from_utf8(place.ends(0, args).stdout).unwrap();
    let csv = lines(&["export", "graph", "--as", "csv"]);
    assert_eq!(csv.lines().next(), Some("in_vertex,out_vertex,version_range,confidence"));
    assert_eq!(csv.lines().count(), edges.len() + 1);
    let scores = place.run(&["export", "scores", "--as", "json"]);
    assert_eq!(scores.as_array().unwrap(), nodes);
    let csv = lines(&["export", "scores", "--as", "csv"]);
    assert_eq!(csv.lines().count(), nodes.len() + 1);

    assert_eq!(lines(&["export", "scores", "--as", "csv", "--out", "-"]), csv);

    // A file is written whole or not at all.
    let refused = place.ends(1, &["export", "scores", "--as", "csv", "--out", "/nonexistent/folder/scores.csv"]);
    assert!(refused.stderr.contains("/nonexistent/folder"), "{refused:?}");
}

/// What this process, and so a command of its own, keeps from others.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:")).unwrap();
    u32::from_str_radix(mask.trim(), 8).unwrap()
}

/// The two commands that write a file, without its name.
const WRITERS: [&[&str]; 2] = [&["audit", "export"], &["export", "scores", "--as", "json", "--out"]];

#[tokio::test]
async fn what_is_no_regular_file_is_written_through_to() {
    let place = ecosystem().await;
    for (n, writer) in WRITERS.into_iter().enumerate() {
        let write = |path: &Path| {
            let args: Vec<&str> = writer.iter().copied().chain([path.to_str().unwrap()]).collect();
            place.run(&args)["bytes"].as_u64().unwrap()
        };
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().mode() & 0o777;
        let path = |name: &str| place.path(&format!("{name}-{n}"));
        let file = path("file");
        write(&file);
        // An auditor's bundle is its owner's to hand on; an export is made for others.
        let expected = if writer[0] == "audit" { 0o600 } else { 0o666 & !umask() };
        assert_eq!(mode(&file), expected, "{writer:?}");
        let whole = fs::read(&file).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(&file, "former").unwrap();

        let (link, dangling, nothing) = (path("link"), path("dangling"), path("nothing"));
        symlink(file.file_name().unwrap(), &link).unwrap();
        symlink(nothing.file_name().unwrap(), &dangling).unwrap();
        for (link, target) in [(&link, &file), (&dangling, &nothing)] {
            assert_eq!(write(link), whole.len() as u64);
            assert!(fs::symlink_metadata(link).unwrap().is_symlink(), "{link:?}");
            assert_eq!(fs::read(target).unwrap(), whole);
        }
        assert_eq!(mode(&file), 0o644, "what is there keeps its mode");

        let fifo = path("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        assert_eq!(write(&fifo), whole.len() as u64);
        assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
        assert_eq!(reader.join().unwrap(), whole);

        let null = path("null");
        symlink("/dev/null", &null).unwrap();
        assert_eq!(write(&null), whole.len() as u64);
        assert!(fs::symlink_metadata("/dev/null").unwrap().file_type().is_char_device());
    }
    let refused = place.ends(2, &["audit", "export", "-"]);
    assert!(refused.stderr.contains("a bundle goes into a file"), "{refused:?}");
    assert!(!Path::new("-").exists());
}
