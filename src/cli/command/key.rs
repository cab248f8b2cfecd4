//! `key`.

use crate::cli::failure::Result;
use crate::cli::flags::KeyCommand;
use crate::cli::output::Output;
use crate::service::Deps;
use crate::service::act::key::{ClientKeyDraft, create, revoke};
use crate::service::ask::keys::keys;

/// `key`. `deps` opens the atlas, once it is known what is asked.
pub(crate) async fn run(deps: impl FnOnce() -> Result<Deps>, command: KeyCommand) -> Result<Output> {
    match command {
        KeyCommand::Create { kinds, repos, name, expires_at } => {
            let draft = ClientKeyDraft::new(&kinds, &repos, name.as_deref(), expires_at.as_deref())?;
            Output::of(&create(&deps()?, draft).await?)
        }
        KeyCommand::List => Output::rows(&keys(&deps()?).await?),
        KeyCommand::Revoke { id } => Output::of(&revoke(&deps()?, &id).await?),
    }
}
