//! A small ecosystem with published scores, to be audited.

use domain::checkpoint::Checkpoint;
use domain::note::{Note, SigningKey, VerifyingKey};
use serde_json::{Value, json};

use crate::support::cli::Place;

/// A document of a repository with these dependencies: package and what it depends on in turn.
pub(crate) fn sbom(name: &str, packages: &[(&str, &[&str])]) -> String {
    let component = |package: &str| {
        let purl = format!("pkg:npm/{package}");
        json!({"type": "library", "name": package, "version": "1.0.0", "purl": purl, "bom-ref": purl})
    };
    let mut names: Vec<&str> =
        packages.iter().flat_map(|(one, more)| [*one].into_iter().chain(more.iter().copied())).collect();
    names.sort_unstable();
    names.dedup();
    let refs = |names: &[&str]| names.iter().map(|name| format!("pkg:npm/{name}")).collect::<Vec<_>>();
    let roots: Vec<&str> = packages.iter().map(|(name, _)| *name).collect();
    let root = format!("pkg:npm/{name}");
    let mut dependencies = vec![json!({"ref": root, "dependsOn": refs(&roots)})];
    dependencies
        .extend(packages.iter().map(|(name, more)| json!({"ref": format!("pkg:npm/{name}"), "dependsOn": refs(more)})));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"component": {"type": "library", "name": name, "version": "2.0.0", "purl": root, "bom-ref": root}},
        "components": names.iter().map(|name| component(name)).collect::<Vec<_>>(),
        "dependencies": dependencies,
    })
    .to_string()
}

/// Three repositories of three projects: `c` depends on `b` depends on `a`, and all on packages of others.
pub(crate) fn ecosystem(place: &Place) {
    let survey = "project_id,project_name,status,answered_at\np:a,A,live,2026-01-01\np:b,B,in-dev,2026-01-02\np:c,C,live,2026-01-03\n";
    let survey = place.file("survey.csv", survey);
    place.run(&["ingest", "survey", &survey]);
    for (name, packages) in [
        ("a", &[("x", &["y"][..]), ("y", &["z"][..])][..]),
        ("b", &[("a", &["x"][..]), ("z", &[][..])][..]),
        ("c", &[("b", &["a"][..]), ("w", &[][..])][..]),
    ] {
        let file = place.file(&format!("{name}.json"), sbom(name, packages));
        let (repo, project) = (format!("pkg:github/o/{name}"), format!("p:{name}"));
        place.run(&["ingest", "sbom", &file, "--repo", &repo, "--project", &project]);
    }
}

/// That ecosystem with its scores published under `one`, and live.
pub(crate) async fn published() -> Place {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    place.run(&["project"]);
    place
}

/// Answers what a command says, whatever its exit code was expected to be.
pub(crate) fn verify(place: &Place, code: i32, more: &[&str]) -> Value {
    let args: Vec<&str> = ["audit", "verify"].into_iter().chain(more.iter().copied()).collect();
    place.ends(code, &args).json()
}

/// The key that signs this log, in the hands of whoever would sign something else with it.
pub(crate) fn own_key(place: &Place) -> SigningKey {
    SigningKey::parse(&std::fs::read_to_string(place.data().join("signing.key")).unwrap()).unwrap()
}

/// What a note says, under the name of another log, signed by this log's key and by one of that name. Answers that
/// key's verification key too.
pub(crate) fn renamed(place: &Place, note: &str) -> (String, String) {
    let mut checkpoint = Checkpoint::parse(&Note::parse(note).unwrap().text).unwrap();
    checkpoint.origin = "other.example".to_owned();
    let other = SigningKey::from_seed(&checkpoint.origin, &[4; 32]).unwrap();
    let key = other.public().to_string();
    (checkpoint.sign(&[other, own_key(place)]).to_string(), key)
}

/// The checkpoint of a note, where this key has signed it.
pub(crate) fn open(note: &Value, key: &str) -> Option<Checkpoint> {
    let note = Note::parse(note.as_str().unwrap()).unwrap();
    let checkpoint = Checkpoint::parse(&note.text).unwrap();
    let signed = !checkpoint.signers(&note, &[VerifyingKey::parse(key).unwrap()]).unwrap().is_empty();
    signed.then_some(checkpoint)
}

/// Signs the log as it stands. Answers the file that the auditor keeps, and the verification key.
pub(crate) fn checkpoint(place: &Place, file: &str) -> (String, String) {
    let answer = place.run(&["audit", "checkpoint"]);
    let keys = answer["keys"].as_array().unwrap();
    let key = keys.last().unwrap().as_str().unwrap().to_owned();
    (place.file(file, answer.to_string()), key)
}
