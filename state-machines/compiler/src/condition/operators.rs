//! Operators: what they give, and whether their operands fit.

use jsonata_core::ast::{AstNode, BinaryOp, UnaryOp};
use serde_json::Value;

use super::Problem;
use super::check::{Context, Walk};
use super::kind::{Kinds, Shape};
use crate::suggest::did_you_mean;

impl<'s> Walk<'s, '_> {
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &AstNode, context: Context<'s>) -> Shape<'s> {
        let kinds = self.shape(operand, context).kinds;
        match op {
            UnaryOp::Not => Shape::of(Kinds::BOOLEAN),
            UnaryOp::Negate => {
                self.arithmetic("-", kinds, kinds);
                Shape::of(Kinds::NUMBER | (kinds & Kinds::MISSING))
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        lhs: &AstNode,
        rhs: &AstNode,
        context: Context<'s>,
    ) -> Shape<'s> {
        if op == BinaryOp::ColonEqual {
            if let AstNode::Variable(name) = lhs {
                self.variables.insert(name.clone());
            }
            return self.shape(rhs, context);
        }
        if op == BinaryOp::ChainPipe {
            return self.chain(lhs, rhs, context);
        }
        let left = self.shape(lhs, context);
        let right = self.shape(rhs, context);
        let missing = (left.kinds | right.kinds) & Kinds::MISSING;
        match op {
            BinaryOp::LessThan
            | BinaryOp::LessThanOrEqual
            | BinaryOp::GreaterThan
            | BinaryOp::GreaterThanOrEqual => {
                self.ordering(left.kinds, right.kinds);
                Shape::of(Kinds::BOOLEAN | missing)
            }
            BinaryOp::Equal | BinaryOp::NotEqual => {
                self.equality(left, right);
                self.known_values(left, rhs);
                self.known_values(right, lhs);
                Shape::of(Kinds::BOOLEAN)
            }
            BinaryOp::In | BinaryOp::And | BinaryOp::Or => Shape::of(Kinds::BOOLEAN),
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                self.arithmetic(symbol(op), left.kinds, right.kinds);
                Shape::of(Kinds::NUMBER | missing)
            }
            BinaryOp::Concatenate => Shape::of(Kinds::STRING),
            BinaryOp::Range => Shape::of(Kinds::ARRAY),
            BinaryOp::Coalesce | BinaryOp::Default => {
                self.not_portable(symbol(op));
                Shape::ANY
            }
            _ => Shape::ANY,
        }
    }

    fn ordering(&mut self, left: Kinds, right: Kinds) {
        let comparable = Kinds::NUMBER | Kinds::STRING;
        let (left, right) = (left.present(), right.present());
        if left.is_none() || right.is_none() {
            return;
        }
        if !(left & right).meets(comparable) {
            let ((left_en, left_zh), (right_en, right_zh)) = (left.describe(), right.describe());
            self.error(
                "CONDITION_TYPE",
                format!("Only two numbers or two strings can be ordered, not {left_en} and {right_en}."),
                format!("只能比较两个数字或两个字符串的大小，而不是{left_zh}与{right_zh}。"),
            );
        } else if left != right || !left.within(comparable) || left == comparable {
            self.may_fail("<, <=, >, >=");
        }
    }

    fn arithmetic(&mut self, operator: &str, left: Kinds, right: Kinds) {
        for side in [left.present(), right.present()] {
            if side.is_none() {
                continue;
            }
            if !side.meets(Kinds::NUMBER) {
                let (en, zh) = side.describe();
                return self.error(
                    "CONDITION_TYPE",
                    format!("`{operator}` takes numbers, not {en}."),
                    format!("`{operator}` 只能用于数字，而不是{zh}。"),
                );
            }
            if side != Kinds::NUMBER {
                return self.may_fail(operator);
            }
        }
    }

    fn may_fail(&mut self, operator: &str) {
        self.analysis.problems.push(Problem::warning(
            "CONDITION_MAY_FAIL",
            format!("`{operator}` fails when the types do not fit; the form does not promise that they do."),
            format!("类型不符时 `{operator}` 会出错；表单没有保证类型。"),
        ));
    }

    fn equality(&mut self, left: Shape<'s>, right: Shape<'s>) {
        let (left, right) = (left.kinds.present(), right.kinds.present());
        if left.is_none() || right.is_none() || left.meets(right) {
            return;
        }
        let ((left_en, left_zh), (right_en, right_zh)) = (left.describe(), right.describe());
        self.error(
            "CONDITION_TYPE",
            format!("The two sides are never equal: {left_en} and {right_en}."),
            format!("两边永远不会相等：{left_zh}与{right_zh}。"),
        );
    }

    /// A field of a closed list compared with what is not on it.
    fn known_values(&mut self, field: Shape<'s>, literal: &AstNode) {
        let (Some(values), AstNode::String(literal)) = (field.values, literal) else {
            return;
        };
        if values.iter().any(|value| value == literal) {
            return;
        }
        let problem = Problem::warning(
            "CONDITION_NEVER_TRUE",
            format!("`{literal}` is not one of the values that the form allows."),
            format!("`{literal}` 不是表单允许的值。"),
        );
        let known = values.iter().filter_map(Value::as_str);
        self.analysis
            .problems
            .push(problem.suggest(did_you_mean(literal, known)));
    }
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::Coalesce => "??",
        BinaryOp::Default => "?:",
        _ => "",
    }
}
