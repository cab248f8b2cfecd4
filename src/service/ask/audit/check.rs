//! Proofs that somebody brings, checked from the file alone.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use domain::note::VerifyingKey;
pub use replay::audit::check::CheckedProof;
use replay::audit::check::check as checked;

use super::trust::keys;
use crate::service::{Error, Result};

/// Greatest size of a file, in bytes: an explanation holds every event that a value rests on.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Checks a proof of inclusion or consistency, a tlog-proof or an explanation; with keys also that one of them has
/// signed its checkpoint.
///
/// # Errors
/// When the file cannot be read or a key is none; what is wrong with the proof is the answer.
pub fn check(file: &Path, given: &[String]) -> Result<CheckedProof> {
    let keys: Vec<VerifyingKey> = keys(given)?;
    let text = text(file).map_err(|error| Error::refused(error).of(file.display()))?;
    Ok(match String::from_utf8(text) {
        Ok(text) => checked(&text, &keys),
        Err(error) => CheckedProof { ok: false, what: None, reason: Some(error.to_string()), proves: None },
    })
}

fn text(path: &Path) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other(format!("larger than {MAX_FILE_BYTES} bytes: no proof is"));
    let file = File::open(path)?;
    if file.metadata()?.len() > MAX_FILE_BYTES {
        return Err(too_large());
    }
    let mut text = Vec::new();
    // A pipe does not say how long it is.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES { Err(too_large()) } else { Ok(text) }
}
