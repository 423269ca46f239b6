//! What an editor shows, one file a feature: plain data about places of a text, without a word of any protocol.

mod record;

pub(crate) use record::{Declared, Record, Target};
