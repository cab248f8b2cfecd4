//! Edge and node files of `bench criticality`.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::graph::NodeId;
use names::NodeNames;

mod names;

const EDGES_HEADER: &[u8] = b"src,dst";
const NODES_HEADER: &[u8] = b"id,type,status";
/// The first two bytes of every gzip file.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// Read at once from a file, in bytes.
const BUFFER_BYTES: usize = 1 << 16;

/// A dependency graph as it was read, its nodes numbered in the order of their names.
#[derive(Debug, PartialEq, Eq)]
pub struct Input {
    /// The name of every node: in numeric order if all names are integers, else bytewise.
    pub names: Vec<Box<[u8]>>,
    /// (dependent, dependency) in the order of the file, repeated and self edges included.
    pub edges: Vec<(NodeId, NodeId)>,
    /// For every node whether it is a repository that is live.
    pub live_repo: Vec<bool>,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EdgeFileError {
    /// The file could not be opened, read or inflated.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system or the inflater said.
        source: io::Error,
    },
    /// A line does not have the form that its file should have.
    #[error("{path}, line {line}: expected {expected}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What the line should have been.
        expected: &'static str,
    },
}

/// Reads a graph.
///
/// `edges` has one edge a line: `dependent,dependency` below the header `src,dst`, or `dependent<TAB>dependency`
/// without a header. `nodes` has the header `id,type,status`; a node that it does not list is neither repository nor
/// live, and without the file every node is both. Names are taken as they stand, even empty: there is no quoting.
/// Either file may be compressed by gzip. Empty lines are skipped.
///
/// # Errors
/// If a file cannot be read or a line does not have its form.
pub fn read(edges: &Path, nodes: Option<&Path>) -> Result<Input, EdgeFileError> {
    let mut names = NodeNames::default();
    let mut pairs = read_edges(edges, &mut names)?;
    let mut live_repo = match nodes {
        Some(path) => read_nodes(path, &mut names)?,
        None => vec![true; names.len()],
    };
    let names = names.into_list();
    let integers: Option<Vec<i128>> = names.iter().map(|name| integer(name)).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_unstable_by(|&a, &b| {
        let numeric = integers.as_ref().map_or(Ordering::Equal, |integers| integers[a].cmp(&integers[b]));
        numeric.then_with(|| names[a].cmp(&names[b]))
    });
    let mut number = vec![0; names.len()];
    for (new, &old) in (0..).zip(&order) {
        number[old] = new;
    }
    for (source, target) in &mut pairs {
        *source = number[*source as usize];
        *target = number[*target as usize];
    }
    live_repo.resize(names.len(), false);
    let live_repo = order.iter().map(|&old| live_repo[old]).collect();
    let mut names: Vec<Option<Box<[u8]>>> = names.into_iter().map(Some).collect();
    let names = order.iter().filter_map(|&old| names[old].take()).collect();
    Ok(Input { names, edges: pairs, live_repo })
}

fn integer(name: &[u8]) -> Option<i128> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

fn read_edges(path: &Path, names: &mut NodeNames) -> Result<Vec<(NodeId, NodeId)>, EdgeFileError> {
    let mut lines = FileLines::open(path)?;
    let mut edges = Vec::new();
    let mut separator = b'\t';
    let mut expected = "the header `src,dst`, or two names separated by a tab";
    while let Some(line) = lines.next()? {
        if edges.is_empty() && line == EDGES_HEADER {
            separator = b',';
            expected = "two names separated by a comma";
            continue;
        }
        let Some([source, target]) = fields(line, separator) else {
            return Err(lines.not(expected));
        };
        edges.push((names.number(source), names.number(target)));
    }
    Ok(edges)
}

/// For every name known so far, and those that the file adds, whether it is a repository that is live.
fn read_nodes(path: &Path, names: &mut NodeNames) -> Result<Vec<bool>, EdgeFileError> {
    let mut lines = FileLines::open(path)?;
    if lines.next()? != Some(NODES_HEADER) {
        return Err(lines.not("the header `id,type,status`"));
    }
    let mut live_repo = vec![false; names.len()];
    while let Some(line) = lines.next()? {
        let Some([id, kind @ (b"Repo" | b"ExternalRepo"), status]) = fields(line, b',') else {
            return Err(lines.not("an id, `Repo` or `ExternalRepo`, and a status"));
        };
        let node = names.number(id) as usize;
        if node >= live_repo.len() {
            live_repo.resize(node + 1, false);
        }
        live_repo[node] = kind == b"Repo" && status == b"live";
    }
    Ok(live_repo)
}

/// The fields of a line, if it has exactly `N`.
fn fields<const N: usize>(line: &[u8], separator: u8) -> Option<[&[u8]; N]> {
    let mut fields = [&line[..0]; N];
    let mut rest = line.split(|&byte| byte == separator);
    for field in &mut fields {
        *field = rest.next()?;
    }
    rest.next().is_none().then_some(fields)
}

/// The lines of a file, plain or compressed.
struct FileLines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl FileLines {
    fn open(path: &Path) -> Result<Self, EdgeFileError> {
        let reader = Self::reader(path).map_err(|source| EdgeFileError::Io { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), reader, line: Vec::new(), number: 0 })
    }

    fn reader(path: &Path) -> io::Result<Box<dyn BufRead>> {
        let mut plain = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
        if plain.fill_buf()?.starts_with(GZIP_MAGIC) {
            let inflated: Box<dyn Read> = Box::new(MultiGzDecoder::new(plain));
            return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, inflated)));
        }
        Ok(Box::new(plain))
    }

    /// The next line that is not empty, without its end.
    fn next(&mut self) -> Result<Option<&[u8]>, EdgeFileError> {
        loop {
            self.line.clear();
            let read = self.reader.read_until(b'\n', &mut self.line);
            if read.map_err(|source| EdgeFileError::Io { path: self.path.clone(), source })? == 0 {
                return Ok(None);
            }
            self.number += 1;
            for end in b"\n\r" {
                self.line.pop_if(|last| last == end);
            }
            if !self.line.is_empty() {
                return Ok(Some(&self.line));
            }
        }
    }

    fn not(&self, expected: &'static str) -> EdgeFileError {
        EdgeFileError::Line { path: self.path.clone(), line: self.number, expected }
    }
}
