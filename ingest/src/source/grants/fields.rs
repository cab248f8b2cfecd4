//! The fields of one record: those of DAOIP-5 itself and those of the Stellar Community Fund's extension.
//!
//! A field of the wrong type is a warning and counts as absent; what is too long refuses the record. Numbers keep the
//! digits they are written with.

use domain::decimal::Decimal;
use domain::facts::grant::{Amount, Link};
use domain::redact;
use domain::stream::MAX_STREAM_ID_BYTES;
use domain::unseen;
use serde_json::value::RawValue;

use super::document::{Members, items, members};
use super::expiring;
use super::{MAX_LINE_BYTES, MAX_LIST, MAX_PROSE_BYTES};
use crate::source::quoted::{quoted, shown};

/// Name of the extension, and prefix of its fields.
const EXTENSION: &str = "org.stellar.communityfund";

/// Texts that programs write where there is no id; in any case.
const NO_IDS: [&str; 4] = ["nan", "none", "null", "undefined"];

/// Where a field stands.
#[derive(Clone, Copy)]
pub(super) enum At {
    /// In the record.
    Core(&'static str),
    /// In the extension.
    Scf(&'static str),
}
use At::{Core, Scf};

impl At {
    fn name(self) -> &'static str {
        match self {
            Core(name) | Scf(name) => name,
        }
    }
}

/// An opened record.
pub(super) struct Fields<'a> {
    core: Members<'a>,
    scf: Members<'a>,
    warnings: Vec<String>,
}

impl<'a> Fields<'a> {
    /// Opens a record.
    pub(super) fn open(raw: &'a RawValue) -> Result<Self, String> {
        let core = members(raw).ok_or("no object")?;
        let extension = core.get("extensions").and_then(|raw| members(raw)?.get(EXTENSION).copied());
        let scf = extension.and_then(members).unwrap_or_default();
        let scf = scf.into_iter().map(|(name, raw)| match name.strip_prefix(EXTENSION) {
            Some(rest) => (rest.trim_start_matches('.').to_owned(), raw),
            None => (name, raw),
        });
        Ok(Self { core, scf: scf.collect(), warnings: Vec::new() })
    }

    /// What was odd so far.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether the record has the field, `null` included.
    pub(super) fn has(&self, at: At) -> bool {
        match at {
            Core(name) => self.core.contains_key(name),
            Scf(name) => self.scf.contains_key(name),
        }
    }

    /// The field of the first name that the record has, else of the first name.
    fn first(&self, name: &'static str, other: &'static str) -> At {
        if self.raw(Core(name)).is_none() && self.has(Core(other)) { Core(other) } else { Core(name) }
    }

    /// The id as it may be shown before it is checked.
    pub(super) fn shown_id(&self) -> Option<String> {
        self.core.get("id").and_then(|raw| text_of(raw)).map(|id| shown(unseen::without_invisible(&id).trim()))
    }

    fn raw(&self, at: At) -> Option<&'a RawValue> {
        let raw = match at {
            Core(name) => self.core.get(name),
            Scf(name) => self.scf.get(name),
        };
        raw.copied().filter(|raw| raw.get() != "null")
    }

    fn warn(&mut self, at: At, what: &str) {
        self.warnings.push(format!("{}: {what}", at.name()));
    }

    /// An id without white space around it; `None` when absent, blank or a word for nothing, of which a warning tells.
    pub(super) fn id(&mut self, at: At) -> Result<Option<String>, String> {
        let Some(raw) = self.raw(at) else { return Ok(None) };
        let refused = |reason: String| Err(format!("{}: {reason}", at.name()));
        // A whole number is its digits.
        let number = || raw.get().bytes().all(|byte| byte.is_ascii_digit()).then(|| raw.get().to_owned());
        let Some(id) = text_of(raw).or_else(number) else { return refused("an id is text".to_owned()) };
        let id = unseen::shed(at.name(), &id, &mut self.warnings);
        let id = id.trim();
        if NO_IDS.iter().any(|word| word.eq_ignore_ascii_case(id)) {
            self.warn(at, &format!("{} is no id", quoted(id)));
            return Ok(None);
        }
        if id.len() > MAX_STREAM_ID_BYTES {
            return refused(format!("longer than {MAX_STREAM_ID_BYTES} bytes"));
        }
        if id.chars().any(char::is_control) {
            return refused(format!("control characters in {}", quoted(id)));
        }
        if id.contains(redact::PLACEHOLDER) {
            return refused("holds an e-mail address".to_owned());
        }
        Ok((!id.is_empty()).then(|| id.to_owned()))
    }

    /// A text of one line, as written; `None` when absent or blank.
    pub(super) fn line(&mut self, at: At) -> Result<Option<String>, String> {
        let Some(text) = self.text(at, MAX_LINE_BYTES)? else { return Ok(None) };
        Ok(Some(self.plain(at, text, &[])))
    }

    /// A text of one line, as written, or a list of such, with commas between them; `None` when absent or blank.
    pub(super) fn enumeration(&mut self, at: At) -> Result<Option<String>, String> {
        let listed = self.raw(at).and_then(|raw| serde_json::from_str::<Vec<String>>(raw.get()).ok());
        let Some(listed) = listed else { return self.line(at) };
        let all = bounded(at, listed.iter().map(|one| one.trim()).filter(|one| !one.is_empty()).collect())?.join(", ");
        if all.len() > MAX_LINE_BYTES {
            return Err(format!("{}: {} bytes, the limit is {MAX_LINE_BYTES}", at.name(), all.len()));
        }
        Ok((!all.is_empty()).then(|| self.plain(at, expiring::without(&all).into_owned(), &[])))
    }

    /// A name: a text of one line without what nobody sees; `None` when absent or blank.
    pub(super) fn name(&mut self, at: At) -> Result<Option<String>, String> {
        let Some(name) = self.line(at)? else { return Ok(None) };
        let kept = unseen::shed(at.name(), &name, &mut self.warnings);
        Ok((!kept.trim().is_empty()).then(|| kept.into_owned()))
    }

    /// A free text, as written; `None` when absent or blank.
    pub(super) fn prose(&mut self, at: At) -> Result<Option<String>, String> {
        let Some(text) = self.text(at, MAX_PROSE_BYTES)? else { return Ok(None) };
        Ok(Some(self.plain(at, text, &['\n', '\r', '\t'])))
    }

    /// A link, as written; `None` when absent or blank, or when it expires.
    pub(super) fn link(&mut self, at: At) -> Result<Option<String>, String> {
        Ok(self.line(at)?.filter(|link| !link.contains(expiring::PLACEHOLDER)))
    }

    /// A number, or a text that is one, with a percent sign or without; `None` when absent or blank.
    pub(super) fn decimal(&mut self, at: At) -> Option<Decimal> {
        let raw = self.raw(at)?;
        let text = text_of(raw).unwrap_or_else(|| raw.get().to_owned());
        if text.trim().is_empty() {
            return None;
        }
        let number = text.trim();
        let decimal = Decimal::parse(number.strip_suffix('%').unwrap_or(number));
        if decimal.is_none() {
            self.warn(at, &format!("{} is no decimal number", quoted(&text)));
        }
        decimal
    }

    /// A truth value; `None` when absent.
    pub(super) fn flag(&mut self, at: At) -> Option<bool> {
        let raw = self.raw(at)?;
        match raw.get() {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.warn(at, &format!("{} is neither true nor false", quoted(other)));
                None
            }
        }
    }

    /// Names in one text, separated by commas.
    pub(super) fn names(&mut self, at: At) -> Result<Vec<String>, String> {
        let Some(text) = self.text(at, MAX_PROSE_BYTES)? else { return Ok(vec![]) };
        let text = self.plain(at, text, &[]);
        let names: Vec<String> =
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        bounded(at, names)
    }

    /// The social accounts that have a link, in the order of the document, without repeats: `name` and `value`, or
    /// `platform` and `url`.
    pub(super) fn socials(&mut self) -> Result<Vec<Link>, String> {
        let at = Core("socials");
        let mut links: Vec<Link> = Vec::new();
        for mut item in self.objects(at)? {
            let name = item.line(item.first("name", "platform"))?;
            let link = item.first("value", "url");
            if !item.has(link) {
                item.warn(link, "missing, so is the link");
            }
            let url = item.link(link)?;
            self.warnings.extend(item.warnings.into_iter().map(|warning| format!("socials: {warning}")));
            let Some(url) = url else { continue };
            let link = Link { name: name.unwrap_or_default(), url };
            if !links.contains(&link) {
                links.push(link);
            }
        }
        Ok(links)
    }

    /// Amounts with their denomination, in the order of the document.
    pub(super) fn amounts(&mut self, at: At) -> Result<Vec<Amount>, String> {
        let mut amounts = Vec::new();
        for mut item in self.objects(at)? {
            let (amount, denomination) = (item.decimal(Core("amount")), item.line(Core("denomination"))?);
            self.warnings.extend(item.warnings.into_iter().map(|warning| format!("{}: {warning}", at.name())));
            if let Some(amount) = amount {
                amounts.push(Amount { amount, denomination: denomination.unwrap_or_default() });
            }
        }
        Ok(amounts)
    }

    /// The objects of a list.
    fn objects(&mut self, at: At) -> Result<Vec<Fields<'a>>, String> {
        let Some(raw) = self.raw(at) else { return Ok(vec![]) };
        let Some(list) = items(raw) else {
            self.warn(at, "expected a list");
            return Ok(vec![]);
        };
        let list = bounded(at, list)?;
        let objects: Vec<Fields<'a>> = list.iter().filter_map(|item| Fields::open(item).ok()).collect();
        if objects.len() < list.len() {
            self.warn(at, "expected a list of objects");
        }
        Ok(objects)
    }

    /// A text that is not blank, without links that expire.
    fn text(&mut self, at: At, limit: usize) -> Result<Option<String>, String> {
        let Some(raw) = self.raw(at) else { return Ok(None) };
        let Some(text) = text_of(raw) else {
            self.warn(at, &format!("expected text, found {}", quoted(raw.get())));
            return Ok(None);
        };
        if text.len() > limit {
            return Err(format!("{}: {} bytes, the limit is {limit}", at.name(), text.len()));
        }
        if text.trim().is_empty() {
            return Ok(None);
        }
        Ok(Some(expiring::without(&text).into_owned()))
    }

    /// The text with spaces for control characters other than `allowed`.
    fn plain(&mut self, at: At, text: String, allowed: &[char]) -> String {
        let strange = |c: char| c.is_control() && !allowed.contains(&c);
        if !text.contains(strange) {
            return text;
        }
        self.warn(at, "control characters became spaces");
        text.replace(strange, " ")
    }
}

/// The content of a JSON string; `None` for any other value.
fn text_of(raw: &RawValue) -> Option<String> {
    raw.get().starts_with('"').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}

fn bounded<T>(at: At, list: Vec<T>) -> Result<Vec<T>, String> {
    if list.len() > MAX_LIST {
        return Err(format!("{}: {} entries, the limit is {MAX_LIST}", at.name(), list.len()));
    }
    Ok(list)
}
