//! What a Python package asks for: one dependency by PEP 508. Read by hand, in one pass and bounded: nothing that a
//! project writes may cost more than its length.

use crate::source::quoted::quoted;

/// Greatest depth of brackets in a marker.
const MAX_DEPTH: usize = 64;
/// What a marker may speak of, the names of old included.
const VARIABLES: [&str; 18] = [
    "extra",
    "extras",
    "dependency_groups",
    "implementation_name",
    "implementation_version",
    "os.name",
    "os_name",
    "platform.machine",
    "platform.python_implementation",
    "platform.version",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_implementation",
    "python_version",
];
const SYS_PLATFORM: [&str; 2] = ["sys_platform", "sys.platform"];
/// How a marker compares; longer ones first.
const COMPARISONS: [&str; 8] = ["===", "==", "!=", "<=", ">=", "~=", "<", ">"];

/// A dependency that a package declares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Requirement<'a> {
    /// The package, as written.
    pub(super) name: &'a str,
    /// What is asked of its version, as written: a specifier, or `@` and an address.
    pub(super) asks: Option<String>,
    /// Whether it can be needed by who asks for no extra.
    pub(super) without_extra: bool,
}

/// Reads a requirement.
///
/// # Errors
/// When it is none, in words for a warning.
pub(super) fn read(text: &str) -> Result<Requirement<'_>, String> {
    parse(text).ok_or_else(|| format!("left out: {} is no requirement", quoted(text)))
}

fn parse(text: &str) -> Option<Requirement<'_>> {
    let mut rest = Rest(text);
    let name = rest.identifier()?;
    rest.extras()?;
    let asks = match rest.eat("@") {
        true => {
            let address = rest.until(char::is_whitespace);
            if address.is_empty() {
                return None;
            }
            Some(format!("@ {address}"))
        }
        false => rest.specifier()?,
    };
    let without_extra = if rest.eat(";") { rest.either(0)? } else { true };
    rest.0.trim().is_empty().then_some(Requirement { name, asks, without_extra })
}

/// What is left of a text.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Steps over this, and white space before it, if it is next.
    fn eat(&mut self, token: &str) -> bool {
        let after = self.0.trim_start().strip_prefix(token);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    /// The text before the first such character.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let text = self.0.trim_start();
        let (taken, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
        self.0 = rest;
        taken
    }

    /// A name of a package or an extra: letters, digits and, between them, `-_.`.
    fn identifier(&mut self) -> Option<&'a str> {
        let name = self.until(|c| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let plain = |c: char| c.is_ascii_alphanumeric();
        (name.starts_with(plain) && name.ends_with(plain)).then_some(name)
    }

    /// `[extra, extra]`, if there is such.
    fn extras(&mut self) -> Option<()> {
        if !self.eat("[") || self.eat("]") {
            return Some(());
        }
        loop {
            self.identifier()?;
            if self.eat("]") {
                return Some(());
            }
            self.eat(",").then_some(())?;
        }
    }

    /// The conditions on a version, as written, without the brackets around them; none where there are none.
    fn specifier(&mut self) -> Option<Option<String>> {
        let text = if self.eat("(") {
            let inner = self.until(|c| c == ')');
            self.eat(")").then_some(inner)?
        } else {
            self.until(|c| c == ';')
        };
        let text = text.trim();
        let mut conditions = text.split(',').map(str::trim).peekable();
        while let Some(condition) = conditions.next() {
            // What is written may end in a comma.
            let last = conditions.peek().is_none();
            if !(is_condition(condition) || (last && condition.is_empty())) {
                return None;
            }
        }
        Some((!text.is_empty()).then(|| text.to_owned()))
    }

    /// One of several conditions of a marker: whether it can hold without an extra.
    fn either(&mut self, depth: usize) -> Option<bool> {
        let mut holds = self.all(depth)?;
        while self.word("or") {
            holds |= self.all(depth)?;
        }
        Some(holds)
    }

    fn all(&mut self, depth: usize) -> Option<bool> {
        let mut holds = self.one(depth)?;
        while self.word("and") {
            holds &= self.one(depth)?;
        }
        Some(holds)
    }

    fn one(&mut self, depth: usize) -> Option<bool> {
        if self.eat("(") {
            let holds = if depth < MAX_DEPTH { self.either(depth + 1)? } else { return None };
            return self.eat(")").then_some(holds);
        }
        let left = self.operand()?;
        let (comparison, negated) = self.comparison()?;
        let right = self.operand()?;
        let equal = matches!(comparison, "==" | "===");
        Some(match (left, right) {
            (Operand::Variable("extra"), Operand::Text(text)) | (Operand::Text(text), Operand::Variable("extra"))
                if equal || comparison == "!=" =>
            {
                text.is_empty() == equal
            }
            // Who asks for nothing has an empty set of these.
            (Operand::Text(_), Operand::Variable("extras" | "dependency_groups")) if comparison == "in" => negated,
            _ => true,
        })
    }

    fn operand(&mut self) -> Option<Operand<'a>> {
        for quote in ["'", "\""] {
            if self.eat(quote) {
                let (text, rest) = self.0.split_once(quote)?;
                self.0 = rest;
                return Some(Operand::Text(text));
            }
        }
        let name = self.until(|c| !(c.is_ascii_alphanumeric() || "_.".contains(c)));
        (VARIABLES.contains(&name) || SYS_PLATFORM.contains(&name)).then_some(Operand::Variable(name))
    }

    /// How two are compared, and whether that is turned round (`not in`).
    fn comparison(&mut self) -> Option<(&'static str, bool)> {
        if let Some(found) = COMPARISONS.into_iter().find(|comparison| self.eat(comparison)) {
            return Some((found, false));
        }
        let negated = self.word("not");
        self.word("in").then_some(("in", negated))
    }

    /// Steps over a word, if it is next.
    fn word(&mut self, word: &str) -> bool {
        let text = self.0.trim_start();
        let after = text.strip_prefix(word).filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }
}

enum Operand<'a> {
    Variable(&'a str),
    Text(&'a str),
}

/// A comparison with a version by PEP 440.
fn is_condition(text: &str) -> bool {
    let Some(comparison) = COMPARISONS.into_iter().find(|comparison| text.starts_with(comparison)) else {
        return false;
    };
    let version = text[comparison.len()..].trim();
    match comparison {
        "===" => !version.is_empty() && !version.contains(char::is_whitespace),
        "==" | "!=" => is_version(version.strip_suffix(".*").unwrap_or(version)),
        _ => is_version(version),
    }
}

/// A version by PEP 440: `v`, epoch, release, `a1`, `.post1`, `.dev1` and `+local`, spelled in any of the ways allowed.
fn is_version(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (public, local) = lower.split_once('+').map_or((&*lower, None), |(public, local)| (public, Some(local)));
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if local.is_some_and(|local| !local.split(['.', '-', '_']).all(is_part)) {
        return false;
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let public = public.strip_prefix('v').unwrap_or(public);
    let public = match public.split_once('!') {
        Some((epoch, release)) if digits(epoch) => release,
        Some(_) => return false,
        None => public,
    };
    let end = public.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(public.len());
    // A dot may stand before what follows the release.
    let (release, mut rest) = public.split_at(end);
    let release = if rest.is_empty() { release } else { release.strip_suffix('.').unwrap_or(release) };
    if !release.split('.').all(digits) {
        return false;
    }
    for words in [&["alpha", "beta", "preview", "pre", "rc", "a", "b", "c"][..], &["post", "rev", "r"], &["dev"]] {
        let after = rest.trim_start_matches(['.', '-', '_']);
        let word = words.iter().find_map(|word| after.strip_prefix(word));
        // `1.0-1` is a post release too.
        let number = word.or_else(|| {
            rest.strip_prefix('-').filter(|_| words[0] == "post" && after.starts_with(|c: char| c.is_ascii_digit()))
        });
        if let Some(number) = number {
            let separated =
                number.strip_prefix(['.', '-', '_']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            rest = separated.unwrap_or(number).trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests;
