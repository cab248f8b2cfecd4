//! How the bytes of an answer are read.

use serde_json::Value;

/// The shape of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum AnswerShape {
    /// One JSON value.
    Json,
    /// One JSON value a line. They become a list, in which null stands for a line that is no JSON.
    Lines,
}

impl AnswerShape {
    /// The value of an answer, not yet cleaned.
    pub(in crate::source) fn read(self, bytes: &[u8]) -> Result<Value, serde_json::Error> {
        self.value(bytes).map(|value| self.shaped(value))
    }

    /// What the bytes of an answer are: one value, or a list of one a line.
    pub(in crate::source) fn value(self, bytes: &[u8]) -> Result<Value, serde_json::Error> {
        match self {
            Self::Json => serde_json::from_slice(bytes),
            Self::Lines => one_or_lines(bytes),
        }
    }

    /// One value in this shape.
    pub(in crate::source) fn shaped(self, value: Value) -> Value {
        match (self, value) {
            (Self::Json, value) | (Self::Lines, value @ Value::Array(_)) => value,
            (Self::Lines, one) => Value::Array(vec![one]),
        }
    }
}

fn one_or_lines(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let value = |line| serde_json::from_slice::<Value>(line).unwrap_or_default();
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let first = value(lines.next().unwrap_or_default());
    // Where the first line is a value by itself, it is the only line or the whole is no value: that is not tried then.
    let error = if first.is_null() {
        match serde_json::from_slice(bytes) {
            Ok(whole) => return Ok(whole),
            Err(error) => Some(error),
        }
    } else {
        None
    };
    let mut values = vec![first];
    values.extend(lines.map(value));
    match error {
        Some(error) if values.iter().all(Value::is_null) => Err(error),
        None if values.len() == 1 => Ok(values.swap_remove(0)),
        _ => Ok(Value::Array(values)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_become_a_list_and_a_broken_line_null() {
        let read = |text: &str| AnswerShape::Lines.read(text.as_bytes());
        assert_eq!(read("{\"a\":1}\n\n{\"b\":\n[2]\r\n").unwrap(), json!([{"a": 1}, null, [2]]));
        assert_eq!(read("{\"a\":1}\n").unwrap(), json!([{"a": 1}]));
        assert_eq!(read("[{\"a\":1}]").unwrap(), json!([{"a": 1}]));
        assert_eq!(read("{\n\"a\":\n1}\n").unwrap(), json!([{"a": 1}]), "one value on several lines");
        assert_eq!(read("null\n{\"a\":1}").unwrap(), json!([null, {"a": 1}]));
        assert!(read("null\n{").is_err());
        assert!(read("<html>\n</html>").is_err());
        assert!(read("").is_err());
    }
}
