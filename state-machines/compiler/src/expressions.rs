//! Every expression that a definition writes, with where it stands and what it is evaluated on.

use crate::condition::Gives;
use crate::decision::{Decision, HitPolicy, Output};
use crate::document::{EndEvent, Event, Flow, Kind, MultiInstance, Node, Sent, Throw, Timer, TimerValue};
use crate::node::Service;
use crate::pointer::{index, join};

pub(crate) struct Expression<'d> {
    pub(crate) pointer: String,
    pub(crate) source: &'d str,
    pub(crate) gives: Gives<'d>,
    pub(crate) data: Data,
}

/// What an expression is evaluated on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// What the token has that comes to the node.
    Around,
    /// What it has in an iteration of the node.
    Inside,
    /// What there is after an iteration, with its counters.
    AfterIteration,
    /// That of another workflow.
    Called,
}

pub(crate) fn of_flow(flow: &Flow) -> Option<Expression<'_>> {
    Some(Expression {
        pointer: join(&flow.pointer, "when"),
        source: flow.when.as_deref()?,
        gives: Gives::Truth,
        data: Data::Around,
    })
}

pub(crate) fn of_node(node: &Node) -> Vec<Expression<'_>> {
    let mut list = List {
        all: Vec::new(),
        data: Data::Inside,
    };
    let at = |name| join(&node.pointer, name);
    match &node.kind {
        Kind::Script(script) => {
            for (name, source) in script {
                list.add(join(&at("script"), name), source, Gives::Field(name));
            }
        }
        Kind::Rule(Some(table)) => list.table(table),
        Kind::Service(task) => match &task.service {
            Some(Service::Http(http)) => {
                let at = at("http");
                list.add(join(&at, "url"), &http.url, Gives::Text);
                list.assignments(&join(&at, "headers"), &http.headers);
                list.optional(join(&at, "body"), http.body.as_ref(), Gives::Anything);
            }
            Some(Service::Queue(queue)) => {
                list.optional(join(&at("queue"), "body"), queue.body.as_ref(), Gives::Anything);
            }
            Some(Service::Lambda(_)) | None => {}
        },
        Kind::Send(throw) => list.throw(node, throw),
        Kind::End(end) => {
            if let Some(EndEvent::Send(throw)) = &end.event {
                list.throw(node, throw);
            }
        }
        Kind::Catch(event) => list.event(node, event),
        Kind::Boundary(boundary) => list.event(node, &boundary.event),
        Kind::Start(Some(start)) => list.event(node, &start.event),
        Kind::Call(call) => {
            list.assignments(&at("in"), &call.input);
            list.data = Data::Called;
            list.assignments(&at("out"), &call.output);
        }
        _ => {}
    }
    if let Some(many) = &node.multi_instance {
        list.multi_instance(&at("multiInstance"), many);
    }
    list.all
}

struct List<'d> {
    all: Vec<Expression<'d>>,
    data: Data,
}

impl<'d> List<'d> {
    fn add(&mut self, pointer: String, source: &'d str, gives: Gives<'d>) {
        self.all.push(Expression {
            pointer,
            source,
            gives,
            data: self.data,
        });
    }

    fn optional(&mut self, pointer: String, source: Option<&'d String>, gives: Gives<'d>) {
        if let Some(source) = source {
            self.add(pointer, source, gives);
        }
    }

    fn assignments(&mut self, at: &str, assignments: &'d [(String, String)]) {
        for (name, source) in assignments {
            self.add(join(at, name), source, Gives::Anything);
        }
    }

    /// Cells are no expressions.
    fn table(&mut self, table: &'d Decision) {
        for input in &table.inputs {
            self.add(
                join(&input.pointer, "expression"),
                &input.expression,
                Gives::Anything,
            );
        }
        // Only a single hit is what the variable is set to; of several it is a list or a number.
        let gives = |output: &'d Output| match table.hit_policy {
            HitPolicy::Unique | HitPolicy::Any | HitPolicy::First | HitPolicy::Priority => {
                Gives::Field(&output.name)
            }
            HitPolicy::RuleOrder | HitPolicy::OutputOrder | HitPolicy::Collect(_) => Gives::Anything,
        };
        for output in &table.outputs {
            let at = join(&output.pointer, "default");
            self.optional(at, output.default.as_ref(), gives(output));
        }
        for rule in &table.rules {
            for (column, (output, then)) in table.outputs.iter().zip(&rule.then).enumerate() {
                self.add(index(&join(&rule.pointer, "then"), column), then, gives(output));
            }
        }
    }

    fn throw(&mut self, node: &Node, throw: &'d Throw) {
        let at = match &throw.what {
            Sent::Message { correlation, .. } => {
                let at = join(&node.pointer, "message");
                self.optional(join(&at, "correlation"), correlation.as_ref(), Gives::Text);
                at
            }
            Sent::Signal { .. } => join(&node.pointer, "signal"),
            Sent::Nothing => return,
        };
        self.assignments(&join(&at, "data"), &throw.data);
    }

    fn event(&mut self, node: &Node, event: &'d Event) {
        match event {
            Event::Timer(Timer {
                kind,
                value: TimerValue::Expression(source),
            }) => {
                let at = join(&join(&node.pointer, "timer"), kind.as_str());
                self.add(join(&at, "expression"), source, Gives::Text);
            }
            Event::Message(message) => {
                let at = join(&join(&node.pointer, "message"), "correlation");
                self.optional(at, message.correlation.as_ref(), Gives::Text);
            }
            _ => {}
        }
    }

    fn multi_instance(&mut self, at: &str, many: &'d MultiInstance) {
        self.data = Data::Around;
        self.add(join(at, "collection"), &many.collection, Gives::Anything);
        self.data = Data::AfterIteration;
        let condition = many.completion_condition.as_ref();
        self.optional(join(at, "completionCondition"), condition, Gives::Truth);
        self.data = Data::Inside;
        self.assignments(&join(at, "output"), &many.output);
    }
}
