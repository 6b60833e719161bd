//! Definitions, remembered: a version for as long as the process lives (it never changes), which version is current for
//! ten seconds, nothing that was not found. So the paths that people wait for read them without a call.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use domain::form::FormValidator;
use domain::id::{Key, TenantId};
use domain::user::Role;
use domain::workflow::{TicketType, Workflow, WorkflowVersion};
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use store::Store;

use crate::clock;

/// How long it may take until a newly published version is seen everywhere.
const CURRENT: SignedDuration = SignedDuration::from_secs(10);
/// Entries of one kind that are kept; beyond it the kind is forgotten and read anew.
const CAPACITY: usize = 10_000;

type Versioned = (TenantId, Key, u32);

#[derive(Debug)]
pub struct Definitions {
    store: Store,
    ticket_types: Cache<(TenantId, Key), TicketType>,
    workflows: Cache<(TenantId, Key), Workflow>,
    roles: Cache<(TenantId, Key), Role>,
    workflow_versions: Cache<Versioned, WorkflowVersion>,
    forms: Cache<Versioned, FormValidator>,
}

impl Definitions {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            ticket_types: Cache::new(),
            workflows: Cache::new(),
            roles: Cache::new(),
            workflow_versions: Cache::new(),
            forms: Cache::new(),
        }
    }

    pub async fn ticket_type(&self, tenant: &TenantId, kind: &Key) -> Result<Option<Arc<TicketType>>> {
        let key = (tenant.clone(), kind.clone());
        self.ticket_types
            .current(key, async || self.store.ticket_type_get(tenant, kind).await)
            .await
    }

    /// The newest published version of a workflow, as of at most ten seconds ago.
    pub async fn published(&self, tenant: &TenantId, workflow: &Key) -> Result<Option<Arc<WorkflowVersion>>> {
        let key = (tenant.clone(), workflow.clone());
        // A draft without a version is not remembered: its publication is seen at once.
        let read = async || {
            Ok(self
                .store
                .workflow_get(tenant, workflow)
                .await?
                .filter(|w| w.published.is_some()))
        };
        match self
            .workflows
            .current(key, read)
            .await?
            .and_then(|workflow| workflow.published)
        {
            Some(version) => self.workflow_version(tenant, workflow, version).await,
            None => Ok(None),
        }
    }

    pub async fn workflow_version(
        &self,
        tenant: &TenantId,
        workflow: &Key,
        version: u32,
    ) -> Result<Option<Arc<WorkflowVersion>>> {
        let key = (tenant.clone(), workflow.clone(), version);
        let read = async || self.store.workflow_version_get(tenant, workflow, version).await;
        self.workflow_versions.forever(key, read).await
    }

    /// The check of a published form's values.
    pub async fn form(&self, tenant: &TenantId, form: &Key, version: u32) -> Result<Arc<FormValidator>> {
        let key = (tenant.clone(), form.clone(), version);
        let read = async || {
            let version = self.store.form_version_get(tenant, form, version).await?;
            version
                .map(|version| FormValidator::new(&version.schema, "/schema"))
                .transpose()
        };
        self.forms
            .forever(key, read)
            .await?
            .ok_or(Error::NotFound("form version"))
    }

    /// A role that the tenant made; the built-in ones need no reading.
    pub async fn role(&self, tenant: &TenantId, role: &Key) -> Result<Option<Arc<Role>>> {
        let key = (tenant.clone(), role.clone());
        self.roles
            .current(key, async || self.store.role_get(tenant, role).await)
            .await
    }

    /// Makes a change by this process seen by this process at once.
    pub fn forget_workflow(&self, tenant: &TenantId, workflow: &Key) {
        self.workflows.forget(&(tenant.clone(), workflow.clone()));
    }
}

/// What was read, and when.
#[derive(Debug)]
struct Cache<K, V>(Mutex<HashMap<K, (Arc<V>, Timestamp)>>);

impl<K: Hash + Eq, V> Cache<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    async fn current(&self, key: K, read: impl AsyncFnOnce() -> Result<Option<V>>) -> Result<Option<Arc<V>>> {
        self.get(
            key,
            |read_at| clock::now().duration_since(read_at) < CURRENT,
            read,
        )
        .await
    }

    async fn forever(&self, key: K, read: impl AsyncFnOnce() -> Result<Option<V>>) -> Result<Option<Arc<V>>> {
        self.get(key, |_| true, read).await
    }

    async fn get(
        &self,
        key: K,
        fresh: impl Fn(Timestamp) -> bool,
        read: impl AsyncFnOnce() -> Result<Option<V>>,
    ) -> Result<Option<Arc<V>>> {
        if let Some((value, read_at)) = self.lock().get(&key)
            && fresh(*read_at)
        {
            return Ok(Some(Arc::clone(value)));
        }
        let Some(value) = read().await? else {
            return Ok(None);
        };
        let value = Arc::new(value);
        let mut entries = self.lock();
        if entries.len() >= CAPACITY {
            entries.clear();
        }
        entries.insert(key, (Arc::clone(&value), clock::now()));
        Ok(Some(value))
    }

    fn forget(&self, key: &K) {
        self.lock().remove(key);
    }

    /// A panic elsewhere leaves a map that is still a map.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, (Arc<V>, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
