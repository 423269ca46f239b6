//! The reference is executable: every block of `spec/language/*.md` is compiled and held to what it says of itself.
//!
//! A block of ```` ```synx ```` that begins with its edition is a whole study. Any other is a fragment, which stands after the
//! chapter's prelude: the last `<!-- prelude … -->` before it. ```` ```synx common.synx ```` is a file that later blocks of the
//! chapter can import from. At the end of a line
//!
//! - `// error[E0301]` and `// warning[W0301]` say what is found on it, and nothing else may be found anywhere
//!   (that a declaration is not used is not said of fragments);
//! - `// = 3/10` says what the name that is declared on it stands for, as the editor shows it.
//!
//! A block of ```` ```output ```` says what the plan of the block before it comes to, a line a grid.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use common::World;
use synx_compiler::ide::Analysis;
use synx_compiler::{Compiled, Options, compile};
use synx_plan::cost::DeviceProfile;
use synx_plan::study::Plan;

/// Findings that a fragment has because nothing of it is used.
const OF_FRAGMENTS: [&str; 2] = ["W0101", "W0102"];

/// A fenced block of a chapter.
struct Block {
    /// The line of the chapter that its first line is, from 1.
    line: usize,
    /// What stands after the fence: `synx`, `synx common.synx`, `output`.
    info: String,
    text: String,
    /// What a fragment stands after.
    prelude: String,
}

fn blocks(chapter: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut prelude = String::new();
    let mut lines = chapter.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let mut until = |end: &str| -> String {
            lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != end)
                .fold(String::new(), |text, line| text + line + "\n")
        };
        if line == "<!-- prelude" {
            prelude = until("-->");
        } else if let Some(info) = line.strip_prefix("```") {
            let text = until("```");
            blocks.push(Block { line: at + 2, info: info.to_owned(), text, prelude: prelude.clone() });
        }
    }
    blocks
}

/// A finding that a block has or says that it has: its line in the chapter and its code, a negative line for the prelude.
type Found = (usize, String);

/// A chapter as it is checked.
struct Chapter {
    name: String,
    world: World,
    wrong: Vec<String>,
    checked: usize,
}

impl Chapter {
    fn check(&mut self, block: &Block, output: Option<&str>) {
        let is_whole = block.text.starts_with("synx ");
        let before = if is_whole { "" } else { block.prelude.as_str() };
        let skip = before.lines().count();
        let source = format!("{before}{}", block.text);
        let compiled = compile("study.synx", &source, &self.world, &Options::default());
        let place = |line: usize| if line > skip { block.line + line - skip - 1 } else { 0 };

        let mut said: Vec<Found> = Vec::new();
        for (at, line) in block.text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("// ") else { continue };
            for word in comment.split(' ') {
                let code = word.strip_prefix("error[").or_else(|| word.strip_prefix("warning["));
                said.extend(
                    code.and_then(|code| code.strip_suffix(']')).map(|code| (block.line + at, code.to_owned())),
                );
            }
        }
        let mut found: Vec<Found> = Vec::new();
        for diagnostic in &compiled.diagnostics {
            let line = diagnostic.labels.first().map_or(0, |label| {
                if label.file == "study.synx" {
                    compiled.sources.get(&label.file).unwrap().place(label.range.start).line
                } else {
                    0
                }
            });
            let finding = (place(line), diagnostic.code.to_owned());
            if is_whole || said.contains(&finding) || !OF_FRAGMENTS.contains(&diagnostic.code) {
                found.push(finding);
            }
        }
        said.sort();
        found.sort();
        if said != found {
            let findings = common::findings(&compiled).join("\n    ");
            self.wrong.push(format!("{}:{}: said {said:?}, found {found:?}\n    {findings}", self.name, block.line));
        }
        self.values(block, skip, &source);
        if let Some(output) = output {
            let shown = compiled.plan.as_ref().map_or_else(String::new, summary);
            if shown != output {
                self.wrong.push(format!("{}:{}: said\n{output}, the plan is\n{shown}", self.name, block.line));
            }
        }
        self.not_planned(block, &compiled, &found);
        self.checked += 1;
    }

    /// What is found right can be planned.
    fn not_planned(&mut self, block: &Block, compiled: &Compiled, found: &[Found]) {
        if compiled.plan.is_none() && !found.iter().any(|(_, code)| code.starts_with('E')) {
            self.wrong.push(format!("{}:{}: no plan, and no error", self.name, block.line));
        }
    }

    /// Holds the `// = value` of a block to what the editor shows for the name that is declared on the line.
    fn values(&mut self, block: &Block, skip: usize, source: &str) {
        if !block.text.contains("// = ") {
            return;
        }
        let parse = Rc::new(synx_grammar::parse(source));
        let analysis =
            Analysis::new("study.synx", parse, &self.world, &Options::default(), DeviceProfile::nominal_cpu(1))
                .unwrap();
        let mut start = 0;
        for (at, line) in source.lines().enumerate() {
            if at >= skip
                && let Some((declaration, value)) = line.split_once("// = ")
            {
                let declared = declaration.split('=').next().unwrap_or_default().trim_end();
                let hover = analysis.hover(start + declared.len() - 1).map(|hover| hover.text).unwrap_or_default();
                if !hover.contains(&format!("`{value}`")) {
                    let line = block.line + at - skip;
                    self.wrong.push(format!("{}:{line}: said {value}, but it is\n{hover}", self.name));
                }
            }
            start += line.len() + 1;
        }
    }
}

/// What a plan comes to, a line a grid.
fn summary(plan: &Plan) -> String {
    let mut text = String::new();
    for (number, grid) in plan.grids.iter().enumerate() {
        let (mut cells, mut tokens, mut flops) = (0_u64, 0_u64, 0_u128);
        for (_, _, cell) in plan.cells().filter(|(at, _, _)| *at == number) {
            cells += 1;
            tokens += cell.tokens;
            flops += plan.flops_exact(cell);
        }
        let _ =
            write!(text, "{}: {cells} cells, {} tokens, {} FLOP", grid.name, grouped(tokens.into()), grouped(flops));
        let _ = writeln!(
            text,
            "{}",
            if grid.excluded.is_empty() { String::new() } else { format!(", {} left out", grid.excluded.len()) }
        );
    }
    text
}

/// `1234567` as `1,234,567`.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn chapters() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/language");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    paths
}

#[test]
fn every_block_of_the_reference_is_what_it_says() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for path in chapters() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let mut chapter = Chapter { name, world: World::default(), wrong: Vec::new(), checked: 0 };
        let blocks = blocks(&text);
        for (at, block) in blocks.iter().enumerate() {
            let output = blocks.get(at + 1).filter(|next| next.info == "output").map(|next| next.text.as_str());
            match block.info.split_once(' ') {
                Some(("synx", path)) => chapter.world.texts.push((path.to_owned(), block.text.clone())),
                _ if block.info == "synx" => chapter.check(block, output),
                _ => assert!(
                    ["output", "pest", "text"].contains(&block.info.as_str()),
                    "{}:{}: what is a block of `{}`?",
                    chapter.name,
                    block.line,
                    block.info
                ),
            }
        }
        checked += chapter.checked;
        wrong.extend(chapter.wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 20, "only {checked} blocks were checked");
}

#[test]
fn the_table_of_contents_names_every_chapter() {
    let paths = chapters();
    let contents = fs::read_to_string(paths.iter().find(|path| path.ends_with("README.md")).unwrap()).unwrap();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "README.md" || contents.contains(&format!("]({name})")),
            "{name} is not in the table of contents"
        );
    }
}

#[test]
fn the_appendix_is_the_grammar() {
    let grammar = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../grammar/synx.pest")).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/language/appendix_grammar.md");
    let appendix = fs::read_to_string(path).unwrap();
    let (head, _) = appendix.split_once("```pest\n").unwrap();
    let expected = format!("{head}```pest\n{grammar}```\n");
    if appendix != expected {
        fs::write(path, expected).unwrap();
        panic!("spec/language/appendix_grammar.md was not the grammar; it is written anew: look at it and commit it");
    }
}
