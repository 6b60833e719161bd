//! The oracle is AWS: recordings of real executions, results, answers and verdicts.

mod common;

use common::{histories, outcomes};

#[test]
fn corpora_histories_replay() {
    let Some(corpora) = common::corpora() else { return };
    let cases = common::json_files(&corpora.join("asl-histories/histories"));
    let results = cases
        .iter()
        .map(|(name, case)| (common::id(name, case), histories::check(case)));
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
                outcomes::check(kind, &file["redactions"], case),
            ));
        }
    }
    common::report("outcomes", "match", results.into_iter());
}
