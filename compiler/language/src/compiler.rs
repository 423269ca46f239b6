//! The state of one compilation: the texts, the items, what has been found.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Expression, Item, ItemKind, Name};
use synx_grammar::{Node, Tree};
use synx_plan::answer::Answer;
use synx_plan::corpus::{Corpus, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::law::Law;
use synx_plan::problem::Origin;
use synx_plan::study::Settings;

use crate::allow::Allowed;
use crate::corpus::Corpora;
use crate::diagnostic::{Diagnostic, Edit, Label};
use crate::frame::{Frame, Place, place};
use crate::grid::{Expanded, LaidOut};
use crate::host::{Deny, Host};
use crate::ide::{Declared, Record, Target};
use crate::lower::Lists;
use crate::module::Module;
use crate::scope::Scope;
use crate::table::{Demanded, Table};
use crate::value::{Capped, CellRef, Span, Value};

/// How deep declarations, calls and expressions may lead into each other while one is evaluated. Arbitrary; a study that people
/// write stays below 30, and the stack of a small thread holds this many.
const MAX_DEPTH: u32 = 160;

/// How many values may be made while one declaration, or the cells of one grid so far, is evaluated. Arbitrary; a fraction of a second.
const FUEL: u64 = 1_000_000;

/// How many values may be made while all declarations are evaluated. Arbitrary; about a second.
const STUDY: u64 = 10_000_000;

/// How many more each cell of a grid may take. Arbitrary; a cell that people write takes some tens.
const CELL: u64 = 200;

/// After how many values the host is asked whether anybody still waits. Arbitrary; well under a millisecond.
const ASK: u64 = 1024;

/// How many findings one run reports; more help nobody.
const MAX_DIAGNOSTICS: usize = 200;

/// How many elements a list may have once its elements are needed; an axis of equal steps may have more.
pub(crate) const MAX_LIST: u64 = 100_000;

/// A declaration.
pub(crate) struct ItemSlot<'t> {
    pub item: Item<'t>,
    /// The file that it stands in.
    pub file: u32,
    pub kind: ItemKind,
    pub name: &'t str,
    pub state: State,
    /// What `--set` gave for a `param`.
    pub given: Option<Expression<'t>>,
    /// The same as plain text, for a `param` that is text.
    pub given_text: Option<String>,
    /// Whether anything names it.
    pub used: bool,
    /// Whether it is part of the study: declared in its file, or reached from there through imports.
    pub reached: bool,
}

/// A text that is compiled.
struct File<'t> {
    /// As it is shown.
    path: String,
    tree: &'t Tree,
    /// The module whose names it sees.
    module: usize,
    /// How many bytes of it nobody wrote: what stands before a value from the command line, so that it can be read.
    hidden: usize,
}

/// Where the evaluation of something stands.
#[derive(Debug, Clone, Default)]
pub(crate) enum State {
    #[default]
    Open,
    Running,
    Done(Value),
}

pub(crate) struct Compiler<'t> {
    pub host: &'t dyn Host,
    pub max_cells: u64,
    files: Vec<File<'t>>,
    /// The file that was asked for last: most questions are about the same one.
    last_file: Cell<u32>,
    /// The study's first; the standard library's once they are needed.
    pub modules: Vec<Module<'t>>,
    pub items: Vec<ItemSlot<'t>>,
    /// Items that something names and that have not been looked through for that.
    pub newly_used: Vec<usize>,
    pub diagnostics: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Place)>,
    /// Findings that were moved to a call: their code, where they are, and the places that they were moved from.
    pub moved: Vec<(&'static str, Place, Vec<Place>)>,
    muted: u32,
    /// The calls of declarations on the way to what is evaluated, the innermost last.
    pub frames: Vec<Frame>,
    /// What is being made at the moment, each with the place that asked for it: the outermost first.
    pub asked: Vec<(Rc<str>, Span)>,
    depth: u32,
    /// Whether the evaluation at hand has been reported as too deep.
    too_deep: bool,
    fuel: u64,
    /// What the study may use beside the fuel at hand.
    reserve: u64,
    /// Whether it was reported that it has used that up.
    spent: bool,
    /// Whether the host has said that nobody waits any more.
    pub cancelled: bool,
    pub settings: Settings,
    pub corpora: Corpora,
    /// Mixtures under a cap of epochs that cells are made of.
    pub caps: Vec<Rc<Capped>>,
    /// What the cells of grids name by number.
    pub lists: Lists,
    /// Grids and laws by their items, once something asks for them.
    pub grids: IndexMap<usize, Demanded<Expanded>>,
    pub laws: IndexMap<usize, Demanded<Law>>,
    /// What each law is fitted over.
    pub law_tables: HashMap<usize, Rc<Table>>,
    /// Grids whose cells can be named, also while they are being made.
    pub laid: IndexMap<usize, Rc<LaidOut<'t>>>,
    /// The tables that grids are.
    pub item_tables: HashMap<usize, Rc<Table>>,
    /// The plan's tables, in which grids and laws still have the numbers of their items; and the place of each by its source.
    pub tables: Vec<synx_plan::table::Table>,
    pub table_places: HashMap<String, usize>,
    /// The corpora of which the study asks for something that nobody has scanned.
    pub unscanned: Vec<Corpus>,
    /// Cells that were named before they were made, and where.
    pub awaited: Vec<(CellRef, Span)>,
    /// Other cells whose entries are being evaluated, the outermost first.
    pub cells_at_hand: Vec<CellRef>,
    /// The same tables as the compiler knows them.
    pub made: Vec<Rc<Table>>,
    /// The plan's answers, and the place of each by its question.
    pub answers: Vec<Answer>,
    pub answer_places: HashMap<String, usize>,
    /// Words in pieces of the text that could not be read: what they declare is not known, so they are not reported as unknown.
    pub broken_words: HashSet<&'t str>,
    /// Where a second study begins in the study's own file, from which on nothing is looked at.
    pub second_study: Option<usize>,
    /// Lines of each file whose syntax could not be read to their end: what is found in them otherwise follows from that.
    pub unread: Vec<(u32, std::ops::Range<usize>)>,
    pub allowed: Vec<Allowed>,
    /// Lints that could not be decided.
    pub undecided: Vec<&'static str>,
    pub deny: Vec<Deny>,
    /// Insertions that write out the defaults.
    pub fills: Vec<Edit>,
    pub file_scope: Rc<Scope<'t>>,
    /// What the editor asks about afterwards; none where nobody will.
    pub record: Option<Box<Record>>,
}

impl<'t> Compiler<'t> {
    pub(crate) fn new(host: &'t dyn Host, max_cells: u64, path: &str, tree: &'t Tree) -> Compiler<'t> {
        Compiler {
            host,
            max_cells,
            files: vec![File { path: path.to_owned(), tree, module: 0, hidden: 0 }],
            last_file: Cell::new(0),
            modules: vec![Module::new("")],
            items: Vec::new(),
            newly_used: Vec::new(),
            diagnostics: Vec::new(),
            seen: HashSet::new(),
            moved: Vec::new(),
            muted: 0,
            frames: Vec::new(),
            asked: Vec::new(),
            depth: 0,
            too_deep: false,
            fuel: FUEL,
            reserve: STUDY,
            spent: false,
            cancelled: false,
            settings: default_settings(path),
            corpora: Corpora::default(),
            caps: Vec::new(),
            lists: Lists::default(),
            grids: IndexMap::new(),
            laws: IndexMap::new(),
            law_tables: HashMap::new(),
            laid: IndexMap::new(),
            item_tables: HashMap::new(),
            tables: Vec::new(),
            table_places: HashMap::new(),
            unscanned: Vec::new(),
            awaited: Vec::new(),
            cells_at_hand: Vec::new(),
            made: Vec::new(),
            answers: Vec::new(),
            answer_places: HashMap::new(),
            broken_words: HashSet::new(),
            second_study: None,
            unread: Vec::new(),
            allowed: Vec::new(),
            undecided: Vec::new(),
            deny: Vec::new(),
            fills: Vec::new(),
            file_scope: Rc::new(Scope::file()),
            record: None,
        }
    }

    /// Another text, and the module whose names it sees; gives its number.
    pub(crate) fn add_file(&mut self, path: &str, tree: &'t Tree, module: usize) -> u32 {
        self.files.push(File { path: path.to_owned(), tree, module, hidden: 0 });
        (self.files.len() - 1) as u32
    }

    /// A value from the command line, which was read as a `let` of the study with `hidden` bytes before it.
    pub(crate) fn add_value(&mut self, path: &str, tree: &'t Tree, hidden: usize) {
        self.files.push(File { path: path.to_owned(), tree, module: 0, hidden });
    }

    /// A place as findings say it: in what the user wrote.
    pub(crate) fn shown(&self, span: Span) -> Range<usize> {
        let hidden = self.files[span.file as usize].hidden;
        let range = span.range();
        range.start.saturating_sub(hidden)..range.end.saturating_sub(hidden)
    }

    /// The module whose names a file sees.
    pub(crate) fn module_of(&self, file: u32) -> usize {
        self.files[file as usize].module
    }

    pub(crate) fn span(&self, node: Node<'t>) -> Span {
        let range = node.range();
        Span { file: self.file_of(node.tree()), start: range.start as u32, end: range.end as u32 }
    }

    pub(crate) fn file_of(&self, tree: &'t Tree) -> u32 {
        let last = self.last_file.get();
        if std::ptr::eq(self.files[last as usize].tree, tree) {
            return last;
        }
        let file = self.files.iter().position(|file| std::ptr::eq(file.tree, tree)).unwrap_or(0) as u32;
        self.last_file.set(file);
        file
    }

    /// The file that is shown as `path`.
    pub(crate) fn file_named(&self, path: &str) -> Option<u32> {
        self.files.iter().position(|file| file.path == path).map(|file| file as u32)
    }

    /// The whole text of a file.
    pub(crate) fn text_of(&self, file: u32) -> &'t str {
        self.files[file as usize].tree.source()
    }

    /// Where an item's name stands.
    pub(crate) fn name_span(&self, item: usize) -> Span {
        let declaration = self.items[item].item;
        self.span(declaration.name().map_or_else(|| declaration.node(), synx_grammar::view::Name::node))
    }

    pub(crate) fn path(&self, span: Span) -> &str {
        &self.files[span.file as usize].path
    }

    pub(crate) fn source(&self, span: Span) -> &'t str {
        self.files[span.file as usize].tree.source().get(span.range()).unwrap_or_default()
    }

    /// The text of a file behind a place.
    pub(crate) fn source_after(&self, span: Span) -> &'t str {
        self.files[span.file as usize].tree.source().get(span.end as usize..).unwrap_or_default()
    }

    pub(crate) fn origin(&self, span: Span) -> Origin {
        Origin { file: self.path(span).to_owned(), range: self.shown(span) }
    }

    pub(crate) fn label(&self, span: Span, text: impl Into<String>) -> Label {
        Label { file: self.path(span).to_owned(), range: self.shown(span), text: text.into() }
    }

    pub(crate) fn edit(&self, span: Span, text: impl Into<String>) -> Edit {
        Edit { file: self.path(span).to_owned(), range: self.shown(span), text: text.into() }
    }

    /// A finding with its primary place.
    pub(crate) fn finding(
        &self,
        code: &'static str,
        span: Span,
        headline: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, headline).label(self.label(span, label))
    }

    /// Keeps a finding, unless one of this code is known at this place, and gives the value that silences what follows from it.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) -> Value {
        if !self.tells() {
            return Value::Error;
        }
        let key = |diagnostic: &Diagnostic| (diagnostic.code, place(diagnostic).unwrap_or_default());
        // What is wrong in a declaration by itself was said there.
        if self.seen.contains(&key(&diagnostic)) {
            return Value::Error;
        }
        let (diagnostic, from) = self.at_its_use(diagnostic);
        let (code, at) = key(&diagnostic);
        if self.seen.insert((code, at.clone())) {
            if !from.is_empty() {
                self.moved.push((code, at, from));
            }
            self.diagnostics.push(diagnostic);
        }
        Value::Error
    }

    /// Leaves out what else would be said under this code at this place: a finding elsewhere explains it.
    pub(crate) fn silence(&mut self, code: &'static str, span: Span) {
        let place = Place::of(self.path(span), self.shown(span));
        self.seen.insert((code, place));
    }

    /// Whether a name at this place was reported as unknown.
    pub(crate) fn is_unknown(&self, span: Span) -> bool {
        self.seen.contains(&("E0101", Place::of(self.path(span), self.shown(span))))
    }

    /// Writes down what a name stands for, where somebody will ask.
    pub(crate) fn note_name(&mut self, name: Name<'t>, target: Target) {
        let span = self.span(name.node());
        if let Some(record) = &mut self.record {
            record.name(span, target);
        }
    }

    /// Evaluates without reporting: for what is shown but need not be there.
    pub(crate) fn quietly<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> T) -> T {
        self.muted += 1;
        let value = evaluate(self);
        self.muted -= 1;
        value
    }

    /// Evaluates with its findings reported, wherever it is asked for.
    pub(crate) fn aloud<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> T) -> T {
        let muted = std::mem::take(&mut self.muted);
        let value = evaluate(self);
        self.muted = muted;
        value
    }

    /// Whether nothing is reported at the moment.
    pub(crate) fn is_quiet(&self) -> bool {
        self.muted > 0
    }

    /// Goes one level deeper, if the limits of depth and work allow it.
    pub(crate) fn enter(&mut self, span: Span) -> bool {
        if self.depth == 0 {
            self.too_deep = false;
        }
        if self.depth >= MAX_DEPTH {
            // One finding for the whole way back up.
            if std::mem::replace(&mut self.too_deep, true) {
                return false;
            }
            let finding =
                self.finding("E0504", span, "this leads too deep", format!("more than {MAX_DEPTH} levels")).help(
                    "declarations, calls and expressions may lead into each other only so far; name a part with `let`",
                );
            self.report(finding);
            return false;
        }
        if !self.burn(1, span) {
            return false;
        }
        self.depth += 1;
        true
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Pays for making `values` values; false where the limit is reached, which is reported.
    pub(crate) fn burn(&mut self, values: u64, span: Span) -> bool {
        if let Some(rest) = self.fuel.checked_sub(values) {
            if rest / ASK != self.fuel / ASK && self.host.cancelled() {
                self.cancelled = true;
            }
            self.fuel = if self.cancelled { 0 } else { rest };
            !self.cancelled
        } else {
            self.fuel = 0;
            // Where the study has used up what it may, nothing after this can be evaluated either: that is said once.
            let spent = self.reserve == 0;
            if spent && std::mem::replace(&mut self.spent, true) {
                return false;
            }
            let headline = if spent {
                "the declarations up to here take too many steps to evaluate"
            } else {
                "this takes too many steps to evaluate"
            };
            let finding = self
                .finding("E0504", span, headline, "stopped here")
                .help("a list or a chain of declarations grows out of hand");
            self.report(finding);
            false
        }
    }

    /// Allows as much work again, as long as the study has not used up what it may: called once a declaration.
    pub(crate) fn refuel(&mut self) {
        self.cancelled |= self.host.cancelled();
        self.reserve += self.fuel;
        self.fuel = if self.cancelled { 0 } else { FUEL.min(self.reserve) };
        self.reserve -= self.fuel;
    }

    /// The same before so many cells, which add to what the study may use.
    pub(crate) fn refuel_for(&mut self, cells: u64) {
        self.reserve += CELL * cells;
        self.refuel();
    }

    /// Whether a finding would be told: what only makes one need not be done otherwise.
    pub(crate) fn tells(&self) -> bool {
        self.muted == 0 && !self.cancelled && self.diagnostics.len() < MAX_DIAGNOSTICS
    }

    /// Whether a number has grown beyond what anything needs; reported.
    pub(crate) fn too_large(&mut self, number: &Exact, span: Span) -> bool {
        let large = number.bits() > 8192;
        if large {
            let digits = number.bits() * 3 / 10;
            let finding = self
                .finding("E0504", span, "this number is too large", format!("about {digits} digits"))
                .help("numbers are exact, so that products of many digits grow: round on the way, or take a smaller power");
            self.report(finding);
        }
        large
    }

    /// What was written down, with the declarations and the corpora that it speaks of.
    pub(crate) fn finish_record(&mut self) -> Option<Box<Record>> {
        let mut record = self.record.take()?;
        for slot in &self.items {
            let Some(name) = slot.item.name() else { continue };
            let (name, whole) = (self.span(name.node()), self.span(slot.item.node()));
            record.items.push(Declared { name, whole, kind: slot.kind, docs: slot.item.docs() });
        }
        record.files = self.files.iter().map(|file| file.path.clone()).collect();
        record.corpora = (0..self.corpora.len()).map(|id| self.corpora.get(CorpusId(id)).corpus.name.clone()).collect();
        Some(record)
    }

    /// The reports and the settings at the end.
    pub(crate) fn finish(mut self) -> (Vec<Diagnostic>, Settings, Corpora, Vec<Edit>) {
        self.settle_lints();
        let paths: Vec<String> = self.files.iter().map(|file| file.path.clone()).collect();
        // What is found in a line that could not be read to its end follows from that.
        let follows = |diagnostic: &Diagnostic| {
            let syntax = diagnostic.code.starts_with("E00") && diagnostic.code != "E0011";
            diagnostic.labels.first().filter(|_| !syntax).is_some_and(|label| {
                self.unread
                    .iter()
                    .any(|(file, lines)| paths[*file as usize] == label.file && lines.contains(&label.range.start))
            })
        };
        self.diagnostics.retain(|diagnostic| !follows(diagnostic));
        let order = |path: &str| paths.iter().position(|known| known == path);
        self.diagnostics.sort_by_key(|diagnostic| {
            let label = diagnostic.labels.first();
            label.map(|label| (order(&label.file), label.range.start, label.range.end, diagnostic.code))
        });
        (self.diagnostics, self.settings, self.corpora, self.fills)
    }
}

/// What holds for a study that says nothing.
fn default_settings(path: &str) -> Settings {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = file.strip_suffix(".synx").unwrap_or(file);
    Settings::named(if stem.is_empty() { "study" } else { stem })
}
