//! Real package graphs whose exact number of transitive dependents is known for every node.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::engine::bench::sha256_of_lines;
use crate::engine::{DependencyGraph, criticality, input};

fn graphs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/graphs");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no folder {}", folder.display());
    None
}

/// Every node counts; the result must be the known one, node by node.
fn check(graph: &str, sum: u64, sha256: &str) {
    let Some(folder) = graphs() else { return };
    let input = input::read(&folder.join(format!("{graph}-edges.tsv.gz")), None).unwrap();
    let mut known = String::new();
    let file = File::open(folder.join(format!("{graph}-dependents.tsv.gz"))).unwrap();
    GzDecoder::new(BufReader::new(file)).read_to_string(&mut known).unwrap();
    let known: BTreeMap<&[u8], u32> = known
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(name, dependents)| (name.as_bytes(), dependents.parse().unwrap()))
        .collect();
    assert_eq!(known.len(), input.names.len());

    let every = vec![true; input.names.len()];
    let graph = DependencyGraph::from_edges(u32::try_from(every.len()).unwrap(), &input.edges);
    for threads in [1, 3] {
        let scores = criticality(&graph, &every, &every, threads);
        for (name, score) in input.names.iter().zip(&scores) {
            assert_eq!(known[&**name], *score, "{}", String::from_utf8_lossy(name));
        }
        assert_eq!(scores.iter().map(|&score| u64::from(score)).sum::<u64>(), sum);
        assert_eq!(sha256_of_lines(&scores), sha256);
    }
}

#[test]
fn npm_of_2017() {
    check("npm2017", 15_254_611, "dc1d72d7719adacd3cc4b5b43d4f7787d850cc54788c14936dec69e59d6f3670");
}

#[test]
fn opam() {
    check("opam", 850_248, "24a9245ad14a1a695643731f62bffe3627f465fb241c366b6319e73c55fd9f7b");
}
