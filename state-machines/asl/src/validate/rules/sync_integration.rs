//! `.sync` works with the integrations that have jobs.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

const JOBS: [&str; 13] = [
    "batch",
    "ecs",
    "glue",
    "sagemaker",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "codebuild",
    "athena",
    "databrew",
    "eks",
    "states",
    "bedrock",
];
const MORE: [&str; 2] = ["mediaconvert", "glue-databrew"];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        let Some(resource) = state
            .text("Resource")
            .filter(|_| state.kind == Some(StateType::Task))
        else {
            continue;
        };
        let action = resource
            .strip_suffix(".sync")
            .or_else(|| resource.strip_suffix(".sync:2"));
        let Some(service) = action.and_then(|action| action.split(":states:::").nth(1)?.split(':').next())
        else {
            continue;
        };
        if !JOBS.contains(&service) && !MORE.contains(&service) && !service.contains("${") {
            findings.error(
                document.at(state, "Resource"),
                "this integration cannot be waited for by '.sync'",
            );
        }
    }
}
