//! Corpora: files, the built-in world, random processes, and what is made from them.

use std::collections::HashMap;
use std::rc::Rc;

use synx_grammar::view::Expression;
use synx_plan::corpus::{
    Content, Corpus, CorpusId, Files, Generator, Part, Process, ProcessKind, Register, Split, World,
};
use synx_plan::exact::Exact;
use synx_plan::problem::Origin;
use synx_plan::unit::{Count, Unit};

use crate::block::Fields;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{Span, Value};

/// The corpora that evaluation has met, each once; inputs before what is made from them.
#[derive(Default)]
pub(crate) struct Corpora {
    entries: Vec<Entry>,
    index: HashMap<String, CorpusId>,
}

pub(crate) struct Entry {
    pub corpus: Corpus,
    /// Where it was declared or made.
    pub span: Span,
    /// Whether no declaration has given it a name yet.
    anonymous: bool,
}

/// What may not be told apart by keys: so many documents, tokens and symbols are beyond anything that is read or made.
const MANY: u64 = 1_000_000_000_000_000;

/// Most states of a process: its stationary distribution takes their third power in time.
const MOST_STATES: u64 = 2048;

impl Corpora {
    /// The number of a corpus of this content; a known one if there is one.
    fn intern(
        &mut self,
        content: Content,
        heldout: Option<Exact>,
        name: String,
        origin: Origin,
        span: Span,
    ) -> CorpusId {
        let key = serde_json::to_string(&(&content, &heldout)).unwrap_or_default();
        if let Some(known) = self.index.get(&key) {
            return *known;
        }
        let id = CorpusId(self.entries.len());
        let corpus = Corpus { name, content, heldout, origin: Some(origin) };
        self.entries.push(Entry { corpus, span, anonymous: true });
        self.index.insert(key, id);
        id
    }

    pub(crate) fn get(&self, id: CorpusId) -> &Entry {
        &self.entries[id.0]
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn name(&self, id: CorpusId) -> Rc<str> {
        self.entries[id.0].corpus.name.as_str().into()
    }

    /// The corpus whose documents a corpus's documents belong to.
    pub(crate) fn anchor(&self, id: CorpusId) -> CorpusId {
        match &self.entries[id.0].corpus.content {
            Content::Take { of, .. } | Content::Rephrase { of, .. } => self.anchor(*of),
            _ => id,
        }
    }

    /// Gives a corpus the name of its declaration, unless an earlier one has.
    fn declare(&mut self, id: CorpusId, name: &str, origin: Origin, span: Span) {
        let entry = &mut self.entries[id.0];
        if entry.anonymous {
            name.clone_into(&mut entry.corpus.name);
            entry.corpus.origin = Some(origin);
            entry.span = span;
            entry.anonymous = false;
        }
    }
}

impl<'t> Compiler<'t> {
    fn made(&mut self, content: Content, heldout: Option<Exact>, name: String, span: Span) -> Value {
        let origin = self.origin(span);
        let id = self.corpora.intern(content, heldout, name.clone(), origin, span);
        Value::Corpus(id, name.into())
    }

    pub(crate) fn world(&mut self, arguments: &Arguments) -> Value {
        let (documents, at) = arguments.required("documents");
        let documents = self.whole(&documents, at, Unit::counted(Count::Documents), "`documents`", (1, 1_000_000_000));
        let seed = self.seed(arguments);
        let register = register(&arguments.required("register").0);
        let heldout = self.heldout(arguments.get("heldout"));
        let (Some(documents), Some(seed), Some(register), Some(heldout)) = (documents, seed, register, heldout) else {
            return Value::Error;
        };
        let word = register_word(register);
        self.made(
            Content::World(World { register, documents, seed }),
            heldout,
            format!("world({word})"),
            arguments.span,
        )
    }

    fn seed(&mut self, arguments: &Arguments) -> Option<u64> {
        let (seed, at) = arguments.required("seed");
        self.whole(&seed, at, Unit::PLAIN, "`seed`", (0, 1 << 53))
    }

    #[allow(clippy::option_option, reason = "the outer one is a mistake, the inner one a part that is not held out")]
    /// The held-out part: none where it is not given; nothing at all where it is wrong.
    fn heldout(&mut self, given: Option<(Value, Span)>) -> Option<Option<Exact>> {
        let Some((value, span)) = given else { return Some(None) };
        if matches!(&value, Value::Text(word) if &**word == "none") {
            return Some(None);
        }
        let range = "more than 0 and less than 100 %";
        let fits = |part: &Exact| part.is_positive() && *part < Exact::one();
        self.plain(&value, span, "`heldout`", range, fits).map(Some)
    }

    pub(crate) fn process(&mut self, arguments: &Arguments) -> Value {
        let (kind_value, _) = arguments.required("kind");
        let Value::Text(kind) = kind_value else { return Value::Error };
        let takes: &[&str] = match &*kind {
            "markov" => &["order", "concentration"],
            "hmm" => &["states", "concentration"],
            _ => &["exponent"],
        };
        for name in ["order", "concentration", "states", "exponent"] {
            if let Some((_, at)) = arguments.get(name)
                && !takes.contains(&name)
            {
                let finding = self
                    .finding("E0103", at, format!("a {kind} process takes no `{name}`"), "not for this kind")
                    .help(format!("it takes {}", crate::suggest::listed(takes.iter().copied())));
                return self.report(finding);
            }
        }
        let (symbols, at) = arguments.required("symbols");
        let symbols = self.whole(&symbols, at, Unit::PLAIN, "`symbols`", (2, 255));
        let (tokens, at) = arguments.required("tokens");
        let tokens = self.whole(&tokens, at, Unit::counted(Count::Tokens), "`tokens`", (2, MANY));
        let seed = self.seed(arguments);
        let heldout = self.heldout(arguments.get("heldout"));
        let positive = |compiler: &mut Self, name: &str| {
            let Some((value, at)) = arguments.get(name) else { return Some(Exact::one()) };
            let (least, most) = if name == "exponent" { (0.0, 100.0) } else { (1e-3, 1e6) };
            compiler.plain(&value, at, &format!("`{name}`"), &format!("from {least} to {most}"), |number| {
                (least..=most).contains(&number.to_f64())
            })
        };
        let kind = match &*kind {
            "markov" => {
                let order = match arguments.get("order") {
                    Some((value, at)) => self.whole(&value, at, Unit::PLAIN, "`order`", (0, 8)),
                    None => Some(1),
                };
                let concentration = positive(self, "concentration");
                order.zip(concentration).map(|(order, concentration)| ProcessKind::Markov { order, concentration })
            }
            "hmm" => {
                let states = if let Some((value, at)) = arguments.get("states") {
                    self.whole(&value, at, Unit::PLAIN, "`states`", (1, MOST_STATES))
                } else {
                    self.missing_argument("process", "states", arguments.span);
                    None
                };
                let concentration = positive(self, "concentration");
                states.zip(concentration).map(|(states, concentration)| ProcessKind::Hmm { states, concentration })
            }
            _ => positive(self, "exponent").map(|exponent| ProcessKind::Zipf { exponent }),
        };
        let (Some(symbols), Some(tokens), Some(seed), Some(kind), Some(heldout)) =
            (symbols, tokens, seed, kind, heldout)
        else {
            return Value::Error;
        };
        if let ProcessKind::Markov { order, .. } = &kind {
            let states = symbols.checked_pow(u32::try_from(*order).unwrap_or(u32::MAX));
            if states.is_none_or(|states| states > MOST_STATES) {
                let finding = self
                    .finding(
                        "E0505",
                        arguments.span,
                        format!("a chain of order {order} over {symbols} symbols has too many states"),
                        format!("more than {MOST_STATES}"),
                    )
                    .help("lower `order` or `symbols`");
                return self.report(finding);
            }
        }
        let word = match kind {
            ProcessKind::Markov { .. } => "markov",
            ProcessKind::Hmm { .. } => "hmm",
            ProcessKind::Zipf { .. } => "zipf",
        };
        let content = Content::Process(Process { kind, symbols, tokens, seed });
        self.made(content, heldout, format!("process({word})"), arguments.span)
    }

    /// A corpus that must stand here as the input of another.
    fn input(&mut self, given: (Value, Span)) -> Option<(CorpusId, Rc<str>)> {
        match given.0 {
            Value::Corpus(id, name) => Some((id, name)),
            Value::Domain(_, _, name) => {
                self.heldout_trained(given.1, &name);
                None
            }
            Value::Mixture(_) | Value::Shares(_) => {
                let finding = self
                    .finding("E0201", given.1, "expected a corpus, found a mixture", "a mixture")
                    .help("make the corpus first, and mix afterwards");
                self.report(finding);
                None
            }
            other => {
                self.expected(given.1, "a corpus", &other);
                None
            }
        }
    }

    fn tokens_argument(&mut self, given: &(Value, Span)) -> Option<u64> {
        if let (Value::Number(amount), span) = given
            && amount.unit.is_plain()
            && amount.value.is_positive()
            && amount.value < Exact::one()
        {
            let finding = self
                .finding("E0109", *span, "a share of a corpus is not part of this version yet", "less than one token")
                .help("say how many tokens: `take(8M)`");
            self.report(finding);
            return None;
        }
        self.whole(&given.0, given.1, Unit::counted(Count::Tokens), "`tokens`", (1, MANY))
    }

    pub(crate) fn take(&mut self, arguments: &Arguments) -> Value {
        let input = self.input(arguments.required("of"));
        let tokens = self.tokens_argument(&arguments.required("tokens"));
        let (Some((of, name)), Some(tokens)) = (input, tokens) else { return Value::Error };
        let shown = synx_plan::grid::readable(&Exact::from(tokens));
        let heldout = self.corpora.get(of).corpus.heldout.clone();
        self.made(Content::Take { of, tokens }, heldout, format!("take({name}, {shown})"), arguments.span)
    }

    pub(crate) fn rephrase(&mut self, arguments: &Arguments) -> Value {
        let (of, at) = arguments.required("of");
        let input = self.input((of, at));
        let tokens = match arguments.get("tokens") {
            Some(given) => self.tokens_argument(&given).map(Some),
            None => Some(None),
        };
        let (Some((of, name)), Some(tokens), Some(style)) = (input, tokens, register(&arguments.required("style").0))
        else {
            return Value::Error;
        };
        if !self.is_of_world(of, at) {
            return Value::Error;
        }
        let heldout = self.corpora.get(of).corpus.heldout.clone();
        let content = Content::Rephrase { of, style, generator: Generator::Builtin, tokens };
        self.made(content, heldout, format!("rephrase({name}, {})", register_word(style)), arguments.span)
    }

    pub(crate) fn write(&mut self, arguments: &Arguments) -> Value {
        let (about, at) = arguments.required("about");
        let input = self.input((about, at));
        let tokens = self.tokens_argument(&arguments.required("tokens"));
        let (Some((about, name)), Some(tokens), Some(style)) =
            (input, tokens, register(&arguments.required("style").0))
        else {
            return Value::Error;
        };
        if !self.is_of_world(about, at) {
            return Value::Error;
        }
        let content = Content::Write { about, style, generator: Generator::Builtin, tokens };
        self.made(content, None, format!("write({}, {name})", register_word(style)), arguments.span)
    }

    /// Whether the built-in generator knows the facts of a corpus: those of the built-in world, told once or again.
    fn is_of_world(&mut self, id: CorpusId, span: Span) -> bool {
        let anchor = self.corpora.get(self.corpora.anchor(id));
        let declared = anchor.span;
        let known = matches!(anchor.corpus.content, Content::World(_));
        if !known {
            let name = self.corpora.name(id);
            let finding = self
                .finding(
                    "E0311",
                    span,
                    format!("the built-in generator cannot write about `{name}`"),
                    "not made from the built-in world",
                )
                .label(self.label(declared, "its text comes from here"))
                .help("`generator = builtin` knows the facts of `world(…)` corpora; other texts need a generator of their own");
            self.report(finding);
        }
        known
    }

    /// `uniform([a, b, c])`: equal shares.
    pub(crate) fn uniform(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let Some(items) = self.elements(&list, span, "`uniform`") else { return Value::Error };
        let Some(share) = Exact::one().div(&Exact::from(items.len() as u64)) else {
            let finding = self.finding("E0304", span, "`uniform` of an empty list is no mixture", "nothing to mix");
            return self.report(finding);
        };
        let weight = crate::operator::Placed {
            value: Value::Number(synx_plan::unit::Amount::plain(share)),
            span: arguments.span,
        };
        let mut sum: Option<crate::operator::Placed> = None;
        for item in items.iter() {
            let item = crate::operator::Placed { value: item.clone(), span };
            let value = self.weigh(&weight, &item, arguments.span);
            if value.is_error() {
                return Value::Error;
            }
            let weighed = crate::operator::Placed { value, span: arguments.span };
            sum = Some(match sum {
                None => weighed,
                Some(sum) => crate::operator::Placed {
                    value: self.add_shares(&sum, &weighed, arguments.span),
                    span: arguments.span,
                },
            });
        }
        let value = sum.map_or(Value::Error, |sum| sum.value);
        self.mixture(&value, arguments.span).map_or(Value::Error, Value::Mixture)
    }

    /// `web.heldout`.
    pub(crate) fn heldout_domain(&mut self, id: CorpusId, name: &Rc<str>, span: Span) -> Value {
        let entry = self.corpora.get(id);
        if entry.corpus.heldout.is_some() {
            return Value::Domain(id, Part::Heldout, format!("{name}.heldout").into());
        }
        let declared = entry.span;
        let (label, help) = match entry.corpus.content {
            Content::Write { .. } => (
                "written freely: it belongs to no documents that could be held out",
                "evaluate on the held-out part of a corpus with documents",
            ),
            _ => ("declared without `heldout`", "add `heldout = 2%` to its declaration"),
        };
        let finding = self
            .finding("E0308", span, format!("`{name}` holds nothing out"), "no held-out part")
            .label(self.label(declared, label))
            .help(help);
        self.report(finding)
    }

    /// A corpus that an item declares, under its name.
    pub(crate) fn declared_corpus(&mut self, value: &Value, name: &Rc<str>, span: Span, value_span: Span) -> Value {
        match value {
            Value::Corpus(id, _) => {
                let origin = self.origin(span);
                self.corpora.declare(*id, name, origin, span);
                Value::Corpus(*id, Rc::clone(name))
            }
            Value::Mixture(_) | Value::Shares(_) => {
                let finding = self
                    .finding("E0201", value_span, "a corpus is declared as a mixture", "a mixture")
                    .help("declare it with `mixture` instead of `corpus`");
                self.report(finding)
            }
            other => self.expected(value_span, "a corpus", other),
        }
    }

    /// The corpus that a block declares.
    pub(crate) fn corpus_block(&mut self, fields: &mut Fields<'t>, name: &Rc<str>) -> Value {
        let span = fields.span;
        let heldout_given = fields.get(self, "heldout");
        let heldout = self.heldout(heldout_given.clone());
        match (fields.get(self, "files"), fields.get(self, "source")) {
            (Some(_), Some((_, source))) => {
                let finding = self
                    .finding("E0102", source, "a corpus has either `files` or `source`", "both are here")
                    .help("declare two corpora");
                self.report(finding)
            }
            (None, None) => {
                if !fields.broken {
                    let finding = self
                        .finding("E0104", span, format!("corpus `{name}` has no text"), "without `files` and `source`")
                        .help("say where it comes from: `files = \"data/*.jsonl\"` or `source = world(…)`");
                    self.report(finding);
                }
                Value::Error
            }
            (None, Some((source, at))) => self.corpus_from_source(fields, name, &source, at, heldout_given, heldout),
            (Some((files, at)), None) => {
                let Some(patterns) = self.patterns(&files, at, fields) else { return Value::Error };
                let text = fields.get(self, "text");
                let split = fields.choice(self, "split", crate::signature::SPLITS);
                let (Some(heldout), false) = (heldout, patterns.is_empty()) else { return Value::Error };
                let Some(files) = self.files(patterns, text, split, span) else { return Value::Error };
                self.declared(Content::Files(files), heldout, name, span)
            }
        }
    }

    fn declared(&mut self, content: Content, heldout: Option<Exact>, name: &Rc<str>, span: Span) -> Value {
        let made = self.made(content, heldout, name.to_string(), span);
        self.declared_corpus(&made, name, span, span)
    }

    #[allow(clippy::option_option, reason = "as `heldout` gives it")]
    fn corpus_from_source(
        &mut self,
        fields: &mut Fields<'t>,
        name: &Rc<str>,
        source: &Value,
        at: Span,
        heldout_given: Option<(Value, Span)>,
        heldout: Option<Option<Exact>>,
    ) -> Value {
        for only in ["text", "split"] {
            if let Some(place) = fields.place(self, only) {
                let finding =
                    self.finding("E0307", place, format!("`{only}` belongs to `files`"), "there are no files");
                self.report(finding);
            }
        }
        let (Value::Corpus(id, _), Some(heldout)) = (source, heldout) else {
            return if source.is_error() || heldout_given.is_some_and(|(value, _)| value.is_error()) {
                Value::Error
            } else {
                self.declared_corpus(source, name, fields.span, at)
            };
        };
        let Some((_, heldout_at)) = heldout_given else {
            return self.declared_corpus(source, name, fields.span, at);
        };
        let entry = self.corpora.get(*id);
        let (content, known) = (entry.corpus.content.clone(), entry.corpus.heldout.clone());
        match content {
            Content::World(_) | Content::Process(_) if known.is_none() => {
                self.declared(content, heldout, name, fields.span)
            }
            Content::World(_) | Content::Process(_) | Content::Files(_) => {
                let finding = self
                    .finding("E0308", heldout_at, "the source says already what it holds out", "said again")
                    .label(self.label(at, "held out here"))
                    .help("say it once");
                self.report(finding)
            }
            _ => {
                let finding = self
                    .finding(
                        "E0308",
                        heldout_at,
                        "what is held out follows the documents that this is made from",
                        "said again",
                    )
                    .help("declare `heldout` at the corpus with the documents; everything made from it follows");
                self.report(finding)
            }
        }
    }

    /// The paths and globs of `files`, each with its place; nothing where one is no text or matches no file.
    fn patterns(&mut self, files: &Value, span: Span, fields: &Fields<'t>) -> Option<Vec<Pattern>> {
        let values = match files {
            Value::Text(_) => vec![files.clone()],
            list @ Value::List(_) => self.elements(list, span, "`files`")?.to_vec(),
            other => {
                self.expected(span, "a path or a list of paths", other);
                return None;
            }
        };
        // A list that is written out has a place for each path.
        let written: Vec<Expression<'t>> = match fields.expression("files").map(Expression::without_parens) {
            Some(Expression::List(list)) => list.elements().collect(),
            other => other.into_iter().collect(),
        };
        if values.is_empty() {
            let finding = self.finding("E0305", span, "the list of files is empty", "no path");
            self.report(finding);
            return None;
        }
        let mut patterns = Vec::new();
        let mut fits = true;
        for (i, value) in values.iter().enumerate() {
            let element = written.get(i).copied().filter(|_| written.len() == values.len());
            let at = element.map_or(span, |element| self.span(element.node()));
            match value {
                Value::Text(pattern) => {
                    let from = element.and_then(|element| fields.argument(element)).unwrap_or(at);
                    let pattern = self.path_from(from, pattern);
                    let files = self.check_files(&pattern, at);
                    fits &= files.is_some();
                    patterns.push(Pattern { text: pattern, span: at, files: files.unwrap_or_default() });
                }
                other => {
                    self.expected(at, "a path", other);
                    fits = false;
                }
            }
        }
        fits.then_some(patterns)
    }

    /// The files that a path or a glob names; nothing where it names none, which is reported.
    fn check_files(&mut self, pattern: &str, span: Span) -> Option<Vec<String>> {
        let glob = pattern.contains(['*', '?', '[']);
        let finding = match self.host.matches(pattern) {
            Ok(files) if !files.is_empty() => return Some(files),
            Ok(_) if glob => self
                .finding("E0306", span, format!("no file matches `{pattern}`"), "no match")
                .help("paths are relative to the folder of the study; `**` goes through folders"),
            Ok(_) => self
                .finding("E0305", span, format!("there is no file `{pattern}`"), "not found")
                .help("paths are relative to the folder of the study"),
            Err(problem) => self.finding("E0306", span, format!("`{pattern}` is not a pattern for files"), problem),
        };
        self.report(finding);
        None
    }

    /// The files of a corpus; their format is known by their names.
    fn files(
        &mut self,
        patterns: Vec<Pattern>,
        text: Option<(Value, Span)>,
        split: Option<(Value, Span)>,
        span: Span,
    ) -> Option<Files> {
        let text = match text {
            None => None,
            Some((Value::Text(field), at)) if !field.is_empty() => Some((field.to_string(), at)),
            Some((Value::Text(_), at)) => {
                let finding = self.finding("E0307", at, "`text` is empty", "which field?");
                self.report(finding);
                return None;
            }
            Some((other, at)) => {
                self.expected(at, "the name of a field in quotes", &other);
                return None;
            }
        };
        let split_at = split.as_ref().map(|(_, at)| *at);
        let split = match split {
            None => Split::default(),
            Some((Value::Text(word), _)) => match &*word {
                "paragraphs" => Split::Paragraphs,
                "lines" => Split::Lines,
                _ => Split::File,
            },
            Some(_) => return None,
        };
        let mut formats = Vec::new();
        for pattern in &patterns {
            for file in &pattern.files {
                let Some(format) = format_of(file) else {
                    let finding = self
                        .finding("E0307", pattern.span, format!("`{file}` is of no known format"), "which format?")
                        .help("this version reads `.txt` and `.jsonl`, plain or as `.gz` or `.zst`");
                    self.report(finding);
                    return None;
                };
                formats.push((format, pattern.span));
            }
        }
        let jsonl = formats.iter().find(|(format, _)| *format == Format::Jsonl);
        let txt = formats.iter().find(|(format, _)| *format == Format::Txt);
        let finding = match (jsonl, txt, &text, split_at) {
            (Some((_, at)), _, None, _) => self
                .finding("E0307", *at, "which field of the lines holds the text is not said", "jsonl")
                .label(self.label(span, "has no `text`"))
                .help("add `text = \"text\"`, with the name of the field; nested fields as \"meta.text\""),
            (_, Some((_, file)), Some((_, at)), _) => self
                .finding("E0307", *at, "`text` names a field, and txt files have none", "only for jsonl")
                .label(self.label(*file, "plain text"))
                .help("leave `text` out, or declare the two formats as two corpora"),
            (Some((_, file)), _, _, Some(at)) => self
                .finding("E0307", at, "`split` cuts txt files, and jsonl has a document a line", "only for txt")
                .label(self.label(*file, "jsonl"))
                .help("leave `split` out, or declare the two formats as two corpora"),
            _ => {
                let patterns = patterns.into_iter().map(|pattern| pattern.text).collect();
                return Some(Files { patterns, text: text.map(|(field, _)| field), split });
            }
        };
        self.report(finding);
        None
    }
}

/// A path or a glob of `files`, and what it names.
struct Pattern {
    text: String,
    span: Span,
    files: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Txt,
    Jsonl,
}

/// The format that a path's endings say.
fn format_of(path: &str) -> Option<Format> {
    let lower = path.to_ascii_lowercase();
    let plain = lower.strip_suffix(".gz").or_else(|| lower.strip_suffix(".zst")).unwrap_or(&lower);
    match plain.rsplit_once('.')?.1 {
        "txt" => Some(Format::Txt),
        "jsonl" => Some(Format::Jsonl),
        _ => None,
    }
}

fn register(value: &Value) -> Option<Register> {
    let Value::Text(word) = value else { return None };
    Some(match &**word {
        "web" => Register::Web,
        "encyclopedic" => Register::Encyclopedic,
        "question_answer" => Register::QuestionAnswer,
        "textbook" => Register::Textbook,
        _ => return None,
    })
}

fn register_word(register: Register) -> &'static str {
    match register {
        Register::Web => "web",
        Register::Encyclopedic => "encyclopedic",
        Register::QuestionAnswer => "question_answer",
        Register::Textbook => "textbook",
    }
}
