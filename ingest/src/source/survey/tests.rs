use domain::codec;
use proptest::prelude::*;

use super::*;

const HEADER: &str = "project_id,project_name,status,answered_at\n";

fn parsed(text: &str) -> Parsed {
    parse(text.as_bytes()).unwrap()
}

fn refusals(rows: &str) -> Vec<(u64, String)> {
    parsed(&format!("{HEADER}{rows}")).refused.into_iter().map(|refused| (refused.row, refused.reason)).collect()
}

#[test]
fn a_row_is_an_answer() {
    let file = format!(
        "{HEADER}daoip-5:scf:project:x,\"Ex, \"\"the\"\" project\",in-dev,2026-02-01\n, Y ,live,2026-02-01T13:00:00+01:00\n"
    );
    let read = parsed(&file);
    let [(2, first), (3, second)] = &read.rows[..] else { panic!("{read:?}") };
    assert_eq!(first.project_id.as_deref(), Some("daoip-5:scf:project:x"));
    assert_eq!(first.project_name.as_deref(), Some("Ex, \"the\" project"));
    assert_eq!(first.status, SurveyStatus::InDev);
    assert_eq!(first.answered_at.to_string(), "2026-02-01T00:00:00.000000Z");
    assert_eq!((second.project_id.as_deref(), second.project_name.as_deref()), (None, Some("Y")));
    assert_eq!(second.answered_at.to_string(), "2026-02-01T12:00:00.000000Z");
    assert_eq!(read.document, file.as_bytes());
    assert_eq!(first.document.sha256, Digest::of(file.as_bytes()));
    assert_eq!(first.document.bytes, file.len() as u64);
    assert!(read.refused.is_empty() && read.warnings.is_empty());
    assert_eq!(Event::from(second.clone()).stream().unwrap().to_string(), "survey:y");
}

#[test]
fn columns_may_stand_in_any_order_and_others_are_not_read() {
    let read = parsed("\u{feff}answered_at , status,note,project_name,project_id\r\n2026-02-01,live,secret,Y,p\r\n");
    assert_eq!(read.rows[0].1.project_id.as_deref(), Some("p"));
    assert_eq!(read.warnings, ["line 1: column `note` is not read"]);
    let bytes = codec::encode(&read.rows[0].1.clone().into()).unwrap();
    assert!(!String::from_utf8(bytes).unwrap().contains("secret"));
}

#[test]
fn a_malformed_row_is_refused_with_line_and_column_and_the_others_stand() {
    let rows = ",,live,2026-01-01\n\np,,Live,2026-01-01\np,,,2026-01-01\np,,live,01.02.2026\np,,live,2026-02-30\n\
                p,,live,1969-12-31\np,a\u{7}b,live,2026-01-01\np,live,2026-01-01\np,,live,2026-01-01\n";
    let read = parsed(&format!("{HEADER}{rows}"));
    let lines: Vec<u64> = read.refused.iter().map(|refused| refused.row).collect();
    assert_eq!(lines, [2, 4, 5, 6, 7, 8, 9, 10]);
    for (refused, part) in read.refused.iter().zip([
        "both are empty",
        "status: `Live`",
        "status: ``",
        "answered_at: `01.02.2026`",
        "answered_at: `2026-02-30`",
        "answered_at: `1969-12-31`",
        "project_name: control characters in `a\\u{7}b`",
        "3 cells, the header has 4",
    ]) {
        assert!(refused.reason.contains(part), "{refused:?} should say {part}");
    }
    assert_eq!(read.rows.len(), 1);
    assert_eq!(read.rows[0].0, 11);
}

#[test]
fn lengths_are_bounded() {
    let long = "x".repeat(MAX_CELL_BYTES + 1);
    assert!(refusals(&format!("{long},,live,2026-01-01\n"))[0].1.starts_with("project_id: longer than 1000 bytes"));
    let many = format!("{HEADER}{}", "x\n".repeat(MAX_ROWS + 1));
    assert_eq!(parse(many.as_bytes()).unwrap_err().to_string(), "line 1000002: more than 1000000 rows");
    // Lower-casing makes this name longer than a stream may be called.
    let grows = "\u{23a}".repeat(MAX_CELL_BYTES / 2);
    assert!(refusals(&format!(",{grows},live,2026-01-01\n"))[0].1.starts_with("project_id, project_name: the id of a"));
}

#[test]
fn lines_are_counted_through_quotes_blank_lines_and_every_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["project_id,project_name,status,answered_at", "", "a,,no,x", "\"b", "b\",,no,x", "", "", "c,,no,x"];
        let read = parsed(&text.join(end));
        let lines: Vec<u64> = read.refused.iter().map(|refused| refused.row).collect();
        assert_eq!(lines, [3, 4, 8], "{end:?}");
    }
}

#[test]
fn a_quote_that_is_not_closed_refuses_the_file() {
    let refusal = |rows: &str| parse(format!("{HEADER}{rows}").as_bytes()).unwrap_err().to_string();
    let open = refusal("p,\"open,live,2026-01-01\nq,,live,2026-01-01\n");
    assert_eq!(open, "line 2: a quote is opened here that is never closed");
    // Of a thousand rows the third is broken; the next quote does not close it in silence.
    let mut rows: Vec<String> = (0..1000).map(|n| format!("p:{n},Name {n},live,2026-01-01\n")).collect();
    rows[2] = "p:2,\"Name 2,live,2026-01-01\n".to_owned();
    assert_eq!(refusal(&rows.concat()), "line 4: a quote is opened here that is never closed");
    rows[900] = "p:900,\"Name\",live,2026-01-01\n".to_owned();
    assert!(refusal(&rows.concat()).starts_with("line 902: a quote inside of a cell that began on line 4:"));
    assert!(
        refusal("p,\"The \\\"Alpha\\\" project\",live,2026-01-01\n").starts_with("line 2: a quote inside of a cell:")
    );
}

#[test]
fn line_breaks_in_a_cell_are_white_space() {
    for text in ["Alpha\r\nProject", " Alpha \n\n Project\n", "\rAlpha\rProject"] {
        let read = parsed(&format!("{HEADER}p,\"{text}\",live,2026-01-01\nq,,live,2026-01-01\n"));
        assert_eq!(read.rows[0].1.project_name.as_deref(), Some("Alpha Project"), "{text:?}");
        assert_eq!((read.rows.len(), read.refused.len()), (2, 0));
    }
}

#[test]
fn what_is_empty_at_the_end_is_nothing() {
    let read = parsed(
        "project_id,project_name,status,answered_at,,\n,,,\np,,live,2026-01-01,,,,\n , , \nq,,live,2026-01-01\n",
    );
    assert_eq!(read.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 5]);
    assert!(read.refused.is_empty() && read.warnings.is_empty(), "{read:?}");
    let noted = parsed("project_id,project_name,status,answered_at,note\np,,live,2026-01-01\nq,,live,2026-01-01,,x\n");
    assert_eq!((noted.rows.len(), noted.refused.len()), (1, 1));
    assert_eq!(noted.refused[0].reason, "6 cells, the header has 5");
}

#[test]
fn of_several_answers_of_one_time_the_last_stands() {
    let rows = "p,A,live,2026-01-01\n,X,live,2026-01-01\np,A,in-dev,2026-01-02\n,x ,in-dev,2026-01-01\n\
                p,A,in-dev,2026-01-01\np,A,in-dev,2026-01-01T00:00:00Z\n";
    let read = parsed(&format!("{HEADER}{rows}"));
    assert_eq!(read.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5, 6, 7], "equal rows are both told");
    let refused: Vec<_> = read.refused.iter().map(|refused| (refused.row, refused.reason.as_str())).collect();
    let reason = |row| format!("duplicate answer; the last one stands: row {row}");
    assert_eq!(refused, [(2, &*reason(7)), (3, &*reason(5))]);
}

#[test]
fn a_leap_second_is_the_second_before_and_any_other_sixty_is_no_time() {
    let read = parsed(&format!("{HEADER}p,,live,2016-12-31T23:59:60Z\nq,,live,2026-03-01T23:59:60+05:45\n"));
    assert_eq!(read.rows[0].1.answered_at.to_string(), "2016-12-31T23:59:59.000000Z");
    assert!(read.refused[0].reason.starts_with("answered_at: `2026-03-01T23:59:60+05:45` is no date"));
}

#[test]
fn e_mail_addresses_are_gone_from_facts_document_and_refusals() {
    let read = parsed(&format!(
        "{HEADER}p,Ann <ann@x.org>,live,2026-01-01\nann@x.org,,live,2026-01-01\nq,,ann@x.org,2026-01-01\n"
    ));
    assert_eq!(read.rows[0].1.project_name.as_deref(), Some("Ann <<email>>"));
    assert_eq!(read.rows[0].1.document.sha256, Digest::of(&read.document));
    assert_eq!(read.refused[0].reason, "project_id: an e-mail address is no project id");
    assert!(!format!("{read:?}").contains("ann@x.org"));
    assert!(!String::from_utf8(read.document).unwrap().contains("ann@x.org"));
}

#[test]
fn a_file_is_refused_as_a_whole_only_when_it_is_no_survey() {
    let reason = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
    assert!(reason(b"").starts_with("the file is empty"));
    assert!(reason(b"\xef\xbb\xbf\n").starts_with("the file is empty"));
    assert_eq!(reason(b"project_id\n\xff\xfe"), "line 2: not UTF-8: save the file as CSV in UTF-8");
    assert!(reason(b"project_id;project_name;status;answered_at\n").contains("separated by `;`: save the file again"));
    assert!(reason(b"project_id\tproject_name\tstatus\tanswered_at\n").contains("separated by tabs: save"));
    assert!(reason(b"project_id,project_name,status\n").starts_with("line 1: the header lacks answered_at;"));
    assert!(reason(b"project_id,project_name,status,status,answered_at\n").contains("status stands there twice"));
    assert!(reason(b"p,X,live,2026-01-01\n").contains("lacks project_id, project_name, status, answered_at"));
    let empty = parsed(HEADER);
    assert!(empty.rows.is_empty() && empty.refused.is_empty());
    assert_eq!(empty.warnings, ["document: a header but no rows"]);
}

#[test]
fn the_same_row_in_another_file_is_the_same_fact() {
    let digest = |text: &str| Event::from(parsed(text).rows[0].1.clone()).semantic_digest().unwrap();
    let one = digest(&format!("{HEADER}p,X,live,2026-01-01\n"));
    assert_eq!(one, digest(&format!("{HEADER}p, X ,live,2026-01-01T00:00:00Z\nq,,live,2026-01-01\n")));
    assert_ne!(one, digest(&format!("{HEADER}p,X,in-dev,2026-01-01\n")));
}

proptest! {
    #[test]
    fn every_row_is_an_encodable_fact_or_a_refusal(
        rows in prop::collection::vec("[ap@.\"\\n\\r\\x00\\x07é ,]{0,20}(,[a ]{0,3},(live|x),(2026-01-01|y))?", 0..8)
    ) {
        let text = format!("{HEADER}{}", rows.join("\n"));
        if let Ok(read) = parse(text.as_bytes()) {
            for (line, answer) in read.rows {
                prop_assert!(line >= 2);
                prop_assert!(codec::encode(&answer.into()).is_ok());
            }
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        let _ = parse(&[HEADER.as_bytes(), &bytes].concat());
    }
}

#[test]
fn a_file_in_utf_16_is_read_with_a_warning() {
    let file = format!("{HEADER}p,Ä,live,2026-02-01\n");
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(file.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let read = parse(&wide).unwrap();
    assert_eq!(read.rows, parsed(&file).rows);
    assert_eq!(read.document, file.as_bytes(), "what is kept is UTF-8");
    assert_eq!(read.warnings, [encoding::was_utf16()]);
}
