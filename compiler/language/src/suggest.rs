//! Did you mean …?

/// Among how many names one is looked for. Arbitrary: more than a study has; how near two are takes a while to find out.
const MOST: usize = 1000;

/// The bytes of the longest name that is looked at. Arbitrary, likewise: the time goes with the square of it.
const LONGEST: usize = 64;

/// The candidate that `name` was most likely meant to be, if one is near enough: the same but for case, or within a
/// third of its letters of typing, swapping, adding or leaving out one.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let letters = name.chars().count();
    let limit = (letters / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.into_iter().take(MOST) {
        // What is too much longer or shorter cannot be near.
        if candidate == name || candidate.len() > LONGEST || candidate.chars().count().abs_diff(letters) > limit {
            continue;
        }
        let distance =
            if candidate.eq_ignore_ascii_case(name) { 0 } else { strsim::damerau_levenshtein(name, candidate) };
        // A name of one letter is near every other: only its case may differ.
        let near = distance <= limit && (letters > 1 || distance == 0);
        if near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// A list for a message: `a`, `b` and `c`.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("wbe", ["web", "wiki"]), Some("web"));
        assert_eq!(nearest("Web", ["web", "we"]), Some("web"));
        assert_eq!(nearest("tokenz", ["tokens", "token_count"]), Some("tokens"));
        assert_eq!(nearest("x", ["y", "X"]), Some("X"));
        assert_eq!(nearest("corpus", ["mixture"]), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
