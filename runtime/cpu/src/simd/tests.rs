//! Every operation of every instruction set, held to that of arrays of sixteen numbers: any bits at all.

use synx_plan::random::Stream;

use super::kernel;
use crate::Instructions;
use crate::testing::same_bits;

/// Numbers at which operations turn: zeros, the ends of the normal numbers and of those below, infinities, not-a-number (loud and quiet), halves of bf16.
const TURNS: [u32; 20] = [
    0x0000_0000,
    0x8000_0000,
    0x0000_0001,
    0x8000_0001,
    0x007f_ffff,
    0x807f_ffff,
    0x0080_0000,
    0x8080_0000,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7f80_0001,
    0xffc0_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x3f80_8000,
    0x3f81_8000,
    0x7f7f_8000,
    0x4b40_0001,
];

kernel! {
    fn operations(s; a: &[f32; 16], b: &[f32; 16], c: &[f32; 16], out: &mut Vec<f32>) {
        let (a, b, c) = (s.load(a), s.load(b), s.load(c));
        let (even, odd) = s.parts(a);
        let (exponent, fraction) = s.exponent(a);
        let results = [
            s.add(a, b),
            s.sub(a, b),
            s.mul(a, b),
            s.div(a, b),
            s.sqrt(a),
            s.neg(a),
            s.swap_halves(a),
            s.mul_add(a, b, c),
            s.max(a, b),
            s.min(a, b),
            s.zero_below(a, b, c),
            exponent,
            fraction,
            s.power_of_two(a),
            s.bf16(a),
            s.f16(a),
            s.pair(s.bf16(a), s.bf16(b)),
            even,
            odd,
            s.flush(a),
            s.add_pair(s.pair(s.bf16(a), s.bf16(b)), s.pair(s.bf16(b), s.bf16(c)), c),
            s.exp(a),
        ];
        for lanes in results {
            out.extend(s.to_array(lanes));
        }
        out.push(s.sum(a));
        let mut pairs = [0.0; 8];
        // SAFETY: there are eight lanes.
        unsafe { s.store_bf16_to(pairs.as_mut_ptr(), s.bf16(a)) };
        out.extend(pairs);
        // SAFETY: four numbers are read.
        for lanes in unsafe { s.splat_four(s.to_array(b)[5..9].as_ptr()) } {
            out.extend(s.to_array(lanes));
        }
    }

    /// Parts of sixteen numbers: read, written between others, and taken of two.
    fn parts(s; from: &[f32], rest: &[f32; 16], out: &mut Vec<f32>) {
        let part = s.load_part(from);
        out.extend(s.to_array(part));
        let mut written = [7.0; 20];
        s.store_part(&mut written[2..2 + from.len()], s.load(rest));
        out.extend(written);
        out.extend(s.to_array(s.first(s.load(rest), from.len(), s.splat(-1.0))));
    }

    fn transposed(s; from: &[f32], out: &mut Vec<f32>) {
        let mut to = [0.0; 16 * 19];
        // SAFETY: rows of `from` are 17 numbers apart, those of `to` 19.
        unsafe { s.transpose(from.as_ptr(), 17, to.as_mut_ptr(), 19) };
        out.extend(to);
    }
}

/// One not-a-number is as good as another.
fn told(values: Vec<f32>) -> Vec<f32> {
    values.into_iter().map(|x| if x.is_nan() { f32::NAN } else { x }).collect()
}

fn held(what: &str, of: impl Fn(Instructions) -> Vec<f32>) {
    let want = of(Instructions::SCALAR);
    for instructions in Instructions::available() {
        same_bits(&of(instructions), &want, &format!("{instructions}: {what}"));
    }
}

#[test]
fn every_operation_is_that_of_plain_numbers() {
    let stream = Stream::new("simd test/1", &0);
    for round in 0..2000 {
        let lanes = |of: u64| -> [f32; 16] {
            std::array::from_fn(|l| {
                let place = (round * 3 + of) * 64 + 4 * l as u64;
                let any = stream.below(place, 1 << 32) as u32;
                // Any bits, numbers of like size, and turns.
                let bits = match stream.below(place + 1, 3) {
                    0 => any,
                    1 => any & 0x83ff_ffff | 0x3c00_0000,
                    _ => TURNS[stream.below(place + 2, TURNS.len() as u64) as usize],
                };
                f32::from_bits(bits)
            })
        };
        let (a, b, c) = (lanes(0), lanes(1), lanes(2));
        held(&format!("round {round}, {a:?} {b:?} {c:?}"), |instructions| {
            let mut out = Vec::new();
            operations(instructions, &a, &b, &c, &mut out);
            told(out)
        });
    }
}

#[test]
fn parts_and_squares_are_those_of_plain_numbers() {
    let numbers: Vec<f32> = (0..16 * 17).map(|i| i as f32 + 0.5).collect();
    let rest = std::array::from_fn(|l| 100.0 + l as f32);
    for count in 0..=16 {
        held(&format!("{count} numbers"), |instructions| {
            let mut out = Vec::new();
            parts(instructions, &numbers[..count], &rest, &mut out);
            out
        });
    }
    held("a square", |instructions| {
        let mut out = Vec::new();
        transposed(instructions, &numbers, &mut out);
        out
    });
}
