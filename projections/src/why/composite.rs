//! What is made of other values: the composite, the flags, and further terms.

use domain::formula::{Condition, Norm, Term, TermPolicy};
use serde_json::{Value, json};

use super::teller::Teller;
use super::{CountedPart, LeftOutPart, ValueWhy, shown};
use crate::metrics::ScoreRow;

/// Tells a further term.
pub(super) fn term(term: Term, why: &mut ValueWhy) {
    why.say(format!("It is {}.", about(term)));
}

/// Tells a composite.
pub(super) fn composite(teller: &Teller<'_>, row: &ScoreRow, why: &mut ValueWhy) {
    let Some(policy) = &teller.basis().formula.score else { return };
    if row.level != crate::metrics::Level::Project {
        why.say("Only projects have a composite.");
        return;
    }
    why.say("It is the mean of the terms on a common scale, each by its weight; unknown where a term is unknown.");
    let terms: [(&str, TermPolicy); 3] =
        [("criticality_score", policy.criticality), ("pony_factor", policy.pony), ("adoption_score", policy.adoption)];
    for (name, TermPolicy { weight, norm }) in terms {
        let value = teller.evaluation.scores.value(row, name);
        let scale = match norm {
            Norm::Percentile => "the share of projects strictly below, in percent",
            Norm::Log1p => "ln(1 + value)",
            Norm::Inverse => "100 / value, unknown at 0",
            Norm::Identity => "the value itself",
        };
        if value.is_null() {
            let reason = "unknown, so the composite is too".to_owned();
            why.does_not_count.push(LeftOutPart { id: name.to_owned(), reason });
        } else {
            let reason = format!("weight {weight}, as {scale}");
            why.counts.push(CountedPart { id: name.to_owned(), value, reason });
        }
    }
}

/// Tells flags.
pub(super) fn flags(teller: &Teller<'_>, row: &ScoreRow, why: &mut ValueWhy) {
    why.say("A flag is raised where every one of its conditions holds; an unknown value fulfils none.");
    for flag in &teller.basis().formula.flags {
        let conditions: Vec<String> = flag.when.iter().map(|condition| bounds(teller, row, condition)).collect();
        let reason = conditions.join(", ");
        if row.flags.contains(&flag.name) {
            why.counts.push(CountedPart { id: flag.name.clone(), value: json!(true), reason });
        } else {
            why.does_not_count.push(LeftOutPart { id: flag.name.clone(), reason });
        }
    }
}

/// A condition with the value that it is about, where the score's line has it.
fn bounds(teller: &Teller<'_>, row: &ScoreRow, condition: &Condition) -> String {
    let name = condition.value.name();
    let least = condition.at_least.as_ref().map(|bound| format!("at least {bound}"));
    let most = condition.at_most.as_ref().map(|bound| format!("at most {bound}"));
    let asked: Vec<String> = least.into_iter().chain(most).collect();
    let line = teller.evaluation.scores.line(row);
    let known = line.get(name).map_or_else(String::new, |value: &Value| format!(" (it is {})", shown(value)));
    format!("{name} {}{known}", asked.join(" and "))
}

/// What a further term measures.
fn about(term: Term) -> &'static str {
    match term {
        Term::BlastRadius => "how many vertices reach it, active or not",
        Term::Bridges => "how many edges at it would, by going, let the graph fall apart",
        Term::Contributors => "how many people committed in the window",
        Term::Coverage => "the share of repositories whose dependencies somebody lists, in percent",
        Term::DecayCriticality => {
            "the sum over the dependents that count, each fading with the days since its last commit"
        }
        Term::FirstCommit => "the day of the first known commit that counts",
        Term::Hhi => "the concentration of commits: 10,000 for one author, less for more of them",
        Term::KCore => "the core number within the active set",
        Term::LastCommit => "the day of the last known commit that counts",
        Term::ProjectDependencies => "how many other projects it depends on directly",
        Term::ProjectDependents => "how many other projects depend on it directly",
        Term::Shannon => "the evenness of commits: 0 for one author, more for more of them",
        Term::TenureDays => "the mean of days between first and last commit of those who committed in the window",
        Term::Top10Share => "the share of the commits by the ten most active authors, in percent",
        Term::WeightedDependents => "the sum over the direct dependents that count, each by the weight of its edge",
    }
}
