//! Times the way from files to batches.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use synx_plan::corpus::{Content, Corpus, CorpusId, Files, Register, Split, World};
use synx_plan::exact::Exact;
use synx_plan::key::Key;
use synx_plan::problem::Problem;

use crate::options::Options;
use crate::sources::Sources;
use crate::stream::{SourceView, Stream};
use crate::tokens::{END_OF_DOCUMENT, Tokens};

/// Bytes of the built-in world's text that files repeat: more than what compression looks back over.
const SAMPLE: usize = 1 << 23;

/// Tokens of a row that is packed.
const CONTEXT: usize = 256;

/// Rows that are packed at once.
const ROWS: u64 = 16;

/// How fast one stage is.
#[derive(Debug, Clone, PartialEq)]
pub struct DataTiming {
    /// `hash`, `scan`, `tokenise` or `pack`.
    pub stage: &'static str,
    /// What of: a file's name, or the shape of rows.
    pub of: String,
    /// Bytes of text, or tokens, that went through.
    pub bytes: u64,
    /// The least of the repeats.
    pub seconds: f64,
}

/// Times each stage over files of about so many bytes of text on one thread: hashing what stands on disk, a first scan, the tokens, and rows of batches.
pub fn measure(bytes: usize, repeats: usize) -> Result<Vec<DataTiming>, Problem> {
    let failed = |error: std::io::Error| Problem::io("write", Path::new("the benchmark's text"), &error);
    let folder = tempfile::Builder::new().prefix("synx-bench-").tempdir().map_err(failed)?;
    let sample = sample()?;
    let text = sample.repeat(bytes.div_ceil(sample.len().max(1)).max(1));
    let mut timings = Vec::new();
    let mut tokens = None;
    for (name, split, field) in FILES {
        let plain = if field.is_some() { as_json_lines(&text) } else { text.clone() };
        let stored = packed_as(name, plain.as_bytes()).map_err(failed)?;
        fs::write(folder.path().join(name), stored).map_err(failed)?;
        let content =
            Content::Files(Files { patterns: vec![(*name).to_owned()], text: field.map(str::to_owned), split: *split });
        let corpora = [corpus(content)];
        let new = || Sources::new(folder.path(), &corpora, Options::default());
        let mut time = |stage, run: &mut dyn FnMut() -> Result<u64, Problem>| -> Result<(), Problem> {
            let mut timing = DataTiming { stage, of: (*name).to_owned(), bytes: 0, seconds: f64::INFINITY };
            for _ in 0..repeats.max(1) {
                let start = Instant::now();
                timing.bytes = run()?;
                timing.seconds = timing.seconds.min(start.elapsed().as_secs_f64());
            }
            timings.push(timing);
            Ok(())
        };
        time("hash", &mut || new().bytes_hash(CorpusId(0)).map(|_| plain.len() as u64))?;
        time("scan", &mut || new().scan(CorpusId(0)).map(|facts| facts.training.bytes))?;
        let sources = new();
        sources.scan(CorpusId(0))?;
        let mut built = None;
        time("tokenise", &mut || {
            let corpus = sources.build(CorpusId(0))?;
            let bytes = corpus.facts.training.bytes;
            built = Some(corpus.training);
            Ok(bytes)
        })?;
        tokens = tokens.or(built);
    }
    if let Some(tokens) = tokens {
        timings.push(pack(tokens, repeats)?);
    }
    Ok(timings)
}

/// The files that are read: their names, how they are cut, and the field of their text.
const FILES: &[(&str, Split, Option<&str>)] = &[
    ("lines.txt", Split::Lines, None),
    ("paragraphs.txt", Split::Paragraphs, None),
    ("documents.jsonl", Split::File, Some("text")),
    ("lines.txt.gz", Split::Lines, None),
    ("lines.txt.zst", Split::Lines, None),
    ("documents.jsonl.zst", Split::File, Some("text")),
];

fn corpus(content: Content) -> Corpus {
    Corpus { name: "bench".to_owned(), content, heldout: None, price: None, origin: None }
}

/// Text of the built-in world, a document a line.
fn sample() -> Result<String, Problem> {
    let world = World { register: Register::Web, documents: 16_000, seed: 0 };
    let corpora = [corpus(Content::World(world))];
    let built = Sources::new(Path::new("."), &corpora, Options::default()).build(CorpusId(0))?;
    let documents = built.training.as_bytes().split(|byte| *byte == END_OF_DOCUMENT);
    let mut text = String::new();
    for document in documents {
        if text.len() >= SAMPLE {
            break;
        }
        text.push_str(&String::from_utf8_lossy(document).replace('\n', " "));
        text.push('\n');
    }
    Ok(text)
}

fn as_json_lines(text: &str) -> String {
    let line = |document: &str| format!("{}\n", serde_json::json!({ "id": 17, "text": document }));
    text.lines().map(line).collect()
}

fn packed_as(name: &str, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    match name.rsplit('.').next() {
        Some("gz") => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes)?;
            encoder.finish()
        }
        Some("zst") => zstd::encode_all(bytes, 3),
        _ => Ok(bytes.to_vec()),
    }
}

fn pack(tokens: Tokens, repeats: usize) -> Result<DataTiming, Problem> {
    let key = Key::of("bench.data/1", &0);
    let count = tokens.len() as u64;
    let view = SourceView { key, name: "bench".to_owned(), tokens };
    let stream = Stream::new(vec![view], &[Exact::one()], CONTEXT, 0, 0)?;
    let (mut inputs, mut targets) = (vec![0; ROWS as usize * CONTEXT], vec![0; ROWS as usize * CONTEXT]);
    let batches = (count / (ROWS * CONTEXT as u64)).max(1);
    let mut seconds = f64::INFINITY;
    for _ in 0..repeats.max(1) {
        let start = Instant::now();
        for batch in 0..batches {
            stream.fill(batch * ROWS..(batch + 1) * ROWS, &mut inputs, &mut targets);
        }
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    let of = format!("rows of {CONTEXT} tokens");
    Ok(DataTiming { stage: "pack", of, bytes: batches * ROWS * CONTEXT as u64, seconds })
}
