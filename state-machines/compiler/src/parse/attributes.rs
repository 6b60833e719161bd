//! One JSON object of a definition, read attribute by attribute. What has the wrong type and what nobody asked
//! for becomes a diagnostic.

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::{Map, Value};

use crate::pointer;
use crate::suggest::did_you_mean;
use crate::vocabulary::{Place, is_planned_attribute};

pub(super) struct Attributes<'v, 'f> {
    fields: &'v Map<String, Value>,
    at: String,
    node: Option<&'v str>,
    place: Place,
    asked: Vec<&'static str>,
    pub(super) found: &'f mut Vec<Diagnostic>,
}

impl<'v, 'f> Attributes<'v, 'f> {
    pub(super) fn new(
        fields: &'v Map<String, Value>,
        at: impl Into<String>,
        place: Place,
        found: &'f mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            fields,
            at: at.into(),
            node: None,
            place,
            asked: Vec::new(),
            found,
        }
    }

    /// The node that diagnostics are about.
    pub(super) fn about(mut self, node: Option<&'v str>) -> Self {
        self.node = node;
        self
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// How many diagnostics there are.
    pub(super) fn told(&self) -> usize {
        self.found.len()
    }

    pub(super) fn at(&self) -> &str {
        &self.at
    }

    pub(super) fn pointer(&self, name: &str) -> String {
        pointer::join(&self.at, name)
    }

    pub(super) fn tell(&mut self, mut diagnostic: Diagnostic) {
        if let Some(node) = self.node {
            diagnostic = diagnostic.node(node);
        }
        self.found.push(diagnostic);
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<&'v Value> {
        self.asked.push(name);
        self.fields.get(name)
    }

    /// An attribute of the type that `read` takes; `expected` names it in both languages.
    pub(super) fn typed<T>(
        &mut self,
        name: &'static str,
        expected: (&str, &str),
        read: impl FnOnce(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let read = read(value);
        if read.is_none() {
            let at = self.pointer(name);
            self.wrong_type(&at, name, expected);
        }
        read
    }

    pub(super) fn string(&mut self, name: &'static str) -> Option<&'v str> {
        self.typed(name, ("a string", "字符串"), Value::as_str)
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, ("true or false", "true 或 false"), Value::as_bool)
    }

    pub(super) fn list(&mut self, name: &'static str) -> Option<&'v Vec<Value>> {
        self.typed(name, ("a list", "列表"), Value::as_array)
    }

    pub(super) fn object(&mut self, name: &'static str) -> Option<&'v Map<String, Value>> {
        self.typed(name, ("an object", "对象"), Value::as_object)
    }

    /// An attribute that is an object with attributes of its own.
    pub(super) fn nested<'a>(&'a mut self, name: &'static str, place: Place) -> Option<Attributes<'v, 'a>> {
        let fields = self.object(name)?;
        let at = self.pointer(name);
        Some(Attributes::new(fields, at, place, self.found).about(self.node))
    }

    /// An entry of the list `name` that is an object with attributes of its own.
    pub(super) fn entry<'a>(
        &'a mut self,
        name: &'static str,
        index: usize,
        value: &'v Value,
    ) -> Option<Attributes<'v, 'a>> {
        let at = pointer::index(&self.pointer(name), index);
        let Value::Object(fields) = value else {
            self.wrong_type(&at, &format!("{name}[{index}]"), ("an object", "对象"));
            return None;
        };
        Some(Attributes::new(fields, at, Place::Other, self.found).about(self.node))
    }

    /// Tells that an attribute is missing where it is.
    pub(super) fn require(&mut self, name: &str) {
        if !self.has(name) {
            self.missing(name);
        }
    }

    /// A name that people read.
    pub(super) fn name(&mut self) -> Option<Text> {
        let expected = ("a string or {\"en\", \"zh\"}", "字符串或 {\"en\", \"zh\"}");
        self.typed("name", expected, |value| match value {
            Value::Object(fields) if fields.len() != 2 => None,
            value => serde_json::from_value(value.clone()).ok(),
        })
    }

    /// One of a closed list of words; the first is the default.
    pub(super) fn word<T: Copy>(&mut self, name: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let given = self.string(name)?;
        let word = words.iter().find(|(word, _)| *word == given);
        if word.is_none() {
            let at = self.pointer(name);
            self.not_one_of(&at, given, words.iter().map(|(word, _)| *word));
        }
        word.map(|(_, value)| *value)
    }

    pub(super) fn wrong_type(&mut self, at: &str, name: &str, (en, zh): (&str, &str)) {
        self.tell(Diagnostic::error(
            "WRONG_TYPE",
            at,
            Text::new(
                format!("`{name}` must be {en}."),
                format!("`{name}` 必须是{zh}。"),
            ),
        ));
    }

    pub(super) fn bad_value(&mut self, at: &str, (en, zh): (&str, &str)) {
        self.tell(Diagnostic::error("BAD_VALUE", at, Text::new(en, zh)));
    }

    pub(super) fn not_one_of(&mut self, at: &str, given: &str, words: impl Iterator<Item = &'static str>) {
        let words: Vec<&str> = words.collect();
        let list = words.join(", ");
        let mut diagnostic = Diagnostic::error(
            "BAD_VALUE",
            at,
            Text::new(
                format!("`{given}` is not one of: {list}."),
                format!("`{given}` 不在可选值之中：{list}。"),
            ),
        );
        diagnostic.suggestion = did_you_mean(given, words);
        self.tell(diagnostic);
    }

    pub(super) fn missing(&mut self, name: &str) {
        let at = self.at.clone();
        self.tell(Diagnostic::error(
            "MISSING_ATTRIBUTE",
            at,
            Text::new(format!("`{name}` is missing."), format!("缺少 `{name}`。")),
        ));
    }

    /// Tells what nobody asked for.
    pub(super) fn finish(mut self) {
        for name in self.fields.keys() {
            if self.asked.contains(&name.as_str()) {
                continue;
            }
            let at = self.pointer(name);
            let diagnostic = if is_planned_attribute(self.place, name) {
                not_supported_yet(&at, &format!("`{name}`"))
            } else {
                unknown_attribute(&at, name, &self.asked)
            };
            self.tell(diagnostic);
        }
    }
}

fn unknown_attribute(at: &str, name: &str, asked: &[&'static str]) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        "UNKNOWN_ATTRIBUTE",
        at,
        Text::new(
            format!("There is no attribute `{name}` here."),
            format!("此处没有属性 `{name}`。"),
        ),
    );
    diagnostic.suggestion = did_you_mean(name, asked.iter().copied());
    diagnostic
}

/// What BPMN has and the compiler does not build yet, by its name in the text.
pub(super) fn not_supported_yet(at: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        "NOT_SUPPORTED_YET",
        at,
        Text::new(
            format!("{what} is part of the language but not supported yet."),
            format!("{what} 属于该语言，但尚未支持。"),
        ),
    )
}
