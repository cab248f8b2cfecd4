//! What a DAOIP-5 grants record says. Texts are as the document writes them, without e-mail addresses and without
//! links that expire; amounts are US dollars.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, DOCUMENT_AND_SPELLING, DocumentRef, Lift, Payload, Repetition, Subject};
use crate::checked::{Invalid, again};
use crate::decimal::Decimal;
use crate::stream::{StreamError, StreamId, StreamKind};

/// A grants record was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantObserved {
    /// The record.
    pub record: GrantRecord,
    /// The raw file it came in.
    pub document: DocumentRef,
}

impl Payload for GrantObserved {
    const CLASS: Class = Class::Fact;
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = DOCUMENT_AND_SPELLING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        match &self.record {
            GrantRecord::Project(record) => StreamId::new(StreamKind::Project, &record.id),
            GrantRecord::Pool(record) => StreamId::new(StreamKind::Round, &record.id),
            GrantRecord::Application(record) => StreamId::new(StreamKind::Project, &record.project_id),
        }
    }

    fn source(&self) -> String {
        match &self.record {
            GrantRecord::Project(record) => format!("project/{}", record.id),
            GrantRecord::Pool(record) => format!("pool/{}", record.id),
            GrantRecord::Application(record) => format!("application/{}", record.id),
        }
    }

    fn document(&self) -> Option<&DocumentRef> {
        Some(&self.document)
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    fn check(&self) -> Result<(), Invalid> {
        let (name, project) = match &self.record {
            GrantRecord::Project(record) => (("name", &record.name), None),
            GrantRecord::Pool(record) => (("name", &record.name), None),
            GrantRecord::Application(record) => (("projectName", &record.project_name), Some(&record.project_id)),
        };
        again::shed("id", Some(self.record.id()))?;
        again::shed("projectId", project.map(String::as_str))?;
        again::shed(name.0, name.1.as_deref())
    }
}

/// One record of the grants data; boxed, because most events are smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum GrantRecord {
    /// A funded project.
    Project(Box<ProjectRecord>),
    /// A funding round.
    Pool(Box<PoolRecord>),
    /// An application of a project to a round.
    Application(Box<ApplicationRecord>),
}

impl GrantRecord {
    /// The record's own id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Project(record) => &record.id,
            Self::Pool(record) => &record.id,
            Self::Application(record) => &record.id,
        }
    }
}

macro_rules! boxed {
    ($($kind:ident($record:ident)),+) => {
        $(impl From<$record> for GrantRecord {
            fn from(record: $record) -> Self {
                Self::$kind(Box::new(record))
            }
        })+
    };
}
boxed!(Project(ProjectRecord), Pool(PoolRecord), Application(ApplicationRecord));

/// A named link, such as a social account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it leads to, as written (`Website`, `Discord`).
    pub name: String,
    /// Where it leads, as written.
    pub url: String,
}

/// An amount of some currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// How much.
    pub amount: Decimal,
    /// Of what, as written (`USD`).
    pub denomination: String,
}

/// A `Project` document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectRecord {
    /// Project id, as given.
    pub id: String,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The funder's own status word (`Mainnet`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_status: Option<String>,
    /// Category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Account on X.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Git URLs as written, in the order of the document, without repeats; the fold tells what they name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git_urls: Vec<String>,
    /// Other links, in the order of the document, without repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Total awarded, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded_usd: Option<Decimal>,
    /// Total paid, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_usd: Option<Decimal>,
    /// How many submissions were awarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded_submissions: Option<Decimal>,
    /// Whether the record says the project is open source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_source: Option<bool>,
    /// Link to its analytics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analytics: Option<String>,
    /// Regions it works in, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions_of_operation: Option<String>,
    /// Names of the rounds it applied to, in the order of the document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<String>,
    /// Names of the rounds it was awarded in, in the order of the document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awarded_rounds: Vec<String>,
}

/// A `GrantPool` document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolRecord {
    /// Round id, as given.
    pub id: String,
    /// Round name as written (`SCF #34 `).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Kind of round (`Build Award Round`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_type: Option<String>,
    /// Phase it is in (`Ended`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Whether the round is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_open: Option<bool>,
    /// Day submissions open, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission_open_date: Option<String>,
    /// Closing day, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_date: Option<String>,
    /// Size of the pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amounts: Vec<Amount>,
    /// Total awarded, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded_usd: Option<Decimal>,
    /// Total paid, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_usd: Option<Decimal>,
    /// Submissions received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submissions: Option<Decimal>,
    /// Submissions awarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded_submissions: Option<Decimal>,
}

/// A `GrantApplication` document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationRecord {
    /// Application id, as given.
    pub id: String,
    /// The project it belongs to; the application's own id when the document names none.
    pub project_id: String,
    /// `projectName` as written; in the data of the Stellar Community Fund this is the title of the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The funder's name of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Title of the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The submission in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Technical architecture: a link or free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technical_architecture: Option<String>,
    /// Round id, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_id: Option<String>,
    /// Round name as written (`SCF #34 `).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<String>,
    /// Category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Account on X.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Git URLs as written, in the order of the document, without repeats; the fold tells what they name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git_urls: Vec<String>,
    /// Other links, in the order of the document, without repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Completion of its tranches in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_percent: Option<Decimal>,
    /// Completion in words, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
    /// Awarded, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded_usd: Option<Decimal>,
    /// Paid, US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_usd: Option<Decimal>,
    /// Status word of the application (`approved`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;
    use crate::codec;
    use crate::digest::Digest;

    fn observed(record: GrantRecord) -> Event {
        let document = DocumentRef {
            sha256: Digest::of(b"[]"),
            bytes: 2,
            format: "DAOIP-5-JSON".to_owned(),
            format_version: None,
            parser: "grants/1".to_owned(),
        };
        GrantObserved { record, document }.into()
    }

    #[test]
    fn every_kind_of_record_reads_back_as_itself() {
        let link = Link { name: "Discord".to_owned(), url: "https://discord.example/x".to_owned() };
        let amount = Amount { amount: Decimal::from(5), denomination: "USD".to_owned() };
        let records = [
            GrantRecord::from(ProjectRecord {
                id: "p".to_owned(),
                links: vec![link],
                awarded_usd: Decimal::parse("19994.09"),
                open_source: Some(false),
                ..ProjectRecord::default()
            }),
            PoolRecord { id: "r".to_owned(), amounts: vec![amount], ..PoolRecord::default() }.into(),
            GrantRecord::from(ApplicationRecord {
                id: "a".to_owned(),
                project_id: "p".to_owned(),
                round: Some("SCF #34 ".to_owned()),
                ..ApplicationRecord::default()
            }),
        ];
        for record in records {
            let event = observed(record);
            let bytes = codec::encode(&event).unwrap();
            assert_eq!(codec::decode("GrantObserved", 1, &bytes).unwrap(), event);
        }
    }

    #[test]
    fn absent_facts_leave_no_bytes_and_unknown_ones_are_refused() {
        let event = observed(PoolRecord { id: "r".to_owned(), ..PoolRecord::default() }.into());
        let text = String::from_utf8(codec::encode(&event).unwrap()).unwrap();
        assert!(text.contains(r#""record":{"id":"r","kind":"pool"}"#), "{text}");
        let stranger = text.replace(r#""id":"r""#, r#""id":"r","score":"1""#);
        assert!(codec::decode("GrantObserved", 1, stranger.as_bytes()).is_err());
    }
}
