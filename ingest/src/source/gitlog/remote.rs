//! A repository elsewhere, or a bundle: the default branch alone is fetched into the private repository. From a
//! server that can do so, commits without trees and files.

use std::ffi::OsStr;

use super::error::GitLogError;
use super::git::Git;
use super::local::SHALLOW;
use super::tip::{Tip, guessed, no_branch};

const ASKING: &str = "asking for the branches";
const FETCHING: &str = "fetching the default branch";

/// Where the fetched branch ends up.
const FETCHED: &str = "refs/heads/fetched";

/// Fetches the default branch of a server's repository.
pub(super) fn fetch_url(git: &Git, url: &str, branch: Option<&str>) -> Result<Tip, GitLogError> {
    let asked = &["HEAD", "refs/heads/*"];
    Fetch { git, from: OsStr::new(url), switches: &["--filter=tree:0"], name: url }.fetch(asked, branch)
}

/// Fetches the default branch out of a bundle.
pub(super) fn fetch_bundle(git: &Git, path: &std::path::Path, branch: Option<&str>) -> Result<Tip, GitLogError> {
    Fetch { git, from: path.as_os_str(), switches: &[], name: &path.display().to_string() }.fetch(&[], branch)
}

/// What is fetched, and how.
struct Fetch<'a> {
    git: &'a Git,
    from: &'a OsStr,
    switches: &'a [&'a str],
    /// What errors call it.
    name: &'a str,
}

impl Fetch<'_> {
    /// What is there of the references that are asked for; of all, if none is.
    fn list(&self, asked: &[&str]) -> Result<Heads, GitLogError> {
        // `ls-remote` needs no repository; what it prints tells with which hash to make one.
        let arguments = [&["ls-remote", "--quiet", "--symref", "--"].map(OsStr::new)[..], &[self.from]].concat();
        let arguments = [arguments, asked.iter().map(OsStr::new).collect()].concat();
        let listed = self.git.ask_outside(ASKING, &arguments)?.output(ASKING)?;
        Ok(Heads::parse(&String::from_utf8_lossy(&listed)))
    }

    fn fetch(&self, asked: &[&str], branch: Option<&str>) -> Result<Tip, GitLogError> {
        let Self { git, from, switches, name } = *self;
        let heads = self.list(asked)?;
        if heads.references.is_empty() && !asked.is_empty() && !self.list(&["refs/tags/*"])?.references.is_empty() {
            return Err(GitLogError::refused(no_branch(name, true)));
        }
        let chosen = match branch {
            Some(branch) => heads.named(branch, name)?,
            None => heads.default_branch(name)?,
        };
        git.init(if chosen.id.len() == 64 { "sha256" } else { "sha1" }, "files")?;

        // Named in the repository's own configuration, so that what is missing can be asked for later.
        let remote = [&["config", "remote.origin.url"].map(OsStr::new)[..], &[from]].concat();
        git.ask(FETCHING, &remote)?.output(FETCHING)?;
        let wanted = format!("+{}:{FETCHED}", chosen.reference);
        // A shallow history is accepted here only to be refused below with a reason; git alone gives none.
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--update-shallow"];
        arguments.extend(switches);
        arguments.extend(["origin", wanted.as_str()]);
        git.ask(FETCHING, &arguments)?.output(FETCHING)?;
        if git.repository().join("shallow").exists() {
            return Err(GitLogError::refused(SHALLOW));
        }
        let tip = git.ask(FETCHING, &["rev-parse", "--verify", "--quiet", FETCHED])?.output(FETCHING)?;
        let commit = String::from_utf8_lossy(&tip).trim().to_owned();
        Ok(Tip { commit, branch: chosen.branch, filtered: !switches.is_empty(), guess: chosen.guess })
    }
}

/// What a server or bundle says it has.
#[derive(Debug, Default)]
struct Heads {
    /// The branch that `HEAD` stands for, where that is said.
    head_branch: Option<String>,
    /// (reference, object id), in the order given.
    references: Vec<(String, String)>,
}

/// The reference to fetch.
#[derive(Debug, PartialEq, Eq)]
struct Chosen {
    reference: String,
    id: String,
    branch: Option<String>,
    /// Why this one, where nobody says which is the default branch.
    guess: Option<String>,
}

impl Heads {
    /// The branch that is asked for.
    fn named(&self, branch: &str, source: &str) -> Result<Chosen, GitLogError> {
        let reference = format!("refs/heads/{branch}");
        let found = self.references.iter().find(|(name, _)| *name == reference);
        let (_, id) = found.ok_or_else(|| GitLogError::refused(format!("`{source}` has no branch `{branch}`")))?;
        Ok(Chosen { reference, id: id.clone(), branch: Some(branch.to_owned()), guess: None })
    }

    fn parse(text: &str) -> Self {
        let mut heads = Self::default();
        for (value, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            if let Some(target) = value.strip_prefix("ref: ") {
                if name == "HEAD" {
                    heads.head_branch = target.strip_prefix("refs/heads/").map(str::to_owned);
                }
            } else if name == "HEAD" || name.starts_with("refs/") {
                heads.references.push((name.to_owned(), value.to_owned()));
            }
        }
        heads
    }

    /// `HEAD`, else `main`, else `master`, else the only branch, else the only reference.
    fn default_branch(&self, source: &str) -> Result<Chosen, GitLogError> {
        let find = |wanted: &str| self.references.iter().find(|(name, _)| name == wanted);
        let choose = |(reference, id): &(String, String), branch: Option<String>| Chosen {
            reference: reference.clone(),
            id: id.clone(),
            branch: branch.or_else(|| reference.strip_prefix("refs/heads/").map(str::to_owned)),
            guess: None,
        };
        if let Some(head) = find("HEAD") {
            let same = |(name, id): &&(String, String)| name.starts_with("refs/heads/") && *id == head.1;
            let twin = || self.references.iter().find(same).map(|(name, _)| name["refs/heads/".len()..].to_owned());
            return Ok(choose(head, self.head_branch.clone().or_else(twin)));
        }
        let branches: Vec<_> = self.references.iter().filter(|(name, _)| name.starts_with("refs/heads/")).collect();
        let only = match (&branches[..], &self.references[..]) {
            ([only], _) => Some(*only),
            ([], [only]) if !only.0.starts_with("refs/tags/") => Some(only),
            _ => None,
        };
        match find("refs/heads/main").or_else(|| find("refs/heads/master")).or(only) {
            Some(found) => {
                let name = found.0.strip_prefix("refs/heads/").unwrap_or(&found.0);
                let guess = guessed(name, if only == Some(found) { "the only one" } else { "by its name" });
                Ok(Chosen { guess: Some(guess), ..choose(found, None) })
            }
            None if branches.is_empty() => Err(GitLogError::refused(no_branch(source, !self.references.is_empty()))),
            None => Err(GitLogError::refused(format!(
                "`{source}` has several branches, but no HEAD and none that is called `main` or `master`: name one with \
                 --branch"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<(String, Option<String>), String> {
        let chosen = Heads::parse(text).default_branch("x").map_err(|e| e.to_string())?;
        Ok((chosen.reference, chosen.branch))
    }

    #[test]
    fn the_default_branch_is_head_then_main_then_master_then_the_only_one() {
        let head = |branch: &str| Ok(("HEAD".to_owned(), Some(branch.to_owned())));
        let branch = |name: &str| Ok((format!("refs/heads/{name}"), Some(name.to_owned())));
        assert_eq!(
            chosen("ref: refs/heads/dev\tHEAD\n11\tHEAD\n11\trefs/heads/main\n11\trefs/heads/dev\n"),
            head("dev")
        );
        assert_eq!(chosen("22\tHEAD\n11\trefs/heads/main\n22\trefs/heads/dev\n"), head("dev"));
        assert_eq!(chosen("11\tHEAD\n"), Ok(("HEAD".to_owned(), None)));
        assert_eq!(chosen("1\trefs/heads/a\n2\trefs/heads/master\n3\trefs/heads/main\n"), branch("main"));
        assert_eq!(chosen("1\trefs/heads/a\n2\trefs/heads/master\n"), branch("master"));
        assert_eq!(chosen("1\trefs/heads/a\n2\trefs/tags/x\n"), branch("a"));
        assert_eq!(chosen("1\trefs/remotes/origin/x\n"), Ok(("refs/remotes/origin/x".to_owned(), None)));
        assert!(chosen("1\trefs/heads/a\n2\trefs/heads/b\n").unwrap_err().contains("several branches"));
        assert!(chosen("").unwrap_err().contains("no commit"));
        assert!(chosen("garbage\n\t\n").unwrap_err().contains("no commit"));
    }
}
