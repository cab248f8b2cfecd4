//! The atlas of another tenant, beside one that is open.

use std::sync::Arc;

use domain::TenantName;

use super::{Deps, Settings};
use crate::service::error::Result;
use crate::service::pools::Work;
use crate::service::{slow, tenant};

/// Most connections of such an atlas, for each kind of work.
const CONNECTIONS: u32 = 2;

impl Deps {
    /// Whose the log is.
    pub(crate) fn tenant_name(&self) -> &TenantName {
        &self.settings.tenant
    }

    /// The atlas of another tenant of the same database. Its pools are small, and open nothing before they are used.
    ///
    /// # Errors
    /// When this user has no such tenant, or there is no way to the database.
    pub(crate) async fn of_tenant(&self, name: &TenantName) -> Result<Self> {
        let tenant = tenant::ask(&self.options, name).await?;
        let settings = Settings { tenant: name.clone(), ..self.settings.clone() };
        Ok(Self {
            data_dir: settings.data_dir()?,
            answers: Work::Answer.pool(&self.options, tenant, CONNECTIONS),
            long_reads: Work::LongRead.pool(&self.options, tenant, CONNECTIONS),
            intake: ingest::connect::pool(slow::logged(self.options.clone()), tenant, CONNECTIONS),
            options: self.options.clone(),
            tenant,
            watch: Arc::clone(&self.watch),
            ready: Arc::default(),
            migrated: Arc::default(),
            _embedded: self._embedded.clone(),
            settings,
        })
    }
}
