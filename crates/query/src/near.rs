//! The known names nearest to a mistyped one.

/// How much further off than the nearest a name may be and still be meant.
const AS_NEAR: f64 = 0.2;

/// Up to three of `known` that a typing slip of `name` could have meant, nearest first.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let name = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|other| (likeness(&name, &other.to_lowercase()), other))
        .filter(|(score, _)| *score > 0.5)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup_by_key(|(_, name)| *name);
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.retain(|(score, _)| *score > best - AS_NEAR);
    scored.truncate(if scored.first().is_some_and(|(score, _)| *score >= 1.0) {
        1
    } else {
        3
    });
    scored.into_iter().map(|(_, name)| name).collect()
}

/// From 0 to 1. A name of three letters or more that begins another counts as a slip of it.
fn likeness(name: &str, other: &str) -> f64 {
    let distance = strsim::normalized_damerau_levenshtein(name, other);
    if name.len() >= 3 && other.starts_with(name) {
        distance.max(0.6)
    } else {
        distance
    }
}

/// `did you mean …?` where something is near, else the known names.
pub(crate) fn hint(name: &str, known: &[&str]) -> Option<String> {
    let near = nearest(name, known.iter().copied());
    if !near.is_empty() {
        return Some(format!("did you mean {}?", near.join(" or ")));
    }
    (!known.is_empty()).then(|| format!("there is {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_lists_the_rest() {
        assert_eq!(nearest("prizes", ["prices", "bands", "outcomes"]), vec!["prices"]);
        assert_eq!(
            hint("zzz", &["prices", "bands"]).as_deref(),
            Some("there is prices, bands")
        );
    }
}
