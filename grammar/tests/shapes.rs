//! What the tree of a correct text says: precedence, newlines, and each typed view.
#![allow(clippy::unwrap_used, clippy::redundant_closure_for_method_calls)]

mod support;

use support::checked;
use synx_grammar::view::{Argument, Body, Entry, Expression, IntervalStep, ItemKind, Part, Suffix};

/// The structure of a value as a list in parentheses.
fn shape(text: &str) -> String {
    let source = format!("let x = {text}\n");
    let parsed = checked(&source);
    assert_eq!(parsed.errors, [], "{text}");
    let items: Vec<_> = parsed.file().items().collect();
    assert_eq!(items.len(), 1, "{text} is one item");
    match items[0].body() {
        Body::Expression(value) => list(value),
        other => panic!("{text} is {other:?}"),
    }
}

fn list(value: Expression<'_>) -> String {
    let some = |value: Option<Expression<'_>>| value.map_or_else(|| "_".to_owned(), list);
    let arguments = |arguments: Vec<Argument<'_>>| -> String {
        let written = |argument: &Argument<'_>| match argument {
            Argument::Positional(value) => format!(" {}", list(*value)),
            Argument::Named(name, value) => format!(" {}={}", name.text(), some(*value)),
        };
        arguments.iter().map(written).collect()
    };
    let all = |values: Vec<Expression<'_>>| values.into_iter().map(list).collect::<Vec<_>>().join(" ");
    match value {
        Expression::Number(_)
        | Expression::Text(_)
        | Expression::Name(_)
        | Expression::Bool(..)
        | Expression::Rest(_) => value.text().to_owned(),
        Expression::Call(call) => format!("({}{})", some(call.callee()), arguments(call.arguments().collect())),
        Expression::Index(index) => format!("(at {}{})", some(index.base()), arguments(index.arguments().collect())),
        Expression::Access(access) => {
            format!("(. {} {})", some(access.base()), access.name().map_or("_", |name| name.text()))
        }
        Expression::Pipe(pipe) => format!("(|> {} {})", some(pipe.input()), some(pipe.function())),
        Expression::Unary(unary) => {
            format!("({} {})", unary.operator_node().map_or("_", |node| node.text()), some(unary.operand()))
        }
        Expression::Binary(binary) => {
            let operator = binary.operator_node().map_or("_", |node| node.text());
            format!("({operator} {} {})", some(binary.left()), some(binary.right()))
        }
        Expression::Interval(interval) => {
            let step = match interval.step() {
                Some(IntervalStep::Step(step)) => format!(" step {}", list(step)),
                Some(IntervalStep::Factor(factor)) => format!(" factor {}", list(factor)),
                None => String::new(),
            };
            format!("(.. {} {}{step})", some(interval.start()), some(interval.end()))
        }
        Expression::List(list) => format!("[{}]", all(list.elements().collect())),
        Expression::Tuple(tuple) => format!("<{}>", all(tuple.elements().collect())),
        Expression::Paren(paren) => format!("({})", some(paren.inner())),
        Expression::Comprehension(comprehension) => {
            let pattern = comprehension.pattern().expect("a pattern");
            let names: Vec<_> = pattern.names().map(|name| name.text()).collect();
            let filter = comprehension.filter().map_or_else(String::new, |filter| format!(" if {}", list(filter)));
            format!(
                "[{} for {} in {}{filter}]",
                some(comprehension.element()),
                names.join(","),
                some(comprehension.source())
            )
        }
        Expression::If(choice) => {
            format!("(if {} {} {})", some(choice.condition()), some(choice.then()), some(choice.otherwise()))
        }
        Expression::Bad(_) => "bad".to_owned(),
    }
}

#[test]
fn operators_bind_by_their_levels() {
    assert_eq!(shape("a + b * c ^ d"), "(+ a (* b (^ c d)))");
    assert_eq!(shape("a - b - c"), "(- (- a b) c)");
    assert_eq!(shape("a / b * c"), "(* (/ a b) c)");
    assert_eq!(shape("a < b + 1 and c or d"), "(or (and (< a (+ b 1)) c) d)");
    assert_eq!(shape("a or b and c"), "(or a (and b c))");
    assert_eq!(shape("not a == b and c"), "(and (not (== a b)) c)");
    assert_eq!(shape("not not a"), "(not (not a))");
    assert_eq!(shape("(a + b) * c"), "(* ((+ a b)) c)");
}

#[test]
fn powers_group_to_the_right_and_bind_tighter_than_a_sign() {
    assert_eq!(shape("2^3^2"), "(^ 2 (^ 3 2))");
    assert_eq!(shape("-x^2"), "(- (^ x 2))");
    assert_eq!(shape("2^-x^2"), "(^ 2 (- (^ x 2)))");
    assert_eq!(shape("-a * b"), "(* (- a) b)");
    assert_eq!(shape("a - -b"), "(- a (- b))");
    assert_eq!(shape("exp(-b / (2 * c))"), "(exp (/ (- b) ((* 2 c))))");
}

#[test]
fn pipes_are_the_loosest_but_for_if() {
    assert_eq!(shape("r * a + rest * b |> f(1) |> g"), "(|> (|> (+ (* r a) (* rest b)) (f 1)) g)");
    assert_eq!(shape("if c then a |> f else b |> g"), "(if c (|> a f) (|> b g))");
    assert_eq!(shape("[all |> take(50%), b]"), "[(|> all (take 50%)) b]");
}

#[test]
fn choices_chain_and_nest() {
    assert_eq!(shape("if a then b else if c then d else e"), "(if a b (if c d e))");
    assert_eq!(shape("if a then if b then c else d else e"), "(if a (if b c d) e)");
    assert_eq!(shape("1 + if a then b else c + 2"), "(+ 1 (if a b (+ c 2)))");
    assert_eq!(shape("if a == 1 or b then [] else [1]"), "(if (or (== a 1) b) [] [1])");
}

#[test]
fn intervals_stand_between_sums_and_comparisons() {
    assert_eq!(shape("0..round - 1 step 1"), "(.. 0 (- round 1) step 1)");
    assert_eq!(shape("1M..64M factor 2 * a"), "(.. 1M 64M factor (* 2 a))");
    assert_eq!(shape("tokens in 5 * n .. 80 * n"), "(in tokens (.. (* 5 n) (* 80 n)))");
    assert_eq!(shape("x in 0.. and y in ..5"), "(and (in x (.. 0 _)) (in y (.. _ 5)))");
    assert_eq!(shape("[1.., ..2]"), "[(.. 1 _) (.. _ 2)]");
    assert_eq!(shape("-1..-0.5"), "(.. (- 1) (- 0.5))");
    assert_eq!(shape("1e15 FLOP..1e17 FLOP"), "(.. 1e15 FLOP 1e17 FLOP)");
}

#[test]
fn calls_indices_and_fields_follow_their_operand() {
    assert_eq!(shape("g[round = t - 1].loss"), "(. (at g round=(- t 1)) loss)");
    assert_eq!(shape("a.b.c(1)(2)[3, x = 4]"), "(at (((. (. a b) c) 1) 2) 3 x=4)");
    assert_eq!(shape("adamw(lr = lr, betas = (0.9, 0.95),)"), "(adamw lr=lr betas=<0.9 0.95>)");
    assert_eq!(shape("f()"), "(f)");
    assert_eq!(
        shape("data_law[synthetic = hq(medium), r = 1/3].E"),
        "(. (at data_law synthetic=(hq medium) r=(/ 1 3)) E)"
    );
}

#[test]
fn lists_tuples_and_comprehensions() {
    assert_eq!(shape("[(64, 2), (96, 3),]"), "[<64 2> <96 3>]");
    assert_eq!(shape("(a,)"), "<a>");
    assert_eq!(shape("[]"), "[]");
    assert_eq!(shape("[x * 2 for x in xs if x > 1]"), "[(* x 2) for x in xs if (> x 1)]");
    assert_eq!(shape("[(a, b) for (a, b) in zip(p, q)]"), "[<a b> for a,b in (zip p q)]");
    assert_eq!(shape("sum(s for s in shares)"), "(sum [s for s in shares])");
    assert_eq!(shape("[if a then b else c for a in d]"), "[(if a b c) for a in d]");
}

#[test]
fn a_word_after_a_number_is_its_unit() {
    let parsed = checked("let a = f(80M, 128k tokens, 0.06 USD / 1M tokens, 370 gCO2e/kWh, 3e-3, 1_000, 95%, 2 * x)");
    assert_eq!(parsed.errors, []);
    let Some(Part::Item(item)) = parsed.file().parts().next() else { panic!("an item") };
    let Body::Expression(Expression::Call(call)) = item.body() else { panic!("a call") };
    let mut numbers = Vec::new();
    for value in call.arguments().filter_map(Argument::value) {
        let number = match value {
            Expression::Number(number) => number,
            Expression::Binary(binary) => match binary.left() {
                Some(Expression::Number(number)) => number,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        let unit: Vec<_> = number.unit().into_iter().flat_map(|unit| unit.words()).map(|word| word.text()).collect();
        numbers.push((number.digits().into_owned(), number.suffix(), unit.join("/")));
    }
    let expected = [
        ("80", Some(Suffix::Mega), ""),
        ("128", Some(Suffix::Kilo), "tokens"),
        ("0.06", None, "USD"),
        ("370", None, "gCO2e/kWh"),
        ("3e-3", None, ""),
        ("1000", None, ""),
        ("95", Some(Suffix::Percent), ""),
        ("2", None, ""),
    ];
    let expected = expected.map(|(digits, suffix, unit)| (digits.to_owned(), suffix, unit.to_owned()));
    assert_eq!(numbers, expected);
    assert_eq!(shape("2 h / x"), "(/ 2 h x)");
    assert_eq!(shape("500 USD and b"), "(and 500 USD b)");
    assert_eq!(shape("1..3 step 1"), "(.. 1 3 step 1)");
}

#[test]
fn strings_have_escapes() {
    let parsed = checked(r#"let a = "say \"hi\"\n\t\\ \u{1F388} {topic} // no comment""#);
    assert_eq!(parsed.errors, []);
    let Some(item) = parsed.file().items().next() else { panic!("an item") };
    let Body::Expression(Expression::Text(text)) = item.body() else { panic!("a string") };
    assert_eq!(text.value(), "say \"hi\"\n\t\\ \u{1F388} {topic} // no comment");
}

#[test]
fn a_line_end_ends_a_value_but_for_operators_and_brackets() {
    assert_eq!(shape("a +\n  b"), "(+ a b)");
    assert_eq!(shape("web\n    |> take(1)\n\n    // then\n    |> f"), "(|> (|> web (take 1)) f)");
    assert_eq!(shape("if a\n  then b\n  else c"), "(if a b c)");
    assert_eq!(shape("a // first\n  and b\n  or c"), "(or (and a b) c)");
    assert_eq!(shape("f(\n  a,\n  b = 1,\n\n)"), "(f a b=1)");
    assert_eq!(shape("[a\n - b]"), "[(- a b)]");
    let parsed = checked("grid g {\n a = b\n c = d; e = f;\n free x in 0..\n y ~ -z\n}\n");
    assert_eq!(parsed.errors, []);
    let Some(item) = parsed.file().items().next() else { panic!("an item") };
    let Body::Block(block) = item.body() else { panic!("a block") };
    let entries: Vec<_> = block.entries().map(|entry| entry.node().text()).collect();
    assert_eq!(entries, ["a = b", "c = d", "e = f", "free x in 0..", "y ~ -z"]);
}

#[test]
fn a_doc_comment_ends_a_value_and_belongs_to_what_follows() {
    let parsed = checked("let a = b\n\n/// One.\n/// Two.\n// not this\nlet c = d // nor this\n/// Last.");
    assert_eq!(parsed.errors, []);
    let docs: Vec<_> = parsed.file().items().map(|item| item.docs()).collect();
    assert_eq!(docs, [None, Some("One.\nTwo.".to_owned())]);
}

#[test]
fn a_file_has_an_edition_imports_and_items() {
    let parsed = checked(
        "synx 1\nfrom \"common.synx\" import web,\n    llama\n/// Text.\ncorpus hq(generator, n = 3) = web\nstudy s { seed = 1 }\nmystery m { }\nlet k = 1\n",
    );
    assert_eq!(parsed.errors, []);
    let file = parsed.file();
    assert_eq!(file.edition().and_then(|edition| edition.number()).map(|number| number.text()), Some("1"));
    let import = file.imports().next().expect("an import");
    assert_eq!(import.path().map(|path| path.value()).as_deref(), Some("common.synx"));
    assert_eq!(import.names().map(|name| name.text()).collect::<Vec<_>>(), ["web", "llama"]);
    let items: Vec<_> = file.items().collect();
    let kinds: Vec<_> = items.iter().map(|item| (item.kind(), item.kind_word().text())).collect();
    assert_eq!(
        kinds,
        [
            (Some(ItemKind::Corpus), "corpus"),
            (Some(ItemKind::Study), "study"),
            (None, "mystery"),
            (Some(ItemKind::Let), "let")
        ]
    );
    assert_eq!(items[0].name().map(|name| name.text()), Some("hq"));
    assert_eq!(items[0].docs().as_deref(), Some("Text."));
    let parameters: Vec<_> = items[0]
        .parameters()
        .map(|parameter| (parameter.name().map(|name| name.text()), parameter.default().map(|value| value.text())))
        .collect();
    assert_eq!(parameters, [(Some("generator"), None), (Some("n"), Some("3"))]);
    assert!(matches!(items[2].body(), Body::Block(block) if block.is_closed() && block.entries().count() == 0));
}

#[test]
fn a_block_has_every_sort_of_entry() {
    let parsed = checked(
        "law l {\n    /// Where.\n    over = g\n    axis x = 1..2 step 1\n    axis (a, b) = [(1, 2)]\n    let k = 1\n    where a > b\n    free E in 0.., B, c in 0..2\n    log(loss) ~ E + B / n\n    allow W0301 because \"why\"\n    assert a >= 2 and b because \"so\"\n}\n",
    );
    assert_eq!(parsed.errors, []);
    let Some(item) = parsed.file().items().next() else { panic!("an item") };
    let Body::Block(block) = item.body() else { panic!("a block") };
    let mut seen = Vec::new();
    for entry in block.entries() {
        seen.push(match entry {
            Entry::Field(field) => {
                assert_eq!(entry.docs().as_deref(), Some("Where."));
                format!("field {} {}", field.name().unwrap().text(), list(field.value().unwrap()))
            }
            Entry::Axis(axis) => {
                let pattern = axis.pattern().unwrap();
                let names: Vec<_> = pattern.names().map(|name| name.text()).collect();
                format!("axis {} {} {}", names.join(","), pattern.is_tuple(), list(axis.value().unwrap()))
            }
            Entry::Let(entry) => format!("let {} {}", entry.name().unwrap().text(), list(entry.value().unwrap())),
            Entry::Where(entry) => format!("where {}", list(entry.condition().unwrap())),
            Entry::Free(free) => {
                let names = free.names().map(|free| {
                    format!(" {}:{}", free.name().unwrap().text(), free.bounds().map_or_else(String::new, list))
                });
                format!("free{}", names.collect::<String>())
            }
            Entry::Formula(formula) => {
                format!("{} ~ {}", list(formula.left().unwrap()), list(formula.right().unwrap()))
            }
            Entry::Allow(allow) => {
                format!("allow {} {}", allow.code().unwrap().text(), allow.reason().unwrap().value())
            }
            Entry::Assert(assertion) => {
                format!("assert {} {}", list(assertion.condition().unwrap()), assertion.reason().unwrap().value())
            }
        });
    }
    assert_eq!(
        seen,
        [
            "field over g",
            "axis x false (.. 1 2 step 1)",
            "axis a,b true [<1 2>]",
            "let k 1",
            "where (> a b)",
            "free E:(.. 0 _) B: c:(.. 0 2)",
            "(log loss) ~ (+ E (/ B n))",
            "allow W0301 why",
            "assert (and (>= a 2) b) so",
        ]
    );
}

#[test]
fn kinds_are_words_only_at_the_start_of_an_item() {
    let parsed = checked(
        "grid g {\n    model = table(figure, law = 2)\n    data = corpus + study\n    claim = grid\n}\nlet model = 1\n",
    );
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.file().items().count(), 2);
}

#[test]
fn white_space_of_every_sort_is_the_same() {
    let parsed = checked("\u{FEFF}grid g {\r\n\ta = 1\r\n\tb\t=\tf(\r\n2)\r\n}\r\n");
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.file().items().count(), 1);
}

#[test]
fn the_node_at_an_offset_is_the_innermost() {
    let text = "let a = f(bc)";
    let parsed = checked(text);
    assert_eq!(parsed.tree.at(text.find("bc").unwrap() + 1).text(), "bc");
    assert_eq!(parsed.tree.at(text.len()).text(), ")");
}
