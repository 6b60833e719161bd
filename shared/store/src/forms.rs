//! Forms: the draft and its published versions.

use domain::form::{Form, FormVersion};
use domain::id::{Key, TenantId};
use domain::page::Page;
use domain::{Error, Result, Text};

use crate::dynamo::{Order, PageRequest, Store, new_in};
use crate::idempotency::Idempotency;
use crate::item::{ItemExt, Stored, to_item};
use crate::keys::{self, Kind};
use crate::revision::replace;
use crate::table::Table;

impl Stored for Form {
    const JSON: &[&str] = &["schema"];
}

impl Stored for FormVersion {
    const JSON: &[&str] = &["schema"];
}

impl Store {
    pub async fn form_create(
        &self,
        tenant: &TenantId,
        form: Form,
        idempotency: Option<&Idempotency>,
    ) -> Result<Form> {
        let item = self.form_item(tenant, &form)?;
        let taken = Text::new("There is a form with this key.", "已有使用该标识的表单。");
        self.create(Table::Forms, vec![item], form, idempotency, taken)
            .await
    }

    pub async fn form_get(&self, tenant: &TenantId, form: &Key) -> Result<Option<Form>> {
        self.get(Table::Forms, &keys::form(tenant, form)).await
    }

    pub async fn form_list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Form>> {
        self.query_index(
            Table::Forms,
            &keys::all(tenant, Kind::Forms),
            Order::Ascending,
            page,
        )
        .await
    }

    /// Writes a changed draft over the revision before it.
    pub async fn form_replace(&self, tenant: &TenantId, form: &Form) -> Result<()> {
        let write = replace(
            self.name(Table::Forms),
            self.form_item(tenant, form)?,
            form.revision - 1,
        )?;
        self.transact(vec![write])
            .await?
            .map_err(|_| Error::PreconditionFailed)
    }

    /// Writes a version and makes it the published one, together.
    pub async fn form_publish(&self, tenant: &TenantId, form: &Form, version: &FormVersion) -> Result<()> {
        let key = keys::form_version(tenant, &version.key, version.version);
        let writes = vec![
            replace(
                self.name(Table::Forms),
                self.form_item(tenant, form)?,
                form.revision - 1,
            )?,
            new_in(self.name(Table::Forms), to_item(version)?.at(&key))?,
        ];
        self.transact(writes)
            .await?
            .map_err(|_| Error::PreconditionFailed)
    }

    pub async fn form_version_get(
        &self,
        tenant: &TenantId,
        form: &Key,
        version: u32,
    ) -> Result<Option<FormVersion>> {
        self.get(Table::Forms, &keys::form_version(tenant, form, version))
            .await
    }

    fn form_item(&self, tenant: &TenantId, form: &Form) -> Result<crate::item::Item> {
        let index = keys::all(tenant, Kind::Forms);
        Ok(to_item(form)?
            .at(&keys::form(tenant, &form.key))
            .indexed(index, form.key.as_str()))
    }
}
