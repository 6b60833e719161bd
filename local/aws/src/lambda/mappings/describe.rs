//! The operations on mappings.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Configuration, Mapping, Source, invalid};
use crate::AwsError;
use crate::lambda::Lambda;
use crate::service::set;

/// Mappings of one page.
const PAGE: usize = 100;

impl Lambda {
    pub(in crate::lambda) async fn create_event_source_mapping(
        &self,
        body: Value,
    ) -> Result<Value, AwsError> {
        let configuration: Configuration = serde_json::from_value(body)?;
        let mut mapping = Mapping::new(Uuid::new_v4().to_string(), configuration, self.clock.now())?;
        self.function(&mapping.function)?;
        match &mapping.source {
            Source::Queue(arn) if self.sqs.url_of_arn(arn).is_none() => {
                return Err(invalid(format!("The queue {arn} does not exist.")));
            }
            Source::Queue(_) => {}
            Source::Stream(table) => {
                let latest = mapping.configuration.starting_position.as_deref() == Some("LATEST");
                let begin = self.dynamodb.begin(table, latest).await?;
                mapping.position =
                    Some(begin.ok_or_else(|| invalid(format!("The table {table} has no stream.")))?);
            }
        }
        let same = |other: &Mapping| other.source == mapping.source && other.function == mapping.function;
        if let Some(there) = self.mappings.all().iter().find(|other| same(other)) {
            let message = format!(
                "An event source mapping with this event source and function already exists: UUID {}",
                there.id
            );
            return Err(AwsError::sender("ResourceConflictException", message).with_status(409));
        }
        let mut told = self.told_mapping(&mapping);
        set(&mut told, "State", "Creating");
        self.store_mapping(mapping).await?;
        Ok(told)
    }

    pub(in crate::lambda) async fn update_event_source_mapping(
        &self,
        id: &str,
        body: Value,
    ) -> Result<Value, AwsError> {
        let there = self.mappings.get(id)?;
        // What is not given stays.
        let mut merged = serde_json::to_value(&there.configuration)?;
        if let (Some(known), Value::Object(new)) = (merged.as_object_mut(), body) {
            for (name, value) in new {
                let fixed = ["EventSourceArn", "StartingPosition", "UUID"];
                if !fixed.contains(&name.as_str()) && !value.is_null() {
                    known.insert(name, value);
                }
            }
        }
        let configuration: Configuration = serde_json::from_value(merged)?;
        let mapping = Mapping::new(id.to_owned(), configuration, self.clock.now())?;
        self.function(&mapping.function)?;
        let mut told = self.told_mapping(&mapping);
        set(&mut told, "State", "Updating");
        self.store_mapping(mapping).await?;
        Ok(told)
    }

    pub(in crate::lambda) async fn delete_event_source_mapping(&self, id: &str) -> Result<Value, AwsError> {
        let mapping = self.mappings.get(id)?;
        let row = id.to_owned();
        self.storage
            .write(move |connection| {
                connection.execute("DELETE FROM event_source_mappings WHERE id = ?1", [row])
            })
            .await?;
        self.mappings.remove(id);
        self.mappings.changed.notify_one();
        let mut told = self.told_mapping(&mapping);
        set(&mut told, "State", "Deleting");
        Ok(told)
    }

    pub(in crate::lambda) fn get_event_source_mapping(&self, id: &str) -> Result<Value, AwsError> {
        Ok(self.told_mapping(&*self.mappings.get(id)?))
    }

    /// `asked`: the parameters of the query.
    pub(in crate::lambda) fn list_event_source_mappings(
        &self,
        asked: &HashMap<String, String>,
    ) -> Result<Value, AwsError> {
        let (function, source) = (asked.get("FunctionName"), asked.get("EventSourceArn"));
        let function = function.map(|name| self.function(name)).transpose()?;
        let limit = asked
            .get("MaxItems")
            .and_then(|most| most.parse().ok())
            .unwrap_or(PAGE);
        let after = asked.get("Marker");
        let all = self.mappings.all();
        let mut found = all.iter().filter(|mapping| {
            function
                .as_ref()
                .is_none_or(|function| function.name == mapping.function)
                && source.is_none_or(|arn| mapping.configuration.event_source_arn.as_ref() == Some(arn))
                && after.is_none_or(|after| mapping.id > *after)
        });
        let page: Vec<_> = found.by_ref().take(limit.clamp(1, PAGE)).collect();
        let told: Vec<Value> = page.iter().map(|mapping| self.told_mapping(mapping)).collect();
        let mut answer = json!({ "EventSourceMappings": told });
        if let (Some(last), true) = (page.last(), found.next().is_some()) {
            set(&mut answer, "NextMarker", last.id.as_str());
        }
        Ok(answer)
    }
}
