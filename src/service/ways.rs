//! The ways to a database: connections by what they are for, all of them as whoever the program works as.

use std::sync::Arc;

use domain::TenantId;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};
use tokio::sync::OnceCell;

use super::acting;
use super::error::Result;
use super::pools::{self, Sizes, Work};
#[cfg(feature = "ingest")]
use super::slow;
use super::watch::{Notice, Watch};

/// The ways to a database.
#[derive(Clone)]
pub(super) struct Ways {
    login: PgConnectOptions,
    tenant: TenantId,
    /// Connections that answer questions.
    answers: PgPool,
    /// Connections that read a whole log.
    long_reads: PgPool,
    /// Connections that append.
    #[cfg(feature = "ingest")]
    intake: PgPool,
    /// How to connect as whoever the program works as, once that is known. Nothing is asked of the pools before.
    working: Arc<OnceCell<PgConnectOptions>>,
    watch: Arc<dyn Watch>,
}

impl Ways {
    /// To what is of `tenant`, for this login. Opens no connection yet. With `is_ordinary` it is known to be above no
    /// policy.
    pub(super) fn new(
        login: PgConnectOptions,
        tenant: TenantId,
        is_ordinary: bool,
        sizes: Sizes,
        watch: Arc<dyn Watch>,
    ) -> Self {
        Self {
            tenant,
            answers: Work::Answer.pool(&login, tenant, sizes.reads),
            long_reads: Work::LongRead.pool(&login, tenant, sizes.projection),
            #[cfg(feature = "ingest")]
            intake: ingest::connect::pool(slow::logged(login.clone()), tenant, sizes.intake),
            working: Arc::new(OnceCell::new_with(is_ordinary.then(|| login.clone()))),
            login,
            watch,
        }
    }

    /// How to connect, as whoever the program works as.
    ///
    /// # Errors
    /// When there is no way to the database.
    pub(super) async fn options(&self) -> Result<&PgConnectOptions> {
        let found = self.working.get_or_try_init(async || {
            let said = |text| self.watch.notice(&Notice::Note(text));
            let options = acting::working(&self.login, said).await?;
            self.answers.set_connect_options(Work::Answer.limited(&options, self.tenant));
            self.long_reads.set_connect_options(Work::LongRead.limited(&options, self.tenant));
            #[cfg(feature = "ingest")]
            self.intake.set_connect_options(ingest::connect::limited(slow::logged(options.clone()), self.tenant));
            Ok(options)
        });
        found.await
    }

    /// A connection outside every pool.
    ///
    /// # Errors
    /// When there is no way to the database.
    pub(super) async fn connect(&self, work: Work) -> Result<PgConnection> {
        pools::connect(self.options().await?, self.tenant, work).await
    }

    /// One for who looks at the database as it is: he makes no owner.
    ///
    /// # Errors
    /// As [`Ways::connect`].
    #[cfg(feature = "ingest")]
    pub(super) async fn looking(&self) -> Result<PgConnection> {
        acting::looking(&self.login, self.tenant).await
    }

    /// A pooled connection for answers or for long reads.
    ///
    /// # Errors
    /// As [`Ways::connect`].
    pub(super) async fn pooled(&self, work: Work) -> Result<PoolConnection<Postgres>> {
        let pool = match work {
            Work::Answer => &self.answers,
            Work::LongRead => &self.long_reads,
        };
        self.try_first(pool, work).await?;
        Ok(pool.acquire().await?)
    }

    /// The connections that append.
    ///
    /// # Errors
    /// As [`Ways::connect`].
    #[cfg(feature = "ingest")]
    pub(super) async fn intake(&self) -> Result<&PgPool> {
        self.try_first(&self.intake, Work::Answer).await?;
        Ok(&self.intake)
    }

    /// The pool would try for a while and then say only that it timed out, so the first way to the database is tried
    /// alone: what is wrong is said at once.
    async fn try_first(&self, pool: &PgPool, work: Work) -> Result<()> {
        let tried = self.working.initialized();
        self.options().await?;
        if tried && pool.size() == 0 {
            self.connect(work).await?.close().await?;
        }
        Ok(())
    }

    /// A pool for one listener, on the runtime that asks for it.
    ///
    /// # Errors
    /// As [`Ways::connect`].
    #[cfg(feature = "ingest")]
    pub(super) async fn listening_pool(&self) -> Result<PgPool> {
        Ok(Work::Answer.pool(self.options().await?, self.tenant, 1))
    }

    /// The pools, by what they are for.
    #[cfg(feature = "serve")]
    pub(super) fn pools(&self) -> [(&'static str, &PgPool); 3] {
        [("reads", &self.answers), ("long_reads", &self.long_reads), ("intake", &self.intake)]
    }

    /// Closes every connection, once those in use are given back.
    pub(super) async fn close(&self) {
        #[cfg(feature = "ingest")]
        self.intake.close().await;
        self.long_reads.close().await;
        self.answers.close().await;
    }
}
