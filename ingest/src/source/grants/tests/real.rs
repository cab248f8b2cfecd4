//! The grants data of the Stellar Community Fund, where it is at hand.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use domain::grants::{round_number, round_of, upstream_status};
use domain::status::ActivityStatus;

use super::*;

/// The files next to the workspace, decompressed; `None`, with a message, where there are none.
fn shared_files() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/opengrants");
    let Ok(listing) = std::fs::read_dir(&folder) else {
        println!("skipped: no ../shared/data/opengrants next to the workspace");
        return None;
    };
    let mut paths: Vec<PathBuf> = listing.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let mut bytes = Vec::new();
        let mut file = File::open(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "gz") {
            flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        } else {
            file.read_to_end(&mut bytes).unwrap();
        }
        (path.file_name().unwrap().to_string_lossy().into_owned(), bytes)
    };
    Some(paths.into_iter().map(read).collect())
}

fn counts<T: Ord>(items: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

/// How many git URLs name a repository, an owner, neither.
fn git_url_classes<'a>(urls: impl Iterator<Item = &'a String>) -> [usize; 3] {
    let mut classes = [0; 3];
    for url in urls {
        let class = match classify_git_url(url) {
            GitUrl::Repo { .. } => 0,
            GitUrl::Owner { .. } => 1,
            GitUrl::Other => 2,
        };
        classes[class] += 1;
    }
    classes
}

#[test]
fn every_record_is_a_fact_or_a_refusal() {
    let Some(files) = shared_files() else { return };
    let parsed = parse_files(&files).unwrap();
    let (mut projects, mut pools, mut applications) = (vec![], vec![], vec![]);
    for (_, facts) in &parsed.records {
        match &facts.record {
            GrantRecord::Project(record) => projects.push(record.as_ref()),
            GrantRecord::Pool(record) => pools.push(record.as_ref()),
            GrantRecord::Application(record) => applications.push(record.as_ref()),
        }
    }
    assert_eq!((projects.len(), pools.len(), applications.len()), (601, 48, 42));
    let [twin] = &parsed.refused[..] else { panic!("{:?}", parsed.refused) };
    assert!(twin.row.ends_with("(daoip-5:scf:project:wellspring)"), "{twin:?}");
    assert!(
        twin.reason.starts_with("duplicate id; the last one stands: opengrants_projects.json.gz:data["),
        "{twin:?}"
    );

    let words = projects.iter().map(|record| record.integration_status.as_deref().unwrap_or("-"));
    let expected = [
        ("-", 16),
        ("Abandoned", 212),
        ("Completed", 15),
        ("Development", 99),
        ("Expansion", 2),
        ("Idea", 2),
        ("Live (on Mainnet)", 2),
        ("Mainnet", 242),
        ("Testnet", 4),
        ("Unknown", 7),
    ];
    assert_eq!(counts(words), expected);
    let statuses = projects.iter().map(|record| upstream_status(record.integration_status.as_deref()));
    let expected = [
        (ActivityStatus::Live, 246),
        (ActivityStatus::InDev, 121),
        (ActivityStatus::Discontinued, 227),
        (ActivityStatus::NonResponsive, 7),
    ];
    assert_eq!(counts(statuses), expected);

    let of_projects = git_url_classes(projects.iter().flat_map(|record| &record.git_urls));
    let of_applications = git_url_classes(applications.iter().flat_map(|record| &record.git_urls));
    assert_eq!((of_projects, of_applications), ([203, 153, 31], [13, 8, 9]));
    assert_eq!(parsed.warnings.len(), 31 + 9, "nothing but git URLs is odd: {:?}", parsed.warnings);

    let mut rounds: Vec<u32> = pools.iter().filter_map(|pool| round_number(pool.name.as_deref()?)).collect();
    assert!(pools.iter().all(|pool| round_number(&pool.id) == pool.name.as_deref().and_then(round_number)));
    rounds.sort_unstable();
    assert_eq!(rounds, (1..=48).collect::<Vec<u32>>());
    let rounds = applications.iter().map(|record| round_of(record).unwrap());
    assert_eq!(counts(rounds), [(1, 8), (30, 22), (39, 12)]);
}

#[test]
fn nothing_private_or_expiring_enters_an_event() {
    let Some(files) = shared_files() else { return };
    let parsed = parse_files(&files).unwrap();
    let raw: Vec<String> = files.iter().map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect();
    assert!(raw.iter().any(|text| text.contains("airtableusercontent")), "the data holds what must not enter");
    assert!(raw.iter().any(|text| text.contains("communityfund@stellar.org")));
    for (row, facts) in &parsed.records {
        let event = Event::from(facts.clone());
        let bytes = codec::encode(&event).unwrap();
        assert_eq!(codec::decode("GrantObserved", 1, &bytes).unwrap(), event, "{row}");
        let text = String::from_utf8(bytes).unwrap();
        for forbidden in ["airtableusercontent", "/177482", "X-Amz", "Signature=", "communityfund@"] {
            assert!(!text.contains(forbidden), "{row} holds {forbidden}");
        }
        assert!(matches!(redact::emails(&text), std::borrow::Cow::Borrowed(_)), "{row} holds an address");
    }
    for ((name, before), (after, text)) in files.iter().zip(parsed.documents.iter().zip(&raw)) {
        assert!(!String::from_utf8_lossy(after).contains("communityfund@"), "{name}");
        let clean = matches!(redact::emails_in_json(text), std::borrow::Cow::Borrowed(_));
        assert_eq!(before == after, clean, "{name} changes only where an address or a credential stood");
    }
}

#[test]
fn the_order_of_the_files_changes_no_fact() {
    let Some(mut files) = shared_files() else { return };
    let facts = |files: &[(String, Vec<u8>)]| {
        let mut events: Vec<Vec<u8>> = parse_files(files)
            .unwrap()
            .records
            .into_iter()
            .map(|(_, facts)| codec::encode(&facts.into()).unwrap())
            .collect();
        events.sort();
        events
    };
    let forwards = facts(&files);
    files.reverse();
    assert_eq!(facts(&files), forwards);
}
