//! What a request asks for, read as the clients of the contract know it: of equal names the last counts, whole numbers
//! as Python reads them, complaints with type, place and input.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::answer::Complaint;

/// Longest text that is searched for, in characters.
pub(super) const SEARCH_MAX: usize = 256;
/// Most rows of a page.
const LIMIT_MAX: i128 = 200;
/// Rows of a page where nobody says.
const LIMIT: i128 = 50;

/// The parameters of a request, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    wrong: Vec<Value>,
}

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListPage {
    /// Most rows.
    pub(super) limit: u64,
    /// Rows left out before.
    pub(super) offset: u64,
}

impl Query {
    pub(super) fn of(text: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(text.unwrap_or_default().as_bytes());
        Self { pairs: pairs.into_owned().collect(), wrong: Vec::new() }
    }

    fn get(&self, name: &str) -> Option<String> {
        self.pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn complain(&mut self, kind: &str, name: &str, msg: &str, input: &str, ctx: Option<Value>) {
        self.wrong.push(complaint(kind, ["query", name], msg, input, ctx));
    }

    /// A whole number within bounds.
    fn integer(&mut self, name: &str, least: i128, greatest: i128) -> Option<i128> {
        let text = self.get(name)?;
        match integer(&text) {
            Err((kind, msg)) => self.complain(kind, name, msg, &text, None),
            Ok(number) if number < least => {
                let msg = format!("Input should be greater than or equal to {least}");
                self.complain("greater_than_equal", name, &msg, &text, Some(json!({"ge": bound(least)})));
            }
            Ok(number) if number > greatest => {
                let msg = format!("Input should be less than or equal to {greatest}");
                self.complain("less_than_equal", name, &msg, &text, Some(json!({"le": bound(greatest)})));
            }
            Ok(number) => return Some(number),
        }
        None
    }

    /// `limit` and `offset`.
    pub(super) fn page(&mut self) -> ListPage {
        self.page_of(LIMIT_MAX)
    }

    /// The same of lists with pages of so many rows at most.
    pub(super) fn page_of(&mut self, most: i128) -> ListPage {
        let limit = self.integer("limit", 1, most).unwrap_or(LIMIT);
        let offset = self.integer("offset", 0, i64::MAX.into()).unwrap_or_default();
        // Within their bounds by now, and asked for no more where they were not.
        ListPage { limit: domain::number::fit(limit, "limit"), offset: domain::number::fit(offset, "offset") }
    }

    /// A whole number from 0 to another.
    pub(super) fn natural(&mut self, name: &str, most: i128) -> Option<u64> {
        self.within(name, 0, most)
    }

    /// A whole number from one that is not negative to another.
    pub(super) fn within(&mut self, name: &str, least: i128, most: i128) -> Option<u64> {
        self.integer(name, least, most).and_then(|number| u64::try_from(number).ok())
    }

    /// Any whole number.
    pub(super) fn any_integer(&mut self, name: &str) -> Option<i128> {
        self.integer(name, i128::MIN, i128::MAX)
    }

    /// A text of at most so many characters.
    pub(super) fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let text = self.get(name)?;
        if text.chars().count() > most {
            let msg = format!("String should have at most {most} characters");
            self.complain("string_too_long", name, &msg, &text, Some(json!({"max_length": most})));
            return None;
        }
        Some(text)
    }

    /// What is searched for; an empty text is nothing.
    pub(super) fn search(&mut self) -> Option<String> {
        self.text("search", SEARCH_MAX).filter(|text| !text.is_empty())
    }

    /// One of these words.
    pub(super) fn word(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.get(name)?;
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let (last, first) = quoted.split_last().expect("there are words");
            let expected = format!("{} or {last}", first.join(", "));
            let msg = format!("Input should be {expected}");
            self.complain("enum", name, &msg, &text, Some(json!({"expected": expected})));
        }
        found
    }

    /// Whatever was wrong, together.
    pub(super) fn checked(self) -> Result<(), Complaint> {
        if self.wrong.is_empty() { Ok(()) } else { Err(invalid(self.wrong)) }
    }
}

/// A bound as JSON has it.
fn bound(number: i128) -> Value {
    i64::try_from(number).map_or_else(|_| json!(number.to_string()), |number| json!(number))
}

fn complaint(kind: &str, place: [&str; 2], msg: &str, input: &str, ctx: Option<Value>) -> Value {
    let mut complaint = json!({"type": kind, "loc": place, "msg": msg, "input": input});
    if let Some(ctx) = ctx {
        complaint["ctx"] = ctx;
    }
    complaint
}

fn invalid(wrong: Vec<Value>) -> Complaint {
    Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, Value::Array(wrong))
}

/// A whole number of a path.
pub(super) fn path_integer(name: &str, text: &str) -> Result<i128, Complaint> {
    integer(text).map_err(|(kind, msg)| invalid(vec![complaint(kind, ["path", name], msg, text, None)]))
}

/// A whole number as Python reads it: blanks around, a sign, single underscores between digits, zeros behind a point.
fn integer(text: &str) -> Result<i128, (&'static str, &'static str)> {
    let trimmed = text.trim();
    let (negative, unsigned) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let whole = match unsigned.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => "",
        None => unsigned,
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !whole.split('_').all(is_number) {
        return Err(("int_parsing", "Input should be a valid integer, unable to parse string as an integer"));
    }
    let digits: String = whole.split('_').collect();
    let size = "Unable to parse input string as an integer, exceeded maximum size";
    let number: i128 = digits.parse().map_err(|_| ("int_parsing_size", size))?;
    Ok(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_clients_know_it() {
        for (text, number) in [("+5", 5), (" 05 ", 5), ("1_0", 10), ("5.0", 5), ("-1", -1)] {
            assert_eq!(integer(text), Ok(number), "{text}");
        }
        for text in ["", " ", "1.5", "1e2", "true", "1__0", "_1", "5.", "0x1"] {
            assert!(integer(text).is_err(), "{text}");
        }
        assert_eq!(integer(&"9".repeat(60)).map_err(|(kind, _)| kind), Err("int_parsing_size"));
    }

    #[test]
    fn of_equal_names_the_last_counts_and_blanks_are_read() {
        let query = Query::of(Some("search=a&&search=b+%2B%20c&limit"));
        assert_eq!(query.get("search").as_deref(), Some("b + c"));
        assert_eq!((query.get("limit").as_deref(), query.get("offset")), (Some(""), None));
    }
}
