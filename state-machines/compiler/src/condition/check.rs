//! Walks an expression's tree: which fields it reads, and whether what it does with them can work.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, PathStep, Stage};
use serde_json::Value;

use super::kind::{Kinds, Shape};
use super::schema::{self, Property};
use super::{Analysis, Gives, Known, Problem, functions};
use crate::suggest::did_you_mean;

/// Deeper trees are refused: every walker of a tree uses the stack.
const DEEPEST: usize = 100;

pub(super) fn check(tree: &AstNode, known: Known<'_>, gives: Gives<'_>, analysis: &mut Analysis) {
    let mut walk = Walk {
        root: known.schema,
        set: known.variables,
        variables: BTreeSet::new(),
        depth: 0,
        too_deep: false,
        analysis,
    };
    let whole = match known.schema {
        Some(root) => schema::shape(root, root, 0),
        None => Shape::ANY,
    };
    let result = walk.shape(
        tree,
        Context {
            shape: whole,
            root: true,
        },
    );
    let unsound = walk
        .analysis
        .problems
        .iter()
        .any(|problem| problem.code == "CONDITION_TYPE");
    if !unsound {
        walk.result(result.kinds, gives);
    }
}

/// What bare names are looked up in.
#[derive(Clone, Copy)]
pub(super) struct Context<'s> {
    shape: Shape<'s>,
    /// The instance's data itself, whose names are the form's fields.
    root: bool,
}

impl Context<'_> {
    fn unknown() -> Self {
        Self {
            shape: Shape::ANY,
            root: false,
        }
    }
}

pub(super) struct Walk<'s, 'a> {
    root: Option<&'s Value>,
    /// Variables of the definition.
    set: &'s BTreeSet<String>,
    /// Variables and parameters that the expression binds itself.
    pub(super) variables: BTreeSet<String>,
    depth: usize,
    too_deep: bool,
    pub(super) analysis: &'a mut Analysis,
}

impl<'s> Walk<'s, '_> {
    pub(super) fn error(&mut self, code: &'static str, en: impl Into<String>, zh: impl Into<String>) {
        self.analysis.problems.push(Problem::error(code, en, zh));
    }

    pub(super) fn shape(&mut self, node: &AstNode, context: Context<'s>) -> Shape<'s> {
        if self.depth >= DEEPEST {
            if !std::mem::replace(&mut self.too_deep, true) {
                self.error(
                    "CONDITION_TOO_LONG",
                    format!("The expression nests deeper than {DEEPEST} levels."),
                    format!("表达式嵌套超过 {DEEPEST} 层。"),
                );
            }
            return Shape::ANY;
        }
        self.depth += 1;
        let shape = self.shape_of(node, context);
        self.depth -= 1;
        shape
    }

    fn shape_of(&mut self, node: &AstNode, context: Context<'s>) -> Shape<'s> {
        match node {
            AstNode::String(_) => Shape::of(Kinds::STRING),
            AstNode::Number(_) => Shape::of(Kinds::NUMBER),
            AstNode::Boolean(_) => Shape::of(Kinds::BOOLEAN),
            AstNode::Null => Shape::of(Kinds::NULL),
            AstNode::Undefined => Shape::of(Kinds::MISSING),
            AstNode::Name(name) => self.field(name, context),
            AstNode::Variable(name) => self.variable(name, context),
            AstNode::ParentVariable(_) => {
                self.not_portable("$$");
                Shape::ANY
            }
            AstNode::Path { steps } => self.path(steps, context),
            AstNode::Binary { op, lhs, rhs } => self.binary(*op, lhs, rhs, context),
            AstNode::Unary { op, operand } => self.unary(*op, operand, context),
            AstNode::Function { name, args, .. } => self.call(name, args, context),
            AstNode::Conditional {
                condition,
                then_branch,
                else_branch,
            } => {
                self.shape(condition, context);
                let then = self.shape(then_branch, context).kinds;
                let otherwise = else_branch.as_ref().map(|node| self.shape(node, context).kinds);
                Shape::of(then | otherwise.unwrap_or(Kinds::MISSING))
            }
            AstNode::Block(nodes) => {
                let last = nodes.iter().map(|node| self.shape(node, context)).last();
                last.unwrap_or(Shape::of(Kinds::MISSING))
            }
            AstNode::FunctionApplication(inner) => self.shape(inner, context),
            AstNode::Wildcard | AstNode::Descendant | AstNode::Parent(_) => {
                self.everything(context);
                Shape::ANY
            }
            other => self.construct(other, context),
        }
    }

    /// What gives a list, an object or a function.
    fn construct(&mut self, node: &AstNode, context: Context<'s>) -> Shape<'s> {
        match node {
            AstNode::Array(nodes) | AstNode::ArrayGroup(nodes) => {
                self.all(nodes, context);
                Shape::of(Kinds::ARRAY)
            }
            AstNode::Object(entries) => {
                self.entries(entries, context);
                Shape::of(Kinds::OBJECT)
            }
            AstNode::ObjectTransform { input, pattern } => {
                self.shape(input, context);
                self.entries(pattern, Context::unknown());
                Shape::of(Kinds::OBJECT)
            }
            AstNode::Lambda { params, body, .. } => {
                self.variables.extend(params.iter().cloned());
                self.shape(body, context);
                Shape::ANY
            }
            AstNode::Call { procedure, args } => {
                self.shape(procedure, context);
                self.all(args, context);
                Shape::ANY
            }
            AstNode::Sort { input, terms } => {
                self.shape(input, context);
                for (term, _) in terms {
                    self.shape(term, Context::unknown());
                }
                Shape::ANY
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.shape(location, Context::unknown());
                self.shape(update, Context::unknown());
                if let Some(delete) = delete {
                    self.shape(delete, Context::unknown());
                }
                Shape::ANY
            }
            _ => Shape::ANY,
        }
    }

    pub(super) fn all(&mut self, nodes: &[AstNode], context: Context<'s>) {
        for node in nodes {
            self.shape(node, context);
        }
    }

    fn entries(&mut self, entries: &[(AstNode, AstNode)], context: Context<'s>) {
        for (name, value) in entries {
            self.shape(name, context);
            self.shape(value, context);
        }
    }

    fn path(&mut self, steps: &[PathStep], mut context: Context<'s>) -> Shape<'s> {
        let mut shape = context.shape;
        for (i, step) in steps.iter().enumerate() {
            let bound = step.focus.iter().chain(&step.index_var);
            self.variables.extend(bound.cloned());
            // `$.amount` is `amount`.
            let itself = matches!(&step.node, AstNode::Variable(name) if name.is_empty());
            if itself && i == 0 && steps.len() > 1 {
                continue;
            }
            shape = self.shape(&step.node, context);
            for stage in &step.stages {
                self.stage(stage, shape);
            }
            let list = shape.kinds.meets(Kinds::ARRAY);
            context = Context {
                shape: match (self.root, list) {
                    (Some(root), true) => schema::items(root, &shape),
                    _ => shape,
                },
                root: false,
            };
            if list || !step.stages.is_empty() {
                // A path through a list gives one value, several or none.
                shape.kinds = shape.kinds | context.shape.kinds | Kinds::MISSING;
            }
        }
        shape
    }

    fn stage(&mut self, stage: &Stage, of: Shape<'s>) {
        match stage {
            Stage::Filter(filter) => {
                let entry = match self.root {
                    Some(root) if of.kinds.meets(Kinds::ARRAY) => schema::items(root, &of),
                    _ => of,
                };
                self.shape(
                    filter,
                    Context {
                        shape: entry,
                        root: false,
                    },
                );
            }
            Stage::KeepArray => {}
            Stage::Index(name) => drop(self.variables.insert(name.clone())),
        }
    }

    /// Whether what the whole gives can be used.
    fn result(&mut self, kinds: Kinds, gives: Gives<'_>) {
        let (en, zh) = kinds.describe();
        match gives {
            Gives::Truth if !kinds.meets(Kinds::BOOLEAN) => self.error(
                "CONDITION_TYPE",
                format!("The condition is never true: it gives {en}."),
                format!("条件永远不会成立：其结果是{zh}。"),
            ),
            Gives::Text if !kinds.meets(Kinds::STRING) => self.error(
                "CONDITION_TYPE",
                format!("A string is needed here; the expression gives {en}."),
                format!("此处需要字符串；表达式的结果是{zh}。"),
            ),
            Gives::Field(name) => {
                let root = self.root.map(|root| schema::property(root, root, name));
                let Some(Property::Known(field)) = root else {
                    return;
                };
                let given = kinds.present();
                if !given.is_none() && !given.meets(field.kinds) {
                    let (wanted_en, wanted_zh) = field.kinds.describe();
                    self.error(
                        "CONDITION_TYPE",
                        format!("The form's field `{name}` is {wanted_en}; the expression gives {en}."),
                        format!("表单字段 `{name}` 是{wanted_zh}；表达式的结果是{zh}。"),
                    );
                }
            }
            Gives::Truth | Gives::Text | Gives::Anything => {}
        }
    }

    fn field(&mut self, name: &str, context: Context<'s>) -> Shape<'s> {
        let in_form = |root| matches!(schema::property(root, root, name), Property::Known(_));
        if context.root && self.set.contains(name) && !self.root.is_some_and(in_form) {
            self.analysis.reads_variables = true;
            return Shape::ANY;
        }
        if context.root {
            self.analysis.reads.insert(name.to_owned());
        }
        let (Some(root), Some(schema)) = (self.root, context.shape.schema) else {
            return Shape::ANY;
        };
        match schema::property(root, schema, name) {
            Property::Known(shape) => shape,
            Property::Open if !context.root => Shape::ANY,
            Property::Open | Property::Unknown => {
                let names = schema::field_names(if context.root { root } else { schema });
                let set = self.set.iter().filter(|_| context.root).map(String::as_str);
                let problem = Problem::error(
                    "UNKNOWN_FIELD",
                    format!("The form has no field `{name}`."),
                    format!("表单没有字段 `{name}`。"),
                );
                self.analysis
                    .problems
                    .push(problem.suggest(did_you_mean(name, names.into_iter().chain(set))));
                Shape::ANY
            }
        }
    }

    fn variable(&mut self, name: &str, context: Context<'s>) -> Shape<'s> {
        if name.is_empty() {
            self.everything(context);
            return context.shape;
        }
        // A function's name where a function is wanted (`$map(list, $trim)`).
        if !self.variables.contains(name) && functions::find(name).is_none() {
            self.error(
                "CONDITION_NOT_PORTABLE",
                format!(
                    "`${name}` is not bound in the expression; fields and variables are written without `$`."
                ),
                format!("表达式中没有绑定 `${name}`；字段和变量的书写不带 `$`。"),
            );
        }
        Shape::ANY
    }

    /// An expression that takes the data as a whole hides which fields have to travel.
    pub(super) fn everything(&mut self, context: Context<'s>) {
        if context.root {
            self.error(
                "CONDITION_READS_EVERYTHING",
                "The expression reads the data as a whole; name the fields that it needs.",
                "表达式读取了全部数据；请写明所需的字段。",
            );
        }
    }

    pub(super) fn not_portable(&mut self, what: &str) {
        self.error(
            "CONDITION_NOT_PORTABLE",
            format!("`{what}` does not run in Step Functions (JSONata 2.0.6)."),
            format!("`{what}` 无法在 Step Functions（JSONata 2.0.6）中运行。"),
        );
    }
}
