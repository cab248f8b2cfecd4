//! Reading a bundle, a line at a time: memory is bounded by the longest line, also while inflating.

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::line::{BundleLine, FORMAT, Header, MAX_LINE_BYTES};
use crate::ReplayError;

/// Bytes buffered of the file and of what is inflated.
const BUFFER_BYTES: usize = 256 * 1024;

/// The lines of a bundle.
#[derive(Debug)]
pub struct BundleReader<R: Read> {
    lines: BufReader<GzDecoder<BufReader<R>>>,
    buffer: Vec<u8>,
    /// Lines read.
    number: u64,
}

impl<R: Read> BundleReader<R> {
    /// Opens a bundle and reads its header.
    ///
    /// # Errors
    /// [`ReplayError::Bundle`] when it is none, or of a format that this program does not know.
    pub fn open(file: R) -> Result<(Self, Header), ReplayError> {
        let inflated = GzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, file));
        let lines = BufReader::with_capacity(BUFFER_BYTES, inflated);
        let mut reader = Self { lines, buffer: Vec::new(), number: 0 };
        match reader.line()? {
            BundleLine::Header(header) if header.format == FORMAT => Ok((reader, header)),
            BundleLine::Header(header) => Err(reader.wrong(&format!("format {}, expected {FORMAT}", header.format))),
            _ => Err(reader.wrong("expected the header")),
        }
    }

    /// The next line.
    ///
    /// # Errors
    /// [`ReplayError::Bundle`] when there is none or it is none of the format.
    pub fn line(&mut self) -> Result<BundleLine, ReplayError> {
        self.read()?;
        serde_json::from_slice(&self.buffer).map_err(|error| self.wrong(&error.to_string()))
    }

    /// The next line as it is, its end included.
    ///
    /// # Errors
    /// [`ReplayError::Bundle`] when there is none.
    pub fn raw(&mut self) -> Result<&[u8], ReplayError> {
        self.read()?;
        Ok(&self.buffer)
    }

    fn read(&mut self) -> Result<(), ReplayError> {
        self.buffer.clear();
        self.number += 1;
        let limit = MAX_LINE_BYTES as u64;
        let read = (&mut self.lines).take(limit).read_until(b'\n', &mut self.buffer);
        read.map_err(|error| self.io(error))?;
        match self.buffer.last() {
            Some(b'\n') => Ok(()),
            Some(_) if self.buffer.len() as u64 == limit => Err(self.wrong("the line is too long")),
            _ => Err(self.wrong("the bundle ends early")),
        }
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// [`ReplayError::Bundle`] when something does.
    pub fn end(mut self) -> Result<(), ReplayError> {
        let mut rest = [0u8; 1];
        let more = self.lines.read(&mut rest).map_err(|error| self.io(error))?;
        let behind = self.lines.get_mut().get_mut().read(&mut rest).map_err(|error| self.io(error))?;
        if more + behind == 0 { Ok(()) } else { Err(self.wrong("something follows the last line")) }
    }

    /// The bundle is wrong at the line read last.
    pub(super) fn wrong(&self, reason: &str) -> ReplayError {
        ReplayError::Bundle { line: self.number, reason: reason.to_owned() }
    }

    /// A damaged stream is the bundle's fault, anything else the machine's.
    fn io(&self, error: std::io::Error) -> ReplayError {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match error.kind() {
            InvalidData | InvalidInput | UnexpectedEof => self.wrong(&format!("damaged: {error}")),
            _ => ReplayError::Io(error),
        }
    }
}
