//! Workflows over the whole language that nothing is wrong with: blocks within blocks, drawn from dice, so that fewer dice
//! are a smaller workflow.
//!
//! No case depends on the order of what is independent: branches have variables of their own, and what leaves a
//! fork early does so only after a place.

mod blocks;
mod builder;
mod events;
mod gateways;
mod repeated;
mod scopes;
mod unnested;
mod values;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use builder::Builder;

/// What the generated workflows have.
#[derive(Debug, Clone, Copy)]
pub(in crate::tests) struct Features {
    /// Variables: scripts set them, and services.
    pub(in crate::tests) scripts: bool,
    pub(in crate::tests) tables: bool,
    pub(in crate::tests) parallel: bool,
    pub(in crate::tests) inclusive: bool,
    /// Forks whose branches end by themselves.
    pub(in crate::tests) open_forks: bool,
    /// Timers, messages and signals that are waited for, and gateways of events.
    pub(in crate::tests) catches: bool,
    pub(in crate::tests) sends: bool,
    pub(in crate::tests) calls: bool,
    pub(in crate::tests) sub_processes: bool,
    /// Interrupting events on tasks, and on sub-processes where there are any.
    pub(in crate::tests) boundaries: bool,
    /// Events that do not interrupt.
    pub(in crate::tests) listeners: bool,
    pub(in crate::tests) event_sub_processes: bool,
    pub(in crate::tests) errors: bool,
    pub(in crate::tests) terminate: bool,
    pub(in crate::tests) escalations: bool,
    pub(in crate::tests) compensation: bool,
    pub(in crate::tests) links: bool,
    pub(in crate::tests) multi_sequential: bool,
    pub(in crate::tests) multi_parallel: bool,
    /// Errors that nobody catches.
    pub(in crate::tests) incidents: bool,
    /// Forks that do not nest.
    pub(in crate::tests) unnested: bool,
}

impl Features {
    /// Tasks, services, exclusive gateways, loops.
    pub(in crate::tests) const NONE: Self = Self {
        scripts: false,
        tables: false,
        parallel: false,
        inclusive: false,
        open_forks: false,
        catches: false,
        sends: false,
        calls: false,
        sub_processes: false,
        boundaries: false,
        listeners: false,
        event_sub_processes: false,
        errors: false,
        terminate: false,
        escalations: false,
        compensation: false,
        links: false,
        multi_sequential: false,
        multi_parallel: false,
        incidents: false,
        unnested: false,
    };

    pub(in crate::tests) const ALL: Self = Self {
        scripts: true,
        tables: true,
        parallel: true,
        inclusive: true,
        open_forks: true,
        catches: true,
        sends: true,
        calls: true,
        sub_processes: true,
        boundaries: true,
        listeners: true,
        event_sub_processes: true,
        errors: true,
        terminate: true,
        escalations: true,
        compensation: true,
        links: true,
        multi_sequential: true,
        multi_parallel: true,
        incidents: true,
        // What leaves a fork early does not go with them.
        unnested: false,
    };
}

/// A workflow with what it starts with, and which places are answered how.
#[derive(Debug, Clone)]
pub(in crate::tests) struct Case {
    pub(in crate::tests) definition: Value,
    pub(in crate::tests) data: Map<String, Value>,
    pub(in crate::tests) script: Vec<u16>,
    /// What each service answers.
    services: BTreeMap<String, Served>,
}

#[derive(Debug, Clone, Default)]
struct Served {
    writes: Vec<String>,
    /// Some calls are answered with this error.
    error: Option<String>,
}

impl Case {
    /// A definition that somebody wrote.
    pub(in crate::tests) fn written(definition: &Value, data: Map<String, Value>, script: Vec<u16>) -> Self {
        let mut services = BTreeMap::new();
        served(definition, &mut services);
        Self {
            definition: definition.clone(),
            data,
            script,
            services,
        }
    }

    /// The same for the same key.
    pub(in crate::tests) fn service(&self, key: &str, node: &str) -> Result<Map<String, Value>, String> {
        let number = key
            .bytes()
            .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
            % 97;
        let Some(served) = self.services.get(node) else {
            return Ok(Map::new());
        };
        if let Some(error) = &served.error
            && number % 2 == 0
        {
            return Err(error.clone());
        }
        let writes = served.writes.iter();
        Ok(writes.map(|name| (name.clone(), json!(number % 23))).collect())
    }
}

/// The fields of the form.
pub(in crate::tests) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "amount": {"type": "number"}, "note": {"type": "string"}, "currency": {"type": "string"},
            "urgent": {"type": "boolean"},
        },
    })
}

/// Gives the same number as often as it is asked for after the last: shrunk cases have few dice.
#[derive(Debug)]
pub(in crate::tests) struct Dice<'a> {
    left: std::slice::Iter<'a, u16>,
}

impl<'a> Dice<'a> {
    pub(in crate::tests) fn new(dice: &'a [u16]) -> Self {
        Self { left: dice.iter() }
    }

    /// Below `sides`; 0 once there are none left.
    pub(in crate::tests) fn roll(&mut self, sides: usize) -> usize {
        self.left
            .next()
            .map_or(0, |value| usize::from(*value) % sides.max(1))
    }

    pub(in crate::tests) fn is_empty(&self) -> bool {
        self.left.len() == 0
    }
}

/// What the services of a scope answer: what they may write; now and then an error that is caught at them.
fn served(scope: &Value, services: &mut BTreeMap<String, Served>) {
    let nodes = scope["nodes"].as_array();
    for node in nodes.into_iter().flatten() {
        served(node, services);
        let mut events = nodes.into_iter().flatten();
        let caught = events.find(|event| event["attachedTo"] == node["id"] && event["error"].is_object());
        let error = caught.map(|event| event["error"]["code"].as_str().unwrap_or("broken").to_owned());
        let writes = node["writes"].as_array().into_iter().flatten();
        let writes = writes.filter_map(Value::as_str).map(str::to_owned).collect();
        if let Some(id) = node["id"].as_str() {
            services.insert(id.to_owned(), Served { writes, error });
        }
    }
}

pub(in crate::tests) fn start_data(dice: &mut Dice<'_>) -> Map<String, Value> {
    start(dice)
}

pub(in crate::tests) fn case(features: Features) -> impl Strategy<Value = Case> {
    let dice = prop::collection::vec(any::<u16>(), 0..160);
    let script = prop::collection::vec(any::<u16>(), 0..60);
    (dice, prop::collection::vec(any::<u16>(), 4), script)
        .prop_map(move |(dice, data, script)| of(features, &dice, &data, script))
}

pub(in crate::tests) fn of(features: Features, dice: &[u16], data: &[u16], script: Vec<u16>) -> Case {
    let (definition, services) = Builder::new(features, dice).process();
    Case {
        definition,
        data: start(&mut Dice::new(data)),
        script,
        services,
    }
}

fn start(dice: &mut Dice<'_>) -> Map<String, Value> {
    let mut data = Map::new();
    for field in ["amount", "note", "currency", "urgent"] {
        if let Some(value) = value(field, dice) {
            data.insert(field.to_owned(), value);
        }
    }
    data
}

/// A field of the form as people write it; `None`: they leave it as it is.
pub(in crate::tests) fn value(field: &str, dice: &mut Dice<'_>) -> Option<Value> {
    let roll = dice.roll(28);
    (roll > 4).then(|| match field {
        "note" => json!(["x", "y \"q\"", ""][roll % 3]),
        "currency" => json!(["CNY", "EUR"][roll % 2]),
        "urgent" => json!(roll.is_multiple_of(2)),
        _ => json!(roll as i64 - 9),
    })
}
