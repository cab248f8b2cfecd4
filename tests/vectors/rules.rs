//! Rules that need no log: one table each, a row an example.

use domain::canonical;
use domain::checked::normalised_name;
use domain::decimal::Decimal;
use domain::digest::Digest;
use domain::grants::{GitUrl, classify_git_url, completion, round_number, upstream_status};
use domain::purl::{Purl, grouped_id, is_private_to_another};
use domain::repository_link::{is_link, repository_of};
use domain::version::VersionText;
use domain::{Day, Timestamp};
use serde_json::{Value, json};

/// The tables with what comes of every row.
pub(super) fn come(given: &Value) -> Value {
    let rows = |table: &str| given[table].as_array().unwrap().clone();
    let table = |name: &str, come: fn(&Row<'_>) -> Value| -> Vec<Value> {
        rows(name).iter().map(|row| come(&Row(row))).collect()
    };
    let mut versions: Vec<String> = serde_json::from_value(given["versions_ascending"].clone()).unwrap();
    versions.sort_by(|a, b| VersionText(a).cmp(&VersionText(b)));
    json!({
        "about": given["about"],
        "canonical": table("canonical", canonical_text),
        "completion": table("completion", complete),
        "empty_root": Digest::of(b""),
        "funder_words": table("funder_words", funder),
        "git_urls": table("git_urls", git_url),
        "links": table("links", link),
        "names": table("names", name),
        "package_ids": table("package_ids", package_id),
        "private_ids": table("private_ids", private),
        "purls": table("purls", purl),
        "rounds": table("rounds", |row| json!({"round": round_number(row.text("text")), "text": row.text("text")})),
        "times": table("times", time),
        "versions_ascending": versions,
        "windows": table("windows", window),
    })
}

struct Row<'a>(&'a Value);

impl Row<'_> {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap()
    }

    fn decimal(&self, key: &str) -> Option<Decimal> {
        self.0[key].as_str().map(|text| Decimal::parse(text).unwrap())
    }
}

/// What a text of JSON is in canonical form; null where it has none.
fn canonical_text(row: &Row<'_>) -> Value {
    let value: Value = serde_json::from_str(row.text("json")).unwrap();
    let canonical = canonical::to_vec(&value).ok().map(|bytes| String::from_utf8(bytes).unwrap());
    json!({"canonical": canonical, "json": row.text("json")})
}

fn complete(row: &Row<'_>) -> Value {
    let [percent, paid, awarded] = ["percent", "paid", "awarded"].map(|key| row.decimal(key));
    let complete = completion(percent.as_ref(), paid.as_ref(), awarded.as_ref());
    json!({"awarded": awarded, "complete": complete, "paid": paid, "percent": percent})
}

fn funder(row: &Row<'_>) -> Value {
    let word = row.0["word"].as_str();
    json!({"status": upstream_status(word), "word": word})
}

fn git_url(row: &Row<'_>) -> Value {
    let names = match classify_git_url(row.text("url")) {
        GitUrl::Repo { id } => json!({"repository": id}),
        GitUrl::Owner { host, owner } => json!({"host": host, "owner": owner}),
        GitUrl::Other => Value::Null,
    };
    json!({"names": names, "url": row.text("url")})
}

fn link(row: &Row<'_>) -> Value {
    let (link, repository) = (row.text("link"), repository_of(row.text("link")));
    json!({"elsewhere": repository.is_none() && is_link(link), "link": link, "repository": repository})
}

fn package_id(row: &Row<'_>) -> Value {
    let [subject, group, name] = ["subject", "group", "name"].map(|key| row.text(key));
    json!({"group": group, "id": grouped_id(subject, group, name), "name": name, "subject": subject})
}

fn private(row: &Row<'_>) -> Value {
    let [id, subject] = ["id", "subject"].map(|key| row.text(key));
    json!({"id": id, "private_to_another": is_private_to_another(id, subject), "subject": subject})
}

/// The id of a purl; null where it is refused.
fn purl(row: &Row<'_>) -> Value {
    let purl = Purl::parse(row.text("text")).ok();
    let version = purl.as_ref().and_then(|purl| purl.version.clone());
    json!({"id": purl.map(|purl| purl.id), "text": row.text("text"), "version": version})
}

fn name(row: &Row<'_>) -> Value {
    json!({"name": row.text("name"), "normalised": normalised_name(row.text("name"))})
}

/// What a time is as written in events; null where it is none.
fn time(row: &Row<'_>) -> Value {
    json!({"text": row.text("text"), "time": Timestamp::parse_time_or_date(row.text("text")).ok()})
}

/// The first day of a window that ends on a day.
fn window(row: &Row<'_>) -> Value {
    let months = u32::try_from(row.0["months"].as_u64().unwrap()).unwrap();
    let last = Day::parse(row.text("last")).unwrap();
    json!({"first": last.minus_months(months), "last": last, "months": months})
}
