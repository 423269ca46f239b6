//! What the store keeps: records as plain data, states and curves as bytes.

use serde::{Deserialize, Serialize};
use synx_plan::corpus::CorpusFacts;
use synx_plan::executor::{SlotState, StepReading};
use synx_plan::key::Key;
use synx_plan::loss_scale::LossScale;

/// What the last scan of a declaration found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanRecord {
    /// The corpus that the declaration came to, with the bytes that were there.
    pub corpus: Key,
    pub facts: CorpusFacts,
    /// Seconds since 1970, for people.
    pub scanned_at: u64,
}

/// A stretch of training that is finished, or given up where it diverged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentRecord {
    /// The key of the state that it started from; `None` for a fresh initialisation.
    pub parent: Option<Key>,
    pub start: u64,
    /// First step after the segment, also where it was given up before.
    pub end: u64,
    /// The optimiser step, from zero, that diverged.
    pub diverged: Option<u64>,
    /// Its part of the time of the waves that it was trained in.
    pub seconds: f64,
    /// Of every step from `start` on, up to the end or to before the step that diverged.
    #[serde(skip)]
    pub curve: Vec<StepReading>,
}

/// A segment on its way: its state after some of its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub start: u64,
    pub state: SlotState,
    pub seconds: f64,
    /// From `start` up to `state.step`.
    pub curve: Vec<StepReading>,
}

/// What a checkpoint's marker says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CheckpointMeta {
    pub start: u64,
    pub seconds: f64,
}

/// The losses of one state on one domain, summed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRecord {
    /// Nats, over all predicted tokens.
    pub loss: f64,
    /// Predicted tokens.
    pub tokens: u64,
    /// Bytes of text that these tokens stand for.
    pub bytes: u64,
}

/// Who runs a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub process: u32,
    pub host: String,
    /// Seconds since 1970.
    pub since: u64,
}

const STATE: &[u8] = b"synxsta2";
/// Before states had a loss scale.
const STATE_WITHOUT_SCALE: &[u8] = b"synxsta1";
const WEIGHTS: &[u8] = b"synxwei1";

/// A file of numbers: eight bytes that say what it is, the step, the count, of states the loss scale, then little-endian f32.
pub(crate) struct Encoded {
    head: Vec<u8>,
    values: Vec<Vec<u8>>,
}

impl Encoded {
    pub(crate) fn state(state: &SlotState) -> Encoded {
        let mut encoded =
            Encoded::new(STATE, state.step, &[&state.parameters, &state.first_moment, &state.second_moment]);
        encoded.head.extend(u64::from(state.loss_scale.to_word()).to_le_bytes());
        encoded
    }

    pub(crate) fn weights(step: u64, weights: &[f32]) -> Encoded {
        Encoded::new(WEIGHTS, step, &[weights])
    }

    fn new(kind: &[u8], step: u64, values: &[&[f32]]) -> Encoded {
        let mut head = kind.to_vec();
        head.extend(step.to_le_bytes());
        head.extend((values[0].len() as u64).to_le_bytes());
        Encoded { head, values: values.iter().map(|v| to_bytes(v)).collect() }
    }

    pub(crate) fn parts(&self) -> Vec<&[u8]> {
        std::iter::once(&self.head[..]).chain(self.values.iter().map(|v| &v[..])).collect()
    }
}

pub(crate) fn decode_state(bytes: &[u8]) -> Option<SlotState> {
    let (loss_scale, (step, mut values)) = if let Some(decoded) = decode(STATE_WITHOUT_SCALE, bytes, 0, 3) {
        (LossScale::default(), decoded)
    } else {
        let word = bytes.get(HEAD..HEAD + 8)?.try_into().ok().map(u64::from_le_bytes)?;
        (LossScale::from_word(u32::try_from(word).ok()?)?, decode(STATE, bytes, 8, 3)?)
    };
    let second_moment = values.pop()?;
    let first_moment = values.pop()?;
    let parameters = values.pop()?;
    Some(SlotState { step, parameters, first_moment, second_moment, loss_scale })
}

/// The step and the weights.
pub(crate) fn decode_weights(bytes: &[u8]) -> Option<(u64, Vec<f32>)> {
    let (step, mut values) = decode(WEIGHTS, bytes, 0, 1)?;
    Some((step, values.pop()?))
}

/// Bytes that every file begins with: its kind, the step, the count.
const HEAD: usize = 24;

/// The step and the arrays of a file of this kind, whose head has `more` bytes.
fn decode(kind: &[u8], bytes: &[u8], more: usize, arrays: usize) -> Option<(u64, Vec<Vec<f32>>)> {
    let (head, rest) = bytes.split_at_checked(HEAD + more)?;
    let number = |at: usize| head[at..at + 8].try_into().ok().map(u64::from_le_bytes);
    let (step, count) = (number(8)?, number(16)? as usize);
    let whole = &head[..8] == kind && Some(rest.len()) == count.checked_mul(4 * arrays);
    if !whole {
        return None;
    }
    let values =
        if count == 0 { vec![Vec::new(); arrays] } else { rest.chunks_exact(4 * count).map(from_bytes).collect() };
    Some((step, values))
}

/// Losses and gradient norms in turn.
pub(crate) fn encode_curve(curve: &[StepReading]) -> Vec<u8> {
    let values: Vec<f32> = curve.iter().flat_map(|r| [r.loss, r.gradient_norm]).collect();
    to_bytes(&values)
}

pub(crate) fn decode_curve(bytes: &[u8]) -> Vec<StepReading> {
    from_bytes(bytes).chunks_exact(2).map(|pair| StepReading { loss: pair[0], gradient_norm: pair[1] }).collect()
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_its_bytes() {
        let state = SlotState {
            step: 7,
            parameters: vec![1.0, -0.0, f32::MIN_POSITIVE],
            first_moment: vec![0.5; 3],
            second_moment: vec![0.25; 3],
            loss_scale: LossScale { exponent: 13, steps: 77 },
        };
        let bytes = Encoded::state(&state).parts().concat();
        assert_eq!(decode_state(&bytes).as_ref(), Some(&state));
        // As it was written before there was a scale.
        let before = [STATE_WITHOUT_SCALE, &bytes[8..HEAD], &bytes[HEAD + 8..]].concat();
        assert_eq!(decode_state(&before), Some(SlotState { loss_scale: LossScale::default(), ..state }));
        let no_scale = [&bytes[..HEAD], &[0xff; 8], &bytes[HEAD + 8..]].concat();
        assert_eq!(decode_state(&no_scale), None);
        assert_eq!(decode_state(&bytes[..bytes.len() - 1]), None);
        assert_eq!(decode_weights(&bytes), None, "another kind of file");
    }

    #[test]
    fn a_curve_is_its_bytes() {
        let curve = vec![StepReading { loss: 5.5, gradient_norm: 0.1 }, StepReading { loss: 5.25, gradient_norm: 0.2 }];
        assert_eq!(decode_curve(&encode_curve(&curve)), curve);
    }
}
