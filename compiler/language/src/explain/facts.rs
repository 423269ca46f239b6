//! What `synx explain` says of a value beside the value itself.

use synx_plan::column::result_column;
use synx_plan::corpus::Part;
use synx_plan::exact::Exact;
use synx_plan::law::{FreeParameter, Law};

use super::Fact;
use crate::compiler::Compiler;
use crate::table::{Demanded, Table};
use crate::value::{Term, Value, Weight, percent};

fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact { name: name.to_owned(), value: value.into() }
}

impl Compiler<'_> {
    pub(super) fn facts(&self, value: &Value) -> Vec<Fact> {
        match value {
            Value::Model(model) => {
                let model = &model.it;
                vec![
                    fact("width", model.width.to_string()),
                    fact("context", format!("{} tokens", model.context)),
                    fact("blocks", model.blocks.len().to_string()),
                    fact("params.total", model.parameters_total().to_string()),
                    fact("params.non_embedding", (model.parameters_total() - model.parameters_embedding()).to_string()),
                    fact("FLOP per sequence", model.flops_exact_per_sequence().to_string()),
                ]
            }
            Value::Mixture(mixture) => {
                let shares = mixture.it.shares();
                shares.iter().map(|(corpus, share)| fact(&self.corpora.name(*corpus), percent(share))).collect()
            }
            Value::Shares(terms) => shares(terms),
            Value::Recipe(recipe) => {
                vec![fact("lr", recipe.it.optimizer.rate.short()), fact("batch", format!("{} tokens", recipe.it.batch))]
            }
            Value::Evaluation(evaluation) => {
                let evaluation = &evaluation.it;
                let weight = |i: usize| evaluation.weights.as_ref().and_then(|weights| weights.get(i)).map(percent);
                let domains = evaluation.domains.iter().enumerate().map(|(i, (_, part, name))| {
                    let of = if *part == Part::Heldout { "held-out text" } else { "all of its text" };
                    let weight = weight(i).map(|weight| format!(", {weight} of `loss`")).unwrap_or_default();
                    fact(name, format!("{of}{weight}"))
                });
                domains.chain([fact("tokens of each", evaluation.tokens.to_string())]).collect()
            }
            Value::Column(table, name) => column_facts(table, name),
            Value::Law(item) => match self.laws.get(item) {
                Some(Demanded::Done(Some(law))) => law_facts(law),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

/// What a column of a table is: its table, what it holds, between which ends.
pub(super) fn column_facts(table: &Table, name: &str) -> Vec<Fact> {
    let Some((name, column)) = table.column(name).and_then(|name| Some((name.clone(), table.get(&name)?))) else {
        return Vec::new();
    };
    let mut facts = vec![fact("column of", &*table.name)];
    facts.extend(result_column(&name).map(|column| fact("is", column.doc)));
    let bounds = column.bounds.to_string();
    if !bounds.is_empty() {
        facts.push(fact("bounds", bounds));
    }
    facts
}

/// The share of each addend; `rest` is what the others leave, where all of them are known.
fn shares(terms: &[Term]) -> Vec<Fact> {
    let sum = |total: Option<Exact>, term: &Term| match &term.weight {
        Weight::Share(share) => Some(total?.add(share)),
        Weight::Rest(_) => total,
        Weight::Unscanned => None,
    };
    let left = terms.iter().fold(Some(Exact::zero()), sum).map(|given| Exact::one().sub(&given));
    let share = |term: &Term| match (&term.weight, &left) {
        (Weight::Share(share), _) => percent(share),
        (Weight::Rest(part), Some(left)) => percent(&part.mul(left)),
        (Weight::Rest(_) | Weight::Unscanned, _) => "known once it has been scanned".to_owned(),
    };
    terms.iter().map(|term| fact(&term.name, share(term))).collect()
}

fn law_facts(law: &Law) -> Vec<Fact> {
    let formula = &law.formula;
    let free: Vec<String> = formula.free.iter().map(parameter).collect();
    let mut facts = vec![fact("formula", format!("{} ~ {}", formula.target, formula.model))];
    facts.extend(formula.lets.iter().map(|(name, value)| fact(name, value.to_string())));
    if !free.is_empty() {
        facts.push(fact("fitted", free.join(", ")));
    }
    if !formula.by.is_empty() {
        facts.push(fact("for each", formula.by.join(", ")));
    }
    facts
}

/// `beta in 0..2`.
fn parameter(free: &FreeParameter) -> String {
    let end = |end: &Option<Exact>| end.as_ref().map(Exact::short).unwrap_or_default();
    let bounds = match (&free.low, &free.high) {
        (None, None) => String::new(),
        (low, high) => format!(" in {}..{}", end(low), end(high)),
    };
    format!("{}{bounds}{}", free.name, if free.shared { " shared" } else { "" })
}
