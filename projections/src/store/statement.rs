//! Statements on the tables of builds. The compiler cannot check them, since a build's schema has its number in its
//! name: a story explains each of them on an empty and on a filled build instead.

use domain::TenantId;
use domain::formula::EdgePolicy;

use super::Build;
use crate::tables::Projection;

/// A statement of `sql/build/`. Where `{...}` stands for a schema, the statement is to be completed by [`Self::on`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Name of its file.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

impl Statement {
    /// The statement on these builds, each under the name that its text has for it.
    #[must_use]
    pub fn on(self, builds: &[(&str, &Build)]) -> String {
        let named = |sql: String, (name, build): &(&str, &Build)| sql.replace(&format!("{{{name}}}"), &build.schema());
        builds.iter().fold(self.sql.to_owned(), named)
    }

    /// As [`Self::on_edges`], where `{views}` and `{tenant}` stand for the schema of a tenant's views and its number.
    #[must_use]
    pub(super) fn on_views(self, tenant: TenantId, policy: EdgePolicy, builds: &[(&str, &Build)]) -> String {
        let placed = self.on_edges(policy, builds).replace("{views}", &tenant.views_schema());
        placed.replace("{tenant}", &tenant.number().to_string())
    }

    /// As [`Self::on`], where `{edge}` stands for the edges of a policy.
    #[must_use]
    pub fn on_edges(self, policy: EdgePolicy, builds: &[(&str, &Build)]) -> String {
        let edge = match policy {
            EdgePolicy::Flat => "flat",
            EdgePolicy::Nested => "nested",
        };
        self.on(builds).replace("{edge}", edge)
    }
}

macro_rules! statements {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Statement = Statement {
            name: $name,
            sql: include_str!(concat!("../../sql/build/", $name, ".sql")),
        };)*

        /// Every statement that reads.
        pub const READS: &[Statement] = &[$($constant),*];
    };
}

statements! {
    /// The state behind `{build}`.
    FACTS = "facts";
    /// The values of `{build}` that hold at its end.
    VALUES_HELD = "values_held";
    /// The values of `{history}` that held at position $1.
    VALUES_AT = "values_at";
    /// The values over time of the vertex $1 of `{history}`, at levels $2, of metric $3 or all.
    HISTORY_OF_ONE = "history_of_one";
    /// The labels that were published at ticks of `{history}`.
    LABELS = "labels";
    /// The ticks of `{build}`.
    TICKS = "ticks";
    /// The scores of level $1 in `{metrics}`, named by `{graph}`; not of projects.
    SCORES = "scores";
    /// The scores of level $1, which is that of projects.
    SCORES_OF_PROJECTS = "scores_of_projects";
    /// The score of $2, of level $1; not of projects.
    SCORE = "score";
    /// The score of $2, of level $1, which is that of projects.
    SCORE_OF_PROJECT = "score_of_project";
    /// The first $2 scores of level $1, by id; not of projects.
    FIRST_SCORES = "first_scores";
    /// The first $2 scores of level $1, which is that of projects, by id.
    FIRST_SCORES_OF_PROJECTS = "first_scores_of_projects";
    /// The project of each of the vertices $1 that has one.
    PROJECTS_OF = "projects_of";
    /// The Repos of the project $1.
    REPOS_OF_PROJECT = "repos_of_project";
    /// The edges of `{graph}` with one of the ends $1, under the policy `{edge}`.
    EDGES_OF = "edges_of";
    /// The project of every Repo of `{graph}` that has one.
    PROJECTS_OF_REPOS = "projects_of_repos";
    /// The ids of everything in `{graph}`.
    IDS = "ids";
    /// What no source says of `{graph}`, `{people}` and `{metrics}`: of the projects $1 and of the statuses $2, where
    /// there are any.
    UNSAID = "unsaid";
    /// Open questions of `{graph}`.
    FINDINGS = "findings";
    /// The edges of `{graph}` under the policy `{edge}`.
    EDGES = "edges";
    /// The Repos of `{graph}`.
    REPOS = "repos";
    /// Numbers of live rows.
    COUNTS = "counts";
}

/// Makes the views of every family over the builds of all, each under the name of its family; `{edge}` is `flat` or
/// `nested`.
pub(super) fn views() -> impl Iterator<Item = Statement> {
    let families = Projection::ALL.iter().map(|projection| projection.family());
    families.map(|family| Statement { name: family.name, sql: family.views })
}

/// A view over the live builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewDefinition {
    /// Its name, with its schema.
    pub name: String,
    /// What follows the name in the statement that makes it: its options, and what it shows.
    pub rest: String,
}

/// The views that a text makes. Each begins on a line of its own.
pub(super) fn each_view(text: &str) -> Vec<ViewDefinition> {
    let each = text.split("CREATE OR REPLACE VIEW ").skip(1);
    let named = each.filter_map(|view| view.split_once(' '));
    named.map(|(name, rest)| ViewDefinition { name: name.to_owned(), rest: rest.trim_end().to_owned() }).collect()
}

/// The names of the views, as their statements have them.
pub(super) fn view_names() -> Vec<String> {
    let named = |view: ViewDefinition| Some(view.name.split_once('.')?.1.to_owned());
    views().flat_map(|statement| each_view(statement.sql)).filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_view_is_named() {
        let names = super::view_names();
        assert_eq!(names.len(), super::views().map(|s| s.sql.matches("CREATE OR REPLACE VIEW").count()).sum::<usize>());
        assert!(names.contains(&"depends_on".to_owned()), "{names:?}");
    }
}
