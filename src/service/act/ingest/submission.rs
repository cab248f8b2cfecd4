//! Documents of one kind, with what they are about.

use std::collections::BTreeSet;

use domain::Timestamp;
use domain::checked;
use domain::facts::Subject;
use domain::identity::PseudonymKey;
use domain::purl::{Purl, is_private_to_another};
use ingest::source::{self, NamedDocument, ReadOptions, Reading, Reads, SourceKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::many::{ManyIngested, many};
use super::one::{OneIngested, one};
use super::{Circumstances, Destination, existing_key, now};
use crate::service::{Error, Result};

/// What a document is said to be about, as it is given: which of these is wanted depends on its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentSubject {
    /// The repository, in any spelling.
    pub repo: Option<String>,
    /// The project that the repository belongs to.
    pub project: Option<String>,
    /// The package.
    pub purl: Option<String>,
    /// Packages that are published from the repository.
    pub packages: Vec<String>,
}

impl DocumentSubject {
    /// The repository or package that is named, as it is given.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        self.repo.as_deref().or(self.purl.as_deref())
    }

    /// The repository, and what was dropped of its project.
    pub(in crate::service::act) fn repository(&self) -> Result<(Subject, Vec<String>)> {
        if self.purl.is_some() {
            let reason = "`purl` is for documents of kind registry; this one is about a `repo`";
            return Err(Error::invalid("purl", reason));
        }
        let repo = self.repo.as_deref().ok_or_else(|| Error::invalid("repo", "`repo` is missing"))?;
        let mut dropped = Vec::new();
        let subject = Subject::new(repo, self.project.as_deref(), &mut dropped)?;
        Ok((subject, dropped))
    }

    /// The packages that are said to be published from the repository.
    fn publishes(&self, kind: &SourceKind, subject: &Subject) -> Result<Vec<String>> {
        if !(kind.publishing || self.packages.is_empty()) {
            let reason = format!("`package` is for documents of kind sbom, this one is of kind {}", kind.name);
            return Err(Error::invalid("package", reason));
        }
        let mut ids = BTreeSet::new();
        for text in &self.packages {
            let id = checked::package(text)?;
            if is_private_to_another(&id, &subject.id) {
                return Err(Error::invalid("package", format!("{id} is private to another repository")));
            }
            ids.insert(id);
        }
        Ok(ids.into_iter().collect())
    }

    /// Documents that take no package beside them.
    fn no_packages(&self) -> Result<()> {
        if self.packages.is_empty() {
            return Ok(());
        }
        Err(Error::invalid("package", "`package` is for documents of kind sbom"))
    }

    fn package(&self) -> Result<Purl> {
        self.no_packages()?;
        if self.repo.is_some() || self.project.is_some() {
            let reason = "a document of kind registry is about a `purl`: no `repo`, no `project`";
            return Err(Error::invalid("repo", reason));
        }
        let purl = self.purl.as_deref().ok_or_else(|| Error::invalid("purl", "`purl` is missing"))?;
        Purl::parse(purl).map_err(|error| Error::invalid("purl", error).of("purl"))
    }

    /// Documents that name what they are about themselves.
    fn nothing(&self) -> Result<()> {
        self.no_packages()?;
        if self.repo.is_some() || self.project.is_some() || self.purl.is_some() {
            let reason = "documents of this kind say themselves what they are about: no `repo`, `project` or `purl`";
            return Err(Error::invalid("repo", reason));
        }
        Ok(())
    }
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Ingested {
    /// One document, one event.
    One(OneIngested),
    /// Many records.
    Many(ManyIngested),
}

/// Documents of one kind on their way in; what they are about is checked, before there are any.
#[derive(Clone, Debug)]
pub struct Submission {
    about: ReadAbout,
    /// What was odd about the project.
    dropped: Vec<String>,
    /// Packages that are said to be published from the repository.
    publishes: Vec<String>,
    pseudonymous: bool,
}

/// How documents are read, and what they are about.
#[derive(Clone, Debug)]
enum ReadAbout {
    Repository(fn(Vec<u8>, Subject, &ReadOptions) -> std::result::Result<Reading, source::Refused>, Subject),
    Package(fn(Vec<u8>, &Purl) -> std::result::Result<Reading, source::Refused>, Purl),
    Records(fn(&[NamedDocument]) -> std::result::Result<Reading, source::Refused>),
}

impl Submission {
    /// Documents of this kind, about this.
    ///
    /// # Errors
    /// [`Error::Invalid`] when that is not what documents of this kind are about.
    pub fn new(kind: &SourceKind, about: &DocumentSubject) -> Result<Self> {
        let (mut dropped, mut publishes) = (Vec::new(), Vec::new());
        let read_about = match kind.reads {
            Reads::Repository(read) => {
                let (subject, odd) = about.repository()?;
                dropped = odd;
                publishes = about.publishes(kind, &subject)?;
                ReadAbout::Repository(read, subject)
            }
            Reads::Package(read) => ReadAbout::Package(read, about.package()?),
            Reads::Records(read) => {
                about.nothing()?;
                ReadAbout::Records(read)
            }
        };
        Ok(Self { about: read_about, dropped, publishes, pseudonymous: kind.pseudonymous })
    }

    /// Documents of the kind of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a kind that there is not; as [`Submission::new`].
    pub fn of_kind(name: &str, about: &DocumentSubject) -> Result<Self> {
        let kinds = || format!("no such kind of document; there are {}", source::NAMES.join(", "));
        let kind = source::named(name).ok_or_else(|| Error::not_found("kind", name, kinds()))?;
        Self::new(kind, about)
    }

    /// Reads the documents; nothing else happens. `key` answers the deployment's key of pseudonyms, and is asked where
    /// it matters.
    pub(crate) fn read(
        self,
        documents: Vec<NamedDocument>,
        observed_at: Option<Timestamp>,
        key: impl FnOnce() -> Result<Option<PseudonymKey>>,
    ) -> Result<Reading> {
        let reading = match self.about {
            ReadAbout::Repository(read, subject) => {
                let observed_at = observed_at.map_or_else(now, Ok)?;
                let key = if self.pseudonymous { key()? } else { None };
                read(only(documents)?, subject, &ReadOptions { observed_at, key, publishes: self.publishes })
            }
            ReadAbout::Package(read, purl) => read(only(documents)?, &purl),
            ReadAbout::Records(read) => read(&documents),
        };
        let mut reading = reading.map_err(Error::refused)?;
        reading.warnings.splice(0..0, self.dropped);
        Ok(reading)
    }

    /// Reads the documents and takes them in. `strict`: one record that is refused refuses them all.
    ///
    /// # Errors
    /// When a document or what it says is refused, and when there is no way to the log.
    pub async fn take(
        self,
        to: &Destination,
        documents: Vec<NamedDocument>,
        strict: bool,
        circumstances: &Circumstances,
    ) -> Result<Ingested> {
        let many_records = matches!(self.about, ReadAbout::Records(_));
        let key = || existing_key(&to.data_dir()?);
        let reading = self.read(documents, circumstances.observed_at, key)?;
        Ok(if many_records {
            Ingested::Many(many(to, reading, strict, circumstances).await?)
        } else {
            Ingested::One(one(to, reading, circumstances, None).await?)
        })
    }
}

/// The only one of documents of which one makes an event.
fn only(documents: Vec<NamedDocument>) -> Result<Vec<u8>> {
    let [(_, document)] = <[NamedDocument; 1]>::try_from(documents)
        .map_err(|_| Error::invalid("document", "a document of this kind comes alone"))?;
    Ok(document)
}
