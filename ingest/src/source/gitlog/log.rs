//! The log as git prints it becomes commits by author and day. Pure: bytes in, history out, addresses forgotten.

use std::collections::BTreeMap;

use domain::identity::{PseudonymKey, forge_login, is_bot, normalised_email, pseudonym};
use domain::{Day, Timestamp, redact};

use super::error::GitLogError;
use super::history::{Cell, CoveredDays, GitHistory, Person};

/// What git prints of a commit, in its own notation: name and e-mail of the author after .mailmap, author time in
/// seconds since 1970 (the form with an offset does not survive the odd offsets that real histories hold), parents,
/// id. U+0000 can be in none of them, a line end neither.
pub(super) const FORMAT: &str = "%aN%x00%aE%x00%at%x00%P%x00%H";

/// Greatest number of commits in one history.
pub const MAX_COMMITS: u64 = 5_000_000;
/// Greatest length of one line of the log, in bytes; a longer one is malformed.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// What a log says: the history, the people behind it, and what was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLog {
    /// The facts.
    pub history: GitHistory,
    /// Names and logins, for the side table alone, sorted by pseudonym.
    pub people: Vec<Person>,
    /// What was left out, counted.
    pub warnings: Vec<String>,
}

/// Parses a whole log.
///
/// # Errors
/// When it holds more than [`MAX_COMMITS`].
pub fn parse_log(bytes: &[u8], window: CoveredDays, key: &PseudonymKey) -> Result<ReadLog, GitLogError> {
    let mut reader = LogReader::new(window, key);
    reader.feed(bytes)?;
    reader.finish()
}

/// Folds a log that arrives in pieces.
#[derive(Debug)]
pub(super) struct LogReader<'a> {
    window: CoveredDays,
    key: &'a PseudonymKey,
    /// The beginning of a line whose end has not arrived.
    pending: Vec<u8>,
    /// Whether the rest of a line that was too long is being passed over.
    skipping: bool,
    commits: u64,
    latest: Option<Timestamp>,
    /// By normalised address; it goes no further than this.
    authors: BTreeMap<Vec<u8>, AuthorLog>,
    /// Commits without an address, by day.
    unsigned: BTreeMap<Day, Cell>,
    left_out: LeftOut,
}

/// What is known of an author.
#[derive(Debug)]
struct AuthorLog {
    newest: Signature,
    days: BTreeMap<Day, Cell>,
}

/// How an author signed a commit; ordered so that the newest commit decides, whatever order git prints.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Signature {
    time: Timestamp,
    commit: Vec<u8>,
    name: String,
    email: String,
}

/// Commits that are no facts, by reason; and those that are facts of nobody.
#[derive(Debug, Default)]
struct LeftOut {
    malformed: u64,
    unsigned: u64,
    without_time: u64,
    after_window: u64,
}

impl<'a> LogReader<'a> {
    pub(super) fn new(window: CoveredDays, key: &'a PseudonymKey) -> Self {
        Self {
            window,
            key,
            pending: Vec::new(),
            skipping: false,
            commits: 0,
            latest: None,
            authors: BTreeMap::new(),
            unsigned: BTreeMap::new(),
            left_out: LeftOut::default(),
        }
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), GitLogError> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if self.skipping {
                self.skipping = false;
            } else if self.pending.is_empty() {
                self.line(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.pending);
                whole.extend_from_slice(line);
                self.line(&whole)?;
            }
        }
        if !self.skipping {
            self.pending.extend_from_slice(bytes);
            if self.pending.len() > MAX_LINE_BYTES {
                self.pending.clear();
                self.skipping = true;
                self.count()?;
                self.left_out.malformed += 1;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<ReadLog, GitLogError> {
        let last = std::mem::take(&mut self.pending);
        if !last.is_empty() {
            self.line(&last)?;
        }
        let mut history = GitHistory::new(self.window);
        history.latest = self.latest;
        history.unsigned = self.unsigned;
        let mut people = Vec::new();
        for (email, author) in self.authors {
            let id = pseudonym(self.key, &email);
            let Signature { name, email, .. } = author.newest;
            if is_bot(&name, &email) {
                history.bots.insert(id);
            }
            let name = redact::emails(&name).into_owned();
            people.push(Person { pseudonym: id, login: forge_login(&email), name });
            history.cells.extend(author.days.into_iter().map(|(day, cell)| ((id, day), cell)));
        }
        people.sort_by_key(|person| person.pseudonym);
        Ok(ReadLog { history, people, warnings: self.left_out.warnings(&self.window) })
    }

    fn count(&mut self) -> Result<(), GitLogError> {
        self.commits += 1;
        if self.commits > MAX_COMMITS {
            return Err(GitLogError::TooLarge { what: "the history", limit: MAX_COMMITS, unit: "commits" });
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), GitLogError> {
        if line.is_empty() {
            return Ok(());
        }
        self.count()?;
        let fields: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        let &[name, email, time, parents, commit] = &fields[..] else {
            self.left_out.malformed += 1;
            return Ok(());
        };
        if line.len() > MAX_LINE_BYTES {
            self.left_out.malformed += 1;
            return Ok(());
        }
        let email = email.trim_ascii();
        let seconds: Option<i64> = std::str::from_utf8(time).ok().and_then(|text| text.parse().ok());
        let micros = seconds.and_then(|seconds| seconds.checked_mul(1_000_000));
        let Some(time) = micros.filter(|micros| *micros >= 0).and_then(Timestamp::from_micros) else {
            self.left_out.without_time += 1;
            return Ok(());
        };
        let day = time.day();
        if day > self.window.to {
            self.left_out.after_window += 1;
            return Ok(());
        }
        self.latest = self.latest.max(Some(time));
        if self.window.from.is_some_and(|from| day < from) {
            return Ok(());
        }
        let merge = parents.split(|byte| *byte == b' ').filter(|id| !id.is_empty()).count() > 1;
        let cell = Cell::of_one(time, merge);
        if email.is_empty() {
            self.left_out.unsigned += 1;
            self.unsigned.entry(day).and_modify(|sum| sum.add(&cell)).or_insert(cell);
            return Ok(());
        }
        let key = normalised_email(email);
        // A name may hold what would paint a terminal.
        let name = String::from_utf8_lossy(name).chars().filter(|c| !c.is_control()).collect::<String>();
        let name = name.trim().to_owned();
        let email = String::from_utf8_lossy(email).into_owned();
        let signature = Signature { time, commit: commit.to_owned(), name, email };
        match self.authors.get_mut(&key) {
            Some(author) => {
                author.days.entry(day).and_modify(|sum| sum.add(&cell)).or_insert(cell);
                if signature > author.newest {
                    author.newest = signature;
                }
            }
            None => {
                self.authors.insert(key, AuthorLog { newest: signature, days: BTreeMap::from([(day, cell)]) });
            }
        }
        Ok(())
    }
}

impl LeftOut {
    fn warnings(&self, window: &CoveredDays) -> Vec<String> {
        let counts = [
            (self.malformed, "that git printed in no known form".to_owned()),
            (self.without_time, "without an author date between the years 1970 and 9999".to_owned()),
            (self.after_window, format!("dated after {}", window.to)),
        ];
        let nobodys = (self.unsigned > 0).then(|| match self.unsigned {
            1 => "1 commit without an e-mail address counts as nobody's".to_owned(),
            count => format!("{count} commits without an e-mail address count as nobody's"),
        });
        let left_out = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| left_out(*count, what));
        nobodys.into_iter().chain(left_out).collect()
    }
}

/// The warning for commits that are no facts.
pub(super) fn left_out(count: u64, what: &str) -> String {
    if count == 1 { format!("1 commit {what} is left out") } else { format!("{count} commits {what} are left out") }
}
