//! Findings as a SARIF 2.1.0 log (OASIS standard), which code scanners and editors read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use synx_compiler::diagnostic::{Code, code};
use synx_compiler::{Diagnostic, Edit, Fix, Label, Severity, Sources};

use crate::report::{Checked, is_file};

/// The log of one run over some files: the rules that were broken with their pages, then every finding.
pub fn log(checked: &[Checked]) -> Value {
    let broken: BTreeSet<&str> = checked.iter().flat_map(|file| &file.diagnostics).map(|d| d.code).collect();
    let broken: Vec<&str> = broken.into_iter().collect();
    let results = checked.iter().flat_map(|file| file.diagnostics.iter().map(|d| result(d, &file.sources, &broken)));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "synx",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": broken.iter().map(|name| rule(name)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A code with what its page says.
fn rule(name: &str) -> Value {
    let level = if name.starts_with('W') { "warning" } else { "error" };
    let mut rule = json!({ "id": name, "defaultConfiguration": { "level": level } });
    if let Some(Code { page, .. }) = code(name) {
        let title = code(name).map_or("", Code::title);
        let body = page.split_once('\n').map_or("", |(_, body)| body.trim());
        let what = body.split("\n\n").next().unwrap_or_default();
        rule["shortDescription"] = json!({ "text": title });
        rule["fullDescription"] = json!({ "text": what });
        rule["help"] = json!({ "text": body, "markdown": body });
    }
    rule
}

fn result(diagnostic: &Diagnostic, sources: &Sources, broken: &[&str]) -> Value {
    let mut text = vec![diagnostic.headline.clone()];
    text.extend(diagnostic.notes.iter().cloned());
    text.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    let mut result = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": broken.iter().position(|name| *name == diagnostic.code),
        "level": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": { "text": text.join("\n") },
    });
    let mut labels = diagnostic.labels.iter().filter(|label| is_file(&label.file));
    if let Some(primary) = labels.next() {
        result["locations"] = json!([location(primary, sources)]);
    }
    let related: Vec<Value> =
        labels.enumerate().map(|(i, label)| with(location(label, sources), "id", json!(i + 1))).collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    if !diagnostic.fixes.is_empty() {
        result["fixes"] = diagnostic.fixes.iter().map(|f| fix(f, sources)).collect();
    }
    result
}

fn location(label: &Label, sources: &Sources) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(&label.file) } });
    if let Some(region) = region(&label.file, &label.range, sources) {
        place["region"] = region;
    }
    let location = json!({ "physicalLocation": place });
    if label.text.is_empty() { location } else { with(location, "message", json!({ "text": label.text })) }
}

/// Lines and columns from 1, the end behind the last character.
fn region(file: &str, range: &std::ops::Range<usize>, sources: &Sources) -> Option<Value> {
    let (start, end) = sources.places(file, range)?;
    Some(json!({
        "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        "byteOffset": range.start, "byteLength": range.end.saturating_sub(range.start),
    }))
}

/// A fix; its edits one after the other, those of one file together.
fn fix(fix: &Fix, sources: &Sources) -> Value {
    let mut files: Vec<(&str, Vec<Value>)> = Vec::new();
    for edit in &fix.edits {
        let Edit { file, range, text } = edit;
        let Some(region) = region(file, range, sources) else { continue };
        let replacement = json!({ "deletedRegion": region, "insertedContent": { "text": text } });
        match files.iter_mut().find(|(known, _)| known == file) {
            Some((_, replacements)) => replacements.push(replacement),
            None => files.push((file, vec![replacement])),
        }
    }
    let change = |(file, replacements): (&str, Vec<Value>)| json!({ "artifactLocation": { "uri": uri(file) }, "replacements": replacements });
    json!({
        "description": { "text": fix.title },
        "artifactChanges": files.into_iter().map(change).collect::<Vec<_>>(),
    })
}

fn with(mut value: Value, key: &str, part: Value) -> Value {
    value[key] = part;
    value
}

/// A path as a URI reference (RFC 3986): relative paths stay relative, absolute ones get the scheme `file`.
fn uri(path: &str) -> String {
    let path = if std::path::MAIN_SEPARATOR == '\\' { path.replace('\\', "/") } else { path.to_owned() };
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if path.get(1..3) == Some(":/") {
        uri.push_str("file:///");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte as char),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(file: &str, range: std::ops::Range<usize>, text: &str) -> Label {
        Label { file: file.to_owned(), range, text: text.to_owned() }
    }

    /// A finding with everything that a finding can have.
    fn checked() -> Checked {
        let mut sources = Sources::new();
        sources.add("größe.synx", "synx 1\nmixture m = 60% wéb + 30% hq\n");
        sources.add("common.synx", "corpus hq = world()\n");
        let edit = Edit { file: "größe.synx".to_owned(), range: 30..36, text: "rest * hq".to_owned() };
        let finding = Diagnostic::new("E0301", "the shares sum to 90 %, not to 100 %")
            .label(label("größe.synx", 19..27, "60 %"))
            .label(label("größe.synx", 30..36, ""))
            .label(label("common.synx", 7..9, "declared here"))
            .note("10 % are missing")
            .help("write `rest`")
            .fix("write `rest * hq`", vec![edit]);
        Checked::new(vec![Diagnostic::new("W0101", "`m` is not used"), finding], sources)
    }

    #[test]
    fn the_log_has_what_the_standard_requires() {
        let log = log(&[checked()]);
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "synx");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for rule in rules {
            assert!(rule["id"].is_string());
            for text in ["shortDescription", "fullDescription", "help"] {
                assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{text}");
            }
        }
        for result in run["results"].as_array().unwrap() {
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            for location in result["relatedLocations"].as_array().into_iter().flatten() {
                assert!(location["id"].is_u64());
            }
        }
    }

    #[test]
    fn places_are_lines_and_characters() {
        let log = log(&[checked()]);
        let result = &log["runs"][0]["results"][1];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "gr%C3%B6%C3%9Fe.synx");
        let region = &place["region"];
        assert_eq!((&region["startLine"], &region["startColumn"]), (&json!(2), &json!(13)));
        assert_eq!((&region["endLine"], &region["endColumn"]), (&json!(2), &json!(20)));
        assert_eq!((&region["byteOffset"], &region["byteLength"]), (&json!(19), &json!(8)));
        let related = result["relatedLocations"].as_array().unwrap();
        assert_eq!(related.len(), 2);
        assert_eq!(related[1]["physicalLocation"]["artifactLocation"]["uri"], "common.synx");
        assert_eq!(related[1]["message"]["text"], "declared here");
    }

    #[test]
    fn fixes_replace_regions_of_files() {
        let log = log(&[checked()]);
        let fix = &log["runs"][0]["results"][1]["fixes"][0];
        assert_eq!(fix["description"]["text"], "write `rest * hq`");
        let change = &fix["artifactChanges"][0];
        assert_eq!(change["artifactLocation"]["uri"], "gr%C3%B6%C3%9Fe.synx");
        let replacement = &change["replacements"][0];
        assert_eq!(replacement["deletedRegion"]["startColumn"], 23);
        assert_eq!(replacement["insertedContent"]["text"], "rest * hq");
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("studies/a b.synx"), "studies/a%20b.synx");
        assert_eq!(uri("/home/me/a#1.synx"), "file:///home/me/a%231.synx");
        assert_eq!(uri("C:/a.synx"), "file:///C%3A/a.synx");
    }
}
