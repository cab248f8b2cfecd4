//! Answers of the operations of this atlas.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::{DescribedAnswer, json_of};
use crate::http::api::{ApiOp, LookupRequest};
use crate::service::ask::audit::Inclusion;
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
use crate::service::ask::scores::Scored;
use crate::service::ask::standing::Standing;
use crate::service::ask::triage::Question;
use crate::service::ask::why::WhyAnswer;

/// JSON that says where it stands.
fn standing<T: JsonSchema>() -> DescribedAnswer {
    json_of::<Standing<T>>()
}

/// What is no JSON.
fn written(media: &'static str) -> DescribedAnswer {
    DescribedAnswer { status: 200, media, schema: None }
}

/// What an operation answers.
pub(super) fn answer(op: ApiOp) -> DescribedAnswer {
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
        ApiOp::Proof => standing::<Inclusion>(),
        ApiOp::Export => written("application/json"),
        ApiOp::BadgeSvg => written("image/svg+xml"),
        ApiOp::BadgeJson => json_of::<ShieldsBadge>(),
    }
}

/// What an operation is sent.
pub(super) fn body(generator: &mut SchemaGenerator, op: ApiOp) -> Option<Value> {
    let content = match op {
        ApiOp::Lookup => json!({"application/json": {"schema": generator.subschema_for::<LookupRequest>()}}),
        ApiOp::FormulaTry => json!({"application/toml": {"schema": {"type": "string"}}}),
        _ => return None,
    };
    Some(json!({"required": true, "content": content}))
}
