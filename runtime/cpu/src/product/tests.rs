//! Every instruction set keeps the chain rule, in numbers of f32, pairs of bf16 and numbers of f16.

use super::*;
use crate::Instructions;
use crate::kernels::linear;
use crate::math::{self, Fused};
use crate::testing::{numbers, same_bits};

const SHAPES: [(usize, usize, usize); 10] = [
    (17, 65, 33),
    (1, 1, 1),
    (19, 70, 128),
    (50, 33, 96),
    (8, 512, 32),
    (7, 513, 31),
    (33, 1100, 97),
    (16, 3, 48),
    (5, 64, 16),
    (64, 40, 80),
];

#[test]
fn every_instruction_set_keeps_the_chain_rule_in_bf16() {
    keeps_the_chain_rule::<math::Bf16>(Factors::Bf16);
}

#[test]
fn every_instruction_set_keeps_the_chain_rule_in_f16() {
    keeps_the_chain_rule::<math::F16>(Factors::F16);
}

/// The two forms of products with rounded factors, on every instruction set: bf16 with the machine's own instruction for pairs where it has one, and without.
fn keeps_the_chain_rule<A: math::Arithmetic>(factors: Factors) {
    for (rows, inner, columns) in SHAPES {
        let (left, right) = (numbers(1, rows * inner), numbers(2, inner * columns));
        let before = numbers(3, rows * columns);
        let mut want = vec![0.0; rows * columns];
        linear::twin::<A>(&left, &right, &mut want, inner, columns);
        let transposed: Vec<f32> = (0..inner * rows).map(|i| left[i % rows * inner + i / rows]).collect();
        let right_columns: Vec<f32> = (0..inner * columns).map(|i| right[i % inner * columns + i / inner]).collect();
        let mut want_added = before.clone();
        linear::twin_grad_weight::<A>(&transposed, &right, &mut want_added, rows, columns, true);
        let layout = Layout::new(factors.steps(inner), columns);
        for instructions in Instructions::available() {
            let mut panels = vec![f32::NAN; layout.len()];
            pack_as(instructions, factors, &right, columns, 1, inner, layout, &mut panels);
            let mut from_columns = vec![f32::NAN; layout.len()];
            pack_as(instructions, factors, &right_columns, 1, inner, inner, layout, &mut from_columns);
            same_bits(&from_columns, &panels, "packed");
            let what = format!("{instructions} {rows}x{inner}x{columns}");
            let mut out = vec![f32::NAN; rows * columns];
            let mut work = vec![f32::NAN; factors_len(factors, rows, inner, columns, false)];
            let product = Product {
                left: &left,
                left_row: inner,
                left_step: 1,
                right: Right::Packed { values: &panels, layout },
                rows,
                inner,
                columns,
                out: &mut out,
                out_row: columns,
                accumulate: false,
            };
            multiply_as(instructions, factors, product, &mut work);
            same_bits(&out, &want, &what);
            let mut out = before.clone();
            let mut work = vec![f32::NAN; factors_len(factors, rows, inner, columns, true)];
            let product = Product {
                left: &transposed,
                left_row: 1,
                left_step: rows,
                right: Right::Rows { values: &right, stride: columns },
                rows,
                inner,
                columns,
                out: &mut out,
                out_row: columns,
                accumulate: true,
            };
            multiply_as(instructions, factors, product, &mut work);
            same_bits(&out, &want_added, &what);
        }
    }
}

/// Also of numbers that overflow, vanish or are none; on a machine with an instruction for pairs, with it and without.
#[test]
fn every_way_to_multiply_pairs_gives_the_same_bits() {
    let stream = synx_plan::random::Stream::new("pairs test/1", &0);
    let (rows, inner, columns) = (12, 40, 64);
    for round in 0..100 {
        let any = |from: u64, count: usize| -> Vec<f32> {
            let bits = (0..count as u64).map(|i| stream.below(from + i, 1 << 32) as u32);
            // Any bits at all, or exponents near each other in both halves of a pair.
            let near = |bits: u32| if round % 2 == 0 { bits } else { bits & 0x87ff_87ff | 0x3800_3800 };
            bits.map(|bits| f32::from_bits(near(bits))).collect()
        };
        let start = round * 1_000_000;
        let (left, right) = (any(start, rows * inner), any(start + 500_000, inner * columns));
        let given = |multiply: &dyn Fn(Product)| {
            let mut out = vec![0.0; rows * columns];
            multiply(Product {
                left: &left,
                left_row: inner,
                left_step: 1,
                right: Right::Packed { values: &right, layout: Layout { inner, columns, panel: 64 } },
                rows,
                inner,
                columns,
                out: &mut out,
                out_row: columns,
                accumulate: false,
            });
            // One not-a-number is as good as another.
            out.into_iter().map(|x| if x.is_nan() { f32::NAN } else { x }).collect::<Vec<f32>>()
        };
        let want: Vec<f32> = (0..rows * columns)
            .map(|i| {
                let step =
                    |sum, k| math::add_pair(left[i / columns * inner + k], right[k * columns + i % columns], sum);
                (0..inner).fold(0.0, step)
            })
            .map(|x: f32| if x.is_nan() { f32::NAN } else { x })
            .collect();
        for instructions in Instructions::available() {
            same_bits(&given(&|product| multiply_pairs(instructions, product)), &want, instructions.name());
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = crate::simd::Avx512::detect() {
            // SAFETY: the token proves that the machine has the instructions.
            same_bits(
                &given(&|product| unsafe { instruction_sets::multiply_emulated(token, product) }),
                &want,
                "without the instruction",
            );
        }
    }
}

kernel! {
    fn multiply_pairs(s; product: Product) {
        s.multiply_pairs(product);
    }
}

#[test]
fn every_instruction_set_keeps_the_chain_rule() {
    for (rows, inner, columns) in SHAPES {
        let left = numbers(1, rows * inner);
        let right = numbers(2, inner * columns);
        let before = numbers(3, rows * columns);
        for accumulate in [false, true] {
            // The gradient of a weight takes its left factor transposed and can add: the same product.
            let transposed: Vec<f32> = (0..inner * rows).map(|i| left[i % rows * inner + i / rows]).collect();
            let mut want = before.clone();
            linear::twin_grad_weight::<Fused>(&transposed, &right, &mut want, rows, columns, accumulate);
            let right_columns: Vec<f32> =
                (0..inner * columns).map(|i| right[i % inner * columns + i / inner]).collect();
            let layout = Layout::new(inner, columns);
            for instructions in Instructions::available() {
                let mut panels = vec![f32::NAN; layout.len()];
                pack_as(instructions, Factors::F32, &right, columns, 1, inner, layout, &mut panels);
                let mut from_columns = vec![f32::NAN; layout.len()];
                pack_as(instructions, Factors::F32, &right_columns, 1, inner, inner, layout, &mut from_columns);
                same_bits(&from_columns, &panels, "packed");
                for (left, left_row, left_step) in [(&left, inner, 1), (&transposed, 1, rows)] {
                    let kinds =
                        [Right::Rows { values: &right, stride: columns }, Right::Packed { values: &panels, layout }];
                    for right in kinds {
                        let mut out = before.clone();
                        let product = Product {
                            left,
                            left_row,
                            left_step,
                            right,
                            rows,
                            inner,
                            columns,
                            out: &mut out,
                            out_row: columns,
                            accumulate,
                        };
                        multiply_as(instructions, Factors::F32, product, &mut []);
                        same_bits(&out, &want, &format!("{instructions} {rows}x{inner}x{columns} {right:?}"));
                    }
                }
            }
        }
    }
}
