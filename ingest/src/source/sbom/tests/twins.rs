//! One graph written in every format: the facts are the same.

mod write;

use domain::digest::Digest;
use domain::event::Event;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Parsed, parse, subject};

/// A graph as a document may say it.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) packages: Vec<Item>,
    /// Packages that the document is about.
    pub(super) described: Vec<usize>,
    /// Dependent, dependency, and whether it is written the other way round.
    pub(super) relations: Vec<(usize, usize, bool)>,
    /// What the document itself depends on.
    pub(super) of_document: Vec<usize>,
}

/// A package of a [`Model`].
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    pub(super) group: Option<String>,
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) purl: Option<String>,
}

/// A model written in a format of this name.
pub(super) type Written = (&'static str, String);

/// The model in every format that can say it.
pub(super) fn written(model: &Model) -> Vec<Written> {
    let mut all = vec![
        ("SPDX-JSON", write::spdx_json(model)),
        ("SPDX-YAML", write::spdx_yaml(model)),
        ("SPDX-XML", write::spdx_xml(model)),
        ("SPDX-TV", write::spdx_tag_value(model)),
        ("SPDX3-JSONLD", write::spdx3(model)),
    ];
    if model.described.len() < 2 && model.of_document.is_empty() {
        all.extend(in_cyclonedx(model));
    }
    all
}

/// The model in CycloneDX.
pub(super) fn in_cyclonedx(model: &Model) -> [Written; 2] {
    [("CycloneDX-JSON", write::cyclonedx_json(model)), ("CycloneDX-XML", write::cyclonedx_xml(model))]
}

/// A model that uses all that is read.
pub(super) fn example() -> Model {
    let item = |name: &str, version: Option<&str>, purl: Option<&str>| Item {
        group: None,
        name: name.to_owned(),
        version: version.map(str::to_owned),
        purl: purl.map(str::to_owned),
    };
    Model {
        packages: vec![
            item("app", None, Some("pkg:npm/app")),
            item("a <&> \"b\"", Some("1.10"), Some("pkg:npm/%40o/a@1.10")),
            item("ä: # x", Some("no"), None),
            item("c", Some("1e3"), Some("pkg:pypi/C_d@1e3")),
        ],
        described: vec![0],
        relations: vec![(0, 1, false), (0, 2, true), (1, 3, false), (2, 3, true), (3, 1, false), (1, 1, false)],
        of_document: Vec::new(),
    }
}

fn item() -> impl Strategy<Value = Item> {
    let name = "[a-c<&>\"'#:{}@/äß.-]([a-c <&>\"'#:%@/1-]{0,6}[a-cß.\\]>])?";
    let version = select(vec![None, Some("1.10"), Some("1.1"), Some("no"), Some("1e3"), Some("0x1F"), Some("v 2")]);
    let purl = select(vec![None, Some("pkg:npm/a@1"), Some("pkg:npm/a@2"), Some("pkg:npm/%40o/b"), Some("pkg:x")]);
    (name, version, purl).prop_map(|(name, version, purl)| Item {
        group: None,
        name,
        version: version.map(str::to_owned),
        purl: purl.map(str::to_owned),
    })
}

fn model() -> impl Strategy<Value = Model> {
    let indices = |most: usize| prop::collection::vec(any::<Index>(), 0..most);
    let relations = prop::collection::vec((any::<Index>(), any::<Index>(), any::<bool>()), 0..12);
    (prop::collection::vec(item(), 2..7), indices(3), relations, indices(3)).prop_map(
        |(packages, described, relations, of_document)| {
            let count = packages.len();
            let at = |index: Index| index.index(count);
            Model {
                packages,
                described: described.into_iter().map(at).collect(),
                relations: relations.into_iter().map(|(from, to, turned)| (at(from), at(to), turned)).collect(),
                of_document: of_document.into_iter().map(at).collect(),
            }
        },
    )
}

/// What must not depend on the format.
fn meaning(name: &str, text: &str) -> (Digest, [usize; 4], Parsed) {
    let found = parse(text.as_bytes(), subject()).unwrap_or_else(|refused| panic!("{name}: {refused}\n{text}"));
    assert_eq!(found.format, name);
    let digest = Event::from(found.facts.clone()).semantic_digest().unwrap();
    (digest, [found.dependencies, found.vertices, found.edges, found.root_dependencies], found)
}

#[test]
fn the_example_says_the_same_in_every_format() {
    let all = written(&example());
    assert_eq!(all.len(), 7);
    for (name, text) in all {
        let (_, counts, found) = meaning(name, &text);
        assert_eq!(counts, [6, 4, 5, 2], "{name}");
        let kept: Vec<_> = found.facts.packages.iter().map(super::listed).collect();
        let expected = [
            (None, "ä: # x", Some("no")),
            (Some("pkg:npm/%40o/a"), "a <&> \"b\"", Some("1.10")),
            (Some("pkg:npm/app"), "app", None),
            (Some("pkg:pypi/c-d"), "c", Some("1e3")),
        ];
        assert_eq!(kept, expected, "{name}");
        assert_eq!(found.facts.described, [2], "{name}");
        assert_eq!(found.facts.relations, [(0, 3), (1, 1), (1, 3), (2, 0), (2, 1), (3, 1)], "{name}");
        assert_eq!(found.packages, if name.starts_with("Cyclone") { 3 } else { 4 }, "{name}");
        let mut places = found.warnings.iter().filter(|warning| warning.place.is_empty());
        assert_eq!(places.next(), None, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn formats_agree(model in model()) {
        let all = written(&model);
        let (digest, counts, found) = meaning(all[0].0, &all[0].1);
        for (name, text) in &all[1..] {
            let (other, other_counts, other_found) = meaning(name, text);
            prop_assert_eq!(&found.facts.packages, &other_found.facts.packages, "{}\n{}", name, text);
            prop_assert_eq!((digest, counts), (other, other_counts), "{}\n{}", name, text);
        }
    }

    #[test]
    fn groups_are_read_alike(mut model in model(), groups in prop::collection::vec(select(vec!["", "@a", "b/c", "/ /"]), 7)) {
        model.described.truncate(1);
        model.of_document.clear();
        for (item, group) in model.packages.iter_mut().zip(groups) {
            item.group = Some(group.to_owned()).filter(|group| !group.is_empty());
        }
        let [(one, json), (other, xml)] = in_cyclonedx(&model);
        let ((one, counts, _), (other, other_counts, _)) = (meaning(one, &json), meaning(other, &xml));
        prop_assert_eq!((one, counts), (other, other_counts), "{}", xml);
    }
}
