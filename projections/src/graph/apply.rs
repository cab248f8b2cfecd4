//! The fold: one event into the graph's state.

use domain::Recorded;
use domain::checked::normalised_name;
use domain::event::Event;
use domain::facts::curation::Correction;
use domain::facts::grant::GrantRecord;
use domain::facts::survey::SurveyAnswered;
use domain::facts::{Payload, Subject};
use domain::recorded::Rank;

use super::snapshot::DocumentClaims;
use super::state::{CLOCK, GraphState, ProjectFacts, RepoFacts, SurveyAnswer};
use crate::changes::Changes;
use crate::family::FamilyState;
use crate::newest::{Newest, offer};
use crate::table::TableRows;

impl FamilyState for GraphState {
    fn apply(&mut self, recorded: &Recorded, changes: &mut Changes) {
        let rank = recorded.rank();
        let clock = self.clock.entry(CLOCK.to_owned()).or_default();
        clock.recorded_at = clock.recorded_at.max(Some(recorded.envelope.recorded_at));
        if recorded.event.event_type().is_fact() {
            clock.world_time = clock.world_time.max(Some(rank.observed_at));
        }
        if !recorded.event.event_type().is_decision() {
            clock.told = recorded.position;
        }
        changes.touch("clock", CLOCK);
        match &recorded.event {
            Event::SbomSubmitted(facts) => {
                self.subject(facts, &facts.subject, rank, changes);
                let snapshots = self.sboms.entry(facts.subject.id.clone()).or_default();
                snapshots.offer(facts.complete, DocumentClaims::of(rank, facts));
                changes.touch("sbom", &facts.subject.id);
            }
            Event::GitLogObserved(facts) => {
                self.subject(facts, &facts.subject, rank, changes);
            }
            Event::RepoObserved(facts) => {
                let repo = self.subject(facts, &facts.subject, rank, changes);
                offer(&mut repo.host, rank, || facts.clone());
            }
            Event::RegistryCrawled(facts) => {
                let newer = self.packages.get(&facts.purl).is_none_or(|held| held.rank < rank);
                if newer {
                    self.packages.insert(facts.purl.clone(), Newest::new(rank, facts.clone()));
                    changes.touch("package", &facts.purl);
                }
            }
            Event::GrantObserved(facts) => self.grant(&facts.record, rank, changes),
            Event::SurveyAnswered(facts) => self.answer(facts, rank, changes),
            Event::Curated(facts) => {
                let key = match &facts.correction {
                    Correction::Membership { repo, .. } => format!("membership/{repo}"),
                    Correction::Publication { package, .. } => format!("publication/{package}"),
                    Correction::Owner { host, owner, .. } => format!("owner/{host}/{owner}"),
                    Correction::SurveyName { name, .. } => format!("survey-name/{name}"),
                    Correction::Project { project, field, .. } => format!("project/{field:?}/{project}"),
                };
                if self.curations.get(&key).is_none_or(|held| held.rank < rank) {
                    changes.touch("curation", &key);
                    self.curations.insert(key, Newest::new(rank, facts.clone()));
                }
            }
            Event::FormulaAdopted(_)
            | Event::FormulaPromoted(_)
            | Event::ScoresPublished(_)
            | Event::EventQuarantined(_)
            | Event::PayloadErased(_) => {}
        }
    }

    fn derived(&self) -> Vec<TableRows> {
        // Its tables hold what the whole state resolves to.
        Vec::new()
    }
}

impl GraphState {
    /// Notes whom an ingestion is about, and the project it names: a newer fact of its source that names none takes
    /// that back.
    fn subject<P: Payload>(
        &mut self,
        facts: &P,
        subject: &Subject,
        rank: Rank,
        changes: &mut Changes,
    ) -> &mut RepoFacts {
        if let Some(project) = &subject.project {
            self.project(project, rank, changes);
        }
        changes.touch("repo", &subject.id);
        let repo = self.repos.entry(subject.id.clone()).or_default();
        offer(&mut repo.spelled, rank, || subject.spelled.clone());
        let flag = repo.flags.entry(facts.source()).or_insert_with(|| Newest::new(rank, subject.project.clone()));
        if flag.rank < rank {
            *flag = Newest::new(rank, subject.project.clone());
        }
        repo
    }

    fn project(&mut self, id: &str, rank: Rank, changes: &mut Changes) -> &mut ProjectFacts {
        changes.touch("project", id);
        let project = self.projects.entry(id.to_owned()).or_default();
        let first = project.first_seen.map_or(rank.observed_at, |seen| seen.min(rank.observed_at));
        project.first_seen = Some(first);
        project
    }

    fn grant(&mut self, record: &GrantRecord, rank: Rank, changes: &mut Changes) {
        match record {
            GrantRecord::Project(record) => {
                let project = self.project(&record.id, rank, changes);
                offer(&mut project.record, rank, || record.as_ref().clone());
            }
            GrantRecord::Pool(record) => {
                if self.pools.get(&record.id).is_none_or(|held| held.rank < rank) {
                    self.pools.insert(record.id.clone(), Newest::new(rank, record.as_ref().clone()));
                    changes.touch("pool", &record.id);
                }
            }
            GrantRecord::Application(record) => {
                self.project(&record.project_id, rank, changes);
                if self.applications.get(&record.id).is_none_or(|held| held.rank < rank) {
                    self.applications.insert(record.id.clone(), Newest::new(rank, record.as_ref().clone()));
                    changes.touch("application", &record.id);
                }
            }
        }
    }

    fn answer(&mut self, facts: &SurveyAnswered, rank: Rank, changes: &mut Changes) {
        let key = match (&facts.project_id, &facts.project_name) {
            (Some(id), _) => {
                self.project(id, rank, changes);
                format!("id/{id}")
            }
            (None, name) => format!("name/{}", normalised_name(name.as_deref().unwrap_or(""))),
        };
        changes.touch("answer", &key);
        let name = facts.project_name.clone();
        let answer = SurveyAnswer { answered_at: facts.answered_at, rank, status: facts.status, name };
        self.answers.entry(key).or_default().offer(answer);
    }
}
