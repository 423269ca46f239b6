//! From text to plan.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::map::IndexMap;
use synx_grammar::view::{Assert, Body, Entry, Item, ItemKind, Part};
use synx_grammar::{Parse, SyntaxErrorKind, SyntaxKind};
use synx_plan::claim::Claim;
use synx_plan::corpus::Corpus;
use synx_plan::exact::Exact;
use synx_plan::figure::{Figure, ReportTable};
use synx_plan::hardware::Hardware;
use synx_plan::law::Law;
use synx_plan::study::{Documented, Plan};

use crate::causes::{Cause, causes};
use crate::compiler::{Compiler, ItemSlot, State};
use crate::diagnostic::Diagnostic;
use crate::explain::Explained;
use crate::grid::Expanded;
use crate::host::{Host, Options};
use crate::ide::Record;
use crate::module::{Loaded, Named, load};
use crate::source::Sources;
use crate::suggest::nearest;
use crate::value::{Span, Value};

/// The edition of this version's language.
const EDITION: u64 = 1;

/// How many parameters a declaration may have, and how many entries a grid. Arbitrary; far beyond what a person writes.
const MAX_PARTS: usize = 256;

/// What compiling a study gives.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// There only where no diagnostic is an error.
    pub plan: Option<Plan>,
    /// All findings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the findings point into.
    pub sources: Sources,
    /// The study's text with what `filled_in` adds, not laid out yet.
    defaults_filled: String,
    /// Corpora that are to be scanned before the study can be compiled, with what they are made from; empty where nothing waits for that.
    pub unscanned: Vec<Corpus>,
}

impl Compiled {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The corpora that the study uses and nobody has scanned, by name: how often runs go through them, and shares and sizes that follow from how much
    /// text they have, are not known. Empty where the study has errors.
    pub fn not_scanned(&self) -> Vec<String> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let used = plan.corpora.iter().zip(&plan.facts).filter(|(_, facts)| facts.is_none()).map(|(corpus, _)| corpus);
        let mut names: Vec<String> = used.chain(&self.unscanned).map(|corpus| corpus.name.clone()).collect();
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }
}

/// The study's text with every default written out, and what `--set` gave, in the one style. It compiles to the same plan.
pub fn filled_in(compiled: &Compiled) -> String {
    crate::format::format_text(&compiled.defaults_filled).text
}

/// What `--set name=value` gave, read as an expression.
struct Given {
    name: String,
    text: String,
    path: String,
    parse: Parse,
}

impl Given {
    fn new(name: &str, text: &str) -> Given {
        let parse = synx_grammar::parse(&set_source(text));
        Given { name: name.to_owned(), text: text.to_owned(), path: format!("--set {name}"), parse }
    }
}

/// Compiles the study in `source`, which was read from `path`.
pub fn compile(path: &str, source: &str, host: &dyn Host, options: &Options) -> Compiled {
    let parse = synx_grammar::parse(source);
    let Checked { plan, diagnostics, sources, defaults_filled, unscanned, .. } =
        checked(path, &parse, host, options, None);
    let plan = plan.filter(|_| !diagnostics.iter().any(Diagnostic::is_error));
    Compiled { plan, diagnostics, sources, defaults_filled, unscanned }
}

/// What a report shows and a study claims.
#[derive(Default)]
struct Shown {
    claims: Vec<Claim>,
    figures: Vec<Figure>,
    tables: Vec<ReportTable>,
}

/// What compiling a study gives, also where it has mistakes.
pub(crate) struct Checked {
    /// Of what could be lowered: grids and laws with mistakes are left out.
    pub plan: Option<Plan>,
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
    pub defaults_filled: String,
    pub unscanned: Vec<Corpus>,
    /// What was written down, where it was asked for.
    pub record: Option<Box<Record>>,
    /// Whether the host stopped it: the rest is worth nothing then.
    pub cancelled: bool,
    /// Of the expression that was asked about.
    pub answer: Option<Explained>,
}

/// Compiles the study of a text that was read before. With a `record`, the compiler fills it on its way.
pub(crate) fn checked(
    path: &str,
    parse: &Parse,
    host: &dyn Host,
    options: &Options,
    record: Option<Box<Record>>,
) -> Checked {
    let mut sources = Sources::new();
    let files = load(path, parse, host, &mut sources);
    let mut given: Vec<Given> = Vec::new();
    for (name, text) in &options.set {
        given.retain(|known| known.name != *name);
        given.push(Given::new(name, text));
    }
    let asked = options.ask.as_ref().map(|text| synx_grammar::parse(&set_source(text)));
    let mut compiler = Compiler::new(host, options.max_cells, path, &parse.tree);
    compiler.record = record;
    compiler.deny.clone_from(&options.deny);
    for file in &files[1..] {
        compiler.add_module(file);
    }
    for given in &given {
        sources.add(given.path.clone(), given.text.clone());
        compiler.add_value(&given.path, &given.parse.tree, VALUE.len());
    }
    if let (Some(text), Some(asked)) = (&options.ask, &asked) {
        sources.add(crate::explain::PATH, text.clone());
        compiler.add_value(crate::explain::PATH, &asked.tree, VALUE.len());
    }
    let (plan, answer) = compiler.run(&files, &given, asked.as_ref());
    let record = compiler.finish_record();
    let cancelled = compiler.cancelled;
    for file in compiler.library_files() {
        sources.add(file.path, file.source);
    }
    let unscanned = std::mem::take(&mut compiler.unscanned);
    let (diagnostics, _, _, fills) = compiler.finish();
    let defaults_filled = crate::fill::filled(parse.tree.source(), path, fills);
    Checked { plan, diagnostics, sources, defaults_filled, unscanned, record, cancelled, answer }
}

/// What stands before a value from the command line, so that it can be read.
const VALUE: &str = "let value = ";

/// A text in which a value from the command line can be read.
fn set_source(text: &str) -> String {
    format!("{VALUE}{text}")
}

impl<'t> Compiler<'t> {
    fn run(
        &mut self,
        files: &'t [Loaded<'t>],
        given: &'t [Given],
        asked: Option<&'t Parse>,
    ) -> (Option<Plan>, Option<Explained>) {
        for (number, file) in (0u32..).zip(files) {
            let wrong = causes(&file.parse.errors, file.parse.tree.source());
            for cause in &wrong.causes {
                self.syntax_error(cause, number);
            }
            if number == 0 {
                self.second_study = wrong.second_study;
            }
            self.unread.extend(wrong.unread.into_iter().map(|lines| (number, lines)));
        }
        if files.iter().flat_map(|file| &file.parse.errors).any(|error| error.kind == SyntaxErrorKind::MergeMarker) {
            // Two versions of the same lines: what they mean together is nobody's.
            return (None, None);
        }
        for file in files {
            self.edition(&file.parse);
            self.collect_broken(&file.parse);
            self.collect(&file.parse);
        }
        self.import(files);
        self.set(given);
        self.resolve_items(files);
        self.same_names();
        let study = self.items.iter().find(|slot| slot.kind == ItemKind::Study && slot.file == 0).map(|slot| slot.item);
        if let Some(study) = study
            && let Body::Block(block) = study.body()
        {
            self.study(study, block);
        }
        for item in 0..self.items.len() {
            let slot = &self.items[item];
            let (declaration, used) = (slot.item, slot.used);
            let value = !crate::signature::is_carried_out(slot.kind) && slot.kind != ItemKind::Study;
            if slot.reached && value && declaration.parameters_node().is_none() {
                self.refuel();
                let span = self.span(declaration.node());
                self.item_value(item, span);
                self.items[item].used = used;
            }
        }
        for assertion in assertions(files) {
            self.refuel();
            let scope = Rc::clone(&self.file_scope);
            self.holds(assertion, &scope);
        }
        let (plan, answer) = self.lower_study(asked);
        self.lint_imports(files);
        (Some(plan), answer)
    }

    /// Looks up the names of all items, and finds out which are part of the study: those of its file, and what they lead to.
    fn resolve_items(&mut self, files: &'t [Loaded<'t>]) {
        for assertion in assertions(files) {
            if let Some(condition) = assertion.condition() {
                self.resolve_expression(condition);
            }
        }
        let own = (0..self.items.len()).filter(|item| self.items[*item].file == 0);
        let mut open: VecDeque<usize> = own.chain(std::mem::take(&mut self.newly_used)).collect();
        while let Some(item) = open.pop_front() {
            if self.items[item].reached || self.is_of_library(self.items[item].file) {
                continue;
            }
            self.items[item].reached = true;
            self.resolve_item(item);
            open.extend(self.newly_used.drain(..));
        }
        // What the study does not reach is part of a file that it reads: its names are right, too.
        for item in 0..self.items.len() {
            if !self.items[item].reached && !self.is_of_library(self.items[item].file) {
                self.resolve_item(item);
            }
        }
    }

    /// Grids, then laws, then what only the whole shows.
    fn lower_study(&mut self, asked: Option<&'t Parse>) -> (Plan, Option<Explained>) {
        let of_kind = |compiler: &Self, kind: ItemKind| -> Vec<usize> {
            (0..compiler.items.len())
                .filter(|item| compiler.items[*item].kind == kind && compiler.items[*item].reached)
                .collect()
        };
        let mut grids: Vec<Rc<Expanded>> = Vec::new();
        let mut laws: Vec<Law> = Vec::new();
        // A failed grid or law has no number; there is no plan then.
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        for item in of_kind(self, ItemKind::Grid) {
            self.refuel();
            let span = self.span(self.items[item].item.node());
            if let Some(expanded) = self.grid(item, span) {
                numbers.insert(item, grids.len());
                grids.push(expanded);
            }
        }
        let mut planned = Vec::new();
        for item in of_kind(self, ItemKind::Law) {
            self.refuel();
            let span = self.items[item].item.name().map(|name| self.span(name.node()));
            let Some(span) = span else { continue };
            if self.items[item].item.parameters_node().is_some() {
                continue;
            }
            if let Some(law) = self.fitted(item, span) {
                planned.extend(self.lint_law(item, &law));
                numbers.insert(item, laws.len());
                laws.push((*law).clone());
            }
        }
        let mut shown = Shown::default();
        for item in of_kind(self, ItemKind::Claim) {
            self.refuel();
            shown.claims.extend(self.claim(item));
        }
        for item in of_kind(self, ItemKind::Figure) {
            self.refuel();
            shown.figures.extend(self.figure(item));
        }
        for item in of_kind(self, ItemKind::Table) {
            self.refuel();
            shown.tables.extend(self.report_table(item));
        }
        for law in shown.figures.iter_mut().filter_map(|figure| figure.overlay.as_mut()) {
            *law = numbers.get(law).copied().unwrap_or_default();
        }
        self.check_definitions();
        let answer = asked.and_then(|asked| {
            let wrong = causes(&asked.errors, asked.tree.source());
            wrong.causes.iter().for_each(|cause| self.syntax_error(cause, self.file_of(&asked.tree)));
            self.explain_expression(asked)
        });
        self.lint_unused();
        self.link_cells(&grids);
        let mut lists = std::mem::take(&mut self.lists);
        let corpora = lists.corpora(&self.corpora);
        let mut facts = if corpora.is_empty() { Vec::new() } else { self.host.facts(&corpora) };
        facts.resize(corpora.len(), None);
        synx_plan::corpus::derive_facts(&corpora, &mut facts);
        if facts.iter().any(Option::is_none) {
            self.undecided("W0301");
        }
        let names: Vec<String> = corpora.iter().map(|corpus| corpus.name.clone()).collect();
        self.lint_epochs(&grids, &lists, &facts, &names);
        for law in &planned {
            self.lint_repetition(law, &lists, &facts, &names);
        }
        self.lint_sharing(&grids, &lists);
        self.lint_memory(&grids, &lists);
        self.check_domains(&lists, &facts, &grids);
        let plan = Plan {
            corpora,
            facts,
            mixtures: lists.mixtures,
            models: lists.models,
            recipes: lists.recipes,
            evaluations: lists.evaluations,
            objectives: lists.objectives,
            choices: lists.choices,
            tables: self.numbered_tables(&numbers),
            grids: self.numbered_grids(grids),
            laws,
            answers: self.numbered_answers(&numbers, &lists.numbered),
            claims: shown.claims,
            figures: shown.figures,
            report_tables: shown.tables,
            hardware: self.declared_hardware(),
            documented: self.documented(),
            ..Plan::new(self.settings.clone())
        };
        (plan, answer)
    }

    /// The machines that are part of the study.
    fn declared_hardware(&mut self) -> Vec<Hardware> {
        let mut declared = Vec::new();
        for item in 0..self.items.len() {
            let slot = &self.items[item];
            let own = slot.kind == ItemKind::Hardware && slot.reached && !self.is_of_library(slot.file);
            if !own || slot.item.parameters_node().is_some() {
                continue;
            }
            let (name, span) = (slot.name.to_owned(), self.name_span(item));
            if let Value::Hardware(hardware) = self.item_value(item, span) {
                // `hardware here = h100()` is called by its own name.
                declared.push(Hardware { name, origin: Some(self.origin(span)), ..(*hardware).clone() });
            }
        }
        declared
    }

    /// What the author says of the declarations that are part of the study.
    fn documented(&self) -> Vec<Documented> {
        let mut all = Vec::new();
        let reached = (0..self.items.len()).filter(|item| self.items[*item].reached);
        for item in reached.filter(|item| self.items[*item].kind != ItemKind::Study) {
            let slot = &self.items[item];
            let mut add = |kind: &str, name: String, text: Option<String>, at: Span| {
                let origin = Some(self.origin(at));
                all.extend(text.map(|text| Documented { kind: kind.to_owned(), name, text, origin }));
            };
            add(slot.kind.word(), slot.name.to_owned(), slot.item.docs(), self.name_span(item));
            let (ItemKind::Grid, Body::Block(block)) = (slot.kind, slot.item.body()) else { continue };
            for entry in block.entries() {
                let (kind, names): (&str, Vec<_>) = match entry {
                    Entry::Axis(axis) => {
                        ("axis", axis.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names).collect())
                    }
                    Entry::Let(entry) => ("let", entry.name().into_iter().collect()),
                    _ => continue,
                };
                for name in names {
                    let text = entry.docs();
                    add(kind, format!("{}.{}", slot.name, name.text()), text, self.span(name.node()));
                }
            }
        }
        all
    }

    pub(crate) fn syntax_error(&mut self, cause: &Cause, file: u32) {
        let error = &cause.error;
        let span = |range: &std::ops::Range<usize>| Span { file, start: range.start as u32, end: range.end as u32 };
        let mut finding = self.finding(error.kind.code(), span(&error.range), error.message.clone(), "");
        if let Some((range, text)) = &error.related {
            finding = finding.label(self.label(span(range), text.clone()));
        }
        for (range, text) in &cause.also {
            finding = finding.label(self.label(span(range), *text));
        }
        finding.help.clone_from(&error.help);
        if !cause.fixes.is_empty() {
            let edit = |fix: &synx_grammar::Fix| self.edit(span(&fix.range), fix.text.clone());
            finding = finding.fix(cause.title(), cause.fixes.iter().map(edit).collect());
        }
        self.report(finding);
    }

    /// `synx 1` must stand first: a file says which language it is written in.
    fn edition(&mut self, parse: &'t Parse) {
        let file = parse.file();
        let Some(edition) = file.edition() else {
            let start = Span { end: 0, ..self.span(file.node()) };
            let edit = self.edit(start, "synx 1\n\n");
            let finding = self
                .finding("E0011", start, "the file does not say its edition", "`synx 1` is missing")
                .help("begin the file with `synx 1`")
                .fix("write `synx 1`", vec![edit]);
            let readable = parse.errors.is_empty() || file.items().next().is_some();
            if readable && !starts_with_edition_word(file.text()) {
                self.report(finding);
            }
            return;
        };
        let Some(number) = edition.number() else { return };
        let plain = number.suffix().is_none() && number.unit().is_none();
        let value = Exact::from_decimal(&number.digits()).and_then(|value| value.to_u64());
        if !plain || value != Some(EDITION) {
            let span = self.span(number.node());
            let edit = self.edit(span, "1");
            let finding = self
                .finding("E0011", span, format!("there is no edition {}", number.text()), "not known to this version")
                .help("this version knows edition 1")
                .fix("write `1`", vec![edit]);
            self.report(finding);
        }
    }

    /// The words in pieces that could not be read: a declaration may be among them, so names like these are not reported.
    fn collect_broken(&mut self, parse: &'t Parse) {
        // What is unread within something unread has been looked at with it.
        let mut end = 0;
        for node in parse.tree.root().descendants() {
            if node.kind() == SyntaxKind::Error && node.range().end > end {
                end = node.range().end;
                let words = node.text().split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                self.broken_words.extend(words.filter(|word| !word.is_empty()));
            }
        }
    }

    /// The items of the file, and what is wrong with their kinds, names and forms.
    pub(crate) fn collect(&mut self, parse: &'t Parse) {
        let file = self.span(parse.file().node()).file;
        let module = self.module_of(file);
        let mut study: Option<Span> = None;
        let mut first: IndexMap<&'t str, Span> = IndexMap::default();
        for part in parse.file().parts() {
            let item = match part {
                Part::Item(item) => item,
                Part::Import(_) | Part::Edition(_) | Part::Assert(_) => continue,
            };
            if file == 0 && self.second_study.is_some_and(|at| item.node().range().start > at) {
                // Nothing of a second study is looked at; a name of it may be asked for.
                self.broken_words.extend(item.name().map(synx_grammar::view::Name::text));
                continue;
            }
            let word = item.kind_word();
            let word_span = self.span(word);
            let Some(kind) = item.kind() else {
                self.unknown_kind(word.text(), word_span);
                if let Some(name) = item.name() {
                    self.broken_words.insert(name.text());
                }
                continue;
            };
            let Some(name) = item.name() else { continue };
            let name_span = self.span(name.node());
            if self.is_too_long(item, kind, name_span) {
                self.broken_words.insert(name.text());
                continue;
            }
            if kind == ItemKind::Study {
                if let Some(first) = study {
                    let finding = self
                        .finding("E0102", name_span, "a file has one `study`", "a second one")
                        .label(self.label(first, "the first"))
                        .help("two studies are two files");
                    self.report(finding);
                    continue;
                }
                study = Some(name_span);
            } else if let Some(known) = first.get(name.text()) {
                let finding = self
                    .finding("E0102", name_span, format!("`{}` is declared twice", name.text()), "declared again")
                    .label(self.label(*known, "the first"))
                    .help("give one of them another name");
                self.report(finding);
            } else {
                first.insert(name.text(), name_span);
                let named = Named { item: self.items.len(), import: None, used: false };
                self.modules[module].names.insert(name.text(), named);
            }
            if !item.node().has_error() {
                self.form(item, kind, name_span);
            }
            let slot = ItemSlot {
                item,
                file,
                kind,
                name: name.text(),
                state: State::Open,
                given: None,
                given_text: None,
                used: false,
                reached: false,
            };
            self.items.push(slot);
            self.collect_allowed(item, kind);
        }
    }

    /// Whether an item has more parts than may be, each of which may name each other; reported.
    fn is_too_long(&mut self, item: Item<'t>, kind: ItemKind, name: Span) -> bool {
        let entries = match item.body() {
            Body::Block(block) if kind == ItemKind::Grid => block.entries().take(MAX_PARTS + 1).count(),
            _ => 0,
        };
        let parts = if item.parameters().take(MAX_PARTS + 1).count() > MAX_PARTS {
            "parameters"
        } else if entries > MAX_PARTS {
            "entries"
        } else {
            return false;
        };
        let finding = self
            .finding("E0504", name, format!("a {} has at most {MAX_PARTS} {parts}", kind.word()), "this has more")
            .help("what varies together is a list or a tuple; split the rest into several declarations");
        self.report(finding);
        true
    }

    /// Whether an item has the form of its kind: with or without parameters, an expression or a block.
    fn form(&mut self, item: Item<'t>, kind: ItemKind, name: Span) {
        let word = kind.word();
        if let Some(parameters) = item.parameters_node()
            && matches!(
                kind,
                ItemKind::Study
                    | ItemKind::Param
                    | ItemKind::Grid
                    | ItemKind::Claim
                    | ItemKind::Figure
                    | ItemKind::Table
                    | ItemKind::Observations
            )
        {
            let span = self.span(parameters);
            let finding = self
                .finding("E0106", span, format!("a {word} takes no parameters"), "not here")
                .help(if kind == ItemKind::Grid { "what varies is an `axis` in its block" } else { "take them out" });
            self.report(finding);
        }
        let block_only =
            matches!(kind, ItemKind::Study | ItemKind::Grid | ItemKind::Law | ItemKind::Figure | ItemKind::Table);
        let value_only = matches!(
            kind,
            ItemKind::Param | ItemKind::Let | ItemKind::Mixture | ItemKind::Claim | ItemKind::Observations
        );
        match item.body() {
            Body::Expression(value) if block_only => {
                let span = self.span(value.node());
                if kind == ItemKind::Law {
                    // It may call a law with parameters.
                    return;
                }
                let finding = self
                    .finding("E0108", span, format!("a {word} is declared with a block"), "a value")
                    .label(self.label(name, format!("this {word}")))
                    .help(format!("write `{word} name {{ … }}`"));
                self.report(finding);
            }
            Body::Block(block) if value_only => {
                let span = self.span(block.node());
                let finding = self
                    .finding("E0108", name, format!("a {word} is declared with `=`"), "declared with a block")
                    .label(self.label(Span { end: span.start + 1, ..span }, "instead of `= …`"))
                    .help(match kind {
                        ItemKind::Mixture => "write `mixture name = 30% * hq + rest * web`".to_owned(),
                        _ => format!("write `{word} name = value`"),
                    });
                self.report(finding);
            }
            _ => {}
        }
    }

    /// Gives `--set` values to the parameters that they name.
    fn set(&mut self, given: &'t [Given]) {
        for value in given {
            let whole = self.span(value.parse.tree.root());
            let params = |compiler: &Self| -> Vec<&'t str> {
                let names = compiler.names_in(0);
                names.filter(|(_, item)| compiler.items[*item].kind == ItemKind::Param).map(|(name, _)| name).collect()
            };
            let item = self.modules[0].names.get(value.name.as_str()).map(|named| named.item);
            let Some(item) = item.filter(|item| self.items[*item].kind == ItemKind::Param) else {
                let names = params(self);
                let help = match nearest(&value.name, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if names.is_empty() => {
                        format!("the study declares no `param`; add `param {} = …`", value.name)
                    }
                    None => format!("its params are {}", crate::suggest::listed(names)),
                };
                let headline = format!("`--set {}`: the study has no `param` of that name", value.name);
                let finding = self.finding("E0110", whole, headline, "").help(help);
                self.report(finding);
                continue;
            };
            let Body::Expression(default) = self.items[item].item.body() else { continue };
            if crate::fill::is_text(default) && !value.text.trim_start().starts_with('"') {
                self.items[item].given_text = Some(value.text.clone());
                let quoted = crate::fill::quoted(&value.text);
                let declaration = self.items[item].item;
                self.fill_param(declaration, &quoted);
                continue;
            }
            let mut items = value.parse.file().items();
            let expression = match (items.next(), items.next()) {
                (Some(item), None) if value.parse.errors.is_empty() => match item.body() {
                    Body::Expression(expression) => Some(expression),
                    _ => None,
                },
                _ => None,
            };
            if expression.is_none() {
                let place = self.items[item].item.name().map(|name| self.span(name.node()));
                let headline = format!("`--set {}`: `{}` is not a value", value.name, value.text);
                let mut finding = self
                    .finding("E0110", whole, headline, "")
                    .help("write it as the study would: `--set lr=3e-3`, `--set budgets='[1Mi, 4Mi]'`");
                if let Some(place) = place {
                    finding = finding.label(self.label(place, "declared here"));
                }
                self.report(finding);
                continue;
            }
            self.items[item].given = expression;
            let declaration = self.items[item].item;
            self.fill_param(declaration, &value.text);
        }
    }
}

/// The assertions beside the declarations, of all files.
fn assertions<'t>(files: &'t [Loaded<'t>]) -> impl Iterator<Item = Assert<'t>> {
    let parts = files.iter().flat_map(|file| file.parse.file().parts());
    parts.filter_map(|part| if let Part::Assert(assertion) = part { Some(assertion) } else { None })
}

/// Whether the text begins with the word of the edition line, whose mistakes are the grammar's.
fn starts_with_edition_word(text: &str) -> bool {
    let code = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"));
    code.is_some_and(|line| line.trim_start_matches('\u{feff}').starts_with("synx"))
}
