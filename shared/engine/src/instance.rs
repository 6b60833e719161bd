//! The instance of a ticket, also in the moment before the stream has brought it into being.

use domain::Result;
use domain::id::{InstanceId, TenantId};
use domain::instance::Instance;
use runtime::App;

/// The instance as it stands; made from its ticket where it has not been written yet.
pub async fn read(app: &App, tenant: &TenantId, id: &InstanceId) -> Result<Option<Instance>> {
    if let Some(instance) = app.store.instance_get(tenant, id).await? {
        return Ok(Some(instance));
    }
    of_ticket(app, tenant, id).await
}

/// The instance as its ticket starts it.
pub async fn of_ticket(app: &App, tenant: &TenantId, id: &InstanceId) -> Result<Option<Instance>> {
    let Some(ticket) = id.ticket() else {
        return Ok(None);
    };
    let ticket = app.store.ticket_get(tenant, &ticket).await?;
    Ok(ticket
        .filter(|ticket| ticket.instance == *id)
        .map(|ticket| Instance::of_ticket(&ticket)))
}
