//! What a request's path means: whose atlas, and which operation.

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::answer::{Complaint, HttpAnswer};
use super::table::{HttpOp, Matched};

/// What stands before the name of a tenant in a path.
const TENANT: &str = "/t/";

/// What a path means.
pub(super) struct Meant {
    /// It whole, decoded.
    pub(super) whole: String,
    /// The operation; none where it means nothing.
    pub(super) matched: Option<Matched>,
}

impl Meant {
    /// By the head of a request.
    pub(super) fn of(head: &Parts) -> Self {
        let whole = percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned();
        let matched = Matched::of(split(&whole).1, &head.method);
        Self { whole, matched }
    }

    /// The tenant that it names.
    pub(super) fn tenant(&self) -> Option<&str> {
        split(&self.whole).0
    }

    /// The path within that tenant's atlas.
    pub(super) fn path(&self) -> &str {
        split(&self.whole).1
    }

    /// Whether it is an operation of this atlas beside the contract of others.
    pub(super) fn is_own(&self) -> bool {
        self.matched.as_ref().is_some_and(|matched| matches!(matched.operation.op, HttpOp::Own(_)))
    }

    /// A complaint as an answer: about operations of this atlas with the fields of problem details besides.
    pub(super) fn refused(&self, complaint: Complaint) -> HttpAnswer {
        if self.is_own() { complaint.into_problem() } else { complaint }.answer()
    }
}

/// The tenant that a decoded path names, and the path within its atlas: `/t/TENANT` stands before those of a tenant.
fn split(path: &str) -> (Option<&str>, &str) {
    let Some(rest) = path.strip_prefix(TENANT) else { return (None, path) };
    let (tenant, within) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (Some(tenant), within)
}
