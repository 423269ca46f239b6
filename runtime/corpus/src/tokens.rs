//! Tokens under the tokenizer `bytes`: a token's id is its byte, and each document ends with a byte that UTF-8 never holds.

use std::ops::Range;

use bytes::Bytes;

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
