//! Addresses in a survey file: cells are cleaned as they read, so that no quoting hides one.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use domain::redact;

/// Replaces every e-mail address in the cells of a CSV text. A record without any stays byte for byte.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut out = String::new();
    let mut kept = 0;
    // Text in memory that is UTF-8 gives no error.
    while reader.read_record(&mut record).unwrap_or(false) {
        if record.iter().all(redact::is_clean) {
            continue;
        }
        let place = |position: &csv::Position| usize::try_from(position.byte()).unwrap_or(text.len()).min(text.len());
        let (start, end) = (record.position().map_or(kept, place).max(kept), place(reader.position()));
        // The line ends stand before the record (blank lines) and after it.
        let written = text[start..end].trim_start_matches(['\r', '\n']);
        let start = end - written.len();
        out.push_str(&text[kept..start]);
        out.push_str(&line(&record));
        kept = start + written.trim_end_matches(['\r', '\n']).len();
    }
    out.push_str(&text[kept..]);
    match redact::emails(&out) {
        // What reads as an address across cells.
        Cow::Owned(clean) => Cow::Owned(clean),
        Cow::Borrowed(_) if kept == 0 => Cow::Borrowed(text),
        Cow::Borrowed(_) => Cow::Owned(out),
    }
}

/// The cleaned record, without line end.
fn line(record: &StringRecord) -> String {
    let mut writer = WriterBuilder::new().flexible(true).has_headers(false).from_writer(Vec::new());
    // A buffer takes every byte, and cells of text make text.
    let written = writer.write_record(record.iter().map(|cell| redact::emails(cell).into_owned()));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    let line = String::from_utf8(bytes).unwrap_or_default();
    line.strip_suffix('\n').unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_cleaned_and_other_records_stay() {
        let text = "a,b\r\n\r\n\"x\" ,1\r\n\"\"\"john doe\"\"@example.org\",\"y, z\"\r\n p ,ann%40x.org\n\nlast,\"q\"";
        let clean_text = "a,b\r\n\r\n\"x\" ,1\r\n<email>,\"y, z\"\r\n p ,<email>\n\nlast,\"q\"";
        assert_eq!(clean(text), clean_text);
        assert!(matches!(clean(clean_text), Cow::Borrowed(_)));
        assert_eq!(clean("a,\"ann@x.org\n"), "a,\"<email>\n\"\n", "a quote that is never closed stays odd");
        assert_eq!(clean(""), "");
    }

    proptest! {
        #[test]
        fn no_quoting_hides_an_address(text in "([a-z,\"\r\n ]|@|ann@x\\.org|\"\"a b\"\"@x\\.org|\\PC){0,30}") {
            let cleaned = clean(&text).into_owned();
            prop_assert!(redact::is_clean(&cleaned));
            let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(cleaned.as_bytes());
            for record in reader.records() {
                prop_assert!(record.unwrap().iter().all(redact::is_clean));
            }
        }
    }
}
