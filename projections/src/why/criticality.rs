//! Which dependents count, and which do not.

use domain::formula::{DependentPolicy, ProjectCriticality, SeedPolicy, SiblingPolicy};
use serde_json::{Value, json};

use super::teller::{Teller, ToldAbout};
use super::{CountedPart, Gap, LeftOutPart, ValueWhy, counted, status};
use crate::metrics::Level;
use crate::metrics::network::Hindrance;

/// One that reaches what is told about.
struct Reaching {
    vertex: u32,
    /// The next step on a shortest way.
    next: u32,
    hindrance: Option<Hindrance>,
}

/// Tells a criticality.
pub(super) fn tell(teller: &Teller<'_>, subject: ToldAbout, why: &mut ValueWhy) {
    let formula = teller.basis().formula;
    let who = match formula.criticality.dependents {
        DependentPolicy::Repos => "repositories of the active set",
        DependentPolicy::Vertices => "repositories and packages of the active set",
    };
    let siblings = match formula.criticality.siblings {
        SiblingPolicy::Exclude => ", those of the same project left out",
        SiblingPolicy::Count => "",
    };
    let start = match formula.graph.seeds {
        SeedPolicy::Leaves => "repositories of live and in-dev projects on which nothing depends",
        SeedPolicy::EveryActive => "repositories of live and in-dev projects",
    };
    let repos = teller.repos(subject);
    match (subject, formula.criticality.project) {
        (ToldAbout::Project(_), _) if repos.is_empty() => {
            why.say("No repository belongs to it, so it is not known who depends on it.");
            why.lacks(Gap::Repositories(why.id.clone()));
            return;
        }
        (ToldAbout::Project(_), ProjectCriticality::Sum) => {
            why.say(format!("It is the sum over its {}.", counted(repos.len(), "repository", "repositories")));
        }
        (ToldAbout::Project(_), ProjectCriticality::Distinct) => {
            why.say("It is how many dependents outside of the project reach any of its repositories.");
        }
        (ToldAbout::Vertex(_), _) => {}
    }
    why.say(format!("What counts are the {who} that depend on it, directly or through others{siblings}."));
    why.say(format!("The active set is all {start}, and whatever these depend on."));
    match (subject, formula.criticality.project) {
        (ToldAbout::Project(project), ProjectCriticality::Sum) => {
            for repo in &repos {
                let reaching = reaching(teller, &[*repo], teller.vertex(*repo).project, formula.criticality.siblings);
                let number = reaching.iter().filter(|one| one.hindrance.is_none()).count();
                let reason = format!("{} of {} that reach it count", number, reaching.len());
                why.counts.push(CountedPart { id: teller.vertex(*repo).id.to_string(), value: json!(number), reason });
            }
            let reaching = reaching(teller, &repos, Some(fit(project)), formula.criticality.siblings);
            left_out(teller, &reaching, &repos, why);
        }
        (ToldAbout::Project(project), ProjectCriticality::Distinct) => {
            let reaching = reaching(teller, &repos, Some(fit(project)), SiblingPolicy::Exclude);
            list(teller, &reaching, &repos, why);
        }
        (ToldAbout::Vertex(vertex), _) => {
            let project = teller.vertex(vertex).project;
            let reaching = reaching(teller, &repos, project, formula.criticality.siblings);
            list(teller, &reaching, &repos, why);
        }
    }
}

fn fit(project: usize) -> u32 {
    domain::number::fit(project, "projects")
}

/// All that reach any of some vertices, which themselves are none of them, near ones first.
fn reaching(teller: &Teller<'_>, targets: &[u32], project: Option<u32>, siblings: SiblingPolicy) -> Vec<Reaching> {
    let (network, above) = (&teller.evaluation.network, teller.above());
    let mut seen = vec![false; network.active.len()];
    targets.iter().for_each(|target| seen[*target as usize] = true);
    let mut found: Vec<Reaching> = Vec::new();
    let mut open = targets.to_vec();
    let mut next = 0;
    while let Some(&node) = open.get(next) {
        next += 1;
        for &vertex in above.dependencies(node) {
            if !std::mem::replace(&mut seen[vertex as usize], true) {
                let hindrance = network.hindrance(vertex, project, siblings);
                found.push(Reaching { vertex, next: node, hindrance });
                open.push(vertex);
            }
        }
    }
    found
}

/// Lists who counts and who does not.
fn list(teller: &Teller<'_>, reaching: &[Reaching], targets: &[u32], why: &mut ValueWhy) {
    for one in reaching.iter().filter(|one| one.hindrance.is_none()) {
        let vertex = teller.vertex(one.vertex);
        let way = if targets.contains(&one.next) {
            "depends on it directly".to_owned()
        } else {
            format!("depends on it through {}", teller.vertex(one.next).id)
        };
        let status = vertex.project.map(|project| {
            let project = project as usize;
            (&teller.graph().projects[project].id, teller.evaluation.statuses[project].status)
        });
        let active = match status {
            Some((project, status)) if status.is_active() => format!("its project {project} is {status}"),
            _ => "something active depends on it".to_owned(),
        };
        let reason = format!("{way}; {active}");
        why.counts.push(CountedPart { id: vertex.id.to_string(), value: Value::Null, reason });
    }
    left_out(teller, reaching, targets, why);
}

/// Lists who does not count: Repos first, what is no Repo last.
fn left_out(teller: &Teller<'_>, reaching: &[Reaching], targets: &[u32], why: &mut ValueWhy) {
    let total = reaching.len();
    let mut hindered: Vec<(Hindrance, &Reaching)> =
        reaching.iter().filter_map(|one| Some((one.hindrance?, one))).collect();
    if total == 0 {
        nothing_reaches(teller, targets, why);
        return;
    }
    why.say(format!(
        "{} it along dependencies; {} of them count.",
        if total == 1 { "1 reaches".to_owned() } else { format!("{total} reach") },
        total - hindered.len()
    ));
    hindered.sort_by_key(|(hindrance, one)| (!teller.vertex(one.vertex).repo, *hindrance));
    let above = teller.evaluation.network.edges.in_degrees();
    for (hindrance, one) in hindered {
        let vertex = teller.vertex(one.vertex);
        let reason = match hindrance {
            Hindrance::NoRepo => "a package of no repository here, and the formula counts repositories".to_owned(),
            Hindrance::Sibling => "of the same project, which the formula leaves out".to_owned(),
            Hindrance::Inactive => inactive(teller, one.vertex, above[one.vertex as usize], why),
        };
        why.does_not_count.push(LeftOutPart { id: vertex.id.to_string(), reason });
    }
}

/// Why a vertex is outside of the active set.
fn inactive(teller: &Teller<'_>, vertex: u32, dependents: u32, why: &mut ValueWhy) -> String {
    let known = teller.vertex(vertex);
    let Some(project) = known.project.map(|project| project as usize) else {
        if known.repo {
            why.lacks(Gap::Project(known.id.to_string()));
            return "not active: it belongs to no project, so nothing says that it is in use".to_owned();
        }
        return "not active: a package of no repository here, which nothing active depends on".to_owned();
    };
    let decided = teller.evaluation.statuses[project];
    let id = &teller.graph().projects[project].id;
    if decided.status.is_active() {
        let others = counted(dependents as usize, "other depends", "others depend");
        let status = decided.status;
        return format!("not active: its project {id} is {status}, but {others} on it and none of them is active");
    }
    status::lacking(teller, project, why);
    format!("not active: its project {id} is {}: {}", decided.status, status::reason(teller, project))
}

/// Nobody is known to depend on any of these.
fn nothing_reaches(teller: &Teller<'_>, targets: &[u32], why: &mut ValueWhy) {
    why.say(match why.level {
        Level::Project => "Nothing outside of the project is known to depend on it.",
        _ => "Nothing that is known depends on it.",
    });
    for target in targets.iter().map(|target| teller.vertex(*target)) {
        if target.repo && target.details.packages.is_empty() {
            why.say(format!(
                "No package is known to be published from {}: whoever depends on its package does not reach it.",
                target.id
            ));
            why.lacks(Gap::Publication(target.id.to_string()));
        }
        why.lacks(Gap::Dependents(target.id.to_string()));
    }
}
