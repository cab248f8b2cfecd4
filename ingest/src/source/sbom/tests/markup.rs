//! XML that is none, or that would do harm.

use super::super::NESTING_LIMIT;
use super::{parsed, refusal};

const OPEN: &str = "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">";

#[test]
fn what_declares_entities_or_is_not_well_formed_is_refused() {
    let laughs = "<!DOCTYPE bom [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>";
    let outside = "<!DOCTYPE bom SYSTEM \"file:///etc/passwd\">";
    let component = |inside: &str| format!("{OPEN}\n<components><component>{inside}</component></components></bom>");
    for (document, expected) in [
        (format!("{laughs}{}", component("<name>&b;</name>")), "line 1: a DOCTYPE is not read"),
        (format!("<?xml version='1.0'?>\n{outside}{OPEN}</bom>"), "line 2: a DOCTYPE is not read"),
        (format!("{OPEN}<!DOCTYPE x></bom>"), "line 1: a DOCTYPE is not read"),
        (format!("{OPEN}</bom>\n<!DOCTYPE x>"), "line 2: a DOCTYPE is not read"),
        (component("<name>&b;</name>"), "line 2: the entity `b` is not expanded"),
        (component("<other>&b;</other>"), "line 2: the entity `b` is not expanded"),
        (component("&b;<name>a</name>"), "line 2: the entity `b` is not expanded"),
        (format!("{OPEN}\n\n&b;</bom>"), "line 3: the entity `b` is not expanded"),
        (component("<name>&#0;</name>"), "line 2: broken XML: "),
        (component("<name>&#xd800;</name>"), "line 2: broken XML: "),
        (component("<name>a</name><name>b</name>"), "line 2: the element `name` is given twice"),
        (format!("{OPEN}<components/><components/></bom>"), "line 1: the element `components` is given twice"),
        (format!("{OPEN}<components><component type='a' type='b'/></components></bom>"), "line 1: broken XML: "),
        (format!("{OPEN}<components><component type=a/></components></bom>"), "line 1: broken XML: "),
        (format!("{OPEN}<components><component type='&x;'/></components></bom>"), "line 1: broken XML: "),
        (format!("{OPEN}<y:z/></bom>"), "line 1: broken XML: the prefix `y` has no namespace"),
        (format!("{OPEN}<components>"), "line 1: broken XML: it ends inside of an element"),
        (format!("{OPEN}<a></b></bom>"), "line 1: broken XML: "),
        (format!("{OPEN}</bom>\n text"), "line 1: broken XML: text behind the document"),
        (format!("{OPEN}</bom>\n{OPEN}</bom>"), "line 2: several documents in one"),
        (format!("<?xml version='1.0' encoding='ISO-8859-1'?>{OPEN}</bom>"), "line 1: the encoding `ISO-8859-1`"),
        (format!("<?xml version='1.0'?>text{OPEN}</bom>"), "line 1: broken XML: text before the document"),
    ] {
        let refused = refusal(&document);
        assert!(refused.starts_with(expected), "{document}: {refused}");
    }
    assert_eq!(parsed(&component("<name>&lt;&#x41;&amp;</name><!-- <!DOCTYPE x> -->")).facts.packages[0].name, "<A&");
}

#[test]
fn elements_are_nested_below_the_limit() {
    let nested = |levels: usize| {
        let open = "<components><component><name>a</name>".repeat(levels);
        format!("{OPEN}{open}{}</bom>", "</component></components>".repeat(levels))
    };
    assert_eq!(parsed(&nested(62)).packages, 62);
    let refused = format!("line 1: elements are nested {NESTING_LIMIT} levels deep, more than is read");
    assert_eq!(refusal(&nested(64)), refused);
    assert_eq!(refusal(&format!("{OPEN}{}", "<a>".repeat(1_000_000))), refused);
    let attributes: String = (0..50_000).map(|n| format!(" a{n}='x'")).collect();
    assert_eq!(parsed(&format!("{OPEN}<components><component {attributes}/></components></bom>")).packages, 1);
    let spaces: String = (0..1_000).map(|n| format!(" xmlns:a{n}='x'")).collect();
    assert!(refusal(&format!("{OPEN}<components {spaces}/></bom>")).starts_with("line 1: broken XML: "));
}
