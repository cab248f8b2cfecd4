//! Shapes of the contract, under the names by which its clients are generated: described alone, for answers are written
//! as they are made. A story compares answers with what is described here.

use schemars::JsonSchema;

/// Describes shapes of which nothing is ever made.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(JsonSchema)]
            #[allow(dead_code, reason = "described, never made")]
            pub(super) struct $name { $($field: $type),+ }
        )+
    };
}

/// A page of a list.
#[derive(JsonSchema)]
#[schemars(rename = "PaginatedResponse_{T}_")]
#[allow(dead_code, reason = "described, never made")]
pub(super) struct PageOf<T> {
    items: Vec<T>,
    total: i64,
    limit: i64,
    offset: i64,
}

shapes! {
    /// A page of the bills of materials that came in.
    SbomSubmissionListResponse {
        items: Vec<SbomSubmissionResponse>,
        total: i64,
        limit: i64,
        offset: i64,
    }

    /// Parts of the service.
    HealthComponents {
        artifact_store: String,
        database: String,
        schema_version: Option<String>,
    }

    /// Whether the service works.
    HealthResponse {
        status: String,
        version: String,
        components: HealthComponents,
        position: Option<i64>,
    }

    /// A bill of materials that was taken.
    SbomAcceptedResponse {
        message: String,
        repository: String,
        package_count: i64,
    }

    /// A bill of materials that came in.
    SbomSubmissionResponse {
        id: i64,
        repository_claim: String,
        actor_claim: String,
        sbom_content_hash: String,
        artifact_path: String,
        status: String,
        error_detail: Option<String>,
        submitted_at: String,
        processed_at: Option<String>,
    }

    /// The same with its document.
    SbomSubmissionDetailResponse {
        id: i64,
        repository_claim: String,
        actor_claim: String,
        sbom_content_hash: String,
        artifact_path: String,
        status: String,
        error_detail: Option<String>,
        submitted_at: String,
        processed_at: Option<String>,
        raw_artifact: Option<String>,
    }

    /// A git log that came in.
    GitLogArtifactSummary {
        id: i64,
        repo_id: Option<i64>,
        repo_canonical_id: String,
        repo_display_name: String,
        artifact_path: Option<String>,
        status: String,
        error_detail: Option<String>,
        since_months: i64,
        submitted_at: String,
        processed_at: Option<String>,
    }

    /// The same with its document.
    GitLogArtifactDetailResponse {
        id: i64,
        repo_id: Option<i64>,
        repo_canonical_id: String,
        repo_display_name: String,
        artifact_path: Option<String>,
        status: String,
        error_detail: Option<String>,
        since_months: i64,
        submitted_at: String,
        processed_at: Option<String>,
        raw_artifact: Option<String>,
    }

    /// Counts.
    MetadataResponse {
        total_projects: i64,
        active_projects: i64,
        total_repos: i64,
        active_repos_90d: i64,
        total_external_repos: i64,
        total_dependency_edges: i64,
        total_contributor_edges: i64,
        active_contributors_30d: i64,
        active_contributors_90d: i64,
        last_updated: Option<String>,
    }

    /// A project.
    ProjectSummary {
        canonical_id: String,
        display_name: String,
        project_type: String,
        activity_status: Option<String>,
        category: Option<String>,
        git_owner_url: Option<String>,
        pony_factor: Option<i64>,
        criticality_score: Option<i64>,
        adoption_score: Option<f64>,
        updated_at: Option<String>,
    }

    /// A grant that was asked for.
    ScfSubmission {
        round: String,
        title: String,
    }

    /// A link.
    Social {
        name: String,
        value: String,
    }

    /// What grants say of a project.
    ProjectMetadata {
        scf_submissions: Vec<ScfSubmission>,
        description: Option<String>,
        technical_architecture: Option<String>,
        scf_tranche_completion: Option<String>,
        website: Option<String>,
        x_profile: Option<String>,
        total_awarded_usd: Option<f64>,
        total_paid_usd: Option<f64>,
        awarded_submissions_count: Option<i64>,
        open_source: Option<bool>,
        socials: Option<Vec<Social>>,
        analytics: Option<String>,
        regions_of_operation: Option<Vec<String>>,
    }

    /// A project in full.
    ProjectDetailResponse {
        canonical_id: String,
        display_name: String,
        project_type: String,
        activity_status: Option<String>,
        category: Option<String>,
        git_owner_url: Option<String>,
        pony_factor: Option<i64>,
        criticality_score: Option<i64>,
        adoption_score: Option<f64>,
        updated_at: Option<String>,
        project_id: i64,
        active_contributors_30d: i64,
        active_contributors_90d: i64,
        metadata: ProjectMetadata,
    }

    /// A project at the other end, and how many edges lead there.
    ProjectDependency {
        project: ProjectSummary,
        edge_count: i64,
    }

    /// A repository.
    RepoSummary {
        canonical_id: String,
        display_name: String,
        visibility: String,
        latest_version: String,
        latest_commit_date: Option<String>,
        repo_url: Option<String>,
        project_id: Option<i64>,
        pony_factor: Option<i64>,
        criticality_score: Option<i64>,
        adoption_downloads: Option<i64>,
        adoption_stars: Option<i64>,
        adoption_forks: Option<i64>,
        updated_at: Option<String>,
    }

    /// A release.
    ReleaseOfRepo {
        purl: String,
        version: String,
        release_date: String,
    }

    /// How many edges lead to repositories, and to packages of none.
    DepCounts {
        repos: i64,
        external_repos: i64,
    }

    /// A repository in full.
    RepoDetailResponse {
        canonical_id: String,
        display_name: String,
        visibility: String,
        latest_version: String,
        latest_commit_date: Option<String>,
        repo_url: Option<String>,
        project_id: Option<i64>,
        pony_factor: Option<i64>,
        criticality_score: Option<i64>,
        adoption_downloads: Option<i64>,
        adoption_stars: Option<i64>,
        adoption_forks: Option<i64>,
        updated_at: Option<String>,
        releases: Option<Vec<ReleaseOfRepo>>,
        parent_project: Option<ProjectSummary>,
        contributors: Vec<ContributorSummary>,
        outgoing_dep_counts: DepCounts,
        incoming_dep_counts: DepCounts,
        active_contributors_30d: i64,
        active_contributors_90d: i64,
    }

    /// A repository or package at the other end.
    RepoDependency {
        canonical_id: String,
        display_name: String,
        vertex_type: String,
        version_range: Option<String>,
        confidence: String,
    }

    /// A contributor.
    ContributorSummary {
        id: i64,
        name: String,
        email_hash: String,
    }

    /// What somebody did in a repository.
    RepoContributorSummary {
        id: i64,
        name: String,
        email_hash: String,
        number_of_commits: i64,
        first_commit_date: String,
        last_commit_date: String,
    }

    /// What somebody did in a project.
    ProjectContributorSummary {
        id: i64,
        name: String,
        email_hash: String,
        total_commits_in_project: i64,
    }

    /// A repository that somebody contributed to.
    ContributionEntry {
        repo_canonical_id: String,
        repo_display_name: String,
        project_canonical_id: Option<String>,
        number_of_commits: i64,
        first_commit_date: String,
        last_commit_date: String,
    }

    /// A contributor in full.
    ContributorDetailResponse {
        id: i64,
        name: String,
        email_hash: String,
        total_repos: i64,
        total_commits: i64,
        first_contribution: Option<String>,
        last_contribution: Option<String>,
        repos: Vec<ContributionEntry>,
    }

}
