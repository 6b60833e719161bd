//! "Did you mean …?": the nearest of the names that would have been right.

use domain::text::Text;

/// Above these a suggestion costs more than it helps.
const MAX_CANDIDATES: usize = 500;
const MAX_LENGTH: usize = 64;

/// The candidate that a slip of the keyboard away from `wrong`, if there is one.
pub(crate) fn did_you_mean<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Text> {
    let nearest = nearest(wrong, candidates)?;
    Some(Text::new(
        format!("Did you mean `{nearest}`?"),
        format!("是不是 `{nearest}`？"),
    ))
}

fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: Vec<char> = wrong
        .chars()
        .flat_map(char::to_lowercase)
        .take(MAX_LENGTH)
        .collect();
    let allowed = (wrong.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate
                .chars()
                .flat_map(char::to_lowercase)
                .take(MAX_LENGTH)
                .collect();
            (letters.len().abs_diff(wrong.len()) <= allowed)
                .then(|| (distance(&wrong, &letters), candidate))
                .filter(|(distance, _)| *distance <= allowed)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(before);
        for (b, above) in right.iter().zip(row.iter().skip(1)) {
            let cell = (diagonal + usize::from(a != b)).min(above + 1).min(before + 1);
            next.push(cell);
            diagonal = *above;
            before = cell;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_when_it_is_near() {
        let names = ["approve", "reject", "amount", "directory", "director"];
        for (wrong, expected) in [
            ("aprove", Some("approve")),
            ("Reject", Some("reject")),
            ("ammount", Some("amount")),
            ("directer", Some("director")),
            ("x", None),
            ("", None),
            ("something", None),
        ] {
            assert_eq!(nearest(wrong, names), expected, "{wrong}");
        }
    }
}
