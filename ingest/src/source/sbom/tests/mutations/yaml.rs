//! The same tree in JSON and in YAML: whatever style YAML is written in, it says what JSON says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Mutation, SPDX, dice, mutation, say_the_same, seeds};

/// The tree with text for every other scalar: YAML has no others.
fn texts(tree: Value) -> Value {
    match tree {
        Value::Bool(_) | Value::Number(_) => json!(tree.to_string()),
        Value::Array(items) => items.into_iter().map(texts).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, item)| (key, texts(item))).collect()),
        other => other,
    }
}

fn plain(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"./@_+-".contains(&byte);
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let (scheme, rest) = text.split_once(':').unwrap_or((text, "x"));
    begins && !rest.is_empty() && format!("{scheme}{rest}").bytes().all(part) && !text.eq_ignore_ascii_case("null")
}

/// A scalar in double quotes: that of JSON, but for the control character that JSON leaves as it is.
fn quoted(text: &str) -> String {
    json!(text).to_string().replace('\u{7f}', "\\x7f")
}

/// A scalar in one of the styles that can say it; `None` is nothing.
fn scalar(text: Option<&str>, dice: &mut impl FnMut(usize) -> usize) -> String {
    let Some(text) = text else { return ["null", "~", "Null", "NULL"][dice(4)].to_owned() };
    let quotable = text.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c.is_alphabetic());
    match dice(4) {
        0 if plain(text) => text.to_owned(),
        1 if quotable => format!("'{}'", text.replace('\'', "''")),
        2 if quotable => format!("!!str {}", quoted(text)),
        _ => quoted(text),
    }
}

/// A value on one line.
fn flow(tree: &Value, dice: &mut impl FnMut(usize) -> usize) -> String {
    let space = ["", " "][dice(2)];
    match tree {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(item, dice)).collect();
            let end = if items.is_empty() { "" } else { ["", ",", " , "][dice(3)] };
            format!("[{space}{}{end}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, item)| format!("{}: {}", scalar(Some(key), dice), flow(item, dice))).collect();
            format!("{{{space}{}{space}}}", fields.join(", "))
        }
        other => scalar(other.as_str(), dice),
    }
}

/// What stands behind a key or a dash, from the space or line break on; lines of it are indented by `indent` at least.
fn block(tree: &Value, indent: usize, dice: &mut impl FnMut(usize) -> usize) -> String {
    let line = format!("\n{}", " ".repeat(indent));
    match tree {
        Value::Array(items) if !items.is_empty() && dice(4) > 0 => {
            items.iter().map(|item| format!("{line}-{}", inner(item, indent, dice))).collect()
        }
        Value::Object(fields) if !fields.is_empty() && dice(4) > 0 => mapping(fields, indent, dice),
        Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) && dice(4) == 0 => {
            format!(" {}{line}  {text}", ["|-", ">-", "|-  # a comment"][dice(3)])
        }
        Value::Null if dice(2) == 0 => String::new(),
        other => format!(" {}{}", flow(other, dice), ["", "", " # a comment", "\n# a comment"][dice(4)]),
    }
}

/// The fields of a mapping, each on lines of its own.
fn mapping(fields: &serde_json::Map<String, Value>, indent: usize, dice: &mut impl FnMut(usize) -> usize) -> String {
    let line = format!("\n{}", " ".repeat(indent));
    let field = |(key, item): (&String, &Value)| {
        // What a document is is told by one line of it.
        if let ("spdxVersion", Value::String(text)) = (key.as_str(), item) {
            return format!("{line}{key}: {}", quoted(text));
        }
        let key = scalar(Some(key), dice).replace("!!str ", "");
        format!("{line}{key}:{}", inner(item, indent, dice))
    };
    fields.iter().map(field).collect()
}

/// A value inside of what is indented by `indent`.
fn inner(tree: &Value, indent: usize, dice: &mut impl FnMut(usize) -> usize) -> String {
    block(tree, indent + 1 + dice(4), dice)
}

fn of_spdx(mutation: Mutation) -> Value {
    texts(Mutation { sample: SPDX, ..mutation }.apply())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn yaml_says_what_json_says(mutation in mutation(), seeds in seeds()) {
        let tree = of_spdx(mutation);
        if let Value::Object(fields) = &tree {
            let text = format!("---{}\n", mapping(fields, 0, &mut dice(&seeds)));
            say_the_same(&tree.to_string(), &text)?;
        }
    }
}
