//! The script that hands a bill of materials in from any forge.

use super::*;

#[test]
fn the_script_hands_a_document_in_and_says_what_became_of_it() {
    if !Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skipped("curl is not installed");
    }
    let program = Program::fresh();
    let key = program.json("key create --repos pkg:github/acme/*")["key"].as_str().unwrap().to_owned();
    let file = program.file("sbom.json", document().to_string().as_bytes());
    let service = Service::of(&mut program.command(), &[]);
    let hand_in = |purl: &str| {
        let mut script = Command::new("sh");
        script.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/hand-in")).arg(purl).arg(&file);
        Ran::of(script.env("ATLAS", format!("http://{}/", service.host)).env("ATLAS_KEY", &key))
    };
    let first = hand_in("pkg:github/acme/tool").ok().json();
    assert_eq!((&first["outcome"], &first["position"]), (&json!("appended"), &json!(1)), "{first}");
    assert_eq!(hand_in("pkg:github/acme/tool").ok().json()["position"], 1, "the same again is safe");
    let refused = hand_in("pkg:github/other/tool");
    assert!(refused.code != 0 && refused.stdout.contains("detail"), "{refused:?}");
    assert_eq!(service.end(), Some(0));
}
