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
        let whole = serde_json::from_slice(bytes);
        match (self, whole) {
            (Self::Json, whole) => whole,
            (Self::Lines, Ok(list @ Value::Array(_))) => Ok(list),
            (Self::Lines, Ok(one)) => Ok(Value::Array(vec![one])),
            (Self::Lines, Err(error)) => {
                let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
                let lines: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap_or_default()).collect();
                if lines.iter().all(Value::is_null) { Err(error) } else { Ok(Value::Array(lines)) }
            }
        }
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
        assert!(read("<html>\n</html>").is_err());
        assert!(read("").is_err());
    }
}
