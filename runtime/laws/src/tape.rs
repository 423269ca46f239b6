//! A formula compiled to a list of operations on columns.
//!
//! What depends on columns alone is computed once, here. Equal pieces become one operation, and powers of positive data become
//! exponentials of multiples of logarithms, which cost less and have better derivatives.

use std::collections::HashMap;

use synx_plan::expression::{Binary, Expression, Function, MAX_DEPTH, Unary};
use synx_plan::problem::Problem;

/// Whole exponents up to this become products. Arbitrary: beyond it an exponential is as cheap.
const LARGEST_PRODUCT: f64 = 16.0;

/// The place of an operation in its tape; operands always stand before what uses them.
pub type Node = usize;

/// One operation, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The bits of a number.
    Constant(u64),
    /// A free parameter by its place in the list of parameters.
    Parameter(usize),
    /// A column of `Tape::data`.
    Data(usize),
    Negate(Node),
    Not(Node),
    Exp(Node),
    Log(Node),
    Sqrt(Node),
    Abs(Node),
    Add(Node, Node),
    Subtract(Node, Node),
    Multiply(Node, Node),
    Divide(Node, Node),
    /// Any power; those that have a simpler form never become this.
    Power(Node, Node),
    Minimum(Node, Node),
    Maximum(Node, Node),
    /// The first, rounded to a multiple of the second.
    Round(Node, Node),
    Equal(Node, Node),
    Less(Node, Node),
    LessOrEqual(Node, Node),
    And(Node, Node),
    Or(Node, Node),
    /// The second where the first is not 0, otherwise the third.
    Select(Node, Node, Node),
}

impl Operation {
    /// What it is computed from.
    pub fn operands(self) -> impl Iterator<Item = Node> {
        use Operation as O;
        let [a, b, c] = match self {
            O::Constant(_) | O::Parameter(_) | O::Data(_) => [None; 3],
            O::Negate(a) | O::Not(a) | O::Exp(a) | O::Log(a) | O::Sqrt(a) | O::Abs(a) => [Some(a), None, None],
            O::Add(a, b)
            | O::Subtract(a, b)
            | O::Multiply(a, b)
            | O::Divide(a, b)
            | O::Power(a, b)
            | O::Minimum(a, b)
            | O::Maximum(a, b)
            | O::Round(a, b)
            | O::Equal(a, b)
            | O::Less(a, b)
            | O::LessOrEqual(a, b)
            | O::And(a, b)
            | O::Or(a, b) => [Some(a), Some(b), None],
            O::Select(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        [a, b, c].into_iter().flatten()
    }

    fn renumbered(self, new: &[Node]) -> Operation {
        use Operation as O;
        match self {
            O::Constant(_) | O::Parameter(_) | O::Data(_) => self,
            O::Negate(a) => O::Negate(new[a]),
            O::Not(a) => O::Not(new[a]),
            O::Exp(a) => O::Exp(new[a]),
            O::Log(a) => O::Log(new[a]),
            O::Sqrt(a) => O::Sqrt(new[a]),
            O::Abs(a) => O::Abs(new[a]),
            O::Add(a, b) => O::Add(new[a], new[b]),
            O::Subtract(a, b) => O::Subtract(new[a], new[b]),
            O::Multiply(a, b) => O::Multiply(new[a], new[b]),
            O::Divide(a, b) => O::Divide(new[a], new[b]),
            O::Power(a, b) => O::Power(new[a], new[b]),
            O::Minimum(a, b) => O::Minimum(new[a], new[b]),
            O::Maximum(a, b) => O::Maximum(new[a], new[b]),
            O::Round(a, b) => O::Round(new[a], new[b]),
            O::Equal(a, b) => O::Equal(new[a], new[b]),
            O::Less(a, b) => O::Less(new[a], new[b]),
            O::LessOrEqual(a, b) => O::LessOrEqual(new[a], new[b]),
            O::And(a, b) => O::And(new[a], new[b]),
            O::Or(a, b) => O::Or(new[a], new[b]),
            O::Select(a, b, c) => O::Select(new[a], new[b], new[c]),
        }
    }
}

/// A compiled formula over the rows that it was compiled for.
#[derive(Debug, Clone)]
pub struct Tape {
    pub operations: Vec<Operation>,
    /// Columns that operations read, each as long as the table.
    pub data: Vec<Vec<f64>>,
    /// Whether an operation depends on a parameter.
    pub active: Vec<bool>,
    /// Whether an operation is the same in all rows.
    pub uniform: Vec<bool>,
    /// Where each parameter stands; `None` where the formula does not depend on it.
    pub parameters: Vec<Option<Node>>,
}

impl Tape {
    /// Compiles a formula for rows of known data: `column` gives a column's numbers, `rows` of them.
    ///
    /// # Errors
    /// E0947 where it nests too deep, has a `let` that nothing defines or a parameter that is not in `parameters`; what `column` says.
    pub fn compile<'a>(
        formula: &Expression,
        parameters: &[String],
        rows: usize,
        column: &impl Fn(&str) -> Result<&'a [f64], Problem>,
    ) -> Result<Tape, Problem> {
        if formula.depth() > MAX_DEPTH {
            return Err(Problem::new("E0947", format!("the law nests more than {MAX_DEPTH} deep"))
                .help("split it with `let`, or group long sums with brackets"));
        }
        let mut builder = Builder { operations: vec![], data: vec![], known: HashMap::new(), parameters, rows, column };
        let root = builder.lower(formula)?;
        let root = builder.node(root);
        Ok(builder.finish(root))
    }

    /// The operation whose values are the formula's.
    pub fn root(&self) -> Node {
        self.operations.len() - 1
    }
}

/// What a piece of a formula has become.
#[derive(Clone)]
enum Value {
    Constant(f64),
    Data(Vec<f64>),
    Node(Node),
}

struct Builder<'p, C> {
    operations: Vec<Operation>,
    data: Vec<Vec<f64>>,
    known: HashMap<Operation, Node>,
    parameters: &'p [String],
    rows: usize,
    column: &'p C,
}

impl<'a, C: Fn(&str) -> Result<&'a [f64], Problem>> Builder<'_, C> {
    fn lower(&mut self, formula: &Expression) -> Result<Value, Problem> {
        Ok(match formula {
            Expression::Number(number) => Value::Constant(number.to_f64()),
            Expression::Column(name) => Value::Data((self.column)(name)?.to_vec()),
            Expression::Parameter(name) => {
                let place = self.parameters.iter().position(|known| known == name).ok_or_else(|| {
                    Problem::new("E0947", format!("the law has `{name}`, which is not declared as free"))
                        .help(format!("add `{name}` to what is free"))
                })?;
                Value::Node(self.push(Operation::Parameter(place)))
            }
            Expression::Bound(name) => {
                return Err(Problem::new("E0947", format!("the law has `{name}`, which no `let` defines")));
            }
            Expression::Answer(_) | Expression::Is { .. } => {
                return Err(Problem::new("E0947", "the law has a part that is no number of its table"));
            }
            Expression::Unary { operator, operand } => {
                let operand = self.lower(operand)?;
                match operator {
                    Unary::Negate => self.negate(operand),
                    Unary::Not => self.unary(operand, |x| Unary::Not.apply(x), Operation::Not),
                }
            }
            Expression::Binary { operator, left, right } => {
                let left = self.lower(left)?;
                let right = self.lower(right)?;
                self.binary(*operator, left, right)
            }
            Expression::Call { function, arguments } => {
                if !function.arity().allows(arguments.len()) {
                    let found = arguments.len();
                    return Err(Problem::new("E0947", format!("`{function}` takes {}, not {found}", function.arity())));
                }
                let arguments = arguments.iter().map(|a| self.lower(a)).collect::<Result<Vec<_>, _>>()?;
                self.call(*function, arguments)
            }
            Expression::If { condition, then, otherwise } => {
                let condition = self.lower(condition)?;
                let then = self.lower(then)?;
                let otherwise = self.lower(otherwise)?;
                self.select(condition, then, otherwise)
            }
        })
    }

    fn call(&mut self, function: Function, arguments: Vec<Value>) -> Value {
        let mut arguments = arguments.into_iter();
        let first = arguments.next().unwrap_or(Value::Constant(f64::NAN));
        let scalar = |x| function.apply(&[x]);
        match function {
            Function::Exp => self.unary(first, scalar, Operation::Exp),
            Function::Log => self.unary(first, scalar, Operation::Log),
            Function::Sqrt => self.unary(first, scalar, Operation::Sqrt),
            Function::Abs => self.unary(first, scalar, Operation::Abs),
            Function::Min | Function::Max => arguments.fold(first, |all, next| {
                let of = if function == Function::Min { Operation::Minimum } else { Operation::Maximum };
                self.combine(all, next, |a, b| function.apply(&[a, b]), of)
            }),
            Function::Round => {
                let to = arguments.next().unwrap_or(Value::Constant(1.0));
                self.combine(first, to, |a, b| function.apply(&[a, b]), Operation::Round)
            }
        }
    }

    fn binary(&mut self, operator: Binary, left: Value, right: Value) -> Value {
        use Operation as O;
        let fold = |a, b| operator.apply(a, b);
        match operator {
            Binary::Add => self.combine(left, right, fold, O::Add),
            Binary::Subtract => self.combine(left, right, fold, O::Subtract),
            Binary::Multiply => self.combine(left, right, fold, O::Multiply),
            Binary::Divide => self.divide(left, right),
            Binary::Power => self.power(left, right),
            Binary::Equal => self.combine(left, right, fold, O::Equal),
            Binary::NotEqual => {
                let equal = self.combine(left, right, |a, b| Binary::Equal.apply(a, b), O::Equal);
                self.unary(equal, |x| Unary::Not.apply(x), O::Not)
            }
            Binary::Less => self.combine(left, right, fold, O::Less),
            Binary::LessOrEqual => self.combine(left, right, fold, O::LessOrEqual),
            Binary::Greater => self.combine(right, left, |a, b| Binary::Less.apply(a, b), O::Less),
            Binary::GreaterOrEqual => self.combine(right, left, |a, b| Binary::LessOrEqual.apply(a, b), O::LessOrEqual),
            Binary::And => self.combine(left, right, fold, O::And),
            Binary::Or => self.combine(left, right, fold, O::Or),
        }
    }

    /// −x; into the data of a product, where there is one, so that it costs nothing.
    fn negate(&mut self, value: Value) -> Value {
        if let Value::Node(node) = value
            && let Operation::Multiply(a, b) = self.operations[node]
        {
            for (data, other) in [(a, b), (b, a)] {
                if let Operation::Data(column) = self.operations[data] {
                    let negated = Value::Data(self.data[column].iter().map(|x| -x).collect());
                    return self.combine(Value::Node(other), negated, |a, b| a * b, Operation::Multiply);
                }
            }
        }
        self.unary(value, |x| -x, Operation::Negate)
    }

    /// x / y; a division by an exponential becomes a product with its inverse, which stays finite where the exponential does not.
    fn divide(&mut self, left: Value, right: Value) -> Value {
        if let Value::Node(node) = right
            && let Operation::Exp(inner) = self.operations[node]
        {
            let negated = self.negate(Value::Node(inner));
            let inverse = self.unary(negated, libm_exp, Operation::Exp);
            return self.combine(left, inverse, |a, b| a * b, Operation::Multiply);
        }
        self.combine(left, right, |a, b| a / b, Operation::Divide)
    }

    fn power(&mut self, base: Value, exponent: Value) -> Value {
        let positive = match &base {
            Value::Constant(x) => *x > 0.0,
            Value::Data(values) => values.iter().all(|x| *x > 0.0),
            Value::Node(_) => false,
        };
        match (&base, &exponent) {
            (Value::Node(_), Value::Constant(e)) if *e == 0.5 => {
                self.unary(base, |x| Function::Sqrt.apply(&[x]), Operation::Sqrt)
            }
            (Value::Node(_), Value::Constant(e)) if e.fract() == 0.0 && e.abs() <= LARGEST_PRODUCT => {
                let whole = self.whole_power(&base, e.abs() as u32);
                if *e < 0.0 { self.divide(Value::Constant(1.0), whole) } else { whole }
            }
            (_, Value::Node(_)) if positive => {
                let log = self.unary(base, |x| Function::Log.apply(&[x]), Operation::Log);
                let product = self.combine(exponent, log, |a, b| a * b, Operation::Multiply);
                self.unary(product, libm_exp, Operation::Exp)
            }
            _ => self.combine(base, exponent, |a, b| Binary::Power.apply(a, b), Operation::Power),
        }
    }

    /// The product of `exponent` times the base, by squaring.
    fn whole_power(&mut self, base: &Value, exponent: u32) -> Value {
        match exponent {
            0 => Value::Constant(1.0),
            1 => base.clone(),
            _ => {
                let half = self.whole_power(base, exponent / 2);
                let square = self.combine(half.clone(), half, |a, b| a * b, Operation::Multiply);
                if exponent.is_multiple_of(2) {
                    square
                } else {
                    self.combine(square, base.clone(), |a, b| a * b, Operation::Multiply)
                }
            }
        }
    }

    fn select(&mut self, condition: Value, then: Value, otherwise: Value) -> Value {
        match &condition {
            Value::Constant(c) => return if *c == 0.0 { otherwise } else { then },
            Value::Data(c) if c.iter().all(|x| *x != 0.0) => return then,
            Value::Data(c) if c.iter().all(|x| *x == 0.0) => return otherwise,
            _ => {}
        }
        let all_data = [&condition, &then, &otherwise].iter().all(|value| !matches!(value, Value::Node(_)));
        if all_data {
            let at = |value: &Value, row: usize| match value {
                Value::Constant(x) => *x,
                Value::Data(values) => values[row],
                Value::Node(_) => f64::NAN,
            };
            let choose = |row| if at(&condition, row) == 0.0 { at(&otherwise, row) } else { at(&then, row) };
            return Value::Data((0..self.rows).map(choose).collect());
        }
        let (condition, then, otherwise) = (self.node(condition), self.node(then), self.node(otherwise));
        Value::Node(self.push(Operation::Select(condition, then, otherwise)))
    }

    fn unary(&mut self, value: Value, fold: impl Fn(f64) -> f64, operation: impl Fn(Node) -> Operation) -> Value {
        match value {
            Value::Constant(x) => Value::Constant(fold(x)),
            Value::Data(values) => Value::Data(values.into_iter().map(fold).collect()),
            Value::Node(node) => Value::Node(self.push(operation(node))),
        }
    }

    fn combine(
        &mut self,
        left: Value,
        right: Value,
        fold: impl Fn(f64, f64) -> f64,
        operation: impl Fn(Node, Node) -> Operation,
    ) -> Value {
        match (left, right) {
            (Value::Constant(a), Value::Constant(b)) => Value::Constant(fold(a, b)),
            (Value::Constant(a), Value::Data(b)) => Value::Data(b.into_iter().map(|b| fold(a, b)).collect()),
            (Value::Data(a), Value::Constant(b)) => Value::Data(a.into_iter().map(|a| fold(a, b)).collect()),
            (Value::Data(a), Value::Data(b)) => Value::Data(a.into_iter().zip(b).map(|(a, b)| fold(a, b)).collect()),
            (left, right) => {
                let (left, right) = (self.node(left), self.node(right));
                Value::Node(self.push(operation(left, right)))
            }
        }
    }

    fn node(&mut self, value: Value) -> Node {
        match value {
            Value::Node(node) => node,
            Value::Constant(x) => self.push(Operation::Constant(x.to_bits())),
            Value::Data(values) => {
                let same = |known: &Vec<f64>| known.iter().map(|x| x.to_bits()).eq(values.iter().map(|x| x.to_bits()));
                let column = self.data.iter().position(same).unwrap_or_else(|| {
                    self.data.push(values);
                    self.data.len() - 1
                });
                self.push(Operation::Data(column))
            }
        }
    }

    fn push(&mut self, operation: Operation) -> Node {
        *self.known.entry(operation).or_insert_with(|| {
            self.operations.push(operation);
            self.operations.len() - 1
        })
    }

    /// Drops what the root does not need, and says of the rest what it depends on.
    fn finish(self, root: Node) -> Tape {
        let mut needed = vec![false; self.operations.len()];
        needed[root] = true;
        for node in (0..=root).rev() {
            if needed[node] {
                self.operations[node].operands().for_each(|operand| needed[operand] = true);
            }
        }
        let mut tape = Tape {
            operations: vec![],
            data: vec![],
            active: vec![],
            uniform: vec![],
            parameters: vec![None; self.parameters.len()],
        };
        let mut new = vec![0; self.operations.len()];
        let mut data = self.data;
        for (node, operation) in self.operations.into_iter().enumerate().filter(|(node, _)| needed[*node]) {
            new[node] = tape.operations.len();
            let mut operation = operation.renumbered(&new);
            if let Operation::Data(column) = operation {
                tape.data.push(std::mem::take(&mut data[column]));
                operation = Operation::Data(tape.data.len() - 1);
            }
            if let Operation::Parameter(place) = operation {
                tape.parameters[place] = Some(tape.operations.len());
            }
            let parameter = matches!(operation, Operation::Parameter(_));
            tape.active.push(parameter || operation.operands().any(|operand| tape.active[operand]));
            let data = matches!(operation, Operation::Data(_));
            tape.uniform.push(!data && operation.operands().all(|operand| tape.uniform[operand]));
            tape.operations.push(operation);
        }
        tape
    }
}

fn libm_exp(x: f64) -> f64 {
    Function::Exp.apply(&[x])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    fn compile(text: &str) -> Tape {
        let parameters: Vec<String> = ["E", "A", "alpha"].map(str::to_owned).into();
        let columns = [("N", [1.0, 2.0, 4.0]), ("x", [-1.0, 0.0, 1.0])];
        let column = |name: &str| {
            let found = columns.iter().find(|(known, _)| *known == name);
            found.map(|(_, values)| &values[..]).ok_or_else(|| Problem::new("E0941", name))
        };
        Tape::compile(&parse(text, &["E", "A", "alpha"]), &parameters, 3, &column).unwrap()
    }

    #[test]
    fn a_power_of_positive_data_is_one_exponential_of_a_product() {
        let tape = compile("E + A / N^alpha");
        let powers = tape.operations.iter().filter(|o| matches!(o, Operation::Power(..) | Operation::Divide(..)));
        assert_eq!(powers.count(), 0);
        assert_eq!(tape.operations.iter().filter(|o| matches!(o, Operation::Exp(_))).count(), 1);
        let minus_log: Vec<f64> = [1.0f64, 2.0, 4.0].iter().map(|n| -n.ln()).collect();
        assert_eq!(tape.data, [minus_log], "the only data is what is multiplied by alpha");
    }

    #[test]
    fn equal_pieces_are_computed_once_and_data_folds() {
        let tape = compile("A * exp(x * alpha) + E * exp(x * alpha) + log(N * N) / 2");
        assert_eq!(tape.operations.iter().filter(|o| matches!(o, Operation::Exp(_))).count(), 1);
        assert_eq!(tape.data.len(), 2);
        assert!(tape.parameters.iter().all(Option::is_some));
    }

    #[test]
    fn what_does_not_depend_on_rows_is_known_as_uniform() {
        let tape = compile("E + A * 6^(alpha / 2) * N");
        let uniform = tape.operations.iter().zip(&tape.uniform);
        assert!(uniform.clone().all(|(o, u)| !matches!(o, Operation::Exp(_)) || *u));
        assert!(!tape.uniform[tape.root()]);
    }

    #[test]
    fn a_condition_on_data_is_decided_row_by_row() {
        let tape = compile("if x > 0 then A else E");
        assert!(matches!(tape.operations[tape.root()], Operation::Select(..)));
        assert!(matches!(compile("if 1 < 2 then A else E").operations[..], [Operation::Parameter(1)]));
    }
}
