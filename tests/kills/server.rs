//! A PostgreSQL of the story's own, to be killed: the embedded one, which also knows how to recover.

use std::str::FromStr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use super::cli::Cli;
use crate::embedded::server::{Data, Ping, data, eventually, gone};

/// A server notices the death of a process well within this time.
const NOTICED: Duration = Duration::from_secs(1);

/// What becomes of the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    /// Kill -9 of a connection's process: the server throws everybody out and recovers by itself.
    Backend,
    /// Immediate shutdown, then a start.
    Immediate,
    /// Kill -9 of the server, then a start.
    Postmaster,
}

impl Loss {
    /// What it is called in the figures.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Backend => "database backend",
            Self::Immediate => "database (immediate shutdown)",
            Self::Postmaster => "database (kill -9)",
        }
    }
}

/// The server.
pub(super) struct Server {
    /// Its user; while there is one it runs.
    user: Mutex<Option<Ping>>,
    socket: String,
    data: Data,
}

impl Server {
    /// Starts one.
    pub(super) fn start() -> Self {
        let data = data();
        let user = Ping::hold(data.path());
        let socket = user.socket.to_str().unwrap().replace('/', "%2F");
        Self { user: Mutex::new(Some(user)), socket, data }
    }

    /// Where a database of it is.
    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://atlas_program@{}/{database}", self.socket)
    }

    /// The binary with a database of it.
    pub(super) fn cli(&self, database: &str) -> Cli {
        Cli::new(self.url(database), self.data.path())
    }

    /// How to connect to a database of it.
    pub(super) fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.url(database)).unwrap().options([domain::TenantId::PUBLIC.setting()])
    }

    /// A connection to a database of it.
    pub(super) async fn connect(&self, database: &str) -> PgConnection {
        self.options(database).connect().await.unwrap()
    }

    /// Loses it, and sees to it that it answers again. `drawn` chooses the victim.
    pub(super) async fn lose(&self, how: Loss, drawn: u64) {
        match how {
            Loss::Backend => {
                let (mut conn, mut witness) = (self.connect("postgres").await, self.connect("postgres").await);
                let pids: Vec<i32> =
                    sqlx::query_scalar("SELECT pid FROM pg_stat_activity WHERE application_name = 'pg-atlas'")
                        .fetch_all(&mut conn)
                        .await
                        .unwrap();
                let ours: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
                let victim = pids.get(drawn as usize % pids.len().max(1)).copied().unwrap_or(ours);
                let (begun, mut spare) = (Instant::now(), Some(ours));
                let _ = kill_process(Pid::from_raw(victim).unwrap(), Signal::KILL);
                // Until the server has noticed it answers as if nothing had happened. It never does where the victim
                // had ended by itself, reaped or not: then another one, our own.
                while witness.execute("SELECT 1").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    if let Some(ours) = spare.take_if(|_| begun.elapsed() > NOTICED) {
                        let _ = kill_process(Pid::from_raw(ours).unwrap(), Signal::KILL);
                    }
                }
            }
            Loss::Immediate | Loss::Postmaster => {
                let signal = if matches!(how, Loss::Immediate) { Signal::QUIT } else { Signal::KILL };
                let mut user = self.user.lock().unwrap();
                let former = user.take().unwrap();
                kill_process(Pid::from_raw(former.postmaster).unwrap(), signal).unwrap();
                eventually("the server is gone", || gone(former.postmaster));
                *user = Some(Ping::hold(self.data.path()));
                former.leave();
            }
        }
        self.answers().await;
    }

    /// Stops it for good.
    pub(super) fn shut_down(&self) {
        self.user.lock().unwrap().take().unwrap().stop();
    }

    async fn answers(&self) {
        loop {
            if let Ok(conn) = self.options("postgres").connect().await {
                let _ = conn.close().await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(user) = self.user.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            user.kill();
        }
    }
}
