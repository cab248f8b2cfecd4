//! Which branch of the cascade decided a status.

use domain::formula::StatusSource;
use domain::status::ActivityStatus;

use super::teller::{Teller, ToldAbout};
use super::{Gap, ValueWhy, counted};
use crate::metrics::status::{Classifier, StatusLift};

/// Tells an activity status.
pub(super) fn tell(teller: &Teller<'_>, subject: ToldAbout, why: &mut ValueWhy) {
    let project = match subject {
        ToldAbout::Project(project) => project,
        ToldAbout::Vertex(vertex) => {
            let known = teller.vertex(vertex);
            match known.project {
                Some(project) => {
                    let project = project as usize;
                    why.say(format!("It shows the status of its project {}.", teller.graph().projects[project].id));
                    project
                }
                None if known.repo => {
                    why.say("It belongs to no project, and only projects have a status.");
                    why.lacks(Gap::Project(known.id.to_string()));
                    return;
                }
                None => {
                    why.say("It is a package of no repository here, and only projects have a status.");
                    return;
                }
            }
        }
    };
    why.say(format!("{}.", capital(&reason(teller, project))));
    let decided = teller.evaluation.statuses[project];
    let known = &teller.graph().projects[project];
    let lifted = matches!(decided.lift, Some(StatusLift::Commit | StatusLift::CommitAndCompletion));
    let asks_for_life = !decided.classified.is_active() && (known.answer.is_none() || lifted);
    if let Some(since) = decided.since.filter(|_| asks_for_life) {
        let day = since.day();
        why.say(if known.answer.is_some() {
            format!("Only a commit after {day}, the day of its answer, counts as a sign of life.")
        } else if teller.graph().newest_answer.is_some() {
            format!(
                "Without an answer of its own a commit counts as a sign of life after {day}, the day of the newest \
                 answer of any project."
            )
        } else {
            format!("Without any survey answer a commit counts as a sign of life after {day}, when it was first named.")
        });
    }
    if cascades(teller) {
        let complete = if known.complete { "are complete" } else { "are not known to be complete" };
        why.say(format!("Its grants {complete}."));
    }
    lacking(teller, project, why);
}

fn cascades(teller: &Teller<'_>) -> bool {
    teller.basis().formula.status.source != StatusSource::IntegrationStatus
}

/// What is missing of a project whose status nobody has vouched for.
pub(super) fn lacking(teller: &Teller<'_>, project: usize, why: &mut ValueWhy) {
    let known = &teller.graph().projects[project];
    let source = teller.basis().formula.status.source;
    match teller.evaluation.statuses[project].status {
        // Nothing could lift it any more.
        ActivityStatus::Live => return,
        ActivityStatus::InDev if known.answer.is_some() => {
            if !known.recorded && !known.applied {
                why.lacks(Gap::Grants(known.id.to_string()));
            }
            return;
        }
        _ => {}
    }
    if known.answer.is_none() && source != StatusSource::IntegrationStatus {
        why.lacks(Gap::Survey(known.id.to_string()));
    }
    if !known.recorded && (source != StatusSource::Cascade || !known.applied) {
        why.lacks(Gap::Grants(known.id.to_string()));
    }
    if !cascades(teller) {
        return;
    }
    let repos = &teller.basis().members[project];
    if repos.is_empty() {
        why.lacks(Gap::Repositories(known.id.to_string()));
    }
    for repo in repos.iter().filter(|repo| teller.commits(**repo).is_none()) {
        why.lacks(Gap::GitLog(teller.vertex(*repo).id.to_string()));
    }
}

/// In one clause, what decided the status of a project.
pub(super) fn reason(teller: &Teller<'_>, project: usize) -> String {
    let decided = teller.evaluation.statuses[project];
    let known = &teller.graph().projects[project];
    let word = decided.classified.name();
    let classified = match decided.by {
        Classifier::Survey => known.answer.as_ref().map_or_else(String::new, |answer| {
            format!("the survey answer of {} (position {}) says {word}", answer.answered_at.day(), answer.rank.position)
        }),
        Classifier::GrantsRecord => {
            let said = known.integration_status.as_deref().unwrap_or("nothing");
            let place = teller.record(&known.id).map_or_else(String::new, |position| format!(" (position {position})"));
            format!("its newest grants record{place} says `{said}`, which means {word}")
        }
        Classifier::Applications => format!("no grants record describes it, and its grant applications mean {word}"),
        Classifier::Nobody => {
            let asked =
                if cascades(teller) { "nobody answered the survey for it" } else { "no grants record names it" };
            let record = if known.recorded || known.applied || !cascades(teller) {
                ""
            } else {
                ", no grants record describes it"
            };
            format!("{asked}{record}")
        }
    };
    let repos = &teller.basis().members[project];
    let status = decided.status.name();
    let last = teller.last_commit(repos);
    let commit =
        last.map_or_else(String::new, |(day, repo)| format!("the commit of {day} in {}", teller.vertex(repo).id));
    match decided.lift {
        Some(StatusLift::Completion) => format!("{classified}, and its grants are complete: {status}"),
        Some(StatusLift::Commit) => format!("{classified}, but {commit} came later: {status}"),
        Some(StatusLift::CommitAndCompletion) => {
            format!("{classified}, but {commit} came later and its grants are complete: {status}")
        }
        None if decided.status.is_active() || decided.since.is_none() => classified,
        None => {
            let life = match last {
                _ if repos.is_empty() => "and no repository belongs to it that could show life".to_owned(),
                Some((day, _)) => format!("and its last commit, of {day}, is no later"),
                None if repos.iter().any(|repo| teller.commits(*repo).is_some()) => {
                    "and its git logs hold no commit that counts".to_owned()
                }
                None => {
                    let logs = counted(repos.len(), "repository", "repositories");
                    format!("and no git log of its {logs} was read")
                }
            };
            format!("{classified}, {life}")
        }
    }
}

/// With a capital letter in front.
fn capital(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
