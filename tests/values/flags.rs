//! The value of a flag that is refused: the answer says what is allowed.

use crate::support::program::Program;

#[test]
fn a_wrong_value_is_answered_with_what_is_allowed() {
    let program = Program::fresh();
    for (line, allowed) in [
        ("scores --as-of soon", "expected a position (17) or a time (2026-01-31T12:00:00Z)"),
        ("scores --sort nonsense", "sort by one of criticality, pony, adoption,"),
        ("events --stream x", "expected repo:, package:, project:"),
        ("events --from x", "expected a position in the log"),
        ("quarantine x --reason y", "expected a position in the log"),
        ("erase payload x --reason y", "expected a position in the log"),
        ("erase contributor x", "64 hexadecimal digits"),
        ("ingest survey - --observed-at 1 --dry-run", "or a date (2026-01-31) from 1970 to 9999"),
        ("ingest registry x --dry-run", "expected pkg:TYPE/NAME"),
        ("curate owner --owner x --none --author a --reason b", "expected pkg:github/OWNER"),
        ("curate project --project p --field type --value x --author a --reason b", "pg_root or scf_project"),
        ("curate publication --package pkg:github/o/r --none --author a --reason b", "expected a package"),
    ] {
        let ran = program.line(line);
        assert!(ran.code == 2 && ran.stderr.contains(allowed), "{line}: {ran:#?}");
    }
}
