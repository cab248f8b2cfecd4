//! Where the lines come from, once or twice.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::path::{Path, PathBuf};

use ingest::input;

use crate::service::{Error, Result};

/// Lines, plain, gzip or zstd.
pub struct BatchInput {
    source: LineSource,
    folder: Option<PathBuf>,
}

enum LineSource {
    /// Packed or not, with its name.
    File(File, String),
    /// What can be read only once, with its name.
    Stream(Box<dyn Read + Send>, String),
    /// It has been read.
    Spent,
    /// An unpacked copy of such.
    Copy(File),
}

impl BatchInput {
    /// The lines of a file. What they name by a path lies beside it, or below.
    ///
    /// # Errors
    /// [`Error::Refused`] when it cannot be opened.
    pub fn file(path: &Path) -> Result<Self> {
        let (file, name) = (input::open_file(path).map_err(Error::refused)?, path.display().to_string());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = Some(folder.unwrap_or(Path::new(".")).to_owned());
        let again = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let source = if again { LineSource::File(file, name) } else { LineSource::Stream(Box::new(file), name) };
        Ok(Self { source, folder })
    }

    /// Lines that come as they come, called `name` in errors. What they name by a path lies in `folder`, or below;
    /// without one they name nothing so.
    pub fn stream(lines: impl Read + Send + 'static, name: &str, folder: Option<PathBuf>) -> Self {
        Self { source: LineSource::Stream(Box::new(lines), name.to_owned()), folder }
    }

    /// Where the lines are that are named by a path.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.folder.clone()
    }

    /// The same, with a copy of what can be read only once.
    pub(super) fn readable_twice(self) -> Result<Self> {
        let LineSource::Stream(lines, name) = self.source else { return Ok(self) };
        let mut lines = input::unpacked(lines, &name).map_err(Error::refused)?;
        let mut copy = tempfile::tempfile().map_err(Error::unavailable)?;
        io::copy(&mut lines, &mut copy).map_err(Error::unavailable)?;
        Ok(Self { source: LineSource::Copy(copy), folder: self.folder })
    }

    /// From the first line on. A stream is there once.
    pub(super) fn open(&mut self) -> Result<Box<dyn Read + Send>> {
        let rewound = |file: &File| -> io::Result<File> {
            let mut file = file.try_clone()?;
            file.rewind()?;
            Ok(file)
        };
        match &self.source {
            LineSource::File(file, name) => {
                let file = rewound(file).map_err(Error::unavailable)?;
                input::unpacked(Box::new(file), name).map_err(Error::refused)
            }
            LineSource::Copy(file) => Ok(Box::new(rewound(file).map_err(Error::unavailable)?)),
            LineSource::Stream(..) | LineSource::Spent => {
                match std::mem::replace(&mut self.source, LineSource::Spent) {
                    LineSource::Stream(lines, name) => input::unpacked(lines, &name).map_err(Error::refused),
                    _ => Err(Error::refused("the input has been read")),
                }
            }
        }
    }
}
