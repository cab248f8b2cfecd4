//! Whose commits a pony factor is made of.

use domain::digest::Digest;
use domain::formula::{Counted, Missing};
use domain::number::fit;
use serde_json::json;

use super::teller::{Teller, ToldAbout};
use super::{CountedPart, Gap, LeftOutPart, ValueWhy, counted};
use crate::metrics::exact::{half_up, hundredths};
use crate::people::state::DayRow;

/// Tells a pony factor.
pub(super) fn tell(teller: &Teller<'_>, subject: ToldAbout, why: &mut ValueWhy) {
    let basis = teller.basis();
    let repos = match subject {
        ToldAbout::Vertex(vertex) if !teller.vertex(vertex).repo => {
            why.say("It is a package of no repository here, so there are no commits of it.");
            return;
        }
        subject => teller.repos(subject),
    };
    if repos.is_empty() {
        why.say("No repository belongs to it, so there are no commits of it.");
        why.lacks(Gap::Repositories(why.id.clone()));
        return;
    }
    let unread: Vec<u32> = repos.iter().copied().filter(|repo| basis.windows.commits(*repo).is_none()).collect();
    for repo in &unread {
        why.lacks(Gap::GitLog(teller.vertex(*repo).id.to_string()));
    }
    let Some(commits) = basis.windows.union(&repos) else {
        let stands = match basis.formula.pony.without_log {
            Missing::Zero => "the formula puts 0 in its place",
            Missing::Null => "the formula leaves it unknown",
        };
        why.say(format!("No git log was read, so nobody knows who works on it; {stands}."));
        return;
    };
    if !unread.is_empty() {
        let all = counted(repos.len(), "repository", "repositories");
        why.say(format!("Of its {all} {} no git log was read.", unread.len()));
    }
    let mut commits: Vec<(Digest, u64)> =
        commits.into_iter().map(|(person, count)| (basis.windows.pseudonym(person), count)).collect();
    commits.sort_unstable_by_key(|(person, count)| (std::cmp::Reverse(*count), *person));
    let total: u64 = commits.iter().map(|(_, count)| count).sum();
    let (from, to) = (basis.window_from, basis.today);
    if total == 0 {
        why.say(format!("No commit that counts was made from {from} to {to}, the last day that the log knows of."));
        if let Some((day, repo)) = teller.last_commit(&repos) {
            why.say(format!("The last commit is of {day}, in {}.", teller.vertex(repo).id));
        }
    } else {
        let threshold = basis.formula.pony.threshold_percent;
        why.say(format!(
            "It is the fewest of {} who together made {threshold} % of the {} from {from} to {to}.",
            counted(commits.len(), "person", "people"),
            counted(fit(total, "commits"), "commit", "commits"),
        ));
    }
    let mut sum = 0;
    for (person, count) in &commits {
        sum += count;
        let reason =
            format!("{} % of the commits, {} % with those before", percent(*count, total), percent(sum, total));
        why.counts.push(CountedPart { id: person.to_string(), value: json!(count), reason });
    }
    left_out(teller, &repos, why);
}

fn percent(part: u64, whole: u64) -> String {
    hundredths(fit::<u64>(half_up(10_000 * u128::from(part), u128::from(whole.max(1))), "hundredths of a percentage"))
}

/// Bots, merges and what nobody signed, within the window.
fn left_out(teller: &Teller<'_>, repos: &[u32], why: &mut ValueWhy) {
    let basis = teller.basis();
    let within = |day| basis.window_from <= day && day <= basis.today;
    let (mut merges, mut unsigned) = (0_u64, 0_u64);
    let mut bots: std::collections::BTreeMap<Digest, u64> = std::collections::BTreeMap::new();
    for repo in repos.iter().filter_map(|repo| teller.commits(*repo)) {
        let rows: &[DayRow] = &repo.days[repo.rows(basis.window_from, basis.today)];
        for row in rows {
            if basis.authors.counts(&repo, &row.author) {
                merges += u64::from(row.commits) - basis.authors.own(row).min(u64::from(row.commits));
            } else {
                *bots.entry(row.author).or_default() += u64::from(row.commits);
            }
        }
        let nobodys = repo.unsigned.iter().filter(|row| within(row.day));
        unsigned += nobodys.map(|row| u64::from(row.commits)).sum::<u64>();
    }
    let said = |count: u64, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let of_bots = bots.values().sum();
    let merged = if basis.formula.people.merges == Counted::Exclude { merges } else { 0 };
    let parts =
        [said(merged, "merges"), said(of_bots, "commits of bots"), said(unsigned, "commits without an e-mail address")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        why.say(format!("Left out of the same days: {}.", parts.join(", ")));
    }
    why.does_not_count.extend(bots.into_iter().map(|(bot, count)| LeftOutPart {
        id: bot.to_string(),
        reason: format!("a bot: {}", counted(fit(count, "commits"), "commit", "commits")),
    }));
}
