//! What is as long as it may be passes the whole way: nothing that is accepted stops a projection.

use serde_json::{Value, json};

use crate::support::cli::Place;
use crate::support::random::Random;

/// Text that no compression makes short.
fn noise(dice: &mut Random, letters: usize, alphabet: &str) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    (0..letters).map(|_| alphabet[dice.below(alphabet.len() as u64) as usize]).collect()
}

#[tokio::test]
async fn the_longest_names_are_projected() {
    let place = Place::new().await;
    let dice = &mut Random::new(1);
    let wide: String = ('\u{4e00}'..'\u{9f00}').collect();
    let plain = "abcdefghijklmnopqrstuvwxyz0123456789";
    let mut component = |reference: &str, purl: bool| {
        let mut entry =
            json!({"bom-ref": reference, "name": noise(dice, 170, &wide), "version": noise(dice, 512, plain)});
        if purl {
            entry["purl"] = json!(format!("pkg:npm/{}", noise(dice, 990, plain)));
        }
        entry
    };
    let components: Vec<Value> =
        [("a", false), ("b", false), ("c", true), ("d", true)].map(|(name, purl)| component(name, purl)).into();
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components,
        "dependencies": [{"ref": "a", "dependsOn": ["b", "c"]}, {"ref": "c", "dependsOn": ["a", "d"]}],
    });
    let file = place.file("sbom.json", document.to_string());
    let repo = format!("pkg:github/{}/{}", noise(dice, 480, plain), noise(dice, 500, plain));
    let project = noise(dice, 1024, plain);
    place.run(&["ingest", "sbom", &file, "--repo", &repo, "--project", &project]);
    place.run(&["project"]);
    assert_eq!(place.run(&["edges"]).as_array().unwrap().len(), 4);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
}

#[tokio::test]
async fn any_number_of_projects_may_name_one_repository() {
    let place = Place::new().await;
    let dice = &mut Random::new(2);
    let link = |url: &str| json!({"name": "GitHub", "value": url});
    let project = |n| {
        json!({
            "type": "Project", "id": format!("daoip-5:scf:project:{n}{}", noise(dice, 60, "abcdefgh")),
            "name": "P",
            "socials": [link("https://github.com/o/r"), link("https://github.com/o")],
        })
    };
    let records: Vec<Value> = (0..100).map(project).collect();
    let file = place.file("grants.json", json!({"data": records}).to_string());
    assert_eq!(place.run(&["ingest", "grants", &file])["appended"], 100);
    let survey = place.file("survey.csv", "project_id,project_name,status,answered_at\n,P,live,2026-01-01\n");
    place.run(&["ingest", "survey", &survey]);
    place.run(&["project"]);
    let open = place.run(&["triage", "list"]);
    let kinds: Vec<&str> = open.as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["membership", "owner", "survey-name"]);
}
