//! The token game: what a definition means by `docs/semantics.md`, played on its own JSON. Shares no code with the compiler.

mod advance;
mod data;
mod definition;
mod enter;
mod expression;
pub(in crate::tests) mod generate;
mod listen;
mod meaning;
mod multi;
mod place;
mod play;
mod state;
mod table;
mod tests;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub(in crate::tests) use table::decide;

use data::Data;
use definition::PROCESS;
use state::{Cause, Leave, Scope};
use world::{Around, Level, World};

/// Answers a service: the key of the call (`node/visit` or `node/visit/iteration`) and the node; an error is its code.
pub(in crate::tests) type Services<'a> = dyn Fn(&str, &str) -> Result<Map<String, Value>, String> + 'a;

/// A node that was entered; where tokens rest, a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tests) struct Place {
    pub(in crate::tests) node: String,
    pub(in crate::tests) visit: u64,
    /// Empty outside of multi-instances.
    pub(in crate::tests) iteration: String,
}

impl Place {
    /// The end of the idempotency key.
    pub(in crate::tests) fn key(&self) -> String {
        let key = format!("{}/{}", self.node, self.visit);
        if self.iteration.is_empty() {
            key
        } else {
            format!("{key}/{}", self.iteration)
        }
    }
}

/// What can answer a place.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tests) enum Choice {
    Outcome(String),
    /// The event's node; the place's own, one behind a gateway, or one that interrupts.
    Event(String),
    /// The end of a called instance.
    Called,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::tests) enum Answer {
    Outcome {
        outcome: String,
        data: Map<String, Value>,
    },
    Event {
        node: String,
        data: Map<String, Value>,
    },
    Called {
        status: String,
        data: Map<String, Value>,
    },
    CallFailed,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::tests) struct Played {
    pub(in crate::tests) status: String,
    pub(in crate::tests) data: Map<String, Value>,
}

/// What stands still: an error that nobody catches, or an expression that failed.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tests) struct Incident {
    pub(in crate::tests) at: Place,
    pub(in crate::tests) error: String,
}

pub(in crate::tests) struct Game<'a> {
    world: World<'a>,
    process: Scope,
}

const OUTSIDE: Around<'static> = Around {
    outer: None,
    level: Level::Iteration,
    iteration: "",
};

impl<'a> Game<'a> {
    pub(in crate::tests) fn start(
        definition: &Value,
        fields: Map<String, Value>,
        services: &'a Services<'a>,
    ) -> Self {
        Self::start_in_order(definition, fields, services, false)
    }

    /// What comes of a game never depends on the order in which branches are moved.
    fn start_in_order(
        definition: &Value,
        fields: Map<String, Value>,
        services: &'a Services<'a>,
        is_reversed: bool,
    ) -> Self {
        let mut world = World::new(definition, services);
        world.is_reversed = is_reversed;
        let mut data = Data::default();
        data.fields = fields;
        let process = Scope::begin(PROCESS, None, data, &mut world, &OUTSIDE);
        let mut game = Self { world, process };
        game.advance();
        game
    }

    fn advance(&mut self) {
        if let Err(leave) = self.process.advance(&mut self.world, &OUTSIDE) {
            self.stand_still(leave);
        }
    }

    fn stand_still(&mut self, leave: Leave) {
        let Cause::Incident(at, error) = leave.cause else {
            panic!("{:?} has no catcher", leave.cause);
        };
        self.world.incident = Some(Incident { at, error });
    }

    /// Where tokens rest, with what can answer there in a defined order.
    fn places(&self) -> Vec<(Place, Vec<Choice>)> {
        let mut open = Vec::new();
        let around = OUTSIDE.inner(self.process.level());
        self.process
            .root
            .collect(&self.world.definition, &around, &mut open);
        open
    }

    pub(in crate::tests) fn open(&self) -> BTreeSet<Place> {
        self.places().into_iter().map(|(place, _)| place).collect()
    }

    pub(in crate::tests) fn choices(&self, place: &Place) -> Vec<Choice> {
        let mut places = self.places().into_iter();
        places
            .find(|(open, _)| open == place)
            .map(|(_, choices)| choices)
            .unwrap_or_default()
    }

    pub(in crate::tests) fn answer(&mut self, place: &Place, answer: &Answer) {
        let Self { world, process } = self;
        let (node, serial, is_interrupted) = (process.node.clone(), process.serial, process.is_interrupted);
        let level = Level::Scope {
            node: &node,
            serial,
            is_interrupted,
        };
        let delivered = process.root.deliver(place, answer, world, &OUTSIDE.inner(level));
        let delivered = delivered.unwrap_or_else(|| panic!("{place:?} is not open"));
        match delivered.or_else(|leave| process.absorb(leave, world)) {
            Ok(()) => self.advance(),
            Err(leave) => self.stand_still(leave),
        }
    }

    /// What came of it, when no tokens are left.
    pub(in crate::tests) fn result(&self) -> Option<Played> {
        let root = &self.process.root;
        let is_over = root.is_done() && self.world.incident.is_none();
        let status = if root.data.rejected {
            "rejected"
        } else {
            "completed"
        };
        is_over.then(|| Played {
            status: status.to_owned(),
            data: root.data.fields.clone(),
        })
    }

    /// How often each was entered; more than once would be a fault of the game or the page.
    pub(in crate::tests) fn entered(&self) -> &BTreeMap<Place, u64> {
        &self.world.entered
    }

    pub(in crate::tests) fn incident(&self) -> Option<&Incident> {
        self.world.incident.as_ref()
    }

    /// What people decide of, in the order of the text.
    pub(in crate::tests) fn node(&self, id: &str) -> &Value {
        self.world.definition.json(id)
    }
}

/// The fields that are compared: those that the machine carries.
pub(in crate::tests) fn project(data: &Map<String, Value>, carried: &BTreeSet<String>) -> Map<String, Value> {
    let data = data.iter().filter(|(name, _)| carried.contains(*name));
    data.map(|(name, value)| (name.clone(), value.clone())).collect()
}
