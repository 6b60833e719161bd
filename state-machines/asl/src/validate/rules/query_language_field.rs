//! The fields of one query language do not work in the other.

use crate::types::QueryLanguage;
use crate::validate::document::Document;
use crate::validate::report::Findings;

const JSON_PATH: [&str; 14] = [
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "ResultSelector",
    "ItemsPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "Result",
];
const JSONATA: [&str; 3] = ["Arguments", "Output", "Items"];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        let (foreign, language): (&[&str], _) = match state.language {
            QueryLanguage::JSONata => (&JSON_PATH, "JSONata"),
            QueryLanguage::JSONPath => (&JSONATA, "JSONPath"),
        };
        let mut tell = |field: &str| {
            findings.error(
                document.at(state, field),
                format!("this field is not there in {language}"),
            );
        };
        for name in state
            .fields
            .keys()
            .filter(|name| foreign.contains(&name.as_str()))
        {
            tell(name);
        }
        if state.language == QueryLanguage::JSONata {
            ["ErrorPath", "CausePath"]
                .into_iter()
                .filter(|name| state.fields.contains_key(*name))
                .for_each(&mut tell);
        }
        for (list, json_path, jsonata) in [
            ("Catch", &["ResultPath"][..], &["Output"][..]),
            (
                "Choices",
                &["Variable", "And", "Or", "Not"],
                &["Condition", "Output"],
            ),
        ] {
            let foreign = if state.language == QueryLanguage::JSONata {
                json_path
            } else {
                jsonata
            };
            for (index, entry) in state.objects(list) {
                for name in foreign.iter().filter(|name| entry.contains_key(**name)) {
                    tell(&format!("{list}/{index}/{name}"));
                }
            }
        }
    }
}
