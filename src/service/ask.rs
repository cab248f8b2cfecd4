//! Questions: what an atlas answers without changing anything. Each answer is of one state of the database.

#[cfg(feature = "serve")]
pub mod alerts;
#[cfg(feature = "ingest")]
pub mod artifact;
pub mod audit;
#[cfg(feature = "ingest")]
pub mod backup;
#[cfg(feature = "serve")]
pub mod badge;
#[cfg(feature = "serve")]
pub mod catalogue;
#[cfg(feature = "ingest")]
pub mod doctor;
pub mod edges;
pub mod events;
pub mod export;
pub mod filter;
pub mod formula;
#[cfg(feature = "serve")]
pub mod held;
pub mod history;
#[cfg(feature = "ingest")]
pub mod keys;
pub(crate) mod known;
pub mod lag;
#[cfg(feature = "serve")]
pub mod listing;
#[cfg(feature = "serve")]
pub mod moment;
#[cfg(feature = "serve")]
pub mod page;
pub mod point;
#[cfg(feature = "serve")]
pub mod publications;
#[cfg(feature = "serve")]
pub mod ranked;
#[cfg(feature = "serve")]
pub mod reach;
#[cfg(feature = "serve")]
pub mod readiness;
pub mod replay;
#[cfg(feature = "serve")]
pub mod resident;
pub mod scores;
#[cfg(feature = "serve")]
pub mod standing;
pub mod status;
#[cfg(feature = "serve")]
pub mod submissions;
#[cfg(feature = "ingest")]
pub mod tenants;
#[cfg(feature = "serve")]
pub mod tlog;
#[cfg(feature = "serve")]
pub mod totals;
pub mod triage;
pub mod unsaid;
#[cfg(feature = "serve")]
pub mod visibility;
#[cfg(feature = "serve")]
pub mod vitals;
pub mod why;

pub use projections::metrics::Level;
pub use projections::tables::Projection;

use domain::purl::Purl;

/// The forms in which an id that somebody gives may be kept, the likelier first: a package URL is in canonical form,
/// but what an earlier program kept may be as given, and anything else is.
pub(crate) fn forms_of(given: &str) -> Vec<String> {
    let canonical = Purl::parse(given).map(|purl| purl.id).ok().filter(|id| id != given);
    canonical.into_iter().chain([given.to_owned()]).collect()
}

/// The form of an id that is kept; the likelier one where none is.
pub(crate) fn kept_form(given: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let mut forms = forms_of(given);
    let kept = forms.iter().position(|form| is_kept(form)).unwrap_or(0);
    forms.swap_remove(kept)
}
