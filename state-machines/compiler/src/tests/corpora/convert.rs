//! Processes, their nodes and flows. What our language asks for and BPMN leaves to the engine is filled in: who gets a task, which
//! function a service calls, what a script sets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Process;
use super::event;
use super::expression::Fields;
use super::names::{Names, id, key};
use super::xml::Element;

pub(super) fn processes(file: &str, definitions: &Element) -> Result<Vec<Process>, String> {
    let names = Names::of(definitions);
    let mut found = Vec::new();
    for process in definitions.children("process") {
        let name = process.attribute("id").unwrap_or("process");
        let (mut fields, mut calls) = (Fields::default(), BTreeSet::new());
        let (nodes, flows) = Converter {
            names: &names,
            fields: &mut fields,
            calls: &mut calls,
        }
        .scope(process);
        if nodes.is_empty() {
            continue;
        }
        let definition = json!({"key": key(name), "form": "claim", "nodes": nodes, "flows": flows});
        let (file, id, schema) = (file.to_owned(), name.to_owned(), fields.schema());
        found.push(Process {
            file,
            id,
            definition,
            schema,
            calls,
        });
    }
    if found.is_empty() {
        return Err(format!("no process has a node in this <{}>", definitions.name));
    }
    Ok(found)
}

struct Converter<'a> {
    names: &'a Names,
    fields: &'a mut Fields,
    calls: &'a mut BTreeSet<String>,
}

/// BPMN's elements of a process that are no nodes.
const BESIDE: [&str; 16] = [
    "sequenceFlow",
    "laneSet",
    "association",
    "textAnnotation",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "extensionElements",
    "documentation",
    "ioSpecification",
    "property",
    "incoming",
    "outgoing",
    "multiInstanceLoopCharacteristics",
    "standardLoopCharacteristics",
    "group",
];

/// Prefixes of their elements.
const VENDORS: [&str; 4] = ["activiti", "camunda", "flowable", "signavio"];

impl Converter<'_> {
    fn scope(&mut self, scope: &Element) -> (Vec<Value>, Vec<Value>) {
        let handlers = handlers(scope);
        let mut nodes = Vec::new();
        for element in &scope.children {
            let is_node = element.attribute("id").is_some() && !BESIDE.contains(&element.name.as_str());
            let is_definition = element.name.ends_with("EventDefinition");
            if is_node && !is_definition && !VENDORS.contains(&element.prefix.as_str()) {
                nodes.push(Value::Object(self.node(element, &handlers)));
            }
        }
        let flows = scope
            .children("sequenceFlow")
            .map(|flow| self.flow(flow, scope))
            .collect();
        (nodes, flows)
    }

    fn flow(&mut self, flow: &Element, scope: &Element) -> Value {
        let end = |name| id(flow.attribute(name).unwrap_or_default());
        let mut converted = json!({"from": end("sourceRef"), "to": end("targetRef")});
        let source = scope
            .children
            .iter()
            .find(|node| node.attribute("id") == flow.attribute("sourceRef"));
        let default = source.and_then(|source| source.attribute("default"));
        if default.is_some() && default == flow.attribute("id") {
            converted["default"] = true.into();
        } else if let Some(condition) = flow.child("conditionExpression") {
            let condition = condition.text.trim();
            if !condition.is_empty() {
                converted["when"] = self.fields.condition(condition).into();
            }
        }
        if let Some(name) = flow.attribute("name") {
            converted["name"] = name.chars().take(200).collect::<String>().into();
        }
        converted
    }

    fn node(&mut self, element: &Element, handlers: &BTreeMap<String, String>) -> Map<String, Value> {
        let mut node = Map::new();
        let own = element.attribute("id").unwrap_or_default();
        node.insert("id".to_owned(), id(own).into());
        node.insert("type".to_owned(), element.name.clone().into());
        if let Some(name) = element.attribute("name") {
            node.insert(
                "name".to_owned(),
                name.chars().take(200).collect::<String>().into(),
            );
        }
        match element.name.as_str() {
            "startEvent" | "intermediateCatchEvent" | "boundaryEvent" => {
                let handler = handlers.get(own).cloned();
                node.extend(event::attributes(
                    element,
                    false,
                    self.names,
                    self.fields,
                    handler,
                ));
                self.listens(element, &mut node);
            }
            "endEvent" | "intermediateThrowEvent" => {
                node.extend(event::attributes(element, true, self.names, self.fields, None));
            }
            "subProcess" | "transaction" | "adHocSubProcess" => {
                let (nodes, flows) = self.scope(element);
                node.insert("nodes".to_owned(), nodes.into());
                node.insert("flows".to_owned(), flows.into());
                if element.attribute("triggeredByEvent") == Some("true") {
                    node.insert("triggeredByEvent".to_owned(), true.into());
                }
            }
            _ => self.task(element, &mut node),
        }
        self.repeated(element, &mut node);
        if element.attribute("isForCompensation") == Some("true") {
            node.insert("isForCompensation".to_owned(), true.into());
        }
        node
    }

    fn listens(&self, element: &Element, node: &mut Map<String, Value>) {
        if let Some(activity) = element.attribute("attachedToRef") {
            node.insert("attachedTo".to_owned(), id(activity).into());
        }
        let interrupting = element
            .attribute("cancelActivity")
            .or(element.attribute("isInterrupting"));
        if interrupting == Some("false") {
            node.insert("interrupting".to_owned(), false.into());
        }
    }

    fn task(&mut self, element: &Element, node: &mut Map<String, Value>) {
        let own = element.attribute("id").unwrap_or_default();
        let reference = element
            .attribute("messageRef")
            .map(|reference| self.names.get(reference));
        let name = reference.unwrap_or_else(|| own.to_owned());
        let variable = element.attribute("resultVariable").unwrap_or("result");
        let (attribute, value) = match element.name.as_str() {
            "userTask" => ("assign", json!([{"starter": "self"}])),
            "serviceTask" => ("lambda", json!("do-it")),
            "scriptTask" => ("script", json!({variable: "1"})),
            "sendTask" => ("message", event::message(&name, true)),
            "receiveTask" => ("message", event::message(&name, false)),
            "businessRuleTask" => ("decision", table(variable)),
            "callActivity" => {
                for (_, source) in mappings(element, "in") {
                    self.fields.condition(&source);
                }
                node.insert("in".to_owned(), mappings(element, "in").collect());
                node.insert("out".to_owned(), mappings(element, "out").collect());
                let called = key(element.attribute("calledElement").unwrap_or_default());
                self.calls.insert(called.clone());
                ("calledElement", called.into())
            }
            _ => return,
        };
        node.insert(attribute.to_owned(), value);
    }

    fn repeated(&mut self, element: &Element, node: &mut Map<String, Value>) {
        if element.child("standardLoopCharacteristics").is_some() {
            node.insert("standardLoop".to_owned(), json!({}));
        }
        let Some(loops) = element.child("multiInstanceLoopCharacteristics") else {
            return;
        };
        let count = loops
            .child("loopCardinality")
            .map(|count| format!("[1..{}]", count.text.trim()));
        let list = loops
            .attribute("collection")
            .or(loops.child("loopDataInputRef").map(|list| list.text.trim()));
        let list = list.map(|list| match self.fields.value(list, "array") {
            Some(expression) => expression,
            None => {
                self.fields.list(list);
                list.to_owned()
            }
        });
        let mut multi = json!({"sequential": loops.attribute("isSequential") == Some("true")});
        if let Some(collection) = list.or(count) {
            multi["collection"] = collection.into();
        }
        let item = loops
            .child("inputDataItem")
            .and_then(|item| item.attribute("name"));
        if let Some(name) = loops.attribute("elementVariable").or(item) {
            multi["element"] = name.into();
        }
        if let Some(condition) = loops.child("completionCondition") {
            multi["completionCondition"] = self.fields.condition(&condition.text).into();
        }
        node.insert("multiInstance".to_owned(), multi);
    }
}

/// What compensates: by the id of the boundary event, the other end of its association.
fn handlers(scope: &Element) -> BTreeMap<String, String> {
    let ends = |association: &Element| {
        let (from, to) = (
            association.attribute("sourceRef")?,
            association.attribute("targetRef")?,
        );
        Some((from.to_owned(), id(to)))
    };
    scope.children("association").filter_map(ends).collect()
}

fn table(variable: &str) -> Value {
    json!({"inputs": [{"expression": "1"}], "outputs": [{"name": variable}],
        "rules": [{"when": ["-"], "then": ["1"]}]})
}

/// Variables that go into a called process, or come back: the name there, and here.
fn mappings<'a>(call: &'a Element, direction: &'a str) -> impl Iterator<Item = (String, String)> {
    let extensions = call.children("extensionElements");
    let all = extensions.flat_map(move |all| all.children(direction));
    all.filter_map(|one| {
        Some((
            one.attribute("target")?.to_owned(),
            one.attribute("source")?.to_owned(),
        ))
    })
}
