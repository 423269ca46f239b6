//! Numbers as people read them.

use synx_plan::exact::Exact;
use synx_plan::grid::readable;

/// A number in its shortest form that reads back: `4M`, `0.003`, `inf`.
pub fn shown(number: f64) -> String {
    let whole = number.fract() == 0.0 && number.abs() < 1e15;
    match Exact::from_decimal(&number.to_string()) {
        Some(exact) if whole => readable(&exact),
        _ if number != 0.0 && (number.abs() < 1e-4 || number.abs() >= 1e15) => format!("{number:e}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let numbers = [4e6, 1500.0, 0.003, 2.5e-7, 1e20, f64::INFINITY, 0.0, -3.0];
        assert_eq!(numbers.map(shown), ["4M", "1500", "0.003", "2.5e-7", "1e20", "inf", "0", "-3"]);
    }
}
