//! Cursors: where a list goes on. Opaque to clients, and worth nothing in another list: the partition that is read
//! always comes from the request, and a cursor that was made for another partition is refused.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Error, Result, Text};

use crate::dynamo::key_attributes;
use crate::item::{Item, text};
use crate::table::{INDEX_PARTITION_KEY, PARTITION_KEY};

pub(crate) fn seal(last: &Item) -> String {
    let keys: BTreeMap<&str, &str> = key_attributes(last).collect();
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&keys).unwrap_or_default())
}

/// The start key that a cursor of a table's partition holds.
pub(crate) fn open(cursor: &str, pk: &str) -> Result<Item> {
    open_for(cursor, PARTITION_KEY, pk, &["pk", "sk"])
}

/// The start key that a cursor of an index's partition holds.
pub(crate) fn open_index(cursor: &str, partition: &str) -> Result<Item> {
    open_for(
        cursor,
        INDEX_PARTITION_KEY,
        partition,
        &["gsi1pk", "gsi1sk", "pk", "sk"],
    )
}

fn open_for(cursor: &str, partition_key: &str, partition: &str, names: &[&str]) -> Result<Item> {
    let keys: BTreeMap<String, String> = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(invalid)?;
    let complete = keys.len() == names.len() && names.iter().all(|name| keys.contains_key(*name));
    if !complete || keys.get(partition_key).map(String::as_str) != Some(partition) {
        return Err(invalid());
    }
    Ok(keys
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect())
}

fn invalid() -> Error {
    let message = Text::new("This cursor is not one of this list.", "该游标不属于此列表。");
    Error::invalid("/?cursor", "cursor", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::ItemExt;
    use crate::keys::ItemKey;

    #[test]
    fn a_cursor_opens_its_own_list_only() {
        let last = Item::new().at(&ItemKey {
            pk: "a#INBOX#u".to_owned(),
            sk: "TASK#1".to_owned(),
        });
        let cursor = seal(&last);
        assert_eq!(open(&cursor, "a#INBOX#u").unwrap(), last);
        for (cursor, pk) in [
            (cursor.as_str(), "b#INBOX#u"),
            ("", "a#INBOX#u"),
            ("%%%", "a#INBOX#u"),
            ("bnVsbA", "a#INBOX#u"),
        ] {
            assert!(open(cursor, pk).is_err(), "{cursor:?}");
        }
        assert!(open_index(&cursor, "a#INBOX#u").is_err());
    }
}
