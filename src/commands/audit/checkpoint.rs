//! `audit checkpoint`: the log's own word, signed.

use ingest::signing_key::{self, ENV_FILE_NAME, ENV_NAME, Source};
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::new_key;
use crate::output::{Output, object};
use crate::session::{Session, say};

/// `audit checkpoint`.
pub(crate) async fn run(session: &Session, origin: Option<&str>, rotate: bool) -> Result<Output> {
    let source = source(session)?;
    let log = session.log().await?;
    let (mut keys, new_key) = source.load(origin).map_err(Failure::environment)?;
    // A key that is made here is new already.
    let rotate = rotate && new_key.is_none();
    let before = keys.len();
    if rotate {
        keys = source.add().map_err(Failure::environment)?;
    }
    let signed: Result<_> = ingest::checkpoint::sign(&log, &keys).await.map_err(Failure::from);
    let public: Vec<String> = keys.iter().map(|key| key.public().to_string()).collect();
    let purpose = format!(
        "it signs this log's checkpoints; back it up, and give its verification key to every auditor: {}",
        public.last().map(String::as_str).unwrap_or_default()
    );
    match new_key {
        Some(new_key) if new_key::is_used(&signed) => new_key::keep(&session.common, new_key, &purpose)?,
        _ if rotate && keys.len() > before && !new_key::is_used(&signed) => {
            source.drop_newest().map_err(Failure::environment)?;
        }
        _ => {}
    }
    let (checkpoint, note) = signed?;
    if rotate {
        source.drop_older().map_err(Failure::environment)?;
        say(&session.common, &format!("a new key in {}: {purpose}", signing_key::FILE_NAME));
    }
    let fields = object(json!({
        "origin": checkpoint.origin,
        "tree_size": checkpoint.size,
        "root": checkpoint.root,
        "keys": public,
        "note": note,
    }));
    Ok(Output::Report(note, fields))
}

/// Where the signing keys are.
fn source(session: &Session) -> Result<Source> {
    let variable = |name: &str| match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(Failure::environment(anyhow::anyhow!("{name}: {error}"))),
    };
    let file = variable(ENV_FILE_NAME)?.map(Into::into);
    Ok(Source::of(variable(ENV_NAME)?, file, &session.data_dir))
}
