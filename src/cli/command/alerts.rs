//! `alerts`.

use std::time::Duration;

use crate::cli::failure::{ENVIRONMENT, REFUSED, Result};
use crate::cli::flags::{AlertsCommand, Common};
use crate::cli::output::looks::Tone;
use crate::cli::output::{Output, looks};
use crate::cli::session::{settings, watch};
use crate::service::Deps;
use crate::service::ask::alerts::{AlertGauge, AlertsReport, UnknownGauge, alerts};

/// `alerts`.
pub(crate) async fn run(common: &Common, command: AlertsCommand) -> Result<(Output, u8)> {
    let AlertsCommand::Check { metrics, seconds } = command;
    let settings = settings(common);
    let deps = Deps::open(&settings, watch(common));
    let report = alerts(deps, &settings.data_dir()?, &metrics, Duration::from_secs(seconds)).await?;
    let code = match &report {
        report if !report.alerts.is_empty() => REFUSED,
        report if report.is_partial => ENVIRONMENT,
        _ => 0,
    };
    Ok((Output::report(text(&report), &report)?, code))
}

/// What is beyond its bound first, a line each; what is fine is counted.
fn text(report: &AlertsReport) -> String {
    let alert = |AlertGauge { name, of, value, threshold }: &AlertGauge| {
        format!("{}  {name} ({of}): {value:.1} is over {threshold}\n", looks().paint(Tone::Bad, "ALERT  "))
    };
    let unknown = |UnknownGauge { name, of, reason }: &UnknownGauge| format!("unknown  {name} ({of}): {reason}\n");
    let lines = report.alerts.iter().map(alert).chain(report.unknown.iter().map(unknown)).collect::<String>();
    format!("{lines}{} within their bounds\n", report.fine.len())
}
