//! Places: an execution rests in one until its token is answered.

use asl::types::Task;
use serde_json::{Map, Value, json};

use super::call::transient;
use super::expression::{self, Change, INPUT, code, quote};
use super::ways::ways;
use super::{Lowering, Made, PREFIX, Todo};
use crate::document::{TimerKind, TimerValue};
use crate::resolve::object;
use crate::workflow::{Escalation, Listened, Node, NodeIndex, Opens, Place, Trigger};

/// A day less than the year that an execution may live: the task gives up before the machine does.
const TOKEN_SECONDS: u64 = 364 * 24 * 60 * 60;

const RESULT: &str = "$states.result";

impl Lowering<'_> {
    pub(super) fn place(&self, index: NodeIndex, place: &Place, before: &[NodeIndex]) -> Made {
        let node = self.workflow.node(index);
        let (catch, caught) = self.catchers(index, before, &place.catches);
        let passed = self.list(before);
        let ways = ways(self.workflow, index);
        let (behind, next, mut follow) = match ways.as_slice() {
            [only] => self.behind(index, only.to),
            _ => {
                let next = Todo::Answer(index);
                (Vec::new(), Some(self.name(node.region, next)), vec![next])
            }
        };
        follow.extend(caught);
        let change = Change {
            before: &passed,
            own: Some(node),
            behind: &behind,
            members: answer(place, ways.len()),
            data: result(place),
            is_told: true,
            may_be_over: place.is_listener,
            ..Change::default()
        };
        let task = Task {
            comment: self.comment(index),
            arguments: Some(self.opening(node, place, &passed)),
            timeout_seconds: Some(TOKEN_SECONDS.into()),
            // Not after `States.Timeout`, which is the token's. Opening again is harmless: a place's key is instance, node and visit.
            retry: vec![transient(&[
                "Retryable",
                "Sandbox.Timedout",
                "Lambda.Unknown",
                "Runtime.ExitError",
            ])],
            catch,
            output: change.output(),
            end: next.is_none(),
            next,
            ..Task::new("arn:aws:states:::lambda:invoke.waitForTaskToken")
        };
        (task.into(), follow)
    }

    fn opening(&self, node: &Node, place: &Place, before: &[&Node]) -> Value {
        let mut payload = self.payload(node, before);
        payload.insert("token".to_owned(), code("$states.context.Task.Token"));
        let state = self.carried(before, node.iterates);
        if !state.is_empty() {
            payload.insert("state".to_owned(), state.into());
        }
        let attached = place.attached.as_ref().map(|attached| {
            let to = self.workflow.node(attached.to);
            let visit = match attached.is_entered {
                true => expression::visits_so_far(before, to),
                false => expression::visit(INPUT, to),
            };
            (to, visit)
        });
        if !place.events.is_empty() {
            let visit = attached.as_ref().map(|(_, visit)| visit.as_str());
            let events = place.events.iter().map(|event| self.event(event, before, visit));
            payload.insert("events".to_owned(), events.collect());
        }
        if place.is_hidden {
            payload.insert("hidden".to_owned(), json!(true));
        }
        if let Some((to, visit)) = attached {
            payload.insert(
                "attached".to_owned(),
                json!({"node": to.id, "visit": number(&visit)}),
            );
        }
        let opener = match &place.opens {
            Opens::User(..) => "open_task",
            Opens::Timer => "open_timer",
            Opens::Receive => "open_receive",
            Opens::Call {
                called_element,
                input,
                ..
            } => {
                let data = expression::value(&object(input), before);
                let call = json!({"calledElement": called_element, "data": code(&data)});
                payload.insert("call".to_owned(), call);
                "open_call"
            }
        };
        json!({"FunctionName": format!("{PREFIX}{opener}"), "Payload": payload})
    }

    /// The message that tells a catcher, of one entering of what it is attached to.
    pub(super) fn escalation(&self, escalation: &Escalation, visit: &str) -> Value {
        let of = self.workflow.node(escalation.of);
        let mut correlation = format!(
            "{INPUT}.instance & {} & ({visit})",
            quote(&format!("/{}/", of.id))
        );
        if let Some(last) = escalation.of_iteration.checked_sub(1) {
            correlation.push_str(&format!(
                r#" & "/" & $join($split({INPUT}.iteration, ".")[[0..{last}]], ".")"#
            ));
        }
        json!({"name": format!("escalation:{}", escalation.catcher), "correlation": code(&correlation)})
    }

    /// What the token carries, for the place's row: a resumed execution begins with it.
    fn carried(&self, before: &[&Node], iterates: bool) -> Map<String, Value> {
        let mut state = Map::new();
        if self.travels.loops {
            state.insert("loops".to_owned(), code(&format!("$merge([{INPUT}.loops])")));
        }
        if self.travels.status {
            let status = format!(r#"$exists({INPUT}.status) ? {INPUT}.status : """#);
            state.insert("status".to_owned(), code(&status));
        }
        if self.travels.compensations {
            state.insert(
                "compensations".to_owned(),
                code(&format!("$append([], {INPUT}.compensations)")),
            );
        }
        if iterates {
            state.insert("iteration".to_owned(), code(&format!("{INPUT}.iteration")));
        }
        if self.travels.visits {
            state.insert("visits".to_owned(), code(&expression::visits_after(before)));
        }
        if self.travels.data {
            state.insert("data".to_owned(), code(&expression::data_before(before)));
        }
        if self.travels.since {
            let since =
                expression::since_after(INPUT, before).unwrap_or_else(|| format!("$merge([{INPUT}.since])"));
            state.insert("since".to_owned(), code(&since));
        }
        state
    }

    /// `attached`: which visit of its activity a listener is for.
    fn event(&self, event: &Listened, before: &[&Node], attached: Option<&str>) -> Value {
        let mut told = Map::new();
        told.insert("node".to_owned(), json!(event.id));
        match &event.trigger {
            Trigger::Timer(timer) => {
                let kind = match timer.kind {
                    TimerKind::Duration => "timeDuration",
                    TimerKind::Date => "timeDate",
                    TimerKind::Cycle => "timeCycle",
                };
                let value = match &timer.value {
                    TimerValue::Literal(text) => json!(text),
                    TimerValue::Expression(source) => code(&expression::value(source, before)),
                };
                told.insert("timer".to_owned(), json!({ kind: value }));
            }
            Trigger::Message {
                name, correlation, ..
            } => {
                let mut message = Map::new();
                message.insert("name".to_owned(), json!(name));
                if let Some(source) = correlation {
                    let value = format!("{} & \"\"", expression::value(source, before));
                    message.insert("correlation".to_owned(), code(&value));
                }
                told.insert("message".to_owned(), message.into());
            }
            Trigger::Signal { name, .. } => {
                told.insert("signal".to_owned(), json!({"name": name}));
            }
            Trigger::Escalation(escalation) => {
                let visit = attached.unwrap_or("1");
                told.insert("message".to_owned(), self.escalation(escalation, visit));
            }
        }
        if let Some(since) = event.since {
            let scope = self.workflow.node(since);
            let entered_here = before.iter().any(|node| node.id == scope.id);
            let since = match entered_here {
                true => "$now()".to_owned(),
                false => format!("{INPUT}.since.`{}`", scope.id),
            };
            told.insert("since".to_owned(), code(&since));
        }
        told.into()
    }
}

/// A number that is known, or the expression of one.
pub(super) fn number(expression: &str) -> Value {
    match expression.parse::<u64>() {
        Ok(number) => json!(number),
        Err(_) => code(expression),
    }
}

/// What the ways out of a place ask for. `& ""`: an answer without an outcome must not fall back to the outcome of the
/// task before.
fn answer(place: &Place, ways: usize) -> Vec<(&'static str, String)> {
    let mut members = Vec::new();
    if ways < 2 {
        return members;
    }
    if !place.events.is_empty() {
        members.push(("event", format!(r#"{RESULT}.event & """#)));
    }
    if matches!(place.opens, Opens::User(..)) {
        members.push(("outcome", format!(r#"{RESULT}.outcome & """#)));
    }
    members
}

/// The object of what an answer sets.
fn result(place: &Place) -> Option<String> {
    let mut parts = Vec::new();
    let own = match &place.opens {
        Opens::User(_, writes) if !writes.is_empty() => Some(format!("{RESULT}.data")),
        Opens::Call { output, status, .. } => {
            let mut objects = vec![format!("{RESULT}.data.{}", object(output))];
            objects.extend(
                status
                    .iter()
                    .map(|name| format!("{{{}: {RESULT}.status}}", quote(name))),
            );
            Some(format!("$merge([{}])", objects.join(", ")))
        }
        _ => None,
    };
    // An event of another's must not be taken for the place's own answer.
    parts.extend(own.map(|own| match place.events.is_empty() {
        true => own,
        false => format!(
            r#"($exists({RESULT}.event) and {RESULT}.event in [{}] ? {{}} : {own})"#,
            ids(place)
        ),
    }));
    for event in &place.events {
        let writes = event.trigger.writes();
        if writes.is_empty() {
            continue;
        }
        let members: Vec<String> = writes
            .iter()
            .map(|field| format!("{}: {RESULT}.data.`{field}`", quote(field)))
            .collect();
        let set = format!("{{{}}}", members.join(", "));
        parts.push(match place.events.len() {
            1 if matches!(place.opens, Opens::Receive) && !place.is_listener => set,
            _ => format!("({RESULT}.event = {} ? {set} : {{}})", quote(&event.id)),
        });
    }
    match parts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        parts => Some(format!("$merge([{}])", parts.join(", "))),
    }
}

fn ids(place: &Place) -> String {
    let ids: Vec<String> = place.events.iter().map(|event| quote(&event.id)).collect();
    ids.join(", ")
}
