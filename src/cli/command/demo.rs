//! `demo`.

use std::fmt::Write as _;

#[cfg(feature = "serve")]
use super::serve;
use crate::cli::failure::Result;
use crate::cli::flags::Common;
use crate::cli::flags::demo::DemoArgs;
use crate::cli::gap::{self, pasted, quoted};
use crate::cli::output::looks::Tone;
#[cfg(feature = "serve")]
use crate::cli::output::{self, OutputFormat};
use crate::cli::output::{Output, looks, objects, table};
use crate::cli::session;
#[cfg(feature = "serve")]
use crate::http::server::{Listeners, ServiceTasks};
use crate::service::act::demo::{Demonstrated, demo};

/// Columns of the leaderboard.
const COLUMNS: &[&str] = &["name", "criticality_score", "pony_factor", "adoption_score", "activity_status"];

/// `demo`.
pub(crate) async fn run(
    common: &Common,
    #[cfg_attr(not(feature = "serve"), allow(unused_variables, reason = "only what is served is shown otherwise"))]
    how: DemoArgs,
) -> Result<Output> {
    // A place that is taken is known before the work begins.
    #[cfg(feature = "serve")]
    let answers = if how.serve { Some(serve::listener(how.listen).await?) } else { None };
    let deps = session::demo(common)?;
    let done = demo(&deps).await?;
    // A URL is not repeated, for it may hold a password.
    let (place, program) = match &common.database_url {
        Some(_) => ("The demo is in the database that was named.".to_owned(), "pg-atlas --database-url URL".to_owned()),
        None => (
            format!("The demo has a log of its own: {}", deps.data_dir().display()),
            format!("pg-atlas --data-dir {}", quoted(&deps.data_dir().to_string_lossy())),
        ),
    };
    let told = Output::report(report(&done, &place, &program)?, &done)?;
    #[cfg(feature = "serve")]
    if let Some(listener) = answers {
        output::print(&told, OutputFormat::or_default(common.format))?;
        let listeners = Listeners { answers: Some(listener), metrics: None };
        return serve::serve(common, deps, listeners, ServiceTasks::whole()).await;
    }
    Ok(told)
}

fn report(done: &Demonstrated, place: &str, program: &str) -> Result<String> {
    let verified = done.verified.to_string();
    let verdict = looks().paint(if done.verified { Tone::Good } else { Tone::Bad }, &verified);
    let mut text = format!(
        "verified {verdict}: a replay of the log gives the same scores, bit for bit ({:.1} s)\n\n\
         Repositories by criticality: how many active repositories depend on each\n",
        done.seconds
    );
    text.push_str(&table(COLUMNS, &objects(&done.leaderboard)?));
    let unsaid = gap::unsaid(&done.unsaid, false).join("\n");
    if !unsaid.is_empty() {
        text = text + "\n" + &unsaid + "\n";
    }
    let replay = format!("replay --verify --label {}", done.label);
    let commands = ["scores", "edges --level project", "scores --level repo --formula atlas-1", &replay];
    let next: String = commands.map(|command| pasted(&format!("{program} {command}"), 2) + "\n").concat();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n{} events, {} projects, {} repositories, {} packages, {} dependencies\n\
         Published at position {} under the label `{}`, formula {}\n\
         digest   {}\n\
         \n\
         {place}\n\n\
         Next:\n{next}\n\
         Your own repository goes to a log of yours (README.md):\n  \
           pg-atlas init my-atlas\n",
        done.events,
        done.projects,
        done.repos,
        done.external_repos,
        done.edges,
        done.scores_published_at,
        done.label,
        done.formula,
        done.digest,
    );
    Ok(text)
}
