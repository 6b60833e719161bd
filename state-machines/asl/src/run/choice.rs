use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;

use super::Timestamp;
use super::engine::Engine;
use super::evaluate::Exit;
use crate::expression::StatesVariable;
use crate::machine::{ChoiceNode, Condition, Node, Operand};
use crate::path::Path;
use crate::scope::Scope;
use crate::template::{Fault, Template};
use crate::types::{Operator, QueryLanguage};
use crate::value::compare_numbers;

impl Engine<'_> {
    pub(super) fn choose(&mut self, id: usize, node: &Node, choice: &ChoiceNode) -> Result<(), Fault> {
        let effective = self.effective_input(id, node)?;
        let chosen = self.first_rule(id, &effective, choice)?;
        let rule = chosen.and_then(|index| choice.rules.get(index));
        let (next, assign, output) = match rule {
            Some(rule) => (Some(rule.next), &rule.assign, rule.output.as_ref()),
            None => (choice.default, &node.assign, node.output.as_ref()),
        };
        let Some(next) = next else {
            return Err(Fault::Named {
                error: "States.NoChoiceMatched",
                cause: "Failed to transition out of the state. The state does not point to a next state."
                    .to_owned(),
            });
        };
        let exit = self.chosen(id, node, &effective, assign, output)?;
        self.exit(id, node, exit, Some(next));
        Ok(())
    }

    fn chosen(
        &self,
        id: usize,
        node: &Node,
        effective: &Arc<Value>,
        assign: &[(String, Template)],
        output: Option<&Template>,
    ) -> Result<Exit, Fault> {
        let states = StatesVariable::default();
        let assigned = self.assigned(id, assign, effective, states)?;
        let output = match (node.language, output) {
            (QueryLanguage::JSONata, Some(template)) => {
                Arc::new(self.evaluate(id, template, effective, states, None)?)
            }
            (QueryLanguage::JSONata, None) => Arc::clone(effective),
            (QueryLanguage::JSONPath, _) => self.output(id, node, effective, None)?.output,
        };
        Ok(Exit { output, assigned })
    }

    fn first_rule(&self, id: usize, input: &Value, choice: &ChoiceNode) -> Result<Option<usize>, Fault> {
        let Some(scope) = self.scope(id, input, None) else {
            return Ok(None);
        };
        for (index, rule) in choice.rules.iter().enumerate() {
            if holds(&rule.condition, &scope)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

fn holds(condition: &Condition, scope: &Scope<'_>) -> Result<bool, Fault> {
    Ok(match condition {
        Condition::Literal(holds) => *holds,
        Condition::Query(query) => match query.evaluate(scope, StatesVariable::default())? {
            Value::Bool(holds) => holds,
            other => return Err(query.wrong_type("boolean", &other)),
        },
        Condition::And(all) => {
            for condition in all {
                if !holds(condition, scope)? {
                    return Ok(false);
                }
            }
            true
        }
        Condition::Or(any) => {
            for condition in any {
                if holds(condition, scope)? {
                    return Ok(true);
                }
            }
            false
        }
        Condition::Not(condition) => !holds(condition, scope)?,
        Condition::Compare {
            variable,
            operator,
            operand,
        } => compare(variable, *operator, operand, scope)?,
    })
}

fn compare(variable: &Path, operator: Operator, operand: &Operand, scope: &Scope<'_>) -> Result<bool, Fault> {
    let found = variable.find(scope.root(variable)).ok();
    if operator == Operator::IsPresent {
        let present = found.is_some() && scope_has(variable, scope);
        return Ok(matches!(operand, Operand::Literal(Value::Bool(wanted)) if *wanted == present));
    }
    let Some(found) = found else {
        return Err(invalid(variable));
    };
    let operand = match operand {
        Operand::Literal(value) => std::borrow::Cow::Borrowed(value),
        Operand::Path(path) => path.find(scope.root(path)).map_err(|_| invalid(path))?,
    };
    Ok(test(operator, &found, &operand))
}

/// A path into a variable that nobody assigned finds nothing, not null.
fn scope_has(path: &Path, scope: &Scope<'_>) -> bool {
    match path.root() {
        crate::path::Root::Variable(name) => scope.variable(name).is_some(),
        _ => true,
    }
}

fn invalid(path: &Path) -> Fault {
    Fault::Runtime(format!(
        "Invalid path '{}': The choice state's condition path references an invalid value.",
        path.text()
    ))
}

fn test(operator: Operator, left: &Value, right: &Value) -> bool {
    use Operator as O;
    if operator.is_type_test() {
        let is = match operator {
            O::IsNull => left.is_null(),
            O::IsNumeric => left.is_number(),
            O::IsString => left.is_string(),
            O::IsBoolean => left.is_boolean(),
            O::IsTimestamp => left.as_str().and_then(Timestamp::parse).is_some(),
            _ => false,
        };
        return right.as_bool() == Some(is);
    }
    let order = match operator.name().get(..3) {
        Some("Str") => match (left.as_str(), right.as_str()) {
            (Some(left), Some(right)) if operator == O::StringMatches => return matches(left, right),
            (Some(left), Some(right)) => Some(left.encode_utf16().cmp(right.encode_utf16())),
            _ => None,
        },
        Some("Num") => match (left, right) {
            (Value::Number(left), Value::Number(right)) => Some(compare_numbers(left, right)),
            _ => None,
        },
        Some("Boo") => match (left, right) {
            (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            _ => None,
        },
        _ => match (
            left.as_str().and_then(Timestamp::parse),
            right.as_str().and_then(Timestamp::parse),
        ) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => None,
        },
    };
    order.is_some_and(|order| wanted(operator, order))
}

fn wanted(operator: Operator, order: Ordering) -> bool {
    let name = operator.name();
    let name = name.strip_suffix("Path").unwrap_or(name);
    if name.ends_with("LessThanEquals") {
        order.is_le()
    } else if name.ends_with("GreaterThanEquals") {
        order.is_ge()
    } else if name.ends_with("LessThan") {
        order.is_lt()
    } else if name.ends_with("GreaterThan") {
        order.is_gt()
    } else {
        order.is_eq()
    }
}

/// `*` stands for any characters, `\*` and `\\` for themselves. Backtracks to the last star only, so it takes at
/// most length times length.
fn matches(text: &str, pattern: &str) -> bool {
    #[derive(PartialEq)]
    enum Token {
        Star,
        One(char),
    }
    let mut tokens = Vec::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        tokens.push(match c {
            '*' => Token::Star,
            '\\' => Token::One(characters.next().unwrap_or('\\')),
            c => Token::One(c),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut token) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match tokens.get(token) {
            Some(Token::Star) => {
                star = Some((token, at));
                token += 1;
            }
            Some(Token::One(c)) if text.get(at) == Some(c) => {
                at += 1;
                token += 1;
            }
            _ => match star {
                Some((star_token, star_at)) => {
                    token = star_token + 1;
                    at = star_at + 1;
                    star = Some((star_token, at));
                }
                None => return false,
            },
        }
    }
    tokens
        .get(token..)
        .unwrap_or_default()
        .iter()
        .all(|token| *token == Token::Star)
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_match_as_a_whole() {
        for (text, pattern, expected) in [
            ("log-2024.txt", "log-*.txt", true),
            ("log-2024.txt", "log-*.tx", false),
            ("a*b", "a\\*b", true),
            ("axb", "a\\*b", false),
            ("", "*", true),
            ("", "", true),
            ("ab", "a*b*c", false),
            ("a\\b", "a\\\\b", true),
        ] {
            assert_eq!(super::matches(text, pattern), expected, "{text} ~ {pattern}");
        }
    }
}
