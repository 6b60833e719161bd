//! Wakes those who follow a table's stream, when the table has changed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::watch;

#[derive(Default)]
pub(super) struct Changes(Mutex<HashMap<String, watch::Sender<()>>>);

impl Changes {
    /// Those of one table from now on.
    pub(super) fn of(&self, table: &str) -> watch::Receiver<()> {
        let mut tables = self.lock();
        match tables.get(table) {
            Some(sender) => sender.subscribe(),
            None => tables.entry(table.to_owned()).or_default().subscribe(),
        }
    }

    /// That this request has changed something.
    pub(super) fn tell(&self, request: &[u8]) {
        let Ok(named) = serde_json::from_slice::<Named>(request) else {
            return self.tell_all();
        };
        let tables = self.lock();
        let one = |name: &str| {
            // A table may be named by its ARN.
            let name = name.rsplit('/').next().unwrap_or(name);
            if let Some(sender) = tables.get(name) {
                sender.send_replace(());
            }
        };
        let items = named.transact_items.iter().flatten();
        let of_items = items
            .flat_map(|item| item.values())
            .filter_map(|action| action.table_name.as_deref());
        let of_batch = named
            .request_items
            .iter()
            .flat_map(HashMap::keys)
            .map(String::as_str);
        named
            .table_name
            .iter()
            .map(String::as_str)
            .chain(of_items)
            .chain(of_batch)
            .for_each(one);
        if named.statements() {
            tables.values().for_each(|sender| {
                sender.send_replace(());
            });
        }
    }

    pub(super) fn tell_all(&self) {
        for sender in self.lock().values() {
            sender.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a request names tables.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    table_name: Option<String>,
    request_items: Option<HashMap<String, IgnoredAny>>,
    transact_items: Option<Vec<HashMap<String, Action>>>,
    statement: Option<IgnoredAny>,
    statements: Option<IgnoredAny>,
    transact_statements: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Action {
    table_name: Option<String>,
}

impl Named {
    /// Whether the names are within statements.
    fn statements(&self) -> bool {
        self.statement.is_some() || self.statements.is_some() || self.transact_statements.is_some()
    }
}
