//! The operations of this atlas: paths are matched by this table, and by it they are listed and described.

use axum::http::Method;

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum ApiOp {
    Scores,
    Score,
    History,
    Why,
    Packages,
    Package,
    PackageDependsOn,
    PackageHasDependents,
    PackageBlastRadius,
    RepoBlastRadius,
    Lookup,
    Edges,
    EdgeWhy,
    Conflicts,
    Triage,
    Formulas,
    Formula,
    FormulaDiff,
    FormulaTry,
    Publications,
    Publication,
    Bundle,
    Events,
    EventStream,
    Event,
    Checkpoint,
    Tile,
    Proof,
    Export,
    BadgeSvg,
    BadgeJson,
}

/// An operation in the table: names in braces stand for a segment of the path, with a `*` for the rest of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct ApiPath {
    pub(in crate::http) op: ApiOp,
    pub(in crate::http) path: &'static str,
    /// Name of the operation.
    pub(in crate::http) id: &'static str,
    /// What it answers.
    pub(in crate::http) about: &'static str,
    /// Its parameters.
    pub(in crate::http) parameters: &'static [&'static str],
}

const fn path(
    op: ApiOp,
    path: &'static str,
    id: &'static str,
    about: &'static str,
    parameters: &'static [&'static str],
) -> ApiPath {
    ApiPath { op, path, id, about, parameters }
}

/// Every operation; of two that a path may mean the first counts.
pub(in crate::http) const OPERATIONS: &[ApiPath] = &[
    path(
        ApiOp::Scores,
        "/scores",
        "list_scores",
        "scores of projects, repositories or packages",
        &[
            "level",
            "project",
            "status",
            "q",
            "flag",
            "ecosystem",
            "sort",
            "as_of",
            "formula",
            "limit",
            "offset",
            "next",
        ],
    ),
    path(
        ApiOp::Score,
        "/scores/{id*}",
        "get_score",
        "the scores of one, with its ranks and what they rest on",
        &["as_of", "formula"],
    ),
    path(ApiOp::History, "/history/{id*}", "get_history", "values over time", &["metric"]),
    path(
        ApiOp::Why,
        "/why/{metric}/{id*}",
        "explain_value",
        "why a value is what it is, or what changed it since a position",
        &["from", "as_of", "formula"],
    ),
    path(
        ApiOp::Packages,
        "/packages",
        "list_packages",
        "packages, also those that no repository here publishes",
        &["ecosystem", "q", "as_of", "formula", "limit", "offset", "next"],
    ),
    path(
        ApiOp::PackageDependsOn,
        "/packages/{purl*}/depends-on",
        "get_package_depends_on",
        "what a package depends on",
        &["as_of", "formula", "limit", "offset", "next"],
    ),
    path(
        ApiOp::PackageHasDependents,
        "/packages/{purl*}/has-dependents",
        "get_package_has_dependents",
        "what depends on a package",
        &["as_of", "formula", "limit", "offset", "next"],
    ),
    path(
        ApiOp::PackageBlastRadius,
        "/packages/{purl*}/blast-radius",
        "get_package_blast_radius",
        "who falls if a package stops, by distance",
        &["as_of", "formula", "limit", "offset", "next"],
    ),
    path(ApiOp::Package, "/packages/{purl*}", "get_package", "one package", &["as_of", "formula"]),
    path(
        ApiOp::RepoBlastRadius,
        "/repos/{canonical_id*}/blast-radius",
        "get_repo_blast_radius",
        "who falls if a repository stops, by distance",
        &["as_of", "formula", "limit", "offset", "next"],
    ),
    path(ApiOp::Lookup, "/lookup", "lookup_packages", "up to 5,000 purls at once", &["as_of", "formula"]),
    path(
        ApiOp::EdgeWhy,
        "/edges/why",
        "explain_edge",
        "why one depends on another: claims, and what binds names",
        &["from", "to", "as_of", "formula"],
    ),
    path(
        ApiOp::Edges,
        "/edges",
        "list_edges",
        "what depends on what",
        &["of", "level", "as_of", "formula", "limit", "offset", "next"],
    ),
    path(
        ApiOp::Conflicts,
        "/conflicts",
        "list_conflicts",
        "what sources contradict each other about",
        &["as_of", "formula", "limit", "offset", "next"],
    ),
    path(ApiOp::Triage, "/triage", "list_triage", "open questions", &["as_of", "formula", "limit", "offset", "next"]),
    path(
        ApiOp::FormulaDiff,
        "/formulas/diff",
        "diff_formulas",
        "what moves between two formulas, and why",
        &["a", "b", "as_of"],
    ),
    path(
        ApiOp::FormulaTry,
        "/formulas/try",
        "try_formula",
        "what would move under a formula that is sent and kept nowhere",
        &["as_of", "formula"],
    ),
    path(ApiOp::Formulas, "/formulas", "list_formulas", "formulas", &[]),
    path(ApiOp::Formula, "/formulas/{name}", "get_formula", "one formula, as a document", &[]),
    path(ApiOp::Publications, "/publications", "list_publications", "what was published", &[]),
    path(
        ApiOp::Bundle,
        "/publications/{label}/bundle",
        "get_bundle",
        "the log in one file, to check a publication elsewhere",
        &[],
    ),
    path(ApiOp::Publication, "/publications/{label}", "get_publication", "one publication", &[]),
    path(
        ApiOp::EventStream,
        "/events/stream",
        "stream_events",
        "events as they come (server-sent; Last-Event-ID is a position)",
        &["from"],
    ),
    path(ApiOp::Event, "/events/{position}", "get_event", "one event", &[]),
    path(ApiOp::Events, "/events", "list_events", "the log in order", &["from", "to", "stream", "limit"]),
    path(ApiOp::Checkpoint, "/log/checkpoint", "get_checkpoint", "the newest signed checkpoint", &[]),
    path(ApiOp::Tile, "/log/tile/{tile*}", "get_tile", "a tile of the tree, or of its entries (C2SP tlog-tiles)", &[]),
    path(
        ApiOp::Proof,
        "/log/proof",
        "get_proof",
        "that an event is in the log, or that the log has only grown",
        &["position", "size", "from", "to"],
    ),
    path(
        ApiOp::Export,
        "/export/{what}",
        "export",
        "scores, graph, edges or the history of one, as JSON, CSV, NDJSON or GraphML",
        &["format", "id", "metric", "as_of", "formula"],
    ),
    path(ApiOp::BadgeSvg, "/badge/svg/{metric}/{id*}", "get_badge_svg", "a badge", &["as_of", "formula"]),
    path(
        ApiOp::BadgeJson,
        "/badge/json/{metric}/{id*}",
        "get_badge_json",
        "a badge, for shields endpoints",
        &["as_of", "formula"],
    ),
];

impl ApiOp {
    /// The method that it takes.
    pub(in crate::http) fn method(self) -> Method {
        if matches!(self, Self::Lookup | Self::FormulaTry) { Method::POST } else { Method::GET }
    }
}

/// An operation that a path means, with what the path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Matched {
    /// The operation.
    pub(in crate::http) op: ApiOp,
    /// What stands in place of each name in braces.
    pub(in crate::http) named: Vec<String>,
}

impl Matched {
    /// What a decoded path means.
    pub(in crate::http) fn of(path: &str) -> Option<Self> {
        OPERATIONS.iter().find_map(|known| Some(Self { op: known.op, named: named(known.path, path)? }))
    }
}

/// What stands in a path in place of the names of a template.
fn named(template: &str, path: &str) -> Option<Vec<String>> {
    let Some((before, rest)) = template.split_once('{') else { return (template == path).then(Vec::new) };
    let path = path.strip_prefix(before)?;
    let (name, behind) = rest.split_once('}')?;
    let value = if name.ends_with('*') {
        // Only the last name of a template has a star.
        path.strip_suffix(behind)?
    } else {
        &path[..path.find('/').unwrap_or(path.len())]
    };
    if value.is_empty() {
        return None;
    }
    let mut found = vec![value.to_owned()];
    found.extend(named(behind, &path[value.len()..])?);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_meant_by_its_own_path() {
        for known in OPERATIONS {
            let meant = Matched::of(&known.path.replace("*}", "}").replace(['{', '}'], ""));
            let of_name = meant.as_ref().map(|meant| meant.op);
            assert_eq!(of_name, Some(known.op), "{}", known.path);
        }
    }

    #[test]
    fn ids_may_have_slashes_and_suffixes_come_first() {
        let meant = |path: &str| Matched::of(path).map(|meant| (meant.op, meant.named.join(" | ")));
        let all = |op, named: &str| Some((op, named.to_owned()));
        assert_eq!(meant("/why/pony_factor/pkg:github/a/b"), all(ApiOp::Why, "pony_factor | pkg:github/a/b"));
        assert_eq!(meant("/packages/pkg:npm/@a/b/depends-on"), all(ApiOp::PackageDependsOn, "pkg:npm/@a/b"));
        assert_eq!(meant("/repos/pkg:github/a/b/blast-radius"), all(ApiOp::RepoBlastRadius, "pkg:github/a/b"));
        assert_eq!(meant("/formulas/diff"), all(ApiOp::FormulaDiff, ""));
        assert_eq!(meant("/formulas/seed"), all(ApiOp::Formula, "seed"));
        for nothing in ["/scores/", "/formulas/a/b", "/why/x", "/why//a", "/repos/blast-radius", "/nothing", ""] {
            assert_eq!(meant(nothing), None, "{nothing}");
        }
    }
}
