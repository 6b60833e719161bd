//! One iteration after another: a loop over what travels.

use super::repeated::{appended, at, quote, values, with};
use crate::document::MultiInstance;
use crate::workflow::{Condition, Step};

/// One iteration after another.
pub(super) struct Sequence<'m> {
    pub(super) id: &'m str,
    pub(super) many: &'m MultiInstance,
    pub(super) is_nested: bool,
}

impl Sequence<'_> {
    /// The loop's own members, changed.
    fn kept(&self, members: &str) -> String {
        let (at, id) = (at(self.id), quote(self.id));
        format!(r#""loops": $merge([$s.loops, {{{id}: $merge([{at}, {{{members}}}])}}])"#)
    }

    fn forgotten(&self) -> String {
        format!(r#""loops": $merge([$s.loops, {{{}: {{}}}}])"#, quote(self.id))
    }

    fn outer(&self) -> String {
        match self.is_nested {
            true => format!(r#", "iteration": {}.outer"#, at(self.id)),
            false => String::new(),
        }
    }

    pub(super) fn items(&self) -> Step {
        let mut members = format!(
            r#""items": $append([], $lookup($s.data.{{"v": ({})}}, "v")), "next": 0"#,
            self.many.collection.trim()
        );
        if self.is_nested {
            members.push_str(r#", "outer": $s.iteration"#);
        }
        if let Some(element) = &self.many.element {
            let is_it = format!("function($v, $k) {{$k = {}}}", quote(element));
            members.push_str(&format!(r#", "hidden": $merge([$sift($s.data, {is_it})])"#));
        }
        if !self.many.output.is_empty() {
            let lists = self
                .many
                .output
                .iter()
                .map(|(name, _)| format!("{}: []", quote(name)));
            let lists = lists.collect::<Vec<_>>().join(", ");
            members.push_str(&format!(r#", "outputs": {{{lists}}}"#));
        }
        let id = quote(self.id);
        Step {
            expression: format!(r#"{{"loops": $merge([$s.loops, {{{id}: {{{members}}}}}])}}"#),
            reads: vec![self.many.collection.clone()],
            ..Step::default()
        }
    }

    pub(super) fn more(&self) -> Condition {
        let at = at(self.id);
        Condition::Travelling {
            expression: format!("{at}.next < $count({at}.items)"),
            reads: Vec::new(),
        }
    }

    pub(super) fn next(&self) -> Step {
        let at = at(self.id);
        let number = match self.is_nested {
            true => format!(r#"{at}.outer & "." & $string({at}.next)"#),
            false => format!("$string({at}.next)"),
        };
        let kept = self.kept(&format!(r#""next": {at}.next + 1"#));
        let mut members = format!(r#""iteration": {number}, {kept}"#);
        if let Some(element) = &self.many.element {
            let element = quote(element);
            members.push_str(&format!(
                r#", "data": $merge([$s.data, {{{element}: $lookup({at}, "items")[{at}.next]}}])"#
            ));
        }
        Step {
            expression: format!("{{{members}}}"),
            writes: self.many.element.iter().cloned().collect(),
            lends: self.many.element.clone(),
            ..Step::default()
        }
    }

    /// The data without the element.
    fn taken_back(&self) -> Option<String> {
        let element = quote(self.many.element.as_ref()?);
        let others = format!("$sift($s.data, function($v, $k) {{$k != {element}}})");
        Some(format!("$merge([{others}, {}.hidden])", at(self.id)))
    }

    pub(super) fn done(&self) -> Step {
        let at = at(self.id);
        let lists = self.many.output.iter().map(|(name, _)| {
            let name = quote(name);
            let list = format!("$lookup({at}.outputs, {name})");
            format!("{name}: {}", appended(&list, &format!("$lookup($v, {name})")))
        });
        let lists = lists.collect::<Vec<_>>().join(", ");
        let mut members = Vec::new();
        if !lists.is_empty() {
            members.push(self.kept(&format!(r#""outputs": {{{lists}}}"#)));
        }
        members.extend(self.taken_back().map(|data| format!(r#""data": {data}"#)));
        let members = members.join(", ");
        Step {
            expression: match lists.is_empty() {
                true => format!("{{{members}}}"),
                false => format!("({}; {{{members}}})", values(self.many)),
            },
            reads: self
                .many
                .output
                .iter()
                .map(|(_, source)| source.clone())
                .collect(),
            writes: self.many.element.iter().cloned().collect(),
            ..Step::default()
        }
    }

    pub(super) fn is_enough(&self, condition: &str) -> Condition {
        let at = at(self.id);
        let known = format!(
            r#"{{"nrOfInstances": $count({at}.items), "nrOfCompletedInstances": {at}.next, "loopCounter": {at}.next - 1}}"#
        );
        with("$s.data", &known, condition)
    }

    pub(super) fn over(&self) -> Step {
        let at = at(self.id);
        let lists = self.many.output.iter().map(|(name, _)| {
            let name = quote(name);
            format!("{name}: $lookup({at}.outputs, {name})")
        });
        let lists = lists.collect::<Vec<_>>().join(", ");
        let data = match lists.is_empty() {
            true => String::new(),
            false => format!(r#", "data": $merge([$s.data, {{{lists}}}])"#),
        };
        Step {
            expression: format!("{{{}{data}{}}}", self.forgotten(), self.outer()),
            writes: self.many.output.iter().map(|(name, _)| name.clone()).collect(),
            ..Step::default()
        }
    }

    /// Where it is under way, the variable of the element is again what it was before.
    pub(super) fn restored(&self) -> Step {
        let data = self.taken_back().map(|data| format!(r#", "data": {data}"#));
        Step {
            expression: format!(
                "$exists({}.items) ? {{{}{}{}}} : {{}}",
                at(self.id),
                self.forgotten(),
                data.unwrap_or_default(),
                self.outer()
            ),
            writes: self.many.element.iter().cloned().collect(),
            ..Step::default()
        }
    }
}
