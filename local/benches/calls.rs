//! `cargo bench -p local --bench calls`: the CPU time of a call by the SDK in the process, with what of it is the engine's and what the
//! client's: the same requests without a client, and the same client with a connector that answers at once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on panics, and prints its figures"
)]

mod support;

use aws::{Clock, Home, Options};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use runtime::clients::sdk_config;
use runtime::clock;

use support::cpu_of;

const CALLS: usize = 5000;
const CALLERS: usize = 8;

#[tokio::main]
async fn main() {
    println!("| call of 400 B | CPU each |\n|---|---|");
    let folder = std::env::temp_dir().join(format!("pflow-calls-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let home = Home::open(Options {
        folder: folder.clone(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        credentials: ("test".to_owned(), "test".to_owned()),
        must_be_signed: false,
        base_url: "http://127.0.0.1:4566".to_owned(),
        clock: Clock::new(|| clock::now().as_millisecond()),
    });
    let home = home.unwrap();
    let config = |http| {
        let aws = tests::aws_at("http://127.0.0.1:4566", "us-east-1");
        sdk_config(&aws, http)
    };
    let db = Client::new(&config(home.http_client()));
    table(&db, "plain", false).await;
    table(&db, "streamed", true).await;
    for name in ["plain", "streamed"] {
        let of = |what: &str| format!("{what}, {name} table");
        measure(&of("PutItem"), &db, move |db, n| {
            let put = db.put_item().table_name(name).item("pk", key(n));
            let put = put.item("text", AttributeValue::S("x".repeat(400)));
            async move { drop(put.send().await.unwrap()) }
        })
        .await;
        measure(&of("UpdateItem"), &db, move |db, n| {
            let update = db.update_item().table_name(name).key("pk", key(n));
            let update = update
                .update_expression("SET #n = :n")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_names("#n", "n")
                .expression_attribute_values(":n", AttributeValue::N(n.to_string()));
            async move { drop(update.send().await.unwrap()) }
        })
        .await;
    }
    measure("GetItem", &db, get).await;
    let alone = Client::new(&config(SharedHttpClient::new(Stub)));
    measure("GetItem, answered by nobody: the client alone", &alone, get).await;
    drop(home);
    std::fs::remove_dir_all(folder).unwrap();
}

fn key(n: usize) -> AttributeValue {
    AttributeValue::S(format!("key-{n}"))
}

async fn get(db: Client, n: usize) {
    let got = db.get_item().table_name("plain").key("pk", key(n)).send().await;
    assert!(got.unwrap().item.is_some());
}

async fn table(db: &Client, name: &str, streamed: bool) {
    let key = KeySchemaElement::builder()
        .attribute_name("pk")
        .key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S);
    let create = db
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    let create = create
        .key_schema(key.build().unwrap())
        .attribute_definitions(attribute.build().unwrap());
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build();
    let create = create.set_stream_specification(streamed.then(|| stream.unwrap()));
    create.send().await.unwrap();
}

async fn measure<F, A>(what: &str, db: &Client, call: F)
where
    F: Fn(Client, usize) -> A + Copy + Send + 'static,
    A: Future<Output = ()> + Send,
{
    let before = cpu_of(std::process::id());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let db = db.clone();
            tokio::spawn(async move {
                for n in (caller..CALLS).step_by(CALLERS) {
                    call(db.clone(), n).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let each = (cpu_of(std::process::id()) - before) / u32::try_from(CALLS).unwrap();
    println!("| {what} | {} µs |", each.as_micros());
}

/// Answers every request with an item.
#[derive(Debug, Clone)]
struct Stub;

impl HttpClient for Stub {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Stub {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let text = format!(
            r#"{{"Item":{{"pk":{{"S":"key"}},"text":{{"S":"{}"}}}}}}"#,
            "x".repeat(400)
        );
        HttpConnectorFuture::ready(Ok(HttpResponse::new(
            200.try_into().unwrap(),
            SdkBody::from(text),
        )))
    }
}
