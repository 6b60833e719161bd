//! Public linters over what is generated. `cargo xtask test` provides them, in the folder that PFLOW_TOOLS names.

use std::path::PathBuf;
use std::process::Command;

use super::root;

#[track_caller]
fn check(tool: &str, arguments: &[&str]) {
    let Some(tools) = std::env::var_os("PFLOW_TOOLS") else {
        eprintln!("NOT CHECKED by {tool}: PFLOW_TOOLS is not set; `cargo xtask test` sets it");
        return;
    };
    let output = Command::new(PathBuf::from(tools).join(tool))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("{tool} cannot be run: {error}"));
    assert!(
        output.status.success(),
        "{tool} {}\n{}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

#[test]
fn cfn_lint_finds_nothing_in_the_template() {
    check("cfn-lint", &["infra/template.yaml"]);
}

#[test]
fn the_document_is_openapi() {
    check(
        "openapi-spec-validator",
        &["--errors", "all", "infra/openapi.json"],
    );
}

#[test]
fn statelint_finds_nothing_in_the_state_machines() {
    let folder = root().join("state-machines/generated");
    let mut machines: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().display().to_string())
        .filter(|path| path.ends_with(".asl.json"))
        .collect();
    machines.sort();
    // It wants a decimal point in numbers that may have one, which JSON knows nothing of.
    let mut arguments = vec!["--eval-jsonata", "--ignore=FLOAT"];
    arguments.extend(machines.iter().map(String::as_str));
    check("statelint", &arguments);
}
