//! The generated part of a file that is otherwise written by hand.

use anyhow::{Context, Result};

const BEGIN: &str = "# Begin of what `cargo xtask codegen` writes.";
const END: &str = "# End of what `cargo xtask codegen` writes.";

/// Replaces what stands between the markers.
pub(crate) fn replace(text: &str, generated: &str) -> Result<String> {
    let (before, rest) = text
        .split_once(BEGIN)
        .with_context(|| format!("no line \"{BEGIN}\""))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("no line \"{END}\""))?;
    Ok(format!("{before}{BEGIN}\n{generated}{END}{after}"))
}
