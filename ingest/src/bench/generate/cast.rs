//! Who plays in a generated log: repositories, the packages some of them publish, owners, projects, authors.

use domain::digest::Digest;
use domain::facts::Subject;
use domain::number::fit;
use domain::purl;

use super::Size;
use super::random::mix;

/// Repositories to a project, about.
const REPOS_PER_PROJECT: u64 = 10;

/// The cast of a log: every name is a function of a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cast {
    /// Repositories; the first ones are libraries.
    pub(super) repos: u64,
    /// Repositories that publish a package: the even packages are theirs, in order.
    pub(super) libraries: u64,
    /// Packages, oldest and most popular first.
    pub(super) packages: u64,
    /// Funded projects.
    pub(super) projects: u64,
    /// People who commit.
    pub(super) authors: u64,
}

impl Cast {
    pub(super) fn of(size: &Size) -> Self {
        let repos = u64::from(size.repos.max(1));
        let libraries = (repos * 2 / 5).max(1);
        let projects = (repos / REPOS_PER_PROJECT).max(1);
        Self { repos, libraries, packages: libraries * 2, projects, authors: repos * 2 }
    }

    /// The owner of a repository: half of the owners are funded projects'.
    fn owner(&self, repo: u64) -> u64 {
        mix(repo) % (self.projects * 2)
    }

    /// `owner/name` of a repository.
    pub(super) fn path(&self, repo: u64) -> String {
        format!("org-{:05}/repo-{repo:06}", self.owner(repo))
    }

    /// Canonical purl of a repository.
    pub(super) fn repo(&self, repo: u64) -> String {
        format!("pkg:github/{}", self.path(repo))
    }

    /// What one repository in 200 is called after its first year.
    pub(super) fn renamed(&self, repo: u64) -> Option<String> {
        (repo % 200 == 7).then(|| format!("{}-next", self.repo(repo)))
    }

    /// The repository as the subject of a document; one in 50 is flagged with its project.
    pub(super) fn subject(&self, repo: u64) -> Subject {
        let project = (repo % 50 == 3).then(|| self.project(repo % self.projects));
        Subject { id: self.repo(repo), spelled: self.path(repo), project }
    }

    /// The repository that publishes a package.
    pub(super) fn publisher(&self, package: u64) -> Option<u64> {
        package.is_multiple_of(2).then_some(package / 2)
    }

    /// The package that a repository publishes.
    pub(super) fn published(&self, repo: u64) -> Option<u64> {
        (repo < self.libraries).then_some(repo * 2)
    }

    /// Canonical purl of a package.
    pub(super) fn package(&self, package: u64) -> String {
        let ecosystem = ["npm", "pypi", "cargo"][fit::<usize>(package % 3, "ecosystem")];
        format!("pkg:{ecosystem}/lib-{package:06}")
    }

    /// Id of a project.
    pub(super) fn project(&self, project: u64) -> String {
        format!("daoip-5:bench:project:{project:05}")
    }

    /// Name of a project.
    pub(super) fn project_name(&self, project: u64) -> String {
        format!("Project {project:05}")
    }

    /// Where a project's code is: its owner, or for one in five one repository.
    pub(super) fn git_url(&self, project: u64) -> String {
        if project % 5 == 4 {
            let repo = mix(project) % self.repos;
            format!("https://github.com/{}", self.path(repo))
        } else {
            format!("https://github.com/org-{project:05}")
        }
    }

    /// The people of a repository, the most active first, each with whether it is a bot.
    pub(super) fn crew(&self, repo: u64) -> impl Iterator<Item = (Digest, bool)> {
        let authors = self.authors;
        let size = 1 + mix(repo ^ 0xC0DE) % 12;
        (0..size).map(move |k| {
            let author = (repo * 2 + k * k * 7) % authors;
            (Digest::of(format!("author {author}").as_bytes()), author % 40 == 39)
        })
    }

    /// The version of a package on a day of the log: a new one every two weeks or so.
    pub(super) fn version(package: u64, day: u64) -> String {
        let offset = mix(package) % 28;
        format!("{}.{}.0", 1 + package % 4, (day + offset) / (14 + package % 28))
    }

    /// The name of a package without its ecosystem.
    pub(super) fn package_name(&self, package: u64) -> String {
        purl::short_name(&self.package(package))
    }
}
