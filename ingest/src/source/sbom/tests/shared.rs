//! Real documents from outside of the project, when they are there.

use std::path::PathBuf;

use domain::event::Event;

use super::{Parsed, parse, subject};

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/sbom");
    if !folder.join("INDEX.tsv").is_file() {
        println!("skipped: ../shared/data/sbom is not there");
        return None;
    }
    Some(folder)
}

fn document(name: &str) -> Option<Parsed> {
    Some(parse(&std::fs::read(folder()?.join(name)).unwrap(), subject()).unwrap())
}

#[test]
fn counts_and_verdicts_are_those_of_the_index() {
    let Some(folder) = folder() else { return };
    let index = std::fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let mut checked = 0;
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [file, format, version, packages, edges, _, verdict, ingest, ..] = columns[..] else { panic!("{row}") };
        let outcome = parse(&std::fs::read(folder.join(file)).unwrap(), subject());
        if ingest.starts_with("reject") {
            let reason = outcome.unwrap_err().to_string();
            println!("{file}: refused: {reason}");
            assert!(reason.contains(format.split(['-', '3']).next().unwrap()), "{file}: {reason}");
            assert!(reason.contains(version), "{file}: {reason}");
            continue;
        }
        let found = outcome.unwrap();
        println!(
            "{file}: {} {}: packages {} dependencies {} root {} vertices {} edges {} warnings {}",
            found.format,
            found.format_version,
            found.packages,
            found.dependencies,
            found.root_dependencies,
            found.vertices,
            found.edges,
            found.warnings.len()
        );
        for warning in found.warnings.iter().take(8) {
            println!("    {warning}");
        }
        assert_eq!(found.format_version, version, "{file}");
        assert!(format.starts_with(&found.format), "{file}");
        assert_eq!(found.facts.complete, found.packages > 0, "{file}");
        if verdict == "valid" {
            assert_eq!(found.packages.to_string(), packages, "{file}: packages");
            assert_eq!(found.dependencies.to_string(), edges, "{file}: dependencies");
        }
        if ingest == "accept-warn" {
            assert!(!found.warnings.is_empty(), "{file}: no warning");
        }
        domain::codec::encode(&Event::from(found.facts)).unwrap();
        checked += 1;
    }
    assert!(checked > 20);
}

/// What each file of the cases from the wild must give: exit code, counts, and ids where they matter.
#[test]
fn cases_from_the_wild_give_what_their_index_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases/sbom");
    let Ok(index) = std::fs::read_to_string(folder.join("INDEX.tsv")) else {
        println!("skipped: ../shared/cases/sbom is not there");
        return;
    };
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [file, exit, packages, dependencies, vertices, edges, roots, ids, ..] = columns[..] else {
            panic!("{row}")
        };
        let outcome = parse(&std::fs::read(folder.join(file)).unwrap(), subject());
        if exit != "0" {
            println!("{file}: {}", outcome.unwrap_err());
            continue;
        }
        let found = outcome.unwrap_or_else(|refused| panic!("{file}: {refused}"));
        println!("{file}: {:?}", found.warnings.iter().map(ToString::to_string).collect::<Vec<_>>());
        let counts = [found.packages, found.dependencies, found.vertices, found.edges, found.root_dependencies];
        let expected = [packages, dependencies, vertices, edges, roots].map(|count| count.parse::<usize>().unwrap());
        assert_eq!(counts, expected, "{file}");
        let graph = domain::claims::DocumentGraph::of(&found.facts);
        for id in ids.split_whitespace() {
            assert!(graph.ids.iter().any(|known| known == id), "{file}: {id} in {:?}", graph.ids);
        }
    }
}

#[test]
fn no_document_of_the_folder_panics_whole_or_cut() {
    let Some(folder) = folder() else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for parts in [1, 2, 3, 7] {
            let _ = parse(&bytes[..bytes.len() / parts], subject());
        }
    }
}

#[test]
fn a_flat_export_has_all_its_edges_from_the_root() {
    let Some(found) = document("py-stellar-sdk-a9b110.spdx.json") else { return };
    assert_eq!((found.packages, found.dependencies), (109, 108));
    // Three of the relations are to second versions of a package.
    assert_eq!((found.edges, found.root_dependencies, found.vertices), (105, 105, 106));
}

#[test]
fn order_time_and_namespace_of_a_document_say_nothing() {
    let (Some(one), Some(two)) =
        (document("pg_atlas_backend_v381_run1.spdx.json"), document("pg_atlas_backend_v381_run2.spdx.json"))
    else {
        return;
    };
    assert_ne!(one.facts.document.sha256, two.facts.document.sha256);
    let (digest_one, digest_two) =
        (Event::from(one.facts.clone()).semantic_digest(), Event::from(two.facts.clone()).semantic_digest());
    assert_eq!(digest_one.unwrap(), digest_two.unwrap());
    let document = one.facts.document.clone();
    assert_eq!(one.facts, domain::facts::sbom::SbomSubmitted { document, ..two.facts });
}

#[test]
fn the_root_of_an_export_is_its_repository() {
    let Some(folder) = folder() else { return };
    let bytes = std::fs::read(folder.join("github_dep_graph.spdx.json")).unwrap();
    let id = "pkg:github/scf-public-goods-maintenance/pg-atlas-sbom-action".to_owned();
    let found = parse(&bytes, domain::facts::Subject { id, ..subject() }).unwrap();
    assert_eq!((found.packages, found.edges, found.vertices), (2, 1, 2));
    assert_eq!(found.warnings, []);
}
