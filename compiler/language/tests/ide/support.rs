//! A study with a cursor.

use std::ops::Range;
use std::rc::Rc;

use synx_compiler::Options;
use synx_compiler::ide::Analysis;
use synx_plan::cost::DeviceProfile;

use crate::common::World;

/// A study that every test may lean on: what a text adds comes after it.
pub const BASE: &str = r"synx 1
corpus web  = world(register = web, documents = 4k, heldout = 5%)
/// Told as an encyclopedia would.
corpus wiki = web |> rephrase(style = encyclopedic, generator = builtin)
evaluation both { domains = [web.heldout, wiki.heldout]; weights = [50%, 50%] }
mixture blend(r) = r * wiki + rest * web
model llama(width, depth = 2) {
    context = 64
    blocks  = [attention(heads = width / 16), swiglu(ratio = 2)] * depth
}
recipe standard(lr = 4e-3) { optimizer = adamw(lr = lr); schedule = wsd(warmup = 2Ki tokens); batch = 256 tokens }
/// Mixtures and sizes.
grid runs {
    axis r      = [0, 1/2, 1]
    axis width  = [32, 64]
    axis tokens = 12Ki..48Ki factor 2
    let  per    = tokens / width
    data     = blend(r)
    model    = llama(width)
    recipe   = standard(lr = 4e-3 * 32 / width)
    evaluate = both
}
law data_law {
    over = runs
    by   = [r, width]
    free E in 0.., B in 0.., beta in 0..2
    loss ~ E + B / tokens^beta
}
";

/// A checked study and where its cursor stands.
pub struct Fixture {
    pub analysis: Analysis,
    pub offset: usize,
}

/// Checks a text after taking its cursor out.
pub fn fixture(text: &str) -> Fixture {
    on_device(text, DeviceProfile::nominal_cpu(2))
}

/// The same, with times as they are on a device.
pub fn on_device(text: &str, device: DeviceProfile) -> Fixture {
    let offset = text.find("$0").unwrap_or(0);
    Fixture { analysis: analysis_on(&text.replacen("$0", "", 1), device), offset }
}

/// The base with `text` after it.
pub fn with_base(text: &str) -> Fixture {
    fixture(&format!("{BASE}{text}"))
}

/// The base with a cursor where `marked`, a piece of it with `$0` in it, has one.
pub fn in_base(marked: &str) -> Fixture {
    let plain = marked.replacen("$0", "", 1);
    assert!(BASE.contains(&plain), "{plain}");
    fixture(&BASE.replacen(&plain, marked, 1))
}

pub fn analysis(text: &str) -> Analysis {
    analysis_on(text, DeviceProfile::nominal_cpu(2))
}

fn analysis_on(text: &str, device: DeviceProfile) -> Analysis {
    let world = World { tokens: Some(1_000_000), ..World::default() };
    let parse = Rc::new(synx_grammar::parse(text));
    Analysis::new("study.synx", parse, &world, &Options::default(), device).unwrap()
}

impl Fixture {
    /// The text of a place.
    pub fn text(&self, range: Range<usize>) -> &str {
        &self.analysis.source()[range]
    }

    /// The line, from 1, that a place begins in, and its text: `3 web`.
    pub fn place(&self, range: Range<usize>) -> String {
        let line = self.analysis.source()[..range.start].matches('\n').count() + 1;
        format!("{line} {}", self.text(range))
    }
}
