//! The scores of a log by the definitions, the slow way: sets and searches, no engine, no state.
//!
//! Taken from the resolved graph: vertices, edges, who belongs to which project, which answer binds. All else comes
//! from the events.

use std::collections::{BTreeMap, BTreeSet};

use domain::digest::Digest;
use domain::event::Event;
use domain::facts::gitlog::GitLogObserved;
use domain::facts::grant::{ApplicationRecord, GrantRecord, ProjectRecord};
use domain::formula::EdgePolicy;
use domain::status::ActivityStatus::{self, Discontinued, InDev, Live, NonResponsive};
use domain::{Day, Recorded, Timestamp, grants};
use projections::graph::Graph;
use projections::metrics::Level;
use proptest::prelude::*;

use super::facts::{FORMULAS, fold};
use super::logs::{in_order, log};

/// Level, id, status, criticality, pony factor, adoption and composite in hundredths.
type Line = (Level, String, Option<ActivityStatus>, Option<u64>, Option<u64>, Option<u128>, Option<u128>);

struct Oracle<'a> {
    formula: &'a str,
    log: &'a [Recorded],
    graph: &'a Graph,
    today: Day,
}

impl<'a> Oracle<'a> {
    fn facts(&self) -> impl DoubleEndedIterator<Item = &'a Recorded> {
        self.log.iter().filter(|event| event.event.event_type().is_fact())
    }

    /// What stands after all events, newest last.
    fn by_age(&self) -> Vec<&'a Recorded> {
        let mut events: Vec<&Recorded> = self.facts().collect();
        events.sort_by_key(|event| (event.envelope.observed_at, event.position));
        events
    }

    fn repos(&self) -> impl Iterator<Item = usize> {
        (0..self.graph.vertices.len()).filter(|v| self.graph.vertices[*v].repo)
    }

    fn repos_of(&self, project: usize) -> Vec<usize> {
        self.repos().filter(|v| self.graph.vertices[*v].project == u32::try_from(project).ok()).collect()
    }

    /// The git logs of a repository, newest last.
    fn git_logs(&self, vertex: usize) -> Vec<&'a GitLogObserved> {
        let logs = self.by_age().into_iter().filter_map(|event| match &event.event {
            Event::GitLogObserved(facts) => Some(facts),
            _ => None,
        });
        logs.filter(|facts| self.graph.repo_of.get(&facts.subject.id) == u32::try_from(vertex).ok().as_ref()).collect()
    }

    /// Every commit day of people: (day, person, commits, merges), each day as the newest log that covers it tells it.
    fn commit_days(&self, vertex: usize) -> Vec<(Day, Digest, u64, u64)> {
        let logs = self.git_logs(vertex);
        let mut told = Vec::new();
        for (n, log) in logs.iter().enumerate() {
            for row in &log.days {
                let newer = logs[n + 1..].iter().any(|l| l.from.is_none_or(|from| from <= row.day) && row.day <= l.to);
                let author = log.authors[row.author as usize].pseudonym;
                let newest = logs.iter().rev().find_map(|log| log.authors.iter().find(|a| a.pseudonym == author));
                if !newer && !newest.unwrap().bot {
                    told.push((row.day, author, u64::from(row.commits), u64::from(row.merges)));
                }
            }
        }
        told
    }

    /// Days on which somebody without an e-mail address committed.
    fn unsigned_days(&self, vertex: usize) -> Vec<Day> {
        let logs = self.git_logs(vertex);
        let mut told = Vec::new();
        for (n, log) in logs.iter().enumerate() {
            let newer = |day: Day| logs[n + 1..].iter().any(|l| l.from.is_none_or(|from| from <= day) && day <= l.to);
            told.extend(log.unsigned.iter().map(|row| row.day).filter(|day| !newer(*day)));
        }
        told
    }

    fn record(&self, project: &str) -> Option<&'a ProjectRecord> {
        self.by_age().into_iter().rev().find_map(|event| match &event.event {
            Event::GrantObserved(facts) => match &facts.record {
                GrantRecord::Project(record) if record.id == project => Some(record.as_ref()),
                _ => None,
            },
            _ => None,
        })
    }

    fn applications(&self, project: &str) -> Vec<&'a ApplicationRecord> {
        let mut newest: BTreeMap<&str, &ApplicationRecord> = BTreeMap::new();
        for event in self.by_age() {
            if let Event::GrantObserved(facts) = &event.event
                && let GrantRecord::Application(record) = &facts.record
            {
                newest.insert(&record.id, record);
            }
        }
        newest.into_values().filter(|record| record.project_id == project).collect()
    }

    fn complete(&self, project: &str) -> bool {
        let number = |text: &domain::decimal::Decimal| text.as_str().parse::<u64>().unwrap();
        let mut applications = self.applications(project);
        applications.sort_by_key(|a| (grants::round_of(a), a.id.clone()));
        let percent = applications.last().and_then(|a| a.completion_percent.as_ref()).map(number);
        let record = self.record(project);
        let paid = record.and_then(|record| record.paid_usd.as_ref()).map(number);
        let awarded = record.and_then(|record| record.awarded_usd.as_ref()).map(number);
        match (percent, paid, awarded) {
            (Some(percent), _, _) => percent >= 100,
            (None, Some(paid), Some(awarded)) if awarded > 0 => 100 * paid / awarded >= 100,
            _ => false,
        }
    }

    /// The least `observed_at` of the facts that name a project.
    fn first_named(&self, project: &str) -> Option<Timestamp> {
        let names = |event: &Event| match event {
            Event::SbomSubmitted(facts) => facts.subject.project.clone(),
            Event::GitLogObserved(facts) => facts.subject.project.clone(),
            Event::RepoObserved(facts) => facts.subject.project.clone(),
            Event::SurveyAnswered(facts) => facts.project_id.clone(),
            Event::GrantObserved(facts) => match &facts.record {
                GrantRecord::Project(record) => Some(record.id.clone()),
                GrantRecord::Application(record) => Some(record.project_id.clone()),
                GrantRecord::Pool(_) => None,
            },
            _ => None,
        };
        let naming = self.facts().filter(|event| names(&event.event).as_deref() == Some(project));
        naming.map(|event| event.envelope.observed_at).min()
    }

    fn status(&self, n: usize) -> ActivityStatus {
        let project = &self.graph.projects[n];
        let record = self.record(&project.id);
        let word = |record: &ProjectRecord| match record.integration_status.as_deref() {
            Some("Mainnet" | "Live (on Mainnet)" | "Expansion") => Live,
            Some("Abandoned" | "Completed") => Discontinued,
            Some("Unknown") => NonResponsive,
            _ => InDev,
        };
        let complete = self.complete(&project.id);
        if self.formula == "upstream-0.6" {
            return match record {
                Some(record) => word(record),
                None if complete => Live,
                None if !self.applications(&project.id).is_empty() => InDev,
                None => NonResponsive,
            };
        }
        let rows = self.facts().filter_map(|event| match &event.event {
            Event::SurveyAnswered(facts) => Some(facts.answered_at).filter(|at| at.day() <= self.today),
            _ => None,
        });
        let (classified, at) = match &project.answer {
            Some(answer) => (ActivityStatus::from(answer.status), Some(answer.answered_at)),
            None => {
                let word = record.filter(|_| self.formula == "atlas-1").map(word);
                (word.unwrap_or(NonResponsive), rows.max().or_else(|| self.first_named(&project.id)))
            }
        };
        let committed = || {
            let mut days = self
                .repos_of(n)
                .into_iter()
                .flat_map(|repo| self.commit_days(repo).into_iter().map(|row| row.0).chain(self.unsigned_days(repo)));
            at.is_some_and(|at| days.any(|day| day > at.day() && day <= self.today))
        };
        match classified {
            InDev if complete => Live,
            Discontinued | NonResponsive if committed() && complete => Live,
            Discontinued | NonResponsive if committed() => InDev,
            same => same,
        }
    }

    fn dependencies(&self) -> Vec<BTreeSet<usize>> {
        let mut on = vec![BTreeSet::new(); self.graph.vertices.len()];
        for edge in &self.graph.edges {
            let known = match self.formula {
                "seed" => edge.under(EdgePolicy::Flat),
                _ => edge.under(EdgePolicy::Nested),
            };
            if known.is_some() {
                on[edge.from as usize].insert(edge.to as usize);
            }
        }
        on
    }

    /// Who reaches each vertex: active, and by the formula a dependent at all; the vertex itself left out.
    fn dependents(&self, statuses: &[ActivityStatus]) -> Vec<BTreeSet<usize>> {
        let on = self.dependencies();
        let reached = |from: usize| {
            let (mut found, mut waiting) = (BTreeSet::new(), vec![from]);
            while let Some(vertex) = waiting.pop() {
                waiting.extend(on[vertex].iter().filter(|to| found.insert(**to)));
            }
            found
        };
        let live = |v: &usize| {
            let project = self.graph.vertices[*v].project;
            project.is_some_and(|p| matches!(statuses[p as usize], Live | InDev))
        };
        let seeds =
            self.repos().filter(live).filter(|v| self.formula == "atlas-1" || !on.iter().any(|to| to.contains(v)));
        let active: BTreeSet<usize> = seeds.flat_map(|seed| reached(seed).into_iter().chain([seed])).collect();
        let mut dependents = vec![BTreeSet::new(); on.len()];
        for &from in active.iter().filter(|v| self.formula == "upstream-0.6" || self.graph.vertices[**v].repo) {
            for to in reached(from) {
                if to != from {
                    dependents[to].insert(from);
                }
            }
        }
        dependents
    }

    /// Project of a vertex.
    fn project(&self, vertex: usize) -> Option<u32> {
        self.graph.vertices[vertex].project
    }

    fn pony(&self, vertices: &[usize]) -> Option<u64> {
        if vertices.is_empty() || self.formula == "atlas-1" && vertices.iter().all(|v| self.git_logs(*v).is_empty()) {
            return if vertices.is_empty() || self.formula == "atlas-1" { None } else { Some(0) };
        }
        let from = self.today.minus_months(24);
        let mut people: BTreeMap<Digest, u64> = BTreeMap::new();
        for (day, author, commits, merges) in vertices.iter().flat_map(|v| self.commit_days(*v)) {
            if from <= day && day <= self.today {
                *people.entry(author).or_default() += commits - merges;
            }
        }
        let total: u64 = people.values().sum();
        let mut counts: Vec<u64> = people.into_values().collect();
        counts.sort_unstable();
        let (mut sum, mut n) = (0, 0);
        while 2 * sum < total {
            sum += counts.pop().unwrap();
            n += 1;
        }
        Some(n)
    }

    fn signals(&self, vertex: usize) -> [Option<u64>; 3] {
        let held = &self.graph.vertices[vertex];
        [held.downloads, held.stars, held.forks]
    }
}

/// `numerator / denominator`, half up.
fn half_up(numerator: u128, denominator: u128) -> u128 {
    (2 * numerator + denominator) / (2 * denominator)
}

/// Per entry the mean percentile of its signals in hundredths.
fn composites(entries: &[[Option<u64>; 3]]) -> Vec<Option<u128>> {
    let share = |n: usize, value: u64| {
        let pool: Vec<u64> = entries.iter().filter_map(|signals| signals[n]).collect();
        (pool.iter().filter(|other| **other < value).count() as u128, pool.len() as u128)
    };
    let mean = |signals: &[Option<u64>; 3]| {
        let shares: Vec<(u128, u128)> = (0..3).filter_map(|n| signals[n].map(|value| share(n, value))).collect();
        let all: u128 = shares.iter().map(|(_, of)| *of).product();
        let sum: u128 = shares.iter().map(|(below, of)| below * all / of).sum();
        (!shares.is_empty()).then(|| half_up(100 * 100 * sum, all * shares.len() as u128))
    };
    entries.iter().map(mean).collect()
}

fn oracle(log: &[Recorded], graph: &Graph, formula: &str) -> Vec<Line> {
    let times = log.iter().filter(|event| event.event.event_type().is_fact()).map(|event| event.envelope.observed_at);
    let today = times.max().map_or(Day::from_number(0), Timestamp::day);
    let it = Oracle { formula, log, graph, today };
    let statuses: Vec<ActivityStatus> = (0..graph.projects.len()).map(|n| it.status(n)).collect();
    let dependents = it.dependents(&statuses);
    let atlas = formula == "atlas-1";
    let criticality = |v: usize| {
        let sibling = |w: &usize| atlas && it.project(v).is_some() && it.project(v) == it.project(*w);
        dependents[v].iter().filter(|w| !sibling(w)).count() as u64
    };
    let signals: Vec<[Option<u64>; 3]> =
        (0..graph.vertices.len()).map(|v| if graph.vertices[v].repo { it.signals(v) } else { [None; 3] }).collect();
    let adoption = composites(&signals);
    let members: Vec<Vec<usize>> = (0..graph.projects.len()).map(|n| it.repos_of(n)).collect();
    let joined: Vec<[Option<u64>; 3]> = members
        .iter()
        .map(|repos| {
            let of = |n: usize| repos.iter().filter_map(|v| signals[*v][n]).collect::<Vec<u64>>();
            [(!of(0).is_empty()).then(|| of(0).iter().sum()), of(1).into_iter().max(), of(2).into_iter().max()]
        })
        .collect();
    let mean = |repos: &Vec<usize>| {
        let values: Vec<u128> = repos.iter().filter_map(|v| adoption[*v]).collect();
        (!values.is_empty()).then(|| half_up(values.iter().sum(), values.len() as u128))
    };
    let joined = composites(&joined);
    let mut lines: Vec<Line> = Vec::new();
    for (n, project) in graph.projects.iter().enumerate() {
        let repos = &members[n];
        let reaching: BTreeSet<usize> = repos.iter().flat_map(|v| dependents[*v].iter().copied()).collect();
        let outside = reaching.iter().filter(|v| it.project(**v) != u32::try_from(n).ok()).count() as u64;
        let sum = repos.iter().map(|v| criticality(*v)).sum();
        let critical = (!repos.is_empty()).then_some(if atlas { outside } else { sum });
        let adopted = if atlas { joined[n] } else { mean(repos) };
        lines.push((
            Level::Project,
            project.id.to_string(),
            Some(statuses[n]),
            critical,
            it.pony(repos),
            adopted,
            None,
        ));
    }
    if atlas {
        let known: Vec<u64> = lines.iter().filter_map(|line| line.3).collect();
        let ponies: Vec<u64> = lines.iter().filter_map(|line| line.4).collect();
        let percentile = |pool: &[u64], value: u64| {
            half_up(pool.iter().filter(|other| **other < value).count() as u128 * 100_000_000, pool.len() as u128)
        };
        for line in &mut lines {
            if let (Some(critical), Some(pony), Some(adopted)) = (line.3, line.4, line.5) {
                let sum = 50 * percentile(&known, critical) + 25 * percentile(&ponies, pony) + 25 * adopted * 10_000;
                line.6 = Some(half_up(sum, 1_000_000));
            }
        }
    }
    for (level, wanted) in [(Level::Repo, true), (Level::External, false)] {
        for (v, vertex) in graph.vertices.iter().enumerate().filter(|(_, vertex)| vertex.repo == wanted) {
            let status = vertex.project.map(|project| statuses[project as usize]);
            let pony = wanted.then(|| it.pony(&[v])).flatten();
            lines.push((level, vertex.id.to_string(), status, Some(criticality(v)), pony, adoption[v], None));
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn scores_are_what_the_definitions_say(events in log(60)) {
        let log = in_order(&events);
        let graph = Graph::of(&fold(&log, "seed").world.graph);
        for name in FORMULAS {
            let scores = fold(&log, name).scores();
            prop_assert_eq!(scores.composite, name == "atlas-1");
            prop_assert!(scores.rows.is_sorted_by(|a, b| (a.level, &a.id) < (b.level, &b.id)));
            let lines: Vec<Line> = scores.rows.iter().map(|row| (
                row.level, row.id.to_string(), row.activity_status, row.criticality,
                row.pony_factor.map(u64::from), row.adoption.map(u128::from), row.pg_score.map(u128::from),
            )).collect();
            prop_assert_eq!(lines, oracle(&log, &graph, name), "{}", name);
        }
    }

    /// What holds of every resolved graph, whatever the facts were.
    #[test]
    fn a_resolved_graph_is_well_formed(events in log(60)) {
        let graph = Graph::of(&fold(&in_order(&events), "seed").world.graph);
        prop_assert!(graph.vertices.is_sorted_by(|a, b| a.id < b.id));
        prop_assert!(graph.projects.is_sorted_by(|a, b| a.id < b.id));
        prop_assert!(graph.findings.is_sorted_by(|a, b| a < b));
        prop_assert!(graph.edges.is_sorted_by(|a, b| (a.from, a.to) < (b.from, b.to)));
        let count = graph.vertices.len();
        for edge in &graph.edges {
            prop_assert!((edge.from as usize) < count && (edge.to as usize) < count && edge.from != edge.to);
            prop_assert!(edge.flat.is_none() || graph.vertices[edge.from as usize].repo, "a flat edge starts at a Repo");
            prop_assert!(edge.flat.is_some() || edge.nested.is_some());
        }
        for (id, vertex) in graph.repo_of.iter() {
            prop_assert!((vertex as usize) < count && graph.vertices[vertex as usize].repo, "{} is a Repo", id);
        }
        for vertex in &graph.vertices {
            prop_assert!(vertex.project.is_none() || vertex.repo);
        }
    }
}
