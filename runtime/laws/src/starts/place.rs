//! Where a parameter stands in a formula: the way from the whole formula down to it, along which the size is handed that a piece should have.

use std::collections::BTreeSet;

use synx_plan::expression::{Binary, Expression, Function, Name, Unary};

/// Sizes beyond this, or below its inverse, come from an overflow and not from data.
const LARGEST: f64 = 1e250;

/// Pieces with parameters that are larger than this, in operations, are not looked into: they are measured anew for every point. Arbitrary.
const LARGEST_PIECE: usize = 32;

/// How large a piece is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// The typical value over the rows, with its sign.
    pub typical: f64,
    /// How far the values lie apart; the typical size where they do not.
    pub variation: f64,
}

/// What stands beside a piece.
#[derive(Debug, Clone)]
struct Piece {
    expression: Expression,
    /// Of data alone, which have one size whatever is drawn.
    of_data: bool,
    size: Option<Size>,
}

impl Piece {
    fn new(expression: &Expression, measure: &impl Fn(&Expression) -> Option<Size>) -> Piece {
        let of_data = expression.names().iter().all(|name| matches!(name, Name::Column(_)));
        let size = if of_data { measure(expression) } else { None };
        Piece { expression: expression.clone(), of_data, size }
    }

    fn measured(&self, measure: &impl Fn(&Expression) -> Option<Size>) -> Option<Size> {
        if self.of_data || !self.small() { self.size } else { measure(&self.expression) }
    }

    fn small(&self) -> bool {
        fn operations(expression: &Expression) -> usize {
            1 + expression.children().into_iter().map(operations).sum::<usize>()
        }
        operations(&self.expression) <= LARGEST_PIECE
    }
}

/// One step down from a formula to a piece of it, with the piece beside it.
#[derive(Debug, Clone)]
enum Step {
    /// Added to or compared with another, or the argument of a function that keeps sizes.
    Beside(Vec<Piece>),
    Multiplied(Piece),
    /// Above a divisor.
    Divided(Piece),
    /// The divisor of this.
    Divisor(Piece),
    /// Raised to this power.
    Base(Piece),
    Exponent,
    /// The argument of exp or log.
    Argument,
    Root,
    /// A condition, whose pieces have no size.
    Condition,
}

/// One place of a parameter.
#[derive(Debug, Clone)]
pub struct Place {
    steps: Vec<Step>,
}

/// What a place says of its parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    pub size: Option<f64>,
    /// Whether it is (a factor of) what data are raised to.
    pub exponent: bool,
    /// Whether it makes an argument of exp or log vary.
    pub argument: bool,
}

/// Every place of a parameter. `measure` says how large a piece is over the rows; nothing where it depends on what is not drawn yet.
pub fn places(formula: &Expression, name: &str, measure: &impl Fn(&Expression) -> Option<Size>) -> Vec<Place> {
    let mut found = Vec::new();
    search(formula, name, measure, &mut Vec::new(), &mut found);
    found
}

fn search(
    at: &Expression,
    name: &str,
    measure: &impl Fn(&Expression) -> Option<Size>,
    steps: &mut Vec<Step>,
    found: &mut Vec<Place>,
) {
    // What has no place of it needs no measuring.
    if !at.names().contains(&Name::Parameter(name)) {
        return;
    }
    let mut down = |piece: &Expression, step: Option<Step>| {
        let before = steps.len();
        steps.extend(step);
        search(piece, name, measure, steps, found);
        steps.truncate(before);
    };
    match at {
        Expression::Parameter(parameter) if parameter == name => found.push(Place { steps: steps.clone() }),
        Expression::Number(_)
        | Expression::Column(_)
        | Expression::Parameter(_)
        | Expression::Bound(_)
        | Expression::Answer(_)
        | Expression::Is { .. } => {}
        Expression::Unary { operator: Unary::Negate, operand } => down(operand, None),
        Expression::Unary { operator: Unary::Not, operand } => down(operand, Some(Step::Condition)),
        Expression::Binary { operator, left, right } => {
            let (a, b) = (Piece::new(left, measure), Piece::new(right, measure));
            let (for_left, for_right) = match operator {
                Binary::Multiply => (Step::Multiplied(b), Step::Multiplied(a)),
                Binary::Divide => (Step::Divided(b), Step::Divisor(a)),
                Binary::Power => (Step::Base(b), Step::Exponent),
                _ => (Step::Beside(vec![b]), Step::Beside(vec![a])),
            };
            down(left, Some(for_left));
            down(right, Some(for_right));
        }
        Expression::Call { function, arguments } => {
            for argument in arguments {
                let step = match function {
                    Function::Exp | Function::Log => Step::Argument,
                    Function::Sqrt => Step::Root,
                    _ => Step::Beside(arguments.iter().map(|argument| Piece::new(argument, measure)).collect()),
                };
                down(argument, Some(step));
            }
        }
        Expression::If { condition, then, otherwise } => {
            down(condition, Some(Step::Condition));
            down(then, None);
            down(otherwise, None);
        }
    }
}

impl Place {
    /// What the parameter should be, in a formula that is as large as `target`.
    pub fn wanted(&self, target: f64, measure: &impl Fn(&Expression) -> Option<Size>) -> Wanted {
        let mut wanted = Wanted { size: Some(target), exponent: false, argument: false };
        for step in &self.steps {
            wanted.size = wanted.size.filter(|size| *size > 1.0 / LARGEST && *size < LARGEST);
            let size = wanted.size;
            let known = |piece: &Piece| {
                let size = piece.measured(measure)?;
                Some(if wanted.argument { size.variation } else { size.typical.abs() }).filter(|size| *size > 0.0)
            };
            wanted.size = match step {
                // What is added to data is about as large as they are.
                Step::Beside(pieces) => pieces.iter().find_map(|piece| piece.of_data.then(|| known(piece))?).or(size),
                Step::Multiplied(by) => divide(size, known(by)),
                Step::Divided(by) => size.zip(known(by)).map(|(w, b)| w * b).or(size),
                Step::Divisor(of) => divide(known(of), size),
                Step::Base(power) => {
                    let power = power.measured(measure).map(|size| size.typical).filter(|b| *b != 0.0);
                    size.map(|w| Binary::Power.apply(w, power.map_or(1.0, |b| 1.0 / b)))
                }
                Step::Exponent => {
                    wanted = Wanted { size, exponent: true, argument: false };
                    Some(1.0)
                }
                Step::Argument => {
                    wanted = Wanted { size, exponent: false, argument: true };
                    Some(1.0)
                }
                Step::Root => size.map(|w| w * w),
                Step::Condition => None,
            };
        }
        wanted.size = wanted.size.filter(|size| *size > 1.0 / LARGEST && *size < LARGEST);
        wanted
    }

    /// The parameters of pieces whose size says something of this one's.
    pub fn hangs_on(&self) -> BTreeSet<&str> {
        let mut all = BTreeSet::new();
        for step in &self.steps {
            if let Step::Multiplied(piece) | Step::Divided(piece) | Step::Divisor(piece) | Step::Base(piece) = step
                && piece.small()
            {
                all.extend(piece.expression.parameters());
            }
        }
        all
    }
}

/// a / b where both are known; where only b is not, a.
fn divide(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a / b),
        (Some(a), None) => Some(a),
        (None, Some(b)) => Some(1.0 / b),
        (None, None) => None,
    }
}
