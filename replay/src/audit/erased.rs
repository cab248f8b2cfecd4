//! What of a publication can still be compared when payloads before it were erased since: every term that none of them
//! can have decided. In doubt a term is not compared.

use std::collections::BTreeSet;

use domain::event::EventType;
use domain::recorded::{Envelope, Position};
use domain::stream::StreamId;
use domain::time::Timestamp;
use projections::fold::Fold;
use projections::metrics::Level;

/// An event whose payload is gone: what its envelope still says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedEvent {
    /// Its position.
    pub position: Position,
    event_type: Option<EventType>,
    stream: StreamId,
    observed_at: Timestamp,
}

impl ErasedEvent {
    /// The event of an envelope.
    #[must_use]
    pub fn of(position: Position, envelope: &Envelope) -> Self {
        Self {
            position,
            event_type: EventType::from_name(&envelope.event_type),
            stream: envelope.stream.clone(),
            observed_at: envelope.observed_at,
        }
    }
}

/// What none of some erased events can have decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StillCompared {
    /// Nothing at all: they may have moved world time, or given a repository another name.
    nothing: bool,
    /// Which repositories belong to which project. Any document of a repository may have said it.
    membership: bool,
    status: bool,
    criticality: bool,
    adoption: bool,
    /// Repositories and packages that are there.
    vertices: bool,
    /// Edges, memberships, contributions.
    state: bool,
    /// The repositories whose commits are not all known.
    commits_of: BTreeSet<String>,
}

impl StillCompared {
    /// What can be compared where a fold stands that had to pass over these events.
    #[must_use]
    pub fn of<'a>(erased: impl Iterator<Item = &'a ErasedEvent>, fold: &Fold) -> Self {
        let mut rests = Self::default();
        for event in erased {
            rests.without(event, fold);
        }
        rests
    }

    fn without(&mut self, event: &ErasedEvent, fold: &Fold) {
        // A later day than any other fact's would have moved every window.
        if fold.world.graph.world_time().is_none_or(|time| time < event.observed_at) {
            self.nothing = true;
        }
        match event.event_type {
            Some(EventType::SurveyAnswered) => (self.status, self.criticality) = (true, true),
            Some(EventType::RegistryCrawled) => {
                (self.criticality, self.adoption, self.vertices, self.state) = (true, true, true, true);
            }
            Some(EventType::GitLogObserved) => {
                self.of_a_repository();
                if renames(event.stream.id(), fold) {
                    self.nothing = true;
                }
                self.commits_of.insert(event.stream.id().to_owned());
            }
            Some(EventType::SbomSubmitted | EventType::GrantObserved | EventType::Curated) => self.of_a_repository(),
            // Host facts may have renamed the repository, so that its commits were those of any other.
            Some(EventType::RepoObserved) => {
                self.of_a_repository();
                if fold.world.people.logs.contains_key(event.stream.id()) || renames(event.stream.id(), fold) {
                    self.nothing = true;
                }
                self.commits_of.insert(event.stream.id().to_owned());
            }
            // Of a kind that is not named here, or not known, nobody knows what rests on it.
            _ => self.nothing = true,
        }
    }

    /// A document of a repository, a grant or a correction: it may decide whose a repository is, and what is one.
    fn of_a_repository(&mut self) {
        (self.membership, self.status, self.criticality) = (true, true, true);
        (self.adoption, self.vertices, self.state) = (true, true, true);
    }

    /// Whether a term of a vertex is compared.
    #[must_use]
    pub fn compares(&self, level: Level, id: &str, metric: &str) -> bool {
        if self.nothing {
            return false;
        }
        match (metric, level) {
            ("row", Level::Project) => false,
            ("row", _) => !self.vertices,
            ("pony_factor", Level::Project) => !self.membership,
            ("pony_factor", _) => !self.commits_of.contains(id),
            ("adoption_score", _) => !self.adoption,
            ("activity_status", _) => !self.status,
            ("criticality_score", _) => !self.criticality,
            // A composite, further terms and flags rest on all of these.
            _ => false,
        }
    }

    /// Whether the state is compared as a whole.
    #[must_use]
    pub fn compares_state(&self) -> bool {
        !self.nothing && !self.state
    }
}

/// Whether a repository has another name, or is the other name of one.
fn renames(repo: &str, fold: &Fold) -> bool {
    fold.world.graph.repos.iter().any(|(id, facts)| {
        let named = facts.host.as_ref().and_then(|host| host.value.full_name.as_deref());
        named.is_some_and(|named| named != id && (id == repo || named == repo))
    })
}
