//! `ingest registry`, with a registry on the loopback.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::cli::{Place, ended};
use crate::support::log::{check, count};

/// A sparse index: `a` needs `b` and `gone`, `b` needs `c`; `slow` never answers.
struct Index {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Index {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                std::thread::spawn(move || answer(&stream, &log));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: &TcpStream, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    lines.find(String::is_empty)?;
    let name = path.rsplit('/').next()?.to_owned();
    log.lock().unwrap().push(name.clone());
    let dependencies: &[&str] = match name.as_str() {
        "aaaa" => &["bbbb", "gone"],
        "bbbb" => &["cccc"],
        "cccc" => &[],
        "slow" => loop {
            std::thread::sleep(Duration::from_secs(60));
        },
        _ => {
            stream.write_all(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
            return None;
        }
    };
    let dependency = |name: &&str| json!({"name": name, "req": "^1", "kind": "normal", "optional": false, "features": [], "default_features": true, "target": null});
    let deps: Vec<_> = dependencies.iter().map(dependency).collect();
    let body = json!({
        "name": name, "vers": "1.0.0", "deps": deps, "cksum": "", "features": {}, "yanked": false,
    })
    .to_string();
    let head = format!(
        "HTTP/1.1 200 x\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).ok()
}

fn crawl(place: &Place, index: &Index, args: &[&str]) -> Command {
    let mut command = place.command(&["ingest", "registry", "--interval-ms", "0"]);
    command.args(args).env("PG_ATLAS_CRATES_INDEX_URL", &index.address);
    command
}

#[tokio::test]
async fn packages_are_followed_along_their_dependencies() {
    let place = Place::new().await;
    let index = Index::start();
    let run = |args: &[&str]| -> Value { ended(0, crawl(&place, &index, args)).json() };
    let dry = run(&["pkg:cargo/aaaa", "--dry-run"]);
    assert_eq!((dry["outcome"].as_str(), dry["last_position"].as_u64()), (Some("dry-run"), None));
    assert!(!place.data().join("artifacts").exists());

    let one = run(&["pkg:cargo/aaaa"]);
    assert_eq!((one["appended"].as_u64(), one["purls"].as_u64()), (Some(1), Some(1)), "{one}");
    let all = run(&["pkg:cargo/aaaa", "pkg:gem/x", "--hops", "2"]);
    assert_eq!((all["appended"].as_u64(), all["duplicates"].as_u64()), (Some(2), Some(1)), "{all}");
    assert_eq!((all["purls"].as_u64(), all["last_position"].as_u64()), (Some(3), Some(3)));
    let refused: Vec<_> = all["refused"].as_array().unwrap().iter().map(|row| row["row"].as_str().unwrap()).collect();
    assert_eq!(refused, ["pkg:gem/x", "pkg:cargo/gone"]);
    let again = run(&["pkg:cargo/aaaa", "--hops", "2"]);
    assert_eq!((again["appended"].as_u64(), again["duplicates"].as_u64()), (Some(0), Some(3)));

    assert_eq!(check(place.db.pool()).await.len(), 3);
    assert_eq!(place.run(&["artifact", "audit"]), json!([]));
    place.run(&["project"]);
    let edges = place.run(&["edges", "--of", "pkg:cargo/bbbb"]);
    assert_eq!(edges, json!([]), "the live formula knows no edge out of a package");
    let why = place.run(&["edges", "--why", "pkg:cargo/aaaa", "pkg:cargo/bbbb"]);
    assert_eq!(why[0]["kind"], "declared");
}

#[tokio::test]
async fn what_is_not_configured_is_named() {
    let place = Place::new().await;
    let unset = place.ends(2, &["ingest", "registry", "pkg:npm/x"]);
    assert!(unset.stderr.contains("PG_ATLAS_NPM_URL"), "{unset:?}");
    let mut odd = place.command(&["ingest", "registry", "pkg:npm/x"]);
    odd.env("PG_ATLAS_NPM_URL", "https://ann:s3cret@host/");
    assert!(!ended(2, odd).stderr.contains("s3cret"));
    place.ends(2, &["ingest", "registry", "left-pad"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interruption_leaves_what_was_appended() {
    for signal in [Signal::INT, Signal::TERM] {
        let place = Place::new().await;
        let index = Index::start();
        let packages = ["pkg:cargo/cccc", "pkg:cargo/slow", "pkg:cargo/bbbb"];
        let child = crawl(&place, &index, &packages).spawn().unwrap();
        let begun = Instant::now();
        while !index.asked().contains(&"slow".to_owned()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never came to the second package");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{signal:?}: {stderr}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((said["appended"].as_u64(), said["interrupted"].as_bool()), (Some(1), Some(true)));
        assert_eq!(count(place.db.pool(), "SELECT count(*) FROM log.event").await, 1);
    }
}
