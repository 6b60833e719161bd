//! An endpoint: declared once in its file, and from there the Lambda function, the gateway's route, the OpenAPI
//! operation and the function's policy.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use domain::Error;
use domain::permission::Permission;
use http::header::AUTHORIZATION;
use utoipa::openapi::path::Paths;
use utoipa::openapi::{RefOr, schema::Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::app::App;
use crate::envelope::ApiError;
use crate::grant::Grant;
use crate::request::{self, Operation};
use crate::token::{forbidden, unauthenticated};

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// Callers with this permission. Some operations also do, for callers with a further one, what they do not for
    /// others; that is in their text.
    Permission(Permission),
}

/// One endpoint with all that is declared of it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub operation: Arc<Operation>,
    pub method: String,
    pub path: String,
    pub access: Access,
    pub paths: Paths,
    pub schemas: Vec<(String, RefOr<Schema>)>,
    routes: axum::routing::MethodRouter<App>,
}

impl Endpoint {
    /// From `routes!(handler)`.
    pub fn new(access: Access, grants: Vec<Grant>, routes: UtoipaMethodRouter<App>) -> Self {
        let (schemas, paths, routes) = routes;
        let (path, method, id) = described(&paths);
        Self {
            operation: Arc::new(Operation { id, grants }),
            method,
            path,
            access,
            paths,
            schemas,
            routes,
        }
    }

    /// The endpoint as a router of its own: what its Lambda function serves.
    pub fn router(&self, app: &App) -> Router {
        finish(self.open_router(app), app)
    }

    /// Without what is around all endpoints.
    fn open_router(&self, app: &App) -> Router<App> {
        let guard = Guard {
            app: app.clone(),
            operation: Arc::clone(&self.operation),
            access: self.access,
        };
        Router::new().route(
            &self.path,
            self.routes.clone().layer(from_fn_with_state(guard, admit)),
        )
    }
}

/// All endpoints as one router: what the gateway serves.
pub fn gateway<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>, app: &App) -> Router {
    let router = endpoints.into_iter().fold(Router::new(), |router, endpoint| {
        router.merge(endpoint.open_router(app))
    });
    finish(router, app)
}

fn finish(router: Router<App>, app: &App) -> Router {
    router
        .fallback(async || ApiError(Error::NotFound("resource at this address")))
        .method_not_allowed_fallback(async || ApiError(Error::MethodNotAllowed))
        .layer(axum::middleware::from_fn(crate::middleware::around))
        .with_state(app.clone())
}

/// What the OpenAPI macro made of the handler: path, method, operation id.
fn described(paths: &Paths) -> (String, String, String) {
    let Some((path, item)) = paths.paths.iter().next() else {
        return Default::default();
    };
    let methods = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    let found = methods
        .into_iter()
        .find_map(|(method, operation)| Some((method, operation.as_ref()?)));
    let (method, operation) = match found {
        Some((method, operation)) => (method, operation.operation_id.clone().unwrap_or_default()),
        None => Default::default(),
    };
    (path.clone(), method.to_owned(), operation)
}

#[derive(Debug, Clone)]
struct Guard {
    app: App,
    operation: Arc<Operation>,
    access: Access,
}

/// Lets a request in, or not, before anything of its body is looked at: who may not, learns nothing of how it was wrong.
async fn admit(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let mut context = request::current();
    context.operation = Some(Arc::clone(&guard.operation));
    request::scope(context, async move {
        match caller(&guard, &mut request) {
            Ok(()) => next.run(request).await,
            Err(error) => ApiError(error).into_response(),
        }
    })
    .await
}

fn caller(guard: &Guard, request: &mut Request) -> Result<(), Error> {
    if guard.access == Access::Public {
        return Ok(());
    }
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let caller = guard.app.verifier.verify(token.ok_or_else(unauthenticated)?)?;
    if let Access::Permission(permission) = guard.access
        && !caller.may(permission)
    {
        return Err(forbidden(permission));
    }
    request.extensions_mut().insert(caller);
    Ok(())
}
