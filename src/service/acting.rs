//! As whom the program works. Row-level security holds for nobody who is a superuser or has `BYPASSRLS`, so where
//! whoever logged in is one, every connection acts as the owner of the log, who is not: `role` is among the settings
//! that it begins with, which costs no statement and comes back by `RESET ROLE`.

use domain::TenantId;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use super::error::Result;
use super::pools::{self, Work};
#[cfg(feature = "ingest")]
use {super::error::Error, crate::owner, projections::store::switch, replay::snapshot::is_deadlock};

/// The role that is made to own the log where a superuser made the database.
#[cfg(feature = "ingest")]
pub(crate) const OWNER: &str = "atlas_owner";

/// Tries to give the log to it while others are at work: half a minute where each fails at its first lock.
#[cfg(feature = "ingest")]
const GIVE_TRIES: u32 = 200;
/// Pause between two tries: time for others to come to an end.
#[cfg(feature = "ingest")]
const GIVE_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// As whom a session works, and as whom it could.
struct ActingAs {
    /// Who logged in.
    #[cfg_attr(not(feature = "ingest"), allow(dead_code, reason = "an auditor's program makes nobody"))]
    name: String,
    is_above: bool,
    /// The owner of the log, where he is not above policies.
    owner: Option<String>,
    /// Whether there is a log.
    #[cfg_attr(not(feature = "ingest"), allow(dead_code, reason = "an auditor's program makes nobody"))]
    has_log: bool,
    /// Whether there is such an owner to be made, or something to be given to him.
    #[cfg_attr(not(feature = "ingest"), allow(dead_code, reason = "an auditor's program makes nobody"))]
    is_due: bool,
}

impl ActingAs {
    async fn of(conn: &mut PgConnection) -> Result<Self> {
        let found = sqlx::query_file!("sql/acting.sql").fetch_one(conn).await?;
        Ok(Self {
            name: found.name,
            is_above: found.is_above,
            owner: found.owner,
            has_log: found.has_log,
            is_due: found.is_superuser && found.is_to_be_given && !found.is_standby,
        })
    }
}

/// These options for who acts as `role`.
fn acting_as(options: &PgConnectOptions, role: &str) -> PgConnectOptions {
    // Where the server takes the settings apart, a backslash keeps a blank.
    let mut escaped = String::new();
    for letter in role.chars() {
        if letter.is_whitespace() || letter == '\\' {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    options.clone().options([("role", escaped)])
}

/// A connection for who looks and changes nothing: as the owner of the log where whoever logs in is above policies and
/// there is such an owner.
pub(super) async fn looking(options: &PgConnectOptions, tenant: TenantId) -> Result<PgConnection> {
    let mut conn = pools::connect(options, tenant, Work::Answer).await?;
    match ActingAs::of(&mut conn).await? {
        ActingAs { is_above: true, owner: Some(owner), .. } => {
            sqlx::Connection::close(conn).await?;
            pools::connect(&acting_as(options, &owner), tenant, Work::Answer).await
        }
        _ => Ok(conn),
    }
}

/// How to connect to work there: these options, of who acts as the owner of the log where whoever logs in is above
/// policies. Where a superuser owns it, or there is none, the role `atlas_owner` is made and given all of it, and
/// `said` is told of a log that changed hands. An auditor's program makes nobody.
pub(super) async fn working(options: &PgConnectOptions, said: impl FnOnce(String)) -> Result<PgConnectOptions> {
    let mut conn = pools::connect(options, TenantId::PUBLIC, Work::Answer).await?;
    let acting = ActingAs::of(&mut conn).await?;
    let owner = if acting.is_above { found_or_made(&mut conn, acting, said).await? } else { None };
    sqlx::Connection::close(conn).await?;
    Ok(owner.map_or_else(|| options.clone(), |owner| acting_as(options, &owner)))
}

#[cfg(feature = "ingest")]
async fn found_or_made(conn: &mut PgConnection, acting: ActingAs, said: impl FnOnce(String)) -> Result<Option<String>> {
    if !acting.is_due {
        return Ok(acting.owner);
    }
    let makes = acting.owner.is_none();
    let owner = acting.owner.unwrap_or_else(|| OWNER.to_owned());
    give(conn, &owner, makes).await?;
    if makes && acting.has_log {
        let login = acting.name;
        said(format!("{login} is a superuser: the log belongs to the role {owner} now, as which this program works"));
    }
    Ok(Some(owner))
}

/// Gives the log to a role, which is made where need be. Tables change hands one by one, each held alone, while others
/// may be at work on several of them: so each is waited for briefly, and where somebody waits for us meanwhile it is
/// this try that the server ends, not him. Then what was taken is given back, and there is another try after a pause.
#[cfg(feature = "ingest")]
async fn give(conn: &mut PgConnection, to: &str, makes: bool) -> Result<()> {
    for _ in 0..GIVE_TRIES {
        match try_to_give(&mut *conn, to, makes).await {
            Ok(true) => return Ok(()),
            Err(error) if !is_deadlock(&error) => return Err(error),
            _ => tokio::time::sleep(GIVE_PAUSE).await,
        }
    }
    let reason =
        "others are at work on the log without a pause, so it cannot change hands; let them end, and try again";
    Err(Error::unavailable(reason))
}

/// Whether it was given; otherwise somebody held a lock for too long.
#[cfg(feature = "ingest")]
async fn try_to_give(conn: &mut PgConnection, to: &str, makes: bool) -> Result<bool> {
    let mut transaction = sqlx::Connection::begin(conn).await?;
    let lock = ingest::roles::GRANTS_LOCK;
    sqlx::query_file!("sql/name_owner.sql", to, "the log", lock).fetch_one(&mut *transaction).await?;
    if makes {
        sqlx::Executor::execute(&mut *transaction, owner::MAKE).await?;
    }
    let given = switch::at_once(&mut transaction, owner::GIVE).await?;
    if given {
        transaction.commit().await?;
    }
    Ok(given)
}

#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn found_or_made(_: &mut PgConnection, acting: ActingAs, _: impl FnOnce(String)) -> Result<Option<String>> {
    Ok(acting.owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_be_called_anything() {
        let options = acting_as(&PgConnectOptions::new_without_pgpass(), "the \\ owner");
        assert_eq!(options.get_options(), Some("-c role=the\\ \\\\\\ owner"));
    }
}
