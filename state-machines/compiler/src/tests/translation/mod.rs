//! Translation validation: a definition and the machine made from it mean the same. The token game and the interpreter of
//! the machine get the same answers; at every step the same places must be open, and in the end the same nodes must have
//! been entered and the same data be there.

mod agree;
mod large;
mod resume;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::game::generate::{Case, Features, case};
use crate::Compiled;
use crate::compile::compile_unchecked;
use agree::agree;
use resume::resumes;
use serde_json::Value;

/// So many cases of each kind are also stopped at every step.
const RESUMED: u32 = 12;

fn compiled(definition: &Value) -> Compiled {
    let fields = ["amount", "note", "currency", "urgent"].map(str::to_owned);
    compile_unchecked(&definition.to_string(), fields.into())
        .unwrap_or_else(|found| panic!("{found:#?}\n{definition}"))
}

fn holds(features: Features, cases: u32) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    // The same cases every time: what other seeds find is for the longer run.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (stops, seen) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let outcome = runner.run(&case(features), |case: Case| {
        let compiled = compiled(&case.definition);
        let is_resumed = seen.replace(seen.get() + 1) < RESUMED;
        agree(&compiled, &case)
            .and_then(|agreed| match is_resumed {
                true => resumes(&compiled, &case, &agreed),
                false => Ok(0),
            })
            .map(|more| stops.set(stops.get() + more))
            .map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}\n{}\n{:?}", case.definition, case.data),
        Err(other) => panic!("{other}"),
    }
    println!("translation: {cases} of {cases} runs agree");
    println!("resume: {0} of {0} stops agree", stops.get());
}

macro_rules! feature {
    ($($name:ident: $($feature:ident),*;)*) => {
        $(#[test]
        fn $name() {
            holds(Features { $($feature: true,)* ..Features::NONE }, std::env::var("N").map_or(200, |n| n.parse().unwrap()));
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
    everything: scripts, tables, parallel, inclusive, open_forks, catches, sends, calls, sub_processes, boundaries,
        listeners, event_sub_processes, errors, terminate, escalations, compensation, links, multi_sequential,
        multi_parallel;
    incidents: incidents, errors, parallel;
    sequential: multi_sequential, scripts;
    sequential_in_scopes: multi_sequential, sub_processes, parallel, boundaries, errors, scripts;
    iterations: multi_parallel, scripts;
    iterations_in_scopes: multi_parallel, sub_processes, parallel, boundaries, errors, scripts;
    listeners: listeners, boundaries, scripts;
    listeners_in_scopes: listeners, boundaries, sub_processes, parallel, event_sub_processes, errors, scripts;
    listeners_in_forks: listeners, boundaries, parallel, inclusive, open_forks, links, terminate, catches, scripts;
}
