//! Puts nodes and flows together.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Dice, Features, Served};

/// A flow that leads nowhere yet.
pub(super) type Loose = Vec<Value>;

/// What holds where a block is put.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) depth: usize,
    /// Numbers that conditions and expressions may read.
    pub(super) numbers: Vec<String>,
    pub(super) lists: Vec<String>,
    /// Variables that may be set here; there is always one.
    pub(super) writes: Vec<String>,
    /// Fields of the form that people may write here, and whether conditions may read each.
    pub(super) fields: Vec<String>,
    pub(super) readable_fields: Vec<String>,
    pub(super) in_process: bool,
    /// A token may end here without a join waiting for it.
    pub(super) may_end: bool,
    /// Others are under way, perhaps not yet at rest, that what leaves early would take away.
    pub(super) is_racing: bool,
    /// Nothing follows here: all that begins may end the scope.
    pub(super) is_tail: bool,
    /// Inside of a multi-instance.
    pub(super) is_repeated: bool,
    /// Escalations that a sub-process around catches, and whether that interrupts it.
    pub(super) escalations: Vec<(String, bool)>,
    /// Something around catches errors.
    pub(super) is_caught: bool,
    /// Others may be under way in the same scope.
    pub(super) is_branch: bool,
    /// Every token of the scope, or of the branch, comes by here, and does so once.
    pub(super) is_main_way: bool,
}

impl Context {
    fn process() -> Self {
        let fields: Vec<String> = ["amount", "note", "currency", "urgent"].map(str::to_owned).into();
        Self {
            depth: 0,
            numbers: Vec::new(),
            lists: Vec::new(),
            writes: vec!["total".to_owned()],
            readable_fields: fields.clone(),
            fields,
            in_process: true,
            may_end: true,
            is_racing: false,
            is_tail: true,
            is_repeated: false,
            escalations: Vec::new(),
            is_caught: false,
            is_branch: false,
            is_main_way: true,
        }
    }

    pub(super) fn deeper(&self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// One of several ways that do not see each other; it sets a variable of its own.
    pub(super) fn apart(&self, variable: String) -> Self {
        Self {
            writes: vec![variable],
            fields: Vec::new(),
            is_racing: true,
            is_branch: true,
            ..self.deeper()
        }
    }

    /// The way of an event that does not interrupt: it reads nothing that the rest of the way around may set.
    pub(super) fn beside(&self, variable: String) -> Self {
        let readable = self.readable_fields.iter();
        let readable_fields = readable
            .filter(|field| !self.fields.contains(field))
            .cloned()
            .collect();
        let (numbers, lists) = (Vec::new(), Vec::new());
        Self {
            readable_fields,
            numbers,
            lists,
            ..self.apart(variable)
        }
    }

    /// What is known after one of several ways.
    pub(super) fn merge(&mut self, other: &Self) {
        self.is_racing |= other.is_racing;
        let fresh = |known: &[String], name: &&String| !known.contains(name);
        let numbers: Vec<String> = other
            .numbers
            .iter()
            .filter(|name| fresh(&self.numbers, name))
            .cloned()
            .collect();
        self.numbers.extend(numbers);
        let lists: Vec<String> = other
            .lists
            .iter()
            .filter(|name| fresh(&self.lists, name))
            .cloned()
            .collect();
        self.lists.extend(lists);
    }

    pub(super) fn set(&mut self, name: &str) {
        if !self.numbers.iter().any(|known| known == name) {
            self.numbers.push(name.to_owned());
        }
    }
}

pub(super) struct Builder<'a> {
    pub(super) features: Features,
    pub(super) dice: Dice<'a>,
    /// Nodes and flows of the scopes around, the innermost last.
    scopes: Vec<(Vec<Value>, Vec<Value>)>,
    pub(super) services: BTreeMap<String, Served>,
    /// How many forks there are by now.
    pub(super) forks: usize,
    count: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(features: Features, dice: &'a [u16]) -> Self {
        let dice = Dice::new(dice);
        Self {
            features,
            dice,
            scopes: Vec::new(),
            services: BTreeMap::new(),
            forks: 0,
            count: 0,
        }
    }

    pub(super) fn process(mut self) -> (Value, BTreeMap<String, Served>) {
        let mut context = Context::process();
        self.scopes.push(Default::default());
        self.event_sub_processes(&mut context);
        self.body(&mut context);
        let (nodes, flows) = self.scopes.pop().unwrap();
        let definition = json!({"key": "generated", "form": "claim", "nodes": nodes, "flows": flows});
        (definition, self.services)
    }

    /// From a start event to the ends of a scope.
    pub(super) fn body(&mut self, context: &mut Context) {
        let start = self.node(&[], "start", json!({"type": "startEvent"}));
        let loose = self.sequence(vec![flow(&start)], context);
        if !loose.is_empty() {
            self.end(loose, context);
        }
    }

    pub(super) fn end(&mut self, loose: Loose, context: &Context) {
        let is_rejected = context.in_process && self.dice.roll(4) == 1;
        let mut end = json!({"type": "endEvent"});
        if is_rejected {
            end["status"] = "rejected".into();
        }
        self.node(&loose, "end", end);
    }

    /// A scope of its own; what `inside` puts there.
    pub(super) fn scope(&mut self, inside: impl FnOnce(&mut Self)) -> (Vec<Value>, Vec<Value>) {
        self.scopes.push(Default::default());
        inside(self);
        self.scopes.pop().unwrap()
    }

    /// A new node, with the loose flows leading to it.
    pub(super) fn node(&mut self, loose: &[Value], name: &str, mut node: Value) -> String {
        let id = self.fresh(name);
        node["id"] = id.clone().into();
        self.lead(loose, &id);
        self.scopes.last_mut().unwrap().0.push(node);
        id
    }

    /// One flow of several: a parallel gateway would wait for all of them.
    pub(super) fn merged(&mut self, loose: Loose) -> Loose {
        if loose.len() < 2 {
            return loose;
        }
        vec![flow(&self.node(
            &loose,
            "merge",
            json!({"type": "exclusiveGateway"}),
        ))]
    }

    pub(super) fn lead(&mut self, loose: &[Value], to: &str) {
        let flows = &mut self.scopes.last_mut().unwrap().1;
        let says = |flow: &Value| ["from", "to", "when", "outcome", "default"].map(|name| flow[name].clone());
        for flow in loose {
            let mut flow = flow.clone();
            flow["to"] = to.into();
            // Two flows that say the same are one.
            if !flows.iter().any(|other| says(other) == says(&flow)) {
                flows.push(flow);
            }
        }
    }

    pub(super) fn fresh(&mut self, name: &str) -> String {
        self.count += 1;
        format!("{name}{}", self.count)
    }

    pub(super) fn edit(&mut self, id: &str) -> &mut Value {
        let nodes = self.scopes.last_mut().unwrap().0.iter_mut();
        nodes.rev().find(|node| node["id"] == id).unwrap()
    }

    /// Once in `sides`, while there are dice.
    pub(super) fn chance(&mut self, wanted: bool, sides: usize) -> bool {
        wanted && !self.dice.is_empty() && self.dice.roll(sides) == 1
    }
}

pub(super) fn flow(from: &str) -> Value {
    json!({"from": from})
}

pub(super) fn outcome(from: &str, outcome: &str) -> Value {
    json!({"from": from, "outcome": outcome})
}
