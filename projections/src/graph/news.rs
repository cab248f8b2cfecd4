//! What rows that were touched brought: which steps of a look are to be taken again.
//!
//! Most facts say again what the one before them said. A later fact is another even so: where several speak of one
//! thing the newest decides. So that alone counts where there are several, see the lists.

use super::names::Name;

/// What came with rows that were touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Evidence of what ids mean, and of which are repositories.
    pub(super) identity: bool,
    /// Later host facts that say a rename again.
    pub(super) renames_again: bool,
    /// Repositories that a curation names.
    pub(super) named: Vec<Name>,
    /// Whose repositories are, and what is said of projects but for their answers.
    pub(super) projects: bool,
    /// The projects, by number, of which something was told besides their answers.
    pub(super) touched: Vec<Name>,
    /// Later grants facts that say the same.
    pub(super) funded_again: bool,
    /// Repositories that later facts put into the project that they are in.
    pub(super) flagged_again: Vec<Name>,
    /// Answers to the survey.
    pub(super) answers: bool,
    /// Whose signals of adoption are others, or newer.
    pub(super) signals: Vec<Name>,
    /// The subjects of documents.
    pub(super) subjects: Vec<Name>,
}
