//! The same rules, asked once more of an event that is about to be appended: no front can forget one.

use super::{Actor, Invalid, Label, ProjectId, StatedReason};
use crate::event::Event;
use crate::facts::Subject;
use crate::facts::grant::GrantRecord;
use crate::unseen::is_invisible;

impl Event {
    /// Whether what people gave of this event is as the checked values make it. Asked of what is new; an event that is
    /// read may be of an earlier program, and stands.
    ///
    /// # Errors
    /// When a field is none of these values.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::SbomSubmitted(facts) => subject(&facts.subject),
            Self::GitLogObserved(facts) => subject(&facts.subject),
            Self::RepoObserved(facts) => subject(&facts.subject),
            Self::SurveyAnswered(facts) => {
                facts.project_id.as_deref().map_or(Ok(()), project)?;
                shed("project_name", facts.project_name.as_deref())
            }
            Self::GrantObserved(facts) => match &facts.record {
                GrantRecord::Project(record) => {
                    shed("id", Some(&record.id))?;
                    shed("name", record.name.as_deref())
                }
                GrantRecord::Pool(record) => {
                    shed("id", Some(&record.id))?;
                    shed("name", record.name.as_deref())
                }
                GrantRecord::Application(record) => {
                    shed("id", Some(&record.id))?;
                    shed("projectId", Some(&record.project_id))?;
                    shed("projectName", record.project_name.as_deref())
                }
            },
            Self::Curated(facts) => {
                same("author", Actor::author(&facts.author)?.as_str(), &facts.author)?;
                reason(&facts.reason)?;
                if facts.correction.again()? == facts.correction { Ok(()) } else { Err(otherwise("correction")) }
            }
            Self::ScoresPublished(facts) => same("label", Label::new(&facts.label)?.as_str(), &facts.label),
            Self::EventQuarantined(facts) => reason(&facts.reason),
            Self::PayloadErased(facts) => reason(&facts.reason),
            Self::RegistryCrawled(_) | Self::FormulaAdopted(_) | Self::FormulaPromoted(_) => Ok(()),
        }
    }
}

fn subject(subject: &Subject) -> Result<(), Invalid> {
    subject.project.as_deref().map_or(Ok(()), project)
}

fn project(id: &str) -> Result<(), Invalid> {
    same("project", ProjectId::new(id, &mut Vec::new())?.as_str(), id)
}

fn reason(text: &str) -> Result<(), Invalid> {
    same("reason", StatedReason::new(text)?.as_str(), text)
}

/// An id or a name, as a source makes it: nothing in it is of zero width or turns directions.
fn shed(field: &'static str, text: Option<&str>) -> Result<(), Invalid> {
    if text.is_none_or(|text| !text.contains(is_invisible)) { Ok(()) } else { Err(otherwise(field)) }
}

fn same(field: &'static str, made: &str, given: &str) -> Result<(), Invalid> {
    if made == given { Ok(()) } else { Err(otherwise(field)) }
}

fn otherwise(field: &'static str) -> Invalid {
    Invalid::new(field, "kept otherwise than given: make the value first (trimmed, nothing of zero width, no address)")
}
