//! What both targets have in common: what has to hold of every text, and the examples that are changed.

use std::sync::LazyLock;

use asl::validate::{self, MachineType, Severity};
use compiler::Catalog;
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/workflow-language.md");
const EXPENSE_APPROVAL: &str = include_str!("../../../definitions/expense-approval.json");
const EXPENSE_CLAIM: &str = include_str!("../../../definitions/expense-claim.form.json");
const NAMES: &str = include_str!("../../../definitions/catalog.json");

/// What the predefined definitions and the examples of the language refer to.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let names: Value = serde_json::from_str(NAMES).unwrap();
    let list = |of: &str| names[of].as_array().cloned().unwrap_or_default();
    let form: Value = serde_json::from_str(EXPENSE_CLAIM).unwrap();
    let mut catalog = Catalog::new().form(form["key"].as_str().unwrap(), form["schema"].clone());
    for role in list("roles") {
        catalog = catalog.role(role.as_str().unwrap());
    }
    for function in list("functions") {
        catalog = catalog.function(function.as_str().unwrap());
    }
    for workflow in list("workflows") {
        catalog = catalog.workflow(workflow.as_str().unwrap());
    }
    catalog
});

/// The examples of the language's page, also those that are refused, and the predefined definitions.
pub static EXAMPLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let blocks = PAGE.split("\n```json").skip(1);
    let texts = blocks.filter_map(|block| block.split_once('\n')?.1.split("\n```").next());
    let examples = texts.chain([EXPENSE_APPROVAL]);
    examples
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect()
});

/// Diagnostics, or machines that Step Functions would take: the normal one, and the one that begins at a position.
pub fn check(text: &str) {
    let compiled = match compiler::compile(text, &CATALOG) {
        Ok(compiled) => compiled,
        Err(found) => {
            assert!(!found.is_empty(), "refused without a word");
            assert!(found.iter().all(|one| one.code != "NOT_COMPILED"), "{found:#?}");
            return;
        }
    };
    for machine in [compiled.machine("pflow-"), compiled.resume_machine("pflow-")] {
        let found = validate::text(&machine, MachineType::Standard);
        let fault = found.iter().find(|one| one.severity == Severity::Error);
        assert!(fault.is_none(), "{fault:#?}");
    }
    let again = compiler::compile_unchecked(text, compiled.reads().clone()).unwrap();
    assert_eq!(
        again.machine(""),
        compiled.machine(""),
        "a published version is compiled to the same again"
    );
}

/// Where everything in a value lies.
pub fn pointers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for (i, one) in list.iter().enumerate() {
                collect(one, format!("{at}/{i}"), found);
            }
        }
        Value::Object(members) => {
            for (name, one) in members {
                collect(
                    one,
                    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        _ => {}
    }
    found.push(at);
}

/// All strings in a value: ids, names, expressions, words.
pub fn strings(value: &Value) -> Vec<String> {
    let all = pointers(value).into_iter();
    all.filter_map(|at| value.pointer(&at)?.as_str().map(str::to_owned))
        .collect()
}

/// The object or list that holds what a pointer names, with its name in there.
pub fn holder<'v>(value: &'v mut Value, pointer: &str) -> Option<(&'v mut Value, String)> {
    let (holder, name) = pointer.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    Some((value.pointer_mut(holder)?, name))
}
