//! Multi-instances. Sequential iterations are a loop over what travels; parallel ones are the branch of a fork that runs
//! once for each element.
//!
//! What an iteration needs travels under `loops`, by the activity's id.

use serde_json::Value;

use super::sequence::Sequence;
use super::{Resolve, Whole};
use crate::document::{self, MultiInstance};
use crate::graph::NodeNo;
use crate::node::Retry;
use crate::workflow::{Call, Called, Condition, Each, Exit, Fork, Iteration, Kind, NodeIndex, Step};

impl Resolve<'_, '_> {
    pub(super) fn repeated(
        &mut self,
        no: NodeNo,
        node: &document::Node,
        many: &MultiInstance,
    ) -> Option<(Kind, Exit)> {
        let Exit::Always(after) = self.leaving(no)? else {
            return None;
        };
        let done = self.imply_inside(format!("{}:done", node.id), Kind::Pass, Exit::None);
        self.dones.insert(no, done);
        let (kind, exit) = self.meaning(no, node)?;
        let body = match (&node.kind, &exit) {
            (document::Kind::SubProcess { .. }, Exit::Always(start)) => *start,
            _ => self.body(no, node, kind, exit),
        };
        Some(match many.sequential {
            true => self.one_after_another(no, many, [body, done, after]),
            false => self.all_at_once(no, many, [body, done, after]),
        })
    }

    /// An iteration of a task, told as the task with the visit of the whole.
    fn body(&mut self, no: NodeNo, node: &document::Node, kind: Kind, exit: Exit) -> NodeIndex {
        let body = self.imply_inside(format!("{}:each", node.id), kind, exit);
        if let Some(made) = self.nodes.get_mut(body.0) {
            made.silent = false;
            made.name.clone_from(&node.name);
            made.of = Some(Iteration {
                id: node.id.clone(),
                index: NodeIndex(no),
                repeats: false,
            });
        }
        body
    }

    fn one_after_another(
        &mut self,
        no: NodeNo,
        many: &MultiInstance,
        [body, done, after]: [NodeIndex; 3],
    ) -> (Kind, Exit) {
        let id = self.id(no);
        let sequence = Sequence {
            id: &id,
            many,
            is_nested: self.iterates(no),
        };
        let over = self.imply(
            format!("{id}:over"),
            Kind::Step(sequence.over()),
            Exit::Always(after),
        );
        let next = self.imply(
            format!("{id}:next"),
            Kind::Step(sequence.next()),
            Exit::Always(body),
        );
        let more = self.imply(
            format!("{id}:more"),
            Kind::Gateway,
            Exit::Conditions {
                when: vec![(sequence.more(), next)],
                otherwise: over,
            },
        );
        let items = self.imply(
            format!("{id}:items"),
            Kind::Step(sequence.items()),
            Exit::Always(more),
        );
        let mut then = more;
        if let Some(condition) = &many.completion_condition {
            let exit = Exit::Conditions {
                when: vec![(sequence.is_enough(condition), over)],
                otherwise: more,
            };
            then = self.imply_inside(format!("{id}:enough"), Kind::Gateway, exit);
        }
        self.becomes(done, Kind::Step(sequence.done()), Exit::Always(then));
        (Kind::Pass, Exit::Always(items))
    }

    fn all_at_once(
        &mut self,
        no: NodeNo,
        many: &MultiInstance,
        [body, done, after]: [NodeIndex; 3],
    ) -> (Kind, Exit) {
        let id = self.id(no);
        let each = Each {
            id: id.clone(),
            collection: many.collection.clone(),
            element: many.element.clone(),
            outputs: many.output.iter().map(|(name, _)| name.clone()).collect(),
            is_nested: self.iterates(no),
        };
        let joined = self.imply(format!("{id}:joined"), Kind::Pass, Exit::Always(after));
        let fork = Fork {
            branches: vec![body],
            each: Some(Box::new(each)),
            is_unnested: false,
        };
        let fork = self.imply(format!("{id}:all"), Kind::Fork(fork), Exit::Always(joined));
        let whole = Whole {
            end: joined,
            beside: NodeIndex(no),
        };
        self.eaches.insert(fork, whole);
        let then = match &many.completion_condition {
            None => joined,
            Some(condition) => self.until_enough(no, many, condition, joined, after),
        };
        let kind = match many.output.is_empty() {
            true => Kind::Pass,
            false => Kind::Step(put_aside(many)),
        };
        self.becomes(done, kind, Exit::Always(then));
        (Kind::Pass, Exit::Always(fork))
    }

    /// Iterations know of each other by what they tell when they are complete; one of them leaves them all.
    fn until_enough(
        &mut self,
        no: NodeNo,
        many: &MultiInstance,
        condition: &str,
        joined: NodeIndex,
        after: NodeIndex,
    ) -> NodeIndex {
        let id = self.id(no);
        let left = self.imply(
            format!("{id}:left"),
            Kind::Step(gathered(many)),
            Exit::Always(after),
        );
        self.homes.push((left, no));
        let at = at(&id);
        let known = format!(
            r#"{{"nrOfInstances": {at}.size, "nrOfCompletedInstances": $s.arrived.count, "loopCounter": {at}.index}}"#
        );
        let enough = Exit::Conditions {
            when: vec![(with(&format!("{at}.data"), &known, condition), left)],
            otherwise: joined,
        };
        let enough = self.imply_inside(format!("{id}:enough"), Kind::Gateway, enough);
        let call = Call {
            what: Called::Arrive(NodeIndex(no)),
            retry: Retry::default(),
            writes: Vec::new(),
            catches: Vec::new(),
        };
        self.imply_inside(
            format!("{id}:arrive"),
            Kind::Call(Box::new(call)),
            Exit::Always(enough),
        )
    }

    /// An event has left sequential iterations of these nodes: the variables of their elements are what they were before.
    pub(super) fn restored(
        &mut self,
        no: NodeNo,
        inside: impl Fn(&Self, NodeNo) -> bool,
        exit: Exit,
    ) -> Exit {
        let Exit::Always(mut to) = exit else { return exit };
        let mut loops: Vec<(NodeNo, MultiInstance)> = self
            .graph
            .nodes()
            .filter_map(|(other, node)| Some((other, node.multi_instance.clone()?)))
            .filter(|(other, many)| many.sequential && inside(self, *other))
            .collect();
        // The innermost is restored first; the steps are made from the last to the first.
        loops.sort_by_key(|(other, _)| self.depth(*other));
        for (other, many) in loops {
            let id = self.id(other);
            let sequence = Sequence {
                id: &id,
                many: &many,
                is_nested: self.iterates(other),
            };
            if many.element.is_some() || sequence.is_nested {
                let step = Kind::Step(sequence.restored());
                let name = format!("{}:restore:{id}", self.id(no));
                to = self.imply(name, step, Exit::Always(to));
            }
        }
        Exit::Always(to)
    }
}

/// Where the iterations of an activity keep what they know.
pub(crate) fn at(id: &str) -> String {
    format!("$s.loops.`{id}`")
}

pub(super) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// A condition over data with more variables.
pub(super) fn with(data: &str, known: &str, condition: &str) -> Condition {
    Condition::Travelling {
        expression: format!("$merge([{data}, {known}]).({condition}) = true"),
        reads: vec![condition.to_owned()],
    }
}

/// A list with one more value, which may be a list itself, or not be there.
pub(crate) fn appended(list: &str, value: &str) -> String {
    format!(
        r#"$append({list}, $exists({value}) ? ($type({value}) = "array" ? [[{value}]] : [{value}]) : [null])"#
    )
}

/// The values of an iteration, as `$v`.
pub(super) fn values(many: &MultiInstance) -> String {
    format!("$v := $s.data.{}", super::object(&many.output))
}

/// Keeps the values of a parallel iteration for the list.
fn put_aside(many: &MultiInstance) -> Step {
    let members: Vec<String> = many
        .output
        .iter()
        .map(|(name, _)| {
            let name = quote(name);
            format!("{name}: $exists($lookup($v, {name})) ? $lookup($v, {name}) : null")
        })
        .collect();
    Step {
        expression: format!(r#"({}; {{"output": {{{}}}}})"#, values(many), members.join(", ")),
        reads: many.output.iter().map(|(_, source)| source.clone()).collect(),
        ..Step::default()
    }
}

/// Makes the lists of those iterations that were complete when enough were.
fn gathered(many: &MultiInstance) -> Step {
    let lists: Vec<String> = many
        .output
        .iter()
        .map(|(name, _)| {
            let name = quote(name);
            let value = appended("$all", "$one");
            format!(
                r#"{name}: $reduce($keys, function($all, $key) {{($one := $lookup($lookup($lookup($s.arrived.arrived, $key), "output"), {name}); {value})}}, [])"#
            )
        })
        .collect();
    let data = match lists.is_empty() {
        true => "{}".to_owned(),
        false => format!(
            r#"($keys := $sort($append([], $keys($s.arrived.arrived)), function($a, $b) {{$number($a) > $number($b)}}); {{"data": $merge([$s.data, {{{}}}])}})"#,
            lists.join(", ")
        ),
    };
    Step {
        expression: data,
        writes: many.output.iter().map(|(name, _)| name.clone()).collect(),
        ..Step::default()
    }
}
