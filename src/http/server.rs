//! Connections: how many, how long, how large; and every request's way from its path to its answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::{Extension, Router};
use domain::TenantId;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::answer::{Complaint, HttpAnswer};
use super::asked::Asked;
use super::body::BodyBudget;
use super::client::{ClientLimits, TrustedProxies};
use super::ingest::{Reception, SBOM};
use super::meant::Meant;
use super::metrics::{self, COUNTED};
use super::table::{ApiOp, ContractOp, HttpOp, Matched};
use super::{api, client, compress, cors, docs, elsewhere, openapi, upstream};
use crate::service::act::ingest::desk::Desk;
use crate::service::atlases::Atlases;
use crate::service::run::keeper;
use crate::service::run::parts::Parts as RunningParts;
use crate::service::run::{Stop, supervisor};
use crate::service::{Deps, Settings};

/// Most connections at once; further ones wait to be accepted.
const CONNECTIONS: usize = 4_096;
/// How long a client may take to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Most headers of a request.
const HEADERS: usize = 64;
/// Most bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1_024;
/// How long an answer may take to be made.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// How long it may take until a document has arrived and is in the log, or many are.
const RECEPTION_TIME: Duration = Duration::from_secs(15 * 60);
/// How long open requests may take when the service ends.
const FAREWELL: Duration = Duration::from_secs(10);
/// Pause after a connection could not be accepted: too many open files pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What answers.
struct Front {
    source: AnswerSource,
    budget: BodyBudget,
    limits: ClientLimits,
}

impl Front {
    /// Whom a request is for, where that is known without asking the database.
    fn tenant<'a>(&'a self, meant: &'a Meant) -> Option<&'a str> {
        let AnswerSource::Atlases(atlases) = &self.source else { return None };
        match meant.tenant() {
            None => Some(atlases.own().deps.tenant_name().as_str()),
            Some(tenant) => Some(tenant).filter(|tenant| atlases.is_open(tenant)),
        }
    }
}

/// What answers are from.
enum AnswerSource {
    /// Atlases.
    Atlases(Arc<Atlases>),
    /// No database: documents are looked at.
    Nothing(Box<Desk>),
}

/// Whom a connection is from.
#[derive(Clone, Copy, Debug)]
struct Peer(IpAddr);

/// Answers requests until it is asked to stop; then finishes those under way.
async fn serve(listener: TcpListener, front: Front, stop: Stop) {
    let front = Arc::new(front);
    let router = Router::new().fallback(answered).with_state(Arc::clone(&front));
    let ending = || {
        if let AnswerSource::Atlases(atlases) = &front.source {
            atlases.hush();
        }
    };
    accept(listener, router, stop, ending).await;
}

/// Hands connections to a router until it is asked to stop; `ending` is called before it waits for what is under way.
async fn accept(listener: TcpListener, router: Router, stop: Stop, ending: impl FnOnce()) {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS)));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>((listener.accept().await?, place))
        };
        let accepted = tokio::select! {
            biased;
            () = stop.asked() => break,
            accepted = next => accepted,
        };
        let ((stream, peer), place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_headers(HEADERS).max_buf_size(HEAD_BYTES);
        let connection = builder.serve_connection(
            TokioIo::new(stream),
            TowerToHyperService::new(router.clone().layer(Extension(Peer(peer.ip())))),
        );
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    ending();
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests are cut off: they took longer than {FAREWELL:?}");
    }
}

/// The address that a listener can be reached at.
pub(crate) fn address(bound: SocketAddr) -> String {
    format!("http://{bound}")
}

async fn answered(
    State(front): State<Arc<Front>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> HttpAnswer {
    let (begun, (head, body)) = (Instant::now(), request.into_parts());
    let (client, id) = (front.limits.client(peer, &head.headers), client::request_id(&head.headers));
    let meant = Meant::of(&head);
    let mut answer = match cors::preflight(&head.method, &head.headers) {
        Some(answer) => answer,
        None => match front.limits.count(front.tenant(&meant), client, begun) {
            Err(complaint) => meant.refused(complaint),
            Ok(allowance) => {
                let about = tracing::error_span!("request", id = id.to_str().unwrap_or_default());
                let answer = within_time(&front, client, &meant, &head, body).instrument(about).await;
                let mut answer = answer.unwrap_or_else(|complaint| meant.refused(complaint));
                allowance.inspect(|allowance| allowance.say(&mut answer));
                answer
            }
        },
    };
    cors::allow(&head.headers, &mut answer);
    answer.headers_mut().insert(client::REQUEST_ID, id);
    // It may have been opened for this request.
    COUNTED.count(front.tenant(&meant), answer.status(), begun.elapsed());
    answer
}

async fn within_time(
    front: &Front,
    client: IpAddr,
    meant: &Meant,
    head: &Parts,
    body: Body,
) -> Result<HttpAnswer, Complaint> {
    let takes = meant.matched.as_ref().is_some_and(|matched| matched.operation.takes_documents());
    let answer = async {
        match &front.source {
            AnswerSource::Atlases(atlases) => {
                let atlas = match meant.tenant() {
                    None => Arc::clone(atlases.own()),
                    Some(tenant) => atlases.of(tenant).await?.ok_or_else(|| Complaint::not_found("Not Found"))?,
                };
                let Some(matched) = &meant.matched else { return elsewhere::answer(meant, head) };
                let asked = Asked::new(atlases, atlas, head, client, &front.budget);
                let answer = dispatched(&asked, matched, body).await;
                let mut answer = answer.unwrap_or_else(|complaint| meant.refused(complaint));
                asked.stamp(&mut answer);
                // Those of the contract are never packed.
                Ok(if meant.is_own() { compress::packed(&head.headers, answer).await } else { answer })
            }
            AnswerSource::Nothing(desk) => {
                let Some(matched) = &meant.matched else { return elsewhere::answer(meant, head) };
                without_database(front, client, desk, matched, head, body).await
            }
        }
    };
    let answer = tokio::time::timeout(if takes { RECEPTION_TIME } else { ANSWER_TIME }, answer).await;
    answer.unwrap_or_else(|_| Err(Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")))
}

/// Complains of a method that a path does not take.
fn checked(matched: &Matched, method: &Method) -> Result<(), Complaint> {
    if matched.operation.method() == *method {
        return Ok(());
    }
    let allow: Vec<String> = matched.methods().iter().map(Method::to_string).collect();
    let complaint = Complaint::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    Err(complaint.with(header::ALLOW, &allow.join(", ")))
}

async fn without_database(
    front: &Front,
    client: IpAddr,
    desk: &Desk,
    matched: &Matched,
    head: &Parts,
    body: Body,
) -> Result<HttpAnswer, Complaint> {
    checked(matched, &head.method)?;
    match matched.operation.op {
        HttpOp::Docs => Ok(docs::answer()),
        HttpOp::OpenApi => Ok(openapi::answer()),
        HttpOp::Own(ApiOp::Live) => Ok(api::watch::live()),
        HttpOp::Contract(ContractOp::Health) => Ok(upstream::health_without_database()),
        HttpOp::Contract(ContractOp::SubmitSbom) => {
            let budget = front.budget.of(TenantId::PUBLIC, client);
            let reception = Reception { deps: None, desk: Some(desk), budget };
            reception.take(SBOM, head, body).await
        }
        HttpOp::Contract(_) | HttpOp::Own(_) => {
            Err(Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "Database is not configured."))
        }
    }
}

async fn dispatched(asked: &Asked<'_>, matched: &Matched, body: Body) -> Result<HttpAnswer, Complaint> {
    checked(matched, &asked.head.method)?;
    match matched.operation.op {
        HttpOp::Docs => Ok(docs::answer()),
        HttpOp::OpenApi => Ok(openapi::answer()),
        HttpOp::Own(op) => api::answer(asked, op, matched, body).await,
        HttpOp::Contract(op) => upstream::answer(asked, op, matched.name(0), body).await,
    }
}

/// Where is listened.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// For questions; none where none are answered.
    pub(crate) answers: Option<TcpListener>,
    /// For what is counted.
    pub(crate) metrics: Option<TcpListener>,
}

/// What a process does.
#[derive(Debug)]
pub(crate) struct ServiceTasks {
    /// It answers questions.
    pub(crate) answers: bool,
    /// It takes documents.
    pub(crate) takes: bool,
    /// Work that goes on beside.
    pub(crate) parts: RunningParts,
    /// It may write. One that may not folds for itself, and nothing else runs.
    pub(crate) writes: bool,
    /// How often a client may ask.
    pub(crate) limits: ClientLimits,
}

impl ServiceTasks {
    /// All of it, for this machine alone.
    pub(crate) fn whole() -> Self {
        let limits = ClientLimits::new(0, TrustedProxies::default());
        Self { answers: true, takes: true, parts: RunningParts::ALL, writes: true, limits }
    }

    /// Whether it listens at all.
    pub(crate) fn listens(&self) -> bool {
        self.answers || self.takes
    }
}

/// Answers what needs no database until it is asked to stop. `announce` is called with the address.
///
/// # Errors
/// When the settings are wrong; what `announce` fails of.
pub(crate) async fn run_without_database<F: From<crate::service::Error>>(
    settings: &Settings,
    listener: Option<TcpListener>,
    limits: ClientLimits,
    stop: &Stop,
    announce: impl FnOnce(String) -> Result<(), F>,
) -> Result<(), F> {
    let source = AnswerSource::Nothing(Box::new(Desk::without_database(settings)?));
    let Some(listener) = listener else { return Ok(()) };
    announce(listener.local_addr().map(address).unwrap_or_default())?;
    serve(listener, Front { source, budget: BodyBudget::default(), limits }, stop.clone()).await;
    Ok(())
}

/// Runs what is switched on until it is asked to stop, and ends it in order: first no more requests, then background
/// work. `announce` is called with the address once there are answers.
///
/// # Errors
/// What a part failed of, or `announce`.
pub(crate) async fn run<F: From<crate::service::Error>>(
    deps: Deps,
    Listeners { answers: listener, metrics }: Listeners,
    tasks: ServiceTasks,
    stop: &Stop,
    announce: impl FnOnce(String) -> Result<(), F>,
) -> Result<(), F> {
    let ServiceTasks { answers, takes, parts, writes, limits } = tasks;
    let desk = if takes { Some(Desk::of(&deps)?) } else { None };
    let (atlases, inner) = (Arc::new(Atlases::new(deps.clone(), desk)), Stop::default());
    let background = async {
        let ended = if writes {
            supervisor::run(&deps, parts, &inner, |_| {}).await.map(drop)
        } else {
            inner.asked().await;
            Ok(())
        };
        stop.ask();
        ended
    };
    let front = async {
        let Some(listener) = listener else {
            stop.asked().await;
            inner.ask();
            return Ok(());
        };
        let address = listener.local_addr().map(address).unwrap_or_default();
        let (held, quiet) = (Arc::clone(&atlases.own().held), Stop::default());
        let kept = async {
            // An empty database gets its schema first.
            let ended = match deps.read().await {
                Ok(_) if answers => keeper::run(deps.clone(), Arc::clone(&held), quiet.clone()).await,
                Ok(_) => {
                    quiet.asked().await;
                    Ok(())
                }
                Err(error) => Err(error),
            };
            stop.ask();
            ended
        };
        let loaded = async {
            if answers {
                held.first().await;
            }
        };
        let served = async {
            tokio::select! {
                biased;
                () = stop.asked() => {}
                () = loaded => announce(address)?,
            }
            let source = AnswerSource::Atlases(Arc::clone(&atlases));
            let front = Front { source, budget: BodyBudget::default(), limits };
            let counted = async {
                if let Some(listener) = metrics {
                    accept(listener, metrics::router(Arc::clone(&atlases)), stop.clone(), || {}).await;
                }
            };
            tokio::join!(serve(listener, front, stop.clone()), counted);
            atlases.close();
            quiet.ask();
            inner.ask();
            Ok(())
        };
        let (kept, served) = tokio::join!(kept, served);
        served.and(kept.map_err(F::from))
    };
    let (ended, answered) = tokio::join!(background, front);
    answered.and(ended.map_err(F::from))
}
