//! Every operation in one table: by it paths are matched, by it they are listed for people and described for programs.
//! Paths are matched decoded, so an id may be one encoded segment or several.

mod contract;
mod own;

use axum::http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use super::ingest::SBOM;
use crate::service::act::ingest::is_taken;
pub(super) use contract::{ContractOp, ContractPart};
pub(super) use own::ApiOp;

/// What is percent-encoded in a path that names an id: all but letters, digits and these.
pub(super) const IN_PATHS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpOp {
    /// Of the contract of others.
    Contract(ContractOp),
    /// Of this atlas.
    Own(ApiOp),
    /// The list of them for people.
    Docs,
    /// The same for programs.
    OpenApi,
}

/// An operation in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// The operation.
    pub(super) op: HttpOp,
    /// Its path: names in braces stand for a segment of it, with a `*` for the rest, with two also for no rest.
    pub(super) path: &'static str,
    /// Its name.
    pub(super) id: &'static str,
    /// What it answers.
    pub(super) about: &'static str,
    /// Its parameters behind the path.
    pub(super) parameters: &'static [&'static str],
}

/// A line of the table.
const fn path(
    op: HttpOp,
    path: &'static str,
    id: &'static str,
    about: &'static str,
    parameters: &'static [&'static str],
) -> Operation {
    Operation { op, path, id, about, parameters }
}

/// Every operation that is described.
pub(super) fn described() -> impl Iterator<Item = &'static Operation> {
    own::OPERATIONS.iter().chain(contract::OPERATIONS)
}

/// Every operation; of two that a path may mean the first counts.
fn all() -> impl Iterator<Item = &'static Operation> {
    described().chain(contract::DESCRIPTIONS)
}

impl Operation {
    /// The method that it takes.
    pub(super) fn method(&self) -> Method {
        match self.op {
            HttpOp::Contract(ContractOp::SubmitSbom)
            | HttpOp::Own(ApiOp::Lookup | ApiOp::FormulaTry | ApiOp::Ingest | ApiOp::IngestBatch) => Method::POST,
            _ => Method::GET,
        }
    }

    /// Whether documents are handed in by it.
    pub(super) fn takes_documents(&self) -> bool {
        matches!(self.op, HttpOp::Contract(ContractOp::SubmitSbom) | HttpOp::Own(ApiOp::Ingest | ApiOp::IngestBatch))
    }

    /// Its path as others write it.
    pub(super) fn template(&self) -> String {
        self.path.replace('*', "")
    }
}

/// An operation that a path means, with what the path names.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    /// The operation.
    pub(super) operation: &'static Operation,
    named: Vec<String>,
}

impl Matched {
    /// What a decoded path means: to this method, where the path takes it.
    pub(super) fn of(path: &str, method: &Method) -> Option<Self> {
        let mut meant = all().filter_map(|known| {
            let named = named(known.path, path).filter(|named| is_known(known.op, named))?;
            Some(Self { operation: known, named })
        });
        let first = meant.next()?;
        let mut same = meant.filter(|other| other.operation.path == first.operation.path);
        if first.operation.method() == *method {
            return Some(first);
        }
        Some(same.find(|other| other.operation.method() == *method).unwrap_or(first))
    }

    /// What stands in place of the name in braces of this number; nothing where there is none.
    pub(super) fn name(&self, at: usize) -> &str {
        self.named.get(at).map_or("", String::as_str)
    }

    /// The methods that its path takes.
    pub(super) fn methods(&self) -> Vec<Method> {
        all().filter(|known| known.path == self.operation.path).map(Operation::method).collect()
    }
}

/// Whether there is what a path names: kinds of documents are known, and one of them has a path in the contract.
fn is_known(op: HttpOp, named: &[String]) -> bool {
    op != HttpOp::Own(ApiOp::Ingest) || named.iter().all(|kind| is_taken(kind) && kind != SBOM)
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
    if value.is_empty() && !name.ends_with("**") {
        return None;
    }
    let mut found = vec![value.to_owned()];
    found.extend(named(behind, &path[value.len()..])?);
    Some(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_is_meant_by_its_own_path_and_has_a_name_of_its_own() {
        for known in all() {
            let path = known.template().replace("{kind}", "repo").replace(['{', '}'], "");
            let meant = Matched::of(&path, &known.method()).map(|meant| meant.operation.op);
            assert_eq!(meant, Some(known.op), "{path}");
        }
        let names: Vec<&str> = described().map(|known| known.id).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn ids_may_have_slashes_and_suffixes_come_first() {
        let meant = |path: &str| {
            let meant = Matched::of(path, &Method::GET)?;
            Some((meant.operation.op, meant.named.join(" | ")))
        };
        let own = |op, named: &str| Some((HttpOp::Own(op), named.to_owned()));
        assert_eq!(meant("/why/pony_factor/pkg:github/a/b"), own(ApiOp::Why, "pony_factor | pkg:github/a/b"));
        assert_eq!(meant("/packages/pkg:npm/@a/b/depends-on"), own(ApiOp::PackageDependsOn, "pkg:npm/@a/b"));
        assert_eq!(meant("/repos/pkg:github/a/b/blast-radius"), own(ApiOp::RepoBlastRadius, "pkg:github/a/b"));
        assert_eq!(meant("/formulas/diff"), own(ApiOp::FormulaDiff, ""));
        assert_eq!(meant("/formulas/seed"), own(ApiOp::Formula, "seed"));
        let repo = |part, id: &str| Some((HttpOp::Contract(ContractOp::Repo(part)), id.to_owned()));
        assert_eq!(meant("/repos/pkg:github/a/b/depends-on"), repo(ContractPart::DependsOn, "pkg:github/a/b"));
        let whole = "pkg:github/a/b/depends-on/";
        assert_eq!(meant(&format!("/repos/{whole}")), repo(ContractPart::Whole, whole));
        assert_eq!(meant("/repos/depends-on"), repo(ContractPart::Whole, "depends-on"));
        assert_eq!(meant("/repos/"), repo(ContractPart::Whole, ""));
        let project = HttpOp::Contract(ContractOp::Project(ContractPart::Repos));
        assert_eq!(meant("/projects/a/repos"), Some((project, "a".to_owned())));
        for nothing in ["/scores/", "/formulas/a/b", "/why/x", "/why//a", "/nothing", "", "//projects", "/projects/a/b"]
        {
            assert_eq!(meant(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_path_means_what_its_method_does() {
        let meant = |path: &str, method| Matched::of(path, &method).map(|meant| meant.operation.op);
        let (list, hand) = (HttpOp::Contract(ContractOp::Sboms), HttpOp::Contract(ContractOp::SubmitSbom));
        assert_eq!([Method::GET, Method::POST].map(|method| meant("/ingest/sbom", method)), [Some(list), Some(hand)]);
        assert_eq!(meant("/ingest/batch", Method::POST), Some(HttpOp::Own(ApiOp::IngestBatch)));
        assert_eq!(meant("/ingest/repo", Method::POST), Some(HttpOp::Own(ApiOp::Ingest)));
        assert_eq!((meant("/ingest/nothing", Method::POST), meant("/ingest", Method::POST)), (None, None));
        let methods = |path: &str| Matched::of(path, &Method::PUT).map(|meant| meant.methods());
        assert_eq!(methods("/ingest/sbom"), Some(vec![Method::POST, Method::GET]));
        assert_eq!(methods("/lookup"), Some(vec![Method::POST]));
    }
}
