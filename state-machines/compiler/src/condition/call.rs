//! Calls of functions: whether they are there, and take what they are given.

use jsonata_core::ast::AstNode;

use super::check::{Context, Walk};
use super::kind::{Kinds, Shape};
use super::{Problem, functions};
use crate::suggest::did_you_mean;

impl<'s> Walk<'s, '_> {
    /// `value ~> $function(…)`: the value becomes the first argument.
    pub(super) fn chain(&mut self, lhs: &AstNode, rhs: &AstNode, context: Context<'s>) -> Shape<'s> {
        let first = self.shape(lhs, context).kinds;
        match rhs {
            AstNode::Function { name, args, .. } => {
                self.all(args, context);
                self.called(name, Some(first))
            }
            AstNode::Variable(name) if functions::find(name).is_some() => self.called(name, Some(first)),
            other => {
                self.shape(other, context);
                Shape::ANY
            }
        }
    }

    pub(super) fn call(&mut self, name: &str, args: &[AstNode], context: Context<'s>) -> Shape<'s> {
        let mut first = None;
        for (i, arg) in args.iter().enumerate() {
            let kinds = self.shape(arg, context).kinds;
            if i == 0 {
                first = Some(kinds);
            }
        }
        if args.is_empty() && functions::find(name).is_some() && !functions::stands_alone(name) {
            self.everything(context);
        }
        self.called(name, first)
    }

    fn called(&mut self, name: &str, first: Option<Kinds>) -> Shape<'s> {
        if self.variables.contains(name) {
            return Shape::ANY;
        }
        let Some(function) = functions::find(name) else {
            if matches!(name, "eval" | "random" | "uuid" | "shuffle") {
                self.not_portable_function(name);
            } else {
                let problem = Problem::error(
                    "CONDITION_UNKNOWN_FUNCTION",
                    format!("JSONata has no function `${name}`."),
                    format!("JSONata 没有函数 `${name}`。"),
                );
                let suggestion = did_you_mean(name, functions::names());
                self.analysis.problems.push(problem.suggest(suggestion));
            }
            return Shape::ANY;
        };
        let given = first.unwrap_or(Kinds::ANY);
        let missing = match function.name {
            "exists" | "boolean" | "not" | "count" | "now" | "millis" => Kinds::NONE,
            _ => given & Kinds::MISSING,
        };
        if !given.present().is_none() && !given.present().meets(function.takes) {
            let ((en, zh), (given_en, given_zh)) = (function.takes.describe(), given.describe());
            self.error(
                "CONDITION_TYPE",
                format!("`${name}` takes {en}, not {given_en}."),
                format!("`${name}` 的参数应为{zh}，而不是{given_zh}。"),
            );
        }
        Shape::of(function.gives | missing)
    }

    fn not_portable_function(&mut self, name: &str) {
        if name == "eval" {
            return self.not_portable("$eval");
        }
        self.error(
            "CONDITION_NOT_PORTABLE",
            format!("`${name}` gives another answer each time, so a repeated step could take another way."),
            format!("`${name}` 每次结果不同，重复执行的步骤可能走向另一条路。"),
        );
    }
}
