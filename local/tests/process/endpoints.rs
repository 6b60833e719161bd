//! `docs/endpoints.md` lists exactly the operations that there are.

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/endpoints.md");
const BEGIN: &str =
    "<!-- Begin of what the code says: PFLOW_WRITE_DOCS=1 cargo test -p local endpoints -->\n";
const END: &str = "<!-- End of what the code says -->";

fn list() -> String {
    let services: [(&str, &[&str]); 6] = [
        ("DynamoDB and DynamoDB Streams", aws::dynamodb::OPERATIONS),
        ("SQS", aws::sqs::OPERATIONS),
        ("EventBridge", aws::events::OPERATIONS),
        ("EventBridge Scheduler", aws::scheduler::OPERATIONS),
        ("Lambda", aws::lambda::OPERATIONS),
        ("Step Functions", states::OPERATIONS),
    ];
    let mut list = String::from("\n| service | operations |\n|---|---|\n");
    for (service, operations) in services {
        let mut operations = operations.to_vec();
        operations.sort_unstable();
        let operations: Vec<String> = operations.iter().map(|name| format!("`{name}`")).collect();
        list.push_str(&format!("| {service} | {} |\n", operations.join(", ")));
    }
    list.push('\n');
    list
}

#[test]
fn endpoints_are_listed() {
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the list begins");
    let (listed, after) = rest.split_once(END).expect("the list ends");
    if std::env::var_os("PFLOW_WRITE_DOCS").is_some() {
        std::fs::write(DOCUMENT, [before, BEGIN, &list(), END, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        listed,
        list(),
        "write it anew: PFLOW_WRITE_DOCS=1 cargo test -p local endpoints"
    );
}
