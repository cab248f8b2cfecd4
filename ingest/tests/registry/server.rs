//! A registry on the loopback that does as a test says, real sockets and all: minimal HTTP/1.1, written by hand so
//! that it can also be wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ingest::source::registry::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Path and query, still encoded.
    pub(crate) path: String,
    /// Headers by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    /// How many came for this path before.
    pub(crate) nth: usize,
}

/// What goes back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    length: Length,
    /// Bytes sent at once, and the pause after each such piece.
    drip: Option<(usize, Duration)>,
}

/// What the reply says about the length of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Right,
    Wrong(usize),
    /// Unknown: the body ends with the connection.
    Open,
    /// Nothing is sent at all, and the connection is closed.
    Hangup,
    /// Nothing is sent at all, and the connection stays open.
    Silence,
}

impl Reply {
    pub(crate) fn json(body: impl AsRef<[u8]>) -> Self {
        Self::status(200).body(body).header("Content-Type", "application/json")
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), length: Length::Right, drip: None }
    }

    pub(crate) fn redirect(to: impl AsRef<str>) -> Self {
        Self::status(302).header("Location", to)
    }

    pub(crate) fn hangup() -> Self {
        Self { length: Length::Hangup, ..Self::status(0) }
    }

    pub(crate) fn silence() -> Self {
        Self { length: Length::Silence, ..Self::status(0) }
    }

    pub(crate) fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: body.as_ref().to_vec(), ..self }
    }

    /// The last header of a name counts.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn announcing(self, length: usize) -> Self {
        Self { length: Length::Wrong(length), ..self }
    }

    pub(crate) fn until_close(self) -> Self {
        Self { length: Length::Open, ..self }
    }

    pub(crate) fn dripping(self, bytes: usize, pause: Duration) -> Self {
        Self { drip: Some((bytes, pause)), ..self }
    }

    async fn send(&self, stream: &mut TcpStream) -> std::io::Result<bool> {
        let length = match self.length {
            Length::Right => Some(self.body.len()),
            Length::Wrong(length) => Some(length),
            Length::Open => None,
            Length::Hangup => return Ok(false),
            Length::Silence => {
                sleep(Duration::from_secs(60)).await;
                return Ok(false);
            }
        };
        let mut head = format!("HTTP/1.1 {} x\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        let (piece, pause) = self.drip.unwrap_or((self.body.len().max(1), Duration::ZERO));
        for bytes in self.body.chunks(piece) {
            stream.write_all(bytes).await?;
            stream.flush().await?;
            sleep(pause).await;
        }
        Ok(self.length == Length::Right)
    }
}

/// The registry; it ends with the test.
pub(crate) struct Server {
    base: Url,
    requests: Arc<Mutex<Vec<Request>>>,
    listening: JoinHandle<()>,
}

impl Server {
    /// Starts a registry that answers by `reply`.
    pub(crate) async fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, reply) = (Arc::clone(&requests), Arc::new(reply));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&reply)));
            }
        });
        Self { base: format!("http://{address}/").parse().expect("an address"), requests, listening }
    }

    pub(crate) fn url(&self) -> Url {
        self.base.clone()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("the log").clone()
    }

    /// Paths asked for, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Request>>>,
    reply: Arc<impl Fn(&Request) -> Reply + Send + Sync>,
) -> std::io::Result<()> {
    while let Some((path, headers)) = read_request(&mut stream).await? {
        let request = {
            let mut log = log.lock().expect("the log");
            let nth = log.iter().filter(|earlier| earlier.path == path).count();
            log.push(Request { path, headers, nth });
            log.last().expect("the request").clone()
        };
        if !reply(&request).send(&mut stream).await? {
            break;
        }
    }
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<(String, BTreeMap<String, String>)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.split("\r\n");
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("").to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Ok(Some((path, headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect())))
}
