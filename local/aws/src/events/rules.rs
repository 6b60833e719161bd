//! Rules: a pattern, and whether it is used.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};

use super::pattern::Pattern;
use super::targets::Target;
use super::{Events, Known, schedules};
use crate::AwsError;
use crate::service::set;

/// What PutRule is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutRule {
    name: String,
    event_pattern: Option<String>,
    schedule_expression: Option<String>,
    state: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfRule {
    name: String,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRules {
    #[serde(default)]
    name_prefix: String,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TestPattern {
    event_pattern: String,
    event: String,
}

/// A rule with its targets, by their ids.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) bus: String,
    pub(super) put: PutRule,
    pub(super) pattern: Option<Pattern>,
    pub(super) targets: BTreeMap<String, Target>,
}

impl Rule {
    pub(super) fn name(&self) -> &str {
        &self.put.name
    }

    fn state(&self) -> &str {
        self.put.state.as_deref().unwrap_or("ENABLED")
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.state() != "DISABLED"
    }

    pub(super) fn schedule(&self) -> Option<&str> {
        self.put.schedule_expression.as_deref()
    }

    pub(super) fn matches(&self, event: &Value) -> bool {
        self.is_enabled()
            && self
                .pattern
                .as_ref()
                .is_some_and(|pattern| pattern.matches(event))
    }
}

pub(super) fn load(connection: &Connection) -> Result<Known, rusqlite::Error> {
    let mut known = Known::default();
    let mut buses = connection.prepare("SELECT name FROM buses")?;
    for name in buses.query_map([], |row| row.get(0))? {
        known.buses.insert(name?);
    }
    let mut rules = connection.prepare("SELECT bus, rule, targets FROM rules")?;
    let rows = rules.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    for row in rows {
        let (bus, rule, targets): (String, String, String) = row?;
        let Ok(put) = serde_json::from_str::<PutRule>(&rule) else {
            continue;
        };
        let pattern = put
            .event_pattern
            .as_deref()
            .and_then(|text| Pattern::parse(text).ok());
        let targets = serde_json::from_str(&targets).unwrap_or_default();
        let key = (bus.clone(), put.name.clone());
        known.rules.insert(
            key,
            Arc::new(Rule {
                bus,
                put,
                pattern,
                targets,
            }),
        );
    }
    Ok(known)
}

impl Events {
    pub(super) fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn rule_arn(&self, bus: &str, name: &str) -> String {
        match bus {
            super::DEFAULT_BUS => self.arn(&format!("rule/{name}")),
            _ => self.arn(&format!("rule/{bus}/{name}")),
        }
    }

    /// Writes a rule down, then knows it.
    pub(super) async fn store(&self, rule: Rule) -> Result<(), AwsError> {
        let row = (
            rule.bus.clone(),
            rule.put.name.clone(),
            serde_json::to_string(&rule.put)?,
            serde_json::to_string(&rule.targets)?,
        );
        let (rule, now) = (Arc::new(rule), self.clock.now());
        let written = Arc::clone(&rule);
        self.storage
            .write(move |connection| {
                let insert =
                    "INSERT OR REPLACE INTO rules (bus, name, rule, targets) VALUES (?1, ?2, ?3, ?4)";
                connection.execute(insert, params![row.0, row.1, row.2, row.3])?;
                schedules::put(connection, &written, now)
            })
            .await?;
        let key = (rule.bus.clone(), rule.put.name.clone());
        self.change(|known| drop(known.rules.insert(key, rule)));
        self.scheduled.notify_one();
        Ok(())
    }

    pub(super) async fn put_rule(&self, put: PutRule) -> Result<Value, AwsError> {
        let bus = self.bus(put.event_bus_name.as_deref())?;
        let pattern = put.event_pattern.as_deref().map(Pattern::parse).transpose()?;
        if pattern.is_none() && put.schedule_expression.is_none() {
            return Err(AwsError::validation(
                "Parameter(s) EventPattern or ScheduleExpression must be specified.",
            ));
        }
        if let Some(expression) = &put.schedule_expression {
            schedules::check(&bus, expression)?;
        }
        let targets = self
            .rule(&bus, &put.name)
            .map(|rule| rule.targets.clone())
            .unwrap_or_default();
        let arn = self.rule_arn(&bus, &put.name);
        self.store(Rule {
            bus,
            put,
            pattern,
            targets,
        })
        .await?;
        Ok(json!({ "RuleArn": arn }))
    }

    pub(super) async fn delete_rule(&self, request: OfRule) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        match self.rule(&bus, &request.name) {
            // AWS does not mind a rule that is not there.
            Err(_) => return Ok(Value::Null),
            Ok(rule) if !rule.targets.is_empty() => {
                return Err(AwsError::validation(
                    "Rule can't be deleted since it has targets.",
                ));
            }
            Ok(_) => {}
        }
        let key = (bus, request.name);
        let row = key.clone();
        self.storage
            .write(move |connection| {
                schedules::remove(connection, &row.0, &row.1)?;
                connection.execute("DELETE FROM rules WHERE bus = ?1 AND name = ?2", [row.0, row.1])
            })
            .await?;
        self.change(|known| drop(known.rules.remove(&key)));
        Ok(Value::Null)
    }

    pub(super) async fn enable_rule(&self, request: OfRule) -> Result<Value, AwsError> {
        self.set_state(request, "ENABLED").await
    }

    pub(super) async fn disable_rule(&self, request: OfRule) -> Result<Value, AwsError> {
        self.set_state(request, "DISABLED").await
    }

    async fn set_state(&self, request: OfRule, state: &str) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        let mut rule = Rule::clone(&*self.rule(&bus, &request.name)?);
        rule.put.state = Some(state.to_owned());
        self.store(rule).await?;
        Ok(Value::Null)
    }

    pub(super) async fn describe_rule(&self, request: OfRule) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        Ok(self.told(&*self.rule(&bus, &request.name)?))
    }

    pub(super) async fn list_rules(&self, request: ListRules) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        let known = self.known();
        let rules = known
            .rules
            .values()
            .filter(|rule| rule.bus == bus && rule.name().starts_with(&request.name_prefix));
        Ok(json!({ "Rules": rules.map(|rule| self.told(rule)).collect::<Vec<_>>() }))
    }

    fn told(&self, rule: &Rule) -> Value {
        let mut told = json!({
            "Name": rule.name(),
            "Arn": self.rule_arn(&rule.bus, rule.name()),
            "State": rule.state(),
            "EventBusName": rule.bus,
        });
        let texts = [
            ("EventPattern", &rule.put.event_pattern),
            ("ScheduleExpression", &rule.put.schedule_expression),
            ("Description", &rule.put.description),
            ("RoleArn", &rule.put.role_arn),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                set(&mut told, name, text.as_str());
            }
        }
        told
    }

    pub(super) async fn test_event_pattern(&self, request: TestPattern) -> Result<Value, AwsError> {
        let event: Value = serde_json::from_str(&request.event)
            .map_err(|e| AwsError::validation(format!("Parameter Event is not valid: {e}")))?;
        let needed = [
            "id",
            "account",
            "source",
            "time",
            "region",
            "resources",
            "detail-type",
        ];
        if let Some(missing) = needed.iter().find(|member| event.get(*member).is_none()) {
            return Err(AwsError::validation(format!(
                "Parameter Event is not valid: {missing} is missing."
            )));
        }
        Ok(json!({ "Result": Pattern::parse(&request.event_pattern)?.matches(&event) }))
    }
}
