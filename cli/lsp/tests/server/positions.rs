//! Bytes to lines and columns and back.

use gen_lsp_types::Position;
use proptest::prelude::*;
use synx_lsp::{Encoding, Lines};

const BOTH: [Encoding; 2] = [Encoding::Utf8, Encoding::Utf16];

#[test]
fn columns_count_bytes_or_code_units() {
    let text = "a\r\n混合🎈b\rc";
    let lines = Lines::new(text);
    let b = text.find('b').unwrap();
    assert_eq!(lines.position(text, b, Encoding::Utf8), Position { line: 1, character: 10 });
    assert_eq!(lines.position(text, b, Encoding::Utf16), Position { line: 1, character: 4 });
    assert_eq!(lines.position(text, text.len(), Encoding::Utf16), Position { line: 2, character: 1 });
    assert_eq!(lines.count(), 3);
}

#[test]
fn places_that_are_none_are_the_nearest_before() {
    let text = "a🎈\r\nb";
    let lines = Lines::new(text);
    let at = |line, character| lines.offset(text, Position { line, character }, Encoding::Utf16);
    assert_eq!(at(0, 2), 1, "within the balloon");
    assert_eq!(at(0, 99), 5, "behind the line");
    assert_eq!(at(9, 0), text.len(), "behind the text");
    let bytes = |line, character| lines.offset(text, Position { line, character }, Encoding::Utf8);
    assert_eq!(bytes(0, 3), 1, "within the balloon");
    assert_eq!(bytes(0, u32::MAX), 5);
    assert_eq!(lines.position(text, 6, Encoding::Utf8), Position { line: 0, character: 5 }, "within the line's end");
}

/// Texts of what makes columns hard.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("🎈"),
        Just("👩‍🔬"),
        Just("混"),
        Just("é"),
        Just("e\u{301}"),
        Just("a"),
        Just("\u{feff}"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_byte_has_a_place_and_every_place_its_byte(text in texts()) {
        let lines = Lines::new(&text);
        for encoding in BOTH {
            let mut last = Position { line: 0, character: 0 };
            for offset in (0..=text.len()).filter(|offset| text.is_char_boundary(*offset)) {
                let position = lines.position(&text, offset, encoding);
                prop_assert!(position >= last);
                last = position;
                let back = lines.offset(&text, position, encoding);
                // Between `\r` and `\n` there is no place of its own.
                let within = text[..offset].ends_with('\r') && text[offset..].starts_with('\n');
                prop_assert_eq!(back, if within { offset - 1 } else { offset });
            }
        }
    }

    #[test]
    fn any_place_is_a_place_of_the_text(text in texts(), line in 0u32..50, character in 0u32..50) {
        let lines = Lines::new(&text);
        for encoding in BOTH {
            let offset = lines.offset(&text, Position { line, character }, encoding);
            prop_assert!(text.is_char_boundary(offset));
            let there = lines.position(&text, offset, encoding);
            let asked = Position { line, character };
            prop_assert!(there <= asked || text.len() == offset);
        }
    }

    #[test]
    fn lines_are_those_of_the_protocol(text in texts()) {
        let ends = text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(Lines::new(&text).count(), ends.matches('\n').count() + 1);
    }
}
