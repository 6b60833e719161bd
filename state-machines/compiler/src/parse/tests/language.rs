//! Every type of the language: what is read, and what is said about what is not.

use serde_json::{Value, json};

use crate::document::{Document, Kind};
use crate::parse::read;
use crate::rules::testing as rules;

/// What parsing alone says about a definition of these nodes, with pointers that begin at the first of them.
pub(super) fn form_of(nodes: &[Value]) -> (Document, Vec<String>) {
    let definition = json!({"key": "k", "form": "claim", "nodes": nodes, "flows": []});
    let (document, found) = read(&definition.to_string());
    let said = found
        .iter()
        .map(|one| format!("{} {}", one.code, one.pointer.replacen("/nodes/0", "", 1)));
    (document.unwrap(), said.collect())
}

pub(super) fn node(text: &str) -> Value {
    let mut node: Value = serde_json::from_str(text).unwrap();
    node["id"] = "n".into();
    node
}

pub(super) fn check(text: &str, expected: &[&str]) {
    let (_, said) = form_of(&[node(text)]);
    assert_eq!(said, expected, "{text}");
}

pub(super) fn kind(text: &str) -> Kind {
    let (document, said) = form_of(&[node(text)]);
    assert!(said.is_empty(), "{text}: {said:?}");
    document.nodes[0].kind.clone()
}

#[test]
fn every_type_is_read() {
    for (text, expected) in [
        (r#"{"type": "parallelGateway"}"#, "Parallel"),
        (r#"{"type": "inclusiveGateway"}"#, "Inclusive"),
        (r#"{"type": "eventBasedGateway"}"#, "EventBased"),
        (
            r#"{"type": "scriptTask", "script": {"total": "amount * 2", "a": "1"}}"#,
            r#"Script([("total", "amount * 2"), ("a", "1")])"#,
        ),
        (
            r#"{"type": "sendTask", "message": {"name": "paid", "correlation": "id", "data": {"a": "b"}}}"#,
            r#"Send(Throw { what: Message { name: "paid", correlation: Some("id") }, data: [("a", "b")] })"#,
        ),
        (
            r#"{"type": "intermediateThrowEvent", "signal": {"name": "stop"}}"#,
            r#"Send(Throw { what: Signal { name: "stop" }, data: [] })"#,
        ),
        (
            r#"{"type": "receiveTask", "message": {"name": "paid", "writes": ["note"]}}"#,
            r#"Catch(Message(Message { name: "paid", correlation: None, writes: ["note"] }))"#,
        ),
        (
            r#"{"type": "intermediateCatchEvent", "signal": {"name": "go", "writes": []}}"#,
            r#"Catch(Signal { name: "go", writes: [] })"#,
        ),
        (
            r#"{"type": "intermediateCatchEvent", "link": {"name": "a"}}"#,
            r#"Catch(Link { name: "a" })"#,
        ),
        (r#"{"type": "intermediateThrowEvent"}"#, "Throw(None)"),
        (
            r#"{"type": "intermediateThrowEvent", "escalation": {"code": "LATE"}}"#,
            r#"Throw(Escalation { code: "LATE" })"#,
        ),
        (
            r#"{"type": "intermediateThrowEvent", "compensation": {"activity": "pay"}}"#,
            r#"Throw(Compensation { activity: Some("pay") })"#,
        ),
        (
            r#"{"type": "boundaryEvent", "attachedTo": "pay", "error": {}}"#,
            r#"Boundary(Boundary { attached_to: "pay", event: Error { code: None }, interrupting: true })"#,
        ),
        (
            r#"{"type": "boundaryEvent", "attachedTo": "pay", "compensation": {"handler": "undo"}}"#,
            r#"Boundary(Boundary { attached_to: "pay", event: Compensation { handler: "undo" }, interrupting: true })"#,
        ),
        (
            r#"{"type": "startEvent", "interrupting": false, "escalation": {}}"#,
            "Start(Some(StartEvent { event: Escalation { code: None }, interrupting: false }))",
        ),
        (
            r#"{"type": "endEvent", "terminate": true, "status": "rejected"}"#,
            "End(End { status: Rejected, event: Some(Terminate) })",
        ),
        (
            r#"{"type": "endEvent", "error": {"code": "NO_MONEY"}}"#,
            r#"End(End { status: Completed, event: Some(Error { code: "NO_MONEY" }) })"#,
        ),
        (
            r#"{"type": "subProcess", "triggeredByEvent": true, "nodes": [], "flows": []}"#,
            "SubProcess { triggered_by_event: true }",
        ),
        (
            r#"{"type": "callActivity", "calledElement": "c", "in": {"a": "b"}, "out": {"d": "e"}, "status": "s"}"#,
            r#"Call(CallActivity { called_element: "c", input: [("a", "b")], output: [("d", "e")], status: Some("s") })"#,
        ),
    ] {
        assert_eq!(format!("{:?}", kind(text)), expected);
    }
}

#[test]
fn services_are_functions_calls_and_queues() {
    for (service, expected) in [
        (r#""lambda": "pay""#, r#"Some(Lambda("pay"))"#),
        (
            r#""http": {"method": "PUT", "url": "u", "headers": {"X-A": "b"}, "body": "c"}"#,
            r#"Some(Http(HttpCall { method: "PUT", url: "u", headers: [("X-A", "b")], body: Some("c") }))"#,
        ),
        (
            r#""queue": {"name": "orders"}"#,
            r#"Some(Queue(QueueMessage { name: "orders", body: None }))"#,
        ),
    ] {
        let text =
            format!(r#"{{"type": "serviceTask", {service}, "writes": ["note"], "isForCompensation": true}}"#);
        let Kind::Service(task) = kind(&text) else {
            panic!("{text}")
        };
        assert_eq!(format!("{:?}", task.service), expected);
        assert_eq!(
            (task.writes, task.is_for_compensation),
            (vec!["note".to_owned()], true)
        );
    }
    for (service, expected) in [
        (r#""retry": {"attempts": 1}"#, "MISSING_ATTRIBUTE "),
        (r#""lambda": "a", "queue": {"name": "b"}"#, "BAD_VALUE /queue"),
        (r#""lambda": "a", "writes": ["", "b"]"#, "BAD_VALUE /writes/0"),
        (r#""http": {"method": "GET"}"#, "MISSING_ATTRIBUTE /http"),
        (
            r#""http": {"method": "get", "url": ""}"#,
            "BAD_VALUE /http/method",
        ),
        (
            r#""http": {"method": "GET", "url": "u", "headers": {"a:": "b"}}"#,
            "BAD_VALUE /http/headers/a:",
        ),
        (r#""queue": {"name": ""}"#, "BAD_VALUE /queue/name"),
        (r#""queue": "orders""#, "WRONG_TYPE /queue"),
    ] {
        check(&format!(r#"{{"type": "serviceTask", {service}}}"#), &[expected]);
    }
}

#[test]
fn tables_have_a_cell_for_each_column() {
    let table = |change: fn(&mut Value)| {
        let mut task = json!({"id": "n", "type": "businessRuleTask", "decision": {
            "hitPolicy": "COLLECT", "aggregation": "SUM",
            "inputs": [{"expression": "amount", "name": "Amount"}],
            "outputs": [{"name": "level", "values": ["high", 1, true], "default": "1"}],
            "rules": [{"when": ["> 5"], "then": ["1"]}, {"when": ["-"], "then": ["2"]}],
        }});
        change(&mut task["decision"]);
        let (document, said) = form_of(&[task]);
        let is_read = matches!(&document.nodes[0].kind, Kind::Rule(Some(_)));
        assert_eq!(is_read, said.is_empty());
        said
    };
    assert!(table(|_| {}).is_empty());
    assert!(table(|table| drop(table["aggregation"].take())).len() == 1);
    for (change, expected) in [
        (
            (|table| table["hitPolicy"] = "FIRST".into()) as fn(&mut Value),
            "BAD_VALUE /decision/aggregation",
        ),
        (
            |table| table["hitPolicy"] = "LAST".into(),
            "BAD_VALUE /decision/hitPolicy",
        ),
        (|table| table["rules"] = json!([]), "BAD_VALUE /decision/rules"),
        (
            |table| table["outputs"][0] = json!({}),
            "MISSING_ATTRIBUTE /decision/outputs/0",
        ),
        (
            |table| table["outputs"][0]["values"] = json!([null]),
            "BAD_VALUE /decision/outputs/0/values/0",
        ),
        (
            |table| table["inputs"][0] = json!(1),
            "WRONG_TYPE /decision/inputs/0",
        ),
        (
            |table| table["rules"][1]["when"] = json!([]),
            "BAD_VALUE /decision/rules/1/when",
        ),
        (
            |table| table["rules"][1]["then"] = json!(["1", "2"]),
            "BAD_VALUE /decision/rules/1/then",
        ),
        (
            |table| table["rules"][0]["when"] = json!([5]),
            "WRONG_TYPE /decision/rules/0/when/0",
        ),
        (
            |table| table["rules"][0] = json!({"when": ["-"]}),
            "MISSING_ATTRIBUTE /decision/rules/0",
        ),
    ] {
        let said = table(change);
        assert!(said.contains(&expected.to_owned()), "{said:?} {expected}");
    }
}

#[test]
fn activities_run_once_for_each_element() {
    let text = r#"{"type": "receiveTask", "message": {"name": "m"}, "multiInstance":
        {"collection": "items", "element": "item", "sequential": true, "completionCondition": "a", "output": {"b": "c"}}}"#;
    let (document, said) = form_of(&[node(text)]);
    assert!(said.is_empty() && document.nodes[0].multi_instance.is_some());
    for (text, expected) in [
        (
            r#""receiveTask", "message": {"name": "m"}, "multiInstance": {}"#,
            "MISSING_ATTRIBUTE /multiInstance",
        ),
        (
            r#""exclusiveGateway", "multiInstance": {"collection": "a"}"#,
            "UNKNOWN_ATTRIBUTE /multiInstance",
        ),
        (
            r#""intermediateThrowEvent", "multiInstance": {"collection": "a"}"#,
            "UNKNOWN_ATTRIBUTE /multiInstance",
        ),
        (
            r#""subProcess", "triggeredByEvent": true, "nodes": [], "flows": [], "multiInstance": {"collection": "a"}"#,
            "UNKNOWN_ATTRIBUTE /multiInstance",
        ),
    ] {
        check(&format!(r#"{{"type": {text}}}"#), &[expected]);
    }
}

#[test]
fn sub_processes_lie_in_one_list_with_their_places() {
    let (document, said) = form_of(&[
        json!({"id": "a", "type": "subProcess", "nodes": [
            {"id": "b", "type": "subProcess", "nodes": [{"id": "c", "type": "endEvent"}, 7], "flows": [{"from": "c", "to": "c"}]},
            {"id": "d", "type": "taks"},
        ], "flows": {}}),
        json!({"id": "e", "type": "startEvent"}),
    ]);
    let places = document
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.pointer.as_str(), node.parent));
    let places: Vec<_> = places.collect();
    assert_eq!(
        places,
        [
            ("a", "/nodes/0", None),
            ("b", "/nodes/0/nodes/0", Some(0)),
            ("c", "/nodes/0/nodes/0/nodes/0", Some(1)),
            ("d", "/nodes/0/nodes/1", Some(0)),
            ("e", "/nodes/1", None),
        ]
    );
    assert_eq!(document.flows[0].pointer, "/nodes/0/nodes/0/flows/0");
    assert_eq!(document.flows[0].parent, Some(1));
    assert!(document.is_partial);
    assert_eq!(
        said,
        [
            "WRONG_TYPE /flows",
            "WRONG_TYPE /nodes/0/nodes/1",
            "UNKNOWN_NODE_TYPE /nodes/1/type"
        ]
    );
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth| {
        let mut inner = json!({"id": "n", "type": "endEvent"});
        for i in 0..depth {
            inner = json!({"id": format!("s{i}"), "type": "subProcess", "nodes": [inner], "flows": []});
        }
        form_of(&[inner])
    };
    let (document, said) = nested(16);
    assert_eq!((document.nodes.len(), said.len()), (17, 0));
    let (document, said) = nested(17);
    assert_eq!(document.nodes.len(), 17);
    assert_eq!(said, [format!("LIMIT_NESTING {}", "/nodes/0".repeat(16))]);
}

#[test]
fn refused_types_say_what_to_write_instead() {
    for (node_type, code, suggestion) in [
        ("complexGateway", "COMPLEX_GATEWAY", None),
        ("transaction", "TRANSACTION", None),
        ("adHocSubProcess", "AD_HOC", None),
        ("task", "NOT_SUPPORTED_YET", None),
        ("manualTask", "NOT_SUPPORTED_YET", None),
        (
            "errorEndEvent",
            "UNKNOWN_NODE_TYPE",
            Some("Write `endEvent` + `error`."),
        ),
        (
            "serviceTsk",
            "UNKNOWN_NODE_TYPE",
            Some("Did you mean `serviceTask`?"),
        ),
        ("banana", "UNKNOWN_NODE_TYPE", None),
    ] {
        let definition =
            json!({"key": "k", "form": "f", "flows": [], "nodes": [{"id": "n", "type": node_type, "x": 1}]});
        let (_, found) = read(&definition.to_string());
        let said = found[0]
            .suggestion
            .as_ref()
            .map(|text| text.get(domain::text::Language::En));
        assert_eq!((found.len(), found[0].code.as_str(), said), (1, code, suggestion));
    }
}

#[test]
fn refused_types_hide_nothing() {
    for (text, expected) in [
        (
            r#"{"id": "pay", "type": "task", "x": 1}"#,
            "NOT_SUPPORTED_YET /nodes/3/type (pay)",
        ),
        (
            r#"{"id": "pay", "type": "transaction"}"#,
            "TRANSACTION /nodes/3/type (pay)",
        ),
        (
            r#"{"id": "pay", "type": "serviceTsk"}"#,
            "UNKNOWN_NODE_TYPE /nodes/3/type (pay)",
        ),
    ] {
        rules::check(&[("/nodes/3", text)], &[expected]);
    }
}
