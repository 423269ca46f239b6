//! Expressions over plain numbers: the formulas of laws, derived columns and conditions.
//!
//! Units, labels and exactness end before this type: a column is the plain number in the unit that the results' reference
//! fixes. The compiler lowers the language's expressions to it, `synx-laws` differentiates it, reports print it.

mod display;
mod function;
mod gradient;

pub use function::{Arity, Function};

use std::collections::BTreeMap;

use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::AnswerId;
use crate::exact::Exact;
use crate::grid::ColumnValue;

/// How deep an expression may nest (a sum of n terms nests n deep). Everything that walks one recurses, so what builds
/// expressions from a user's text refuses deeper ones. Arbitrary; the longest published law nests about 40 deep.
pub const MAX_DEPTH: usize = 500;

/// A formula over columns and free parameters.
///
/// Truth values are the numbers 1 and 0: comparisons and `and`, `or`, `not` give them, and anything but 0 is taken as true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expression {
    Number(Exact),
    /// A column of the table that the formula is over, by its full name: `tokens`, `params.total`, `loss[wiki]`, `metric/x`.
    Column(String),
    /// A free parameter: what a fit settles.
    Parameter(String),
    /// A `let` of the declaration that the formula stands in.
    Bound(String),
    /// What a run or a fit settles, by its place among the plan's answers.
    Answer(AnswerId),
    /// Whether a column of text has this value in the row at hand.
    Is {
        column: String,
        value: ColumnValue,
    },
    Unary {
        operator: Unary,
        operand: Box<Expression>,
    },
    Binary {
        operator: Binary,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// A function of the table of functions; the number of arguments is one that its arity allows.
    Call {
        function: Function,
        arguments: Vec<Expression>,
    },
    If {
        condition: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unary {
    Negate,
    Not,
}

/// Infix operators. `^` groups to the right, the comparisons do not chain, all others group to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

impl Binary {
    /// The operator's sign in the language.
    pub fn symbol(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Power => "^",
            Binary::Equal => "==",
            Binary::NotEqual => "!=",
            Binary::Less => "<",
            Binary::LessOrEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterOrEqual => ">=",
            Binary::And => "and",
            Binary::Or => "or",
        }
    }

    /// The value for two numbers. Division by zero and powers without a real value give infinities or not-a-number, as IEEE 754 says.
    pub fn apply(self, left: f64, right: f64) -> f64 {
        let truth = |holds: bool| f64::from(u8::from(holds));
        match self {
            Binary::Add => left + right,
            Binary::Subtract => left - right,
            Binary::Multiply => left * right,
            Binary::Divide => left / right,
            Binary::Power => libm::pow(left, right),
            Binary::Equal => truth(left == right),
            Binary::NotEqual => truth(left != right),
            Binary::Less => truth(left < right),
            Binary::LessOrEqual => truth(left <= right),
            Binary::Greater => truth(left > right),
            Binary::GreaterOrEqual => truth(left >= right),
            Binary::And => truth(left != 0.0 && right != 0.0),
            Binary::Or => truth(left != 0.0 || right != 0.0),
        }
    }
}

impl Unary {
    /// The value for a number.
    pub fn apply(self, operand: f64) -> f64 {
        match self {
            Unary::Negate => -operand,
            Unary::Not => f64::from(u8::from(operand == 0.0)),
        }
    }
}

/// A named leaf of an expression, as `evaluate` asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Name<'a> {
    Column(&'a str),
    Parameter(&'a str),
    Bound(&'a str),
    Answer(AnswerId),
    /// Whether a column has this value.
    Is(&'a str, &'a ColumnValue),
}

impl Expression {
    pub fn column(name: impl Into<String>) -> Expression {
        Expression::Column(name.into())
    }

    pub fn parameter(name: impl Into<String>) -> Expression {
        Expression::Parameter(name.into())
    }

    pub fn number(value: impl Into<Exact>) -> Expression {
        Expression::Number(value.into())
    }

    pub fn unary(operator: Unary, operand: Expression) -> Expression {
        Expression::Unary { operator, operand: Box::new(operand) }
    }

    pub fn binary(operator: Binary, left: Expression, right: Expression) -> Expression {
        Expression::Binary { operator, left: Box::new(left), right: Box::new(right) }
    }

    pub fn call(function: Function, arguments: Vec<Expression>) -> Expression {
        Expression::Call { function, arguments }
    }

    pub fn choice(condition: Expression, then: Expression, otherwise: Expression) -> Expression {
        Expression::If { condition: Box::new(condition), then: Box::new(then), otherwise: Box::new(otherwise) }
    }

    /// The expressions that this one is directly made of, in the order of the text.
    pub fn children(&self) -> Vec<&Expression> {
        match self {
            Expression::Number(_)
            | Expression::Column(_)
            | Expression::Parameter(_)
            | Expression::Bound(_)
            | Expression::Answer(_)
            | Expression::Is { .. } => vec![],
            Expression::Unary { operand, .. } => vec![operand],
            Expression::Binary { left, right, .. } => vec![left, right],
            Expression::Call { arguments, .. } => arguments.iter().collect(),
            Expression::If { condition, then, otherwise } => vec![condition, then, otherwise],
        }
    }

    /// How deep it nests: 1 for a leaf. Walks without recursion, so it may be asked of any expression.
    pub fn depth(&self) -> usize {
        let mut deepest = 0;
        let mut open = vec![(self, 1)];
        while let Some((expression, depth)) = open.pop() {
            deepest = deepest.max(depth);
            open.extend(expression.children().into_iter().map(|child| (child, depth + 1)));
        }
        deepest
    }

    /// Every named leaf once, in the order of first appearance.
    pub fn names(&self) -> IndexSet<Name<'_>> {
        let mut names = IndexSet::new();
        self.collect(&mut names);
        names
    }

    fn collect<'a>(&'a self, names: &mut IndexSet<Name<'a>>) {
        match self {
            Expression::Column(name) => drop(names.insert(Name::Column(name))),
            Expression::Parameter(name) => drop(names.insert(Name::Parameter(name))),
            Expression::Bound(name) => drop(names.insert(Name::Bound(name))),
            Expression::Answer(answer) => drop(names.insert(Name::Answer(*answer))),
            Expression::Is { column, value } => drop(names.insert(Name::Is(column, value))),
            _ => self.children().into_iter().for_each(|child| child.collect(names)),
        }
    }

    /// The columns that it reads, each once, in the order of first appearance.
    pub fn columns(&self) -> Vec<&str> {
        let column = |name| if let Name::Column(name) | Name::Is(name, _) = name { Some(name) } else { None };
        let columns: IndexSet<&str> = self.names().into_iter().filter_map(column).collect();
        columns.into_iter().collect()
    }

    /// The answers that it waits for, each once.
    pub fn answers(&self) -> Vec<AnswerId> {
        let answer = |name| if let Name::Answer(answer) = name { Some(answer) } else { None };
        self.names().into_iter().filter_map(answer).collect()
    }

    /// The free parameters that stand in it, each once, in the order of first appearance.
    pub fn parameters(&self) -> Vec<&str> {
        let parameter = |name| if let Name::Parameter(name) = name { Some(name) } else { None };
        self.names().into_iter().filter_map(parameter).collect()
    }

    /// The expression with every leaf replaced for which `with` gives another.
    #[must_use]
    pub fn substitute(&self, with: &impl Fn(Name<'_>) -> Option<Expression>) -> Expression {
        let all = |of: &Expression| Box::new(of.substitute(with));
        match self {
            Expression::Number(_) => self.clone(),
            Expression::Column(name) => with(Name::Column(name)).unwrap_or_else(|| self.clone()),
            Expression::Parameter(name) => with(Name::Parameter(name)).unwrap_or_else(|| self.clone()),
            Expression::Bound(name) => with(Name::Bound(name)).unwrap_or_else(|| self.clone()),
            Expression::Answer(answer) => with(Name::Answer(*answer)).unwrap_or_else(|| self.clone()),
            Expression::Is { column, value } => with(Name::Is(column, value)).unwrap_or_else(|| self.clone()),
            Expression::Unary { operator, operand } => Expression::Unary { operator: *operator, operand: all(operand) },
            Expression::Binary { operator, left, right } => {
                Expression::Binary { operator: *operator, left: all(left), right: all(right) }
            }
            Expression::Call { function, arguments } => Expression::Call {
                function: *function,
                arguments: arguments.iter().map(|argument| argument.substitute(with)).collect(),
            },
            Expression::If { condition, then, otherwise } => {
                Expression::If { condition: all(condition), then: all(then), otherwise: all(otherwise) }
            }
        }
    }

    /// The expression with the `let`s written out. A later `let` may use earlier ones; a name that none of them has stays.
    #[must_use]
    pub fn inline(&self, lets: &[(String, Expression)]) -> Expression {
        let mut known: BTreeMap<&str, Expression> = BTreeMap::new();
        for (name, value) in lets {
            let value = value.substitute(&|leaf| lookup(&known, leaf));
            known.insert(name, value);
        }
        self.substitute(&|leaf| lookup(&known, leaf))
    }

    /// The value with the named leaves that `of` gives, through a software libm: the same bits on every machine.
    ///
    /// What has no real value (the logarithm of a negative number, 0/0) is not-a-number; the caller decides what that means.
    pub fn evaluate(&self, of: &impl Fn(Name<'_>) -> f64) -> f64 {
        match self {
            Expression::Number(value) => value.to_f64(),
            Expression::Column(name) => of(Name::Column(name)),
            Expression::Parameter(name) => of(Name::Parameter(name)),
            Expression::Bound(name) => of(Name::Bound(name)),
            Expression::Answer(answer) => of(Name::Answer(*answer)),
            Expression::Is { column, value } => of(Name::Is(column, value)),
            Expression::Unary { operator, operand } => operator.apply(operand.evaluate(of)),
            Expression::Binary { operator, left, right } => operator.apply(left.evaluate(of), right.evaluate(of)),
            Expression::Call { function, arguments } => {
                let values: Vec<f64> = arguments.iter().map(|argument| argument.evaluate(of)).collect();
                function.apply(&values)
            }
            Expression::If { condition, then, otherwise } => {
                if condition.evaluate(of) == 0.0 {
                    otherwise.evaluate(of)
                } else {
                    then.evaluate(of)
                }
            }
        }
    }
}

fn lookup(known: &BTreeMap<&str, Expression>, leaf: Name<'_>) -> Option<Expression> {
    if let Name::Bound(name) = leaf { known.get(name).cloned() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E + A / N^alpha
    fn power_law() -> Expression {
        let power = Expression::binary(Binary::Power, Expression::column("N"), Expression::parameter("alpha"));
        let term = Expression::binary(Binary::Divide, Expression::parameter("A"), power);
        Expression::binary(Binary::Add, Expression::parameter("E"), term)
    }

    #[test]
    fn an_expression_knows_its_names_in_order() {
        let law = power_law();
        assert_eq!(law.parameters(), ["E", "A", "alpha"]);
        assert_eq!(law.columns(), ["N"]);
        assert_eq!(law.depth(), 4);
    }

    #[test]
    fn an_expression_evaluates() {
        let value = power_law().evaluate(&|name| match name {
            Name::Column("N") => 100.0,
            Name::Parameter("E") => 1.5,
            Name::Parameter("A") => 20.0,
            Name::Parameter("alpha") => 0.5,
            other => panic!("asked for {other:?}"),
        });
        assert_eq!(value, 3.5);
    }

    #[test]
    fn lets_are_written_out_also_through_each_other() {
        let lets = [
            (
                "double".to_owned(),
                Expression::binary(Binary::Multiply, Expression::number(2u64), Expression::column("x")),
            ),
            (
                "more".to_owned(),
                Expression::binary(Binary::Add, Expression::Bound("double".to_owned()), Expression::number(1u64)),
            ),
        ];
        let inlined = Expression::Bound("more".to_owned()).inline(&lets);
        assert_eq!(inlined.to_string(), "2 * x + 1");
        assert_eq!(Expression::Bound("other".to_owned()).inline(&lets), Expression::Bound("other".to_owned()));
    }

    #[test]
    fn an_expression_survives_its_serialised_form() {
        let condition = Expression::binary(Binary::LessOrEqual, Expression::column("N"), Expression::number(7u64));
        let expression = Expression::choice(
            Expression::unary(Unary::Not, condition),
            Expression::call(Function::Max, vec![power_law(), Expression::Number(Exact::ratio(1, 3).unwrap())]),
            Expression::unary(Unary::Negate, power_law()),
        );
        let text = serde_json::to_string(&expression).unwrap();
        assert_eq!(serde_json::from_str::<Expression>(&text).unwrap(), expression);
    }
}
