//! A generated machine in the interpreter of `asl`, with everything that it calls: openers, services, `close_scope`, as
//! `docs/machines-and-functions.md` tells.

mod functions;
mod hops;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use asl::types::StateMachine;
use asl::{
    Command, Event, EventKind, Execution, ExecutionContext, HistoryEvent, Machine, Outcome, Timestamp,
};
use domain::position::{PlaceRow, Region, position};
use serde_json::{Map, Value, json};

use super::game::{Answer, Place, Services};

/// A place that was opened.
#[derive(Debug, Clone)]
struct Row {
    token: String,
    payload: Value,
    /// What its token is answered.
    decided: Option<Value>,
    is_closed: bool,
}

impl Row {
    fn is_open(&self) -> bool {
        self.decided.is_none() && !self.is_closed
    }

    fn is_hidden(&self) -> bool {
        self.payload["hidden"] == true
    }
}

/// What outlives an execution: the rows of places, and what services have done.
pub(in crate::tests) struct Host<'a> {
    services: &'a Services<'a>,
    rows: BTreeMap<Place, Row>,
    /// Visits of activities and scopes whose listeners are over.
    released: BTreeSet<Place>,
    /// Who has arrived at which join, in their order.
    joins: BTreeMap<String, Vec<(String, Value)>>,
    /// What was answered to who left a scope, by idempotency key.
    closings: BTreeMap<String, Value>,
    /// Messages for hidden places that no one has taken.
    kept: Vec<Value>,
    pub(in crate::tests) entered: BTreeSet<Place>,
    /// The same, in the order in which it was told.
    pub(in crate::tests) walk: Vec<String>,
    /// The keys by which services were called, with what they answered.
    ledger: BTreeMap<String, Result<Map<String, Value>, String>>,
    pub(in crate::tests) effects: BTreeMap<String, u32>,
}

impl<'a> Host<'a> {
    pub(in crate::tests) fn new(services: &'a Services<'a>) -> Self {
        Self {
            services,
            rows: BTreeMap::new(),
            released: BTreeSet::new(),
            joins: BTreeMap::new(),
            closings: BTreeMap::new(),
            kept: Vec::new(),
            entered: BTreeSet::new(),
            walk: Vec::new(),
            ledger: BTreeMap::new(),
            effects: BTreeMap::new(),
        }
    }

    pub(in crate::tests) fn open(&self) -> BTreeSet<Place> {
        let open = self
            .rows
            .iter()
            .filter(|(_, row)| row.is_open() && !row.is_hidden());
        open.map(|(place, _)| place.clone()).collect()
    }

    /// Whether a node is a place, or a service.
    pub(in crate::tests) fn rests(&self, place: &Place) -> bool {
        self.rows.contains_key(place) || self.ledger.contains_key(&place.key())
    }

    pub(in crate::tests) fn is_decided(&self, place: &Place) -> bool {
        self.rows.get(place).is_some_and(|row| row.decided.is_some())
    }

    fn position(&self, regions: &[Region]) -> Option<Map<String, Value>> {
        let rows: Vec<PlaceRow> = self
            .rows
            .iter()
            .map(|(place, row)| PlaceRow {
                node: place.node.clone(),
                visit: u32::try_from(place.visit).unwrap(),
                iteration: place.iteration.clone(),
                seq: u32::try_from(row.payload["seq"].as_u64().unwrap()).unwrap(),
                state: row.payload["state"].as_object().cloned().unwrap_or_default(),
            })
            .collect();
        position(regions, &rows)
    }
}

/// What came of an execution.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tests) enum End {
    Done(Value),
    Failed(String),
}

/// One execution.
pub(in crate::tests) struct Run {
    machine: Machine,
    execution: Execution,
    input: Value,
    waiting: VecDeque<Command>,
    pub(in crate::tests) states: Vec<String>,
    history: Vec<HistoryEvent>,
    /// How many commands it may still give before it is stopped.
    pub(in crate::tests) stop_after: Option<usize>,
    pub(in crate::tests) steps: usize,
}

impl Run {
    pub(in crate::tests) fn start(machine: &StateMachine, data: &Map<String, Value>) -> Self {
        let input = json!({
            "tenant": "default", "instance": "i-1", "epoch": 1, "workflow": "generated", "version": 3,
            "ticket": "t-1", "starter": "u-1", "seq": 0, "path": [], "visits": {}, "data": data,
        });
        Self::with(machine, input)
    }

    /// Another execution in the place of one that was stopped.
    pub(in crate::tests) fn resume(
        resume: &StateMachine,
        normal: &StateMachine,
        regions: &[Region],
        host: &Host<'_>,
        stopped: &Self,
    ) -> Self {
        let mut input = stopped.input.clone();
        let mut run = match host.position(regions) {
            None => Self::with(normal, input),
            Some(position) => {
                input.as_object_mut().unwrap().extend(position);
                Self::with(resume, input)
            }
        };
        run.states.splice(0..0, stopped.states.iter().cloned());
        run
    }

    fn with(machine: &StateMachine, input: Value) -> Self {
        let machine = Machine::new(machine).unwrap_or_else(|found| panic!("{found:#?}"));
        let (mut execution, commands) = asl::start(&machine, input.clone(), ExecutionContext::default());
        let mut states = Vec::new();
        let mut history = Vec::new();
        note(&mut execution, &mut states, &mut history);
        Self {
            machine,
            execution,
            input,
            waiting: commands.into(),
            states,
            history,
            stop_after: None,
            steps: 0,
        }
    }

    /// Whether it may take one more step; a stop may come before each.
    fn may_go_on(&mut self) -> bool {
        if self.stop_after == Some(self.steps) {
            return false;
        }
        self.steps += 1;
        true
    }

    pub(in crate::tests) fn is_stopped(&self) -> bool {
        self.stop_after == Some(self.steps)
    }

    /// Does everything that the machine asks for, until it waits or is stopped.
    pub(in crate::tests) fn settle(&mut self, host: &mut Host<'_>) {
        while let Some(command) = self.waiting.pop_front() {
            let Command::ScheduleTask {
                token,
                resource,
                arguments,
                ..
            } = command
            else {
                continue;
            };
            if !self.may_go_on() {
                return;
            }
            let function = arguments["FunctionName"].as_str().unwrap();
            let function = function.strip_prefix("${FunctionPrefix}").unwrap();
            let payload = &arguments["Payload"];
            for event in host.call(function, &token, payload, resource.ends_with(".waitForTaskToken")) {
                self.apply(event);
            }
        }
    }

    fn apply(&mut self, event: Event) {
        let commands = self.execution.apply(&self.machine, Timestamp::default(), event);
        self.waiting.extend(commands);
        note(&mut self.execution, &mut self.states, &mut self.history);
    }

    /// Answers a place from outside.
    pub(in crate::tests) fn answer(&mut self, host: &mut Host<'_>, place: &Place, answer: &Answer) {
        if !self.may_go_on() {
            return;
        }
        for event in host.decide(place, answer) {
            self.apply(event);
        }
        self.settle(host);
    }

    pub(in crate::tests) fn end(&self) -> Option<End> {
        self.execution.outcome().map(|outcome| match outcome {
            Outcome::Succeeded { output } => End::Done(output.clone()),
            Outcome::Failed { error, cause } => End::Failed(format!(
                "{} {}",
                error.clone().unwrap_or_default(),
                cause.clone().unwrap_or_default()
            )),
            other => panic!("{other:?}"),
        })
    }
}

fn note(execution: &mut Execution, states: &mut Vec<String>, history: &mut Vec<HistoryEvent>) {
    for event in execution.take_history() {
        if let EventKind::StateEntered { name, .. } = &event.kind {
            states.push(name.to_string());
        }
        history.push(event);
    }
}
