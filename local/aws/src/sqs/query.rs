//! The older protocol of SQS, for SDKs of before 2023: a form in, XML out. It says the same as the JSON protocol, so a request
//! is made one of that, and its answer made XML.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use quick_xml::escape::escape;
use serde_json::{Map, Value, json};

use super::{Sqs, query_code};
use crate::AwsError;
use crate::service::Service;

const FORM: &[u8] = b"application/x-www-form-urlencoded";
const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// Parameters that are numbers.
const NUMBERS: &[&str] = &[
    "DelaySeconds",
    "MaxNumberOfMessages",
    "MaxNumberOfMessagesPerSecond",
    "MaxResults",
    "VisibilityTimeout",
    "WaitTimeSeconds",
];
/// Lists of texts: what they are called here, and in JSON.
const LISTS: &[(&str, &str)] = &[
    ("AttributeName", "AttributeNames"),
    ("MessageAttributeName", "MessageAttributeNames"),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
    ("TagKey", "TagKeys"),
];
/// Maps: what they are called here, what their keys are called, and what they are called in JSON.
const MAPS: &[(&str, &str, &str)] = &[
    ("Attribute", "Name", "Attributes"),
    ("MessageAttribute", "Name", "MessageAttributes"),
    ("MessageSystemAttribute", "Name", "MessageSystemAttributes"),
    ("Tag", "Key", "Tags"),
];
/// Parameters of one request, so that they can be numbered as somebody likes.
const MOST_PARAMETERS: usize = 2_000;

/// Whether a request is of this protocol.
pub(crate) fn is_query(parts: &Parts) -> bool {
    let is_form = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(FORM));
    let query = parts.uri.query().unwrap_or_default();
    is_form || query.split('&').any(|pair| pair.starts_with("Action="))
}

/// Whether it may wait for messages.
pub(crate) fn receives(uri: &http::Uri, body: &[u8]) -> bool {
    let asks = |pairs: &[u8]| {
        pairs
            .split(|byte| *byte == b'&')
            .any(|pair| pair == b"Action=ReceiveMessage")
    };
    asks(uri.query().unwrap_or_default().as_bytes()) || asks(body)
}

impl Sqs {
    /// Answers a request of this protocol. `id` is the request's.
    pub(crate) async fn answer_query(&self, parts: &Parts, body: &[u8], id: &str) -> Response<Bytes> {
        let (operation, input) = match read(parts, body) {
            Ok(request) => request,
            Err(error) => return failure(&error, id),
        };
        match self.handle(&operation, input).await {
            Ok(answer) => xml(200, &success(&operation, &answer, id)),
            Err(error) => failure(&error, id),
        }
    }
}

/// The operation, and its input as the JSON protocol has it.
fn read(parts: &Parts, body: &[u8]) -> Result<(String, Value), AwsError> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let pairs = form_urlencoded::parse(query).chain(form_urlencoded::parse(body));
    let pairs: Vec<(String, String)> = pairs
        .take(MOST_PARAMETERS)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let action = pairs.iter().find(|(name, _)| name == "Action");
    let Some((_, operation)) = action else {
        return Err(AwsError::sender(
            "MissingAction",
            "The request must contain the parameter Action.",
        ));
    };
    let mut tree = Map::new();
    for (name, value) in &pairs {
        let path: Vec<&str> = name.split('.').collect();
        insert(&mut tree, &path, value);
    }
    let mut input = members(tree);
    // The queue may be the path that is asked.
    let path = parts.uri.path().trim_matches('/');
    if let (Some(input), true) = (input.as_object_mut(), path.contains('/')) {
        input
            .entry("QueueUrl")
            .or_insert_with(|| Value::String(path.to_owned()));
    }
    Ok((operation.clone(), input))
}

/// `Attribute.1.Name=…` becomes `{"Attribute": {"1": {"Name": …}}}`.
fn insert(tree: &mut Map<String, Value>, path: &[&str], value: &str) {
    match path {
        [] => {}
        [last] => drop(tree.insert((*last).to_owned(), Value::String(value.to_owned()))),
        [first, rest @ ..] => {
            let below = tree.entry(*first).or_insert_with(|| json!({}));
            if !below.is_object() {
                *below = json!({});
            }
            if let Some(below) = below.as_object_mut() {
                insert(below, rest, value);
            }
        }
    }
}

/// Gives the members of an object their names and types of the JSON protocol.
fn members(tree: Map<String, Value>) -> Value {
    let mut all = Map::new();
    for (name, value) in tree {
        if let Some((_, list)) = LISTS.iter().find(|(known, _)| *known == name) {
            all.insert((*list).to_owned(), in_order(value).into());
        } else if let Some((_, key, map)) = MAPS.iter().find(|(known, ..)| *known == name) {
            all.insert((*map).to_owned(), map_of(in_order(value), key));
        } else if name.ends_with("BatchRequestEntry") {
            let entries = in_order(value).into_iter().map(|entry| match entry {
                Value::Object(entry) => members(entry),
                other => other,
            });
            all.insert("Entries".to_owned(), entries.collect());
        } else if NUMBERS.contains(&name.as_str()) {
            let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
            all.insert(name, number.map_or(value, Value::from));
        } else {
            all.insert(name, value);
        }
    }
    Value::Object(all)
}

/// The values of `{"1": …, "2": …}` in the order of their numbers.
fn in_order(numbered: Value) -> Vec<Value> {
    let Value::Object(numbered) = numbered else {
        return vec![numbered];
    };
    let mut values: Vec<(u32, Value)> = numbered
        .into_iter()
        .map(|(number, value)| (number.parse().unwrap_or(u32::MAX), value))
        .collect();
    values.sort_by_key(|(number, _)| *number);
    values.into_iter().map(|(_, value)| value).collect()
}

fn map_of(entries: Vec<Value>, key: &str) -> Value {
    let pairs = entries.into_iter().filter_map(|mut entry| {
        let entry = entry.as_object_mut()?;
        let name = entry.get(key)?.as_str()?.to_owned();
        Some((name, entry.remove("Value")?))
    });
    Value::Object(pairs.collect())
}

fn success(operation: &str, answer: &Value, id: &str) -> String {
    let mut result = String::new();
    write_members(&mut result, operation, answer);
    format!(
        "<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
    )
}

fn write_members(xml: &mut String, operation: &str, value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        write_member(xml, operation, name, value);
    }
}

/// Lists are repeated elements with the name of one; maps are lists of pairs.
fn write_member(xml: &mut String, operation: &str, name: &str, value: &Value) {
    match value {
        Value::Array(values) => {
            let one = match name {
                "Successful" => format!("{operation}ResultEntry"),
                "Failed" => "BatchResultErrorEntry".to_owned(),
                "queueUrls" | "QueueUrls" => "QueueUrl".to_owned(),
                "Results" => "Result".to_owned(),
                plural => plural.trim_end_matches('s').to_owned(),
            };
            for value in values {
                write_member(xml, operation, &one, value);
            }
        }
        Value::Object(pairs) => match MAPS.iter().find(|(.., map)| *map == name) {
            Some((one, key, _)) => {
                for (of, value) in pairs {
                    xml.push_str(&format!("<{one}><{key}>{}</{key}>", escape(of)));
                    write_member(xml, operation, "Value", value);
                    xml.push_str(&format!("</{one}>"));
                }
            }
            None => {
                xml.push_str(&format!("<{name}>"));
                write_members(xml, operation, value);
                xml.push_str(&format!("</{name}>"));
            }
        },
        Value::Null => {}
        Value::String(text) => xml.push_str(&format!("<{name}>{}</{name}>", escaped(text))),
        other => xml.push_str(&format!("<{name}>{other}</{name}>")),
    }
}

/// With line ends that a parser does not make others of.
fn escaped(text: &str) -> String {
    escape(text).replace('\r', "&#13;")
}

fn failure(error: &AwsError, id: &str) -> Response<Bytes> {
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    let code = match &*error.code {
        "UnknownOperationException" => "InvalidAction".to_owned(),
        // As the older protocol says that something is not as it should be.
        "SerializationException" => "InvalidParameterValue".to_owned(),
        code => query_code(code),
    };
    let text = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message><Detail/></Error>\
         <RequestId>{id}</RequestId></ErrorResponse>",
        escape(&code),
        escaped(&error.message)
    );
    xml(error.status, &text)
}

fn xml(status: u16, text: &str) -> Response<Bytes> {
    let text = format!("<?xml version=\"1.0\"?>{text}");
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, form: &str, expected: (&str, Value)) {
        let (parts, ()) = http::Request::post(path).body(()).unwrap().into_parts();
        let (operation, input) = read(&parts, form.as_bytes()).unwrap();
        assert_eq!(
            (operation.as_str(), input["Version"].as_str()),
            (expected.0, Some("2012-11-05"))
        );
        let mut input = input;
        let known = input.as_object_mut().unwrap();
        known.remove("Version");
        known.remove("Action");
        assert_eq!(input, expected.1);
    }

    #[test]
    fn a_form_says_what_json_says() {
        check(
            "/",
            "Action=CreateQueue&Version=2012-11-05&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=a&Tag.1.Value=b%20c",
            (
                "CreateQueue",
                json!({ "QueueName": "q", "Attributes": { "DelaySeconds": "5" }, "Tags": { "a": "b c" } }),
            ),
        );
        check(
            "/000000000000/q",
            "Action=SendMessage&Version=2012-11-05&MessageBody=m%26m&DelaySeconds=3&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v",
            (
                "SendMessage",
                json!({
                    "QueueUrl": "000000000000/q", "MessageBody": "m&m", "DelaySeconds": 3,
                    "MessageAttributes": { "n": { "DataType": "String", "StringValue": "v" } },
                }),
            ),
        );
        check(
            "/",
            "Action=ReceiveMessage&Version=2012-11-05&QueueUrl=u&AttributeName.2=B&AttributeName.10=C&AttributeName.1=A&MaxNumberOfMessages=x",
            (
                "ReceiveMessage",
                json!({ "QueueUrl": "u", "AttributeNames": ["A", "B", "C"], "MaxNumberOfMessages": "x" }),
            ),
        );
        check(
            "/",
            "Action=DeleteMessageBatch&Version=2012-11-05&DeleteMessageBatchRequestEntry.1.Id=a&DeleteMessageBatchRequestEntry.1.ReceiptHandle=r&DeleteMessageBatchRequestEntry.2.Id=b&DeleteMessageBatchRequestEntry.2.VisibilityTimeout=7",
            (
                "DeleteMessageBatch",
                json!({ "Entries": [{ "Id": "a", "ReceiptHandle": "r" }, { "Id": "b", "VisibilityTimeout": 7 }] }),
            ),
        );
    }

    #[test]
    fn an_answer_is_xml() {
        let answer = json!({
            "Messages": [{
                "MessageId": "i", "Body": "<&>\r\n", "Attributes": { "SenderId": "s" },
                "MessageAttributes": { "n": { "DataType": "String", "StringValue": "v" } },
            }],
        });
        let mut xml = String::new();
        write_members(&mut xml, "ReceiveMessage", &answer);
        assert_eq!(
            xml,
            "<Message><MessageId>i</MessageId><Body>&lt;&amp;&gt;&#13;\n</Body>\
             <Attribute><Name>SenderId</Name><Value>s</Value></Attribute>\
             <MessageAttribute><Name>n</Name><Value><DataType>String</DataType><StringValue>v</StringValue></Value></MessageAttribute></Message>"
        );
        let answer = json!({ "Successful": [{ "Id": "a" }], "Failed": [{ "Id": "b", "SenderFault": true }] });
        let mut xml = String::new();
        write_members(&mut xml, "SendMessageBatch", &answer);
        assert_eq!(
            xml,
            "<SendMessageBatchResultEntry><Id>a</Id></SendMessageBatchResultEntry>\
             <BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault></BatchResultErrorEntry>"
        );
        let answer = json!({ "queueUrls": ["u", "v"], "Tags": { "k": "v" } });
        let mut xml = String::new();
        write_members(&mut xml, "X", &answer);
        assert_eq!(
            xml,
            "<QueueUrl>u</QueueUrl><QueueUrl>v</QueueUrl><Tag><Key>k</Key><Value>v</Value></Tag>"
        );
    }
}
