//! A service that holds the log's key signs it; one that holds none makes none.

use super::*;

#[test]
fn a_log_that_has_grown_is_signed_by_who_holds_its_key() {
    let program = Program::fresh();
    program.sbom("acme/tool", &document(), &[]);
    let service = Service::of(&mut program.command(), &[]);
    assert_eq!(service.get("/log/checkpoint").0, 404);
    assert_eq!(service.end(), Some(0));
    assert!(!program.data().join("signing.key").exists(), "who serves makes no key");
    let key = program.json("audit checkpoint --origin atlas.example/log")["keys"][0].as_str().unwrap().to_owned();
    program.sbom("acme/later", &document(), &[]);
    let size = |service: &Service| service.asked("/log/checkpoint", &[]).2.lines().nth(1).map(str::to_owned);
    let reader = Service::of(&mut program.command(), &["--read-only"]);
    let service = Service::of(&mut program.command(), &[]);
    let begun = Instant::now();
    while size(&service).as_deref() != Some("2") {
        assert!(begun.elapsed() < AT_ALL, "the log is not signed");
        thread::sleep(LOOK);
    }
    let note = program.file("checkpoint.note", reader.asked("/log/checkpoint", &[]).2.as_bytes());
    let arguments = ["audit", "verify", "--key", &key, "--checkpoint", note.to_str().unwrap()];
    let verified = program.run(arguments).ok().json();
    assert_eq!((&verified["trusted"], &verified["trusted_to"]), (&json!(true), &json!(2)), "{verified}");
    assert_eq!((service.end(), reader.end()), (Some(0), Some(0)));
}
