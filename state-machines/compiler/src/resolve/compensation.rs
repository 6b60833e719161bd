//! Compensation: activities that were left are remembered in `compensations`, the last at the end, and a throw event calls
//! their handlers in a loop.

use super::{Resolve, quote};
use crate::document::{self, Event};
use crate::graph::NodeNo;
use crate::workflow::{Call, Called, Condition, Exit, Kind, NodeIndex, Step};

/// An activity that can be undone.
struct Undone {
    activity: NodeNo,
    handler: NodeNo,
}

impl Resolve<'_, '_> {
    /// The ways out of an activity, past its being remembered.
    pub(super) fn kept(&mut self, no: NodeNo, exit: Exit) -> Exit {
        let handlers = self.handlers_of(no);
        if handlers.is_empty() {
            return exit;
        }
        let entries: Vec<String> = handlers.iter().map(|handler| self.entry(no, *handler)).collect();
        let mut kept = |to: NodeIndex| {
            let step = Step {
                expression: format!(
                    r#"{{"compensations": $append($s.compensations, [{}])}}"#,
                    entries.join(", ")
                ),
                ..Step::default()
            };
            let id = format!("{}:kept{}", self.id(no), self.nodes.len());
            self.imply(id, Kind::Step(step), Exit::Always(to))
        };
        match exit {
            Exit::Always(to) => Exit::Always(kept(to)),
            Exit::Outcomes(exits) => {
                let exits = exits.into_iter().map(|(outcomes, to)| (outcomes, kept(to)));
                Exit::Outcomes(exits.collect())
            }
            other => other,
        }
    }

    fn handlers_of(&self, no: NodeNo) -> Vec<NodeNo> {
        let boundaries = self.boundaries.get(&no).into_iter().flatten();
        boundaries
            .filter_map(|boundary| match &self.graph.node(*boundary)?.kind {
                document::Kind::Boundary(document::Boundary {
                    event: Event::Compensation { handler },
                    ..
                }) => self.graph.find(handler),
                _ => None,
            })
            .collect()
    }

    /// What is remembered of an activity: which entering of it, and of the sub-processes around.
    fn entry(&self, no: NodeNo, handler: NodeNo) -> String {
        let (id, number) = (self.id(no), visit(&self.id(no)));
        let iteration = match self.iterates(no) {
            true => "$s.iteration",
            false => r#""""#,
        };
        let scopes: Vec<String> = self
            .around(no)
            .map(|scope| format!("{}: {}", quote(&self.id(scope)), visit(&self.id(scope))))
            .collect();
        let key = quote(&format!("{id}/{}/", self.id(handler)));
        format!(
            r#"{{"activity": {}, "handler": {}, "key": {key} & {number} & "/" & {iteration}, "iteration": {iteration}, "scopes": {{{}}}}}"#,
            quote(&id),
            quote(&self.id(handler)),
            scopes.join(", ")
        )
    }

    /// From a throw event past the calls of all handlers that it is about.
    pub(super) fn compensates(&mut self, no: NodeNo, activity: Option<&str>, then: NodeIndex) -> NodeIndex {
        let more = self.imply(format!("{}:more", self.id(no)), Kind::Gateway, Exit::None);
        let last = self.last(no, activity);
        let mut when = Vec::new();
        for undone in self.undone_by(no, activity) {
            let (of, handler) = (self.id(undone.activity), self.id(undone.handler));
            let Some(call) = self.handler_call(no, &undone, more) else {
                continue;
            };
            let forget = Step {
                expression: format!(
                    r#"({last}; {{"compensations": $append([], $filter($s.compensations, function($c) {{$c.key != $last.key}}))}})"#
                ),
                ..Step::default()
            };
            let forget = self.imply(
                format!("{}:undo:{of}:{handler}", self.id(no)),
                Kind::Step(forget),
                Exit::Always(call),
            );
            let is_it = Condition::Travelling {
                expression: format!(
                    "({last}; $last.activity = {} and $last.handler = {})",
                    quote(&of),
                    quote(&handler)
                ),
                reads: Vec::new(),
            };
            when.push((is_it, forget));
        }
        let exit = match when.is_empty() {
            true => Exit::Always(then),
            false => Exit::Conditions {
                when,
                otherwise: then,
            },
        };
        self.becomes(more, Kind::Gateway, exit);
        more
    }

    /// The activities that a throw event can undo: those in its scope.
    fn undone_by(&self, no: NodeNo, activity: Option<&str>) -> Vec<Undone> {
        let scope = self.scope(no);
        let mut undone = Vec::new();
        for (other, node) in self.graph.nodes() {
            let is_inside = scope.is_none_or(|scope| self.around(other).any(|at| at == scope));
            if is_inside && activity.is_none_or(|activity| node.id == activity) {
                undone.extend(self.handlers_of(other).into_iter().map(|handler| Undone {
                    activity: other,
                    handler,
                }));
            }
        }
        undone
    }

    /// `$last`: the last of what is remembered in this entering of the scope.
    fn last(&self, no: NodeNo, activity: Option<&str>) -> String {
        let mut asks = Vec::new();
        if let Some(scope) = self.scope(no) {
            asks.push(format!("scopes.`{}` = $visit", self.id(scope)));
        }
        if self.iterates(no) {
            asks.push(
                r#"(iteration = $s.iteration or $substring(iteration, 0, $length($s.iteration) + 1) = $s.iteration & ".")"#
                    .to_owned(),
            );
        }
        asks.extend(activity.map(|activity| format!("activity = {}", quote(activity))));
        let visit = self
            .scope(no)
            .map_or("1".to_owned(), |scope| visit(&self.id(scope)));
        match asks.is_empty() {
            true => "$last := $s.compensations[-1]".to_owned(),
            false => format!(
                "$visit := {visit}; $last := $s.compensations[{}][-1]",
                asks.join(" and ")
            ),
        }
    }

    fn handler_call(&mut self, throw: NodeNo, undone: &Undone, then: NodeIndex) -> Option<NodeIndex> {
        let (name, task) = match self.graph.node(undone.handler)? {
            document::Node {
                name,
                kind: document::Kind::Service(task),
                ..
            } => (name.clone(), task),
            _ => return None,
        };
        let call = Call {
            what: Called::Service(task.service.clone()?),
            retry: task.retry,
            writes: task.writes.clone(),
            catches: self.catches(throw),
        };
        let handler = self.id(undone.handler);
        let state = format!("{}:{handler}:{}", self.id(throw), self.id(undone.activity));
        let made = self.imply(handler, Kind::Call(Box::new(call)), Exit::Always(then));
        let iterates = self.iterates(throw);
        let node = self.nodes.get_mut(made.0)?;
        node.name = name;
        node.silent = false;
        node.iterates = iterates;
        node.state = Some(state);
        Some(made)
    }
}

/// How often a node was entered; one that is entered once is not counted.
fn visit(id: &str) -> String {
    format!("($exists($s.visits.`{id}`) ? $s.visits.`{id}` : 1)")
}
