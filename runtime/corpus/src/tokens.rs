//! Tokens under the tokenizer `bytes`: a token's id is its byte, and each document ends with a byte that UTF-8 never holds.

use std::ops::Range;

use bytes::Bytes;
use memmap2::MmapMut;

/// The token that ends a document: 0xFF occurs in no UTF-8 text.
pub const END_OF_DOCUMENT: u8 = 0xFF;

/// How many token ids there are under the tokenizer `bytes`.
pub const VOCABULARY: usize = 256;

/// A run of tokens, cheap to clone and to share between streams.
///
/// The storage is private so that larger vocabularies can be stored in wider integers later; readers see ids as `u32`.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    bytes: Bytes,
}

impl Tokens {
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The tokens as bytes, one a token.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads the tokens of `range` into the processor's caches, so that they are there when they are wanted a little later.
    #[inline]
    pub fn touch(&self, range: Range<usize>) {
        const LINE: usize = 64;
        for byte in self.bytes[range].iter().step_by(LINE) {
            std::hint::black_box(*byte);
        }
    }

    /// Writes the ids of `range` into `ids`, which has the range's length.
    ///
    /// # Panics
    /// Where the range leaves the tokens or the lengths differ.
    #[inline]
    pub fn copy(&self, range: Range<usize>, ids: &mut [u32]) {
        let bytes = &self.bytes[range];
        assert_eq!(bytes.len(), ids.len(), "as many ids as tokens");
        for (id, &byte) in ids.iter_mut().zip(bytes) {
            *id = u32::from(byte);
        }
    }

    /// How many of the tokens of `range` are bytes of text, not document ends.
    pub fn text_bytes(&self, range: Range<usize>) -> u64 {
        self.bytes[range].iter().filter(|&&byte| byte != END_OF_DOCUMENT).count() as u64
    }
}

/// Below this many tokens the system gives small pages as quickly. Arbitrary: a few huge ones.
const LARGE: usize = 1 << 23;

/// Tokens that are put one behind the other.
pub(crate) enum Growing {
    Small(Vec<u8>),
    /// Room that was made once, in huge pages where the system has them: giving small ones takes as long as reading the text. How much of it is filled.
    Large(MmapMut, usize),
}

impl Growing {
    /// Room for so many tokens; more make more room.
    pub fn with_room(tokens: usize) -> Growing {
        if tokens < LARGE {
            return Growing::Small(Vec::with_capacity(tokens));
        }
        let Ok(room) = MmapMut::map_anon(tokens) else { return Growing::Small(Vec::new()) };
        // Where it has none, small ones serve.
        #[cfg(target_os = "linux")]
        let _ = room.advise(memmap2::Advice::HugePage);
        Growing::Large(room, 0)
    }

    /// A document, and its end.
    pub fn document(&mut self, text: &[u8]) {
        if let Growing::Large(room, filled) = self {
            let end = *filled + text.len();
            if end < room.len() {
                room[*filled..end].copy_from_slice(text);
                room[end] = END_OF_DOCUMENT;
                *filled = end + 1;
                return;
            }
            *self = Growing::Small(room[..*filled].to_vec());
        }
        if let Growing::Small(tokens) = self {
            tokens.extend_from_slice(text);
            tokens.push(END_OF_DOCUMENT);
        }
    }
}

impl From<Growing> for Tokens {
    fn from(tokens: Growing) -> Tokens {
        match tokens {
            Growing::Small(tokens) => tokens.into(),
            Growing::Large(room, filled) => Tokens { bytes: Bytes::from_owner(room).slice(..filled) },
        }
    }
}

impl From<Vec<u8>> for Tokens {
    fn from(bytes: Vec<u8>) -> Tokens {
        Tokens { bytes: bytes.into() }
    }
}

impl From<Bytes> for Tokens {
    fn from(bytes: Bytes) -> Tokens {
        Tokens { bytes }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_stand_one_behind_the_other_whatever_room_there_was() {
        let text = vec![b'x'; LARGE / 2];
        for room in [0, LARGE, LARGE + 1, LARGE + 2, 2 * LARGE] {
            let mut growing = Growing::with_room(room);
            growing.document(&text);
            growing.document(b"");
            growing.document(&text[1..]);
            let tokens = Tokens::from(growing);
            assert_eq!(tokens.len(), LARGE + 2, "{room}");
            let ends: Vec<usize> = (0..tokens.len()).filter(|&i| tokens.as_bytes()[i] == END_OF_DOCUMENT).collect();
            assert_eq!(ends, [LARGE / 2, LARGE / 2 + 1, LARGE + 1], "{room}");
            assert_eq!(tokens.text_bytes(0..tokens.len()), LARGE as u64 - 1);
        }
    }
}
