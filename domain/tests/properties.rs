//! Anything may be handed to the parsers of names, times and formulas: what they accept is in its one normal form.

use domain::checkpoint::{Checkpoint, CheckpointError};
use domain::digest::Digest;
use domain::formula::{Formula, SHIPPED};
use domain::note::{Note, SigningKey, VerifyingKey};
use domain::purl::{self, Purl};
use domain::{Day, StreamId, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;

/// Pieces of package URLs, in no good order.
const PURL: &str = concat!(
    "(pkg:)?(//)?(npm|github|pypi|cargo|golang|[A-Za-z.+-]{1,3})?",
    "(/|%2F|@|%40|\\?|#|=|&|%[0-9a-fA-F]{2}|[A-Za-z0-9._~-]{1,4}|\\PC){0,10}"
);

/// What may come into a line of TOML.
const PIECE: &str = "[-0-9a-z\"'=.\\[\\]#{}\n\\x00]{0,9}|\\PC{0,3}";

/// Texts that are nearly times.
const TIME: &str = concat!(
    "[+-]?[0-9]{1,5}-?[0-9]{0,2}-?[0-9]{0,2}",
    "([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{0,10})?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
);

/// The text with some of its letters replaced, repeated or left out.
fn scratched(text: &str, changes: &[(Index, Index, u8)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (one, other, action) in changes {
        let (at, elsewhere) = (one.index(letters.len()), letters[other.index(letters.len())]);
        match action {
            0 if letters.len() > 1 => drop(letters.remove(at)),
            1 => letters.insert(at, elsewhere),
            2 => letters[at] = elsewhere,
            _ => letters[at] = *other.get(&['\n', ' ', '\0', '+', '=', '0', '9', 'A', '\u{2014}', '\u{ff10}']),
        }
    }
    letters.into_iter().collect()
}

/// The lines of a document, some of them replaced, repeated or left out.
fn mangled(document: &str, changes: &[(Index, Index, String)]) -> String {
    let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
    for (line, column, piece) in changes {
        let line = line.index(lines.len());
        let text = &mut lines[line];
        let at = column.index(text.len() + 1);
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        match piece.len() % 3 {
            0 => text.insert_str(at, piece),
            1 => text.truncate(at),
            _ => *text = format!("{}{piece}", text.split('=').next().unwrap_or("").to_owned() + "= "),
        }
    }
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_package_url_is_its_own_canonical_form(text in prop_oneof![PURL, ".{0,40}"]) {
        // What carries its identity in a qualifier reads as itself with that alone.
        let by_qualifier = |found: &Purl| ["pkg:julia/", "pkg:swid/"].iter().any(|kind| found.id.starts_with(kind));
        if let Some(found) = Purl::parse(&text).ok().filter(|found| !by_qualifier(found)) {
            let again = Purl::parse(&found.id).unwrap();
            prop_assert_eq!(&again.id, &found.id);
            prop_assert_eq!(again.version, None);
            prop_assert!(!found.id.chars().any(char::is_control) && !found.spelled.contains('\0'));
            prop_assert_eq!(Purl::parse_repository(&found.id).is_ok(), purl::is_repository(&found.id));
            prop_assert!(Purl::parse_repository(&text).is_err() || purl::is_repository(&found.id));
            prop_assert_eq!(&purl::read_again(&found.id, Some(&found.spelled)).unwrap(), &found.id);
        }
        // Names lose their control characters when they are read.
        let name = text.replace(char::is_control, "");
        for generic in [purl::generic_id("pkg:github/a/b", &name), purl::grouped_id("pkg:gitlab/a/b/c", &name, &name)] {
            prop_assert_eq!(&Purl::parse(&generic).unwrap().id, &generic);
        }
    }

    #[test]
    fn a_stream_prints_as_it_reads(text in "(repo|package|project|survey|round|formula|atlas|x)?:?.{0,20}") {
        if let Ok(stream) = StreamId::parse(&text) {
            prop_assert_eq!(stream.to_string(), text);
        }
    }

    #[test]
    fn a_time_prints_as_it_reads(text in prop_oneof![TIME, ".{0,30}"], months in 0..30_000_u32) {
        if let Ok(time) = Timestamp::parse_time_or_date(&text) {
            prop_assert_eq!(Timestamp::parse(&time.to_string()).unwrap(), time);
            prop_assert_eq!(Timestamp::from_micros(time.micros()), Some(time));
            prop_assert!(time.day().start() <= time && time.day().minus_months(months) <= time.day());
        }
        if let Ok(day) = Day::parse(&text) {
            prop_assert_eq!(&day.to_string(), text.trim());
            prop_assert_eq!(day.start().day(), day);
        }
    }

    #[test]
    fn a_formula_is_refused_with_a_reason_or_has_one_form(
        shipped in 0..SHIPPED.len(),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), PIECE), 0..4),
    ) {
        match Formula::parse(&mangled(SHIPPED[shipped].1, &changes)) {
            Ok(formula) => {
                let again = Formula::parse(&toml::to_string(&formula).unwrap()).unwrap();
                prop_assert_eq!(again.hash(), formula.hash());
                prop_assert_eq!(again, formula);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
    #[test]
    fn a_changed_checkpoint_is_no_other(
        seed: [u8; 32],
        size: u64,
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), 0..4u8), 0..5),
    ) {
        let key = SigningKey::from_seed("log.example", &seed).unwrap();
        let checkpoint = Checkpoint { origin: "log.example".to_owned(), size, root: Digest::of(&seed) };
        let note = checkpoint.sign(&[SigningKey::from_seed("log.example", &seed).unwrap()]).to_string();
        let changed = scratched(&note, &changes);
        let keys = [key.public().clone()];
        let opened = Note::parse(&changed).map_err(CheckpointError::from).and_then(|note| {
            let found = Checkpoint::parse(&note.text)?;
            Ok((!found.signers(&note, &keys)?.is_empty()).then_some(found))
        });
        prop_assert!(changed != note || opened == Ok(Some(checkpoint.clone())));
        prop_assert!(!matches!(opened, Ok(Some(found)) if found != checkpoint), "{}", changed);
        let secret = SigningKey::secret("log.example", &seed).unwrap();
        if let Ok(other) = SigningKey::parse(&scratched(&secret, &changes)) {
            prop_assert_eq!(other.public(), key.public());
        }
        if let Ok(found) = VerifyingKey::parse(&scratched(&key.public().to_string(), &changes)) {
            prop_assert_eq!(&found, key.public());
        }
    }
}
