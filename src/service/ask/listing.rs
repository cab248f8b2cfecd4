//! Lists of what a snapshot holds: filtered, sorted, unknown values last whichever way.

use std::cmp::Ordering;
use std::sync::Arc;

use domain::status::ActivityStatus;

use super::resident::{KeptOrders, Resident};

/// Which way a key sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortOrder {
    /// Least first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// What a list is to hold of projects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectFilter {
    /// `pg_root` or `scf_project`.
    pub kind: Option<&'static str>,
    /// Its status.
    pub status: Option<ActivityStatus>,
    /// Exactly this category.
    pub category: Option<String>,
    /// A part of the name, with the wildcards of SQL's LIKE.
    pub search: Option<String>,
}

/// A value to sort by.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum SortValue<'a> {
    Text(&'a str),
    Number(u64),
    Signed(i64),
}

/// What projects sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProjectSort {
    /// Status, the most active last.
    Status,
    /// Adoption.
    Adoption,
    /// Category.
    Category,
    /// Criticality.
    Criticality,
    /// Name.
    Name,
    /// Pony factor.
    PonyFactor,
    /// When it was last looked at: the same for all of one snapshot.
    Updated,
    /// Kind of project.
    Kind,
}

/// What Repos sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RepoSort {
    /// Downloads.
    Downloads,
    /// Forks.
    Forks,
    /// Stars.
    Stars,
    /// Criticality.
    Criticality,
    /// Name without its owner.
    Name,
    /// Time of the latest commit.
    LatestCommit,
    /// Pony factor.
    PonyFactor,
    /// When it was last looked at: the same for all of one snapshot.
    Updated,
    /// Private before public.
    Visibility,
    /// Latest version, bytewise.
    LatestVersion,
}

/// Numbers of the projects that a filter lets through, by these keys and then by id.
#[must_use]
pub fn projects(atlas: &Resident, filter: &ProjectFilter, keys: &[(ProjectSort, SortOrder)]) -> Arc<[u32]> {
    let orders = atlas.made.get(KeptOrders::<(ProjectSort, SortOrder)>::default);
    let order = orders.get(keys, || sorted_projects(atlas, keys));
    if *filter == ProjectFilter::default() {
        return order;
    }
    let pattern = filter.search.as_deref().map(Pattern::containing);
    let fits = |number: &u32| {
        let project = &atlas.graph().projects[*number as usize];
        filter.kind.is_none_or(|kind| project.kind == kind)
            && filter.status.is_none_or(|status| atlas.project_scores(*number).activity_status == Some(status))
            && filter.category.as_ref().is_none_or(|category| project.category.as_ref() == Some(category))
            && pattern.as_ref().is_none_or(|pattern| pattern.fits(atlas.project_name_folded(*number)))
    };
    order.iter().copied().filter(fits).collect()
}

fn sorted_projects(atlas: &Resident, keys: &[(ProjectSort, SortOrder)]) -> Vec<u32> {
    let numbers = (0_u32..).zip(&atlas.graph().projects).map(|(number, _)| number).collect();
    sorted(numbers, keys, |number, key| {
        let (project, scores) = (&atlas.graph().projects[number as usize], atlas.project_scores(number));
        match key {
            ProjectSort::Name => Some(SortValue::Text(&project.name)),
            ProjectSort::Kind => Some(SortValue::Text(project.kind)),
            ProjectSort::Category => project.category.as_deref().map(SortValue::Text),
            ProjectSort::Status => scores.activity_status.map(|status| SortValue::Number(status.rank().into())),
            ProjectSort::Criticality => scores.criticality.map(SortValue::Number),
            ProjectSort::PonyFactor => scores.pony_factor.map(|n| SortValue::Number(n.into())),
            ProjectSort::Adoption => scores.adoption.map(|n| SortValue::Number(n.into())),
            ProjectSort::Updated => None,
        }
    })
}

/// Numbers of the Repos of a project, or all, whose name fits, by these keys and then by id.
#[must_use]
pub fn repos(
    atlas: &Resident,
    project: Option<u64>,
    search: Option<&str>,
    keys: &[(RepoSort, SortOrder)],
) -> Arc<[u32]> {
    let orders = atlas.made.get(KeptOrders::<(RepoSort, SortOrder)>::default);
    let order = orders.get(keys, || sorted_repos(atlas, keys));
    if project.is_none() && search.is_none() {
        return order;
    }
    let pattern = search.map(Pattern::containing);
    let fits = |number: &u32| {
        let of = atlas.graph().vertices[*number as usize].project;
        project.is_none_or(|project| of.is_some_and(|of| atlas.project_number(of) == project))
            && pattern.as_ref().is_none_or(|pattern| pattern.fits(atlas.vertex_name_folded(*number)))
    };
    order.iter().copied().filter(fits).collect()
}

fn sorted_repos(atlas: &Resident, keys: &[(RepoSort, SortOrder)]) -> Vec<u32> {
    let numbers = atlas.repos().collect();
    sorted(numbers, keys, |number, key| {
        let (vertex, scores) = (&atlas.graph().vertices[number as usize], atlas.vertex_scores(number));
        match key {
            RepoSort::Name => Some(SortValue::Text(super::resident::short_name(vertex))),
            RepoSort::Visibility => {
                Some(SortValue::Text(if vertex.details.private == Some(true) { "private" } else { "public" }))
            }
            RepoSort::LatestVersion => atlas.latest_version(number).map(SortValue::Text),
            RepoSort::Criticality => scores.criticality.map(SortValue::Number),
            RepoSort::PonyFactor => scores.pony_factor.map(|n| SortValue::Number(n.into())),
            RepoSort::Stars => vertex.stars.map(SortValue::Number),
            RepoSort::Forks => vertex.forks.map(SortValue::Number),
            RepoSort::Downloads => vertex.downloads.map(SortValue::Number),
            RepoSort::LatestCommit => atlas.latest_commit(number).map(|time| SortValue::Signed(time.micros())),
            RepoSort::Updated => None,
        }
    })
}

/// Sorts numbers that are in the order of ids.
fn sorted<'a, K: Copy>(
    numbers: Vec<u32>,
    keys: &[(K, SortOrder)],
    value: impl Fn(u32, K) -> Option<SortValue<'a>>,
) -> Vec<u32> {
    if keys.is_empty() {
        return numbers;
    }
    let read = |number: u32| keys.iter().map(|(key, _)| value(number, *key)).collect::<Vec<_>>();
    let mut rows: Vec<(Vec<Option<SortValue<'a>>>, u32)> =
        numbers.into_iter().map(|number| (read(number), number)).collect();
    rows.sort_by(|(a, _), (b, _)| {
        let each = keys.iter().zip(a.iter().zip(b));
        let mut orders = each.map(|((_, direction), (a, b))| match (a, b) {
            (Some(a), Some(b)) => {
                let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                if *direction == SortOrder::Descending { order.reverse() } else { order }
            }
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    rows.into_iter().map(|(_, number)| number).collect()
}

/// A pattern of SQL's LIKE, lower-cased: `%` any text, `_` any character, `\` takes what follows as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Token>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Exactly(char),
}

impl Pattern {
    /// What contains this.
    #[must_use]
    pub fn containing(search: &str) -> Self {
        let text = format!("%{}%", search.to_lowercase());
        let (mut tokens, mut chars) = (Vec::new(), text.chars());
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '%' => Token::Any,
                '_' => Token::One,
                '\\' => Token::Exactly(chars.next().unwrap_or('\\')),
                c => Token::Exactly(c),
            });
        }
        tokens.dedup_by(|a, b| *a == Token::Any && *b == Token::Any);
        Self(tokens)
    }

    /// Whether a lower-cased text fits. The time is at most the product of both lengths.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut token) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(token) {
                Some(Token::Any) => {
                    back = Some((token, at));
                    token += 1;
                }
                Some(Token::One) => (at, token) = (at + 1, token + 1),
                Some(Token::Exactly(c)) if *c == text[at] => (at, token) = (at + 1, token + 1),
                _ => match &mut back {
                    Some((any, from)) => {
                        *from += 1;
                        (at, token) = (*from, *any + 1);
                    }
                    None => return false,
                },
            }
        }
        self.0[token..].iter().all(|token| *token == Token::Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_like() {
        let fits = |search: &str, text: &str| Pattern::containing(search).fits(text);
        assert!(fits("aurora", "aurora sdk") && fits("", "") && fits("s_k", "aurora sdk") && fits("a%k", "aurora sdk"));
        assert!(fits("\\%", "100% wallet") && !fits("\\%", "wallet") && !fits("x", "aurora sdk"));
        assert!(fits("\\", "ends with %") && !fits("\\", "100% wallet"));
    }
}
