//! What expressions of the language come to.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use synx_plan::corpus::{CorpusId, Endpoint, Measure, Part};
use synx_plan::exact::Exact;
use synx_plan::grid::{ColumnValue, Objective, readable};
use synx_plan::hardware::Hardware;
use synx_plan::mixture::{Dirichlet, Mixture, Simplex};
use synx_plan::model::Model;
use synx_plan::recipe::{AdamW, Recipe};
use synx_plan::study::Tokenizer;
use synx_plan::unit::Amount;

use crate::corpus::Family;
use crate::late::Late;
use crate::table::Table;

/// A place in one of the texts of a compilation: the study, or what `--set` gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value. Cheap to copy: what is large is shared.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A mistake that was reported: whatever is made from it is silent.
    Error,
    Number(Amount),
    Bool(bool),
    /// A string, or a word of the language: `encyclopedic`.
    Text(Rc<str>),
    /// `rest` by itself.
    Rest,
    List(List),
    Tuple(Rc<[Value]>),
    /// Ends included; without one, unbounded on that side.
    Interval(Rc<(Option<Amount>, Option<Amount>)>),
    Corpus(CorpusId, Rc<str>),
    /// A part of a corpus to be evaluated on.
    Domain(CorpusId, Part, Rc<str>),
    /// A sum of shares that nobody has asked to be a mixture yet.
    Shares(Rc<Vec<Term>>),
    Mixture(Rc<Named<Mixture>>),
    /// A mixture under a cap of epochs, which the budget of a cell settles.
    Capped(Rc<Capped>),
    /// A family of corpora; also a list of them.
    Family(Rc<Family>),
    Model(Rc<Named<Model>>),
    Recipe(Rc<Named<Recipe>>),
    Generator(Rc<Named<Endpoint>>),
    Tokenizer(Rc<Named<Tokenizer>>),
    Hardware(Rc<Hardware>),
    /// What documents are scored by.
    Measure(Rc<Named<Measure>>),
    Evaluation(Rc<Named<EvaluationValue>>),
    /// A block of a model: by the name that a `let` gives it, else as it is called.
    Block(Rc<Named<BlockValue>>),
    Optimizer(Rc<AdamW>),
    Schedule(Rc<ScheduleValue>),
    /// A declaration with parameters, by its number among the items.
    Declaration(usize),
    /// A grid, by its number among the items.
    Grid(usize),
    /// A law, by its number among the items.
    Law(usize),
    /// A table that is made of others.
    Table(Rc<Table>),
    /// A cell of a grid.
    Cell(Rc<CellValue>),
    /// What a cell's run ends with.
    Weights(Rc<CellValue>),
    Objective(Rc<Objective>),
    /// Every mixture of some corpora, each with its name: no list, for it has no end.
    Simplex(Rc<Vec<(CorpusId, Rc<str>)>>),
    /// A run that is asked about and that no grid has: of a candidate of `minimize`.
    Run(Rc<RunValue>),
    /// The only row of a table.
    Row(Rc<Table>),
    /// A column of a table.
    Column(Rc<Table>, Rc<str>),
    /// Columns of the row at hand, each with its name: `columns("train_*")`.
    Columns(Rc<Vec<(String, Value)>>),
    /// What a run or a fit settles.
    Late(Rc<Late>),
}

/// A cell, by its grid among the items and its combination of the grid's axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CellRef {
    pub item: u32,
    pub combination: u32,
}

impl CellRef {
    pub(crate) fn packed(self) -> u64 {
        u64::from(self.item) << 32 | u64::from(self.combination)
    }

    pub(crate) fn unpacked(packed: u64) -> CellRef {
        CellRef { item: (packed >> 32) as u32, combination: packed as u32 }
    }
}

/// A cell with its stable name.
#[derive(Debug)]
pub(crate) struct CellValue {
    pub cell: CellRef,
    pub name: Rc<str>,
}

/// A run by what its costs follow from, as far as that is settled.
#[derive(Debug)]
pub(crate) struct RunValue {
    /// What it is a run of, for messages: "a candidate for `joint`".
    pub name: Rc<str>,
    pub data: Value,
    pub model: Option<Rc<Named<Model>>>,
    pub tokens: Option<Amount>,
}

/// Something with the name that columns and messages call it by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named<T> {
    pub name: Rc<str>,
    pub it: T,
}

/// A mixture in which no source may be gone through more than `cap` times.
#[derive(Debug, Clone)]
pub(crate) struct Capped {
    pub name: Rc<str>,
    pub mixture: Rc<Named<Mixture>>,
    pub cap: Exact,
    pub span: Span,
}

/// A list of mixtures that are made when they are needed.
#[derive(Debug)]
pub(crate) struct Swarm {
    /// What its elements are called after.
    pub name: Rc<str>,
    pub suffix: String,
    pub kind: SwarmKind,
}

#[derive(Debug)]
pub(crate) enum SwarmKind {
    Drawn(Dirichlet),
    /// Draws around shares that a scan settles.
    Open {
        corpora: Vec<CorpusId>,
        points: u64,
    },
    /// All mixtures in equal steps; the names are those of its corpora.
    Steps {
        simplex: Simplex,
        names: Vec<Rc<str>>,
    },
}

/// A list: written out, or an interval with equal steps, which is not expanded before it has to be.
#[derive(Debug, Clone)]
pub(crate) enum List {
    Items(Rc<Vec<Value>>),
    /// `count` amounts from `start` on, each `step` more.
    Arithmetic {
        start: Rc<Amount>,
        step: Rc<Exact>,
        count: Rc<Exact>,
    },
    /// Mixtures.
    Swarm(Rc<Swarm>),
}

/// One addend of a mixture.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub weight: Weight,
    pub corpus: CorpusId,
    pub name: Rc<str>,
    /// The addend's text.
    pub span: Span,
    /// The text of its share, where there is one that can be replaced.
    pub share: Option<Span>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Weight {
    Share(Exact),
    /// This part of `rest`: one, or a share within a mixture that `rest` multiplies.
    Rest(Exact),
    /// A share that a scan settles.
    Unscanned,
}

/// What `evaluate` takes, before the plan's list numbers it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvaluationValue {
    pub domains: Vec<(CorpusId, Part, Rc<str>)>,
    pub weights: Option<Vec<Exact>>,
    pub tokens: u64,
}

/// A block of a model before its width is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BlockValue {
    Attention { heads: u64, kv_heads: u64, span: Span },
    Swiglu { size: Size, span: Span },
    Gelu { size: Size, span: Span },
    Experts { count: u64, active: u64, size: Size, span: Span },
}

/// The inner width of a feed-forward block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Size {
    /// A multiple of the model's width.
    Ratio(Exact),
    Hidden(u64),
}

/// A schedule before the batch is known: lengths may count steps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScheduleValue {
    pub kind: ScheduleKind,
    pub warmup: Stretch,
    pub decay: Option<Stretch>,
    pub last: Exact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduleKind {
    Wsd,
    Cosine,
    Constant,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stretch {
    Tokens(u64),
    Steps(u64),
    Share(Exact),
}

impl fmt::Display for ScheduleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            ScheduleKind::Wsd => "wsd",
            ScheduleKind::Cosine => "cosine",
            ScheduleKind::Constant => "constant",
        };
        write!(f, "{name}(warmup = {}", self.warmup)?;
        if let Some(decay) = &self.decay {
            write!(f, ", decay = {decay}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stretch::Tokens(tokens) => write!(f, "{tokens} tokens"),
            Stretch::Steps(steps) => write!(f, "{steps} steps"),
            Stretch::Share(share) => f.write_str(&percent(share)),
        }
    }
}

/// There is no value, because of what was reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported;

impl Value {
    pub(crate) fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    pub(crate) fn items(items: Vec<Value>) -> Value {
        Value::List(List::Items(Rc::new(items)))
    }

    /// Whether it is a table: a grid, a fitted law, or what is made of these.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self, Value::Grid(_) | Value::Law(_) | Value::Table(_))
    }

    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Value::Error)
    }

    /// What it is, for messages: "the number 3", "corpus `web`".
    pub(crate) fn describe(&self) -> String {
        match self {
            Value::Error => "a mistake".to_owned(),
            Value::Number(amount) => format!("the number {amount}"),
            Value::Bool(value) => format!("`{value}`"),
            Value::Text(text) => format!("the text \"{text}\""),
            Value::Rest => "`rest`".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Tuple(_) => "a tuple".to_owned(),
            Value::Interval(_) => "an interval".to_owned(),
            Value::Corpus(_, name) => format!("corpus `{name}`"),
            Value::Domain(_, _, name) => format!("the evaluation domain `{name}`"),
            Value::Shares(_) => "a sum of shares".to_owned(),
            Value::Mixture(mixture) => format!("mixture `{}`", mixture.name),
            Value::Capped(capped) => format!("mixture `{}`", capped.name),
            Value::Family(family) => format!("the family `{}`", family.name),
            Value::Model(model) => format!("model `{}`", model.name),
            Value::Recipe(recipe) => format!("recipe `{}`", recipe.name),
            Value::Generator(generator) => format!("generator `{}`", generator.name),
            Value::Tokenizer(tokenizer) => format!("tokenizer `{}`", tokenizer.name),
            Value::Hardware(hardware) => format!("hardware `{}`", hardware.name),
            Value::Measure(measure) => format!("the measure `{}`", measure.name),
            Value::Evaluation(evaluation) => format!("evaluation `{}`", evaluation.name),
            Value::Block(_) => "a block of a model".to_owned(),
            Value::Optimizer(_) => "an optimizer".to_owned(),
            Value::Schedule(_) => "a schedule".to_owned(),
            Value::Declaration(_) => "a declaration with parameters".to_owned(),
            Value::Grid(_) => "a grid".to_owned(),
            Value::Law(_) => "a law".to_owned(),
            Value::Table(table) => table.name.to_string(),
            Value::Cell(cell) => format!("the cell `{}`", cell.name),
            Value::Weights(cell) => format!("the weights of `{}`", cell.name),
            Value::Objective(_) => "an objective".to_owned(),
            Value::Simplex(corpora) => {
                let names = crate::suggest::listed(corpora.iter().map(|(_, name)| &**name));
                format!("every mixture of {names}, which is no list without `step = 5%`")
            }
            Value::Run(run) => format!("the run of {}", run.name),
            Value::Row(table) => format!("a row of {}", table.name),
            Value::Column(table, name) => format!("the column `{name}` of {}", table.name),
            Value::Columns(columns) => format!("a family of {} columns", columns.len()),
            Value::Late(late) => late.describe(),
        }
    }

    /// The value as results show it in a column, with its unit.
    pub(crate) fn column(&self) -> (ColumnValue, String) {
        let text = |text: &str| (ColumnValue::Text(text.to_owned()), String::new());
        match self {
            Value::Number(amount) => (ColumnValue::Number(amount.value.clone()), amount.unit.to_string()),
            Value::Bool(value) => text(if *value { "true" } else { "false" }),
            Value::Text(value) => text(value),
            Value::Corpus(_, name) | Value::Domain(_, _, name) => text(name),
            Value::Mixture(mixture) => text(&mixture.name),
            Value::Capped(capped) => text(&capped.name),
            Value::Family(family) => text(&family.name),
            Value::Shares(terms) => text(&shares_name(terms)),
            Value::Model(model) => text(&model.name),
            Value::Recipe(recipe) => text(&recipe.name),
            Value::Generator(generator) => text(&generator.name),
            Value::Tokenizer(tokenizer) => text(&tokenizer.name),
            Value::Hardware(hardware) => text(&hardware.name),
            Value::Measure(measure) => text(&measure.name),
            Value::Evaluation(evaluation) => text(&evaluation.name),
            Value::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| item.column().0.to_string()).collect();
                text(&format!("({})", items.join(", ")))
            }
            Value::List(list) => text(&list.shown()),
            Value::Block(block) => text(&block.name),
            Value::Cell(cell) => text(&cell.name),
            Value::Weights(cell) => text(&format!("{}.weights", cell.name)),
            Value::Late(late) => late.column(),
            other => text(&other.describe().replace('`', "")),
        }
    }
}

impl BlockValue {
    /// The block as it is called, in short: `attention(4)`, `swiglu(8/3)`.
    pub(crate) fn called(&self) -> String {
        let sized = |size: &Size| match size {
            Size::Ratio(ratio) => readable(ratio),
            Size::Hidden(hidden) => format!("hidden = {hidden}"),
        };
        match self {
            BlockValue::Attention { heads, kv_heads, .. } if heads == kv_heads => format!("attention({heads})"),
            BlockValue::Attention { heads, kv_heads, .. } => format!("attention({heads}, {kv_heads})"),
            BlockValue::Swiglu { size, .. } => format!("swiglu({})", sized(size)),
            BlockValue::Gelu { size, .. } => format!("gelu({})", sized(size)),
            BlockValue::Experts { count, active, size, .. } => format!("experts({count}, {active}, {})", sized(size)),
        }
    }

    /// Whether both are the same block, wherever they are written.
    pub(crate) fn same(&self, other: &BlockValue) -> bool {
        self.called() == other.called()
    }
}

/// A sum of shares as a person reads it: `1/3 hq + rest web`.
pub(crate) fn shares_name(terms: &[Term]) -> String {
    let part = |term: &Term| match &term.weight {
        Weight::Share(share) if *share == Exact::one() => term.name.to_string(),
        Weight::Share(share) => format!("{} {}", percent(share), term.name),
        Weight::Rest(share) if *share == Exact::one() => format!("rest {}", term.name),
        Weight::Rest(share) => format!("rest * {} {}", percent(share), term.name),
        Weight::Unscanned => term.name.to_string(),
    };
    terms.iter().map(part).collect::<Vec<_>>().join(" + ")
}

/// A share as a person reads it: `30 %` where that is short and exact, else the fraction.
pub(crate) fn percent(share: &Exact) -> String {
    let hundred = share.mul(&Exact::from(100u64));
    let text = hundred.short();
    if text.len() <= 9 && Exact::from_decimal(&text).as_ref() == Some(&hundred) {
        format!("{text} %")
    } else {
        format!("{share}")
    }
}

impl List {
    /// How many elements, as an exact number: an arithmetic list may have more than fit memory.
    pub(crate) fn count(&self) -> Exact {
        match self {
            List::Items(items) => Exact::from(items.len() as u64),
            List::Arithmetic { count, .. } => (**count).clone(),
            List::Swarm(swarm) => swarm.count(),
        }
    }

    /// The elements of a list of at most `limit`.
    pub(crate) fn expand(&self, limit: u64) -> Option<Rc<Vec<Value>>> {
        match self {
            List::Items(items) => Some(Rc::clone(items)),
            List::Arithmetic { start, step, count } => {
                let count = count.to_u64().filter(|count| *count <= limit)?;
                let element = |i: u64| {
                    let value = start.value.add(&step.mul(&Exact::from(i)));
                    Value::Number(Amount::new(value, start.unit))
                };
                Some(Rc::new((0..count).map(element).collect()))
            }
            List::Swarm(swarm) => swarm.expand(limit).map(Rc::new),
        }
    }

    fn shown(&self) -> String {
        if let List::Items(items) = self
            && let Some(pattern) = pattern(items)
        {
            return pattern;
        }
        let items = self.expand(8);
        match items {
            Some(items) => {
                let shown: Vec<String> = items.iter().take(8).map(|item| item.column().0.to_string()).collect();
                let more = if items.len() > 8 { ", …" } else { "" };
                format!("[{}{more}]", shown.join(", "))
            }
            None => format!("a list of {}", self.count()),
        }
    }
}

/// A list of blocks as a person reads it: `AMMA` where every block has a name of one letter, else the names with spaces.
fn pattern(items: &[Value]) -> Option<String> {
    let name = |item: &Value| match item {
        Value::Block(block) => Some(Rc::clone(&block.name)),
        _ => None,
    };
    let names: Vec<Rc<str>> = items.iter().map(name).collect::<Option<_>>()?;
    let letters = names.iter().all(|name| name.chars().count() == 1);
    (!names.is_empty()).then(|| names.join(if letters { "" } else { " " }))
}
