//! What a tenant's definitions may refer to, read from its tables for the compiler.

use compiler::{Catalog, Compiled};
use domain::diagnostic::Diagnostic;
use domain::form::FormVersion;
use domain::id::{Key, TenantId};
use domain::permission::BUILT_IN_ROLES;
use domain::{Error, Result, Text};
use runtime::App;
use runtime::extract::page;
use serde_json::Value;

/// The functions that service tasks may call.
const FUNCTIONS: &[&str] = &["create-payment"];

/// A definition compiled against what its tenant has.
pub(crate) struct Compilation {
    pub(crate) outcome: std::result::Result<Compiled, Vec<Diagnostic>>,
    /// The published version of the form that the definition names.
    pub(crate) form: Option<FormVersion>,
}

impl Compilation {
    /// Errors and warnings.
    pub(crate) fn diagnostics(&self) -> &[Diagnostic] {
        match &self.outcome {
            Ok(compiled) => compiled.warnings(),
            Err(diagnostics) => diagnostics,
        }
    }
}

/// Compiles a definition, also an unfinished one: then the diagnostics say what is missing.
pub(crate) async fn compile(app: &App, tenant: &TenantId, definition: &Value) -> Result<Compilation> {
    let form = published_form(app, tenant, definition).await?;
    let mut catalog = Catalog::new();
    if let Some(form) = &form {
        catalog = catalog.form(form.key.as_str(), form.schema.clone());
    }
    for role in BUILT_IN_ROLES {
        catalog = catalog.role(role.key);
    }
    for role in roles(app, tenant).await? {
        catalog = catalog.role(role.as_str());
    }
    for function in FUNCTIONS {
        catalog = catalog.function(function);
    }
    let text = definition.to_string();
    // Most call none, and the list comes with all definitions.
    if text.contains("\"callActivity\"") {
        for workflow in published_workflows(app, tenant).await? {
            catalog = catalog.workflow(workflow.as_str());
        }
    }
    Ok(Compilation {
        outcome: compiler::compile(&text, &catalog),
        form,
    })
}

async fn published_form(app: &App, tenant: &TenantId, definition: &Value) -> Result<Option<FormVersion>> {
    let named = definition
        .get("form")
        .and_then(Value::as_str)
        .and_then(|key| Key::parse(key).ok());
    let Some(key) = named else { return Ok(None) };
    let published = app
        .store
        .form_get(tenant, &key)
        .await?
        .and_then(|form| form.published);
    match published {
        Some(version) => app.store.form_version_get(tenant, &key, version).await,
        None => Ok(None),
    }
}

async fn roles(app: &App, tenant: &TenantId) -> Result<Vec<Key>> {
    let mut roles = Vec::new();
    let mut cursor = None;
    loop {
        let found = app.store.role_list(tenant, &page(Some(100), cursor)?).await?;
        roles.extend(found.items.into_iter().map(|role| role.key));
        cursor = found.next_cursor;
        if cursor.is_none() {
            return Ok(roles);
        }
    }
}

async fn published_workflows(app: &App, tenant: &TenantId) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let found = app.store.workflow_list(tenant, &page(Some(100), cursor)?).await?;
        let published = found
            .items
            .into_iter()
            .filter(|workflow| workflow.published.is_some());
        keys.extend(published.map(|workflow| workflow.key));
        cursor = found.next_cursor;
        if cursor.is_none() {
            return Ok(keys);
        }
    }
}

/// The key of a definition. What has none is no definition.
pub(crate) fn key_of(definition: &Value) -> Result<Key> {
    if !definition.is_object() {
        let message = Text::new("A definition is a JSON object.", "流程定义必须是 JSON 对象。");
        return Err(Error::invalid("", "type", message));
    }
    let key = definition.get("key").and_then(Value::as_str).map(Key::parse);
    key.and_then(std::result::Result::ok).ok_or_else(|| {
        let message = Text::new(
            "A definition has a key: lower-case words of letters and digits joined by '-', at most 64 characters.",
            "流程定义必须有标识 key：由 - 连接的小写字母和数字，最多 64 个字符。",
        );
        Error::invalid("/key", "format", message)
    })
}
