//! A small ecosystem with published scores, to be audited.

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

/// Answers what a command says, whatever its exit code was expected to be.
pub(crate) fn verify(place: &Place, code: i32, more: &[&str]) -> Value {
    let args: Vec<&str> = ["audit", "verify"].into_iter().chain(more.iter().copied()).collect();
    place.ends(code, &args).json()
}

/// Signs the log as it stands. Answers the file that the auditor keeps, and the verification key.
pub(crate) fn checkpoint(place: &Place, file: &str) -> (String, String) {
    let answer = place.run(&["audit", "checkpoint"]);
    let keys = answer["keys"].as_array().unwrap();
    let key = keys.last().unwrap().as_str().unwrap().to_owned();
    (place.file(file, answer.to_string()), key)
}
