//! Numbers for people.

/// A count with a suffix and three digits: `1.31M`, `869k`, `42`.
pub fn count(value: f64) -> String {
    scaled(value, &[("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)])
}

/// Floating-point operations: `1.21 TFLOP`.
pub fn flops(value: f64) -> String {
    let prefixes = [("E", 1e18), ("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6)];
    let text = scaled(value, &prefixes);
    match text.strip_suffix(['E', 'P', 'T', 'G', 'M']) {
        Some(digits) => format!("{digits} {}FLOP", &text[digits.len()..]),
        None => format!("{text} FLOP"),
    }
}

/// Bytes: `128 MiB`.
pub fn bytes(value: u64) -> String {
    let units = [("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, bits) in units {
        if value >= 1 << bits {
            return format!("{} {unit}", digits(value as f64 / f64::from(bits).exp2()));
        }
    }
    format!("{value} B")
}

/// Joules, in the unit of an electricity bill: `0.4 Wh`, `1.2 kWh`.
pub fn energy(joules: f64) -> String {
    let hours = joules / 3600.0;
    if hours < 1000.0 { format!("{} Wh", digits(hours)) } else { format!("{} kWh", count(hours / 1000.0)) }
}

/// A stretch of time: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds > 1e12 {
        return "more than a lifetime".to_owned();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let pair = |large: u64, unit: &str, small: u64, part: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {part}") }
    };
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => pair(whole / 60, "min", whole % 60, "s"),
        3600..86_400 => pair(whole / 3600, "h", whole % 3600 / 60, "min"),
        _ => pair(whole / 86_400, "d", whole % 86_400 / 3600, "h"),
    }
}

/// Five significant digits, for estimates and losses.
pub fn estimate(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value > 0.0 { "∞".to_owned() } else { format!("{value}") };
    }
    let magnitude = value.abs().log10().floor() as i32;
    if (-4..7).contains(&magnitude) {
        format!("{value:.*}", usize::try_from(4 - magnitude).unwrap_or(0))
    } else {
        format!("{value:.4e}")
    }
}

/// `1 cell`, `2 cells`.
pub fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(count as u64))
}

/// Thousands set apart: `1,234,567`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn scaled(value: f64, suffixes: &[(&str, f64)]) -> String {
    for (suffix, scale) in suffixes {
        // 999.6k is 1.00M.
        if value.abs() >= scale * 0.9995 {
            return format!("{}{suffix}", digits(value / scale));
        }
    }
    digits(value)
}

/// Three significant digits without trailing zeros behind the point.
fn digits(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_three_digits_and_a_suffix() {
        for (value, text) in [(0.0, "0"), (42.0, "42"), (869_504.0, "870k"), (999_600.0, "1M"), (1.31e6, "1.31M")] {
            assert_eq!(count(value), text);
        }
        assert_eq!(flops(1.2e12), "1.2 TFLOP");
        assert_eq!(flops(1000.0), "1000 FLOP");
    }

    #[test]
    fn bytes_and_time_read_well() {
        assert_eq!(bytes(134_217_728), "128 MiB");
        assert_eq!(bytes(1000), "1000 B");
        for (seconds, text) in
            [(0.42, "0.4 s"), (59.4, "59 s"), (200.0, "3 min 20 s"), (7500.0, "2 h 5 min"), (273_600.0, "3 d 4 h")]
        {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(duration(f64::INFINITY), "more than a lifetime");
    }

    #[test]
    fn estimates_have_five_digits() {
        for (value, text) in [(1.817_218, "1.8172"), (477.826, "477.83"), (0.347_310, "0.34731"), (1.5e-7, "1.5000e-7")]
        {
            assert_eq!(estimate(value), text);
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(plural(1, "cell"), "1 cell");
    }
}
