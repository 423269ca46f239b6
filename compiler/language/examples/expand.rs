//! Measures the expansion of grids: `cargo run --release -p synx-compiler --example expand`.
//!
//! Prints for each study the cells, the time to compile it, and the time per cell; a study with one cell says what everything else takes.

use std::time::{Duration, Instant};

use synx_compiler::{Compiled, Host, Options, Unread, compile};
use synx_plan::corpus::{Corpus, CorpusFacts, PartFacts};

struct Nothing;

impl Host for Nothing {
    fn read(&self, _: &str) -> Result<Vec<u8>, Unread> {
        Err(Unread::NotFound)
    }

    fn matches(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        let part = |tokens| PartFacts { documents: tokens / 100, tokens, bytes: tokens };
        let facts = CorpusFacts { bytes_hash: None, training: part(80_000_000), heldout: part(1_000_000) };
        vec![Some(facts); corpora.len()]
    }
}

const DECLARATIONS: &str = "synx 1
corpus web = world(register = web, documents = 20k, heldout = 2%)
corpus hq  = web |> rephrase(style = encyclopedic, generator = builtin, tokens = 8M)
mixture blend(r) = r * hq + rest * web
model llama(width, depth) { blocks = [attention(heads = width / 32), swiglu(ratio = 8/3)] * depth }
recipe standard(lr) { optimizer = adamw(lr = lr); schedule = wsd(warmup = 128k tokens, decay = 20%) }
";

fn measured(name: &str, grid: &str) {
    let source = format!("{DECLARATIONS}{grid}");
    let mut best = Duration::MAX;
    let mut compiled: Option<Compiled> = None;
    for _ in 0..5 {
        let start = Instant::now();
        compiled = Some(compile("study.synx", &source, &Nothing, &Options::default()));
        best = best.min(start.elapsed());
    }
    let Some(compiled) = compiled else { return };
    let cells: usize = compiled.plan.iter().flat_map(|plan| &plan.grids).map(|grid| grid.cells.len()).sum();
    let refused = compiled.diagnostics.iter().find(|finding| finding.is_error());
    match refused {
        Some(finding) => println!("{name}: {best:.2?}, {}: {}", finding.code, finding.headline),
        None => {
            let each = best.as_secs_f64() * 1e6 / cells as f64;
            println!("{name}: {cells} cells in {best:.2?}, {each:.2} µs a cell");
        }
    }
}

fn main() {
    let fields = "data = blend(r); model = llama(width, depth); recipe = standard(lr); evaluate = web.heldout";
    measured(
        "one cell",
        "grid g { data = web; model = llama(64, 2); recipe = standard(3e-3); tokens = 1Mi; evaluate = web.heldout }",
    );
    let axes = "axis r = 0..90% step 10%
        axis (width, depth) = [(64, 2), (96, 3), (128, 4), (192, 6), (256, 8)]
        axis lr = geometric(1e-4..1e-2, points = 20)
        axis tokens = 1Mi..10Mi step 1Mi
        axis replicate = 1..10 step 1";
    measured("100,000 cells", &format!("grid g {{ {axes}\n{fields} }}"));
    measured(
        "with a condition, a let and a rate by width",
        &format!(
            "grid g {{ {axes}\nlet ratio = tokens / model.params\nwhere ratio >= 1/4\n{} }}",
            fields.replace("standard(lr)", "standard(lr * 128 / width)")
        ),
    );
    measured(
        "with a let of every axis",
        &format!("grid g {{ {axes}\nlet all = r + width + lr + tokens / 1Mi + replicate\n{fields} }}"),
    );
    measured(
        "with a dependent axis",
        &format!(
            "grid g {{ {}\naxis replicate = if width > 100 then 1..10 step 1 else 1..20 step 1\n{fields} }}",
            &axes[..axes.find("axis replicate").unwrap_or(axes.len())]
        ),
    );
    let many = "axis a = 1..1000 step 1\naxis b = 1..1000 step 1\naxis c = 1..1000 step 1\naxis r = [0]\n";
    let rest = "data = web; model = llama(64, 2); recipe = standard(3e-3); tokens = 1Mi; evaluate = web.heldout";
    measured("1e9 cells", &format!("grid g {{ {many} {rest} }}"));
    measured("1e9 cells with a condition", &format!("grid g {{ {many} where a < b and b < c\n{rest} }}"));
    measured(
        "1e9 cells with a dependent axis",
        &format!("grid g {{ {many} axis d = if a > 500 then [1, 2] else [1]\nwhere a == d\n{rest} }}"),
    );
    measured(
        "1e9 cells, most on a dependent axis",
        &format!("grid g {{ axis a = 1..10 step 1\naxis b = 1..100000000 * a step 1\n{rest} }}"),
    );
}
