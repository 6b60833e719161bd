//! Role-based access control: what may be done, and the roles that every tenant has from the start.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::Text;

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// One thing that a role may allow: `resource:verb`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl Permission {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

permissions! {
    UserRead = "user:read",
    UserWrite = "user:write",
    RoleRead = "role:read",
    RoleWrite = "role:write",
    FormRead = "form:read",
    FormWrite = "form:write",
    WorkflowRead = "workflow:read",
    WorkflowWrite = "workflow:write",
    TicketTypeRead = "ticket-type:read",
    TicketTypeWrite = "ticket-type:write",
    /// Submit tickets.
    TicketSubmit = "ticket:submit",
    /// See one's own tickets and submissions.
    TicketRead = "ticket:read",
    /// See everybody's tickets and submissions.
    TicketReadAll = "ticket:read-all",
    /// See one's own tasks.
    TaskRead = "task:read",
    /// Claim and complete one's own tasks.
    TaskAct = "task:act",
    /// See the instances that one started or has a task in.
    InstanceRead = "instance:read",
    /// See every instance.
    InstanceReadAll = "instance:read-all",
    /// Cancel one's own running instances.
    InstanceCancel = "instance:cancel",
    /// See payments.
    PaymentRead = "payment:read",
    /// Send messages and signals to instances.
    EventSend = "event:send",
    /// Terminate, and cancel anybody's.
    InstanceManage = "instance:manage",
}

impl Permission {
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.as_str() == name)
    }
}

/// A role that every tenant has and nobody can change.
#[derive(Debug, Clone, Copy)]
pub struct BuiltInRole {
    pub key: &'static str,
    pub name: (&'static str, &'static str),
    pub permissions: &'static [Permission],
}

impl BuiltInRole {
    pub fn name(&self) -> Text {
        Text::new(self.name.0, self.name.1)
    }

    pub fn find(key: &str) -> Option<&'static Self> {
        BUILT_IN_ROLES.iter().find(|role| role.key == key)
    }
}

pub const BUILT_IN_ROLES: &[BuiltInRole] = &[
    BuiltInRole {
        key: "admin",
        name: ("Administrator", "管理员"),
        permissions: Permission::ALL,
    },
    BuiltInRole {
        key: "designer",
        name: ("Process designer", "流程设计者"),
        permissions: &[
            Permission::FormRead,
            Permission::FormWrite,
            Permission::WorkflowRead,
            Permission::WorkflowWrite,
            Permission::TicketTypeRead,
            Permission::TicketTypeWrite,
            Permission::RoleRead,
            Permission::UserRead,
        ],
    },
    BuiltInRole {
        key: "agent",
        name: ("Service agent", "服务人员"),
        permissions: &[
            Permission::TicketTypeRead,
            Permission::FormRead,
            Permission::TicketSubmit,
            Permission::TicketRead,
            Permission::TicketReadAll,
            Permission::TaskRead,
            Permission::TaskAct,
            Permission::InstanceRead,
            Permission::InstanceReadAll,
            Permission::InstanceCancel,
        ],
    },
    BuiltInRole {
        key: "approver",
        name: ("Approver", "审批人"),
        permissions: &[
            Permission::TaskRead,
            Permission::TaskAct,
            Permission::InstanceRead,
        ],
    },
    BuiltInRole {
        key: "requester",
        name: ("Requester", "申请人"),
        permissions: &[
            Permission::TicketTypeRead,
            Permission::FormRead,
            Permission::TicketSubmit,
            Permission::TicketRead,
            Permission::InstanceRead,
            Permission::InstanceCancel,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_found_by_its_name() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
        }
        assert_eq!(Permission::parse("task:fly"), None);
    }
}
