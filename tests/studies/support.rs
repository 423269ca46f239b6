//! A folder in memory for a study, what its plan comes to, and the arithmetic that says what it should.
#![allow(dead_code)]

use std::collections::BTreeMap;

use synx_compiler::{Host, Options, Unread, compile};
use synx_plan::corpus::{Content, Corpus, CorpusFacts, PartFacts};
use synx_plan::study::Plan;

/// The files of a study, and the training tokens that a scan found in its corpora.
#[derive(Default)]
pub struct Folder {
    files: BTreeMap<String, Vec<u8>>,
    tokens: BTreeMap<String, u64>,
}

impl Folder {
    pub fn file(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Folder {
        self.files.insert(path.to_owned(), bytes.as_ref().to_vec());
        self
    }

    /// A corpus that has been scanned, by its name.
    pub fn scanned(mut self, corpus: &str, tokens: u64) -> Folder {
        self.tokens.insert(corpus.to_owned(), tokens);
        self
    }
}

impl Host for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        self.files.get(path).cloned().ok_or(Unread::NotFound)
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        let fits = |path: &&String| match pattern.split_once('*') {
            Some((start, end)) => path.starts_with(start) && path.ends_with(end),
            None => path.as_str() == pattern,
        };
        Ok(self.files.keys().filter(fits).cloned().collect())
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        let facts = |corpus: &Corpus| {
            let tokens = match &corpus.content {
                Content::Process(process) => process.tokens,
                _ => *self.tokens.get(&corpus.name)?,
            };
            let part = |tokens| PartFacts { documents: tokens / 100, tokens, bytes: tokens };
            let heldout = if corpus.heldout.is_some() { tokens / 50 } else { 0 };
            Some(CorpusFacts { bytes_hash: None, training: part(tokens), heldout: part(heldout) })
        };
        corpora.iter().map(facts).collect()
    }
}

/// What a grid comes to.
#[derive(Debug, PartialEq)]
pub struct Grid {
    pub name: &'static str,
    pub cells: usize,
    pub left_out: usize,
    /// Of all cells, as if nothing were shared.
    pub tokens: u128,
    /// Training, exact convention, likewise.
    pub flops: u128,
}

/// The plan of `NN_name.synx`, which must check without a finding.
pub fn planned(file: &str, folder: &Folder) -> Plan {
    let path = format!("{}/../../tests/studies/{file}", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let compiled = compile(file, &source, folder, &Options::default());
    let findings: Vec<String> = compiled
        .diagnostics
        .iter()
        .map(|finding| synx_compiler::diagnostic::concise(finding, &compiled.sources))
        .collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let plan = compiled.plan.unwrap();
    assert_of_its_schema(&plan);
    plan
}

/// Holds a plan to `spec/schema/plan.schema.json`.
fn assert_of_its_schema(plan: &Plan) {
    let path = format!("{}/../../spec/schema/plan.schema.json", env!("CARGO_MANIFEST_DIR"));
    let mut schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // The document is a plan with its cost; here is the plan alone.
    let schema = serde_json::json!({
        "$schema": schema["$schema"], "$defs": schema["$defs"].take(), "$ref": "#/$defs/Plan"
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let plan = serde_json::to_value(plan).unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(&plan).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Holds a plan's grids to what they must be, all of them and in order.
pub fn assert_grids(plan: &Plan, expected: &[Grid]) {
    let found: Vec<String> = plan
        .grids
        .iter()
        .map(|grid| {
            let tokens: u128 = grid.cells.iter().map(|cell| u128::from(cell.tokens)).sum();
            let flops: u128 = grid.cells.iter().map(|cell| plan.flops_exact(cell)).sum();
            let (cells, left_out) = (grid.cells.len(), grid.excluded.len());
            format!("{}: {cells} cells, {left_out} left out, {tokens} tokens, {flops} FLOP", grid.name)
        })
        .collect();
    let wanted: Vec<String> = expected
        .iter()
        .map(|Grid { name, cells, left_out, tokens, flops }| {
            format!("{name}: {cells} cells, {left_out} left out, {tokens} tokens, {flops} FLOP")
        })
        .collect();
    assert_eq!(found.join("\n"), wanted.join("\n"));
}

/// Holds how many things the plan has in its lists: `laws`, `claims`, `corpora`.
pub fn assert_lists(plan: &Plan, expected: &[(&str, usize)]) {
    let plan = serde_json::to_value(plan).unwrap();
    let found: Vec<(&str, usize)> =
        expected.iter().map(|(list, _)| (*list, plan[list].as_array().map_or(0, Vec::len))).collect();
    assert_eq!(found, expected);
}

/// A budget of so many `Mi`.
pub const MI: u128 = 1 << 20;

/// A decoder of `depth` times attention and a gated feed-forward block of 8/3 the width, for bytes.
#[derive(Clone, Copy)]
pub struct Llama {
    pub width: u128,
    pub depth: u128,
    pub context: u128,
}

impl Llama {
    /// 8/3 of the width, up to a multiple of 32.
    fn hidden(self) -> u128 {
        (self.width * 8).div_ceil(3).next_multiple_of(32)
    }

    /// Without token table and head: per layer four square matrices, three of the gated block and two norms; one norm at the end.
    pub fn params(self) -> u128 {
        let d = self.width;
        self.depth * (4 * d * d + 3 * d * self.hidden() + 2 * d) + d
    }

    /// A multiplication and an addition for each weight that a token meets, forward once and backward twice; a token attends to
    /// (context + 1) / 2 on average, with a product for the scores and one for the values. The head has 256 symbols.
    pub fn flops_per_token(self) -> u128 {
        let d = self.width;
        let weights = self.depth * (4 * d * d + 3 * d * self.hidden()) + d * 256;
        6 * weights + self.depth * 6 * d * (self.context + 1)
    }
}
