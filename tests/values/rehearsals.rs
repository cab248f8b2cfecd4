//! Without a log the same is refused as with one, in the same words.

use domain::facts::grant::GrantRecord;
use domain::facts::repo::RepoObserved;
use domain::{Event, Timestamp};
use ingest::append::Rehearsal;
use ingest::{Append, AppendError};

use crate::support::log::{check, context, keyed};
use crate::support::{Db, events};

fn observed(change: impl FnOnce(&mut RepoObserved)) -> Append {
    let Event::RepoObserved(mut facts) = events::repo("a/b", 1) else { unreachable!() };
    change(&mut facts);
    Event::from(facts).into()
}

#[tokio::test]
async fn what_a_log_refuses_a_rehearsal_refuses() {
    let db = Db::create().await;
    let log = db.log();
    let later = Timestamp::parse("2999-01-01T00:00:00Z").unwrap();
    let curated = events::every_kind().into_iter().find_map(|event| match event {
        Event::Curated(facts) => Some(facts),
        _ => None,
    });
    let curated = curated.unwrap();
    let grant = events::every_kind().into_iter().find_map(|event| match event {
        Event::GrantObserved(facts) => Some(facts),
        _ => None,
    });
    let mut grant = grant.unwrap();
    let GrantRecord::Project(record) = &mut grant.record else { unreachable!() };
    record.name = Some("O\u{200b}ne".to_owned());
    let redefined = domain::facts::formula::FormulaAdopted {
        name: "seed".to_owned(),
        hash: domain::digest::Digest::of(b"another formula"),
        document: "name = \"seed\"\n".to_owned(),
    };
    let cases: Vec<(&str, Append)> = vec![
        ("more than 5 minutes ahead", Append { observed_at: Some(later), ..events::repo("a/b", 1).into() }),
        ("the limit is 67108864", observed(|facts| facts.description = Some("x".repeat(64 * 1024 * 1024)))),
        ("9007199254740992", observed(|facts| facts.stars = Some(1 << 53))),
        ("1 to 1024 bytes", observed(|facts| facts.subject.id = "x".repeat(1025))),
        ("project: ", observed(|facts| facts.subject.project = Some("p\u{200b}".to_owned()))),
        ("project: ", observed(|facts| facts.subject.project = Some("ann@example.org".to_owned()))),
        ("name: ", Event::from(grant).into()),
        ("1 to 512 bytes", keyed(events::repo("a/b", 1), &"k".repeat(513))),
        ("1 to 512 bytes", keyed(events::repo("a/b", 1), "")),
        ("`seed`", Event::from(redefined).into()),
        ("label: ", events::published("a\u{200b}", 1).into()),
        ("label: ", events::published(&"x".repeat(201), 1).into()),
        (
            "author: ",
            Event::from(domain::facts::curation::Curated { author: "x".repeat(257), ..curated.clone() }).into(),
        ),
        ("reason: ", Event::from(domain::facts::curation::Curated { reason: " ".to_owned(), ..curated }).into()),
    ];
    for (says, append) in cases {
        let logged = log.append(append.clone(), &context()).await.unwrap_err();
        let AppendError::Refused(logged) = logged else { panic!("{logged}") };
        let rehearsed = rehearsal().foresee(vec![append]).remove(0).unwrap_err();
        let words = |refusal: &ingest::Refusal| refusal.to_string().split(" clock (").next().unwrap().to_owned();
        assert_eq!(words(&rehearsed), words(&logged));
        assert!(logged.to_string().contains(says), "{says}: {logged}");
        assert_eq!(rehearsed.is_conflict(), logged.is_conflict());
    }
    assert!(check(db.pool()).await.is_empty());
}

#[tokio::test]
async fn events_of_a_call_see_one_another_as_in_the_log() {
    let db = Db::create().await;
    let appends = vec![
        keyed(events::repo("a/b", 1), "k"),
        keyed(events::repo("a/b", 2), "k"),
        keyed(events::repo("a/b", 1), "k"),
        events::published("Q1", 1).into(),
        events::published("q1", 1).into(),
    ];
    let rehearsed = rehearsal().foresee(appends.clone());
    let logged = db.log().append_batch(appends, &context()).await.unwrap();
    let said = |refusal: Option<&ingest::Refusal>| refusal.map(ToString::to_string);
    let logged: Vec<_> = logged.iter().map(|outcome| said(outcome.as_ref().err())).collect();
    assert_eq!(rehearsed.iter().map(|item| said(item.as_ref().err())).collect::<Vec<_>>(), logged);
    assert!(logged[0].is_none() && logged[2].is_none() && logged[3].is_none());
    assert!(logged[1].as_ref().unwrap().contains("`k`") && logged[4].as_ref().unwrap().contains("`q1`"));
    let mut nobody = context();
    nobody.actor = "ann@example.org".to_owned();
    let now = Timestamp::from_datetime(chrono::Utc::now()).unwrap();
    assert!(Rehearsal::new(&nobody, now).is_err());
}

#[tokio::test]
async fn events_of_one_part_see_those_of_the_parts_before() {
    let db = Db::create().await;
    let log = db.log();
    log.append(keyed(events::repo("a/b", 1), "old"), &context()).await.unwrap();
    let parts = [
        vec![keyed(events::repo("a/b", 2), "new"), events::published("Q1", 1).into()],
        vec![keyed(events::repo("a/b", 2), "old"), keyed(events::repo("a/b", 3), "new")],
        vec![events::published("q1", 1).into(), keyed(events::repo("a/b", 2), "new")],
    ];
    let said = |refusal: Option<&ingest::Refusal>| refusal.map(ToString::to_string);
    let mut asking = Rehearsal::default();
    let mut rehearsed = Vec::new();
    for part in parts.clone() {
        let foreseen = log.rehearse(&mut asking, part).await.unwrap();
        rehearsed.extend(foreseen.iter().map(|item| said(item.as_ref().err())));
    }
    let logged = log.append_batch(parts.concat(), &context()).await.unwrap();
    let logged: Vec<_> = logged.iter().map(|outcome| said(outcome.as_ref().err())).collect();
    assert_eq!(rehearsed, logged);
    let refused: Vec<usize> = (0..6).filter(|n| logged[*n].is_some()).collect();
    assert_eq!(refused, [2, 3, 4], "{logged:?}");
}

fn rehearsal() -> Rehearsal {
    Rehearsal::new(&context(), Timestamp::from_datetime(chrono::Utc::now()).unwrap()).unwrap()
}
