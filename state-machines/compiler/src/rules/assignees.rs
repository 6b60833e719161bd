//! `MISSING_ASSIGNEE`, `UNKNOWN_ROLE`: somebody gets each task.

use super::{Findings, Subject, about_node, with};
use crate::document::{Kind, Node};
use crate::node::{Assignee, Candidate};
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::User(task) = &node.kind else { continue };
        if task.assign.is_none() && task.candidates.is_none() {
            found.push(about_node(
                "MISSING_ASSIGNEE",
                node,
                format!("`{}` needs `assign` or `candidates`.", node.id),
                format!("`{}` 需要 `assign` 或 `candidates`。", node.id),
            ));
        }
        for (i, assignee) in task.assign.iter().flatten().enumerate() {
            if let Assignee::Role(role) = assignee {
                known(subject, node, &format!("assign/{i}/role"), role, found);
            }
        }
        for (i, candidate) in task.candidates.iter().flatten().enumerate() {
            if let Candidate::Role(role) = candidate {
                known(subject, node, &format!("candidates/{i}/role"), role, found);
            }
        }
    }
}

fn known(subject: &Subject<'_>, node: &Node, place: &str, role: &str, found: &mut Findings) {
    if subject.catalog.has_role(role) {
        return;
    }
    let mut diagnostic = about_node(
        "UNKNOWN_ROLE",
        node,
        format!("There is no role `{role}`."),
        format!("没有角色 `{role}`。"),
    );
    diagnostic.pointer = format!("{}/{place}", node.pointer);
    found.push(with(diagnostic, did_you_mean(role, subject.catalog.roles())));
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

    #[test]
    fn somebody_gets_each_task() {
        check(
            &[("/nodes/1", r#"{"id": "ask", "type": "userTask"}"#)],
            &["MISSING_ASSIGNEE /nodes/1 (ask)"],
        );
        check(
            &[(
                "/nodes/1/assign",
                r#"[{"starter": "self"}, {"role": "direktor"}]"#,
            )],
            &["UNKNOWN_ROLE /nodes/1/assign/1/role (ask)"],
        );
        check(
            &[(
                "/nodes/1/candidates",
                r#"[{"role": "boss"}, {"user": "u1"}, {"role": "director"}]"#,
            )],
            &["UNKNOWN_ROLE /nodes/1/candidates/0/role (ask)"],
        );
    }
}
