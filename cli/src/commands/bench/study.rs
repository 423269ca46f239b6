//! A large study, made up: what the speed of checking and editing is measured on.

use std::fmt::Write;

/// The study's own file, which imports the others.
pub const FILE: &str = "study.synx";

/// Words that names are made of.
const TOPICS: [&str; 8] = ["law", "code", "math", "news", "forum", "books", "papers", "recipes"];
const REGISTERS: [&str; 4] = ["web", "encyclopedic", "question_answer", "textbook"];

/// Sets of corpora, mixtures, a model, a recipe, a grid and a law, each asking one question.
const SETS: usize = 23;

/// The files of a study of about 1,000 lines and 300 declarations with three imports: paths and texts, the study first. It checks
/// clean; its grids have a few dozen cells each.
pub fn large_study() -> Vec<(&'static str, String)> {
    let mut text = "synx 1\n\nfrom \"data.synx\" import commons, encyclopedia\nfrom \"models.synx\" import llama\n\
        from \"recipes.synx\" import standard\n\n/// Many questions about mixtures, asked side by side.\nstudy everything {\n    seed = 17\n}\n"
        .to_owned();
    for set in 0..SETS {
        question(&mut text, set);
    }
    let data = "synx 1\n\n/// Text of all kinds.\ncorpus commons = world(register = web, documents = 50k, heldout = 2%)\n\n\
        /// The same facts, told carefully.\ncorpus encyclopedia = commons |> rephrase(style = encyclopedic, generator = builtin)\n";
    let models = "synx 1\n\n/// A family of transformers.\nmodel llama(width, depth) {\n    context = 128\n    \
        blocks  = [attention(heads = width / 32), swiglu(ratio = 8/3)] * depth\n}\n";
    let recipes = "synx 1\n\n/// What every model is trained with.\nrecipe standard(lr = 3e-3, batch = 16Ki) {\n    \
        optimizer = adamw(lr = lr, betas = (0.9, 0.95), weight_decay = 0.1)\n    schedule  = wsd(warmup = 64Ki tokens, decay = 20%)\n    clip      = 1.0\n}\n";
    vec![
        (FILE, text),
        ("data.synx", data.to_owned()),
        ("models.synx", models.to_owned()),
        ("recipes.synx", recipes.to_owned()),
    ]
}

/// One question: thirteen declarations on forty-three lines.
fn question(text: &mut String, set: usize) {
    let topic = TOPICS[set % TOPICS.len()];
    let name = format!("{topic}_{set}");
    let register = REGISTERS[set % REGISTERS.len()];
    let other = REGISTERS[(set + 1) % REGISTERS.len()];
    let seed = set + 2;
    let (width, depth) = (64 + 32 * (set % 3), 2 + set % 4);
    let _ = write!(
        text,
        r"
// ---- Question {set}: {topic} ----

param lr_{name} = {lr}e-3
let top_{name} = {top}%
corpus raw_{name} = world(register = {register}, documents = 20k, seed = {seed}, heldout = 2%)
corpus told_{name} = raw_{name} |> rephrase(style = {other}, generator = builtin)
corpus few_{name} = raw_{name} |> take(2M tokens)
mixture two_{name}(r) = r * told_{name} + rest * raw_{name}
mixture all_{name}(r, s) = r * two_{name}(s) + 10% * encyclopedia + rest * commons
mixture base_{name} = top_{name} * few_{name} + rest * commons
let wide_{name} = {width} + 32

/// What is tested for {topic}.
evaluation test_{name} {{
    domains = [raw_{name}.heldout, commons.heldout]
    weights = [60%, 40%]
}}

recipe train_{name}(scale = 1) {{
    optimizer = adamw(lr = scale * lr_{name}, weight_decay = 0.1)
    schedule  = wsd(warmup = 64Ki tokens, decay = 20%)
    batch     = 16Ki tokens
}}

/// How much of {topic} should be told again?
grid runs_{name} {{
    axis r      = [0, 1/4, 1/2]
    axis s      = [1/3, 2/3]
    axis tokens = 2Mi..64Mi factor 2
    let share   = r * s
    data     = if r == 0 then base_{name} else all_{name}(r, s)
    model    = llama(wide_{name}, {depth})
    recipe   = if s < 1/2 then train_{name}() else standard(lr = lr_{name} * 64 / wide_{name})
    evaluate = test_{name}
    where tokens >= 2 * model.params
}}

law fit_{name} {{
    over = runs_{name}
    by   = [r, s]
    free E in 0.., B in 0.., beta in 0..2
    loss ~ E + B / tokens^beta
}}
",
        lr = 1 + set % 4,
        top = 10 + set,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_compiler::{Host, Options, Unread};
    use synx_plan::corpus::{Corpus, CorpusFacts};

    struct Files(Vec<(&'static str, String)>);

    impl Host for Files {
        fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
            let found = self.0.iter().find(|(known, _)| *known == path);
            found.map(|(_, text)| text.clone().into_bytes()).ok_or(Unread::NotFound)
        }

        fn matches(&self, _: &str) -> Result<Vec<String>, String> {
            Ok(Vec::new())
        }

        fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
            vec![None; corpora.len()]
        }
    }

    #[test]
    fn the_large_study_is_large_and_checks_clean() {
        let files = large_study();
        let text = files[0].1.clone();
        let lines = text.lines().count();
        assert!((1000..1100).contains(&lines), "{lines} lines");
        let kinds = ["param ", "let ", "corpus ", "mixture ", "evaluation ", "recipe ", "grid ", "law ", "study "];
        let declarations = text.lines().filter(|line| kinds.iter().any(|kind| line.starts_with(kind))).count();
        assert!((280..320).contains(&declarations), "{declarations} declarations");
        let compiled = synx_compiler::compile(FILE, &text, &Files(files), &Options::default());
        let said: Vec<String> = compiled
            .diagnostics
            .iter()
            .map(|finding| synx_compiler::diagnostic::concise(finding, &compiled.sources))
            .collect();
        assert!(said.is_empty(), "{said:#?}");
        assert!(compiled.plan.unwrap().cells().count() > 500);
    }
}
