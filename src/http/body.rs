//! Bodies of requests: bounded while they arrive, each by itself and all of them together.

use std::io::{self, Read};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderMap, StatusCode, header};
use domain::TenantId;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::http::answer::Complaint;
use crate::service::places::{HeldPlaces, OwnPlaces, SharedPlaces};

/// Bytes of all documents together that are handed in to a tenant that is alone: 192 MiB.
const DOCUMENT_BYTES: usize = 192 * 1024 * 1024;
/// Bytes of all questions together that have bodies, of a client that is alone: 32 MiB.
const QUESTION_BYTES: usize = 32 * 1024 * 1024;
/// What is counted at once, in bytes.
const UNIT: usize = 4 * 1024;
/// How long a document may take to arrive.
const DOCUMENT_TIME: Duration = Duration::from_secs(60);
/// How long a client may be silent while it sends many.
const SILENCE: Duration = Duration::from_secs(15);
/// Pieces of a stream that are read ahead.
const AHEAD: usize = 8;
/// Bytes of a stream that are there before it is read: what it is packed by is told by fewer.
const BEGINNING: usize = 64;
/// Streams at once of a tenant that is alone.
const STREAMS: usize = 4;

/// How bodies may be packed, as their headers say.
pub(super) const ENCODINGS: [&str; 4] = ["identity", "gzip", "x-gzip", "zstd"];

/// How much may arrive, of all tenants and clients together.
#[derive(Debug)]
pub(super) struct BodyBudget {
    documents: Arc<SharedPlaces>,
    questions: Arc<SharedPlaces>,
    streams: Arc<SharedPlaces>,
}

/// How much more may arrive for a tenant from one of its clients.
#[derive(Clone, Debug)]
pub(super) struct TenantBudget {
    /// Of documents, in units.
    pub(super) documents: OwnPlaces,
    /// Of questions, in units: anybody may ask, so each client has a share.
    pub(super) questions: OwnPlaces,
    streams: OwnPlaces,
}

impl Default for BodyBudget {
    fn default() -> Self {
        let (documents, questions) =
            (SharedPlaces::new(DOCUMENT_BYTES / UNIT), SharedPlaces::new(QUESTION_BYTES / UNIT));
        Self { documents, questions, streams: SharedPlaces::new(STREAMS) }
    }
}

impl BodyBudget {
    /// What of it a tenant may have, asked by this client.
    pub(super) fn of(&self, tenant: TenantId, client: IpAddr) -> TenantBudget {
        let (documents, questions) = (self.documents.of(tenant), self.questions.of((tenant, client)));
        TenantBudget { documents, questions, streams: self.streams.of(tenant) }
    }
}

fn busy() -> Complaint {
    let complaint = Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "Too much is being sent; try again in a moment.");
    complaint.with(header::RETRY_AFTER, "1")
}

fn slow() -> Complaint {
    Complaint::new(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive.")
}

fn broken() -> Complaint {
    Complaint::new(StatusCode::BAD_REQUEST, "The body broke off.")
}

/// Holds as much of a budget as these bytes take, with what one request holds already.
pub(super) fn hold(share: &mut HeldPlaces, bytes: usize) -> Result<(), Complaint> {
    if share.grow(bytes.div_ceil(UNIT)) { Ok(()) } else { Err(busy()) }
}

/// The next piece of a body; none at its end.
async fn piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(bytes)) => return Some(Ok(bytes)),
            // What comes behind a body is nothing to us.
            Ok(Err(_)) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

/// Whether the body is packed, or not, in a way that is known. How it is packed its own first bytes say.
pub(super) fn known_encoding(headers: &HeaderMap) -> Result<(), Complaint> {
    let said = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let encoding = said(header::CONTENT_ENCODING).unwrap_or_default();
    if !encoding.is_empty() && !ENCODINGS.contains(&encoding.as_str()) {
        let complaint = Complaint::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "A body is plain, gzip or zstd.");
        return Err(complaint.with(header::ACCEPT_ENCODING, "gzip, zstd"));
    }
    if said(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("multipart/")) {
        let complaint = "The body is the document itself, not a form.";
        return Err(Complaint::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, complaint));
    }
    Ok(())
}

/// A whole body of at most so many bytes, and what is held of the budget for it.
pub(super) async fn whole(mut body: Body, most: u64, budget: &OwnPlaces) -> Result<(Vec<u8>, HeldPlaces), Complaint> {
    let too_large = || Complaint::new(StatusCode::PAYLOAD_TOO_LARGE, format!("At most {most} bytes are taken here."));
    if body.size_hint().lower() > most {
        return Err(too_large());
    }
    let mut share = budget.take(0).ok_or_else(busy)?;
    let (mut bytes, until) = (Vec::new(), Instant::now() + DOCUMENT_TIME);
    while let Some(piece) = timeout_at(until, piece(&mut body)).await.map_err(|_| slow())? {
        let piece = piece.map_err(|_| broken())?;
        let size = bytes.len() + piece.len();
        if size as u64 > most {
            return Err(too_large());
        }
        hold(&mut share, size)?;
        bytes.extend_from_slice(&piece);
    }
    Ok((bytes, share))
}

/// A body as it arrives, to be read on a thread that may wait.
pub(super) struct BodyReader {
    now: Bytes,
    /// None once it has ended.
    next: Option<mpsc::Receiver<io::Result<Bytes>>>,
    _place: HeldPlaces,
}

/// A reader of a body, with its first bytes. It is sent on beside whoever reads.
pub(super) async fn stream(mut body: Body, budget: &TenantBudget) -> Result<BodyReader, Complaint> {
    let place = budget.streams.take(1).ok_or_else(busy)?;
    let mut beginning = Vec::new();
    while beginning.len() < BEGINNING {
        match timeout(SILENCE, piece(&mut body)).await.map_err(|_| slow())? {
            Some(piece) => beginning.extend_from_slice(&piece.map_err(|_| broken())?),
            None => return Ok(BodyReader { now: beginning.into(), next: None, _place: place }),
        }
    }
    let (sender, next) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        loop {
            let piece = match timeout(SILENCE, piece(&mut body)).await {
                Ok(Some(piece)) => piece.map_err(io::Error::other),
                Ok(None) => break,
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
            };
            let ended = piece.is_err();
            // Whoever reads may have gone.
            if sender.send(piece).await.is_err() || ended {
                break;
            }
        }
    });
    Ok(BodyReader { now: beginning.into(), next: Some(next), _place: place })
}

impl Read for BodyReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            let Some(next) = &mut self.next else { return Ok(0) };
            match next.blocking_recv() {
                Some(piece) => self.now = piece?,
                None => self.next = None,
            }
        }
        let size = bytes.len().min(self.now.len());
        bytes[..size].copy_from_slice(&self.now.split_to(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_bodies_together_are_bounded() {
        let budget = SharedPlaces::new(2).of(TenantId::PUBLIC);
        let body = |size| Body::from(vec![0; size]);
        let (bytes, _one) = whole(body(UNIT), 10_000, &budget).await.unwrap();
        assert_eq!(bytes.len(), UNIT);
        let other = whole(body(1), 10_000, &budget).await.unwrap();
        assert!(whole(body(1), 10_000, &budget).await.is_err(), "there is no third");
        drop(other);
        assert!(whole(body(UNIT + 1), 10_000, &budget).await.is_err(), "nor a second and third");
        assert!(whole(body(UNIT), 10_000, &budget).await.is_ok());
        assert!(whole(body(2), 1, &budget).await.is_err(), "larger than one may be");
    }

    #[tokio::test]
    async fn a_body_is_read_as_it_arrives() {
        let budget = BodyBudget::default().of(TenantId::PUBLIC, IpAddr::from([192, 0, 2, 1]));
        let sent: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut reader = stream(Body::from(sent.clone()), &budget).await.unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|_| bytes)
        });
        assert!(read.await.unwrap().unwrap() == sent);
        let mut short = stream(Body::from("x"), &budget).await.unwrap();
        let mut text = String::new();
        assert_eq!(short.read_to_string(&mut text).unwrap(), 1, "without a thread of its own");
    }
}
