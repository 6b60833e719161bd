//! The oracle is AWS: recordings of real executions, results, answers and verdicts.

mod common;

use common::histories;

#[test]
fn corpora_histories_replay() {
    let Some(corpora) = common::corpora() else { return };
    let cases = common::json_files(&corpora.join("asl-histories/histories"));
    let results = cases
        .iter()
        .map(|(name, case)| (common::id(name, case), histories::check(case)));
    common::report("replay", "histories match", results);
}
