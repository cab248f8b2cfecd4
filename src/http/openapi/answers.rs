//! What operations answer, and what they are sent.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::{DescribedAnswer, json_of};
use crate::http::api::LookupRequest;
use crate::http::api::watch::Liveness;
use crate::http::ingest::SbomAcceptedResponse;
use crate::http::table::{ApiOp, ContractOp, ContractPart, HttpOp};
use crate::http::upstream::{
    ContributorDetailResponse, ContributorSummary, GitLogArtifactDetailResponse, GitLogArtifactSummary, HealthResponse,
    MetadataResponse, PageOf, ProjectContributorSummary, ProjectDependency, ProjectDetailResponse, ProjectSummary,
    RepoContributorSummary, RepoDependency, RepoDetailResponse, RepoSummary, SbomSubmissionDetailResponse,
    SbomSubmissionListResponse,
};
use crate::service::act::ingest::Ingested;
use crate::service::act::ingest::batch::BatchIngested;
use crate::service::ask::audit::{Consistency, Inclusion};
use crate::service::ask::badge::ShieldsBadge;
use crate::service::ask::catalogue::{ListedPackage, LookedUp, NeighbourRow};
use crate::service::ask::edges::{EdgeReason, EdgeRow};
use crate::service::ask::events::{EventsPage, PublicEvent};
use crate::service::ask::formula::{FormulaDifference, ListedFormula, ShownFormula};
use crate::service::ask::history::ShownSpan;
use crate::service::ask::page::{AllRows, RowsPage};
use crate::service::ask::publications::PublishedScores;
use crate::service::ask::ranked::RankedScore;
use crate::service::ask::reach::BlastRadius;
use crate::service::ask::readiness::ServiceReadiness;
use crate::service::ask::scores::Scored;
use crate::service::ask::standing::Standing;
use crate::service::ask::triage::Question;
use crate::service::ask::why::WhyAnswer;

/// A proof: of an event, or of two sizes of the log.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "described, never made: each is answered as it is")]
enum LogProof {
    Event(Standing<Inclusion>),
    Growth(Standing<Consistency>),
}

/// JSON that says where it stands.
fn standing<T: JsonSchema>() -> DescribedAnswer {
    json_of::<Standing<T>>()
}

/// What is no JSON.
fn written(media: &'static str) -> DescribedAnswer {
    DescribedAnswer { status: 200, media, schema: None }
}

/// What is answered once it is in the log.
fn accepted<T: JsonSchema>() -> DescribedAnswer {
    DescribedAnswer { status: 202, ..json_of::<T>() }
}

/// What an operation answers.
pub(super) fn answer(op: HttpOp) -> DescribedAnswer {
    match op {
        HttpOp::Contract(op) => of_contract(op),
        HttpOp::Own(op) => of_own(op),
        HttpOp::Docs => written("text/html"),
        HttpOp::OpenApi => json_of::<Value>(),
    }
}

fn of_contract(op: ContractOp) -> DescribedAnswer {
    match op {
        ContractOp::Health => json_of::<HealthResponse>(),
        ContractOp::Metadata => json_of::<MetadataResponse>(),
        ContractOp::Projects => json_of::<PageOf<ProjectSummary<'_>>>(),
        ContractOp::Project(part) => match part {
            ContractPart::Whole => json_of::<ProjectDetailResponse<'_>>(),
            ContractPart::Repos => json_of::<PageOf<RepoSummary<'_>>>(),
            ContractPart::Contributors => json_of::<PageOf<ProjectContributorSummary>>(),
            ContractPart::DependsOn | ContractPart::HasDependents => json_of::<Vec<ProjectDependency<'_>>>(),
        },
        ContractOp::Repos => json_of::<PageOf<RepoSummary<'_>>>(),
        ContractOp::Repo(part) => match part {
            ContractPart::Whole | ContractPart::Repos => json_of::<RepoDetailResponse<'_>>(),
            ContractPart::Contributors => json_of::<PageOf<RepoContributorSummary>>(),
            ContractPart::DependsOn | ContractPart::HasDependents => json_of::<Vec<RepoDependency<'_>>>(),
        },
        ContractOp::Contributors => json_of::<PageOf<ContributorSummary>>(),
        ContractOp::Contributor => json_of::<ContributorDetailResponse<'_>>(),
        ContractOp::GitLogs => json_of::<PageOf<GitLogArtifactSummary>>(),
        ContractOp::GitLog => json_of::<GitLogArtifactDetailResponse>(),
        ContractOp::SubmitSbom => accepted::<SbomAcceptedResponse>(),
        ContractOp::Sboms => json_of::<SbomSubmissionListResponse>(),
        ContractOp::Sbom => json_of::<SbomSubmissionDetailResponse>(),
    }
}

fn of_own(op: ApiOp) -> DescribedAnswer {
    match op {
        ApiOp::Scores => standing::<RowsPage<Scored>>(),
        ApiOp::Score => standing::<RankedScore>(),
        ApiOp::History => standing::<AllRows<ShownSpan>>(),
        ApiOp::Why => standing::<WhyAnswer>(),
        ApiOp::Packages => standing::<RowsPage<ListedPackage>>(),
        ApiOp::Package => standing::<ListedPackage>(),
        ApiOp::PackageDependsOn | ApiOp::PackageHasDependents => standing::<RowsPage<NeighbourRow>>(),
        ApiOp::PackageBlastRadius | ApiOp::RepoBlastRadius => standing::<BlastRadius>(),
        ApiOp::Lookup => standing::<AllRows<LookedUp>>(),
        ApiOp::Edges => standing::<RowsPage<EdgeRow>>(),
        ApiOp::EdgeWhy => standing::<AllRows<EdgeReason>>(),
        ApiOp::Conflicts | ApiOp::Triage => standing::<RowsPage<Question>>(),
        ApiOp::Formulas => standing::<AllRows<ListedFormula>>(),
        ApiOp::Formula => standing::<ShownFormula>(),
        ApiOp::FormulaDiff | ApiOp::FormulaTry => standing::<FormulaDifference>(),
        ApiOp::Publications => standing::<AllRows<PublishedScores>>(),
        ApiOp::Publication => standing::<PublishedScores>(),
        ApiOp::Bundle => written("application/gzip"),
        ApiOp::Events => standing::<EventsPage>(),
        ApiOp::EventStream => written("text/event-stream"),
        ApiOp::Event => standing::<PublicEvent>(),
        ApiOp::Checkpoint => written("text/plain"),
        ApiOp::Tile => written("application/octet-stream"),
        ApiOp::Proof => json_of::<LogProof>(),
        ApiOp::Export => json_of::<Value>(),
        ApiOp::BadgeSvg => written("image/svg+xml"),
        ApiOp::BadgeJson => json_of::<ShieldsBadge>(),
        ApiOp::Ingest => accepted::<Ingested>(),
        ApiOp::IngestBatch => accepted::<BatchIngested>(),
        ApiOp::Live => json_of::<Liveness>(),
        ApiOp::Ready => json_of::<ServiceReadiness>(),
    }
}

/// What is exported, beside its JSON in the forms that are asked for.
pub(super) fn exported(mut json: Value) -> Value {
    for media in ["text/csv", "application/x-ndjson", "application/graphml+xml"] {
        json[media] = json!({"schema": {"type": "string"}});
    }
    json
}

/// What an operation is sent.
pub(super) fn body(generator: &mut SchemaGenerator, op: HttpOp) -> Option<Value> {
    let content = match op {
        HttpOp::Own(ApiOp::Lookup) => {
            json!({"application/json": {"schema": generator.subschema_for::<LookupRequest>()}})
        }
        HttpOp::Own(ApiOp::FormulaTry) => json!({"application/toml": {"schema": {"type": "string"}}}),
        HttpOp::Own(ApiOp::Ingest) => json!({"application/json": {}, "application/octet-stream": {}}),
        HttpOp::Own(ApiOp::IngestBatch) => {
            json!({"application/x-ndjson": {"schema": {"type": "string"}}, "application/octet-stream": {}})
        }
        _ => return None,
    };
    // Many may be none.
    let is_needed = !matches!(op, HttpOp::Own(ApiOp::IngestBatch));
    Some(json!({"required": is_needed, "content": content}))
}
