//! From a file to its records: the lists that hold them, and where each one stands.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::kind::RecordKind;

/// The lists that may hold records: of a page as served, and of the documents that DAOIP-5 describes.
const LISTS: [&str; 5] = ["data", "projects", "grantPools", "grantApplications", "applications"];
/// How deep such lists nest: a system's pools hold their applications.
const MAX_NESTED_LISTS: usize = 2;

/// A file taken apart.
pub(super) struct File<'a> {
    /// What may be records, in the order of the file.
    pub(super) entries: Vec<RecordEntry<'a>>,
    /// What the file says about itself that matters.
    pub(super) warnings: Vec<String>,
}

/// What may be a record.
pub(super) struct RecordEntry<'a> {
    /// Path in the file, such as `data[12]`; empty when the file is the record.
    pub(super) path: String,
    /// Its JSON text.
    pub(super) raw: &'a RawValue,
}

/// Members of a JSON object, values unread.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Takes a file apart: a page (`{"data": [...]}`), another document with a list of records, a bare list, one record.
pub(super) fn open(text: &str, room: usize) -> Result<File<'_>, String> {
    let root: &RawValue = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    let mut found = FoundRecords { entries: vec![], room };
    let mut warnings = Vec::new();
    if root.get().starts_with('[') {
        found.list("", root, 1)?;
        return Ok(File { entries: found.entries, warnings });
    }
    let members = members(root).ok_or("no DAOIP-5 document: expected an object or a list")?;
    if is_record(&members) {
        found.record("", root, &members, 0)?;
    } else if !found.lists("", &members, 0)? {
        return Err(format!(
            "no DAOIP-5 document: neither `type` (Project, GrantPool, GrantApplication) nor a list of records ({})",
            LISTS.join(", ")
        ));
    }
    if members.get("pagination").is_some_and(|pagination| has_next(pagination)) {
        warnings.push("one page of several: there are further records (`hasNext`)".to_owned());
    }
    Ok(File { entries: found.entries, warnings })
}

/// The members of an object; `None` for any other value.
pub(super) fn members(raw: &RawValue) -> Option<Members<'_>> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}

/// The items of a list; `None` for any other value.
pub(super) fn items(raw: &RawValue) -> Option<Vec<&RawValue>> {
    raw.get().starts_with('[').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}

/// Whether an object is a record rather than something that holds records.
fn is_record(members: &Members<'_>) -> bool {
    let named = members.get("type").and_then(|kind| serde_json::from_str::<String>(kind.get()).ok());
    let holds_lists = members.keys().any(|key| LISTS.contains(&key.as_str()));
    named.is_some_and(|name| RecordKind::named(&name).is_some()) || (members.contains_key("id") && !holds_lists)
}

fn has_next(pagination: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Pagination {
        #[serde(rename = "hasNext")]
        has_next: bool,
    }
    serde_json::from_str::<Pagination>(pagination.get()).is_ok_and(|pagination| pagination.has_next)
}

struct FoundRecords<'a> {
    entries: Vec<RecordEntry<'a>>,
    room: usize,
}

impl<'a> FoundRecords<'a> {
    /// Takes the records of every list that `members` hold; whether there was one.
    fn lists(&mut self, path: &str, members: &Members<'a>, depth: usize) -> Result<bool, String> {
        let mut any = false;
        for name in LISTS {
            let Some(list) = members.get(name).filter(|list| list.get().starts_with('[')) else { continue };
            any = true;
            if depth == MAX_NESTED_LISTS {
                return Err(format!("{path}: lists of records nested more than {MAX_NESTED_LISTS} deep"));
            }
            let prefix = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            self.list(&prefix, list, depth + 1)?;
        }
        Ok(any)
    }

    fn list(&mut self, path: &str, list: &'a RawValue, depth: usize) -> Result<(), String> {
        for (n, item) in items(list).unwrap_or_default().into_iter().enumerate() {
            let members = members(item).unwrap_or_default();
            self.record(&format!("{path}[{n}]"), item, &members, depth)?;
        }
        Ok(())
    }

    /// Takes one record and the records inside it.
    fn record(&mut self, path: &str, raw: &'a RawValue, members: &Members<'a>, depth: usize) -> Result<(), String> {
        if self.entries.len() == self.room {
            return Err(format!("more than {} records", super::MAX_RECORDS));
        }
        self.entries.push(RecordEntry { path: path.to_owned(), raw });
        self.lists(path, members, depth).map(|_| ())
    }
}
