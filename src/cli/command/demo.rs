//! `demo`.

use std::fmt::Write as _;

use crate::cli::failure::Result;
use crate::cli::gap;
use crate::cli::output::{Output, objects, table};
use crate::service::Deps;
use crate::service::act::demo::{Demonstrated, demo};

/// Columns of the leaderboard.
const COLUMNS: &[&str] = &["name", "criticality_score", "pony_factor", "adoption_score", "activity_status"];

/// `demo`.
pub(crate) async fn run(deps: &Deps) -> Result<Output> {
    let done = demo(deps).await?;
    Output::report(report(&done)?, &done)
}

fn report(done: &Demonstrated) -> Result<String> {
    let mut text = String::from("Repositories by criticality: how many active repositories depend on each\n");
    text.push_str(&table(COLUMNS, &objects(&done.leaderboard)?));
    let unsaid = gap::unsaid(&done.unsaid, false).join("\n");
    if !unsaid.is_empty() {
        text = text + "\n" + &unsaid + "\n";
    }
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n{} events, {} projects, {} repositories, {} external packages, {} dependencies\n\
         Published at position {} under the label `{}`, formula {}\n\
         digest   {}\n\
         verified {}: a replay of the log gives the same scores, bit for bit ({:.1} s in all)\n\n\
         Next:\n  \
           pg-atlas scores --sort criticality_score:desc          projects, most critical first\n  \
           pg-atlas edges --level project                         who depends on whom\n  \
           pg-atlas scores --formula atlas-1 --level repo         the same log under another formula\n  \
           pg-atlas replay --verify --label {}                  prove it again\n  \
           pg-atlas --data-dir MINE ingest sbom FILE --repo pkg:github/OWNER/NAME   your own repository\n",
        done.events,
        done.projects,
        done.repos,
        done.external_repos,
        done.edges,
        done.scores_published_at,
        done.label,
        done.formula,
        done.digest,
        done.verified,
        done.seconds,
        done.label,
    );
    Ok(text)
}
