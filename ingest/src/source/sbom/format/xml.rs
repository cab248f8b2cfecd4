//! What a document in XML is, by the namespace of its root.

use std::borrow::Cow;

use super::super::json::Found;
use super::super::warning::shown;
use super::super::xml::Xml;
use super::{NamedFormat, SUPPORTED, Syntax, neither, not_supported};
use crate::source::Refused;

/// What the namespace of CycloneDX begins with; its version follows.
const CYCLONEDX: &str = "http://cyclonedx.org/schema/bom/";

/// Tells what a document is.
pub(super) fn detect(text: &str) -> Result<NamedFormat, Refused> {
    let (mut xml, root) = Xml::open(text)?;
    let space = xml.namespace().unwrap_or_default().to_owned();
    match (root.name(), space.strip_prefix(CYCLONEDX)) {
        ("bom", Some(version)) => super::cyclonedx(version, "xmlns", Syntax::Xml).map(|format| (format, None)),
        ("bom", None) if space.is_empty() => {
            let example = format!("{CYCLONEDX}1.6");
            Err(Refused::at("xmlns", format!("CycloneDX (XML): missing, for example `{example}`; {SUPPORTED}")))
        }
        ("Document" | "SpdxDocument", _) if space.is_empty() => {
            while let Some(element) = xml.child()? {
                if element.own_name() == Some("spdxVersion") {
                    return super::spdx(&Found::Is(Cow::Owned(xml.content()?)), Syntax::Xml);
                }
                xml.skip()?;
            }
            super::spdx(&Found::Missing, Syntax::Xml)
        }
        _ if space.contains("spdx.org/rdf") || root.name() == "RDF" => Err(not_supported("SPDX (RDF/XML)")),
        (name, _) => Err(neither(&format!("XML whose root is {}", shown(name)))),
    }
}
