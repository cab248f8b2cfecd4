//! The events of the benchmarks: bills of materials of 1,800 canonical bytes, each different.

use domain::digest::Digest;
use domain::facts::sbom::{Package, SbomSubmitted};
use domain::facts::{DocumentRef, Subject};
use domain::{Event, codec};

use super::BenchError;
use crate::append::AppendContext;

/// Canonical bytes of each payload.
pub(crate) const PAYLOAD_BYTES: usize = 1_800;
/// Streams the events are spread over.
pub(crate) const STREAMS: usize = 1_000;
/// Packages of each document.
const PACKAGES: u32 = 14;

pub(crate) fn context() -> AppendContext {
    AppendContext::new("bench".to_owned(), concat!("pg-atlas/", env!("CARGO_PKG_VERSION")))
}

/// The `n`-th event, in stream `stream`, of exactly 1,800 canonical bytes.
///
/// # Errors
/// When it cannot be encoded.
pub fn event(n: usize, stream: usize) -> Result<Event, BenchError> {
    let document = |padding: usize| -> Event {
        let package = |k: u32| Package {
            purl: Some(format!("pkg:npm/%40scope/package-{k:02}")),
            group: None,
            name: format!("package-{k:02}"),
            version: Some(format!("{k}.{}.{}", n % 10, n / 10)),
        };
        SbomSubmitted {
            subject: Subject {
                id: format!("pkg:github/owner-{:02}/repository-{stream:04}", stream % 50),
                spelled: "p".repeat(padding),
                project: None,
            },
            document: DocumentRef {
                sha256: Digest::of(&n.to_be_bytes()),
                bytes: 48_000,
                format: "CycloneDX-JSON".to_owned(),
                format_version: Some("1.5".to_owned()),
                parser: "sbom/1".to_owned(),
            },
            complete: true,
            packages: (0..PACKAGES).map(package).collect(),
            described: vec![0],
            relations: (1..PACKAGES).map(|k| (k / 3, k)).collect(),
            publishes: Vec::new(),
        }
        .into()
    };
    let size = |event: &Event| codec::encode(event).map(|bytes| bytes.len()).map_err(crate::Refusal::from);
    let bare = size(&document(0))?;
    let padding = PAYLOAD_BYTES.checked_sub(bare).ok_or_else(|| BenchError::Wrong(format!("{bare} bytes")))?;
    let event = document(padding);
    match size(&event)? {
        PAYLOAD_BYTES => Ok(event),
        other => Err(BenchError::Wrong(format!("an event of {other} bytes"))),
    }
}
