//! `GET /healthz`

use axum::extract::State;
use domain::Error;
use domain::id::{Key, TenantId};
use runtime::{Access, Answer, ApiResult, App, Endpoint, table};
use serde::Serialize;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// That the platform is ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ready")]
    status: &'static str,
}

pub fn endpoint() -> Endpoint {
    Endpoint::new(
        Access::Public,
        vec![table(Table::Identity, "GetItem")],
        routes!(get_health),
    )
}

/// Tell whether the platform is ready to serve
#[utoipa::path(get, path = "/api/v1/healthz",
    responses((status = 200, description = "Ready", body = Health)))]
async fn get_health(State(app): State<App>) -> ApiResult<Health> {
    // One read shows that configuration, credentials, endpoint and tables are there.
    let probe = Key::parse("admin").map_err(|e| Error::internal("name a role", e))?;
    match app.store.role_get(&TenantId::default_tenant(), &probe).await {
        Ok(_) => Ok(Answer::ok(Health { status: "ready" })),
        Err(error) => {
            tracing::warn!(error = runtime::envelope::chain(&error), "not ready");
            Err(Error::Unavailable("reach the tables").into())
        }
    }
}
