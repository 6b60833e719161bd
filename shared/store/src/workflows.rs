//! Workflow definitions, their published versions, and the ticket types that name them.

use domain::id::{Key, TenantId};
use domain::page::Page;
use domain::workflow::{TicketType, Workflow, WorkflowVersion};
use domain::{Error, Result, Text};

use crate::dynamo::{Order, PageRequest, Store, new_in};
use crate::idempotency::Idempotency;
use crate::item::{Item, ItemExt, Stored, to_item};
use crate::keys::{self, Kind};
use crate::revision::replace;
use crate::table::Table;

impl Stored for Workflow {
    const JSON: &[&str] = &["definition"];
}

impl Stored for WorkflowVersion {
    const JSON: &[&str] = &["definition", "user_tasks.*"];
}

impl Stored for TicketType {}

impl Store {
    pub async fn workflow_create(
        &self,
        tenant: &TenantId,
        workflow: Workflow,
        idempotency: Option<&Idempotency>,
    ) -> Result<Workflow> {
        let item = workflow_item(tenant, &workflow)?;
        let taken = Text::new("There is a workflow with this key.", "已有使用该标识的流程。");
        self.create(Table::Workflows, vec![item], workflow, idempotency, taken)
            .await
    }

    pub async fn workflow_get(&self, tenant: &TenantId, workflow: &Key) -> Result<Option<Workflow>> {
        self.get(Table::Workflows, &keys::workflow(tenant, workflow))
            .await
    }

    pub async fn workflow_list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Workflow>> {
        self.query_index(
            Table::Workflows,
            &keys::all(tenant, Kind::Workflows),
            Order::Ascending,
            page,
        )
        .await
    }

    /// Writes a changed draft over the revision before it.
    pub async fn workflow_replace(&self, tenant: &TenantId, workflow: &Workflow) -> Result<()> {
        let item = workflow_item(tenant, workflow)?;
        let write = replace(self.name(Table::Workflows), item, workflow.revision - 1)?;
        self.transact(vec![write])
            .await?
            .map_err(|_| Error::PreconditionFailed)
    }

    /// Writes a version and makes it the published one, together.
    pub async fn workflow_publish(
        &self,
        tenant: &TenantId,
        workflow: &Workflow,
        version: &WorkflowVersion,
    ) -> Result<()> {
        let table = self.name(Table::Workflows);
        let key = keys::workflow_version(tenant, &version.key, version.version);
        let writes = vec![
            replace(
                table.clone(),
                workflow_item(tenant, workflow)?,
                workflow.revision - 1,
            )?,
            new_in(table, to_item(version)?.at(&key))?,
        ];
        self.transact(writes)
            .await?
            .map_err(|_| Error::PreconditionFailed)
    }

    pub async fn workflow_version_get(
        &self,
        tenant: &TenantId,
        workflow: &Key,
        version: u32,
    ) -> Result<Option<WorkflowVersion>> {
        self.get(
            Table::Workflows,
            &keys::workflow_version(tenant, workflow, version),
        )
        .await
    }

    pub async fn ticket_type_create(
        &self,
        tenant: &TenantId,
        kind: TicketType,
        idempotency: Option<&Idempotency>,
    ) -> Result<TicketType> {
        let item = to_item(&kind)?
            .at(&keys::ticket_type(tenant, &kind.key))
            .indexed(keys::all(tenant, Kind::TicketTypes), kind.key.as_str());
        let taken = Text::new(
            "There is a ticket type with this key.",
            "已有使用该标识的工单类型。",
        );
        self.create(Table::Workflows, vec![item], kind, idempotency, taken)
            .await
    }

    pub async fn ticket_type_get(&self, tenant: &TenantId, kind: &Key) -> Result<Option<TicketType>> {
        self.get(Table::Workflows, &keys::ticket_type(tenant, kind)).await
    }

    pub async fn ticket_type_list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<TicketType>> {
        self.query_index(
            Table::Workflows,
            &keys::all(tenant, Kind::TicketTypes),
            Order::Ascending,
            page,
        )
        .await
    }
}

fn workflow_item(tenant: &TenantId, workflow: &Workflow) -> Result<Item> {
    let index = keys::all(tenant, Kind::Workflows);
    Ok(to_item(workflow)?
        .at(&keys::workflow(tenant, &workflow.key))
        .indexed(index, workflow.key.as_str()))
}
