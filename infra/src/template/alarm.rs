//! Alarms, sent by e-mail, where an address is given. Each is about something that a person has to look at: what the platform
//! mends by itself raises none. CloudWatch bills each metric of an alarm, so there are no more than that needs.

use runtime::Trigger;
use serde_json::{Value, json};
use store::Table;

use super::{Resources, api, environment, function, prefixed, queue, reference, table};
use crate::function::{Function, logical};

const CONDITION: &str = "HasAlarms";
const TOPIC: &str = "AlarmsTopic";
/// An alarm looks at so many metrics at most.
const METRICS: usize = 10;
const FIVE_MINUTES: u32 = 300;
/// How long changes of a table may wait for their function.
const MOST_LAG_MILLISECONDS: u32 = 5 * 60 * 1000;

pub(super) fn conditions() -> Value {
    let no_address = json!({ "Fn::Equals": [reference(environment::ALARMS_ADDRESS), ""] });
    json!({ CONDITION: { "Fn::Not": [no_address] } })
}

pub(super) fn add(resources: &mut Resources, functions: &[Function<'_>]) {
    let subscription = json!({ "Protocol": "email", "Endpoint": reference(environment::ALARMS_ADDRESS) });
    let properties = json!({ "TopicName": prefixed("alarms"), "Subscription": [subscription] });
    resources.add_if(CONDITION, TOPIC, "AWS::SNS::Topic", properties);
    for alarm in alarms(functions) {
        for (metrics, number) in alarm.metrics.chunks(METRICS).zip(1..) {
            let name = match number {
                1 => alarm.name.to_owned(),
                _ => format!("{}-{number}", alarm.name),
            };
            let id = format!("{}Alarm", logical(&name));
            resources.add_if(
                CONDITION,
                id,
                "AWS::CloudWatch::Alarm",
                alarm.properties(&name, metrics),
            );
        }
    }
}

fn alarms(functions: &[Function<'_>]) -> Vec<Alarm> {
    let dead = queue::dead_logical_ids().into_iter().map(|id| {
        let queue = json!({ "Fn::GetAtt": [id, "QueueName"] });
        Metric::new(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            [("QueueName", queue)],
        )
    });
    let tables = Table::ALL.iter().map(|one| {
        let name = reference(&table::logical_id(*one));
        Metric::new("AWS/DynamoDB", "WriteThrottleEvents", [("TableName", name)])
    });
    let streams = of(functions, |trigger| matches!(trigger, Trigger::Stream(_)));
    let failing = of(functions, |trigger| !matches!(trigger, Trigger::StateMachine));
    let called = of(functions, |trigger| trigger == Trigger::StateMachine);
    let api = Metric::new("AWS/ApiGateway", "5xx", [("ApiId", reference(api::API))]);
    // Without a function's name: the concurrency that they share is the account's.
    let throttles = Metric::new("AWS/Lambda", "Throttles", []);
    vec![
        Alarm::new(
            "dead-letters",
            "Messages or changes that were given up",
            Most::Of(0),
            dead,
        ),
        Alarm::new(
            "api-errors",
            "Requests that were answered by 5xx",
            Most::SumOf(4),
            [api],
        ),
        Alarm::new(
            "handler-errors",
            "Functions failed that take messages or changes, or run by the clock",
            Most::SumOf(4),
            each(&failing, "Errors"),
        ),
        Alarm::new(
            "task-errors",
            "Functions failed that state machines call",
            Most::SumOf(9),
            each(&called, "Errors"),
        ),
        Alarm::new(
            "throttled-functions",
            "Functions of this account did not run, because too many ran",
            Most::SumOf(9),
            [throttles],
        ),
        Alarm::new(
            "throttled-tables",
            "Writes that tables refused, because there were too many",
            Most::SumOf(9),
            tables,
        ),
        Alarm::new(
            "lag",
            "Changes of tables wait for their functions (milliseconds)",
            Most::Of(MOST_LAG_MILLISECONDS),
            each(&streams, "IteratorAge"),
        ),
    ]
}

fn of<'a>(functions: &'a [Function<'a>], wanted: impl Fn(Trigger) -> bool) -> Vec<&'a Function<'a>> {
    let wanted = |function: &&Function<'_>| function.trigger().is_some_and(&wanted);
    functions.iter().filter(wanted).collect()
}

fn each(functions: &[&Function<'_>], name: &'static str) -> Vec<Metric> {
    let metrics = functions.iter().map(|function| {
        let function = reference(&function::logical_id(function));
        Metric::new("AWS/Lambda", name, [("FunctionName", function)])
    });
    metrics.collect()
}

/// What is too much, of five minutes.
#[derive(Debug, Clone, Copy)]
enum Most {
    /// Of any of the metrics, at any time.
    Of(u32),
    /// Of all together.
    SumOf(u32),
}

#[derive(Debug)]
struct Metric {
    namespace: &'static str,
    name: &'static str,
    dimensions: Vec<(&'static str, Value)>,
}

#[derive(Debug)]
struct Alarm {
    name: &'static str,
    description: &'static str,
    most: Most,
    metrics: Vec<Metric>,
}

impl Metric {
    fn new<const N: usize>(
        namespace: &'static str,
        name: &'static str,
        dimensions: [(&'static str, Value); N],
    ) -> Self {
        let dimensions = dimensions.into();
        Self {
            namespace,
            name,
            dimensions,
        }
    }

    fn query(&self, number: usize, statistic: &str) -> Value {
        let dimensions = self.dimensions.iter();
        let dimensions: Vec<Value> = dimensions
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        let mut metric = json!({ "Namespace": self.namespace, "MetricName": self.name });
        if let (Some(members), false) = (metric.as_object_mut(), dimensions.is_empty()) {
            members.insert("Dimensions".to_owned(), dimensions.into());
        }
        json!({
            "Id": format!("m{number}"),
            "MetricStat": { "Metric": metric, "Period": FIVE_MINUTES, "Stat": statistic },
            "ReturnData": false,
        })
    }
}

impl Alarm {
    fn new(
        name: &'static str,
        description: &'static str,
        most: Most,
        metrics: impl IntoIterator<Item = Metric>,
    ) -> Self {
        let metrics = metrics.into_iter().collect();
        Self {
            name,
            description,
            most,
            metrics,
        }
    }

    fn properties(&self, name: &str, metrics: &[Metric]) -> Value {
        let (statistic, together, most) = match self.most {
            Most::Of(most) => ("Maximum", "MAX", most),
            Most::SumOf(most) => ("Sum", "SUM", most),
        };
        let queries = metrics
            .iter()
            .zip(1..)
            .map(|(metric, number)| metric.query(number, statistic));
        // Metrics without data do not count.
        let expression = format!("{together}(METRICS())");
        let result = json!({ "Id": "all", "Label": name, "Expression": expression, "ReturnData": true });
        json!({
            "AlarmName": prefixed(name),
            "AlarmDescription": self.description,
            "Metrics": queries.chain([result]).collect::<Vec<_>>(),
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": most,
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
            "AlarmActions": [reference(TOPIC)],
        })
    }
}
