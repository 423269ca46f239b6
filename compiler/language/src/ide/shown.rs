//! Values as a person reads them beside the text: what sort they are of, and what they come to.

use std::fmt::Write as _;
use std::rc::Rc;

use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::mixture::Mixture;
use synx_plan::model::{Model, ParameterCount};
use synx_plan::number::{count, flops, plural};
use synx_plan::unit::Unit;

use super::analysis::Analysis;
use super::record::Seen;
use crate::value::{List, Term, Value, Weight, percent};

/// How many values or elements are listed. Arbitrary: what fits a line.
const LISTED: usize = 8;

/// How many mixtures or models one pointer shows. Arbitrary: what fits a window.
pub(super) const MIXTURES: usize = 4;

/// A mixture of the plan and the budgets of the cells that train on it.
pub(super) struct Used<'a> {
    mixture: &'a Mixture,
    /// The smallest budget.
    pub low: u64,
    pub high: u64,
}

/// What sort of value it is: `a number in tokens`, `a list of 7 numbers in tokens`, `a corpus`.
pub(crate) fn sort(value: &Value) -> String {
    match value {
        Value::Number(amount) => number_sort(amount.unit, "a number"),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Text(_) => "a text or a word".to_owned(),
        Value::Rest => "the rest of the shares".to_owned(),
        Value::List(list) => {
            let first = list.first();
            let of = match &first {
                Some(Value::Number(amount)) => number_sort(amount.unit, "numbers"),
                Some(Value::Tuple(parts)) => format!("tuples of {}", parts.len()),
                Some(Value::Corpus(..)) => "corpora".to_owned(),
                Some(Value::Mixture(_) | Value::Shares(_)) => "mixtures".to_owned(),
                Some(Value::Block(_)) => "blocks".to_owned(),
                Some(Value::Text(_)) => "texts or words".to_owned(),
                _ => "values".to_owned(),
            };
            format!("a list of {} {of}", list.count())
        }
        Value::Tuple(parts) => format!("a tuple of {}", parts.len()),
        Value::Interval(_) => "an interval".to_owned(),
        Value::Corpus(..) => "a corpus".to_owned(),
        Value::Domain(..) => "a part of a corpus to evaluate on".to_owned(),
        Value::Shares(_) | Value::Mixture(_) | Value::Capped(_) => "a mixture".to_owned(),
        Value::Family(family) => format!("a family of {} corpora", family.members.len()),
        Value::Generator(_) => "a generator".to_owned(),
        Value::Columns(columns) => plural(columns.len(), "column"),
        Value::Tokenizer(_) => "a tokenizer".to_owned(),
        Value::Hardware(_) => "a hardware".to_owned(),
        Value::Measure(_) => "a score of documents".to_owned(),
        Value::Model(_) => "a model".to_owned(),
        Value::Recipe(_) => "a recipe".to_owned(),
        Value::Evaluation(_) => "an evaluation".to_owned(),
        other => other.describe(),
    }
}

fn number_sort(unit: Unit, noun: &str) -> String {
    if unit.is_plain() { noun.to_owned() } else { format!("{noun} in {unit}") }
}

/// The value itself in a line, with its unit.
pub(crate) fn line(value: &Value) -> String {
    match value {
        Value::Number(amount) => amount.to_string(),
        Value::Text(text) => format!("\"{text}\""),
        Value::List(list) => {
            let elements: Vec<Value> = list.some(LISTED);
            let unit = match elements.first() {
                Some(Value::Number(amount)) if !amount.unit.is_plain() => format!(" {}", amount.unit),
                _ => String::new(),
            };
            let shown: Vec<String> = elements.iter().map(|element| element.column().0.to_string()).collect();
            let more = if list.count() > Exact::from(elements.len() as u64) { ", …" } else { "" };
            format!("[{}{more}]{unit}", shown.join(", "))
        }
        Value::Interval(ends) => {
            let end = |end: &Option<synx_plan::unit::Amount>| end.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{}..{}", end(&ends.0), end(&ends.1))
        }
        Value::Optimizer(adamw) => format!("adamw(lr = {})", adamw.rate.short()),
        Value::Schedule(schedule) => schedule.to_string(),
        Value::Columns(columns) => {
            let names: Vec<&str> = columns.iter().take(LISTED).map(|(name, _)| name.as_str()).collect();
            format!("{}{}", names.join(", "), if columns.len() > LISTED { ", …" } else { "" })
        }
        other => other.column().0.to_string(),
    }
}

/// The different values that an expression came to, in a line: one, or those of the cells.
pub(super) fn seen_line(seen: &Seen) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    for value in &seen.values {
        let line = line(value);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let more = lines.len() > LISTED || seen.times > seen.values.len() as u64;
    match lines.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => {
            lines.truncate(LISTED);
            Some(format!("{}{}", lines.join(" · "), if more { " · …" } else { "" }))
        }
    }
}

impl Analysis {
    /// The tables of the mixtures among some values: for each source its share, and tokens and epochs in the cells that train on it.
    pub(super) fn mixture_tables(&self, values: &[Value]) -> String {
        let mut text = String::new();
        let mut known: Vec<Vec<(String, Exact)>> = Vec::new();
        for value in values {
            let shares = self.shares(value);
            if shares.is_empty() || known.contains(&shares) {
                continue;
            }
            if known.len() == MIXTURES {
                text.push_str("\n…\n");
                break;
            }
            text.push_str(&self.mixture_table(&shares));
            known.push(shares);
        }
        text
    }

    /// The sources of a mixture with their shares, `rest` worked out.
    pub(super) fn shares(&self, value: &Value) -> Vec<(String, Exact)> {
        let name = |corpus: &CorpusId| self.record.corpora.get(corpus.0).cloned().unwrap_or_default();
        match value {
            Value::Mixture(mixture) => {
                mixture.it.shares().iter().map(|(corpus, share)| (name(corpus), share.clone())).collect()
            }
            Value::Shares(terms) => {
                let given = terms.iter().fold(Exact::zero(), |sum, term| match &term.weight {
                    Weight::Share(share) => sum.add(share),
                    Weight::Rest(_) | Weight::Unscanned => sum,
                });
                let rest = Exact::one().sub(&given);
                let share = |term: &Term| match &term.weight {
                    Weight::Share(share) => share.clone(),
                    Weight::Rest(part) => rest.mul(part),
                    Weight::Unscanned => Exact::zero(),
                };
                terms.iter().map(|term| (term.name.to_string(), share(term))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn mixture_table(&self, shares: &[(String, Exact)]) -> String {
        let used = self.uses_of(shares);
        let mut text = String::from("\n| source | share | tokens | epochs |\n| --- | ---: | ---: | ---: |\n");
        for (source, share) in shares {
            let (tokens, epochs) = match &used {
                Some(used) => {
                    let part = share.to_f64();
                    let tokens = range(&count(part * used.low as f64), &count(part * used.high as f64));
                    let epochs = match (self.epochs(used, source, used.low), self.epochs(used, source, used.high)) {
                        (Some(low), Some(high)) => range(&short(low), &short(high)),
                        _ if share.is_zero() => short(0.0),
                        _ => "not scanned".to_owned(),
                    };
                    (tokens, epochs)
                }
                None => ("–".to_owned(), "–".to_owned()),
            };
            let _ = writeln!(text, "| {source} | {} | {tokens} | {epochs} |", percent(share));
        }
        text
    }

    /// How often a budget goes through a source of a mixture; `None` where nobody has scanned it.
    fn epochs(&self, used: &Used<'_>, source: &str, tokens: u64) -> Option<f64> {
        let plan = self.plan.as_ref()?;
        let place = used.mixture.shares().iter().position(|(corpus, _)| plan.corpora[corpus.0].name == source)?;
        used.mixture.epochs(tokens, &plan.facts).get(place).copied().flatten()
    }

    /// The plan's mixture of these shares, with the smallest and the largest budget that a cell gives it.
    pub(super) fn uses_of(&self, shares: &[(String, Exact)]) -> Option<Used<'_>> {
        let plan = self.plan.as_ref()?;
        let wanted: Vec<&(String, Exact)> = shares.iter().filter(|(_, share)| !share.is_zero()).collect();
        let same = |mixture: &Mixture| {
            let shares = || mixture.shares().iter().filter(|(_, share)| !share.is_zero());
            let has = |(corpus, share): &(CorpusId, Exact)| {
                wanted.iter().any(|(name, wanted)| *name == plan.corpora[corpus.0].name && wanted == share)
            };
            shares().count() == wanted.len() && shares().all(has)
        };
        let number = plan.mixtures.iter().position(same)?;
        let cells = || plan.cells().filter(|(_, _, cell)| cell.mixture as usize == number);
        let (low, high) = (cells().map(|(_, _, c)| c.tokens).min()?, cells().map(|(_, _, c)| c.tokens).max()?);
        Some(Used { mixture: &plan.mixtures[number], low, high })
    }

    /// Parameters by each convention, FLOPs per token and the memory of a replica.
    pub(super) fn model_table(&self, model: &Model) -> String {
        let mut text = String::from("\n| | |\n| --- | ---: |\n");
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "| {name} | {value} |");
        };
        let blocks = model.blocks.len();
        row("width, blocks, context", format!("{}, {blocks}, {}", model.width, model.context));
        row("params", count(model.parameters(ParameterCount::NonEmbedding) as f64));
        row("params.embedding", count(model.parameters_embedding() as f64));
        row("params.total", count(model.parameters_total() as f64));
        row("training per token", flops(model.flops_exact_per_sequence() as f64 / model.context.max(1) as f64));
        for (batch, bytes) in self.memory(model) {
            row(&format!("memory of a replica, batch {}", count(batch as f64)), bytes);
        }
        text
    }
}

fn range(low: &str, high: &str) -> String {
    if low == high { low.to_owned() } else { format!("{low} … {high}") }
}

/// Epochs: two digits where they are few.
pub(super) fn short(epochs: f64) -> String {
    if epochs < 0.1 { format!("{epochs:.3}") } else { format!("{epochs:.1}") }
}

impl List {
    /// The first elements, at most `most`.
    pub(super) fn some(&self, most: usize) -> Vec<Value> {
        match self {
            List::Items(items) => items.iter().take(most).cloned().collect(),
            List::Arithmetic { start, step, count } => {
                let most = Exact::from(most as u64);
                let count = Rc::new(if **count < most { (**count).clone() } else { most });
                let some = List::Arithmetic { start: Rc::clone(start), step: Rc::clone(step), count };
                some.expand(u64::MAX).map(|items| items.to_vec()).unwrap_or_default()
            }
            List::Swarm(swarm) => swarm.expand(most as u64).unwrap_or_default(),
        }
    }

    fn first(&self) -> Option<Value> {
        self.some(1).into_iter().next()
    }
}
