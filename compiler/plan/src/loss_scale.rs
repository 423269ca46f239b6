//! What losses are multiplied by before their gradients are taken, where factors are rounded to f16: without it small gradients would round to zeros.

use crate::recipe::Precision;

/// The scale of a replica's gradients: a power of two that falls by half when a gradient overflows, and doubles when none has for a while
/// (Micikevicius et al. 2018, section 3.2). Numbers of f32 are scaled by it without rounding. In other precisions it stands still and is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LossScale {
    /// The scale is two to this.
    pub exponent: u8,
    /// Steps since the scale changed last, or since a gradient overflowed.
    pub steps: u16,
}

impl LossScale {
    /// Steps without an overflow after which the scale doubles.
    pub const DOUBLES_AFTER: u16 = 2000;
    /// The largest exponent.
    pub const MOST: u8 = 24;

    /// The scale itself; one in precisions that need none.
    pub fn of(self, precision: Precision) -> f32 {
        match precision {
            Precision::F16 => f32::from_bits((127 + u32::from(self.exponent.min(LossScale::MOST))) << 23),
            Precision::F32 | Precision::Bf16 => 1.0,
        }
    }

    /// After a step whose gradient was finite.
    #[must_use]
    pub fn after_update(self) -> LossScale {
        let steps = self.steps + 1;
        if steps < LossScale::DOUBLES_AFTER {
            return LossScale { steps, ..self };
        }
        LossScale { exponent: (self.exponent + 1).min(LossScale::MOST), steps: 0 }
    }

    /// After a step whose gradient overflowed and is not used. `None` where the scale is one already: then it is no overflow that a scale could help.
    pub fn after_overflow(self) -> Option<LossScale> {
        self.exponent.checked_sub(1).map(|exponent| LossScale { exponent, steps: 0 })
    }

    /// In one word, as devices and files keep it.
    pub fn to_word(self) -> u32 {
        u32::from(self.exponent) << 16 | u32::from(self.steps)
    }

    /// `None` for what is no word of [`LossScale::to_word`].
    pub fn from_word(word: u32) -> Option<LossScale> {
        let exponent = u8::try_from(word >> 16).ok().filter(|exponent| *exponent <= LossScale::MOST)?;
        let steps = Some(word as u16).filter(|steps| *steps < LossScale::DOUBLES_AFTER)?;
        Some(LossScale { exponent, steps })
    }
}

impl Default for LossScale {
    /// 65,536, before the first step.
    fn default() -> LossScale {
        LossScale { exponent: 16, steps: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_falls_at_once_and_rises_slowly() {
        let start = LossScale::default();
        assert_eq!(start.of(Precision::F16), 65_536.0);
        assert_eq!(start.of(Precision::Bf16), 1.0);
        let after = |scale: LossScale, steps: usize| (0..steps).fold(scale, |scale, _| scale.after_update());
        assert_eq!(after(start, 1999).exponent, 16);
        assert_eq!(after(start, 2000), LossScale { exponent: 17, steps: 0 });
        assert_eq!(after(start, 100_000), LossScale { exponent: LossScale::MOST, steps: 0 });
        let fallen = after(start, 7).after_overflow().unwrap();
        assert_eq!(fallen, LossScale { exponent: 15, steps: 0 });
        let one = LossScale { exponent: 0, steps: 3 };
        assert_eq!((one.of(Precision::F16), one.after_overflow()), (1.0, None));
    }

    #[test]
    fn a_scale_is_its_word() {
        for scale in
            [LossScale::default(), LossScale { exponent: 0, steps: 1999 }, LossScale { exponent: 24, steps: 1 }]
        {
            assert_eq!(LossScale::from_word(scale.to_word()), Some(scale));
        }
        for word in [25 << 16, 2000, u32::MAX] {
            assert_eq!(LossScale::from_word(word), None, "{word:x}");
        }
    }
}
