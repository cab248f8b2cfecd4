//! Documents of many components in every format. How fast they are read is for people to see:
//! `PG_ATLAS_COMPONENTS=150000 cargo test -p ingest many_components -- --nocapture`

use std::time::Instant;

use super::twins::{Item, Model, written};
use super::{parse, subject};

/// Components of a generated document, unless the environment says otherwise.
const COMPONENTS: usize = 2_000;

fn model(components: usize) -> Model {
    let packages = (0..components).map(|n| Item {
        group: None,
        name: format!("package-{n}"),
        version: Some(format!("1.{n}.0")),
        purl: Some(format!("pkg:npm/package-{n}@1.{n}.0")),
    });
    let on = |n: usize| (n + 1..=n + 2).filter(|k| *k < components).map(move |k| (n, k, false));
    Model { packages: packages.collect(), relations: (0..components).flat_map(on).collect(), ..Model::default() }
}

#[test]
fn many_components_are_read_in_every_format() {
    let components =
        std::env::var("PG_ATLAS_COMPONENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(COMPONENTS);
    for (name, text) in written(&model(components)) {
        let start = Instant::now();
        let found = parse(text.as_bytes(), subject()).unwrap();
        let (seconds, megabytes) = (start.elapsed().as_secs_f64(), text.len() as f64 / 1e6);
        println!("{name}: {megabytes:.0} MB in {seconds:.2} s, {:.0} MB/s", megabytes / seconds);
        assert_eq!((found.packages, found.edges), (components, 2 * components - 3 + 1));
        assert_eq!(found.format, name);
    }
}
