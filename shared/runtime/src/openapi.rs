//! The OpenAPI document: what the handlers declare, with what holds for all of them added here, once.

use serde_json::json;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, Ref, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, RefOr, Response,
    ServerBuilder, extensions::ExtensionsBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoint::{Access, Endpoint};
use crate::envelope::Failure;
use crate::service::Service;

const BEARER: &str = "bearer";

/// The document of all services.
pub fn document(services: &[Service]) -> OpenApi {
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("PFlow")
                .description(Some(
                    "Workflow orchestration and tickets. Every answer is in the envelope; lists are pages with a cursor; \
                     messages follow `Accept-Language` (en, zh).",
                ))
                .version(env!("CARGO_PKG_VERSION"))
                .license(Some(License::builder().name("MIT").identifier(Some("MIT")).build()))
                .build(),
        )
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .tags(Some(
            services
                .iter()
                .map(|service| TagBuilder::new().name(service.name).description(Some(service.description)).build()),
        ))
        .components(Some(components(services)))
        .build();
    for service in services {
        for endpoint in &service.endpoints {
            for (path, item) in &endpoint.paths.paths {
                let mut item = item.clone();
                for operation in operations(&mut item) {
                    complete(operation, service, endpoint);
                }
                match document.paths.paths.get_mut(path) {
                    Some(there) => there.merge_operations(item),
                    None => {
                        document.paths.paths.insert(path.clone(), item);
                    }
                }
            }
        }
    }
    document
}

fn components(services: &[Service]) -> Components {
    let mut schemas = vec![(Failure::name().to_string(), Failure::schema())];
    Failure::schemas(&mut schemas);
    schemas.extend(
        services
            .iter()
            .flat_map(|service| &service.endpoints)
            .flat_map(|e| e.schemas.iter().cloned()),
    );
    let mut components = Components::new();
    components.schemas.extend(schemas);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components
        .security_schemes
        .insert(BEARER.to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    components
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

/// Adds to an operation what its handler need not repeat.
fn complete(operation: &mut Operation, service: &Service, endpoint: &Endpoint) {
    operation.tags = Some(vec![service.name.to_owned()]);
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            wrap(response);
        }
    }
    let mut errors = vec!["500", "503"];
    operation.security = match endpoint.access {
        Access::Public => Some(vec![SecurityRequirement::default()]),
        Access::SignedIn | Access::Permission(_) => {
            errors.push("401");
            Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())])
        }
    };
    if let Access::Permission(permission) = endpoint.access {
        errors.push("403");
        let extensions = ExtensionsBuilder::new()
            .add("x-permission", json!(permission.as_str()))
            .build();
        match &mut operation.extensions {
            Some(there) => there.merge(extensions),
            None => operation.extensions = Some(extensions),
        }
    }
    if endpoint.path.contains('{') {
        errors.push("404");
    }
    if operation.request_body.is_some() {
        errors.extend(["400", "413", "415"]);
    } else if operation
        .parameters
        .iter()
        .flatten()
        .any(|one| matches!(one, RefOr::T(one) if one.parameter_in != ParameterIn::Path))
    {
        errors.push("400");
    }
    for status in errors {
        let response = operation.responses.responses.entry(status.to_owned());
        response.or_insert_with(|| RefOr::T(Response::new(meaning(status))));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && !status.starts_with('2')
        {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Failure")))
                .build();
            response
                .content
                .insert("application/json".to_owned(), RefOr::T(content));
        }
    }
}

fn meaning(status: &str) -> &'static str {
    match status {
        "400" => "The request is not valid; the details tell each fault",
        "401" => "No valid access token",
        "403" => "The permission is missing",
        "404" => "There is no such object",
        "413" => "The body is too large",
        "415" => "The body is not JSON",
        "503" => "Not able to serve right now",
        _ => "A fault on our side, logged under the request id",
    }
}

/// Puts the schema of the data into the envelope.
fn wrap(response: &mut Response) {
    let Some(RefOr::T(content)) = response.content.get_mut("application/json") else {
        return;
    };
    let Some(data) = content.schema.take() else { return };
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let instant = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let envelope: Object = ObjectBuilder::new()
        .property("success", ObjectBuilder::new().schema_type(Type::Boolean))
        .property("data", data)
        .property("message", text())
        .property("timestamp", instant)
        .property("request_id", text())
        .required("success")
        .required("data")
        .required("message")
        .required("timestamp")
        .required("request_id")
        .build();
    content.schema = Some(RefOr::T(Schema::Object(envelope)));
}
