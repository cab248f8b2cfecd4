//! The same rules, asked once more of an event that is about to be appended: no front can forget one.

use super::{Actor, Invalid, Label, ProjectId, StatedReason};
use crate::unseen::is_invisible;

/// The id of a project.
pub(crate) fn project(id: &str) -> Result<(), Invalid> {
    same("project", ProjectId::new(id, &mut Vec::new())?.as_str(), id)
}

/// The id of a package that a registry could know.
pub(crate) fn package(id: &str) -> Result<(), Invalid> {
    same("package", &super::package(id)?, id)
}

/// Who decided.
pub(crate) fn author(author: &str) -> Result<(), Invalid> {
    same("author", Actor::author(author)?.as_str(), author)
}

/// Why.
pub(crate) fn reason(text: &str) -> Result<(), Invalid> {
    same("reason", StatedReason::new(text)?.as_str(), text)
}

/// The label of a publication.
pub(crate) fn label(text: &str) -> Result<(), Invalid> {
    same("label", Label::new(text)?.as_str(), text)
}

/// An id or a name, as a source makes it: nothing in it is of zero width or turns directions.
pub(crate) fn shed(field: &'static str, text: Option<&str>) -> Result<(), Invalid> {
    if text.is_none_or(|text| !text.contains(is_invisible)) { Ok(()) } else { Err(otherwise(field)) }
}

fn same(field: &'static str, made: &str, given: &str) -> Result<(), Invalid> {
    if made == given { Ok(()) } else { Err(otherwise(field)) }
}

/// A field that is kept otherwise than given.
pub(crate) fn otherwise(field: &'static str) -> Invalid {
    Invalid::new(field, "kept otherwise than given: make the value first (trimmed, nothing of zero width, no address)")
}
