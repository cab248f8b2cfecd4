//! Tag-value with lines that are missing, doubled, elsewhere or strange.

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::parsed;
use super::{dice, read_anything, say_the_same, seeds};

/// A document that uses every tag that is read, line by line; a value may have several lines of text.
const LINES: [&str; 35] = [
    "# a comment",
    "SPDXVersion: SPDX-2.3",
    "DataLicense: CC0-1.0",
    "SPDXID: SPDXRef-DOCUMENT",
    "DocumentName: d",
    "DocumentNamespace: https://example.org/d",
    "Creator: Tool: t",
    "Created: 2026-01-01T00:00:00Z",
    "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-app",
    "PackageName: app",
    "SPDXID: SPDXRef-app",
    "PackageDownloadLocation: NONE",
    "Relationship: SPDXRef-app DEPENDS_ON SPDXRef-a",
    "Relationship: SPDXRef-b DEPENDENCY_OF SPDXRef-app",
    "",
    "PackageName: a",
    "SPDXID: SPDXRef-a",
    "PackageVersion: <text>1.10\n</text>",
    "ExternalRef: SECURITY cpe23Type cpe:2.3:a:x",
    "ExternalRef: PACKAGE-MANAGER purl pkg:npm/%40o/a@1.10",
    "ExternalRefComment: <text>of\nPackageName: x\n</text>",
    "Relationship: SPDXRef-a DEPENDS_ON NOASSERTION",
    "PackageName: b",
    "SPDXID: SPDXRef-b",
    "PackageVersion: no",
    "ExternalRef: PACKAGE-MANAGER purl pkg:pypi/B_c",
    "Relationship: SPDXRef-DOCUMENT DEPENDS_ON SPDXRef-b",
    "FileName: ./x",
    "SPDXID: SPDXRef-file",
    "Relationship: SPDXRef-a CONTAINS SPDXRef-file",
    "SnippetSPDXID: SPDXRef-s",
    "SnippetByteRange: 1:2",
    "LicenseID: LicenseRef-1",
    "ExtractedText: <text>words: of many\nlines</text>",
    "Relationship: SPDXRef-b RUNTIME_DEPENDENCY_OF SPDXRef-a",
];
/// Tags that begin an element: what follows is about it.
const BEGIN: [&str; 4] = ["PackageName", "FileName", "SnippetSPDXID", "LicenseID"];
/// What may stand where a value is expected. The last ones open or close a text that others do not.
const STRANGE: [&str; 14] = [
    "",
    " ",
    "NOASSERTION",
    "SPDXRef-a",
    "SPDXRef-a DEPENDS_ON",
    "SPDXRef-a DEPENDS_ON SPDXRef-b SPDXRef-app",
    "PACKAGE-MANAGER purl",
    "PACKAGE-MANAGER purl pkg:npm/b pkg:npm/c",
    "PACKAGE-MANAGER http://spdx.org/rdf/references/purl pkg:npm/%00/@",
    "\u{0}\u{7f}\u{202e}\u{85}\u{a0}",
    "<text></text>",
    "<text>SPDXRef-a DEPENDS_ON SPDXRef-b</text>",
    "<text>",
    "</text>\nPackageName: y",
];

fn change() -> impl Strategy<Value = (Index, Index, u8)> {
    (any::<Index>(), any::<Index>(), 0..8u8)
}

fn changed(changes: &[(Index, Index, u8)], strange: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = LINES.map(str::to_owned).to_vec();
    for (one, other, action) in changes {
        let (at, elsewhere) = (one.index(lines.len()), lines[other.index(lines.len())].clone());
        let with = |line: &str, value: &str| format!("{}: {value}", line.split(':').next().unwrap_or_default());
        let value = lines[at].split_once(':').map_or("", |(_, value)| value).to_owned();
        match action {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.insert(at, elsewhere),
            2 => lines[at] = elsewhere,
            3 => lines[at] = with(&elsewhere, value.trim()),
            4 => lines[at] = with(&lines[at], &format!("<text>{}</text>", value.replace("<text>", ""))),
            5 => lines[at] = value,
            _ => lines[at] = with(&lines[at], other.get::<&str>(strange)),
        }
    }
    lines
}

/// The same lines with the elements in another order.
fn reordered(lines: &[String], dice: &mut impl FnMut(usize) -> usize) -> String {
    let mut elements: Vec<Vec<&str>> = vec![Vec::new()];
    for line in lines {
        if line.split_once(':').is_some_and(|(tag, _)| BEGIN.contains(&tag.trim())) {
            elements.push(Vec::new());
        }
        elements.last_mut().unwrap().push(line);
    }
    // What stands before the first element is the document's own.
    (2..elements.len()).for_each(|n| elements.swap(n, 1 + dice(n)));
    elements.concat().join(["\n", "\r\n", "\n\n  "][dice(3)])
}

#[test]
fn the_lines_themselves_are_read() {
    let found = parsed(&LINES.join("\n"));
    assert_eq!((found.packages, found.dependencies, found.edges), (3, 5, 3));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_lines_are_refused_or_read(changes in prop::collection::vec(change(), 1..8)) {
        read_anything(changed(&changes, &STRANGE).join("\n").as_bytes());
    }

    #[test]
    fn the_order_of_elements_says_nothing(changes in prop::collection::vec(change(), 0..8), seeds in seeds()) {
        let lines = changed(&changes, &STRANGE[..STRANGE.len() - 2]);
        // A text that is not closed where it begins is closed by whatever comes next.
        if lines.iter().all(|line| line.matches("<text>").count() == line.matches("</text>").count()) {
            say_the_same(&lines.join("\n"), &reordered(&lines, &mut dice(&seeds)))?;
        }
    }
}
