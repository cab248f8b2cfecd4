//! Projects by the definitions, the slow way: which there are, their names, and who belongs to which. Taken from the
//! resolved graph is only what ids mean. Edges: `claimed`.

use std::collections::{BTreeMap, BTreeSet};

use domain::Recorded;
use domain::event::Event;
use domain::facts::curation::{Correction, ProjectField};
use domain::facts::grant::GrantRecord;
use domain::grants::{GitUrl, classify_git_url};
use domain::purl::owner_of;
use domain::recorded::Rank;
use projections::graph::Graph;
use proptest::prelude::*;

use super::facts::fold;
use super::logs::{in_order, log};

struct Definitions<'a> {
    /// The newest event of every source, oldest first.
    newest: Vec<&'a Recorded>,
    graph: &'a Graph,
    /// By package the vertex it is published from.
    published: BTreeMap<&'a str, u32>,
}

impl<'a> Definitions<'a> {
    fn of(log: &'a [Recorded], graph: &'a Graph) -> Self {
        let mut newest: BTreeMap<(String, String), &Recorded> = BTreeMap::new();
        for event in log {
            let mut stream = event.envelope.stream.to_string();
            // An application is one wherever its project is.
            if let Event::GrantObserved(facts) = &event.event
                && matches!(facts.record, GrantRecord::Application(_))
            {
                stream.clear();
            }
            let held = newest.entry((stream, event.event.source())).or_insert(event);
            if held.rank() < event.rank() {
                *held = event;
            }
        }
        let mut newest: Vec<&Recorded> = newest.into_values().collect();
        newest.sort_by_key(|event| event.rank());
        let vertices = (0..).zip(&graph.vertices);
        let published = vertices.flat_map(|(n, vertex)| vertex.details.packages.iter().map(move |id| (id.as_str(), n)));
        let published = published.collect();
        Self { newest, graph, published }
    }

    fn vertex(&self, id: &str) -> Option<u32> {
        let published = self.published.get(id).copied();
        published.or_else(|| self.graph.repo_of.get(id).copied()).or_else(|| self.graph.vertex(id))
    }

    fn corrections(&self) -> impl Iterator<Item = (Rank, &'a Correction)> {
        self.newest.iter().filter_map(|event| match &event.event {
            Event::Curated(facts) => Some((event.rank(), &facts.correction)),
            _ => None,
        })
    }

    /// Repository and project that the newest ingestions name, newest last.
    fn flags(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let subjects = self.newest.iter().filter_map(|event| match &event.event {
            Event::SbomSubmitted(facts) => Some(&facts.subject),
            Event::GitLogObserved(facts) => Some(&facts.subject),
            Event::RepoObserved(facts) => Some(&facts.subject),
            _ => None,
        });
        subjects.filter_map(|subject| Some((subject.id.as_str(), subject.project.as_deref()?)))
    }

    /// Project, git URLs and name of the newest grants records, newest last.
    fn grants(&self) -> impl Iterator<Item = (&'a GrantRecord, &'a str, &'a [String])> {
        self.newest.iter().filter_map(|event| match &event.event {
            Event::GrantObserved(facts) => match &facts.record {
                record @ GrantRecord::Project(said) => Some((record, said.id.as_str(), &*said.git_urls)),
                record @ GrantRecord::Application(said) => Some((record, said.project_id.as_str(), &*said.git_urls)),
                GrantRecord::Pool(_) => None,
            },
            _ => None,
        })
    }

    /// What a curation says of a Repo's project: the newest of all its ids.
    fn curated(&self, vertex: u32) -> Option<Option<&'a str>> {
        let own = self.corrections().filter_map(|(_, correction)| match correction {
            Correction::Membership { repo, project } if self.vertex(repo) == Some(vertex) => Some(project.as_deref()),
            _ => None,
        });
        own.last()
    }

    fn projects(&self) -> BTreeMap<String, String> {
        let answers = || {
            self.newest.iter().filter_map(|event| match &event.event {
                Event::SurveyAnswered(facts) => Some((event.rank(), facts)),
                _ => None,
            })
        };
        let mut ids: BTreeSet<&str> = self.flags().map(|(_, project)| project).collect();
        ids.extend(self.grants().map(|(_, project, _)| project));
        ids.extend(answers().filter_map(|(_, facts)| facts.project_id.as_deref()));
        ids.extend((0..).zip(&self.graph.vertices).filter_map(|(n, _)| self.curated(n).flatten()));
        ids.extend(self.corrections().filter_map(|(_, correction)| match correction {
            Correction::SurveyName { project, .. } | Correction::Project { project, value: Some(_), .. } => {
                Some(project.as_str())
            }
            _ => None,
        }));
        let name = |id: &str| {
            let mut given: Option<&str> = None;
            for event in &self.newest {
                match &event.event {
                    Event::SurveyAnswered(facts) if facts.project_id.as_deref() == Some(id) => {
                        given = facts.project_name.as_deref().or(given);
                    }
                    Event::GrantObserved(facts) => match &facts.record {
                        GrantRecord::Application(said) if said.project_id == id => {
                            given = said.project.as_deref().or(said.project_name.as_deref()).or(given);
                        }
                        _ => {}
                    },
                    _ => {}
                }
            }
            let record = self.grants().find_map(|(record, ..)| match record {
                GrantRecord::Project(said) if said.id == id => said.name.as_deref(),
                _ => None,
            });
            let curated = self.corrections().find_map(|(_, correction)| match correction {
                Correction::Project { project, field: ProjectField::Name, value } if project == id => value.as_deref(),
                _ => None,
            });
            curated.or(record).or(given).unwrap_or(id).to_owned()
        };
        ids.into_iter().map(|id| (id.to_owned(), name(id))).collect()
    }

    fn project_of(&self, vertex: u32, there: &BTreeMap<String, String>) -> Option<&'a str> {
        if let Some(curated) = self.curated(vertex) {
            return curated;
        }
        if let Some((_, flag)) = self.flags().filter(|(repo, _)| self.vertex(repo) == Some(vertex)).last() {
            return Some(flag);
        }
        let own = owner_of(&self.graph.vertices[vertex as usize].id);
        let (mut exactly, mut by_owner) = (BTreeSet::new(), BTreeSet::new());
        for (project, url) in self.grants().flat_map(|(_, project, urls)| urls.iter().map(move |url| (project, url))) {
            match classify_git_url(url) {
                GitUrl::Repo { id } if self.vertex(&id) == Some(vertex) => _ = exactly.insert(project),
                GitUrl::Owner { host, owner } if own == Some((&*host, &*owner)) => _ = by_owner.insert(project),
                _ => {}
            }
        }
        let curated_owner = self.corrections().find_map(|(_, correction)| match correction {
            Correction::Owner { host, owner, project } if own == Some((host, owner)) => Some(project.as_deref()),
            _ => None,
        });
        let sole = |projects: BTreeSet<&'a str>| projects.first().copied().filter(|_| projects.len() == 1);
        if !exactly.is_empty() {
            return sole(exactly);
        }
        // An owner's curation makes no project.
        curated_owner.unwrap_or_else(|| sole(by_owner)).filter(|project| there.contains_key(*project))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn projects_and_members_are_what_the_definitions_say(events in log(60)) {
        let log = in_order(&events);
        let graph = Graph::of(&fold(&log, "seed").world.graph);
        let said = Definitions::of(&log, &graph);
        let projects: BTreeMap<String, String> =
            graph.projects.iter().map(|project| (project.id.to_string(), project.name.clone())).collect();
        prop_assert_eq!(&projects, &said.projects());
        for (n, vertex) in (0..).zip(&graph.vertices).filter(|(_, vertex)| vertex.repo) {
            let project = vertex.project.map(|n| graph.projects[n as usize].id.as_ref());
            prop_assert_eq!(project, said.project_of(n, &projects), "{}", vertex.id);
        }
    }
}
