//! Ids that an earlier program kept otherwise than this one would.

use domain::purl;
use sqlx::PgConnection;

use super::CheckResult;
use crate::service::Result;

/// How many of the log's repositories and packages would have another id were they fed again. They keep what they have:
/// nothing is to be mended.
pub(super) async fn read_again(conn: &mut PgConnection) -> Result<CheckResult> {
    let subjects = sqlx::query_file!("sql/subjects.sql").fetch_all(conn).await?;
    let (mut differing, mut first) = (0, None);
    for subject in &subjects {
        let again = purl::read_again(&subject.id, subject.spelled.as_deref());
        if again.as_ref() == Ok(&subject.id) {
            continue;
        }
        differing += 1;
        first.get_or_insert_with(|| match again {
            Ok(again) => format!("{} as {again}", subject.id),
            Err(_) => format!("{} not at all", subject.id),
        });
    }
    let count = subjects.len();
    Ok(Ok(match first {
        None if count == 1 => "1 repository or package, called as it would be today".to_owned(),
        None => format!("{count} repositories and packages, each called as it would be today"),
        Some(first) => format!(
            "{differing} of {count} repositories and packages would read differently when fed again ({first}); what an \
             earlier program kept keeps its id"
        ),
    }))
}
