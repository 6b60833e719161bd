//! A definition as the game reads it: its JSON, with what belongs together put together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

/// The process; every sub-process is named by its node.
pub(super) const PROCESS: &str = "";

#[derive(Debug)]
pub(super) struct Node {
    pub(super) json: Value,
    pub(super) kind: String,
    /// In whose `nodes` it stands.
    pub(super) scope: String,
    /// In the order of the text.
    pub(super) out: Vec<Value>,
    pub(super) boundaries: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Inside {
    pub(super) start: String,
    pub(super) nodes: Vec<String>,
    /// Its event sub-processes: start event and sub-process.
    pub(super) events: Vec<(String, String)>,
}

#[derive(Debug, Default)]
pub(super) struct Definition {
    nodes: BTreeMap<String, Node>,
    scopes: BTreeMap<String, Inside>,
}

impl Definition {
    pub(super) fn of(definition: &Value) -> Self {
        let mut read = Self::default();
        read.scope(PROCESS, definition);
        read
    }

    fn scope(&mut self, scope: &str, json: &Value) {
        let mut inside = Inside::default();
        let flows: Vec<&Value> = json["flows"].as_array().into_iter().flatten().collect();
        for node in json["nodes"].as_array().into_iter().flatten() {
            let (id, kind) = (text(&node["id"]), text(&node["type"]));
            inside.nodes.push(id.clone());
            let out = flows.iter().filter(|flow| flow["from"] == node["id"]);
            let out = out.map(|flow| (*flow).clone()).collect();
            let boundaries = json["nodes"].as_array().into_iter().flatten();
            let boundaries = boundaries.filter(|other| other["attachedTo"] == node["id"]);
            let boundaries = boundaries.map(|other| text(&other["id"])).collect();
            if kind == "startEvent" {
                inside.start.clone_from(&id);
            }
            if kind == "subProcess" {
                self.scope(&id, node);
                if node["triggeredByEvent"] == true {
                    inside.events.push((self.inside(&id).start.clone(), id.clone()));
                }
            }
            let (json, scope) = (node.clone(), scope.to_owned());
            self.nodes.insert(
                id,
                Node {
                    json,
                    kind,
                    scope,
                    out,
                    boundaries,
                },
            );
        }
        self.scopes.insert(scope.to_owned(), inside);
    }

    pub(super) fn node(&self, id: &str) -> &Node {
        self.nodes
            .get(id)
            .unwrap_or_else(|| panic!("there is no node {id}"))
    }

    pub(super) fn inside(&self, scope: &str) -> &Inside {
        &self.scopes[scope]
    }

    /// All nodes of a sub-process, at any depth.
    pub(super) fn within(&self, activity: &str) -> BTreeSet<String> {
        let Some(inside) = self.scopes.get(activity) else {
            return BTreeSet::new();
        };
        let deeper = inside.nodes.iter().flat_map(|node| self.within(node));
        deeper.chain(inside.nodes.iter().cloned()).collect()
    }

    pub(super) fn json(&self, id: &str) -> &Value {
        &self.node(id).json
    }

    /// Where a token goes that leaves by its only flow; `None`: it is gone.
    pub(super) fn next(&self, id: &str) -> Option<String> {
        self.node(id).out.first().map(|flow| text(&flow["to"]))
    }

    pub(super) fn after_outcome(&self, id: &str, outcome: Option<&str>) -> Option<String> {
        let out = &self.node(id).out;
        let named = out
            .iter()
            .find(|flow| outcome.is_some_and(|outcome| flow["outcome"] == outcome));
        let default = || out.iter().find(|flow| flow["default"] == true);
        let flow = named.or_else(default).or_else(|| out.first())?;
        Some(text(&flow["to"]))
    }

    pub(super) fn is_interrupting(&self, event: &str) -> bool {
        self.json(event)["interrupting"] != false
    }

    /// What the outside can make happen.
    pub(super) fn is_outside(&self, event: &str) -> bool {
        ["timer", "message", "signal"]
            .iter()
            .any(|kind| self.json(event)[*kind].is_object())
    }

    /// The events on an activity that open places of their own, or wait for an escalation.
    pub(super) fn listeners(&self, activity: &str) -> Vec<String> {
        let boundaries = self.node(activity).boundaries.iter();
        boundaries.filter(|id| self.is_listener(id)).cloned().collect()
    }

    pub(super) fn is_listener(&self, event: &str) -> bool {
        !self.is_interrupting(event) && (self.is_outside(event) || self.json(event)["escalation"].is_object())
    }

    /// The names that an event takes from its data.
    pub(super) fn writes(&self, event: &str) -> Vec<String> {
        let json = self.json(event);
        let lists = [
            &json["message"]["writes"],
            &json["signal"]["writes"],
            &json["writes"],
        ];
        lists
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(text)
            .collect()
    }

    pub(super) fn link(&self, throw: &str) -> Option<String> {
        let node = self.node(throw);
        let nodes = self.inside(&node.scope).nodes.iter();
        nodes
            .filter(|id| self.node(id).kind == "intermediateCatchEvent")
            .find(|id| self.json(id)["link"]["name"] == node.json["link"]["name"])
            .cloned()
    }

    /// The first gateway that joins and that every way out of a fork passes; `None`: the end of the scope.
    pub(super) fn join(&self, fork: &str) -> Option<String> {
        let counted = self.way_out(fork, None, false);
        // Where every way ends so, they have to count.
        let all = counted.is_none();
        let path = counted.or_else(|| self.way_out(fork, None, true))?;
        path.into_iter()
            .skip(1)
            .filter(|node| self.joins(node))
            .find(|node| self.way_out(fork, Some(node), all).is_none())
    }

    fn joins(&self, id: &str) -> bool {
        let kind = self.node(id).kind.as_str();
        matches!(kind, "parallelGateway" | "inclusiveGateway") && self.incoming(id).len() > 1
    }

    /// Whether a token waits there that no fork around it has sent.
    pub(super) fn waits(&self, id: &str) -> bool {
        self.joins(id) && self.node(id).kind == "parallelGateway"
    }

    /// The nodes with a flow to this one.
    pub(super) fn incoming(&self, id: &str) -> BTreeSet<String> {
        let nodes = self.inside(&self.node(id).scope).nodes.iter();
        let into = nodes.filter(|from| self.successors(from).iter().any(|to| to == id));
        into.cloned().collect()
    }

    /// An end with an error or `terminate` is no way out of a fork, except with `all`.
    fn way_out(&self, from: &str, without: Option<&str>, all: bool) -> Option<Vec<String>> {
        let mut seen = BTreeSet::from([from.to_owned()]);
        let mut ways = VecDeque::from([vec![from.to_owned()]]);
        while let Some(way) = ways.pop_front() {
            let last = way.last()?;
            let json = self.json(last);
            let counts = all || (json["error"].is_null() && json["terminate"] != true);
            if counts && self.successors(last).is_empty() {
                return Some(way);
            }
            for next in self.successors(last) {
                if without != Some(next.as_str()) && seen.insert(next.clone()) {
                    ways.push_back(way.iter().cloned().chain([next]).collect());
                }
            }
        }
        None
    }

    fn successors(&self, id: &str) -> Vec<String> {
        if self.json(id)["link"].is_object() && self.node(id).kind == "intermediateThrowEvent" {
            return self.link(id).into_iter().collect();
        }
        self.node(id).out.iter().map(|flow| text(&flow["to"])).collect()
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
