//! What an execution is given and what it leaves, as the compiler's machines read and write it.

use std::collections::BTreeMap;

use domain::id::{InstanceId, Iteration, Key, TenantId, TicketId, UserId};
use domain::instance::Instance;
use domain::workflow::WorkflowVersion;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who and what an execution is for: in its input, and in every call of its functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub tenant: TenantId,
    pub instance: InstanceId,
    pub epoch: u32,
    pub workflow: Key,
    pub version: u32,
    pub ticket: TicketId,
    pub starter: UserId,
}

/// The input of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    #[serde(flatten)]
    pub header: Header,
    pub seq: u32,
    pub path: Vec<PathEntry>,
    pub visits: BTreeMap<String, u32>,
    /// Routing data only: the fields that a rule reads.
    pub data: BTreeMap<String, Value>,
}

/// A node that was passed and not yet written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathEntry {
    pub node: String,
    #[serde(default = "first")]
    pub visit: u32,
    pub seq: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iteration: Option<Iteration>,
}

fn first() -> u32 {
    1
}

/// The output of an execution that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Output {
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub path: Vec<PathEntry>,
    /// The fields that are read, and all variables, as they are at the end.
    #[serde(default)]
    pub data: BTreeMap<String, Value>,
}

impl Input {
    pub fn new(tenant: &TenantId, instance: &Instance, version: &WorkflowVersion) -> Self {
        let reads = |field: &&String| version.reads.contains(*field);
        let routed = instance.data.iter().filter(|(field, _)| reads(field));
        Self {
            header: Header {
                tenant: tenant.clone(),
                instance: instance.id.clone(),
                epoch: instance.epoch,
                workflow: instance.workflow.clone(),
                version: instance.version,
                ticket: instance.ticket.clone(),
                starter: instance.starter.clone(),
            },
            seq: 0,
            path: Vec::new(),
            visits: BTreeMap::new(),
            data: routed
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect(),
        }
    }
}
