//! Taking events: each is matched against the rules of its bus, and what follows is written before it is acknowledged.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules::Rule;
use super::targets::Target;
use super::{DEFAULT_BUS, Events, transform};
use crate::AwsError;
use crate::deliveries::{self, Prepared};

/// Bytes of all events of one request.
const LARGEST: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    /// Seconds since 1970, or a text.
    time: Option<Value>,
}

impl Entry {
    fn size(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        texts + self.resources.iter().map(String::len).sum::<usize>()
    }
}

impl Events {
    pub(super) async fn put_events(&self, request: PutEvents) -> Result<Value, AwsError> {
        if !(1..=10).contains(&request.entries.len()) {
            return Err(AwsError::validation(
                "Value at 'entries' failed to satisfy constraint: 1 to 10 members",
            ));
        }
        if request.entries.iter().map(Entry::size).sum::<usize>() > LARGEST {
            return Err(AwsError::validation(
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let (mut answers, mut prepared, mut failed) = (Vec::new(), Vec::new(), 0);
        for entry in request.entries {
            match self.event(entry) {
                Ok((bus, event)) => {
                    answers.push(json!({ "EventId": event.get("id") }));
                    prepared.extend(self.follow(&bus, &event));
                }
                Err(error) => {
                    failed += 1;
                    answers.push(json!({ "ErrorCode": error.code, "ErrorMessage": error.message }));
                }
            }
        }
        self.commit(prepared).await?;
        Ok(json!({ "FailedEntryCount": failed, "Entries": answers }))
    }

    /// An event of this home's own services, on the default bus.
    pub(crate) async fn publish(&self, mut event: Value) -> Result<(), AwsError> {
        let mut default = |name: &str, value: Value| {
            if let Some(members) = event.as_object_mut() {
                members.entry(name).or_insert(value);
            }
        };
        default("version", json!("0"));
        default("id", json!(Uuid::new_v4().to_string()));
        default("account", json!(self.names.account));
        default("region", json!(self.names.region));
        default("time", json!(self.time(None)));
        default("resources", json!([]));
        let prepared = self.follow(DEFAULT_BUS, &event);
        self.commit(prepared).await
    }

    /// An event that a rule of another bus sends here.
    pub(crate) async fn forward(&self, bus: &str, event: Value) -> Result<(), AwsError> {
        let bus = self.bus(Some(bus))?;
        let prepared = self.follow(&bus, &event);
        self.commit(prepared).await
    }

    fn event(&self, entry: Entry) -> Result<(String, Value), AwsError> {
        let needed = |name: &str, value: Option<String>| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| {
                AwsError::sender(
                    "InvalidArgument",
                    format!("Parameter {name} is not valid. Reason: {name} is a required argument."),
                )
            })
        };
        let source = needed("Source", entry.source)?;
        if source.starts_with("aws.") {
            return Err(AwsError::sender(
                "NotAuthorizedForSourceException",
                "Not authorized for the source.",
            ));
        }
        let detail_type = needed("DetailType", entry.detail_type)?;
        let detail: Value = serde_json::from_str(&needed("Detail", entry.detail)?)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| AwsError::sender("MalformedDetail", "Detail is malformed."))?;
        let bus = entry.event_bus_name.as_deref().unwrap_or(DEFAULT_BUS);
        let event = json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": detail_type,
            "source": source,
            "account": self.names.account,
            "time": self.time(entry.time.as_ref()),
            "region": self.names.region,
            "resources": entry.resources,
            "detail": detail,
        });
        Ok((self.bus(Some(bus))?, event))
    }

    /// To the second, as events have it.
    fn time(&self, given: Option<&Value>) -> String {
        let now = || self.clock.now() / 1000;
        let seconds = match given {
            #[expect(clippy::cast_possible_truncation, reason = "seconds of a date")]
            Some(Value::Number(number)) => number.as_f64().map_or_else(now, |seconds| seconds as i64),
            Some(Value::String(text)) => text
                .parse::<jiff::Timestamp>()
                .map_or_else(|_| now(), |t| t.as_second()),
            _ => now(),
        };
        jiff::Timestamp::from_second(seconds)
            .map(|time| time.to_string())
            .unwrap_or_default()
    }

    /// What an event's rules want delivered.
    fn follow(&self, bus: &str, event: &Value) -> Vec<Prepared> {
        let known = self.known();
        let rules = known
            .rules
            .values()
            .filter(|rule| rule.bus == bus && rule.matches(event));
        rules.flat_map(|rule| self.prepare(rule, event)).collect()
    }

    /// What the targets of a rule get of an event.
    pub(super) fn prepare(&self, rule: &Rule, event: &Value) -> Vec<Prepared> {
        let arn = self.rule_arn(&rule.bus, rule.name());
        let of_target = |target: &Target| {
            let payload = transform::payload(target, event, &arn, rule.name());
            deliveries::prepare(&self.sqs, &target.arn, payload, target.group(), target.policy())
        };
        rule.targets.values().map(of_target).collect()
    }

    async fn commit(&self, prepared: Vec<Prepared>) -> Result<(), AwsError> {
        if prepared.is_empty() {
            return Ok(());
        }
        let concerns: Vec<_> = prepared.iter().map(Prepared::concerns).collect();
        let now = self.clock.now();
        let written = self.storage.write(move |connection| {
            prepared
                .iter()
                .try_for_each(|one| deliveries::put(connection, one, now))
        });
        written.await?;
        self.deliveries.told(&self.sqs, &concerns);
        Ok(())
    }
}
