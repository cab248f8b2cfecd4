//! The same rules, asked once more of an event that is about to be appended: no front can forget one.

use super::project::is_shed;
use super::{Actor, Invalid, Label, ProjectId, Reason};
use crate::facts::Subject;
use crate::facts::curation::Correction;

/// What a caller says of a repository.
pub(crate) fn subject(subject: &Subject) -> Result<(), Invalid> {
    subject.project.as_deref().map_or(Ok(()), project)
}

/// The id of a project.
pub(crate) fn project(id: &str) -> Result<(), Invalid> {
    same("project", ProjectId::new(id, &mut Vec::new())?.as_str(), id)
}

/// Who decided.
pub(crate) fn author(author: &str) -> Result<(), Invalid> {
    same("author", Actor::author(author)?.as_str(), author)
}

/// Why.
pub(crate) fn reason(text: &str) -> Result<(), Invalid> {
    same("reason", Reason::new(text)?.as_str(), text)
}

/// The label of a publication.
pub(crate) fn label(text: &str) -> Result<(), Invalid> {
    same("label", Label::new(text)?.as_str(), text)
}

/// What is corrected.
pub(crate) fn correction(correction: &Correction) -> Result<(), Invalid> {
    if correction.again()? == *correction { Ok(()) } else { Err(otherwise("correction")) }
}

/// A name or an id of somebody else's: nothing in it that nobody sees.
pub(crate) fn shed(field: &'static str, text: Option<&str>) -> Result<(), Invalid> {
    if text.is_none_or(is_shed) { Ok(()) } else { Err(otherwise(field)) }
}

fn same(field: &'static str, made: &str, given: &str) -> Result<(), Invalid> {
    if made == given { Ok(()) } else { Err(otherwise(field)) }
}

fn otherwise(field: &'static str) -> Invalid {
    Invalid::new(field, "kept otherwise than given: make the value first (trimmed, nothing of zero width, no address)")
}
