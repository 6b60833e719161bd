//! What becomes of the corpora.

use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Severity;
use serde_json::{Map, Value, json};

use super::{Process, files, say};
use crate::tests::game::Game;
use crate::tests::game::generate::Dice;
use crate::{Catalog, compile};

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
fn processes_compile_and_are_played_or_are_refused_by_a_code() {
    let Some(files) = files() else { return };
    let processes: Vec<Process> = files
        .into_iter()
        .filter_map(|(_, found)| found.ok())
        .flatten()
        .collect();
    let (mut compiled, mut refused) = (0, BTreeMap::<String, Vec<String>>::new());
    for process in &processes {
        let name = format!("{} {}", process.file, process.id);
        match compile(&process.definition.to_string(), &catalog(process)) {
            Ok(_) => {
                compiled += 1;
                play(process, &name);
            }
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

fn catalog(process: &Process) -> Catalog {
    let catalog = Catalog::new()
        .form("claim", process.schema.clone())
        .function("do-it");
    process
        .calls
        .iter()
        .fold(catalog, |catalog, key| catalog.workflow(key))
}

/// Plays it with some scripts as far as they go.
fn play(process: &Process, name: &str) {
    let services = |_: &str, _: &str| Ok(Map::new());
    for seed in 0..20_u32 {
        let mut random = seed;
        let numbers = std::iter::repeat_with(|| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u16::try_from(random >> 16).unwrap()
        });
        let numbers: Vec<u16> = numbers.take(60).collect();
        let mut script = Dice::new(&numbers);
        let data = data(&process.schema, &mut script);
        let mut game = Game::start(&process.definition, data, &services);
        while let Some((place, answer)) = game.pick(&mut script) {
            game.answer(&place, &answer);
        }
        let is_stuck = game.open().is_empty() && game.result().is_none() && game.incident().is_none();
        assert!(!is_stuck, "{name} has no tokens and no result");
    }
}

fn data(schema: &Value, dice: &mut Dice<'_>) -> Map<String, Value> {
    let mut data = Map::new();
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        let value = match schema["type"].as_str() {
            Some("number") => json!(dice.roll(10)),
            Some("boolean") => json!(dice.roll(2) == 0),
            Some("string") => json!(["x", "y"][dice.roll(2)]),
            Some("array") => json!(["x", "y", "z"][..dice.roll(4)]),
            _ => continue,
        };
        data.insert(field.clone(), value);
    }
    data
}
