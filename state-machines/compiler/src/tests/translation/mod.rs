//! Translation validation: a definition and the machine made from it mean the same. The token game and the interpreter of
//! the machine get the same answers; at every step the same places must be open, and in the end the same nodes must have
//! been entered and the same data be there.

mod agree;
mod definitions;
mod large;
mod resume;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::corpora::say;
use super::game::generate::{Case, Features, case};
use crate::Compiled;
use crate::compile::compile_unchecked;
use agree::agree;
use resume::resumes;
use serde_json::Value;

/// Workflows of the whole language, and of each part of it; `PROPTEST_CASES` asks for more.
#[expect(clippy::disallowed_methods, reason = "the test's own configuration")]
fn cases() -> u32 {
    let cases = std::env::var("PROPTEST_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(500)
}

/// The same cases every time, but where a run asks for others.
#[expect(clippy::disallowed_methods, reason = "the test's own configuration")]
fn seed() -> u64 {
    let seed = std::env::var("PFLOW_SEED").ok();
    seed.and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

fn compiled(definition: &Value) -> Compiled {
    let fields = ["amount", "note", "currency", "urgent"].map(str::to_owned);
    compile_unchecked(&definition.to_string(), fields.into()).unwrap_or_else(|found| {
        panic!(
            "{:?}\n{definition}",
            found
                .iter()
                .map(|one| (&one.code, &one.message))
                .collect::<Vec<_>>()
        )
    })
}

/// Runs cases; the first of them are also stopped at every step.
fn holds(features: Features, cases: u32, resumed: u32) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 150,
        ..Config::default()
    };
    let seed = seed();
    let mut runner = TestRunner::new_with_rng(config, rng(seed));
    let (mut seen, mut transitions, mut stops) = (0, 0, 0);
    let (seen, transitions, stops) = (
        Cell::from_mut(&mut seen),
        Cell::from_mut(&mut transitions),
        Cell::from_mut(&mut stops),
    );
    let has_failed = Cell::new(false);
    let one = |case: &Case| -> Result<(), String> {
        let compiled = compiled(&case.definition);
        let agreed = agree(&compiled, case)?;
        transitions.set(transitions.get() + agreed.transitions);
        // What is tried after a failure is a smaller one.
        if seen.replace(seen.get() + 1) < resumed || has_failed.get() {
            stops.set(stops.get() + resumes(&compiled, case, &agreed)?);
        }
        Ok(())
    };
    let outcome = runner.run(&case(features), |case: Case| {
        one(&case).map_err(|why| {
            has_failed.set(true);
            TestCaseError::fail(why)
        })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => {
            panic!("PFLOW_SEED={seed}: {why}\n{}\n{:?}", case.definition, case.data)
        }
        Err(other) => panic!("{other}"),
    }
    let (transitions, stops) = (transitions.get(), stops.get());
    say(&format!(
        "translation: {cases} of {cases} runs agree (seed {seed}), in {transitions} transitions of {transitions} at least"
    ));
    say(&format!("resume: {stops} of {stops} stops agree"));
}

#[test]
fn the_whole_language() {
    holds(
        Features {
            incidents: false,
            ..Features::ALL
        },
        cases(),
        200,
    );
}

/// Their machines have many states, so these are fewer.
#[test]
fn unnested() {
    holds(
        Features {
            unnested: true,
            scripts: true,
            ..Features::NONE
        },
        cases() / 10,
        4,
    );
}

#[test]
fn unnested_in_scopes() {
    let features = Features {
        unnested: true,
        scripts: true,
        parallel: true,
        sub_processes: true,
        multi_sequential: true,
        ..Features::NONE
    };
    holds(features, cases() / 10, 4);
}

macro_rules! feature {
    ($($name:ident: $($feature:ident),*;)*) => {
        $(#[test]
        fn $name() {
            holds(Features { $($feature: true,)* ..Features::NONE }, cases() / 5, 8);
        })*
    };
}

feature! {
    plain: ;
    scripts: scripts;
    tables: tables, scripts;
    parallel: parallel, scripts;
    inclusive: inclusive, scripts;
    open_forks: open_forks, scripts;
    catches: catches, scripts;
    sends: sends;
    calls: calls, scripts;
    sub_processes: sub_processes, parallel, scripts;
    boundaries: boundaries, sub_processes, parallel, scripts;
    event_sub_processes: event_sub_processes, sub_processes, parallel, scripts;
    errors: errors, sub_processes, parallel, boundaries, scripts;
    terminate: terminate, sub_processes, parallel, open_forks, scripts;
    links: links;
    escalations: escalations, sub_processes, parallel;
    escalations_overheard: escalations, listeners, event_sub_processes, sub_processes, parallel;
    compensation: compensation, scripts;
    compensation_in_scopes: compensation, sub_processes, parallel, multi_sequential, errors, boundaries, scripts;
    incidents: incidents, errors, parallel;
    sequential: multi_sequential, scripts;
    sequential_in_scopes: multi_sequential, sub_processes, parallel, boundaries, errors, scripts;
    iterations: multi_parallel, scripts;
    iterations_in_scopes: multi_parallel, sub_processes, parallel, boundaries, errors, scripts;
    listeners: listeners, boundaries, scripts;
    listeners_in_scopes: listeners, boundaries, sub_processes, parallel, event_sub_processes, errors, scripts;
    listeners_in_forks: listeners, boundaries, parallel, inclusive, open_forks, links, terminate, catches, scripts;
}
