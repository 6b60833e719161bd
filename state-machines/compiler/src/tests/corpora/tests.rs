//! What becomes of the corpora.

use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Severity;
use serde_json::Value;

use super::{Process, files, say};
use crate::compile;

#[test]
fn every_file_has_processes_or_a_reason() {
    let Some(files) = files() else { return };
    let (mut count, mut types, mut without) = (0, BTreeMap::new(), Vec::new());
    for (file, found) in &files {
        match found {
            Ok(processes) => {
                count += processes.len();
                for process in processes {
                    count_types(&process.definition, &mut types);
                }
            }
            Err(why) => without.push(format!("{file}: {why}")),
        }
    }
    assert!(count > 0);
    let with = files.len() - without.len();
    say(&format!(
        "corpora: {count} processes in {with} of {} files",
        files.len()
    ));
    say(&format!("corpora: nodes {types:?}"));
    say(&format!("corpora: without a process {without:#?}"));
}

fn count_types(scope: &Value, types: &mut BTreeMap<String, usize>) {
    for node in scope["nodes"].as_array().into_iter().flatten() {
        *types
            .entry(node["type"].as_str().unwrap().to_owned())
            .or_default() += 1;
        count_types(node, types);
    }
}

#[test]
fn processes_compile_or_are_refused_by_a_code() {
    let Some(files) = files() else { return };
    let processes: Vec<Process> = files
        .into_iter()
        .filter_map(|(_, found)| found.ok())
        .flatten()
        .collect();
    let (mut compiled, mut refused) = (0, BTreeMap::<String, Vec<String>>::new());
    for process in &processes {
        let name = format!("{} {}", process.file, process.id);
        match compile(&process.definition.to_string(), &process.catalog()) {
            Ok(_) => compiled += 1,
            Err(found) => {
                let codes: BTreeSet<String> = found
                    .into_iter()
                    .filter(|one| one.severity == Severity::Error)
                    .map(|one| one.code)
                    .collect();
                assert!(!codes.is_empty(), "{name} is refused without a reason");
                assert!(!codes.contains("NOT_COMPILED"), "{name}");
                for code in codes {
                    refused.entry(code).or_default().push(name.clone());
                }
            }
        }
    }
    say(&format!(
        "corpora: {compiled} of {} processes compile",
        processes.len()
    ));
    for (code, names) in refused {
        say(&format!(
            "corpora: {code} refuses {}: {}",
            names.len(),
            names.join(", ")
        ));
    }
}
