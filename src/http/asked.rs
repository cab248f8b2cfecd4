//! A request on its way: whose atlas it is about, what it says, and which snapshot answers it.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request};
use domain::digest::Digest;

use super::answer::{Complaint, HttpAnswer};
use super::body::{self, BodyBudget, TenantBudget};
use super::query::Query;
use crate::service::ask::held::DeepResident;
use crate::service::ask::point::PointQuery;
use crate::service::ask::resident::Resident;
use crate::service::ask::standing::StandsAt;
use crate::service::atlases::{Atlases, ClientTurn, ServedAtlas};
use crate::service::places::{HeldPlaces, SharedPlaces};

/// Longest text that names a point or a formula, in characters.
pub(super) const POINT_MAX: usize = 256;

/// A request.
pub(super) struct Asked<'a> {
    /// The atlas.
    pub(super) atlas: Arc<ServedAtlas>,
    /// The head of the request.
    pub(super) head: &'a request::Parts,
    /// How much more may arrive.
    pub(super) budget: TenantBudget,
    atlases: &'a Atlases,
    /// Who asks.
    client: IpAddr,
    /// Where the snapshot stands, once one is taken, and what tells the answer from those of others; no tag where that
    /// depends on what is sent.
    taken: OnceLock<(Option<String>, StandsAt)>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        atlases: &'a Atlases,
        atlas: Arc<ServedAtlas>,
        head: &'a request::Parts,
        client: IpAddr,
        budget: &BodyBudget,
    ) -> Self {
        let budget = budget.of(atlas.deps.tenant(), client);
        Self { atlas, head, budget, atlases, client, taken: OnceLock::new() }
    }

    /// Its headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Its parameters.
    pub(super) fn query(&self) -> Query {
        Query::of(self.head.uri.query())
    }

    /// The snapshot of the point and the formula that are asked for, or of the moment.
    pub(super) async fn resident(&self, query: &mut Query) -> Result<Arc<Resident>, Complaint> {
        let point = point(query);
        let resident = self.atlas.moments.resident(&self.atlas.deps, &point).await?;
        self.is_news(&resident)?;
        Ok(resident)
    }

    /// The same with the state that it follows from.
    pub(super) async fn moment(&self, query: &mut Query) -> Result<Arc<DeepResident>, Complaint> {
        let point = point(query);
        let moment = self.atlas.moments.deep(&self.atlas.deps, &point).await?;
        self.is_news(&moment.resident)?;
        Ok(moment)
    }

    /// The formula that is asked for, where one is.
    pub(super) fn formula(&self, query: &mut Query) -> Option<String> {
        point(query).formula
    }

    /// The client's turn at something of which it has one at once.
    pub(super) fn turn(&self) -> Option<ClientTurn> {
        self.atlases.turn(self.atlas.deps.tenant(), self.client)
    }

    /// A place of the client among those that all share; none while it holds too many.
    pub(super) fn place(&self, places: &Arc<SharedPlaces>) -> Option<HeldPlaces> {
        places.of((self.atlas.deps.tenant(), self.client)).take(1)
    }

    /// What it sends, up to so many bytes, and what is held of the budget of questions for it.
    pub(super) async fn body(&self, body: Body, most: u64) -> Result<(Vec<u8>, HeldPlaces), Complaint> {
        body::whole(body, most, &self.budget.questions).await
    }

    /// The snapshot of the moment, whatever is asked for.
    pub(super) fn now(&self) -> Result<Arc<Resident>, Complaint> {
        self.atlas.held.now().ok_or_else(Complaint::not_loaded)
    }

    /// Complains of an answer that the client has.
    fn is_news(&self, resident: &Resident) -> Result<(), Complaint> {
        let tag = (self.head.method == Method::GET).then(|| self.tag(resident));
        let known = self.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut known = known.flat_map(|value| value.split(','));
        let is_known = tag.as_ref().is_some_and(|tag| known.any(|one| weak(one) == weak(tag)));
        let _ = self.taken.set((tag, StandsAt::of(resident, self.atlas.held.head())));
        if is_known { Err(Complaint::empty(StatusCode::NOT_MODIFIED)) } else { Ok(()) }
    }

    /// What tells an answer to a question from those of other snapshots.
    fn tag(&self, resident: &Resident) -> String {
        let target = self.head.uri.path_and_query().map_or("", |target| target.as_str());
        let accepted = self.headers().get(header::ACCEPT).map_or(&b""[..], HeaderValue::as_bytes);
        let tenant = self.atlas.deps.tenant_name().as_str().as_bytes();
        let digest = Digest::of_parts(&[&resident.tag.0, tenant, b"\n", target.as_bytes(), b"\n", accepted]);
        format!("W/\"{}\"", &digest.to_string()[..32])
    }

    /// Says which snapshot an answer is of.
    pub(super) fn stamp(&self, answer: &mut HttpAnswer) {
        let Some((tag, at)) = self.taken.get().filter(|_| answer.status().as_u16() < 400) else { return };
        let headers = answer.headers_mut();
        // An answer that the client has may be older than the log is by now; what it is of has not changed.
        headers.insert("pg-atlas-position", at.position.into());
        headers.insert("pg-atlas-head", at.head.into());
        headers.insert("pg-atlas-lag", at.lag.into());
        let formula = HeaderValue::from_str(&format!("{} sha256:{}", at.formula.name, at.formula.hash)).ok();
        headers.extend(formula.map(|formula| (HeaderName::from_static("pg-atlas-formula"), formula)));
        let tag = tag.as_deref().and_then(|tag| HeaderValue::from_str(tag).ok());
        headers.extend(tag.map(|tag| (header::ETAG, tag)));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    }
}

/// A tag without its strength.
fn weak(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The point and the formula that are asked for; what is empty is not.
fn point(query: &mut Query) -> PointQuery {
    let mut said = |name| query.text(name, POINT_MAX).filter(|text| !text.is_empty());
    PointQuery { as_of: said("as_of"), formula: said("formula") }
}
