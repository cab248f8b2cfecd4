//! What a relationship type of SPDX 2 means to the graph.

/// Relationship types that make no edge.
const NO_EDGE: [&str; 33] = [
    "AMENDS",
    "ANCESTOR_OF",
    "BUILD_TOOL_OF",
    "CONTAINED_BY",
    "CONTAINS",
    "COPY_OF",
    "DATA_FILE_OF",
    "DEPENDENCY_MANIFEST_OF",
    "DESCENDANT_OF",
    "DEV_TOOL_OF",
    "DISTRIBUTION_ARTIFACT",
    "DOCUMENTATION_OF",
    "DYNAMIC_LINK",
    "EXAMPLE_OF",
    "EXPANDED_FROM_ARCHIVE",
    "FILE_ADDED",
    "FILE_DELETED",
    "FILE_MODIFIED",
    "GENERATED_FROM",
    "GENERATES",
    "METAFILE_OF",
    "OPTIONAL_COMPONENT_OF",
    "OTHER",
    "PACKAGE_OF",
    "PATCH_APPLIED",
    "PATCH_FOR",
    "REQUIREMENT_DESCRIPTION_FOR",
    "SPECIFICATION_FOR",
    "STATIC_LINK",
    "TEST_CASE_OF",
    "TEST_OF",
    "TEST_TOOL_OF",
    "VARIANT_OF",
];

/// What a relationship says of its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RelationMeaning {
    /// The first depends on the second.
    DependsOn,
    /// The second depends on the first.
    DependencyOf,
    /// The first, a document, is about the second.
    Describes,
    /// The second, a document, is about the first.
    DescribedBy,
    /// Nothing that the graph knows.
    NoEdge,
    /// No type of SPDX 2.
    Unknown,
}

impl RelationMeaning {
    pub(super) fn of(kind: &str) -> Self {
        match kind {
            "DEPENDS_ON" | "HAS_PREREQUISITE" => Self::DependsOn,
            "PREREQUISITE_FOR" => Self::DependencyOf,
            kind if kind.ends_with("DEPENDENCY_OF") => Self::DependencyOf,
            "DESCRIBES" => Self::Describes,
            "DESCRIBED_BY" => Self::DescribedBy,
            kind if NO_EDGE.contains(&kind) => Self::NoEdge,
            _ => Self::Unknown,
        }
    }
}
