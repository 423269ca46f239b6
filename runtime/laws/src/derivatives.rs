//! What an objective's derivatives must be: those of central differences, on every instruction set, for any number of rows.

use synx_plan::law::FreeParameter;
use synx_plan::random::Stream;

use crate::evaluate::Purpose;
use crate::objective::{Loss, Objective, State, Workspace};
use crate::space::Space;
use crate::tape::Tape;
use crate::testing::parse;
use synx_plan::expression::{Expression, Name};

const NAMES: [&str; 3] = ["p", "q", "r"];
const SQUARES: Loss = Loss::SQUARES;
const LOG_SQUARES: Loss = Loss { logarithmic: true, ..SQUARES };

struct Case {
    model: Expression,
    x: Vec<f64>,
    z: Vec<f64>,
    y: Vec<f64>,
}

impl Case {
    /// Columns x (positive) and z (of both signs) of random numbers.
    fn new(text: &str, rows: usize) -> Case {
        let random = Stream::new("test/derivatives", &0);
        let column = |n: u64| (0..rows as u64).map(move |i| random.child(n).uniform(i));
        let x = column(0).map(|u| 0.5 + 2.0 * u).collect();
        let z = column(1).map(|u| 4.0 * u - 2.0).collect();
        let y = column(2).map(|u| 1.0 + u).collect();
        Case { model: parse(text, &NAMES), x, z, y }
    }

    fn objective(&self, loss: Loss) -> Objective {
        let names: Vec<String> = NAMES.map(str::to_owned).into();
        let column = |name: &str| Ok(if name == "x" { &self.x[..] } else { &self.z[..] });
        let tape = Tape::compile(&self.model, &names, self.x.len(), &column).unwrap();
        let free = NAMES.map(|name| FreeParameter { name: name.to_owned(), low: None, high: None, shared: false });
        Objective::new(tape, Space::new(&free).unwrap(), loss, &self.y, vec![(self.y.len(), vec![0, 1, 2])])
    }

    fn plain(&self, row: usize, point: &[f64]) -> f64 {
        self.model.evaluate(&|name| match name {
            Name::Column("x") => self.x[row],
            Name::Column(_) => self.z[row],
            Name::Parameter(p) => point[NAMES.iter().position(|n| *n == p).unwrap()],
            Name::Bound(_) | Name::Answer(_) | Name::Is(..) => f64::NAN,
        })
    }
}

/// One formula for every operation and function, in forms that become each operation of the tape.
const FORMULAS: [&str; 24] = [
    "p + q",
    "p - q * x",
    "p * z + q",
    "p / (x + q) + r",
    "-p * x - -q",
    "x^p + q",
    "(x + p)^q",
    "(x + p)^3 + q^2 * z",
    "(x + p)^(-2)",
    "sqrt(x + p^2)",
    "(x + q^2)^0.5",
    "p / x^q + r / 2^q",
    "exp(p * z) + q",
    "log(x + p) * q",
    "abs(z * p - q)",
    "min(p * x, q, z)",
    "max(p * z, q, 0.1)",
    "round(x * 3) * p + round(q, 100)",
    "if z > 0 then p * x else q / x",
    "if p * z < q and z > 0 or x == 1 then p^2 else q * x",
    "if not (z >= 0) then exp(p) else q",
    "if z != 0 and p <= 100 then p * q * r * x else 7",
    "(p / x)^(q / r) + exp(-r * z) * p",
    "p * p * x + exp(q * q) * exp(q * q) + log(exp(p * z) + exp(q))",
];

#[test]
fn gradients_are_those_of_central_differences() {
    let point = [0.7, 0.9, 1.3];
    for text in FORMULAS {
        let case = Case::new(text, 21);
        for loss in [SQUARES, LOG_SQUARES, Loss { delta: 0.3, ..LOG_SQUARES }] {
            // Only positive values have a logarithm.
            let positive = (0..21).all(|row| case.plain(row, &point) > 0.05);
            if loss.logarithmic && !positive {
                continue;
            }
            let objective = case.objective(loss);
            let (mut workspace, mut state) = (objective.workspace(), State::new(3));
            let weights = objective.weights(|row| 1.0 + (row % 3) as f64);
            objective.full(&mut workspace, &point, &weights, &mut state);
            assert!(state.value.is_finite(), "{text}");
            assert_eq!(state.value, objective.value(&mut workspace, &point, &weights));
            for k in 0..3 {
                let step = 1e-5;
                let mut at = |shift: f64| {
                    let mut moved = point;
                    moved[k] += shift;
                    objective.value(&mut workspace, &moved, &weights)
                };
                let difference = (at(step) - at(-step)) / (2.0 * step);
                let error = (state.gradient[k] - difference).abs() / (1.0 + difference.abs());
                assert!(error < 2e-7, "{text} {loss:?} {}: {} {difference}", NAMES[k], state.gradient[k]);
            }
        }
    }
}

#[test]
fn values_are_those_of_the_expression() {
    let point = [0.7, 0.9, 1.3];
    for text in FORMULAS {
        let case = Case::new(text, 21);
        let objective = case.objective(SQUARES);
        let mut found = vec![0.0; 21];
        objective.model(&mut objective.workspace(), &point, &mut found);
        for (row, found) in found.iter().enumerate() {
            let expected = case.plain(row, &point);
            assert!((found - expected).abs() <= 1e-13 * (1.0 + expected.abs()), "{text} row {row}: {found} {expected}");
        }
    }
}

#[test]
fn second_derivatives_are_those_of_differences_of_gradients() {
    let case = Case::new("p / x^q + r * exp(p * z)", 40);
    let objective = case.objective(SQUARES);
    let (mut workspace, mut state, mut other) = (objective.workspace(), State::new(3), State::new(3));
    let weights = objective.weights(|_| 1.0);
    let point = [0.7, 0.9, 1.3];
    objective.full(&mut workspace, &point, &weights, &mut state);
    let step = 1e-6;
    for k in 0..3 {
        let mut moved = point;
        moved[k] += step;
        objective.frozen(&mut workspace, &moved, k, &weights, &mut other);
        let model: Vec<f64> = (0..3).map(|l| (other.gradient[l] - state.gradient[l]) / step).collect();
        let at = |shift: f64| {
            let (mut moved, mut state) = (point, State::new(3));
            moved[k] += shift;
            // A workspace of its own: the slopes of the point itself are kept in the other.
            objective.full(&mut objective.workspace(), &moved, &weights, &mut state);
            state.gradient
        };
        let (above, below) = (at(1e-5), at(-1e-5));
        for l in 0..3 {
            let expected = (above[l] - below[l]) / 2e-5;
            let found = state.curvature[k * 3 + l] + model[l];
            assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{k} {l}: {found} {expected}");
        }
    }
}

#[test]
fn any_number_of_rows_is_summed_whole() {
    let point = [0.7, 0.9, 1.3];
    for rows in [1, 7, 8, 9, 255, 256, 257, 1000] {
        let case = Case::new("p / x^q + r", rows);
        let objective = case.objective(SQUARES);
        let weights = objective.weights(|row| (row % 2) as f64 + 0.5);
        let row = |row: usize| ((row % 2) as f64 + 0.5) * 0.5 * (case.plain(row, &point) - case.y[row]).powi(2);
        let expected: f64 = (0..rows).map(row).sum();
        let mut workspace = objective.workspace();
        for _ in 0..2 {
            let found = objective.value(&mut workspace, &point, &weights);
            assert!((found - expected).abs() < 1e-12 * expected, "{rows}: {found} {expected}");
        }
    }
}

#[test]
fn a_row_without_weight_counts_for_nothing_even_where_it_has_no_value() {
    let mut case = Case::new("p * log(z) + q + r", 9);
    case.z.iter_mut().for_each(|z| *z = z.abs() + 0.1);
    case.z[4] = -1.0;
    let objective = case.objective(SQUARES);
    let (mut workspace, mut state) = (objective.workspace(), State::new(3));
    let without = objective.weights(|row| f64::from(u8::from(row != 4)));
    objective.full(&mut workspace, &[0.7, 0.9, 1.3], &without, &mut state);
    assert!(objective.value(&mut workspace, &[0.7, 0.9, 1.3], &without).is_finite());
    assert_eq!(objective.value(&mut workspace, &[0.7, 0.9, 1.3], &objective.weights(|_| 1.0)), f64::INFINITY);
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let point = [0.7, 0.9, 1.3];
    for text in FORMULAS {
        let case = Case::new(text, 300);
        for loss in [SQUARES, Loss { delta: 0.3, ..LOG_SQUARES }] {
            let objective = case.objective(loss);
            let weights = objective.weights(|row| (row % 3) as f64);
            let (mut workspace, mut other) = (objective.workspace(), objective.workspace());
            let mut state = State::new(3);
            objective.full(&mut workspace, &point, &weights, &mut state);
            // Leaves the point's parameters in the other workspace, for the pass that follows.
            objective.value(&mut other, &point, &weights);
            let mut plain = State::new(3);
            let value = objective.pass_plain(&mut other, &weights, &mut Purpose::Full(&mut plain));
            assert_eq!(value.to_bits(), state.value.to_bits(), "{text}");
            let bits = |w: &Workspace, s: &State| {
                let all = s.gradient.iter().chain(&s.majorant).chain(&s.curvature).chain(&w.slopes);
                all.map(|x| x.to_bits()).collect::<Vec<u64>>()
            };
            assert_eq!(bits(&workspace, &state), bits(&other, &plain), "{text}");
        }
    }
}
