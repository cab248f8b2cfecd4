//! The signals of an adoption, and the place of each among all.

use domain::formula::{Combine, ProjectAdoption, Signal, SignalNorm};
use serde_json::json;

use super::teller::{Teller, ToldAbout};
use super::{CountedPart, Gap, LeftOutPart, ValueWhy, counted};
use crate::metrics::adoption::{joined, shares};
use crate::metrics::exact::{hundredths, mean_percentile};
use crate::metrics::signals::{Signals, signals_of};

/// Tells an adoption.
pub(super) fn tell(teller: &Teller<'_>, subject: ToldAbout, why: &mut ValueWhy) {
    let (graph, basis) = (teller.graph(), teller.basis());
    let policy = &basis.formula.adoption;
    let signals: Vec<Signals> = graph.vertices.iter().map(signals_of).collect();
    let project = match subject {
        ToldAbout::Vertex(vertex) if teller.vertex(vertex).repo => {
            say_signals(teller, &signals, vertex as usize, "repositories", why);
            lacking(teller, &[vertex], why);
            return;
        }
        ToldAbout::Vertex(_) => {
            why.say("It is a package of no repository here, and only repositories and projects have an adoption.");
            return;
        }
        ToldAbout::Project(project) => project,
    };
    let repos = &basis.members[project];
    if repos.is_empty() {
        why.say("No repository belongs to it.");
        why.lacks(Gap::Repositories(why.id.clone()));
        return;
    }
    match policy.project {
        ProjectAdoption::ProjectSignals => {
            why.say("Downloads of its repositories are summed; of stars and forks the greatest stands.");
            say_signals(teller, &joined(&signals, &basis.members), project, "projects", why);
        }
        ProjectAdoption::MeanOfRepos => {
            why.say("It is the mean of its repositories that have a value, half up.");
            say_repos(teller, repos, why);
        }
        ProjectAdoption::GreatestOfRepos => {
            why.say("It is the greatest of its repositories that have a value.");
            say_repos(teller, repos, why);
        }
    }
    lacking(teller, repos, why);
}

/// The Repos of a project, each with its own value.
fn say_repos(teller: &Teller<'_>, repos: &[u32], why: &mut ValueWhy) {
    for vertex in repos.iter().map(|repo| teller.vertex(*repo)) {
        let row = teller.evaluation.scores.get(crate::metrics::Level::Repo, &vertex.id);
        match row.and_then(|row| row.adoption) {
            Some(value) => {
                let known = Signal::ALL.into_iter().zip(signals_of(vertex));
                let known = known.filter_map(|(signal, value)| Some(format!("{} {}", value?, signal.name())));
                let reason = known.collect::<Vec<_>>().join(", ");
                why.counts.push(CountedPart { id: vertex.id.to_string(), value: json!(hundredths(value)), reason });
            }
            None => {
                let reason = "no signal that the formula counts is known of it".to_owned();
                why.does_not_count.push(LeftOutPart { id: vertex.id.to_string(), reason });
            }
        }
    }
}

/// The signals of one entry, each with its place among all of them.
fn say_signals(teller: &Teller<'_>, entries: &[Signals], entry: usize, kind: &str, why: &mut ValueWhy) {
    let policy = &teller.basis().formula.adoption;
    let mut alone = true;
    for (n, shares) in shares(entries, policy) {
        let signal = Signal::ALL[n].name();
        let (Some(share), Some(value)) = (shares[entry], entries[entry][n]) else {
            let reason = format!("its {signal} are not known");
            why.does_not_count.push(LeftOutPart { id: signal.to_owned(), reason });
            continue;
        };
        let scaled = mean_percentile(&[share]).map_or_else(String::new, hundredths);
        let reason = match policy.norm {
            SignalNorm::Log1p => format!("ln(1 + {value}) is {scaled}"),
            SignalNorm::Percentile if share.1 == 1 => {
                format!("the {signal} of no other {kind} are known: nobody lies below, which is 0")
            }
            SignalNorm::Percentile => {
                let (below, known) = share;
                format!("more than {below} of the {known} {kind} whose {signal} are known: {scaled}")
            }
        };
        alone &= share.1 == 1 && policy.norm == SignalNorm::Percentile;
        why.counts.push(CountedPart { id: signal.to_owned(), value: json!(value), reason });
    }
    if why.counts.is_empty() {
        why.say("No signal that the formula counts is known of it.");
        return;
    }
    if policy.norm == SignalNorm::Percentile {
        why.say(format!(
            "Each signal counts as the share of the {kind} with that signal that lie strictly below, in percent."
        ));
    }
    let known = counted(why.counts.len(), "signal", "signals");
    why.say(match policy.combine {
        Combine::Mean => format!("It is the mean of {known}."),
        Combine::Greatest => format!("It is the greatest of {known}."),
    });
    if alone {
        why.say(format!(
            "It alone has signals: 0 says that there are no {kind} to compare it with, not that nobody uses it."
        ));
    }
}

/// What is missing of Repos.
fn lacking(teller: &Teller<'_>, repos: &[u32], why: &mut ValueWhy) {
    for vertex in repos.iter().map(|repo| teller.vertex(*repo)) {
        if vertex.stars.is_none() && vertex.forks.is_none() {
            why.lacks(Gap::HostFacts(vertex.id.to_string()));
        }
    }
}
