//! A claim in a complaint, as clients know it: written the way Python writes a value.

use serde_json::Value;

/// Longest text that a complaint quotes, in characters.
const MAX_QUOTED: usize = 256;

/// The value as Python writes it, cut.
pub(super) fn quoted(value: &Value) -> String {
    let whole = written(value);
    match whole.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}...", &whole[..end]),
        None => whole,
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text_written(text),
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{}: {}", text_written(name), written(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

fn text_written(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut said = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => said.push_str("\\n"),
            '\r' => said.push_str("\\r"),
            '\t' => said.push_str("\\t"),
            '\\' => said.push_str("\\\\"),
            c if c == quote => {
                said.push('\\');
                said.push(c);
            }
            c if c.is_control() => said.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => said.push(c),
        }
    }
    said.push(quote);
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::quoted;

    #[test]
    fn values_are_written_as_clients_know_them() {
        assert_eq!(quoted(&json!(["x", 5, null, true, {"a": 1}])), "['x', 5, None, True, {'a': 1}]");
        assert_eq!(quoted(&json!("it's\n\\")), "\"it's\\n\\\\\"");
        assert_eq!(quoted(&json!("\u{e9}".repeat(300))), format!("'{}...", "\u{e9}".repeat(255)));
    }
}
