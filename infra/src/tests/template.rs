//! The template agrees with what it is made from, beyond being made from it.

use std::collections::BTreeSet;

use runtime::grant::Queue;
use serde_json::{Map, Value, json};
use store::Table;

use super::read;
use crate::deployment::limits;
use crate::function::functions;

fn template() -> Value {
    yaml_serde::from_str(&read("infra/template.yaml")).unwrap()
}

fn of_type<'a>(
    template: &'a Value,
    kind: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> {
    let resources = template["Resources"].as_object().unwrap();
    resources
        .iter()
        .filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id, resource["Properties"].as_object().unwrap()))
}

fn names(template: &Value, kind: &str, property: &str) -> BTreeSet<String> {
    of_type(template, kind)
        .map(|(_, properties)| properties[property]["Fn::Sub"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn names_are_those_that_the_code_uses() {
    let template = template();
    let services = functions::services();
    let expected = functions(&services)
        .iter()
        .map(|function| format!("${{Prefix}}{}", function.id()))
        .collect();
    assert_eq!(
        names(&template, "AWS::Serverless::Function", "FunctionName"),
        expected
    );
    let expected = Table::ALL.iter().map(|table| table.name("${Prefix}")).collect();
    assert_eq!(names(&template, "AWS::DynamoDB::Table", "TableName"), expected);
    for (id, table) in of_type(&template, "AWS::DynamoDB::Table") {
        let indexes = table
            .get("GlobalSecondaryIndexes")
            .map(|indexes| indexes[0]["IndexName"].clone());
        let expected = (id != "EventsTable").then(|| json!("gsi1"));
        assert_eq!(indexes, expected, "{id}");
    }
    let expected = Queue::ALL
        .iter()
        .flat_map(|queue| [queue.name("${Prefix}"), queue.dead_letter_name("${Prefix}")])
        .chain(["${Prefix}changes-dead".to_owned()])
        .collect();
    assert_eq!(names(&template, "AWS::SQS::Queue", "QueueName"), expected);
}

#[test]
fn every_required_variable_is_set() {
    let template = template();
    let set = template["Globals"]["Function"]["Environment"]["Variables"]
        .as_object()
        .unwrap();
    for name in runtime::config::REQUIRED {
        assert!(set.contains_key(*name), "{name} is not set");
    }
}

#[test]
fn only_those_who_issue_tokens_can_sign_them() {
    let template = template();
    let signing: BTreeSet<&str> = of_type(&template, "AWS::Serverless::Function")
        .filter(|(_, function)| {
            function
                .values()
                .any(|value| value.to_string().contains("TokenPrivateKey"))
        })
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(
        signing,
        BTreeSet::from(["LoginFunction", "RefreshSessionFunction"])
    );
    assert!(!template["Globals"].to_string().contains("TokenPrivateKey"));
}

#[test]
fn roles_allow_no_wildcards_but_where_there_is_no_resource() {
    for (id, role) in of_type(&template(), "AWS::IAM::Role") {
        let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
        for statement in statements.as_array().unwrap() {
            let everywhere = statement["Resource"] == "*";
            let actions = match &statement["Action"] {
                Value::Array(actions) => actions.clone(),
                one => vec![one.clone()],
            };
            for action in actions {
                let action = action.as_str().unwrap();
                assert!(!action.contains('*'), "{id}: {action}");
                let without = [
                    "dynamodb:ListStreams",
                    "states:SendTaskSuccess",
                    "states:SendTaskFailure",
                ]
                .contains(&action);
                assert_eq!(everywhere, without, "{id}: {action}");
            }
        }
    }
}

/// Alarms are there where somebody reads them, and each looks at no more metrics than CloudWatch takes.
#[test]
fn alarms_are_about_what_there_is() {
    let template = template();
    assert_eq!(template["Parameters"]["AlarmsAddress"]["Default"], "");
    let mut told = BTreeSet::new();
    let mut metrics = 0;
    for (id, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        assert_eq!(template["Resources"][id]["Condition"], "HasAlarms", "{id}");
        let queries = alarm["Metrics"].as_array().unwrap();
        assert!((2..=11).contains(&queries.len()), "{id}");
        metrics += queries.len() - 1;
        told.extend(queries.iter().filter_map(|query| {
            let metric = &query["MetricStat"]["Metric"];
            Some(format!(
                "{} {}",
                metric["Namespace"].as_str()?,
                metric["MetricName"].as_str()?
            ))
        }));
    }
    assert_eq!(
        told.into_iter().collect::<Vec<_>>(),
        [
            "AWS/ApiGateway 5xx",
            "AWS/DynamoDB WriteThrottleEvents",
            "AWS/Lambda Errors",
            "AWS/Lambda IteratorAge",
            "AWS/Lambda Throttles",
            "AWS/SQS ApproximateNumberOfMessagesVisible",
        ]
    );
    assert!(
        metrics <= 40,
        "{metrics} metrics, each of which is billed: docs/deploying.md tells of 40"
    );
}

#[test]
fn the_stack_is_within_its_limits() {
    assert_eq!(limits(&template()), Vec::<String>::new());
    let size = read("infra/template.yaml").len();
    assert!(size <= 1_000_000, "{size} bytes: CloudFormation takes 1 MB");
}
