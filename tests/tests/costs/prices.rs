//! Unit prices in USD, from a file that lies outside of the project.

use std::io::Write;
use std::path::Path;

use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Prices(Value);

impl Prices {
    /// From the file that `PFLOW_PRICES` names, relative to the workspace root; where it is not, says so.
    pub(crate) fn read() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test is told here where its data lie")]
        let file = std::env::var("PFLOW_PRICES").unwrap_or_else(|_| "../shared/data/prices.json".into());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        if let Ok(text) = std::fs::read_to_string(&path) {
            return Some(Self(serde_json::from_str(&text).unwrap()));
        }
        // Not by `println!`, which a test runner keeps to itself when the test passes: others read this line.
        let line = format!(
            "NOT TESTED: docs/COST.md, no prices at {} (set PFLOW_PRICES)\n",
            path.display()
        );
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
        None
    }

    fn at(&self, pointer: &str) -> f64 {
        let price = self.0.pointer(pointer).and_then(Value::as_f64);
        price.unwrap_or_else(|| panic!("the prices do not tell {pointer}"))
    }

    /// Of a million of each, with what it is called.
    pub(crate) fn per_million(&self) -> [(&'static str, f64); 8] {
        [
            (
                "API Gateway requests",
                self.at("/api_gateway_http_api/per_million_requests"),
            ),
            ("Lambda invocations", self.at("/lambda/per_million_requests")),
            (
                "Lambda GB-seconds, arm64",
                self.at("/lambda/per_million_gb_seconds_arm64"),
            ),
            ("SQS requests", self.at("/sqs/per_million_requests_standard")),
            (
                "DynamoDB write units",
                self.at("/dynamodb/per_million_write_request_units"),
            ),
            (
                "DynamoDB read units",
                self.at("/dynamodb/per_million_read_request_units"),
            ),
            (
                "Step Functions transitions",
                self.at("/step_functions/standard_per_thousand_transitions") * 1000.0,
            ),
            (
                "EventBridge events",
                self.at("/eventbridge/per_million_custom_events"),
            ),
        ]
    }

    /// How many times the units of a write in a transaction costs.
    pub(crate) fn transactional(&self) -> f64 {
        self.at("/dynamodb/transactional_factor")
    }
}
