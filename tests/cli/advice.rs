//! Complaints that say what to do: which id may be meant, what is missing, and nothing that nobody has to type.

use serde_json::json;

use super::documents::ecosystem;
use crate::support::program::Program;

#[test]
fn ids_that_nothing_has_are_answered_with_those_that_are_near() {
    let program = Program::fresh();
    ecosystem(&program);
    program.json("publish --label first");
    program.json("project");
    for (line, said) in [
        ("scores --id p:aa", "no project has the id `p:aa`; did you mean `p:a`"),
        ("scores --id pkg:github/o/a", "no project has the id `pkg:github/o/a`: something of another level has it"),
        ("scores --level repo --id o/a", "no repo has the id `o/a`; did you mean `pkg:github/o/a`"),
        ("scores --level repo --id o/a --as-of 8", "did you mean `pkg:github/o/a`"),
        ("edges --of pkg:github/o/aa", "has the id `pkg:github/o/aa`; did you mean "),
        ("edges --of p:aa --level project", "did you mean `p:a`"),
        ("edges --of o/a --as-of 8", "did you mean `pkg:github/o/a`"),
        ("edges --why pkg:github/o/a pkg:npm/xx", "has the id `pkg:npm/xx`; did you mean `pkg:npm/x`"),
        ("edges --why pkg:github/o/b pkg:github/o/a", "nothing says that pkg:github/o/b depends on pkg:github/o/a"),
        ("history o/a", "did you mean `pkg:github/o/a`"),
        ("history pkg:github/o/a --metric luck", "there is no history of `luck` of pkg:github/o/a yet: values are "),
        ("audit explain o/a pony_factor", "no vertex `o/a` at this position; did you mean `pkg:github/o/a`"),
    ] {
        let complaint = program.line(line).fails(1);
        assert!(complaint.contains(said), "{line}: {complaint}");
    }
    // What is there, and has no edge, is no mistake.
    for line in ["edges --of pkg:github/o/d", "edges --of p:e --level project", "edges --of pkg:github/o/d --as-of 8"] {
        let ran = program.line(line).ok();
        assert_eq!(ran.json(), json!([]), "{line}");
        assert!(ran.stderr.contains("no dependency is known that begins or ends at "), "{line}: {}", ran.stderr);
    }
    let by = ["--author", "ann", "--reason", "a test"];
    let curate = |repo: &str, project: &str| {
        program.run([&["curate", "membership", "--repo", repo, "--project", project], &by[..]].concat()).ok().stderr
    };
    let strange = curate("pkg:github/o/dd", "p:a");
    assert!(strange.contains("warning: nothing else names pkg:github/o/dd; did you mean `pkg:github/o/"), "{strange}");
    assert!(!curate("pkg:github/o/d", "p:a").contains("nothing else names"));
}

#[test]
fn a_usage_lists_what_must_be_typed_and_nothing_that_the_environment_gives() {
    let program = Program::fresh();
    for (line, usage) in [
        ("publish", "Usage: pg-atlas publish [OPTIONS] --label <LABEL>"),
        ("ingest sbom x.json", "Usage: pg-atlas ingest sbom [OPTIONS] --repo <PURL> <FILE>"),
        ("why", "Usage: pg-atlas why [OPTIONS] <ID> [METRIC]"),
    ] {
        let ran = program.line(line);
        assert!(ran.code == 2 && ran.stderr.contains(usage), "{line}: {ran:#?}");
        assert!(!ran.stderr.contains("--data-dir") && !ran.stderr.contains("--database-url"), "{line}: {ran:#?}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_called_as_it_was_asked_for() {
    let program = Program::fresh();
    ecosystem(&program);
    let complaint = program.line("export scores --as csv --out /nonexistent/x.csv").fails(1);
    let said = "/nonexistent/x.csv: No such file or directory: make the folder first";
    assert_eq!(complaint, said);
}
