//! `Choice`: gateways, and what the answer of a place decides.

use asl::types::{Catcher, Choice, ChoiceRule};

use super::expression::{self, Change};
use super::fold::Leaf;
use super::ways::run;
use super::{Lowering, Made, Todo, todo};
use crate::workflow::{Catch, NodeIndex};

impl Lowering<'_> {
    pub(super) fn answer(&self, index: NodeIndex) -> Made {
        let leaves = self.fold.leaves(self.workflow, index, &[]);
        self.choice(index, &leaves, &[], None)
    }

    pub(super) fn gateway(&self, index: NodeIndex, before: &[NodeIndex]) -> Made {
        let leaves = self.fold.leaves(self.workflow, index, before);
        self.choice(index, &leaves, before, self.comment(index))
    }

    fn choice(
        &self,
        index: NodeIndex,
        leaves: &[Leaf],
        before: &[NodeIndex],
        comment: Option<String>,
    ) -> Made {
        let region = self.workflow.node(index).region;
        let before = self.list(before);
        let mut follow = Vec::new();
        let mut choices = Vec::new();
        for leaf in leaves {
            let next = todo(leaf.stop);
            let mut rule = ChoiceRule::when(expression::all(&leaf.conditions), self.name(region, next));
            let behind = self.list(&leaf.passed);
            let change = Change {
                before: &before,
                behind: &behind,
                ..Change::default()
            };
            rule.output = change.output();
            choices.push(rule);
            follow.push(next);
        }
        let choice = Choice {
            comment,
            choices,
            ..Choice::default()
        };
        (choice.into(), follow)
    }

    /// Where the errors of a task lead. The one for all errors stands last.
    pub(super) fn catchers(
        &self,
        index: NodeIndex,
        before: &[NodeIndex],
        catches: &[Catch],
    ) -> (Vec<Catcher>, Vec<Todo>) {
        let node = self.workflow.node(index);
        let before = self.list(before);
        let mut catchers = Vec::new();
        let mut follow = Vec::new();
        for catch in catches {
            let (passed, stop) = run(self.workflow, node.region, catch.to);
            let behind = self.list(&passed);
            let change = Change {
                before: &before,
                own: Some(node),
                behind: &behind,
                ..Change::default()
            };
            let code = catch.code.as_deref().unwrap_or("States.ALL");
            catchers.push(Catcher {
                output: change.output(),
                ..Catcher::new([code], self.name(node.region, todo(stop)))
            });
            follow.push(todo(stop));
        }
        (catchers, follow)
    }
}
