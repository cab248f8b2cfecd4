//! The log as transparency logs are read from outside (C2SP `tlog-tiles`): byte for byte what the sequencer keeps.

use std::collections::BTreeSet;

use domain::merkle::tile::{TileId, WIDTH};
use domain::note::Note;
use domain::recorded::Position;
use replay::audit::{live, tiles};
use replay::log::Stored;
use replay::{ReplayError, SNAPSHOT, log};
use sqlx::Connection as _;

use crate::service::{Deps, Error, Result};

/// The newest kept checkpoint: a signed note, with the cosignatures that are known of it.
///
/// # Errors
/// [`Error::NotFound`] where none was ever signed.
pub async fn checkpoint(deps: &Deps) -> Result<String> {
    let mut conn = deps.read().await?;
    let notes = live::newest_checkpoints(&mut conn).await?;
    let mut newest: Option<Note> = None;
    for text in notes.into_iter().rev() {
        let note = Note::parse(&text).map_err(Error::refused)?;
        match &mut newest {
            None => newest = Some(note),
            Some(held) if held.text == note.text => held.join(&note, "").map_err(Error::refused)?,
            Some(_) => break,
        }
    }
    let newest = newest.map(|note| note.to_string());
    newest.ok_or_else(|| Error::not_found("checkpoint", "", "no checkpoint of this log is signed yet"))
}

/// The first `width` hashes of a tile.
///
/// # Errors
/// [`Error::NotFound`] where the log is not as long.
pub async fn tile(deps: &Deps, tile: TileId, width: u64) -> Result<Vec<u8>> {
    let mut conn = deps.read().await?;
    let found = tiles::read(&mut conn, &BTreeSet::from([tile])).await?;
    let hashes = found.0.get(&tile).filter(|hashes| hashes.len() as u64 >= width);
    let hashes = hashes.ok_or_else(|| not_there(&format!("{}/{}", tile.level, tile.index)))?;
    Ok(hashes.iter().zip(0..width).flat_map(|(hash, _)| hash.0).collect())
}

/// The first `width` entries of a bundle: what leaf hashes are of, each behind its length in two bytes.
///
/// # Errors
/// [`Error::NotFound`] where the log is not as long.
pub async fn entries(deps: &Deps, index: u64, width: u64) -> Result<Vec<u8>> {
    let nothing = || not_there(&format!("entries/{index}"));
    let first = index.checked_mul(WIDTH).ok_or_else(nothing)?;
    let last: Position = first.checked_add(width).ok_or_else(nothing)?;
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    if last > log::head(&mut conn).await?.position {
        return Err(nothing());
    }
    let positions: Vec<Position> = (first + 1..=last).collect();
    let mut bundle = Vec::new();
    log::positions(&mut conn, &positions, |stored: Stored| {
        let corrupt = |detail: String| ReplayError::Corrupt { position: stored.position, detail };
        let entry = stored.envelope.entry().map_err(|error| corrupt(error.to_string()))?;
        let length =
            u16::try_from(entry.len()).map_err(|_| corrupt("its entry is too long to be served".to_owned()))?;
        bundle.extend(length.to_be_bytes());
        bundle.extend(entry);
        Ok::<(), ReplayError>(())
    })
    .await?;
    Ok(bundle)
}

fn not_there(what: &str) -> Error {
    Error::not_found("tile", what, format!("the log has no tile {what} of that width yet"))
}

/// Which tile a path names behind `tile/`: its level, or none for entries, its index and how many it is to hold. An
/// index is written in groups of three digits, all but the last with an `x` in front.
#[must_use]
pub fn tile_named(path: &str) -> Option<(Option<u32>, u64, u64)> {
    let (level, rest) = path.split_once('/')?;
    let known = |level: &str| (0..64).find(|known: &u32| known.to_string() == level);
    let level = if level == "entries" { None } else { Some(known(level)?) };
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, number(width).filter(|width| (1..WIDTH).contains(width))?),
        None => (rest, WIDTH),
    };
    let (groups, last) = index.rsplit_once('/').map_or(("", index), |(groups, last)| (groups, last));
    let mut value = 0_u64;
    let groups = groups.split('/').filter(|_| !groups.is_empty());
    for (group, is_first) in groups.map(|group| group.strip_prefix('x')).chain([Some(last)]).zip((0..).map(|n| n == 0))
    {
        let group = group.filter(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()))?;
        let zeros = is_first && group == "000" && index != "000";
        value = value.checked_mul(1_000)?.checked_add(group.parse().ok().filter(|_| !zeros)?)?;
    }
    Some((level, value, width))
}

/// A number without signs or zeros in front.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_named_as_the_format_has_it() {
        assert_eq!(tile_named("0/000"), Some((Some(0), 0, 256)));
        assert_eq!(tile_named("1/x001/x234/067"), Some((Some(1), 1_234_067, 256)));
        assert_eq!(tile_named("0/x001/000.p/17"), Some((Some(0), 1_000, 17)));
        assert_eq!(tile_named("entries/003.p/255"), Some((None, 3, 255)));
        for wrong in [
            "",
            "0",
            "0/",
            "0/0",
            "0/0000",
            "0/x000/001",
            "0/001/002",
            "0/x01/002",
            "64/000",
            "-1/000",
            "00/000",
            "0/+01",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/",
            "0/000.p/01",
            "entries",
            "x/000",
            "0/x001",
            "0//000",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(tile_named(wrong), None, "{wrong}");
        }
    }
}
