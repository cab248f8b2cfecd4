//! Scores.

use super::said::{beside, page, standing, text};
use crate::http::answer::{Complaint, HttpAnswer};
use crate::http::asked::Asked;
use crate::service::ask::Level;
use crate::service::ask::filter::ScoresFilter;
use crate::service::ask::ranked::{self, RankedQuery};
use crate::service::ask::scores::Sort;

/// `GET /scores`
pub(super) async fn listed(asked: &Asked<'_>) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let level = match query.word("level", &["project", "repo", "external"]) {
        Some("repo") => Level::Repo,
        Some("external") => Level::External,
        _ => Level::Project,
    };
    let sort = text(&mut query, "sort").map(|text| Sort::parse(&text)).transpose()?.unwrap_or_default();
    let words = |text: Option<String>| text.unwrap_or_default().split(',').map(str::to_owned).collect::<Vec<_>>();
    let named = |words: Vec<String>| words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let projects = named(words(text(&mut query, "project")));
    let statuses = named(words(text(&mut query, "status")));
    let statuses = ranked::statuses(statuses.iter().map(String::as_str))?;
    let wanted = RankedQuery {
        level,
        filter: ScoresFilter { projects, statuses },
        text: text(&mut query, "q"),
        flag: text(&mut query, "flag"),
        ecosystem: text(&mut query, "ecosystem"),
        sort,
        page: page(&mut query),
    };
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    standing(asked, &atlas, ranked::listed(&atlas, &wanted)?)
}

/// `GET /scores/{id}`
pub(super) async fn one(asked: &Asked<'_>, id: &str) -> Result<HttpAnswer, Complaint> {
    let mut query = asked.query();
    let atlas = asked.resident(&mut query).await?;
    query.checked()?;
    let (held, id) = (std::sync::Arc::clone(&atlas), id.to_owned());
    let found = beside(asked, move || ranked::one(&held, &id)).await?;
    standing(asked, &atlas, found)
}
