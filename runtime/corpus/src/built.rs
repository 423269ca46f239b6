//! A built corpus: its tokens and facts, and the file that keeps them.
//!
//! The file: 8 bytes `SYNXCORP`, the format's version (u32), the length of the header (u32), the header as JSON (key, facts,
//! tokenizer, bytes a token, tokens of each part), the training tokens, the held-out tokens, and the BLAKE3 hash of
//! everything before it. Integers are little-endian.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use synx_plan::corpus::{CorpusFacts, Part};
use synx_plan::key::Key;
use synx_plan::problem::Problem;

use crate::tokens::Tokens;

const MAGIC: &[u8; 8] = b"SYNXCORP";
const VERSION: u32 = 1;
const HASH: usize = 32;

/// The tokens of a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltCorpus {
    pub key: Key,
    pub facts: CorpusFacts,
    /// Everything that is not held out: each document followed by its end.
    pub training: Tokens,
    pub heldout: Tokens,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    key: Key,
    facts: CorpusFacts,
    tokenizer: String,
    bytes_per_token: u64,
    training: u64,
    heldout: u64,
}

impl BuiltCorpus {
    /// The tokens of a part; `All` is the training part, then the held-out part.
    pub fn part(&self, part: Part) -> Tokens {
        match part {
            Part::Training => self.training.clone(),
            Part::Heldout => self.heldout.clone(),
            Part::All if self.heldout.is_empty() => self.training.clone(),
            Part::All => [self.training.as_bytes(), self.heldout.as_bytes()].concat().into(),
        }
    }

    /// Writes the file that [`BuiltCorpus::from_bytes`] reads.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let header = Header {
            key: self.key,
            facts: self.facts.clone(),
            tokenizer: "bytes".to_owned(),
            bytes_per_token: 1,
            training: self.training.len() as u64,
            heldout: self.heldout.len() as u64,
        };
        let header = serde_json::to_vec(&header)?;
        let length = u32::try_from(header.len()).map_err(io::Error::other)?;
        let mut hasher = blake3::Hasher::new();
        let pieces: [&[u8]; 6] = [
            MAGIC,
            &VERSION.to_le_bytes(),
            &length.to_le_bytes(),
            &header,
            self.training.as_bytes(),
            self.heldout.as_bytes(),
        ];
        for piece in pieces {
            hasher.update(piece);
            out.write_all(piece)?;
        }
        out.write_all(hasher.finalize().as_bytes())
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.training.len() + self.heldout.len() + 1024);
        self.write_to(&mut bytes).expect("writing to memory cannot fail, and the header is far below 4 GiB");
        bytes
    }

    /// Reads what `write_to` wrote, and verifies it: E0931 where a byte differs or the version is another.
    pub fn from_bytes(bytes: &[u8]) -> Result<BuiltCorpus, Problem> {
        let damaged = |why: &str| {
            Problem::new("E0931", "a built corpus in the store is damaged")
                .note(why.to_owned())
                .help("delete the file: it is built again from its sources")
        };
        let cut = || damaged("it ends too early");
        if !bytes.starts_with(MAGIC) {
            return Err(damaged("it does not begin as one"));
        }
        let (version, rest) = number(&bytes[MAGIC.len()..]).ok_or_else(cut)?;
        if version != VERSION {
            return Err(damaged(&format!("it has format version {version}; this version of synx reads {VERSION}")));
        }
        let (length, rest) = number(rest).ok_or_else(cut)?;
        let body = bytes.len().checked_sub(HASH).ok_or_else(cut)?;
        if blake3::hash(&bytes[..body]).as_bytes() != &bytes[body..] {
            return Err(damaged("its hash is not that of its bytes"));
        }
        let rest = &rest[..rest.len().checked_sub(HASH).ok_or_else(cut)?];
        let (header, tokens) = rest.split_at_checked(length as usize).ok_or_else(cut)?;
        let header: Header = serde_json::from_slice(header).map_err(|e| damaged(&format!("its header: {e}")))?;
        if header.tokenizer != "bytes" || header.bytes_per_token != 1 {
            return Err(damaged("its tokenizer is not one that this version of synx knows"));
        }
        if header.training.checked_add(header.heldout) != Some(tokens.len() as u64) {
            return Err(damaged("its header and its tokens disagree"));
        }
        let (training, heldout) = tokens.split_at(header.training as usize);
        Ok(BuiltCorpus {
            key: header.key,
            facts: header.facts,
            training: training.to_vec().into(),
            heldout: heldout.to_vec().into(),
        })
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*head), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_plan::corpus::PartFacts;

    fn example() -> BuiltCorpus {
        BuiltCorpus {
            key: Key::of("test/1", &1),
            facts: CorpusFacts {
                bytes_hash: Some(Key::of("test/1", &2)),
                training: PartFacts { documents: 2, tokens: 9, bytes: 7 },
                heldout: PartFacts { documents: 1, tokens: 4, bytes: 3 },
            },
            training: b"one\xFFfour\xFF".to_vec().into(),
            heldout: b"two\xFF".to_vec().into(),
        }
    }

    #[test]
    fn a_file_gives_back_what_was_written() {
        let built = example();
        assert_eq!(BuiltCorpus::from_bytes(&built.to_bytes()).unwrap(), built);
    }

    #[test]
    fn any_changed_byte_and_any_cut_is_found() {
        let bytes = example().to_bytes();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(BuiltCorpus::from_bytes(&changed).unwrap_err().code, "E0931");
            assert_eq!(BuiltCorpus::from_bytes(&bytes[..at]).unwrap_err().code, "E0931");
        }
    }

    #[test]
    fn parts_are_training_heldout_and_both() {
        let built = example();
        assert_eq!(built.part(Part::Training).as_bytes(), b"one\xFFfour\xFF");
        assert_eq!(built.part(Part::Heldout).as_bytes(), b"two\xFF");
        assert_eq!(built.part(Part::All).as_bytes(), b"one\xFFfour\xFFtwo\xFF");
    }
}
