//! What is deployed fits the template and Lambda.

use std::fs;

use super::root;
use crate::deployment::{KEYS, Stage, packages, template};

const STAGE: &str = r#"
    [test.deploy.parameters]
    stack_name = "pflow-test"
    [test.deploy.parameters.parameter_overrides]
"#;

#[track_caller]
fn check(parameters: &str, expected: &[&str]) {
    let stage = Stage::parse(&format!("{STAGE}{parameters}"), "test").unwrap();
    assert_eq!(stage.problems(&template(root()).unwrap()), expected);
}

#[test]
fn every_stage_fits_the_template() {
    for name in ["default", "staging"] {
        let stage = Stage::read(root(), name).unwrap();
        assert_eq!(
            stage.problems(&template(root()).unwrap()),
            Vec::<String>::new(),
            "{name}"
        );
    }
    let unknown = Stage::read(root(), "moon").unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "samconfig.toml has no stage moon; it has default, staging"
    );
}

#[test]
fn what_does_not_fit_is_told() {
    check("Prefix = 'pflow-test-'\nLogRetentionDays = 30", &[]);
    check(
        "LogRetentionDays = 31\nLogLevels = 'info'",
        &[
            "the template has no parameter LogLevels",
            "LogRetentionDays is 31; it may be 1, 3, 5, 7, 14, 30, 60, 90, 180, 365",
        ],
    );
    let told = format!(
        "{} must not stand in a file of the repository: the stack keeps it",
        KEYS[1]
    );
    check("TokenPrivateKey = 'AAAA'", &[&told]);
}

#[test]
fn packages_are_programs_for_arm64() {
    let folder = std::env::temp_dir().join(format!("pflow-packages-{}", std::process::id()));
    let template = serde_json::json!({ "Resources": { "A": { "Properties": { "CodeUri": "../a/" } } } });
    fs::create_dir_all(folder.join("infra")).unwrap();
    let told = |folder: &std::path::Path| packages(folder, &template);
    let missing = "A: ../a/: no bootstrap: build it first: No such file or directory (os error 2)";
    assert_eq!(told(&folder), (vec![missing.to_owned()], 0));
    fs::create_dir_all(folder.join("a")).unwrap();
    let mut program = vec![0; 64];
    fs::write(folder.join("a/bootstrap"), &program).unwrap();
    assert_eq!(
        told(&folder),
        (vec!["A: ../a/: not a program for arm64".to_owned()], 0)
    );
    program[18] = 0xb7;
    fs::write(folder.join("a/bootstrap"), &program).unwrap();
    assert_eq!(told(&folder), (vec![], 64));
    fs::remove_dir_all(folder).unwrap();
}
