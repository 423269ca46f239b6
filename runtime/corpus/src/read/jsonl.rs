//! JSON lines: each line an object, a field of which is the document.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use synx_plan::problem::Problem;

use super::Each;
use super::lines::Lines;
use crate::expand::close_names;

/// How many fields of a line a message lists. Arbitrary.
const FIELDS_SHOWN: usize = 12;

/// Gives the text field `field` (nested by dots) of each line to `each`; lines of white space are passed over.
pub(super) fn documents(lines: &mut Lines, field: &str, each: &mut Each<'_>) -> Result<ControlFlow<()>, Problem> {
    let path: Vec<&str> = field.split('.').collect();
    let name = lines.name().to_owned();
    while let Some((number, line)) = lines.next()? {
        if line.trim().is_empty() {
            continue;
        }
        let mut json = serde_json::Deserializer::from_str(line);
        let text = Seek { path: &path }.deserialize(&mut json).and_then(|text| json.end().map(|()| text));
        match text {
            Ok(Some(text)) if text.is_empty() => {}
            Ok(Some(text)) => {
                if each(&text)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(None) => return Err(no_text(&name, number, line, field, &path)),
            Err(e) => {
                return Err(Problem::new("E0918", format!("line {number} of {name} is not JSON"))
                    .note(format!("column {}: {}", e.column(), reason(&e)))
                    .help("each line of a .jsonl file is one JSON object"));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// What the JSON reader says, without its own count of lines (each line is read alone).
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Finds the string at a path of fields without building anything else; `None` where there is none.
struct Seek<'a> {
    path: &'a [&'a str],
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key_seed(Name)? {
            match self.path.split_first() {
                // The last of equal fields counts, as in most readers.
                Some((first, rest)) if *first == key => found = map.next_value_seed(Seek { path: rest })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(self.path.is_empty().then_some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.path.is_empty().then(|| Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A field's name, borrowed where it holds no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Why a line that is JSON has no text: no object, no such field, or no string in it.
fn no_text(name: &str, number: u64, line: &str, field: &str, path: &[&str]) -> Problem {
    let place = format!("line {number} of {name}");
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        return Problem::new("E0919", format!("{place} has no field `{field}`"));
    };
    if !value.is_object() {
        return Problem::new("E0918", format!("{place} is {}, not a JSON object", kind(&value)))
            .help("each line of a .jsonl file is one JSON object");
    }
    if let Some(found) = path.iter().try_fold(&value, |value, part| value.get(part)) {
        return Problem::new("E0920", format!("the field `{field}` in {place} is {}, not text", kind(found)))
            .help("name a field that holds a string in every line, or leave such lines out");
    }
    let mut fields = Vec::new();
    list_fields(&value, "", &mut fields);
    let shown: Vec<String> = fields.iter().take(FIELDS_SHOWN).map(|f| format!("`{f}`")).collect();
    let more = if fields.len() > FIELDS_SHOWN { ", …" } else { "" };
    let there =
        if shown.is_empty() { "it has no fields".to_owned() } else { format!("it has {}{more}", shown.join(", ")) };
    let problem = Problem::new("E0919", format!("{place} has no field `{field}`")).note(there);
    match close_names(field, &fields).first() {
        Some(close) => problem.help(format!("did you mean {close}?")),
        None => problem.help("`text` names the field that holds the text, in every line"),
    }
}

fn list_fields(value: &Value, before: &str, fields: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if value.is_object() {
            list_fields(value, &format!("{before}{name}."), fields);
        } else {
            fields.push(format!("{before}{name}"));
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
