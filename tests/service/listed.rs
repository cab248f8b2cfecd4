//! Documents that came in, listed: whatever became of each, in one order, with their number.

use super::handed::{believing, hand, named};
use super::*;
use crate::support::host::CodeHost;

/// What all lists are, asked of every event that there is: the numbers of bills of materials, newest first, with what
/// each calls its repository.
const SBOMS: &str = "SELECT number, repo FROM (
    SELECT c.first_position + e.idx AS number, NULL::bigint AS beside, a.recorded_at AS at,
           coalesce('pkg:github/' || s.repository, e.stream_id) AS repo
      FROM log.event e JOIN log.commit c USING (tenant_id, append_id) JOIN log.append a USING (tenant_id, append_id)
      LEFT JOIN atlas.submission s ON s.tenant_id = e.tenant_id AND s.position = c.first_position + e.idx
       AND s.outcome = 'appended'
     WHERE e.tenant_id = 1 AND e.kind = 'repo' AND e.type = 'SbomSubmitted'
    UNION ALL
    SELECT (1::bigint << 52) + id, id, submitted_at, 'pkg:github/' || repository FROM atlas.submission
     WHERE tenant_id = 1 AND outcome <> 'appended') AS told
 ORDER BY at DESC, beside DESC NULLS LAST, number DESC";

/// The same of git logs.
const GIT_LOGS: &str = "SELECT c.first_position + e.idx AS number, e.stream_id AS repo
  FROM log.event e JOIN log.commit c USING (tenant_id, append_id)
 WHERE e.tenant_id = 1 AND e.kind = 'repo' AND e.type = 'GitLogObserved' ORDER BY 1 DESC";

/// Numbers and repositories, as a statement lists them.
fn all(program: &Program, statement: &str) -> Vec<(i64, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = PgConnection::connect(&program.url()).await.unwrap();
        sqlx::query_as(statement).fetch_all(&mut conn).await.unwrap()
    })
}

/// Every page of the lists of all and of one repository is a part of the whole.
fn holds(program: &Program, service: &Service) {
    for (list, parameter, before, statement) in
        [("/ingest/sbom", "repository", "pkg:github/", SBOMS), ("/gitlog", "repo", "", GIT_LOGS)]
    {
        let all = all(program, statement);
        assert!(all.len() > 2, "{list} has hardly any: {all:?}");
        let mut repos: Vec<Option<&str>> = all.iter().map(|(_, repo)| Some(repo.as_str())).collect();
        repos.sort_unstable();
        repos.dedup();
        repos.extend([None, Some("pkg:github/no/body"), Some("pkg:github/acme/TOOL")]);
        for repo in repos {
            let of: Vec<i64> =
                all.iter().filter(|(_, of)| repo.is_none_or(|repo| repo == of)).map(|one| one.0).collect();
            let asked = repo.map(|repo| format!("&{parameter}={}", repo.strip_prefix(before).unwrap_or(repo)));
            for (limit, offset) in [(100, 0), (1, 0), (1, 1), (2, 1), (3, 3), (100, of.len()), (5, 9_000_000)] {
                let target = format!("{list}?limit={limit}&offset={offset}{}", asked.as_deref().unwrap_or_default());
                let answer = service.ok(&target);
                let found: Vec<i64> =
                    answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
                let page: Vec<i64> = of.iter().skip(offset).take(limit).copied().collect();
                assert_eq!((&found, answer["total"].as_u64()), (&page, Some(of.len() as u64)), "{target}");
            }
        }
    }
}

#[test]
fn lists_of_documents_are_what_the_log_and_the_submissions_say_while_both_grow() {
    let (program, host) = (Program::fresh(), CodeHost::with(&["k1"]));
    let history = one_commit(&program.data().join("history"));
    let log = |repo: &str| program.run(["ingest", "git-log", &history, "--repo", &format!("pkg:{repo}")]).ok();
    program.sbom("acme/tool", &document(), &[]);
    log("github/acme/tool");
    let facts = program.file("facts.json", json!({"stargazers_count": 7}).to_string().as_bytes());
    program.run(["ingest", "repo", facts.to_str().unwrap(), "--repo", "pkg:github/acme/tool"]).ok();
    program.sbom("acme/lib", &document(), &[]);
    log("gitlab/acme/tool");
    let service = believing(&mut program.command(), &host);
    let handed = |repo: &str, id: &str, body: &[u8]| hand(&service, &host.token(repo, id), body).1["message"].clone();
    assert_eq!(handed("acme/tool", "1", &named("x", &["a"])), "queued");
    assert_eq!(handed("Acme/Tool", "2", &named("x", &["b"])), "queued");
    assert_eq!(handed("acme/tool", "3", b"{}"), Value::Null);
    log("github/acme/lib");
    holds(&program, &service);
    // What came since is listed as well, by a process that has looked before and by one that has not.
    assert_eq!(handed("Acme/Tool", "4", &named("x", &["b"])), "duplicate skipped");
    assert_eq!(handed("acme/lib", "5", b"{}"), Value::Null);
    program.sbom("acme/later", &document(), &[]);
    log("github/acme/later");
    holds(&program, &service);
    // Among them is one that was submitted at the very time of an event, and one that is older than most.
    say(
        &program,
        "UPDATE atlas.submission SET submitted_at = (SELECT max(recorded_at) FROM log.append) WHERE id = \
             (SELECT max(id) FROM atlas.submission); \
         UPDATE atlas.submission SET submitted_at = submitted_at - interval '1 day' WHERE id = \
             (SELECT min(id) FROM atlas.submission WHERE outcome = 'failed')",
    );
    holds(&program, &service);
    let other = Service::of(&mut program.command(), &["--read-only"]);
    holds(&program, &other);
    assert_eq!((service.end(), other.end()), (Some(0), Some(0)));
}
