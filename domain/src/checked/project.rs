//! What projects are called by the world: ids, which decide what is one project, and names, which bind survey rows.

use super::Invalid;
use crate::redact;
use crate::stream::MAX_STREAM_ID_BYTES;
use crate::unseen::shed;

/// Greatest length of a corrected value or of a name that is corrected, in bytes.
const MAX_VALUE_BYTES: usize = 1_000;

/// A project's id: as given, without zero-width and bidirectional control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectId(String);

impl ProjectId {
    /// The id that is written so. What is dropped of it is said in `warnings`.
    ///
    /// # Errors
    /// When the text is blank, too long, holds control characters or an e-mail address.
    pub fn new(text: &str, warnings: &mut Vec<String>) -> Result<Self, Invalid> {
        let id = shed("project", text, warnings);
        if id.trim().is_empty() || id.len() > MAX_STREAM_ID_BYTES || id.contains(char::is_control) {
            let reason =
                format!("expected the project's id, 1 to {MAX_STREAM_ID_BYTES} bytes without control characters");
            return Err(Invalid::new("project", reason));
        }
        if !redact::is_clean(&id) {
            return Err(Invalid::new("project", "expected the project's id; e-mail addresses are not kept"));
        }
        Ok(Self(id.into_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives up the wrapper.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A project's name, or another datum of one line that `field` calls: trimmed, without what nobody sees, e-mail
/// addresses replaced.
///
/// # Errors
/// When it is blank, too long or holds control characters.
pub fn project_name(field: &'static str, text: &str, warnings: &mut Vec<String>) -> Result<String, Invalid> {
    let kept = shed(field, text, warnings);
    let kept = redact::emails(kept.trim()).into_owned();
    if kept.is_empty() || text.len().max(kept.len()) > MAX_VALUE_BYTES || kept.contains(char::is_control) {
        let reason = format!("expected 1 to {MAX_VALUE_BYTES} bytes without control characters");
        return Err(Invalid::new(field, reason));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_as_given_but_for_what_nobody_sees() {
        let mut warnings = Vec::new();
        assert_eq!(ProjectId::new(" daoip-5:scf:x ", &mut warnings).unwrap().as_str(), " daoip-5:scf:x ");
        assert!(warnings.is_empty());
        assert_eq!(ProjectId::new("p\u{200b}:\u{202e}1", &mut warnings).unwrap().into_string(), "p:1");
        assert_eq!(warnings.len(), 1);
        for text in ["", " ", "\u{200b}", "a\tb", "ann@example.org", &"x".repeat(MAX_STREAM_ID_BYTES + 1)] {
            assert_eq!(ProjectId::new(text, &mut Vec::new()).unwrap_err().field, "project");
        }
    }

    #[test]
    fn a_name_is_of_one_line() {
        let mut warnings = Vec::new();
        assert_eq!(project_name("value", " A\u{200d} B by ann@example.org ", &mut warnings).unwrap(), "A B by <email>");
        assert_eq!(warnings.len(), 1);
        assert!(project_name("value", "a\nb", &mut warnings).unwrap_err().reason.contains("1 to 1000 bytes"));
    }
}
