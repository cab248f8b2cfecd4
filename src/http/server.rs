//! Connections: how many, how long, how large; and every request's way from its path to its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::answer::{Complaint, HttpAnswer, text};
use super::api::{self, Matched};
use super::asked::{Asked, Peer};
use super::client::{ClientLimits, TrustedProxies};
use super::ingest::body::BodyBudget;
use super::ingest::{Reception, SBOM};
use super::metrics::{self, COUNTED};
use super::route::{IN_PATHS, Route};
use super::{client, compress, cors, upstream};
use crate::service::act::ingest::desk::Desk;
use crate::service::atlases::{Atlases, ServedAtlas};
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
/// What stands as it is in the path of a `Location`.
const LOCATION: &AsciiSet = &IN_PATHS
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');
/// What stands before the name of a tenant in a path.
const TENANT: &str = "/t/";
/// Pause after a connection could not be accepted: too many open files pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What answers.
struct Front {
    source: AnswerSource,
    budget: BodyBudget,
    limits: ClientLimits,
}

/// What answers are from.
enum AnswerSource {
    /// Atlases.
    Atlases(Arc<Atlases>),
    /// No database: documents are looked at.
    Nothing(Box<Desk>),
}

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
    let mut answer = match cors::preflight(&head.method, &head.headers) {
        Some(answer) => answer,
        None => match front.limits.count(peer, &head.headers, begun) {
            Err(complaint) => complaint.answer(),
            Ok(allowance) => {
                let mut answer = within_time(&front, &head, body).await;
                allowance.inspect(|allowance| allowance.say(&mut answer));
                answer
            }
        },
    };
    cors::allow(&head.headers, &mut answer);
    answer.headers_mut().insert(client::REQUEST_ID, client::request_id(&head.headers));
    COUNTED.count(answer.status(), begun.elapsed());
    answer
}

async fn within_time(front: &Front, head: &Parts, body: Body) -> HttpAnswer {
    let path = percent_decode_str(head.uri.path()).decode_utf8_lossy();
    let time = if Route::takes_documents(&path) && head.method == Method::POST { RECEPTION_TIME } else { ANSWER_TIME };
    let answer = async {
        match &front.source {
            AnswerSource::Atlases(atlases) => dispatched(front, atlases, head, body).await,
            AnswerSource::Nothing(desk) => without_database(front, desk, head, body).await,
        }
    };
    match tokio::time::timeout(time, answer).await {
        Ok(answer) => answer.unwrap_or_else(Complaint::answer),
        Err(_) => Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable").answer(),
    }
}

/// The complaint about a method that a path does not take.
fn wrong_method(methods: &[Method]) -> Complaint {
    let allow: Vec<&str> = methods.iter().map(Method::as_str).collect();
    let complaint = Complaint::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    complaint.with(header::ALLOW, &allow.join(", "))
}

async fn without_database(front: &Front, desk: &Desk, head: &Parts, body: Body) -> Result<HttpAnswer, Complaint> {
    let path = percent_decode_str(head.uri.path()).decode_utf8_lossy();
    let Some(route) = Route::of(&path) else { return elsewhere(&path, &path, head.uri.query(), &head.headers) };
    if !route.methods().contains(&head.method) {
        return Err(wrong_method(route.methods()));
    }
    if head.method == Method::POST && route == Route::Sboms {
        let reception = Reception { deps: None, desk: Some(desk), budget: &front.budget };
        return reception.take(SBOM, head, body).await;
    }
    upstream::without_database(&route)
}

async fn dispatched(front: &Front, atlases: &Atlases, head: &Parts, body: Body) -> Result<HttpAnswer, Complaint> {
    let whole = percent_decode_str(head.uri.path()).decode_utf8_lossy();
    let (atlas, path) = placed(atlases, &whole).await?;
    if let Some(matched) = Matched::of(path) {
        let method = matched.op.method();
        if head.method != method {
            let complaint = Complaint::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed").into_problem();
            return Err(complaint.with(header::ALLOW, method.as_str()));
        }
        let asked = Asked::new(atlases, atlas, head);
        let mut answer = api::answer(&asked, matched, body).await.unwrap_or_else(Complaint::answer);
        asked.stamp(&mut answer);
        // Those of the contract are never packed.
        return Ok(compress::packed(&head.headers, answer).await);
    }
    let Some(route) = Route::of(path) else { return elsewhere(&whole, path, head.uri.query(), &head.headers) };
    if !route.methods().contains(&head.method) {
        return Err(wrong_method(route.methods()));
    }
    let kind = match &route {
        Route::Sboms if head.method == Method::POST => Some(SBOM),
        Route::Ingest(kind) => Some(kind.as_str()),
        _ => None,
    };
    if let Some(kind) = kind {
        let reception = Reception { deps: Some(&atlas.deps), desk: atlas.desk.as_ref(), budget: &front.budget };
        return reception.take(kind, head, body).await;
    }
    let asked = Asked::new(atlases, atlas, head);
    let mut answer = upstream::answer(&asked, route).await.unwrap_or_else(Complaint::answer);
    asked.stamp(&mut answer);
    Ok(answer)
}

/// Whose atlas a decoded path is about, and the path within it: `/t/TENANT` stands before those of a tenant. One that
/// there is not, or that is not this server's to show, is like any path that means nothing.
async fn placed<'a>(atlases: &Atlases, path: &'a str) -> Result<(Arc<ServedAtlas>, &'a str), Complaint> {
    let Some(rest) = path.strip_prefix(TENANT) else { return Ok((Arc::clone(atlases.own()), path)) };
    let (tenant, within) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let atlas = atlases.of(tenant).await?;
    Ok((atlas.ok_or_else(|| Complaint::not_found("Not Found"))?, within))
}

/// A path that means nothing: with a slash too many, the way to what it means without.
fn elsewhere(whole: &str, path: &str, query: Option<&str>, headers: &HeaderMap) -> Result<HttpAnswer, Complaint> {
    let trimmed = path.trim_end_matches('/');
    if trimmed == path || Route::of(trimmed).is_none() {
        return Err(Complaint::not_found("Not Found"));
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("http://{host}{}{query}", utf8_percent_encode(whole.trim_end_matches('/'), LOCATION));
    let Ok(location) = HeaderValue::from_str(&location) else { return Err(Complaint::not_found("Not Found")) };
    let mut answer = text(StatusCode::TEMPORARY_REDIRECT, "text/plain; charset=utf-8", "");
    answer.headers_mut().remove(header::CONTENT_TYPE);
    answer.headers_mut().insert(header::LOCATION, location);
    Ok(answer)
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
