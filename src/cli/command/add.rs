//! `add`: a repository with all that can be told of it in one go.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::command::ingest::destination;
use crate::cli::failure::Result;
use crate::cli::flags::{Add, Common};
use crate::cli::gap::{lacking, pasted};
use crate::cli::interrupt::{stopped, until_signal};
use crate::cli::output::cell::indented;
use crate::cli::output::{JsonObject as _, Output};
use crate::service::act::add::{Added, AddedEvent, AskedAddition, add};
use crate::service::act::ingest::{Circumstances, document};

/// `add`. The flags are read before the bill of materials, and that before the history.
pub(crate) async fn run(common: &Common, asked: Add) -> Result<Output> {
    let Add { place, repo, sbom, project, status, project_name, observed_at, dry_run, actor } = asked;
    let circumstances = Circumstances::new(observed_at.as_deref(), actor.as_deref(), None)?;
    let sbom = sbom.as_deref().map(document).transpose()?;
    let asked = AskedAddition { place, repo, sbom, project, project_name, status };
    let to = destination(common, dry_run);
    let (added, signal) = until_signal(async |stop| add(&to, asked, &circumstances, stop).await).await?;
    let added = added.map_err(|error| stopped(error, signal))?;
    let missing: Vec<(String, String)> = added.lacking.iter().map(lacking).collect();
    let rows: Vec<Value> = missing.iter().map(|(what, command)| json!({"what": what, "command": command})).collect();
    let mut answer = added.object()?;
    answer.insert("missing".to_owned(), rows.into());
    Ok(Output::Report(report(&added, &missing), Box::new(answer)))
}

fn report(added: &Added, missing: &[(String, String)]) -> String {
    let mut text = format!("{}\n\nKnown\n", added.repo);
    text.extend(added.ingested.iter().map(known));
    if !missing.is_empty() {
        text.push_str("\nNot known yet\n");
    }
    text.extend(missing.iter().map(|(what, command)| indented(what, 2) + &pasted(command, 4) + "\n"));
    text
}

/// A line for a document: what became of it, and what it says.
fn known(event: &AddedEvent) -> String {
    let AddedEvent { kind, outcome, position, summary } = event;
    let place = position.map(|position| format!(" at position {position}")).unwrap_or_default();
    let mut line = format!("  {kind:8} {outcome}{place}");
    let counts = ["commits", "contributors", "packages", "dependencies", "stars", "forks"];
    let said = counts.iter().filter_map(|name| Some(format!("{name} {}", summary.get(*name)?.as_u64()?)));
    let said = said.collect::<Vec<_>>().join(", ");
    if !said.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(line, ": {said}");
    }
    line + "\n"
}
