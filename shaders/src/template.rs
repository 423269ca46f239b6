//! A small text template, so that a kernel's loops can be written once and stand unrolled in the shader, and its variants in one file.
//!
//! Lines that start with `#` are directives: `#if NAME`, `#if !NAME`, `#else`, `#end`; `#repeat r 8` … `#end` repeats its lines with `r` from 0 to 7;
//! `#include piece` puts in a shared piece. `${…}` anywhere is a constant, a loop's variable, or a sum or product of these and numbers.
//!
//! A mistake leaves its text standing, which no WGSL parser takes; the tests parse every variant.

/// Expands `text`. Conditions and values come from `constants`, pieces from `piece`.
pub fn expand(text: &str, constants: &[(&str, u32)], piece: &dyn Fn(&str) -> Option<&'static str>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut scope: Vec<(String, u32)> = constants.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let mut out = String::with_capacity(text.len() * 2);
    block(&lines, &mut scope, piece, &mut out);
    out
}

type Pieces<'a> = &'a dyn Fn(&str) -> Option<&'static str>;

fn block(lines: &[&str], scope: &mut Vec<(String, u32)>, piece: Pieces, out: &mut String) {
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        let mut words = line.split_whitespace();
        match words.next() {
            Some("#if") => {
                let (condition, negated) = match words.next().unwrap_or_default() {
                    name if name.starts_with('!') => (&name[1..], true),
                    name => (name, false),
                };
                let (end, middle) = close(lines, at);
                let holds = (evaluate(condition, scope).unwrap_or(0) != 0) != negated;
                let chosen = match (holds, middle) {
                    (true, Some(middle)) => &lines[at..middle],
                    (true, None) => &lines[at..end],
                    (false, Some(middle)) => &lines[middle + 1..end],
                    (false, None) => &[],
                };
                block(chosen, scope, piece, out);
                at = end + 1;
            }
            Some("#repeat") => {
                let name = words.next().unwrap_or_default().to_owned();
                let count = words.next().and_then(|count| evaluate(count, scope)).unwrap_or(0);
                let (end, _) = close(lines, at);
                for value in 0..count {
                    scope.push((name.clone(), value));
                    block(&lines[at..end], scope, piece, out);
                    scope.pop();
                }
                at = end + 1;
            }
            Some("#include") => match piece(words.next().unwrap_or_default()) {
                Some(text) => block(&text.lines().collect::<Vec<_>>(), scope, piece, out),
                None => substitute(line, scope, out),
            },
            _ => substitute(line, scope, out),
        }
    }
}

/// Where the block that starts at line `from` ends, and where its `#else` is.
fn close(lines: &[&str], from: usize) -> (usize, Option<usize>) {
    let mut depth = 0;
    let mut middle = None;
    for (at, line) in lines.iter().enumerate().skip(from) {
        match line.split_whitespace().next() {
            Some("#if" | "#repeat") => depth += 1,
            Some("#else") if depth == 0 => middle = Some(at),
            Some("#end") if depth == 0 => return (at, middle),
            Some("#end") => depth -= 1,
            _ => {}
        }
    }
    (lines.len(), middle)
}

fn substitute(line: &str, scope: &[(String, u32)], out: &mut String) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((expression, after)) = after.split_once('}') else { break };
        out.push_str(before);
        match evaluate(expression, scope) {
            Some(value) => out.push_str(&value.to_string()),
            None => out.extend(["${", expression, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('\n');
}

/// A number, a name, or `+` and `*` of these.
fn evaluate(expression: &str, scope: &[(String, u32)]) -> Option<u32> {
    let term = |term: &str| -> Option<u32> {
        let factor = |factor: &str| -> Option<u32> {
            let factor = factor.trim();
            let named = || scope.iter().rev().find(|(name, _)| name == factor).map(|(_, value)| *value);
            factor.parse().ok().or_else(named)
        };
        term.split('*').try_fold(1u32, |product, f| product.checked_mul(factor(f)?))
    };
    expression.split('+').try_fold(0u32, |sum, t| sum.checked_add(term(t)?))
}

#[cfg(test)]
mod tests {
    use super::expand;

    fn plain(text: &str, constants: &[(&str, u32)]) -> String {
        expand(text, constants, &|name| (name == "piece").then_some("in ${N};"))
    }

    #[test]
    fn constants_and_loop_variables_are_put_in() {
        assert_eq!(plain("a ${N} ${2 * N + 1};", &[("N", 3)]), "a 3 7;\n");
        assert_eq!(plain("#repeat r 2\nx${r} = y${r + 4};\n#end", &[]), "x0 = y4;\nx1 = y5;\n");
        assert_eq!(plain("#repeat r N\n#repeat c 2\n${r}${c}\n#end\n#end", &[("N", 2)]), "00\n01\n10\n11\n");
    }

    #[test]
    fn conditions_choose_lines() {
        let text = "#if A\na\n#if B\nb\n#else\nc\n#end\n#else\nd\n#end\ne";
        assert_eq!(plain(text, &[("A", 1), ("B", 0)]), "a\nc\ne\n");
        assert_eq!(plain(text, &[("A", 0), ("B", 1)]), "d\ne\n");
        assert_eq!(plain("#if !A\na\n#end", &[("A", 0)]), "a\n");
    }

    #[test]
    fn pieces_are_expanded_where_they_are_named() {
        assert_eq!(plain("  #include piece", &[("N", 3)]), "in 3;\n");
    }

    #[test]
    fn mistakes_stay_standing() {
        assert_eq!(plain("a ${UNKNOWN};", &[]), "a ${UNKNOWN};\n");
        assert_eq!(plain("#include nothing", &[]), "#include nothing\n");
    }
}
