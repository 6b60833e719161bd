//! What all tokens share: the definition, the outside, and what is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::data::Data;
use super::definition::Definition;
use super::state::{Cause, Leave, Owner};
use super::{Incident, Place, Services};

pub(super) struct World<'a> {
    pub(super) definition: Rc<Definition>,
    pub(super) services: &'a Services<'a>,
    /// By iteration and node.
    visits: BTreeMap<(String, String), u64>,
    pub(super) entered: BTreeMap<Place, u64>,
    /// Activities that were left, for the listeners on them.
    pub(super) left: BTreeSet<Place>,
    /// Escalations that a listener has still to handle.
    pub(super) escalated: Vec<(String, Owner)>,
    pub(super) incident: Option<Incident>,
    /// Branches are moved the last first; nobody may see it.
    pub(super) is_reversed: bool,
    serial: u64,
}

/// What is around a token, from the inside outwards.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) outer: Option<&'a Around<'a>>,
    pub(super) level: Level<'a>,
    pub(super) iteration: &'a str,
}

#[derive(Clone, Copy)]
pub(super) enum Level<'a> {
    Activity(&'a Place),
    Scope {
        node: &'a str,
        serial: u64,
        is_interrupted: bool,
    },
    Iteration,
}

impl<'a> World<'a> {
    pub(super) fn new(definition: &Value, services: &'a Services<'a>) -> Self {
        Self {
            definition: Rc::new(Definition::of(definition)),
            services,
            visits: BTreeMap::new(),
            entered: BTreeMap::new(),
            left: BTreeSet::new(),
            escalated: Vec::new(),
            incident: None,
            is_reversed: false,
            serial: 0,
        }
    }

    /// In which order things are moved that stand beside each other.
    pub(super) fn order(&self, count: usize) -> Vec<usize> {
        let order = 0..count;
        if self.is_reversed {
            order.rev().collect()
        } else {
            order.collect()
        }
    }

    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Inside of an iteration visits count on from those of the activity, for each iteration by itself.
    pub(super) fn enter(&mut self, node: &str, iteration: &str) -> Place {
        let mut around = iteration;
        let known = loop {
            if let Some(visits) = self.visits.get(&(around.to_owned(), node.to_owned())) {
                break *visits;
            }
            if around.is_empty() {
                break 0;
            }
            around = around.rsplit_once('.').map_or("", |(outer, _)| outer);
        };
        let key = (iteration.to_owned(), node.to_owned());
        self.visits.insert(key, known + 1);
        let place = Place {
            node: node.to_owned(),
            visit: known + 1,
            iteration: iteration.to_owned(),
        };
        self.note(&place);
        place
    }

    pub(super) fn note(&mut self, place: &Place) {
        *self.entered.entry(place.clone()).or_default() += 1;
    }

    /// After iterations a node's visits are the highest of theirs. Only asked for when the next ones begin, since
    /// nobody else enters those nodes.
    pub(super) fn forget_iterations(&mut self, activity: &str, around: &str) {
        let nodes = self.definition.within(activity);
        let prefix = if around.is_empty() {
            String::new()
        } else {
            format!("{around}.")
        };
        let inside = |iteration: &str| iteration != around && iteration.starts_with(&prefix);
        let keys = self.visits.keys();
        let keys = keys.filter(|(iteration, node)| inside(iteration) && nodes.contains(node));
        for key in keys.cloned().collect::<Vec<_>>() {
            let visits = self.visits.remove(&key).unwrap_or_default();
            let known = self.visits.entry((around.to_owned(), key.1)).or_default();
            *known = visits.max(*known);
        }
    }

    pub(super) fn call(&self, place: &Place) -> Result<Map<String, Value>, String> {
        (self.services)(&place.key(), &place.node)
    }
}

impl<'a> Around<'a> {
    pub(super) fn inner(&'a self, level: Level<'a>) -> Around<'a> {
        Around {
            outer: Some(self),
            level,
            iteration: self.iteration,
        }
    }

    fn levels(&'a self) -> impl Iterator<Item = &'a Around<'a>> {
        std::iter::successors(Some(self), |around| around.outer)
    }

    pub(super) fn serials(&self) -> Vec<u64> {
        let serial = |around: &Around<'_>| match around.level {
            Level::Scope { serial, .. } => Some(serial),
            _ => None,
        };
        self.levels().filter_map(serial).collect()
    }

    /// The events that listen here, from the inside outwards, with whose they are.
    pub(super) fn events(&self, definition: &Definition) -> Vec<Vec<(String, Owner)>> {
        let of = |around: &Around<'_>| match around.level {
            Level::Activity(place) => {
                let boundaries = definition.node(&place.node).boundaries.iter();
                boundaries
                    .map(|id| (id.clone(), Owner::Activity(place.clone())))
                    .collect()
            }
            Level::Scope {
                node,
                serial,
                is_interrupted: false,
            } => {
                let events = definition.inside(node).events.iter();
                events
                    .map(|(start, _)| (start.clone(), Owner::Scope(serial)))
                    .collect()
            }
            _ => Vec::new(),
        };
        self.levels().map(of).collect()
    }

    /// Who catches an error or escalation: the nearest, and there the one with the code before the one without.
    pub(super) fn catcher(&self, definition: &Definition, kind: &str, code: &str) -> Option<(String, Owner)> {
        self.events(definition).into_iter().find_map(|level| {
            let with = |event: &str, code: Option<&str>| {
                let wanted = &definition.json(event)[kind];
                wanted.is_object() && wanted["code"].as_str() == code
            };
            let exact = level.iter().find(|(event, _)| with(event, Some(code)));
            exact
                .or_else(|| level.iter().find(|(event, _)| with(event, None)))
                .cloned()
        })
    }

    pub(super) fn raise(&self, world: &World<'_>, at: &Place, code: &str, data: &Data) -> Leave {
        let cause = match self.catcher(&world.definition, "error", code) {
            Some((event, _)) => Cause::Event(event, Map::new()),
            None => Cause::Incident(at.clone(), code.to_owned()),
        };
        Leave {
            cause,
            data: Box::new(data.clone()),
        }
    }
}

/// An expression that failed is an incident, whoever would catch errors.
pub(super) fn failed<T>(result: Result<T, String>, at: &Place, data: &Data) -> Result<T, Leave> {
    result.map_err(|why| Leave {
        cause: Cause::Incident(at.clone(), why),
        data: Box::new(data.clone()),
    })
}
