//! What training tells those who watch.

/// One thing that happened, as plain data. Segments are places in `Work::segments`.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A wave is made.
    Wave {
        slots: usize,
        segments: usize,
        steps: u64,
    },
    /// A segment starts, or goes on from a checkpoint at `step`.
    Joined {
        segment: usize,
        slot: usize,
        step: u64,
    },
    /// Some steps were taken.
    Stepped {
        live: Vec<LiveSlot>,
        /// Steps of all slots so far and altogether.
        done: u64,
        total: u64,
        tokens_per_second: f64,
        /// Seconds of the device that these steps took: less than have gone by where waves train side by side.
        own_seconds: f64,
        seconds_left: f64,
    },
    /// Everything that was on its way is kept up to here.
    Checkpointed {
        segments: usize,
    },
    Finished {
        segment: usize,
    },
    /// At this step, counted from zero.
    Diverged {
        segment: usize,
        step: u64,
    },
    Evaluated {
        segment: usize,
        domain: usize,
    },
}

/// A slot of the wave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveSlot {
    pub segment: usize,
    pub step: u64,
    /// Of the last step, nats per token.
    pub loss: f32,
}
