//! A seeded walk of edits and requests over a study: what is typed, pasted, taken out and asked for, in any order.

use std::path::Path;

use serde_json::{Value, json};
use synx_compiler::{Compiled, Options, compile};
use synx_lsp::{Encoding, Lines};
use synx_mutate::{Random, boundary, change};

use crate::support::{Disk, Editor, FOLDER, uri};

const COMMON: &str =
    "synx 1\nmixture half(a, b) = 50% * a + 50% * b\ncorpus other = world(register = textbook, documents = 100)\n";

/// Uses of what stands in another file.
const USES: &str = "from \"common.synx\" import half, other\nmixture third = half(web, other)\n";

/// What is asked about a place.
const AT_A_PLACE: [&str; 7] = [
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/signatureHelp",
    "textDocument/definition",
    "textDocument/documentHighlight",
    "textDocument/prepareRename",
    "textDocument/references",
];

/// What is asked about a text.
const OF_A_TEXT: [&str; 6] = [
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/semanticTokens/full",
    "textDocument/codeLens",
    "textDocument/documentLink",
    "textDocument/inlayHint",
];

/// Walks `steps` edits from `text`. After each, the findings are those of a fresh check; now and then something is asked for too,
/// and code actions are taken.
pub fn walk(seed: u64, steps: usize, start: &str, encodings: &[&str]) {
    let mut random = Random::new(seed);
    let disk = Disk::default();
    disk.write("common.synx", COMMON);
    let mut editor = Editor::with(&disk, encodings, None);
    let mut text = start.to_owned();
    editor.open("a.synx", &text);
    for step in 0..steps {
        // Now and then everything is put back, so that most texts are nearly right.
        if step % 25 == 24 {
            let whole = 0..text.len();
            editor.edit("a.synx", &mut text, whole, start);
        } else {
            let change = change(&text, &[start, COMMON, USES], &mut random);
            let range = sayable(&text, change.range.start)..sayable(&text, change.range.end);
            editor.edit("a.synx", &mut text, range, &change.new);
        }
        let said: Vec<String> = editor.checked("a.synx").iter().map(said).collect();
        assert_eq!(said, fresh(&disk, &text, editor.encoding), "step {step} of {seed}\n{text}");
        if random.below(3) == 0 {
            let at = boundary(&text, random.below(text.len() + 1));
            let at = editor.at("a.synx", &text, at);
            let method = AT_A_PLACE[random.below(AT_A_PLACE.len())];
            let mut params = at.clone();
            if method == "textDocument/references" {
                params["context"] = json!({ "includeDeclaration": true });
            }
            answered(&mut editor, method, params, &text);
            let mut params = json!({ "textDocument": { "uri": uri("a.synx") } });
            params["range"] = json!({ "start": { "line": 0, "character": 0 }, "end": at["position"] });
            answered(&mut editor, OF_A_TEXT[random.below(OF_A_TEXT.len())], params, &text);
        }
        if random.below(8) == 0 {
            take_an_action(&mut editor, &mut text, &mut random);
        }
    }
    editor.end();
}

/// A place that the protocol can name: there is none within a line's end.
fn sayable(text: &str, at: usize) -> usize {
    if text[..at].ends_with('\r') && text[at..].starts_with('\n') { at - 1 } else { at }
}

/// A request is answered, or refused with a reason; never with an internal error.
fn answered(editor: &mut Editor, method: &str, params: Value, text: &str) -> Option<Value> {
    match editor.ask(method, params) {
        Ok(answer) => Some(answer),
        Err((code, why)) => {
            assert_eq!(code, -32803, "{method}: {why}\n{text}");
            None
        }
    }
}

/// Carries out one of the code actions for a finding.
fn take_an_action(editor: &mut Editor, text: &mut String, random: &mut Random) {
    let found = editor.checked("a.synx");
    let Some(finding) = found.get(random.below(found.len())) else { return };
    let params = json!({
        "textDocument": { "uri": uri("a.synx") }, "range": finding["range"], "context": { "diagnostics": [finding] },
    });
    let actions = answered(editor, "textDocument/codeAction", params, text).unwrap_or_default();
    let actions = actions.as_array().cloned().unwrap_or_default();
    let Some(action) = actions.get(random.below(actions.len())) else { return };
    let Some(edits) = action["edit"]["changes"][uri("a.synx")].as_array() else { return };
    // From the last place to the first, so that each is a place of the text as it is.
    let lines = Lines::new(text);
    let place =
        |edit: &Value| lines.bytes(text, serde_json::from_value(edit["range"].clone()).unwrap(), editor.encoding);
    let mut edits: Vec<_> =
        edits.iter().map(|edit| (place(edit), edit["newText"].as_str().unwrap().to_owned())).collect();
    edits.sort_by_key(|(bytes, _)| std::cmp::Reverse((bytes.start, bytes.end)));
    for (bytes, new) in edits {
        editor.edit("a.synx", text, bytes, &new);
    }
}

/// A finding as the server tells it.
fn said(finding: &Value) -> String {
    let place = |end: &str| format!("{}:{}", finding["range"][end]["line"], finding["range"][end]["character"]);
    let headline = finding["message"].as_str().unwrap().lines().next().unwrap();
    format!("{}-{} {} {headline}", place("start"), place("end"), finding["code"].as_str().unwrap())
}

/// The findings of a check of the text by itself.
fn fresh(disk: &Disk, text: &str, encoding: Encoding) -> Vec<String> {
    let path = format!("{FOLDER}/a.synx");
    let host = disk.door(Path::new(&path));
    let Compiled { diagnostics, .. } = compile(&path, text, &*host, &Options::default());
    let lines = Lines::new(text);
    let own = diagnostics.iter().filter(|finding| finding.labels.first().is_none_or(|label| label.file == path));
    own.map(|finding| {
        let range = lines.range(text, &finding.labels[0].range, encoding);
        let headline = finding.headline.lines().next().unwrap();
        let place = |at: gen_lsp_types::Position| format!("{}:{}", at.line, at.character);
        format!("{}-{} {} {headline}", place(range.start), place(range.end), finding.code)
    })
    .collect()
}
