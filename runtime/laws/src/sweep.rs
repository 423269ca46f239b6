//! The tape's values and derivatives over a block of rows: forward, then in reverse.
//!
//! Everything here is elementwise arithmetic in loops that the compiler makes wide, inlined into the copies that `objective`
//! makes for each instruction set, so the bits do not depend on which one runs.

#![allow(clippy::inline_always)]

use crate::elementary::{exp, log};
use crate::tape::{Operation, Tape};
use synx_plan::expression::{Binary, Function};

/// Rows that are worked on at a time, at most.
pub const BLOCK: usize = 256;

/// Values that are worked on at a time, those of all operations and their adjoints each: both then stay in the second cache. Arbitrary.
const VALUES: usize = 4096;

/// How many rows of a tape are worked on at a time.
pub fn block(operations: usize) -> usize {
    (VALUES / operations.max(1) / LANES * LANES).clamp(4 * LANES, BLOCK)
}

/// Lengths that are worked on are multiples of this.
pub const LANES: usize = 8;

#[inline(always)]
fn unary(out: &mut [f64], a: &[f64], f: impl Fn(f64) -> f64) {
    for (out, &a) in out.iter_mut().zip(a) {
        *out = f(a);
    }
}

#[inline(always)]
fn binary(out: &mut [f64], a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

#[inline(always)]
fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// The smaller; not-a-number where one is, the first of equals.
#[inline(always)]
fn minimum(a: f64, b: f64) -> f64 {
    let smaller = if b < a { b } else { a };
    if b.is_nan() { b } else { smaller }
}

#[inline(always)]
fn power(a: f64, b: f64) -> f64 {
    if a > 0.0 { exp(b * log(a)) } else { Binary::Power.apply(a, b) }
}

/// Values of one operation from those before it. `before` holds the blocks of all earlier operations, `width` apart.
#[inline(always)]
pub fn forward(operation: Operation, before: &[f64], out: &mut [f64], width: usize) {
    use Operation as O;
    let len = out.len();
    let of = |node: usize| &before[node * width..node * width + len];
    match operation {
        // Constants, parameters and data are written where blocks are prepared.
        O::Constant(_) | O::Parameter(_) | O::Data(_) => {}
        O::Negate(a) => unary(out, of(a), |a| -a),
        O::Not(a) => unary(out, of(a), |a| truth(a == 0.0)),
        O::Exp(a) => unary(out, of(a), exp),
        O::Log(a) => unary(out, of(a), log),
        O::Sqrt(a) => unary(out, of(a), f64::sqrt),
        O::Abs(a) => unary(out, of(a), f64::abs),
        O::Add(a, b) => binary(out, of(a), of(b), |a, b| a + b),
        O::Subtract(a, b) => binary(out, of(a), of(b), |a, b| a - b),
        O::Multiply(a, b) => binary(out, of(a), of(b), |a, b| a * b),
        O::Divide(a, b) => binary(out, of(a), of(b), |a, b| a / b),
        O::Power(a, b) => binary(out, of(a), of(b), power),
        O::Minimum(a, b) => binary(out, of(a), of(b), minimum),
        O::Maximum(a, b) => binary(out, of(a), of(b), |a, b| -minimum(-a, -b)),
        O::Round(a, b) => binary(out, of(a), of(b), |a, b| Function::Round.apply(&[a, b])),
        O::Equal(a, b) => binary(out, of(a), of(b), |a, b| truth(a == b)),
        O::Less(a, b) => binary(out, of(a), of(b), |a, b| truth(a < b)),
        O::LessOrEqual(a, b) => binary(out, of(a), of(b), |a, b| truth(a <= b)),
        O::And(a, b) => binary(out, of(a), of(b), |a, b| truth(a != 0.0 && b != 0.0)),
        O::Or(a, b) => binary(out, of(a), of(b), |a, b| truth(a != 0.0 || b != 0.0)),
        O::Select(c, a, b) => {
            for (((out, &c), &a), &b) in out.iter_mut().zip(of(c)).zip(of(a)).zip(of(b)) {
                *out = if c == 0.0 { b } else { a };
            }
        }
    }
}

/// Adds what each operation's derivative hands to its operands, last operation first. `adjoints` comes with the root's block
/// filled and those of all other active operations zero; afterwards the parameters' blocks hold the derivative of every row.
#[inline(always)]
pub fn reverse(tape: &Tape, values: &[f64], adjoints: &mut [f64], len: usize, width: usize) {
    use Operation as O;
    for node in (0..tape.operations.len()).rev() {
        if !tape.active[node] {
            continue;
        }
        let (before, own) = adjoints.split_at_mut(node * width);
        let own = &own[..len];
        let value = |of: usize| &values[of * width..of * width + len];
        let out = value(node);
        // Hands `f(adjoint, i)`, where i is the row, to operand `to`.
        let mut hand = Hand { before, own, active: &tape.active, width };
        match tape.operations[node] {
            // Leaves have no operands, and what is flat nearly everywhere hands nothing on.
            O::Constant(_)
            | O::Parameter(_)
            | O::Data(_)
            | O::Not(_)
            | O::Round(..)
            | O::Equal(..)
            | O::Less(..)
            | O::LessOrEqual(..)
            | O::And(..)
            | O::Or(..) => {}
            O::Negate(a) => hand.plain(a, |d| -d),
            O::Exp(a) => hand.one(a, out, |d, out| d * out),
            O::Log(a) => hand.one(a, value(a), |d, a| d / a),
            O::Sqrt(a) => hand.one(a, out, |d, out| d * 0.5 / out),
            O::Abs(a) => hand.one(a, value(a), |d, a| if a < 0.0 { -d } else { d }),
            O::Add(a, b) => {
                hand.plain(a, |d| d);
                hand.plain(b, |d| d);
            }
            O::Subtract(a, b) => {
                hand.plain(a, |d| d);
                hand.plain(b, |d| -d);
            }
            O::Multiply(a, b) => {
                hand.one(a, value(b), |d, b| d * b);
                hand.one(b, value(a), |d, a| d * a);
            }
            O::Divide(a, b) => {
                hand.one(a, value(b), |d, b| d / b);
                hand.two(b, out, value(b), |d, out, b| -d * out / b);
            }
            O::Power(a, b) => {
                // b·a^(b−1), which also holds where a is 0 and b above 1; at exponent 0 it is flat.
                hand.two(a, value(a), value(b), |d, a, b| if b == 0.0 { 0.0 } else { d * b * power(a, b - 1.0) });
                // a^b·log a, which is 0 where a is 0 and b above 0.
                hand.two(b, out, value(a), |d, out, a| if out == 0.0 { 0.0 } else { d * out * log(a) });
            }
            O::Minimum(a, b) => {
                hand.two(a, value(a), value(b), |d, a, b| if b < a { 0.0 } else { d });
                hand.two(b, value(a), value(b), |d, a, b| if b < a { d } else { 0.0 });
            }
            O::Maximum(a, b) => {
                hand.two(a, value(a), value(b), |d, a, b| if b > a { 0.0 } else { d });
                hand.two(b, value(a), value(b), |d, a, b| if b > a { d } else { 0.0 });
            }
            O::Select(c, a, b) => {
                hand.one(a, value(c), |d, c| if c == 0.0 { 0.0 } else { d });
                hand.one(b, value(c), |d, c| if c == 0.0 { d } else { 0.0 });
            }
        }
    }
}

/// One operation's adjoint on its way to the operands.
struct Hand<'a> {
    before: &'a mut [f64],
    own: &'a [f64],
    active: &'a [bool],
    width: usize,
}

impl Hand<'_> {
    #[inline(always)]
    fn to(&mut self, operand: usize) -> Option<(&mut [f64], &[f64])> {
        let start = operand * self.width;
        self.active[operand].then(|| (&mut self.before[start..start + self.own.len()], self.own))
    }

    #[inline(always)]
    fn plain(&mut self, operand: usize, f: impl Fn(f64) -> f64) {
        if let Some((sum, own)) = self.to(operand) {
            add(sum, own, own, own, |d, _, _| f(d));
        }
    }

    #[inline(always)]
    fn one(&mut self, operand: usize, a: &[f64], f: impl Fn(f64, f64) -> f64) {
        if let Some((sum, own)) = self.to(operand) {
            add(sum, own, a, a, |d, a, _| f(d, a));
        }
    }

    #[inline(always)]
    fn two(&mut self, operand: usize, a: &[f64], b: &[f64], f: impl Fn(f64, f64, f64) -> f64) {
        if let Some((sum, own)) = self.to(operand) {
            add(sum, own, a, b, f);
        }
    }
}

/// sum[i] += f(d[i], a[i], b[i]). In chunks of a fixed length, which the compiler turns into wide registers without asking whether slices overlap.
#[inline(always)]
fn add(sum: &mut [f64], d: &[f64], a: &[f64], b: &[f64], f: impl Fn(f64, f64, f64) -> f64) {
    let (sum, _) = sum.as_chunks_mut::<LANES>();
    let (d, _) = d.as_chunks::<LANES>();
    let (a, _) = a.as_chunks::<LANES>();
    let (b, _) = b.as_chunks::<LANES>();
    for (((sum, d), a), b) in sum.iter_mut().zip(d).zip(a).zip(b) {
        let new: [f64; LANES] = std::array::from_fn(|i| sum[i] + f(d[i], a[i], b[i]));
        *sum = new;
    }
}
