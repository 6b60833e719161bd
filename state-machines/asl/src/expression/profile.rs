//! What an expression uses, and whether AWS allows it: JSONata 2.0.6 without `$eval`, `$$`, a `$` or a bare name at
//! the top, and without the operators that later versions brought.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ProfileError(String);

impl ProfileError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

#[derive(Default)]
pub(super) struct Uses {
    pub(super) free: BTreeSet<String>,
    pub(super) states: Option<BTreeSet<String>>,
}

pub(super) fn inspect(ast: &AstNode) -> Result<Uses, ProfileError> {
    let mut walk = Walk {
        uses: Uses {
            states: Some(BTreeSet::new()),
            ..Uses::default()
        },
        bound: Vec::new(),
    };
    walk.node(ast, true, 0)?;
    Ok(walk.uses)
}

struct Walk {
    uses: Uses,
    /// Names that the expression itself binds, innermost last.
    bound: Vec<String>,
}

/// Far below what would overflow a thread's stack here or in the evaluator.
const MAX_DEPTH: usize = 200;

impl Walk {
    /// `top`: no step, function or predicate gives `$` and bare names something to mean.
    fn node(&mut self, node: &AstNode, top: bool, depth: usize) -> Result<(), ProfileError> {
        if depth > MAX_DEPTH {
            return Err(ProfileError::new("the expression is nested too deeply"));
        }
        let depth = depth + 1;
        match node {
            AstNode::Name(name) if top => Err(ProfileError::new(format!(
                "the name '{name}' means nothing here: start from $states or a variable"
            ))),
            AstNode::Wildcard | AstNode::Descendant if top => Err(ProfileError::new(
                "a wildcard means nothing here: start from $states or a variable",
            )),
            AstNode::Variable(name) => self.variable(name, top),
            AstNode::ParentVariable(_) => Err(ProfileError::new("$$ is not available in Step Functions")),
            AstNode::Path { steps } => self.path(steps, top, depth),
            AstNode::Binary { op, lhs, rhs } => self.binary(*op, lhs, rhs, top, depth),
            AstNode::Unary { operand, .. } => self.node(operand, top, depth),
            AstNode::Function { name, args, .. } => {
                if name == "eval" {
                    return Err(ProfileError::new("$eval is not available in Step Functions"));
                }
                self.read(name);
                self.all(args, top, depth)
            }
            AstNode::Call { procedure, args } => {
                self.node(procedure, top, depth)?;
                self.all(args, top, depth)
            }
            AstNode::Lambda { params, body, .. } => {
                let before = self.bound.len();
                self.bound.extend(params.iter().cloned());
                let result = self.node(body, top, depth);
                self.bound.truncate(before);
                result
            }
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.all(items, top, depth),
            AstNode::Object(pairs) => self.pairs(pairs, top, depth),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input, top, depth)?;
                self.pairs(pattern, false, depth)
            }
            AstNode::Block(items) => {
                let before = self.bound.len();
                let result = self.all(items, top, depth);
                self.bound.truncate(before);
                result
            }
            AstNode::Conditional {
                condition,
                then_branch,
                else_branch,
            } => {
                self.node(condition, top, depth)?;
                self.node(then_branch, top, depth)?;
                else_branch
                    .as_ref()
                    .map_or(Ok(()), |other| self.node(other, top, depth))
            }
            AstNode::FunctionApplication(inner) => self.node(inner, false, depth),
            AstNode::Sort { input, terms } => {
                self.node(input, top, depth)?;
                terms
                    .iter()
                    .try_for_each(|(term, _)| self.node(term, false, depth))
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.node(location, false, depth)?;
                self.node(update, false, depth)?;
                delete
                    .as_ref()
                    .map_or(Ok(()), |delete| self.node(delete, false, depth))
            }
            _ => Ok(()),
        }
    }

    fn all(&mut self, nodes: &[AstNode], top: bool, depth: usize) -> Result<(), ProfileError> {
        nodes.iter().try_for_each(|node| self.node(node, top, depth))
    }

    fn pairs(&mut self, pairs: &[(AstNode, AstNode)], top: bool, depth: usize) -> Result<(), ProfileError> {
        pairs.iter().try_for_each(|(name, value)| {
            self.node(name, top, depth)?;
            self.node(value, top, depth)
        })
    }

    fn variable(&mut self, name: &str, top: bool) -> Result<(), ProfileError> {
        match name {
            "eval" => Err(ProfileError::new("$eval is not available in Step Functions")),
            "$" => Err(ProfileError::new("$$ is not available in Step Functions")),
            "" if top => Err(ProfileError::new(
                "$ means nothing at the top of an expression: start from $states or a variable",
            )),
            "" => Ok(()),
            "states" => {
                // Reached outside of a path, it is taken whole.
                self.read(name);
                self.uses.states = None;
                Ok(())
            }
            _ => {
                self.read(name);
                Ok(())
            }
        }
    }

    fn read(&mut self, name: &str) {
        if !self.bound.iter().any(|bound| bound == name) {
            self.uses.free.insert(name.to_owned());
        }
    }

    fn path(&mut self, steps: &[PathStep], top: bool, depth: usize) -> Result<(), ProfileError> {
        let mut top = top;
        let before = self.bound.len();
        let mut rest = steps.iter();
        if let [first, second, ..] = steps
            && let (AstNode::Variable(name), AstNode::Name(field)) = (&first.node, &second.node)
            && name == "states"
            && first.stages.is_empty()
        {
            self.read("states");
            if let Some(fields) = &mut self.uses.states {
                fields.insert(field.clone());
            }
            self.bound_by(first);
            rest.next();
            top = false;
        }
        for step in rest {
            self.node(&step.node, top, depth)?;
            top = false;
            self.bound_by(step);
            for stage in &step.stages {
                match stage {
                    Stage::Filter(filter) => self.node(filter, false, depth)?,
                    Stage::Index(name) => self.bound.push(name.clone()),
                    Stage::KeepArray => {}
                }
            }
        }
        self.bound.truncate(before);
        Ok(())
    }

    fn bound_by(&mut self, step: &PathStep) {
        self.bound.extend(step.focus.clone());
        self.bound.extend(step.index_var.clone());
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        lhs: &AstNode,
        rhs: &AstNode,
        top: bool,
        depth: usize,
    ) -> Result<(), ProfileError> {
        match op {
            BinaryOp::Coalesce => Err(ProfileError::new("the operator ?? is not in JSONata 2.0.6")),
            BinaryOp::Default => Err(ProfileError::new("the operator ?: is not in JSONata 2.0.6")),
            BinaryOp::ColonEqual => {
                // A function may call itself, so its name is bound in its body already.
                let name = match lhs {
                    AstNode::Variable(name) => Some(name.clone()),
                    _ => None,
                };
                let recursive = matches!(rhs, AstNode::Lambda { .. });
                if recursive {
                    self.bound.extend(name.clone());
                }
                self.node(rhs, top, depth)?;
                if !recursive {
                    self.bound.extend(name);
                }
                Ok(())
            }
            _ => {
                self.node(lhs, top, depth)?;
                self.node(rhs, top, depth)
            }
        }
    }
}
