//! Answers kept between crawls, so that an unchanged one costs a conditional request and no body. Only what is
//! cleaned reaches the disk.

use std::io;
use std::path::{Path, PathBuf};

use domain::digest::Digest;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::source::clean::to_bytes;

/// Greatest length of an ETag that is kept, in bytes.
const MAX_ETAG_BYTES: usize = 1000;

/// A folder with one file per address: a line that says what the body is, then the body.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct EntryHeader {
    url: String,
    etag: String,
    sha256: Digest,
}

/// An answer that was kept.
#[derive(Debug)]
pub(super) struct CachedAnswer {
    /// The tag under which the registry knows it.
    pub(super) etag: String,
    /// The answer, cleaned.
    pub(super) answer: Value,
}

impl Cache {
    /// Opens the folder, which is made if missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn file(&self, url: &Url) -> PathBuf {
        self.folder.join(format!("{}.json", Digest::of(url.as_str().as_bytes())))
    }

    /// The answer kept for `url`; a file that is damaged counts as none.
    pub(super) async fn load(&self, url: &Url) -> Option<CachedAnswer> {
        let bytes = tokio::fs::read(self.file(url)).await.ok()?;
        let split = bytes.iter().position(|byte| *byte == b'\n')?;
        let (line, body) = (&bytes[..split], &bytes[split + 1..]);
        let header: EntryHeader = serde_json::from_slice(line).ok()?;
        if header.url != url.as_str() || header.sha256 != Digest::of(body) {
            return None;
        }
        Some(CachedAnswer { etag: header.etag, answer: serde_json::from_slice(body).ok()? })
    }

    /// Keeps an answer. The file appears whole or not at all.
    pub(super) async fn store(&self, url: &Url, etag: &str, answer: &Value) -> io::Result<()> {
        if etag.len() > MAX_ETAG_BYTES {
            return Ok(());
        }
        let body = to_bytes(answer);
        let header = EntryHeader { url: url.to_string(), etag: etag.to_owned(), sha256: Digest::of(&body) };
        let mut bytes = to_bytes(&header);
        bytes.push(b'\n');
        bytes.extend(body);
        let file = self.file(url);
        let part = file.with_extension(format!("{}.part", std::process::id()));
        tokio::fs::write(&part, bytes).await?;
        tokio::fs::rename(&part, &file).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn keeps_answers_and_ignores_damage() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("new/cache")).unwrap();
        let url: Url = "https://registry.example/a".parse().unwrap();
        assert!(cache.load(&url).await.is_none());
        cache.store(&url, "\"one\"", &json!({"a": 1})).await.unwrap();
        let kept = cache.load(&url).await.unwrap();
        assert_eq!((kept.etag.as_str(), kept.answer), ("\"one\"", json!({"a": 1})));

        let file = cache.file(&url);
        let text = std::fs::read_to_string(&file).unwrap();
        for damaged in [text.replace("\"a\":1", "\"a\":2"), text[..text.len() - 1].to_owned(), String::new()] {
            std::fs::write(&file, damaged).unwrap();
            assert!(cache.load(&url).await.is_none());
        }
        // A file under another address's name is not that address's answer.
        std::fs::write(cache.file(&"https://registry.example/b".parse().unwrap()), &text).unwrap();
        assert!(cache.load(&"https://registry.example/b".parse().unwrap()).await.is_none());
    }
}
