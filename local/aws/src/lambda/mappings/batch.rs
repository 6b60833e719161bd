//! Running the function with a batch, and what it says of it.

use std::collections::HashSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Mapping;
use crate::lambda::Lambda;

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// All of it is to come again.
    Failed,
    /// These are, by their identifiers.
    Partly(HashSet<String>),
}

/// What the function has answered to a batch with these identifiers. Of an answer that names none of them, or something
/// else, nobody knows what was done: so all comes again, as on AWS.
pub(super) fn outcome(answer: &Value, identifiers: &HashSet<String>) -> Outcome {
    let Some(failures) = answer
        .get("batchItemFailures")
        .filter(|failures| !failures.is_null())
    else {
        return Outcome::Done;
    };
    let named: Option<HashSet<String>> = failures.as_array().and_then(|failures| {
        let name = |failure: &Value| failure.get("itemIdentifier")?.as_str().map(str::to_owned);
        failures.iter().map(name).collect()
    });
    match named {
        Some(named) if named.is_empty() => Outcome::Done,
        Some(named) if named.is_subset(identifiers) => Outcome::Partly(named),
        _ => Outcome::Failed,
    }
}

impl Lambda {
    pub(super) async fn run_batch(
        &self,
        mapping: &Mapping,
        records: Vec<Value>,
        identifiers: &HashSet<String>,
    ) -> Outcome {
        let event = json!({ "Records": records });
        let ran = self
            .run(&mapping.function, event, &Uuid::new_v4().to_string())
            .await;
        match ran {
            Ok(Ok(answer)) if mapping.reports_items() => outcome(&answer, identifiers),
            Ok(Ok(_)) => Outcome::Done,
            Ok(Err(error)) => {
                tracing::debug!(function = mapping.function, error = error.name, "a batch failed");
                Outcome::Failed
            }
            Err(error) => {
                tracing::warn!(function = mapping.function, error = %error, "a batch cannot be handed over");
                Outcome::Failed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_says_of_its_batch() {
        let ids: HashSet<String> = ["a", "b"].map(str::to_owned).into();
        let check =
            |answer: Value, expected: Outcome| assert_eq!(outcome(&answer, &ids), expected, "{answer}");
        let failures = |names: Value| json!({ "batchItemFailures": names });
        check(json!({}), Outcome::Done);
        check(Value::Null, Outcome::Done);
        check(failures(Value::Null), Outcome::Done);
        check(failures(json!([])), Outcome::Done);
        let one = HashSet::from(["a".to_owned()]);
        check(failures(json!([{ "itemIdentifier": "a" }])), Outcome::Partly(one));
        check(failures(json!([{ "itemIdentifier": "c" }])), Outcome::Failed);
        check(failures(json!([{ "itemIdentifier": null }])), Outcome::Failed);
        check(failures(json!([{}])), Outcome::Failed);
        check(failures(json!("a")), Outcome::Failed);
    }
}
