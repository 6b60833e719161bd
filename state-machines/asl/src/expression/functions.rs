//! The functions that Step Functions adds to JSONata, and those that need the clock or chance, which come from
//! outside.

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::JValue;
use serde_json::Value;

use super::convert::{from_jsonata, to_jsonata};
use crate::entropy::Entropy;
use crate::scope::Scope;

pub(super) fn register(evaluator: &mut Evaluator, name: &str, scope: &Scope<'_>) {
    // The evaluator is dropped before the next one is made; each call continues one stream.
    let entropy = std::rc::Rc::new(std::cell::RefCell::new(Entropy::new(0)));
    let draws = matches!(name, "uuid" | "random" | "shuffle");
    if draws {
        *entropy.borrow_mut() = Entropy::new(scope.entropy.borrow_mut().next());
    }
    let now = scope.now;
    // A name that cannot be registered stays what it was, and the expression says so when it calls it.
    let _ = match name {
        "uuid" => evaluator.register_fn_override("uuid", move |_: &[JValue]| {
            Ok(JValue::string(entropy.borrow_mut().uuid()))
        }),
        "random" => evaluator.register_fn_override("random", move |arguments: &[JValue]| {
            let unit = match arguments.first().and_then(JValue::as_f64) {
                Some(seed) => Entropy::new(seed.to_bits()).unit(),
                None => entropy.borrow_mut().unit(),
            };
            Ok(JValue::Number(unit))
        }),
        "millis" => evaluator.register_fn_override("millis", move |_: &[JValue]| {
            #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
            let millis = now.milliseconds() as f64;
            Ok(JValue::Number(millis))
        }),
        "now" => {
            evaluator.register_fn_override("now", move |arguments: &[JValue]| format_now(now, arguments))
        }
        "partition" => evaluator.register_fn_override("partition", partition),
        "range" => evaluator.register_fn_override("range", range),
        "hash" => evaluator.register_fn_override("hash", hash),
        "pad" => evaluator.register_fn_override("pad", pad),
        "parse" => evaluator.register_fn_override("parse", parse),
        _ => return,
    };
}

/// `$now` with a picture is `$fromMillis` of the host's clock.
fn format_now(now: crate::run::Timestamp, arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    if arguments.is_empty() {
        return Ok(JValue::string(now.to_string()));
    }
    let mut bindings = jsonata_core::evaluator::Context::new();
    #[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    bindings.bind("m".to_owned(), JValue::Number(now.milliseconds() as f64));
    for (name, index) in [("p", 0), ("z", 1)] {
        bindings.bind(
            name.to_owned(),
            arguments.get(index).cloned().unwrap_or(JValue::Undefined),
        );
    }
    let Ok(ast) = jsonata_core::parser::parse("$fromMillis($m, $p, $z)") else {
        return fail("D3137: $now takes a picture and a time zone");
    };
    Evaluator::with_context(bindings).evaluate(&ast, &JValue::Undefined)
}

fn fail<T>(message: impl Into<String>) -> Result<T, EvaluatorError> {
    Err(EvaluatorError::EvaluationError(message.into()))
}

fn wrong<T>(index: usize, function: &str) -> Result<T, EvaluatorError> {
    fail(format!(
        "T0410: Argument {index} of function \"{function}\" does not match function signature"
    ))
}

fn partition(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let Some(items) = arguments.first().and_then(JValue::as_array) else {
        return wrong(1, "partition");
    };
    let size = arguments
        .get(1)
        .and_then(JValue::as_f64)
        .filter(|size| *size >= 1.0);
    let Some(size) = size else {
        return wrong(2, "partition");
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1; saturates"
    )]
    let size = size as usize;
    let parts = items.chunks(size).map(|part| JValue::cons(part.to_vec()));
    Ok(JValue::array(parts.collect()))
}

fn range(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    const MOST: f64 = 1000.0;
    let [Some(first), Some(last), Some(step)] =
        [0, 1, 2].map(|index| arguments.get(index).and_then(JValue::as_f64))
    else {
        return wrong(1, "range");
    };
    let length = ((last - first) / step).floor() + 1.0;
    if step == 0.0 || !length.is_finite() || length > MOST {
        return fail("D3137: the range must have a step and at most 1000 items");
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 1000")]
    let items = (0..length as i32).map(|index| JValue::Number(step.mul_add(f64::from(index), first)));
    Ok(JValue::array(items.collect()))
}

fn hash(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let Some(Ok(data)) = arguments.first().map(from_jsonata) else {
        return wrong(1, "hash");
    };
    let algorithm = arguments.get(1).and_then(JValue::as_str).unwrap_or("SHA-256");
    match crate::intrinsic::hash(&data, algorithm) {
        Ok(hash) => Ok(JValue::string(hash)),
        Err(cause) => fail(cause),
    }
}

fn parse(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let Some(text) = arguments.first().and_then(JValue::as_str) else {
        return wrong(1, "parse");
    };
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Ok(to_jsonata(&value)),
        Err(error) => fail(format!("D3137: the text is not JSON: {error}")),
    }
}

/// As JSONata's own, but no wider than any text may be: the library would fill the memory.
fn pad(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let Some(first) = arguments.first().filter(|first| !first.is_undefined()) else {
        return Ok(JValue::Undefined);
    };
    let (Some(text), Some(width)) = (first.as_str(), arguments.get(1).and_then(JValue::as_f64)) else {
        return wrong(if first.is_string() { 2 } else { 1 }, "pad");
    };
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let most = crate::value::MAX_PAYLOAD as f64;
    if width.abs() > most {
        return fail(format!("D3010: the width of $pad is at most {most}"));
    }
    let filler: Vec<char> = arguments
        .get(2)
        .and_then(JValue::as_str)
        .unwrap_or(" ")
        .chars()
        .collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded above"
    )]
    let missing = (width.abs() as usize).saturating_sub(text.chars().count());
    let filling: String = filler.iter().cycle().take(missing).collect();
    let padded = if width < 0.0 {
        format!("{filling}{text}")
    } else {
        format!("{text}{filling}")
    };
    Ok(JValue::string(padded))
}
