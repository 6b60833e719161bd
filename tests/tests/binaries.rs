//! Every function's binary, built and run as Lambda runs it, with the variables that the template gives it, and its sample
//! event.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::Value;
use tests::TestApp;
use tests::binary::invoke;
use tests::functions::{Samples, Template, build};
use tests::needs::{HANDLERS, lacks};

const TABLE: &str = include_str!("binaries.txt");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "builds every binary: minutes"]
async fn every_binary_answers_its_sample_event() {
    if lacks(HANDLERS, "every_binary_answers_its_sample_event") {
        return;
    }
    let started = Instant::now();
    // With what the tests are built with, so that little has to be built anew.
    let binaries = build(&["--workspace", "--tests"], "functions");
    println!("built in {:.1} s", started.elapsed().as_secs_f64());
    let template = Template::read();
    let names: BTreeSet<&str> = binaries.keys().map(String::as_str).collect();
    let of_template: BTreeSet<&str> = template.variables.keys().map(String::as_str).collect();
    assert_eq!(
        names, of_template,
        "the binaries, and the functions of the template"
    );
    let table = table();
    let told: BTreeSet<&str> = table.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, told, "the binaries, and those that binaries.txt tells of");

    let app = TestApp::start_open().await;
    let samples = Samples::set_up(&app).await;
    let started = Instant::now();
    let mut wrong = Vec::new();
    for (name, expected) in &table {
        let variables = template.environment(name, &app.platform.gateway().environment);
        let answer = told_of(
            name,
            invoke(&binaries[*name], &variables, &samples.event(name)).await,
        );
        if answer != *expected {
            wrong.push(format!("{name}: {answer}"));
        }
    }
    println!(
        "{} answers in {:.1} s",
        table.len(),
        started.elapsed().as_secs_f64()
    );
    assert!(wrong.is_empty(), "not as told:\n{}", wrong.join("\n"));
}

/// The lines of the table: a function, and what its answer is in short.
fn table() -> Vec<(&'static str, &'static str)> {
    let lines = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line}")))
        .collect()
}

/// An answer in short.
fn told_of(name: &str, answer: Result<Value, Value>) -> String {
    match answer {
        Err(error) => format!("fails {}", error["errorType"].as_str().unwrap_or_default()),
        Ok(response) if response["statusCode"].is_u64() => {
            let body: Value = serde_json::from_str(response["body"].as_str().unwrap_or("null")).unwrap();
            let status = &response["statusCode"];
            match body["error"]["code"].as_str() {
                Some(code) => format!("{status} {code}"),
                None => status.to_string(),
            }
        }
        Ok(answer) => {
            assert!(!answer["body"].is_string(), "{name}: {answer}");
            answer.to_string()
        }
    }
}
