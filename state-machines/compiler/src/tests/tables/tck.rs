//! The DMN Technology Compatibility Kit.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::decision::tests::{document, run as evaluate, table};
use crate::rules::{Findings, Subject, decisions};
use crate::tests::corpora::{Element, root, say};
use crate::tests::tables::dmn;

#[derive(Default)]
struct Tally {
    results: usize,
    wrong: Vec<String>,
    refused: Vec<String>,
}

#[test]
fn tables_give_what_dmn_expects() {
    let folder = root().join("dmn-tck-l2");
    if !folder.is_dir() {
        return say(&format!(
            "NOT TESTED: no DMN test cases at {} (set PFLOW_CORPORA)",
            folder.display()
        ));
    }
    let mut tally = Tally::default();
    for case in entries(&folder).into_iter().filter(|case| case.is_dir()) {
        run(&case, &mut tally);
    }
    let agree = tally.results - tally.wrong.len();
    say(&format!(
        "dmn-tck: {agree} of {} table results agree ({} decisions are no tables or use FEEL that the language does not have)",
        tally.results,
        tally.refused.len(),
    ));
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    // A kit that is there and has nothing for us was not read.
    assert!(tally.results > 0, "{:#?}", tally.refused);
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Element {
    Element::read(&fs::read_to_string(path).unwrap()).unwrap()
}

fn of_kind(files: &[PathBuf], kind: &str) -> Vec<Element> {
    let of_kind = files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == kind));
    of_kind.map(|path| read(path)).collect()
}

fn run(case: &Path, tally: &mut Tally) {
    let files = entries(case);
    let tests: Vec<Element> = of_kind(&files, "xml");
    for model in of_kind(&files, "dmn") {
        for decision in model.children("decision") {
            let name = decision.attribute("name").unwrap_or_default();
            match dmn::table(decision) {
                Ok(table) => {
                    let tests = tests.iter().flat_map(|tests| tests.children("testCase"));
                    tests.for_each(|test| check(case, name, &table, test, tally));
                }
                Err(why) => tally.refused.push(format!("{} {name}: {why}", case.display())),
            }
        }
    }
}

fn check(case: &Path, name: &str, decision: &Value, test: &Element, tally: &mut Tally) {
    let data: Map<String, Value> = test
        .children("inputNode")
        .map(|input| {
            (
                input.attribute("name").unwrap_or_default().to_owned(),
                value(input),
            )
        })
        .collect();
    let results = test
        .children("resultNode")
        .filter(|result| result.attribute("name") == Some(name));
    for result in results {
        tally.results += 1;
        let expected = value(result.child("expected").unwrap());
        let given = given(decision, &data);
        if given != Ok(canonical(expected.clone())) {
            let id = test.attribute("id").unwrap_or_default();
            tally
                .wrong
                .push(format!("{} {id}: {given:?}, not {expected}", case.display()));
        }
    }
}

/// What the expression of the table gives, as DMN puts it: rows where there are several outputs, else the value.
fn given(decision: &Value, data: &Map<String, Value>) -> Result<Value, String> {
    let document = document(decision);
    let catalog = crate::Catalog::new();
    let mut found = Findings::default();
    decisions::check(&Subject::new(&document, &catalog), &mut found);
    let refused = found
        .diagnostics
        .iter()
        .find(|one| one.severity == domain::diagnostic::Severity::Error);
    if let Some(refused) = refused {
        return Err(format!("{refused:?}"));
    }
    let set = evaluate(&table(decision), &Value::Object(data.clone()))?;
    Ok(canonical(rows(decision, set)))
}

fn rows(decision: &Value, set: Value) -> Value {
    let outputs = decision["outputs"].as_array().unwrap();
    if let [output] = outputs.as_slice() {
        return set[output["name"].as_str().unwrap()].clone();
    }
    let Some(height) = set
        .as_object()
        .and_then(|set| set.values().next()?.as_array())
        .map(Vec::len)
    else {
        return set;
    };
    let row = |no: usize| {
        let cells = set.as_object().unwrap().iter();
        let row: Map<String, Value> = cells
            .map(|(name, column)| (name.clone(), column[no].clone()))
            .collect();
        Value::Object(row)
    };
    (0..height).map(row).collect()
}

/// An `inputNode`, `expected`, `component` or `item`.
fn value(element: &Element) -> Value {
    if let Some(list) = element.child("list") {
        return list.children("item").map(value).collect();
    }
    let components: Map<String, Value> = element
        .children("component")
        .map(|one| (one.attribute("name").unwrap_or_default().to_owned(), value(one)))
        .collect();
    if !components.is_empty() {
        return Value::Object(components);
    }
    let Some(value) = element.child("value") else {
        return Value::Null;
    };
    if value.attribute("nil") == Some("true") {
        return Value::Null;
    }
    let is_text = value
        .attribute("type")
        .is_some_and(|kind| kind.ends_with("string"));
    if is_text {
        return value.text.as_str().into();
    }
    serde_json::from_str(value.text.trim()).unwrap_or_else(|_| value.text.trim().into())
}

/// Numbers that are equal are one, and the order of members does not count.
fn canonical(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, canonical(value)))
            .collect(),
        other => other,
    }
}
