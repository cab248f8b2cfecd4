//! A connection that asks one thing after another, and no more of HTTP than that takes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::service::{Error, Result};

/// Bytes that are read at once.
const READ: usize = 64 << 10;
/// Largest answer that is read, in bytes: 64 MiB.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) async fn open(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).await.map_err(Error::unavailable)?;
        stream.set_nodelay(true).map_err(Error::unavailable)?;
        Ok(Self(stream))
    }

    /// Asks for a target: the connection again, status and body.
    pub(crate) async fn get(self, host: &str, target: &str) -> Result<(Self, u16, Vec<u8>)> {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await
    }

    /// Hands a document in with a key: the connection again, status and body.
    pub(crate) async fn post(
        self,
        host: &str,
        target: &str,
        key: &str,
        document: &[u8],
    ) -> Result<(Self, u16, Vec<u8>)> {
        let size = document.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Length: {size}\r\n\r\n"
        );
        self.ask(&[head.as_bytes(), document].concat()).await
    }

    async fn ask(mut self, request: &[u8]) -> Result<(Self, u16, Vec<u8>)> {
        self.0.write_all(request).await.map_err(Error::unavailable)?;
        let mut said = Vec::with_capacity(READ);
        let mut body_at = None;
        loop {
            if let Some((at, length)) = body_at
                && said.len() - at >= length
            {
                let status = said.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
                let status = status.ok_or_else(|| Error::unavailable("an answer without a status"))?;
                return Ok((self, status, said.split_off(at)));
            }
            if self.0.read_buf(&mut said).await.map_err(Error::unavailable)? == 0 {
                return Err(Error::unavailable("the connection was closed"));
            }
            if body_at.is_none() {
                body_at = head_of(&said)?;
            }
            if said.len() > MAX_ANSWER_BYTES {
                return Err(Error::unavailable("an answer of more than 64 MiB"));
            }
        }
    }
}

/// Where the body begins and how long it is, once the head is there.
fn head_of(said: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = said.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&said[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let length = length.ok_or_else(|| Error::unavailable("an answer of unknown length"))?;
    Ok(Some((end + 4, length)))
}
