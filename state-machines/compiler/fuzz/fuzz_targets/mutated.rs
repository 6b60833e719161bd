//! An example in which things were changed, as the bytes say: the same holds, and more of the compiler is reached.
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none mutated -- -max_total_time=60`

#![no_main]

use compiler_fuzz::{EXAMPLES, check, holder, pointers, strings};
use serde_json::{Value, json};

/// Bytes as choices; where there are none any more, the first.
struct Dice<'b>(std::slice::Iter<'b, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        let mut next = || usize::from(self.0.next().copied().unwrap_or_default());
        let number = if sides > 256 {
            next() * 256 + next()
        } else {
            next()
        };
        number % sides.max(1)
    }

    fn is_left(&self) -> bool {
        !self.0.as_slice().is_empty()
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        list.get(self.roll(list.len())).cloned()
    }
}

const MOST_CHANGES: usize = 8;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut dice = Dice(bytes.iter());
    let Some(mut definition) = dice.pick(&EXAMPLES) else {
        return;
    };
    for _ in 0..MOST_CHANGES {
        if !dice.is_left() {
            break;
        }
        change(&mut definition, &mut dice);
    }
    check(&definition.to_string());
});

/// Changes one thing.
fn change(definition: &mut Value, dice: &mut Dice<'_>) -> Option<()> {
    let at = dice.pick(&pointers(definition))?;
    match dice.roll(8) {
        // Something is gone.
        0 => {
            let (holder, name) = holder(definition, &at)?;
            match holder {
                Value::Object(members) => drop(members.shift_remove(&name)),
                Value::Array(list) => drop(list.remove(name.parse().ok()?)),
                _ => {}
            }
        }
        // Something is there twice.
        1 => {
            let copy = definition.pointer(&at)?.clone();
            if let (Value::Array(list), _) = holder(definition, &at)? {
                list.push(copy);
            }
        }
        // One name or expression for another.
        2 | 3 => {
            let text = dice.pick(&strings(definition))?;
            *definition.pointer_mut(&at).filter(|value| value.is_string())? = text.into();
        }
        // A part of another example: as it is, or as one more member or element.
        4 | 5 => {
            let other = dice.pick(&EXAMPLES)?;
            let from = dice.pick(&pointers(&other))?;
            let part = other.pointer(&from)?.clone();
            match definition.pointer_mut(&at)? {
                Value::Array(list) => list.push(part),
                Value::Object(members) => drop(members.insert(from.rsplit('/').next()?.to_owned(), part)),
                place => *place = part,
            }
        }
        // Of the same name, so that it fits.
        6 => {
            let other = dice.pick(&EXAMPLES)?;
            let name = at.rsplit('/').next()?;
            let like: Vec<String> = pointers(&other)
                .into_iter()
                .filter(|from| from.rsplit('/').next() == Some(name))
                .collect();
            let from = dice.pick(&like)?;
            *definition.pointer_mut(&at)? = other.pointer(&from)?.clone();
        }
        _ => {
            let odd = [
                json!(null),
                json!(true),
                json!(0),
                json!(-1),
                json!(1e308),
                json!(""),
                json!([]),
                json!({}),
                json!("a > "),
                json!("$x[0].(y)"),
                json!("PT0S"),
                json!("P364D"),
                json!("审批"),
                json!("a:b"),
                json!("x".repeat(300)),
            ];
            *definition.pointer_mut(&at)? = dice.pick(&odd)?;
        }
    }
    Some(())
}
