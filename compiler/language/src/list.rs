//! Functions of lists: words over letters, counts, stretches.

use synx_plan::exact::Exact;
use synx_plan::unit::{Amount, Unit};

use crate::call::Arguments;
use crate::compiler::{Compiler, MAX_LIST};
use crate::value::Value;

impl Compiler<'_> {
    /// `words([A, M], length = 6)`: every list of that length, the last letter changing fastest.
    pub(crate) fn words(&mut self, arguments: &Arguments) -> Value {
        let (letters, span) = arguments.required("letters");
        let (length, length_span) = arguments.required("length");
        let Some(letters) = self.elements(&letters, span, "`words`") else { return Value::Error };
        let Some(length) = self.whole(&length, length_span, Unit::PLAIN, "`length`", (1, 64)) else {
            return Value::Error;
        };
        let count = Exact::from(letters.len() as u64).powi(length as i64);
        let Some(count) = count.and_then(|count| count.to_u64()).filter(|count| *count <= MAX_LIST / length) else {
            let headline = format!("{} letters make too many words of length {length}", letters.len());
            let finding = self
                .finding("E0504", arguments.span, headline, "too many words")
                .help(format!("all words together may have {MAX_LIST} letters; ask for shorter words"));
            return self.report(finding);
        };
        if !self.burn(count * length, arguments.span) {
            return Value::Error;
        }
        let base = letters.len() as u64;
        let word = |number: u64| {
            let letter = |place: u64| letters[(number / base.pow((length - 1 - place) as u32) % base) as usize].clone();
            Value::items((0..length).map(letter).collect())
        };
        Value::items((0..count).map(word).collect())
    }

    /// `count(pattern, A)`: how often a value stands in a list.
    pub(crate) fn count(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let (wanted, _) = arguments.required("value");
        let Some(items) = self.elements(&list, span, "`count`") else { return Value::Error };
        let mut count = 0u64;
        for item in items.iter() {
            match self.equal(item, &wanted, arguments.span) {
                Some(equal) => count += u64::from(equal),
                None => return Value::Error,
            }
        }
        Value::Number(Amount::plain(count))
    }

    /// `stretch(pattern, 4)`: each element that many times in its place.
    pub(crate) fn stretched(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let (times, times_span) = arguments.required("times");
        let Some(items) = self.elements(&list, span, "`stretch`") else { return Value::Error };
        let most = MAX_LIST / (items.len() as u64).max(1);
        let Some(times) = self.whole(&times, times_span, Unit::PLAIN, "`times`", (1, most)) else {
            return Value::Error;
        };
        if !self.burn(times * items.len() as u64, arguments.span) {
            return Value::Error;
        }
        Value::items(items.iter().flat_map(|item| std::iter::repeat_n(item.clone(), times as usize)).collect())
    }

    /// `last(list)`.
    pub(crate) fn last(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let Some(items) = self.elements(&list, span, "`last`") else { return Value::Error };
        if let Some(last) = items.last() {
            last.clone()
        } else {
            let finding = self
                .finding("E0204", span, "an empty list has no last element", "empty here")
                .help("ask for it only where the list has one: `if … then … else …`");
            self.report(finding)
        }
    }
}
