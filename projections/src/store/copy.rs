//! Many rows at once, sent when the database has time.

use sqlx::PgConnection;

use super::StoreError;
use crate::table::text::CopyText;

/// Bytes sent to COPY at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Copies rows into a table that has none of them.
///
/// # Errors
/// When the database refuses.
pub async fn send(text: &CopyText, conn: &mut PgConnection, table: &str) -> Result<(), StoreError> {
    if text.is_empty() {
        return Ok(());
    }
    let mut sink = conn.copy_in_raw(&format!("COPY {table} FROM STDIN")).await?;
    for chunk in text.bytes().chunks(CHUNK_BYTES) {
        sink.send(chunk).await?;
    }
    sink.finish().await?;
    Ok(())
}
