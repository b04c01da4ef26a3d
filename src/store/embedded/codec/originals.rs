//! A body of entries of which some were submitted in another currency: their submitted amounts and rates, around the
//! body that there would be otherwise. Bodies without such entries take nothing for it.

use super::{StoredEntry, for_each_entry};
use crate::domain::{exchange_rate::Original, ledger::Entry};

/// The first byte of such a body.
pub const VERSION: u8 = 5;

/// The places of the entries in the body, rising, each with its original.
type Originals<O> = Vec<(u32, O)>;

/// What entries were submitted as, if any of them was submitted in another currency.
pub fn of<'w>(entries: &[StoredEntry<&'w Entry>]) -> Originals<&'w Original> {
    let placed = (0..).zip(entries);
    placed
        .filter_map(|(place, stored)| match stored.entry {
            Entry::Activity(activity) => Some((place, activity.original.as_deref()?)),
            Entry::Reversal(_) => None,
        })
        .collect()
}

/// Puts originals around a body.
pub fn write(originals: &Originals<&Original>, body: &[u8]) -> Result<Vec<u8>, String> {
    let bytes = postcard::to_extend(originals, vec![VERSION]);
    let mut bytes = bytes.map_err(|error| error.to_string())?;
    bytes.extend(body);
    Ok(bytes)
}

/// Takes the body out, without its first byte.
pub fn read(bytes: &[u8]) -> Result<(Originals<Original>, &[u8]), String> {
    let (originals, body) = postcard::take_from_bytes(bytes)
        .map_err(|error| format!("the submitted amounts cannot be read: {error}"))?;
    match body.first() {
        Some(&VERSION) => Err("a body is in itself".to_owned()),
        _ => Ok((originals, body)),
    }
}

/// Calls `visit` with every entry of such a body, without its first byte, in order.
pub fn read_entries(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredEntry) -> Result<(), String>,
) -> Result<(), String> {
    let (originals, body) = read(bytes)?;
    let mut originals = originals.into_iter().peekable();
    let mut place = 0;
    for_each_entry(body, count, &mut |mut stored| {
        if let Some((_, original)) = originals.next_if(|(own, _)| *own == place) {
            match &mut stored.entry {
                Entry::Activity(activity) => activity.original = Some(Box::new(original)),
                Entry::Reversal(_) => return Err("a reversal with submitted amounts".to_owned()),
            }
        }
        place += 1;
        visit(stored)
    })?;
    match originals.next() {
        None => Ok(()),
        Some(_) => Err("submitted amounts of an entry that is not there".to_owned()),
    }
}
