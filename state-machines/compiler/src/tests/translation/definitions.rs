//! What people wrote: the predefined workflows, the examples of the language's page, the processes of the corpora.

use std::fs;

use serde_json::{Map, Value};

use super::agree::agree;
use super::resume::resumes;
use crate::tests::corpora;
use crate::tests::game::generate::{Case, Dice, start_data};
use crate::tests::language::examples;
use crate::tests::predefined::{catalog, definitions, files, home};
use crate::{Catalog, Compiled, compile};

/// Each definition is run with so many scripts.
const SCRIPTS: u32 = 20;

#[derive(Default)]
struct Tally {
    runs: usize,
    stops: usize,
    transitions: usize,
}

impl Tally {
    /// Runs a definition, and resumes it from every stop; `None`: it does not compile.
    fn run(
        &mut self,
        name: &str,
        text: &str,
        catalog: &Catalog,
        data: impl Fn(&mut Dice<'_>) -> Map<String, Value>,
    ) -> Option<()> {
        let compiled = compile(text, catalog).ok()?;
        let definition: Value = serde_json::from_str(text).unwrap();
        for seed in 0..SCRIPTS {
            let numbers = numbers(seed);
            let data = data(&mut Dice::new(&numbers));
            let case = Case::written(&definition, data, numbers);
            if let Err(why) = self.one(&compiled, &case) {
                panic!("{name}, script {seed}: {why}\n{definition}");
            }
        }
        Some(())
    }

    fn one(&mut self, compiled: &Compiled, case: &Case) -> Result<(), String> {
        let agreed = agree(compiled, case)?;
        self.runs += 1;
        self.transitions += agreed.transitions;
        self.stops += resumes(compiled, case, &agreed)?;
        Ok(())
    }

    fn say(&self, what: &str, count: usize) {
        let Self {
            runs,
            stops,
            transitions,
        } = self;
        corpora::say(&format!(
            "translation: {runs} of {runs} runs agree ({count} {what}), in {transitions} transitions of {transitions} at least"
        ));
        corpora::say(&format!(
            "resume: {stops} of {stops} stops agree ({count} {what})"
        ));
    }
}

fn numbers(seed: u32) -> Vec<u16> {
    let mut random = seed;
    let numbers = std::iter::repeat_with(|| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u16::try_from(random >> 16).unwrap()
    });
    numbers.take(60).collect()
}

#[test]
fn predefined_workflows_mean_what_they_say() {
    let (mut tally, mut count) = (Tally::default(), 0);
    for (name, path) in definitions() {
        let text = fs::read_to_string(path).unwrap();
        tally.run(&name, &text, &catalog(), start_data).unwrap();
        count += 1;
    }
    tally.say("predefined workflows", count);
}

#[test]
fn examples_of_the_language_mean_what_they_say() {
    let (mut tally, mut count) = (Tally::default(), 0);
    for (codes, text) in examples() {
        if codes.is_empty() {
            tally.run(&text, &text, &catalog(), start_data).unwrap();
            count += 1;
        }
    }
    assert!(count >= 20);
    tally.say("examples", count);
}

#[test]
fn definitions_of_the_scenario_tests_mean_what_they_say() {
    let (mut tally, mut count) = (Tally::default(), 0);
    for path in files(&home().join("../tests/definitions")) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        tally.run(&name, &text, &catalog(), start_data).unwrap();
        count += 1;
    }
    assert!(count > 0);
    tally.say("definitions of scenarios", count);
}

#[test]
fn processes_of_the_corpora_mean_what_they_say() {
    let Some(files) = corpora::files() else { return };
    let (mut tally, mut count) = (Tally::default(), 0);
    for process in files.into_iter().filter_map(|(_, found)| found.ok()).flatten() {
        let name = format!("{} {}", process.file, process.id);
        let text = process.definition.to_string();
        let ran = tally.run(&name, &text, &process.catalog(), |dice| process.data(dice));
        count += usize::from(ran.is_some());
    }
    tally.say("processes of the corpora", count);
}
