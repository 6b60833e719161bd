//! Parallel iterations: one `Map`, whose processor is the region of an iteration.

use asl::types::{ItemProcessor, Map};

use super::expression::{Change, INPUT, code, quote};
use super::{Lowering, Made, Scope};
use crate::resolve::{appended, at};
use crate::workflow::{Each, Exit, Kind, NodeIndex, RegionIndex};

const RESULT: &str = "$states.result";

impl Lowering<'_> {
    pub(super) fn each(&self, index: NodeIndex, each: &Each, before: &[NodeIndex]) -> Made {
        let passed = self.list(before);
        let entering = Change {
            before: &passed,
            ..Change::default()
        };
        let entered = entering.expression().unwrap_or_else(|| INPUT.to_owned());
        let items = format!(
            r#"$append([], $lookup($s.data.{{"v": ({})}}, "v"))"#,
            each.collection.trim()
        );
        let mut map = Map {
            comment: self.comment(index),
            items: Some(code(&format!("($s := {entered}; {items})"))),
            item_selector: Some(code(&self.iteration(each, &entered, &items))),
            ..Map::default()
        };
        let mut follow = Vec::new();
        for region in self.workflow.branches(index) {
            let Scope { start_at, states } = self.scope(region);
            map.item_processor = Some(ItemProcessor {
                start_at,
                states,
                ..ItemProcessor::default()
            });
            if let Exit::Always(join) = self.workflow.node(index).exit {
                let (behind, next, more) = self.behind(index, join);
                let change = Change {
                    behind: &behind,
                    of: Some(self.iterated(each, region, &entered)),
                    ..Change::default()
                };
                map.output = change.output();
                map.end = next.is_none();
                map.next = next;
                follow.extend(more);
            }
        }
        let (catch, caught) = self.left(index);
        map.catch = catch;
        follow.extend(caught);
        (map.into(), follow)
    }

    /// What an iteration begins with.
    fn iteration(&self, each: &Each, entered: &str, items: &str) -> String {
        let item = "$states.context.Map.Item";
        let number = match each.is_nested {
            true => format!(r#"$s.iteration & "." & $string({item}.Index)"#),
            false => format!("$string({item}.Index)"),
        };
        let mut known = format!(r#""size": $count({items}), "index": {item}.Index, "data": $s.data"#);
        if each.is_nested {
            known.push_str(r#", "outer": $s.iteration"#);
        }
        let mut members = format!(
            r#""iteration": {number}, "loops": $merge([$s.loops, {{{}: {{{known}}}}}])"#,
            quote(&each.id)
        );
        if let Some(element) = &each.element {
            let element = quote(element);
            members.push_str(&format!(
                r#", "data": $merge([$s.data, {{{element}: {item}.Value}}])"#
            ));
        }
        format!("($s := {entered}; $merge([$s, {{{members}}}]))")
    }

    /// What iterations have come to: but for their lists they leave nothing.
    fn iterated(&self, each: &Each, region: RegionIndex, entered: &str) -> String {
        let mut members = vec![
            format!(r#""seq": $max([{RESULT}.seq, $s.seq])"#),
            format!(r#""path": $count({RESULT}) = 0 ? $s.path : [$distinct([{RESULT}.path])]"#),
        ];
        let counters: Vec<String> = self
            .counted(region)
            .into_iter()
            .map(|id| format!("{}: $max([{RESULT}.visits.`{id}`, $s.visits.`{id}`])", quote(id)))
            .collect();
        if !counters.is_empty() {
            members.push(format!(
                r#""visits": $merge([$s.visits, {{{}}}])"#,
                counters.join(", ")
            ));
        }
        let lists: Vec<String> = each
            .outputs
            .iter()
            .map(|name| {
                let name = quote(name);
                let value = appended("$all", "$one");
                let one = format!(r#"$lookup($lookup($run, "output"), {name})"#);
                format!("{name}: $reduce({RESULT}, function($all, $run) {{($one := {one}; {value})}}, [])")
            })
            .collect();
        if !lists.is_empty() {
            members.push(format!(r#""data": $merge([$s.data, {{{}}}])"#, lists.join(", ")));
        }
        format!("($s := {entered}; $merge([$s, {{{}}}]))", members.join(", "))
    }

    /// What leaves parallel iterations has the data that they were entered with, and what the event brought.
    pub(super) fn without_iteration(&self, region: RegionIndex, to: NodeIndex, state: String) -> String {
        let home = self.workflow.node(to).region;
        let left = self.workflow.around(region).take_while(|at| *at != home);
        let outermost = left
            .filter(|at| self.workflow.region(*at).is_each)
            .last()
            .and_then(|at| self.workflow.region(at).fork)
            .and_then(|fork| self.workflow.node(fork).each());
        let Some(each) = outermost else { return state };
        let brought: Vec<String> = self
            .brought(to)
            .iter()
            .map(|field| format!("{}: $s.data.`{field}`", quote(field)))
            .collect();
        let at = at(&each.id);
        let iteration = match each.is_nested {
            true => format!(r#", "iteration": {at}.outer"#),
            false => String::new(),
        };
        format!(
            r#"($s := {state}; $merge([$s, {{"data": $merge([{at}.data, {{{}}}]){iteration}}}]))"#,
            brought.join(", ")
        )
    }

    /// The fields that an event sets.
    fn brought(&self, to: NodeIndex) -> &[String] {
        let mut events = self.workflow.nodes().flat_map(|(_, node)| match &node.kind {
            Kind::Place(place) => place.events.as_slice(),
            _ => &[],
        });
        events
            .find(|event| event.to == to)
            .map_or(&[], |event| event.trigger.writes())
    }
}
