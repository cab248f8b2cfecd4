//! `demo`.

use std::fmt::Write as _;

use crate::cli::failure::Result;
use crate::cli::gap;
use crate::cli::output::looks::Tone;
use crate::cli::output::{Output, looks, objects, table};
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
    let verified = done.verified.to_string();
    let verdict = looks().paint(if done.verified { Tone::Good } else { Tone::Bad }, &verified);
    let mut text = format!(
        "verified {verdict}: a replay of the log gives the same scores, bit for bit ({:.1} s in all)\n\n\
         Repositories by criticality: how many active repositories depend on each\n",
        done.seconds
    );
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
         \n\
         Next:\n  \
           pg-atlas scores                                 the most critical projects\n  \
           pg-atlas edges --level project                  who depends on whom\n  \
           pg-atlas scores --formula atlas-1 --level repo  under another formula\n  \
           pg-atlas replay --verify --label {:14} prove it again\n\
         Your own repository, in a folder of its own:\n  \
           pg-atlas --data-dir MINE ingest sbom FILE --repo pkg:github/OWNER/NAME\n",
        done.events,
        done.projects,
        done.repos,
        done.external_repos,
        done.edges,
        done.scores_published_at,
        done.label,
        done.formula,
        done.digest,
        done.label,
    );
    Ok(text)
}
