//! Databases that are not there, refuse, or are named wrongly: exit code 2, a clear reason, and never the password.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::documents::spdx;
use crate::support::program::{Program, Ran, bare};

/// The password that must appear nowhere.
const CANARY: &str = "canary-s3cret";
/// Request of a client that would like to encrypt, in the place of a protocol version.
const SSL_REQUEST: u32 = 80_877_103;

/// Runs a command against a database URL, with every diagnostic there is.
fn against(url: &str, args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let mut command = bare();
    command.args(args).env("DATABASE_URL", url).env("PG_ATLAS_DATA_DIR", folder.path()).env("RUST_LOG", "trace");
    let ran = Ran::of(&mut command);
    assert!(!format!("{ran:?}").contains(CANARY), "{ran:#?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "nothing is kept of what was not appended: {left:?}");
    ran
}

/// Speaks the server's side of one session's start and asks for a password; then refuses it.
fn refuse_password(mut client: TcpStream) -> std::io::Result<()> {
    let mut word = [0; 4];
    let start = loop {
        client.read_exact(&mut word)?;
        let length = usize::try_from(u32::from_be_bytes(word)).unwrap();
        let mut rest = vec![0; length - 4];
        client.read_exact(&mut rest)?;
        if u32::from_be_bytes(rest[..4].try_into().unwrap()) != SSL_REQUEST {
            break rest;
        }
        client.write_all(b"N")?;
    };
    assert!(!start.is_empty());
    // AuthenticationCleartextPassword; then the client's answer: type, length, password, NUL.
    client.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3])?;
    let mut kind = [0; 1];
    client.read_exact(&mut kind)?;
    client.read_exact(&mut word)?;
    let mut password = vec![0; usize::try_from(u32::from_be_bytes(word)).unwrap() - 4];
    client.read_exact(&mut password)?;
    assert_eq!(password, [CANARY.as_bytes(), &[0]].concat(), "the story is about a password that was sent");
    let fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"somebody\"\0\0";
    client.write_all(b"E")?;
    client.write_all(&u32::try_from(fields.len() + 4).unwrap().to_be_bytes())?;
    client.write_all(fields)
}

#[test]
fn a_wrong_password_is_refused_and_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || refuse_password(listener.accept().unwrap().0).unwrap());
    let ran = against(&format!("postgres://somebody:{CANARY}@127.0.0.1:{port}/atlas"), &["status"]);
    server.join().unwrap();
    let complaint = ran.fails(2);
    assert!(complaint.contains("cannot connect to the database"), "{complaint}");
    assert!(complaint.contains("password authentication failed"), "{complaint}");
}

#[test]
fn a_server_that_is_not_there_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgres://somebody:{CANARY}@127.0.0.1:{port}/atlas");
    for args in
        [&["status"][..], &["scores"], &["events"], &["project"], &["demo"], &["publish", "--label", "x"], &["migrate"]]
    {
        let complaint = against(&url, args).fails(2);
        let place = format!("cannot connect to the database at 127.0.0.1:{port}: ");
        assert!(complaint.contains(&place) && complaint.contains("refused"), "{complaint}");
    }
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("sbom.json");
    std::fs::write(&document, spdx(&["a"], &[]).to_string()).unwrap();
    let args = ["ingest", "sbom", document.to_str().unwrap(), "--repo", "pkg:github/o/a"];
    assert!(against(&url, &args).fails(2).contains("cannot connect"));
    // No socket where one is expected.
    let url = format!("postgres://somebody:{CANARY}@%2Fno%2Fsuch%2Ffolder/atlas");
    assert!(against(&url, &["status"]).fails(2).contains("cannot connect to the database at /no/such/folder"));
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let complaint = against(&format!("postgres://somebody:{CANARY}@127.0.0.1:{port}/atlas"), &["status"]).fails(2);
    assert!(complaint.contains("cannot connect to the database") && complaint.contains("no answer"), "{complaint}");
    drop(listener);
}

#[test]
fn a_database_that_does_not_exist_is_named() {
    let program = Program::fresh();
    let mut command = program.command();
    let url = format!("{}_gone", program.url().split('?').next().unwrap());
    let complaint = Ran::of(command.arg("status").env("DATABASE_URL", url)).fails(2);
    assert!(complaint.contains("does not exist"), "{complaint}");
}

#[test]
fn a_url_that_is_none_is_refused_without_being_repeated() {
    for url in [
        "",
        " ",
        CANARY,
        "postgres://",
        "localhost:5432",
        &format!("mysql://somebody:{CANARY}@127.0.0.1/atlas"),
        &format!("file:///{CANARY}"),
        &format!("postgres:somebody:{CANARY}@127.0.0.1/atlas"),
        &format!("postgres://somebody:{CANARY}#tail@127.0.0.1/atlas"),
        &format!("postgres://somebody:{CANARY}@127.0.0.1:none/atlas"),
        &format!("postgres://somebody:{CANARY}@127.0.0.1:99999/atlas"),
        &format!("postgres://somebody@127.0.0.1/atlas?sslmode={CANARY}"),
        &format!("postgres://somebody@127.0.0.1/atlas?port={CANARY}"),
        &format!("host=127.0.0.1 user=somebody password={CANARY}"),
    ] {
        // In the environment a text that is empty is none.
        for args in [&["status"][..], &["events"]].into_iter().filter(|_| !url.is_empty()) {
            let complaint = against(url, args).fails(2);
            assert!(complaint.contains("the database URL is not of the form postgres://"), "{url}: {complaint}");
        }
        let mut command = bare();
        let ran = Ran::of(command.args(["status", "--database-url", url]));
        assert!(ran.code == 2 && !format!("{ran:?}").contains(CANARY), "{ran:#?}");
    }
}

#[test]
fn parameters_that_mean_nothing_here_are_named_without_their_values() {
    let program = Program::fresh();
    let mark = if program.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{mark}channel_binding=prefer&sslpassword={CANARY}", program.url());
    let mut command = program.command();
    let ran = Ran::of(command.args(["status", "-vv"]).env("DATABASE_URL", url)).ok();
    assert!(!format!("{ran:?}").contains(CANARY), "{ran:#?}");
    assert!(ran.stderr.contains("`sslpassword`") && ran.stderr.contains("`channel_binding`"), "{}", ran.stderr);
}
