//! Formulas, tables and fits for this crate's tests, so that they can be read. The language's own stands in the compiler, which this
//! crate must not depend on.

use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression, Function, Unary};
use synx_plan::law::{Formula, FreeParameter, Method};

use crate::{Column, GroupFit, Options, Table, fit};

/// Reads a formula; words in `free` are parameters, other words columns. Panics at what it does not know.
pub fn parse(text: &str, free: &[&str]) -> Expression {
    let spaced: String =
        text.chars().flat_map(|c| if "+-*/^(),<>=!".contains(c) { vec![' ', c, ' '] } else { vec![c] }).collect();
    let spaced = spaced.replace("=  =", "==").replace("<  =", "<=").replace(">  =", ">=").replace("!  =", "!=");
    let mut words: Vec<String> = Vec::new();
    for word in spaced.split_whitespace() {
        // `1e - 3` is one number again.
        match words.len() {
            n if n >= 2 && (words[n - 1] == "-" || words[n - 1] == "+") && is_mantissa(&words[n - 2]) => {
                let sign = words.pop().unwrap();
                words.last_mut().unwrap().extend([sign.as_str(), word]);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut parser = Parser { words, at: 0, free };
    let expression = parser.choice();
    assert_eq!(parser.at, parser.words.len(), "all of {text:?} is read");
    expression
}

fn is_mantissa(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with('e')
}

struct Parser<'a> {
    words: Vec<String>,
    at: usize,
    free: &'a [&'a str],
}

impl Parser<'_> {
    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        self.at += usize::from(found);
        found
    }

    fn choice(&mut self) -> Expression {
        if self.take("if") {
            let condition = self.infix(0);
            assert!(self.take("then"));
            let then = self.infix(0);
            assert!(self.take("else"));
            return Expression::choice(condition, then, self.choice());
        }
        self.infix(0)
    }

    fn infix(&mut self, level: usize) -> Expression {
        use Binary as B;
        let levels: [&[(&str, Binary)]; 5] = [
            &[("or", B::Or)],
            &[("and", B::And)],
            &[
                ("==", B::Equal),
                ("!=", B::NotEqual),
                ("<", B::Less),
                ("<=", B::LessOrEqual),
                (">", B::Greater),
                (">=", B::GreaterOrEqual),
            ],
            &[("+", B::Add), ("-", B::Subtract)],
            &[("*", B::Multiply), ("/", B::Divide)],
        ];
        let Some(operators) = levels.get(level) else { return self.prefix() };
        let mut left = self.infix(level + 1);
        while let Some((_, operator)) = operators.iter().find(|(word, _)| *word == self.peek()) {
            self.at += 1;
            left = Expression::binary(*operator, left, self.infix(level + 1));
        }
        left
    }

    fn prefix(&mut self) -> Expression {
        if self.take("-") {
            return Expression::unary(Unary::Negate, self.prefix());
        }
        if self.take("not") {
            return Expression::unary(Unary::Not, self.prefix());
        }
        let base = self.atom();
        if self.take("^") { Expression::binary(Binary::Power, base, self.prefix()) } else { base }
    }

    fn atom(&mut self) -> Expression {
        if self.take("(") {
            let inner = self.choice();
            assert!(self.take(")"), "a bracket is open");
            return inner;
        }
        let word = self.peek().to_owned();
        self.at += 1;
        if let Some(number) = Exact::from_decimal(&word) {
            return Expression::Number(number);
        }
        if self.take("(") {
            let mut arguments = vec![self.choice()];
            while self.take(",") {
                arguments.push(self.choice());
            }
            assert!(self.take(")"), "a call is open");
            return Expression::call(Function::named(&word).unwrap(), arguments);
        }
        if self.free.contains(&word.as_str()) { Expression::Parameter(word) } else { Expression::Column(word) }
    }
}

/// `"E 0.."`, `"beta 0..2"`, `"t"` as a free parameter.
pub fn free(text: &str) -> FreeParameter {
    let (name, bounds) = text.split_once(' ').unwrap_or((text, ".."));
    let (low, high) = bounds.split_once("..").unwrap();
    let bound = |text: &str| (!text.is_empty()).then(|| Exact::from_decimal(text).unwrap());
    FreeParameter { name: name.to_owned(), low: bound(low), high: bound(high), shared: false }
}

/// `"loss ~ E + A / N^alpha"` with its free parameters, Huber's loss with delta 1e-3.
pub fn formula(law: &str, parameters: &[&str]) -> Formula {
    let free: Vec<FreeParameter> = parameters.iter().map(|text| free(text)).collect();
    let names: Vec<&str> = free.iter().map(|p| p.name.as_str()).collect();
    let (target, model) = law.split_once('~').unwrap();
    Formula {
        by: vec![],
        lets: vec![],
        target: parse(target, &names),
        model: parse(model, &names).into(),
        free: free.clone(),
        method: Method::default(),
        test: None,
        bootstrap: 0,
        confidence: Exact::from_decimal("0.95").unwrap(),
        seed: 17,
    }
}

pub fn table(columns: &[(&str, Vec<f64>)]) -> Table {
    let mut table = Table::new(columns[0].1.len());
    for (name, values) in columns {
        table.add(*name, Column::Numbers(values.clone())).unwrap();
    }
    table
}

pub fn run(formula: &Formula, table: &Table) -> GroupFit {
    let result = fit("law", formula, table, &Options::default()).unwrap();
    assert_eq!((result.groups.len(), result.skipped.len()), (1, 0));
    result.groups.into_iter().next().unwrap()
}

pub fn estimates(fit: &GroupFit) -> Vec<f64> {
    fit.parameters.iter().map(|p| p.estimate).collect()
}

pub fn assert_near(found: &[f64], expected: &[f64], relative: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= relative * expected.abs(), "{found} is not {expected}");
    }
}
