//! The predefined workflows compile, and their committed machines are what the compiler makes of them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Catalog, compile};
use serde_json::{Value, json};

pub(super) fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

pub(super) fn catalog() -> Catalog {
    let definitions = home().join("definitions");
    let names = read(&definitions.join("catalog.json"));
    let list = |name: &str| names[name].as_array().unwrap().clone();
    let mut catalog = Catalog::new();
    for role in list("roles") {
        catalog = catalog.role(role.as_str().unwrap());
    }
    for function in list("functions") {
        catalog = catalog.function(function.as_str().unwrap());
    }
    for workflow in list("workflows") {
        catalog = catalog.workflow(workflow.as_str().unwrap());
    }
    for path in files(&definitions)
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(".form.json"))
    {
        let form = read(&path);
        catalog = catalog.form(form["key"].as_str().unwrap(), form["schema"].clone());
    }
    catalog
}

/// The files of a folder, by name.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// The files of the predefined workflows, with their names.
pub(super) fn definitions() -> Vec<(String, PathBuf)> {
    definitions_in("definitions")
}

fn definitions_in(folder: &str) -> Vec<(String, PathBuf)> {
    files(&home().join(folder))
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
            (name != "catalog" && !name.ends_with(".form")).then_some((name, path))
        })
        .collect()
}

#[test]
fn generated_machines_are_up_to_date() {
    check("definitions", "generated");
    check("recording/definitions", "recording/machines");
}

#[track_caller]
fn check(definitions: &str, machines: &str) {
    let catalog = catalog();
    let mut expected = Vec::new();
    for (name, path) in definitions_in(definitions) {
        let compiled = compile(&fs::read_to_string(path).unwrap(), &catalog)
            .unwrap_or_else(|found| panic!("{name} does not compile: {found:#?}"));
        assert!(
            compiled.warnings().is_empty(),
            "{name}: {:#?}",
            compiled.warnings()
        );
        assert_eq!(
            compiled.workflow.key, name,
            "a definition's file is named by its key"
        );
        let generated = home().join(machines).join(format!("{name}.asl.json"));
        let committed = fs::read_to_string(&generated).unwrap_or_default();
        assert!(
            committed == format!("{}\n", compiled.template()),
            "{name}.asl.json is out of date; run: cargo run -p compiler -- --regenerate"
        );
        expected.push(generated);
    }
    assert_eq!(
        files(&home().join(machines)),
        expected,
        "a machine without a definition"
    );
}

#[test]
fn the_prefix_stands_before_every_function_and_nowhere_else() {
    let (_, path) = definitions()
        .into_iter()
        .find(|(name, _)| name == "expense-approval")
        .unwrap();
    let mut definition = read(&path);
    definition["flows"][3]["when"] =
        r#"amount > 1 and note != "\"FunctionName\":\"${FunctionPrefix}x""#.into();
    let machine = compile(&definition.to_string(), &catalog())
        .unwrap()
        .machine("a\"b-");
    let machine: Value = serde_json::from_str(&machine).unwrap();
    assert_eq!(
        machine["States"]["manager"]["Arguments"]["FunctionName"],
        "a\"b-open_task"
    );
    assert_eq!(
        machine["States"]["pay"]["Arguments"]["FunctionName"],
        "a\"b-create_payment"
    );
    let condition = machine["States"]["manager:outcome"]["Choices"][0]["Condition"]
        .as_str()
        .unwrap();
    assert!(condition.contains("${FunctionPrefix}x"));
}

#[test]
fn compiled_workflows_tell_what_the_engine_needs() {
    let (_, path) = definitions()
        .into_iter()
        .find(|(name, _)| name == "expense-approval")
        .unwrap();
    let compiled = compile(&fs::read_to_string(path).unwrap(), &catalog()).unwrap();
    assert_eq!(compiled.reads().iter().collect::<Vec<_>>(), ["amount"]);
    let tasks: Vec<Value> = compiled
        .user_tasks()
        .map(|task| serde_json::to_value(task).unwrap())
        .collect();
    assert_eq!(
        tasks[1],
        json!({
            "id": "director",
            "name": {"en": "Director's approval", "zh": "总监审批"},
            "assign": [{"role": "director"}],
            "vote": "any",
            "outcomes": ["approve", "reject"],
            "fields": {"amount": "read", "currency": "read", "department": "read", "note": "read"},
            "whenNoAssignee": "admin",
            "whenStarterIsAssignee": "keep",
        })
    );
    let services: Vec<Value> = compiled
        .service_tasks()
        .map(|task| serde_json::to_value(task).unwrap())
        .collect();
    assert_eq!(
        services,
        [json!({
            "id": "pay",
            "name": {"en": "Record the payment", "zh": "登记付款"},
            "lambda": "create-payment",
            "retry": {"attempts": 3, "seconds": 2},
        })]
    );
}
