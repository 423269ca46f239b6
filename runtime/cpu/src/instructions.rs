//! Which instruction set kernels run with, found out when the program runs.

use std::fmt;

/// An instruction set that this machine has. All of them give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instructions(Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Instructions {
    /// No instruction set in particular: what the compiler makes of sixteen-lane arrays.
    pub const SCALAR: Instructions = Instructions(Level::Scalar);

    /// The fastest that this machine has.
    pub fn detect() -> Instructions {
        Instructions::available().last().copied().unwrap_or(Instructions::SCALAR)
    }

    /// All that this machine has, slowest first.
    pub fn available() -> Vec<Instructions> {
        #[allow(unused_mut)] // Only pushed to where there is more than one.
        let mut found = vec![Instructions::SCALAR];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 {
                found.push(Instructions(Level::Avx2));
            }
            if avx2 && is_x86_feature_detected!("avx512f") {
                found.push(Instructions(Level::Avx512));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            found.push(Instructions(Level::Neon));
        }
        found
    }

    /// `scalar`, `avx2`, `avx512` or `neon`; `None` where this machine has no such instructions or the name is another.
    pub fn named(name: &str) -> Option<Instructions> {
        Instructions::available().into_iter().find(|i| i.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Level::Neon => "neon",
        }
    }

    pub(crate) fn level(self) -> Level {
        self.0
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
