//! What MiniStack's CloudFormation needs otherwise than AWS's: one function for each gap, in a copy of the template.
//! `docs/endpoints.md` tells the same list.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

/// The logical id of the HTTP API.
const API: &str = "Api";

/// `routes` is how many the committed template has.
pub(crate) fn adapt(mut template: Value, routes: usize) -> Result<Value> {
    let resources = template.get_mut("Resources").and_then(Value::as_object_mut);
    let resources = resources.context("the template has no resources")?;
    let found = routes_as_resources(resources)?;
    ensure!(
        found == routes,
        "{found} routes of {routes} are left after the transform"
    );
    Ok(template)
}

/// SAM puts an API's routes into its `Body`, an OpenAPI document, which MiniStack ignores. Here each is a resource. Answers
/// how many there are.
fn routes_as_resources(resources: &mut Map<String, Value>) -> Result<usize> {
    let api = resources.get_mut(API).and_then(|api| api.get_mut("Properties"));
    let api = api
        .and_then(Value::as_object_mut)
        .context("the template has no API")?;
    let body = api.remove("Body").context("the API has no routes")?;
    // Told by the document alone until now.
    let name = body.pointer("/info/title").context("the API has no name")?;
    api.insert("Name".to_owned(), name.clone());
    api.insert("ProtocolType".to_owned(), json!("HTTP"));
    let mut number = 0;
    let paths = body.get("paths").context("the API has no routes")?;
    for (path, methods) in members(paths) {
        for (method, operation) in members(methods) {
            number += 1;
            let uri = operation.pointer("/x-amazon-apigateway-integration/uri");
            let uri = uri.context("a route leads nowhere")?;
            add_route(
                resources,
                number,
                &format!("{} {path}", method.to_uppercase()),
                uri,
            );
        }
    }
    Ok(number)
}

fn add_route(resources: &mut Map<String, Value>, number: usize, key: &str, uri: &Value) {
    let (integration, route) = (format!("{API}Integration{number}"), format!("{API}Route{number}"));
    let target = json!({ "Fn::Sub": format!("integrations/${{{integration}}}") });
    let properties = json!({
        "ApiId": { "Ref": API },
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": uri,
        "PayloadFormatVersion": "2.0",
    });
    resources.insert(
        integration,
        resource("AWS::ApiGatewayV2::Integration", properties),
    );
    let properties = json!({ "ApiId": { "Ref": API }, "RouteKey": key, "Target": target });
    resources.insert(route, resource("AWS::ApiGatewayV2::Route", properties));
}

fn resource(kind: &str, properties: Value) -> Value {
    json!({ "Type": kind, "Properties": properties })
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the transform leaves it, cut short.
    fn transformed() -> Value {
        let operation =
            |function: &str| json!({ "x-amazon-apigateway-integration": { "uri": { "Fn::Sub": function } } });
        json!({
            "Parameters": { "Prefix": { "Type": "String" } },
            "Resources": {
                "Api": {
                    "Type": "AWS::ApiGatewayV2::Api",
                    "Properties": {
                        "Body": {
                            "info": { "title": { "Fn::Sub": "${Prefix}api" } },
                            "paths": { "/forms": { "get": operation("list"), "post": operation("create") } },
                        },
                        "FailOnWarnings": true,
                    },
                },
                "TasksTable": { "Type": "AWS::DynamoDB::Table", "Properties": { "TableName": "tasks" } },
            },
            "Outputs": { "ApiUrl": { "Value": "https://" } },
        })
    }

    #[test]
    fn each_route_is_a_resource_and_all_else_is_as_it_was() {
        let mut adapted = adapt(transformed(), 2).unwrap();
        let resources = adapted["Resources"].as_object_mut().unwrap();
        let route = resources.remove("ApiRoute2").unwrap();
        assert_eq!(
            (&route["Properties"]["RouteKey"], &route["Properties"]["Target"]),
            (
                &json!("POST /forms"),
                &json!({ "Fn::Sub": "integrations/${ApiIntegration2}" })
            )
        );
        let integration = resources.remove("ApiIntegration2").unwrap();
        assert_eq!(
            integration["Properties"]["IntegrationUri"],
            json!({ "Fn::Sub": "create" })
        );
        for added in ["ApiRoute1", "ApiIntegration1"] {
            resources.remove(added).unwrap();
        }
        // What is left differs in the API alone, which has a name instead of a document.
        let mut expected = transformed();
        expected["Resources"]["Api"]["Properties"] = json!({
            "Name": { "Fn::Sub": "${Prefix}api" }, "ProtocolType": "HTTP", "FailOnWarnings": true,
        });
        assert_eq!(adapted, expected);
    }

    #[test]
    fn a_route_that_the_transform_loses_is_missed() {
        let error = adapt(transformed(), 3).unwrap_err().to_string();
        assert_eq!(error, "2 routes of 3 are left after the transform");
    }
}
