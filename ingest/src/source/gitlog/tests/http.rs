//! Clone URLs, against a server on the loopback interface.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use super::support::*;
use crate::source::gitlog::*;

/// What a server does with a request.
#[derive(Clone)]
enum Manner {
    /// Serves the repositories below this folder, as git's own server does, with or without filters.
    Git(PathBuf, bool),
    /// Takes the request and never answers.
    Silent,
    /// Answers with these bytes.
    Says(String),
}

/// A server; the log holds the first line of every request.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (manner, seen) = (manner.clone(), Arc::clone(&seen));
                thread::spawn(move || answer(&manner, stream, &seen));
            }
        });
        Self { port, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }
}

fn answer(manner: &Manner, mut stream: TcpStream, seen: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 || line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    seen.lock().ok()?.push(head.first()?.clone());
    let header = |name: &str| {
        let matches = |line: &&String| line.split_once(": ").is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        head.iter().find(matches).and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value).to_owned()
    };
    let mut body = vec![0; header("Content-Length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    match manner {
        Manner::Silent => thread::sleep(Duration::from_secs(3600)),
        Manner::Says(text) => stream.write_all(text.as_bytes()).ok()?,
        Manner::Git(root, filters) => {
            let mut request = head[0].split(' ');
            let (method, target) = (request.next()?, request.next()?);
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let mut child = Command::new("git")
                .args(["-c", &format!("uploadpack.allowFilter={filters}"), "http-backend"])
                .env("GIT_PROJECT_ROOT", root)
                .env("GIT_HTTP_EXPORT_ALL", "1")
                .env("PATH_INFO", path)
                .env("QUERY_STRING", query)
                .env("REQUEST_METHOD", method)
                .env("CONTENT_TYPE", header("Content-Type"))
                .env("HTTP_CONTENT_ENCODING", header("Content-Encoding"))
                .env("GIT_PROTOCOL", header("Git-Protocol"))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .ok()?;
            child.stdin.take()?.write_all(&body).ok()?;
            let output = child.wait_with_output().ok()?.stdout;
            let text = String::from_utf8_lossy(&output);
            let status =
                text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Status: "));
            let status = status.unwrap_or("200 OK");
            stream.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n").as_bytes()).ok()?;
            stream.write_all(&output).ok()?;
        }
    }
    Some(())
}

fn history() -> Repo {
    let repo = Repo::new("dev");
    for day in 1..=9 {
        repo.write("file", &format!("{day}"), "annie <annie@old.example>", &format!("2025-01-0{day}T12:00:00Z"));
    }
    repo.write(".mailmap", "Ann Author <ann@example.org> <annie@old.example>\n", BOB, "2025-02-01T12:00:00Z");
    std::fs::create_dir(repo.path().join("folder")).unwrap();
    repo.write("folder/deep", "deep", BOB, "2025-02-02T12:00:00Z");
    repo.git(&["tag", "v1"]);
    repo.git(&["branch", "other"]);
    repo
}

#[test]
fn a_clone_url_gives_the_facts_of_the_repository_with_its_mailmap() {
    let repo = history();
    let bare = repo.beside("repo.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let server = Server::start(Manner::Git(repo.beside(""), true));
    let scratch = tempfile::tempdir().unwrap();
    let options = Options { scratch: Some(scratch.path().to_owned()), ..options("2026-01-01") };
    let parsed = read_argument(server.url("repo.git"), &options).unwrap();
    assert_eq!(parsed, read_path(repo.path()).unwrap());
    assert_eq!(days(&parsed, "ann@example.org").len(), 9);
    assert_eq!(parsed.branch.as_deref(), Some("dev"));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn only_commits_and_what_the_mailmap_needs_are_fetched() {
    let repo = history();
    let bare = repo.beside("repo.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let server = Server::start(Manner::Git(repo.beside(""), true));
    let git = git::Git::new(&options("2026-01-01"), "http").unwrap();
    let objects = || {
        let counted = git.ask("counting", &["count-objects", "-v"]).unwrap().output("counting").unwrap();
        let counted = String::from_utf8(counted).unwrap();
        let of = |name: &str| counted.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok());
        of("count:").unwrap() + of("in-pack:").unwrap()
    };
    let tip = remote::fetch_url(&git, &server.url("repo.git")).unwrap();
    assert_eq!(objects(), 11, "the commits");
    let key = key();
    let mut reader = log::LogReader::new(CoveredDays::new(options("2026-01-01").observed_at, None), &key);
    tip::read_log(&git, &tip, &mut reader).unwrap();
    assert_eq!(objects(), 13, "and the top folder and .mailmap of the last one");
}

#[test]
fn a_server_that_cannot_filter_is_read_all_the_same() {
    let repo = history();
    let bare = repo.beside("repo.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let server = Server::start(Manner::Git(repo.beside(""), false));
    let parsed = read_argument(server.url("repo.git"), &options("2026-01-01")).unwrap();
    assert_eq!(days(&parsed, "ann@example.org").len(), 9);
}

#[test]
fn an_empty_or_shallow_or_missing_repository_is_no_success() {
    let repo = history();
    let path = |name: &str| repo.beside(name).to_str().unwrap().to_owned();
    repo.git(&["init", "-q", "--bare", &path("empty.git")]);
    let source = format!("file://{}", repo.path().display());
    repo.git(&["clone", "-q", "--bare", "--depth=2", &source, &path("shallow.git")]);
    let server = Server::start(Manner::Git(repo.beside(""), true));
    let read = |name: &str| read_argument(server.url(name), &options("2026-01-01"));
    assert!(refusal(read("empty.git")).contains("no commit yet"));
    assert!(refusal(read("shallow.git")).contains("unshallow"));
    let missing = read("missing.git").unwrap_err();
    assert!(matches!(missing, GitLogError::Git { .. }) && missing.to_string().contains("not found"), "{missing}");
}

#[test]
fn a_silent_server_is_left_after_the_time_allowed() {
    let server = Server::start(Manner::Silent);
    let scratch = tempfile::tempdir().unwrap();
    let timeout = Duration::from_secs(5);
    let options = Options { timeout, scratch: Some(scratch.path().to_owned()), ..options("2026-01-01") };
    let error = read_argument(server.url("repo.git"), &options).unwrap_err();
    assert!(matches!(error, GitLogError::Timeout { step: "asking for the branches", .. }), "{error}");
    assert_eq!(server.requests.lock().unwrap().len(), 1, "it was asked");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn a_server_leads_nowhere_else() {
    let repo = history();
    let secret = format!("file://{}", repo.path().join(".git").display());
    for target in [secret.as_str(), "ext::touch canary", "ftp://127.0.0.1/x"] {
        let location = format!("HTTP/1.1 302 Found\r\nLocation: {target}/info/refs?service=git-upload-pack\r\n");
        let text = format!("{location}Content-Length: 0\r\nConnection: close\r\n\r\n");
        let server = Server::start(Manner::Says(text));
        let error = read_argument(server.url("repo.git"), &options("2026-01-01")).unwrap_err();
        assert!(matches!(error, GitLogError::Git { .. }), "{target}: {error}");
    }
}

#[test]
fn nobody_is_asked_for_a_password_and_a_server_cannot_paint() {
    let text = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\
                Connection: close\r\n\r\n";
    let server = Server::start(Manner::Says(text.to_owned()));
    let error = read_argument(server.url("repo.git"), &options("2026-01-01")).unwrap_err().to_string();
    assert!(error.contains("could not read Username"), "{error}");

    let body = "\u{1b}[2J ask ann@example.org at https://u:s3cret@host.example/ \r\n";
    let head = "HTTP/1.1 500 Broken\r\nContent-Type: text/plain\r\nConnection: close\r\n";
    let text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let server = Server::start(Manner::Says(text));
    let error = read_argument(server.url("repo.git"), &options("2026-01-01")).unwrap_err().to_string();
    assert!(!error.contains('\u{1b}') && !error.contains("s3cret") && !error.contains("ann@"), "{error}");
    assert!(error.contains("remote:") && error.contains("<email>"), "the server's words arrive: {error}");
}
