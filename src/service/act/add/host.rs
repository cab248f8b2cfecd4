//! What the host of a repository says of it, where its address is configured.

use domain::facts::Subject;
use ingest::source::fetch::FetchOptions;
use ingest::source::repo::host::{self, HostClient};

use crate::service::act::ingest::Destination;
use crate::service::act::ingest::registry::contact;
use crate::service::{Error, Result};

/// The host of a repository; `None` where nobody may be asked.
///
/// # Errors
/// [`Error::Unavailable`] for an address or a token that cannot be used.
pub(super) fn of(to: &Destination, subject: &Subject) -> Result<Option<HostClient>> {
    let settings = to.settings();
    let options = FetchOptions { contact: contact(settings)?, ..host::options() };
    HostClient::of(&subject.id, options, |name| settings.variable(name)).map_err(Error::unavailable)
}
