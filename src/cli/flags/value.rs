//! Values of flags that go into the log: checked before anything is done, by the rules of the values themselves.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use domain::TenantName;
use domain::checked::{Actor, Invalid};
#[cfg(feature = "ingest")]
use domain::checked::{Label, ProjectId, StatedReason};
use domain::status::ActivityStatus;

use crate::service::ask::Projection;

/// Who acts: what `--actor` takes.
pub(crate) fn actor(text: &str) -> Result<String, String> {
    Actor::new(text).map(|_| text.to_owned()).map_err(allowed)
}

/// Who decided: what `--actor` of a correction takes.
#[cfg(feature = "ingest")]
pub(crate) fn author(text: &str) -> Result<Actor, String> {
    Actor::author(text).map_err(allowed)
}

/// What a publication is called: what `--label` takes.
#[cfg(feature = "ingest")]
pub(crate) fn label(text: &str) -> Result<String, String> {
    Label::new(text).map(|label| label.as_str().to_owned()).map_err(allowed)
}

/// A project's id. It stays as given: what is dropped of it is said when it is used.
#[cfg(feature = "ingest")]
pub(crate) fn project(text: &str) -> Result<String, String> {
    ProjectId::new(text, &mut Vec::new()).map(|_| text.to_owned()).map_err(allowed)
}

/// Why: what `--reason` takes.
#[cfg(feature = "ingest")]
pub(crate) fn reason(text: &str) -> Result<String, String> {
    StatedReason::new(text).map(StatedReason::into_string).map_err(allowed)
}

/// A tenant.
pub(crate) fn tenant(text: &str) -> Result<TenantName, String> {
    TenantName::new(text).map_err(allowed)
}

/// A place in the log.
pub(crate) fn position(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a position in the log: a whole number, counted from 1".to_owned())
}

/// The parser of the flags names the flag.
fn allowed(invalid: Invalid) -> String {
    invalid.reason
}

/// An idempotency key.
#[cfg(feature = "ingest")]
pub(crate) fn key(text: &str) -> Result<String, String> {
    crate::service::act::ingest::key(text).map_err(|error| error.to_string())
}

/// A status by its name.
pub(crate) fn status() -> impl TypedValueParser<Value = ActivityStatus> {
    PossibleValuesParser::new(ActivityStatus::ALL.map(ActivityStatus::name))
        .map(|name| ActivityStatus::from_name(&name).expect("only names of statuses are possible"))
}

/// A projection by its name.
pub(crate) fn projection() -> impl TypedValueParser<Value = Projection> {
    let named = |projection: Projection| PossibleValue::new(projection.name()).help(projection.family().about);
    PossibleValuesParser::new(Projection::ALL.map(named))
        .map(|name| Projection::from_name(&name).expect("only names of projections are possible"))
}
