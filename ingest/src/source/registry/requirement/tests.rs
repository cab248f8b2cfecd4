//! Requirements as projects write them, and what is none.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

#[test]
fn requirements_as_projects_write_them() {
    for (text, name, asks) in [
        ("requests", "requests", None),
        ("requests>=2.0.0", "requests", Some(">=2.0.0")),
        ("requests (>=2.0,<3)", "requests", Some(">=2.0,<3")),
        ("pytz (>=2015.7,)", "pytz", Some(">=2015.7,")),
        (" aiohttp[speedups, x] ~= 3.9 ", "aiohttp", Some("~= 3.9")),
        ("a[]==1.*", "a", Some("==1.*")),
        ("zope.interface ;python_version<'4'", "zope.interface", None),
        ("name @ https://example.org/x.whl", "name", Some("@ https://example.org/x.whl")),
        ("n @ https://h/a;b.whl ; python_version > '3'", "n", Some("@ https://h/a;b.whl")),
        ("n@git+https://h/r@v1", "n", Some("@ git+https://h/r@v1")),
        ("x===whatever", "x", Some("===whatever")),
        ("x>=1!2.0rc1.post2.dev3,!=1.0-1,<2.0a,>v1_dev", "x", Some(">=1!2.0rc1.post2.dev3,!=1.0-1,<2.0a,>v1_dev")),
        ("x==1.0+ubuntu.1", "x", Some("==1.0+ubuntu.1")),
    ] {
        let found = read(text).unwrap();
        assert_eq!((found.name, found.asks.as_deref(), found.without_extra), (name, asks, true), "{text}");
    }
}

#[test]
fn what_is_no_requirement_is_left_out() {
    for text in [
        "",
        "!",
        "bad name!",
        "-x",
        "x-",
        "a[b-]",
        "requests[socks.]",
        "a[_x]",
        "a[b",
        "a[b c]",
        "x 1.0",
        "x>",
        "x>dev",
        "x>=2012q1",
        "x>=1.*",
        "x>=1,,<2",
        "x (>=1",
        "x>=1)",
        "n @",
        "n @ ; python_version > '3'",
        "x;",
        "x; y",
        "x; python_version",
        "x; python_version > ",
        "x; colour == 'red'",
        "x; (python_version > '3'",
        "x; extra == 'a",
        "x; python_version > '3' extra == 'x'",
        "x; extra not 'x'",
        "x; ä == 'x'",
        "x==1..2",
        "x==+1",
        "x==1.0+",
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.starts_with("left out: `") && refused.ends_with("is no requirement"), "{text}: {refused}");
    }
    let deep = |depth: usize| format!("x; {}extra=='y'{}", "(".repeat(depth), ")".repeat(depth));
    assert!(!read(&deep(MAX_DEPTH)).unwrap().without_extra);
    assert!(read(&deep(MAX_DEPTH + 1)).is_err() && read(&deep(200_000)).is_err());
}

#[test]
fn a_dependency_that_can_be_needed_without_an_extra_stays() {
    for (marker, stays) in [
        ("extra == 'aiohttp'", false),
        ("'aiohttp' == extra", false),
        ("python_version < '3' and (extra=='x')", false),
        ("extra == 'a' or extra == 'b'", false),
        ("'a' in extras", false),
        ("python_version>=\"3\" or extra==\"z\"", true),
        ("extra!=\"z\"", true),
        ("'a' not in extras", true),
        ("(extra == 'a' and os_name == 'nt') or sys_platform != 'win32'", true),
        ("python_version < \"3.11\"", true),
        ("platform_machine == 'extra'", true),
        ("python_version >= '3.8' and python_version < '3.5'", true),
    ] {
        assert_eq!(read(&format!("x; {marker}")).unwrap().without_extra, stays, "{marker}");
    }
    let many = vec!["extra=='e'"; 20_000].join(" or ");
    assert!(!read(&format!("x; {many}")).unwrap().without_extra);
}

/// Parts of a requirement, each with what it means.
mod written {
    use proptest::prelude::*;
    use proptest::sample::select;

    /// Comparisons of a marker, and whether each can hold for who asks for no extra.
    const COMPARED: [(&str, bool); 14] = [
        ("extra == 'x'", false),
        ("\"x\"==extra", false),
        ("extra==='x'", false),
        ("extra != 'x'", true),
        ("extra==''", true),
        ("'' != extra", false),
        ("'x' in extras", false),
        ("'x' not in extras", true),
        ("\"x\" in dependency_groups", false),
        ("python_version<'3.8'", true),
        ("sys.platform  ==  'win32'", true),
        ("os_name not  in \"nt; (or) and\"", true),
        ("'3' ~= python_full_version", true),
        ("platform_machine == 'extra'", true),
    ];

    pub(super) fn name() -> impl Strategy<Value = String> {
        "[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?"
    }

    fn version() -> impl Strategy<Value = String> {
        concat!(
            "v?([0-9]!)?[0-9]{1,3}(\\.[0-9]{1,3}){0,3}([._-]?(a|b|c|rc|alpha|beta|pre|preview)([._-]?[0-9]{1,2})?)?",
            "(([._-]?(post|rev|r)([._-]?[0-9]{1,2})?)|-[0-9])?([._-]?dev([._-]?[0-9]{1,2})?)?"
        )
    }

    fn condition() -> impl Strategy<Value = String> {
        let space = || select(vec!["", " "]);
        let plain = (select(vec!["<=", ">=", "~=", "<", ">", "==", "!=", "==="]), space(), version());
        let any_of = (select(vec!["==", "!="]), space(), "[0-9]{1,2}(\\.[0-9]{1,2}){0,2}\\.\\*");
        let local = (select(vec!["==", "!="]), space(), "[0-9]\\.[0-9]\\+[a-z0-9]{1,3}([._-][a-z0-9]{1,3})?");
        let text = |(sign, space, version): (&str, &str, String)| format!("{sign}{space}{version}");
        prop_oneof![4 => plain.prop_map(text), 1 => any_of.prop_map(text), 1 => local.prop_map(text)]
    }

    /// What is asked for as written, and as read.
    pub(super) fn asks() -> impl Strategy<Value = (String, Option<String>)> {
        let conditions = (prop::collection::vec(condition(), 1..4), select(vec![",", ", ", " ,"]), any::<bool>());
        let conditions = conditions.prop_map(|(conditions, comma, brackets)| {
            let text = conditions.join(comma);
            (if brackets { format!("({text} )") } else { text.clone() }, Some(text))
        });
        let address = "[a-z+]{3,8}://[a-z.;@/#=]{1,12}".prop_map(|at| (format!(" @ {at} "), Some(format!("@ {at}"))));
        prop_oneof![2 => Just((String::new(), None)), 4 => conditions, 1 => address]
    }

    /// A marker, and whether it can hold for who asks for no extra.
    pub(super) fn marker() -> impl Strategy<Value = (String, bool)> {
        let leaf = select(&COMPARED[..]).prop_map(|(text, holds)| (text.to_owned(), holds));
        leaf.prop_recursive(5, 24, 3, |inner| {
            (prop::collection::vec(inner, 1..4), any::<bool>()).prop_map(|(parts, every)| {
                let texts: Vec<&str> = parts.iter().map(|(text, _)| text.as_str()).collect();
                let holds = |(_, holds): &(String, bool)| *holds;
                let all = if every { parts.iter().all(holds) } else { parts.iter().any(holds) };
                (format!("({})", texts.join(if every { " and " } else { " or " })), all)
            })
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_well_written_is_read_as_meant(
        name in written::name(),
        extras in proptest::option::of(proptest::collection::vec(written::name(), 0..3)),
        (asks, read_asks) in written::asks(),
        marker in proptest::option::of(written::marker()),
        changes in proptest::collection::vec((any::<Index>(), any::<Index>(), 0..4u8), 1..4),
    ) {
        let extras = extras.map_or(String::new(), |extras| format!(" [{}]", extras.join(" , ")));
        let (tail, without_extra) = marker.map_or((String::new(), true), |(text, holds)| (format!("; {text}"), holds));
        let text = format!(" {name}{extras}{asks}{tail} ");
        let found = read(&text);
        prop_assert_eq!(found, Ok(Requirement { name: &name, asks: read_asks, without_extra }), "{}", text);

        // Nearly that: some letters are lost, doubled, elsewhere or strange.
        let mut letters: Vec<char> = text.chars().collect();
        for (one, other, action) in changes {
            let (at, elsewhere) = (one.index(letters.len()), letters[other.index(letters.len())]);
            match action {
                0 if letters.len() > 1 => drop(letters.remove(at)),
                1 => letters.insert(at, elsewhere),
                2 => letters[at] = elsewhere,
                _ => letters[at] = *other.get(&['(', ')', ';', '\'', '"', '@', ',', '[', ']', '\u{e9}', '\0']),
            }
        }
        let _ = read(&letters.into_iter().collect::<String>());
    }

    #[test]
    fn whatever_is_written_is_read_or_left_out(
        text in "(a|b-c|\\[|\\]|[,;()@. ]|>=|==|1|\\.\\*|2a|extra|os_name|'x'|\"y\"| and | or | in | not |\\PC){0,24}"
    ) {
        if let Ok(found) = read(&text) {
            prop_assert!(text.trim_start().starts_with(found.name) && !found.name.is_empty());
        }
    }
}
