//! What a history is read from, told apart by its form alone. What could be taken for an option, a helper program
//! or an unprotected connection is refused here, before any process starts.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::error::{GitLogError, without_credentials};

/// Greatest length of a clone URL, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// First bytes of the bundles that git writes.
const BUNDLE_SIGNATURES: [&[u8]; 2] = [b"# v2 git bundle\n", b"# v3 git bundle\n"];

/// Where a history is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitSource {
    /// A local repository, bare or not: absolute path.
    Repository(PathBuf),
    /// A repository elsewhere.
    Url(CloneUrl),
    /// A git bundle: absolute path.
    Bundle(PathBuf),
    /// A pseudonymised export: absolute path.
    Export(PathBuf),
}

impl GitSource {
    /// Tells what an argument of the command line names: a URL by its scheme, a path by what is there.
    ///
    /// # Errors
    /// When it looks like an option, names a protocol that is not allowed, does not exist, or is none of the four.
    pub fn from_argument(argument: &OsStr) -> Result<Self, GitLogError> {
        let text = argument.to_string_lossy();
        if text.is_empty() {
            return Err(GitLogError::refused("the source is empty: give a path, a clone URL, a bundle or an export"));
        }
        if text.starts_with('-') {
            return Err(GitLogError::refused("a source does not begin with `-`: write `./-name` for such a file"));
        }
        if let Some(path) = text.strip_prefix("file://") {
            return Self::from_path(&local_path(path)?);
        }
        if text.contains("://") || names_a_helper(&text) {
            return CloneUrl::parse(&text).map(Self::Url);
        }
        let path = Path::new(argument);
        match Self::from_path(path) {
            Err(GitLogError::NotFound(_)) if text.split('/').next().is_some_and(|host| host.contains(':')) => {
                Err(GitLogError::refused("ssh is not used: give the https URL of the repository, or a path to a clone"))
            }
            other => other,
        }
    }

    fn from_path(path: &Path) -> Result<Self, GitLogError> {
        let path = fs::canonicalize(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GitLogError::NotFound(path.to_owned()),
            _ => GitLogError::io(path.display().to_string())(error),
        })?;
        let kind = fs::metadata(&path).map_err(GitLogError::io(path.display().to_string()))?;
        if kind.is_dir() {
            return Ok(Self::Repository(path));
        }
        let start = if kind.is_file() { first_bytes(&path)? } else { Vec::new() };
        if BUNDLE_SIGNATURES.iter().any(|signature| start.starts_with(signature)) {
            Ok(Self::Bundle(path))
        } else if start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            Ok(Self::Export(path))
        } else {
            let name = path.display();
            Err(GitLogError::refused(format!("`{name}` is no git repository, git bundle or pseudonymised export")))
        }
    }
}

fn first_bytes(path: &Path) -> Result<Vec<u8>, GitLogError> {
    let mut start = Vec::new();
    let file = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    file.map_err(GitLogError::io(path.display().to_string()))?;
    Ok(start)
}

/// `ext::sh -c ...` and its like: git would start the program `git-remote-ext`.
fn names_a_helper(text: &str) -> bool {
    let name = text.split("::").next().unwrap_or_default();
    name.len() < text.len() && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The path of a `file:` URL after `file://`.
fn local_path(rest: &str) -> Result<PathBuf, GitLogError> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err(GitLogError::refused("a file URL names an absolute path of this machine: file:///path/to/repo"));
    }
    let wrong = || GitLogError::refused("a file URL with a malformed escape: `%` is followed by two digits");
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok()).ok_or_else(wrong)?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).map(PathBuf::from).map_err(|_| wrong())
}

/// A clone URL that is safe to hand to git: `https`, or `http` to this very machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneUrl {
    url: String,
    scheme: &'static str,
}

impl CloneUrl {
    /// Parses a clone URL.
    ///
    /// `ssh` would read its own configuration and keys and could start programs, `git` and plain `http` let anyone
    /// on the way rewrite a history, and credentials in a URL would show in the list of processes: all refused.
    ///
    /// # Errors
    /// When the URL is none of the allowed kind; the message never repeats its credentials.
    pub fn parse(text: &str) -> Result<Self, GitLogError> {
        let refused = |reason: &str| {
            let shown: String = without_credentials(text).chars().filter(|c| !c.is_control()).take(120).collect();
            Err(GitLogError::refused(format!("`{shown}`: {reason}")))
        };
        if text.len() > MAX_URL_BYTES {
            return refused(&format!("a URL has at most {MAX_URL_BYTES} bytes"));
        }
        if names_a_helper(text) {
            return refused("helper programs are not run: give an https URL or a path");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
            return refused("a URL holds printable ASCII characters alone, without spaces and backslashes");
        }
        let Some((scheme, rest)) = text.split_once("://") else { return refused("not a URL") };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return refused("credentials in a URL are not used: clone the repository yourself and give its path");
        }
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => "https",
            "http" if is_loopback(authority) => "http",
            "http" => return refused("http lets others rewrite a history on the way: give the https URL"),
            _ => return refused("only https is used: give the https URL, or a path to a clone"),
        };
        if !authority.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') {
            return refused("no host in this URL");
        }
        Ok(Self { url: format!("{scheme}://{rest}"), scheme })
    }

    /// The URL, without credentials by construction.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The one protocol git may use for it, redirects included.
    pub(super) fn protocol(&self) -> &'static str {
        self.scheme
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(argument: &str) -> String {
        match GitSource::from_argument(OsStr::new(argument)) {
            Err(error @ GitLogError::Refused(_)) => error.to_string(),
            other => panic!("{argument}: {other:?}"),
        }
    }

    #[test]
    fn options_helpers_and_open_connections_are_refused() {
        assert!(refusal("--upload-pack=touch canary").contains("does not begin with `-`"));
        assert!(refusal("-x").contains("./-name"));
        assert!(refusal("").contains("empty"));
        assert!(refusal("ext::sh -c touch% canary").contains("helper programs"));
        assert!(refusal("fd::17").contains("helper programs"));
        assert!(refusal("http://example.org/x").contains("https"));
        for url in ["ssh://git@h/x", "git://h/x", "ftp://h/x", "rsync://h/x", "https::ext://x"] {
            refusal(url);
        }
        assert!(refusal("git@example.org:owner/name.git").contains("https"));
        assert!(refusal("https://-oProxyCommand=x/y").contains("no host"));
        assert!(refusal("https:///x").contains("no host"));
        refusal("https://h/a b");
        refusal("https://h\\@evil/x");
        refusal("http://127.0.0.1.evil.example/x");
        refusal("http://localhost@evil.example/x");
        refusal("file://host/x");
        refusal("file:///a%zz");
        refusal(&format!("https://h/{}", "x".repeat(MAX_URL_BYTES)));
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        let message = refusal("https://ann:s3cret@example.org/o/r.git");
        assert!(message.contains("credentials") && message.contains("https://example.org/o/r.git"), "{message}");
        assert!(!message.contains("s3cret") && !message.contains("ann"), "{message}");
        assert!(!refusal("ssh://ann:s3cret@example.org/r").contains("s3cret"));
    }

    #[test]
    fn https_and_loopback_pass() {
        for url in ["https://example.org/o/r.git", "https://example.org:8443/r?x=1", "HTTPS://EXAMPLE.org/r"] {
            let GitSource::Url(url) = GitSource::from_argument(OsStr::new(url)).unwrap() else { panic!("{url}") };
            assert_eq!(url.protocol(), "https");
        }
        for url in ["http://127.0.0.1:8080/r", "http://localhost/r", "http://[::1]:80/r"] {
            assert_eq!(CloneUrl::parse(url).unwrap().protocol(), "http");
        }
    }

    #[test]
    fn paths_are_told_apart_by_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let source = |path: &Path| GitSource::from_argument(path.as_os_str());
        let bundle = write("a b.bundle", "# v2 git bundle\nabc");
        let export = write("x.ndjson", " {\"format\":1}");
        let other = write("readme", "hello");
        assert!(matches!(source(folder.path()), Ok(GitSource::Repository(_))));
        assert!(matches!(source(&bundle), Ok(GitSource::Bundle(_))));
        assert!(matches!(source(&export), Ok(GitSource::Export(_))));
        assert!(matches!(source(&other), Err(GitLogError::Refused(_))));
        assert!(matches!(source(&folder.path().join("none")), Err(GitLogError::NotFound(_))));
        let url = format!("file://{}", bundle.display()).replace(' ', "%20");
        assert!(matches!(GitSource::from_argument(OsStr::new(&url)), Ok(GitSource::Bundle(_))));
    }
}
