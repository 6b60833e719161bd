//! Event buses.

use serde::Deserialize;
use serde_json::{Value, json};
use storage::rusqlite::params;

use super::{DEFAULT_BUS, Events};
use crate::AwsError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfBus {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListBuses {
    #[serde(default)]
    name_prefix: String,
}

impl Events {
    pub(super) async fn create_event_bus(&self, request: OfBus) -> Result<Value, AwsError> {
        let name = request.name.unwrap_or_default();
        let letters = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        if name.is_empty() || name.len() > 256 || !letters {
            return Err(AwsError::validation(
                "Value at 'name' failed to satisfy constraint: [/\\.\\-_A-Za-z0-9]+",
            ));
        }
        if self.known().buses.contains(&name) {
            return Err(AwsError::sender(
                "ResourceAlreadyExistsException",
                format!("Event bus {name} already exists."),
            ));
        }
        let (row, now) = (name.clone(), self.clock.now());
        self.storage
            .write(move |connection| {
                connection.execute(
                    "INSERT OR IGNORE INTO buses (name, created) VALUES (?1, ?2)",
                    params![row, now],
                )
            })
            .await?;
        self.change(|known| {
            known.buses.insert(name.clone());
        });
        Ok(json!({ "EventBusArn": self.arn(&format!("event-bus/{name}")) }))
    }

    pub(super) async fn delete_event_bus(&self, request: OfBus) -> Result<Value, AwsError> {
        let name = request.name.unwrap_or_default();
        if name == DEFAULT_BUS {
            return Err(AwsError::validation("Cannot delete event bus default."));
        }
        if self.known().rules.keys().any(|(bus, _)| *bus == name) {
            return Err(AwsError::validation("Event bus has rules; delete them first."));
        }
        let row = name.clone();
        self.storage
            .write(move |connection| connection.execute("DELETE FROM buses WHERE name = ?1", [row]))
            .await?;
        self.change(|known| {
            known.buses.remove(&name);
        });
        Ok(Value::Null)
    }

    pub(super) async fn describe_event_bus(&self, request: OfBus) -> Result<Value, AwsError> {
        let name = self.bus(request.name.as_deref())?;
        Ok(json!({ "Name": name, "Arn": self.arn(&format!("event-bus/{name}")) }))
    }

    pub(super) async fn list_event_buses(&self, request: ListBuses) -> Result<Value, AwsError> {
        let known = self.known();
        let buses = known
            .buses
            .iter()
            .filter(|name| name.starts_with(&request.name_prefix));
        let buses = buses.map(|name| json!({ "Name": name, "Arn": self.arn(&format!("event-bus/{name}")) }));
        Ok(json!({ "EventBuses": buses.collect::<Vec<_>>() }))
    }
}
