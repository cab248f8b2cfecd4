//! `audit checkpoint`: the log's own word, signed.

use ingest::signing_key::{ENV_FILE_NAME, ENV_NAME, Source};
use serde_json::json;

use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::{Session, say};

/// `audit checkpoint`.
pub(crate) async fn run(session: &Session, origin: Option<&str>, rotate: bool) -> Result<Output> {
    let source = source(session)?;
    let (mut keys, made) = source.load(origin).map_err(Failure::environment)?;
    if rotate {
        keys = source.add().map_err(Failure::environment)?;
    }
    let log = session.log().await?;
    let (checkpoint, note) = ingest::checkpoint::sign(&log, &keys).await?;
    if rotate {
        source.drop_older().map_err(Failure::environment)?;
    }
    let public: Vec<String> = keys.iter().map(|key| key.public().to_string()).collect();
    if let (true, Some(newest)) = (made || rotate, public.last()) {
        say(&session.common, &format!("a new signing key; give its verification key to every auditor: {newest}"));
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
