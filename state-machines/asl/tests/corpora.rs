//! The oracle is AWS: recordings of real executions, results, answers and verdicts.

mod common;

use common::{histories, mutants, outcomes, teststate, verdicts};

#[test]
fn corpora_histories_replay() {
    let Some(corpora) = common::corpora() else { return };
    let cases = common::json_files(&corpora.join("asl-histories/histories"));
    let results = cases
        .iter()
        .map(|(name, case)| (common::id(name, case), common::guarded(|| histories::check(case))));
    common::report("replay", "histories match", results);
}

#[test]
fn corpora_outcomes() {
    let Some(corpora) = common::corpora() else { return };
    let mut results = Vec::new();
    for (name, file) in common::json_files(&corpora.join("asl-histories/outcomes")) {
        let id = common::id(&name, &file);
        let kind = file["kind"].as_str().unwrap_or_default();
        let cases = file["cases"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![serde_json::Value::Null]);
        for (index, case) in cases.iter().enumerate() {
            results.push((
                format!("{id} {index}"),
                common::guarded(|| outcomes::check(kind, &file["redactions"], case)),
            ));
        }
    }
    common::report("outcomes", "match", results.into_iter());
}

#[test]
fn corpora_validator() {
    let Some(corpora) = common::corpora() else { return };
    let mut results = Vec::new();
    for (name, case) in common::json_files(&corpora.join("asl-histories/validation")) {
        results.push((
            common::id(&name, &case),
            common::guarded(|| verdicts::check_recorded(&case)),
        ));
    }
    let definitions = corpora.join("asl-definitions");
    let index = std::fs::read(definitions.join("index.json")).unwrap_or_default();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap_or_default();
    for entry in index["files"].as_array().into_iter().flatten() {
        let path = entry["path"].as_str().unwrap_or_default();
        let checked = std::fs::read_to_string(definitions.join(path))
            .map_err(|error| error.to_string())
            .and_then(|text| common::guarded(|| verdicts::check_file(&text, entry)));
        results.push((path.to_owned(), checked));
    }
    common::report("validator", "verdicts match", results.into_iter());
}

/// What ran on AWS was accepted by AWS.
#[test]
fn corpora_what_ran_is_valid() {
    let Some(corpora) = common::corpora() else { return };
    let mut wrong = Vec::new();
    for (name, case) in common::json_files(&corpora.join("asl-histories/histories")) {
        let text = case["definition"].to_string();
        let judged = verdicts::judge(&text, asl::validate::MachineType::Standard, true);
        wrong.extend(judged.err().map(|errors| format!("{name}: {errors}")));
    }
    assert!(
        wrong.is_empty() || !common::is_default_corpus(),
        "{}",
        wrong.join("\n")
    );
}

#[test]
fn corpora_teststate() {
    let Some(corpora) = common::corpora() else { return };
    let cases = common::json_files(&corpora.join("asl-histories/teststate"));
    let results = cases
        .iter()
        .map(|(name, case)| (common::id(name, case), common::guarded(|| teststate::check(case))));
    common::report("teststate", "match", results);
}

/// Whatever one value of a definition is replaced by: it is refused, or it can be read and resolved.
#[test]
fn corpora_mutants_are_refused_or_can_run() {
    let Some(corpora) = common::corpora() else { return };
    let mut wrong = Vec::new();
    for (name, case) in common::json_files(&corpora.join("asl-histories/histories"))
        .iter()
        .step_by(3)
    {
        for mutant in mutants::of(&case["definition"]) {
            let accepted =
                verdicts::judge(&mutant.to_string(), asl::validate::MachineType::Standard, true).is_ok();
            if accepted && let Err(problem) = mutants::resolve(&mutant) {
                wrong.push(format!("{name}: {problem}: {mutant}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} mutants, such as {:#?}",
        wrong.len(),
        wrong
            .iter()
            .step_by(wrong.len().div_ceil(12).max(1))
            .collect::<Vec<_>>()
    );
}
