//! `audit`: proofs.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use crate::cli::draft::{self, FileDraft};
use crate::cli::failure::{ENVIRONMENT, Failure, REFUSED, Result};
use crate::cli::flags::{Audit, Common, TrustArgs};
use crate::cli::output::{Output, cell};
use crate::cli::session;
use crate::service::Deps;
#[cfg(feature = "ingest")]
use crate::service::act;
use crate::service::ask::audit::{self, Explanation, VerificationReport, bundle, check};

/// `audit`.
pub(crate) async fn run(common: &Common, command: Audit) -> Result<(Output, u8)> {
    let deps = || session::deps(common);
    let started = Instant::now();
    let timed = |output: Output| output.with("seconds", started.elapsed().as_secs_f64());
    let output = match command {
        #[cfg(feature = "ingest")]
        Audit::Checkpoint { add: Some(note), .. } => {
            let kept = act::checkpoint::add(&deps()?, &note).await?;
            Output::report(kept.note.clone(), &kept)?
        }
        #[cfg(feature = "ingest")]
        Audit::Cosign { checkpoint, proof, keys, name } => {
            let asked = act::cosign::CosignRequest { checkpoint, proof, keys, name };
            let cosigned = act::cosign::cosign(&session::settings(common), session::watch(common).as_ref(), &asked)?;
            Output::report(cosigned.note.clone(), &cosigned)?
        }
        #[cfg(feature = "ingest")]
        Audit::Checkpoint { origin, rotate, .. } => {
            let signed = act::checkpoint::checkpoint(&deps()?, origin.as_deref(), rotate).await?;
            Output::report(signed.note.clone(), &signed)?
        }
        Audit::Prove { position: Some(position), size, tlog_proof: true, .. } => {
            Output::Text(audit::tlog_proof(&deps()?, position, size).await?)
        }
        Audit::Prove { position: Some(position), size, .. } => {
            Output::of(&audit::inclusion(&deps()?, position, size).await?)?
        }
        Audit::Prove { from, to, .. } => Output::of(&audit::consistency(&deps()?, from.unwrap_or(0), to).await?)?,
        Audit::Check { file, keys } => {
            let checked = check::check(&file, &keys)?;
            let code = if checked.ok { 0 } else { REFUSED };
            return Ok((Output::of(&checked)?, code));
        }
        Audit::Verify { bundle: None, artifacts, trust } => {
            let report = audit::verify(&deps()?, &(&trust).into(), artifacts).await?;
            hint(common, &trust, &report);
            return answer(&report);
        }
        Audit::Verify { bundle: Some(file), artifacts, trust } => {
            let report = audit::verify_bundle(&file, &(&trust).into(), artifacts)?;
            hint(common, &trust, &report);
            session::warn(common, &report.remarks);
            return answer(&report);
        }
        #[cfg(feature = "ingest")]
        Audit::Import { file, trust } => {
            timed(Output::of(&act::import::import(&deps()?, &file, &(&trust).into()).await?)?)
        }
        Audit::Explain { id, metric, label } => {
            let found = audit::explain(&deps()?, &id, &metric, label.as_deref()).await?;
            Output::Report(text(&found), Box::new(found))
        }
        Audit::Export { file, artifacts } => timed(export(&deps()?, &file, artifacts).await?),
    };
    Ok((output, 0))
}

/// Says how erasures that are known pass.
fn hint(common: &Common, trust: &TrustArgs, report: &VerificationReport) {
    if report.unprovable > 0 && !trust.allow_unprovable {
        let said = format!(
            "publications that cannot be told any more: {}; --allow-unprovable lets them pass",
            report.unprovable
        );
        session::warn(common, &[said]);
    }
}

/// The report as the command's result.
fn answer(report: &VerificationReport) -> Result<(Output, u8)> {
    let code = match report.ok {
        false => REFUSED,
        // Another program can tell.
        true if report.lacks_versions() => ENVIRONMENT,
        true => 0,
    };
    Ok((Output::of(report)?, code))
}

/// `audit export`: into a file that appears whole or not at all.
async fn export(deps: &Deps, file: &Path, artifacts: bool) -> Result<Output> {
    let place = || file.display().to_string();
    if draft::is_stdout(file) {
        let reason = anyhow!("a bundle goes into a file: standard output is where the command says what is in it");
        return Err(Failure::environment(reason));
    }
    let draft = FileDraft::private(file).with_context(place).map_err(Failure::refused)?;
    let (exported, draft) = bundle::write(deps, draft, artifacts).await?;
    let bytes = draft.end().with_context(place).map_err(Failure::environment)?;
    Ok(Output::of(&exported)?.with("file", place()).with("bytes", bytes))
}

/// An explanation for people: the value and the events, without their bytes.
fn text(found: &Explanation) -> String {
    let value = match &found.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let place = found.label.as_ref().map_or_else(String::new, |label| format!(" as published under {label}"));
    let mut text = format!(
        "{} of {} is {value} at position {}{place}, formula {}\nproven against tree size {}, root\n  {}\n",
        found.metric, found.id, found.position, found.formula, found.tree_size, found.root
    );
    for proven in found.published.iter().chain(&found.events) {
        let because: Vec<&str> = proven.because.iter().copied().collect();
        let event = &proven.event;
        let said = format!("{} {} ({})", event.r#type, event.stream, because.join(", "));
        text.push_str(&format!("{:>9}  {}", event.position, cell::indented(&said, 11).trim_start()));
    }
    text
}
