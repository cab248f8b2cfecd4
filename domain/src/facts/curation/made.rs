//! Corrections by maintainers, one constructor a kind.

use super::{Correction, Curated, ProjectField};
use crate::checked::{Actor, Invalid, ProjectId, StatedReason, normalised_name, project_name};
use crate::purl::{self, Purl, owner_of};

/// What a project can be.
const PROJECT_TYPES: [&str; 2] = ["pg_root", "scf_project"];

/// A correction with who made it and why.
#[must_use]
pub fn curated(correction: Correction, author: &Actor, reason: StatedReason) -> Curated {
    Curated { correction, author: author.as_str().to_owned(), reason: reason.into_string() }
}

impl Correction {
    /// A repository belongs to this project, or to none. What is dropped of the project's id is said in `warnings`,
    /// here and below.
    ///
    /// # Errors
    /// When `repo` names no repository or `project` is no id.
    pub fn membership(repo: &str, project: Option<&str>, warnings: &mut Vec<String>) -> Result<Self, Invalid> {
        Ok(Self::Membership { repo: repository(repo)?, project: maybe_project(project, warnings)? })
    }

    /// What grants records say of an owner's repositories means this project, or none.
    ///
    /// # Errors
    /// When `owner` names no owner on a code host or `project` is no id.
    pub fn owner(owner: &str, project: Option<&str>, warnings: &mut Vec<String>) -> Result<Self, Invalid> {
        let refused = || {
            let given: String = owner.chars().take(120).collect();
            Invalid::new("owner", format!("`{given}` names no owner: expected pkg:github/OWNER (or gitlab, bitbucket)"))
        };
        // The owner of a repository, so that the rules of its host for names hold.
        let repo = Purl::parse_repository(&format!("{owner}/any")).map_err(|_| refused())?;
        let found = owner_of(&repo.id).filter(|(host, name)| repo.id == format!("pkg:{host}/{name}/any"));
        let (host, owner) = found.ok_or_else(refused)?;
        let (host, owner) = (host.to_owned(), owner.to_owned());
        Ok(Self::Owner { host, owner, project: maybe_project(project, warnings)? })
    }

    /// A package is published from this repository, or from none.
    ///
    /// # Errors
    /// When `package` is no package or `repo` no repository.
    pub fn publication(package: &str, repo: Option<&str>) -> Result<Self, Invalid> {
        let package = Purl::parse(package).map_err(|error| Invalid::new("package", error.to_string()))?.id;
        if purl::is_hosted(&package) {
            let reason = format!("`{package}` is a repository: expected a package, for example pkg:npm/NAME");
            return Err(Invalid::new("package", reason));
        }
        Ok(Self::Publication { package, repo: repo.map(repository).transpose()? })
    }

    /// Survey answers under this name are this project's.
    ///
    /// # Errors
    /// When `name` is no name or `project` no id.
    pub fn survey_name(name: &str, project: &str, warnings: &mut Vec<String>) -> Result<Self, Invalid> {
        let name = normalised_name(&project_name("name", name, warnings)?);
        Ok(Self::SurveyName { name, project: ProjectId::new(project, warnings)?.into_string() })
    }

    /// A project's datum, or back to what the sources say.
    ///
    /// # Errors
    /// When `project` is no id or `value` none of this field.
    pub fn datum(
        project: &str,
        field: ProjectField,
        value: Option<&str>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Invalid> {
        let value = value.map(|value| project_name("value", value, warnings)).transpose()?;
        if let (ProjectField::Type, Some(value)) = (field, &value)
            && !PROJECT_TYPES.contains(&value.as_str())
        {
            return Err(Invalid::new("value", format!("a project's type is {}", PROJECT_TYPES.join(" or "))));
        }
        Ok(Self::Project { project: ProjectId::new(project, warnings)?.into_string(), field, value })
    }

    /// The same correction made anew of its own parts: what it would be, were it given now.
    ///
    /// # Errors
    /// When it would be refused.
    pub(super) fn again(&self) -> Result<Self, Invalid> {
        let unsaid = &mut Vec::new();
        match self {
            Self::Membership { repo, project } => Self::membership(repo, project.as_deref(), unsaid),
            Self::Publication { package, repo } => Self::publication(package, repo.as_deref()),
            Self::Owner { host, owner, project } => {
                Self::owner(&format!("pkg:{host}/{owner}"), project.as_deref(), unsaid)
            }
            Self::SurveyName { name, project } => Self::survey_name(name, project, unsaid),
            Self::Project { project, field, value } => Self::datum(project, *field, value.as_deref(), unsaid),
        }
    }
}

fn repository(text: &str) -> Result<String, Invalid> {
    Purl::parse_repository(text).map(|purl| purl.id).map_err(|error| Invalid::new("repo", error.to_string()))
}

fn maybe_project(id: Option<&str>, warnings: &mut Vec<String>) -> Result<Option<String>, Invalid> {
    id.map(|id| ProjectId::new(id, warnings).map(ProjectId::into_string)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(of: Result<Correction, Invalid>) -> String {
        of.unwrap_err().to_string()
    }

    #[test]
    fn every_kind_says_what_it_takes() {
        let none = &mut Vec::new();
        for (refused, says) in [
            (Correction::membership("pkg:npm/x", None, none), "repo: `pkg:npm/x` names no repository"),
            (Correction::membership("pkg:github/o/r", Some(" "), none), "project: expected the project's id"),
            (
                Correction::owner("pkg:github/o/r", None, none),
                "owner: `pkg:github/o/r` names no owner: expected pkg:github/OWNER",
            ),
            (Correction::owner("x", None, none), "owner: `x` names no owner"),
            (Correction::publication("pkg:github/o/r", None), "package: `pkg:github/o/r` is a repository"),
            (Correction::survey_name("\u{200b}", "p", none), "name: expected 1 to 1000 bytes"),
            (
                Correction::datum("p", ProjectField::Type, Some("great"), none),
                "value: a project's type is pg_root or scf_project",
            ),
            (Correction::datum("p", ProjectField::Name, Some("a\nb"), none), "value: expected 1 to 1000 bytes"),
        ] {
            let said = said(refused);
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn what_is_made_is_made_again() {
        let mut warnings = Vec::new();
        let given = [
            Correction::membership("pkg:github/O/R", Some("p\u{200b}"), &mut warnings),
            Correction::owner("pkg:github/O", None, &mut warnings),
            Correction::publication("pkg:npm/%40a/b@1", Some("pkg:github/o/r")),
            Correction::survey_name(" Nobody  \u{202e}KNOWS ", "p", &mut warnings),
            Correction::datum("p", ProjectField::Name, Some(" N\u{feff}ame "), &mut warnings),
            Correction::datum("p", ProjectField::Type, None, &mut warnings),
        ];
        assert_eq!(warnings.len(), 3);
        for made in given.map(Result::unwrap) {
            assert_eq!(made.again().unwrap(), made);
        }
    }
}
