//! Evaluations: what cells are tested on.

use std::rc::Rc;

use synx_plan::corpus::{CorpusId, Part};
use synx_plan::exact::Exact;
use synx_plan::unit::{Count, Unit};

use crate::block::Fields;
use crate::compiler::Compiler;
use crate::value::{EvaluationValue, Named, Span, Value, percent};

/// Tokens of each domain that are evaluated where an evaluation does not say: 256 Ki.
const DEFAULT_TOKENS: u64 = 256 << 10;

impl<'t> Compiler<'t> {
    /// The evaluation that a value is, where one is wanted: a corpus or a held-out part is the evaluation on it alone.
    pub(crate) fn evaluation(&mut self, value: &Value, span: Span) -> Option<Rc<Named<EvaluationValue>>> {
        match value {
            Value::Evaluation(evaluation) => Some(Rc::clone(evaluation)),
            Value::Corpus(..) | Value::Domain(..) => {
                let domain = self.domain(value, span)?;
                let name = Rc::clone(&domain.2);
                let weights = Some(vec![Exact::one()]);
                let it = EvaluationValue { domains: vec![domain], weights, tokens: DEFAULT_TOKENS };
                Some(Rc::new(Named { name, it }))
            }
            Value::List(_) => {
                let finding = self
                    .finding("E0201", span, "expected an evaluation, found a list", "a list")
                    .help("declare it: `evaluation general { domains = [web.heldout, wiki]; weights = [50%, 50%] }`");
                self.report(finding);
                None
            }
            other => {
                self.expected(span, "an evaluation", other);
                None
            }
        }
    }

    /// A part of a corpus to be evaluated on: the held-out part, or all of a corpus that holds nothing out.
    fn domain(&mut self, value: &Value, span: Span) -> Option<(CorpusId, Part, Rc<str>)> {
        match value {
            Value::Domain(id, part, name) => Some((*id, *part, Rc::clone(name))),
            Value::Corpus(id, name) => {
                let entry = self.corpora.get(*id);
                if entry.corpus.heldout.is_some() {
                    let after = Span { start: span.end, ..span };
                    let edit = self.edit(after, ".heldout");
                    let finding = self
                        .finding("E0310", span, format!("`{name}` is evaluated on as a whole"), "trained on, in part")
                        .label(self.label(entry.span, "holds out a part for this"))
                        .help(format!("evaluate on `{name}.heldout`, which is never trained on"))
                        .fix("evaluate on the held-out part", vec![edit]);
                    self.report(finding);
                    return None;
                }
                Some((*id, Part::All, Rc::clone(name)))
            }
            Value::Mixture(_) | Value::Shares(_) => {
                let finding = self
                    .finding("E0201", span, "a mixture is no evaluation domain", "a mixture")
                    .help("list the corpora as domains, with weights");
                self.report(finding);
                None
            }
            other => {
                self.expected(span, "a corpus or a held-out part", other);
                None
            }
        }
    }

    pub(crate) fn evaluation_block(&mut self, fields: &Fields<'t>, name: &Rc<str>) -> Value {
        let (tokens, at) = fields.or_default(self, "tokens", "256Ki tokens");
        let tokens = self.whole(&tokens, at, Unit::counted(Count::Tokens), "`tokens`", (1, 1_000_000_000_000));
        let Some((domains, at)) = fields.required(self, "evaluation", "domains") else { return Value::Error };
        let values = match &domains {
            Value::List(_) => match self.elements(&domains, at, "`domains`") {
                Some(values) => values,
                None => return Value::Error,
            },
            one => Rc::new(vec![one.clone()]),
        };
        let places: Vec<Span> = match fields.expression("domains").map(synx_grammar::view::Expression::without_parens) {
            Some(synx_grammar::view::Expression::List(list)) => {
                list.elements().map(|element| self.span(element.node())).collect()
            }
            _ => Vec::new(),
        };
        if values.is_empty() {
            let finding = self.finding("E0315", at, "an evaluation without domains", "nothing to evaluate on");
            return self.report(finding);
        }
        let mut known: Vec<(CorpusId, Part, Rc<str>)> = Vec::new();
        let mut fits = true;
        for (i, value) in values.iter().enumerate() {
            let place = places.get(i).copied().unwrap_or(at);
            let Some(domain) = self.domain(value, place) else {
                fits = false;
                continue;
            };
            if known.iter().any(|(id, part, _)| (*id, *part) == (domain.0, domain.1)) {
                let finding = self.finding("E0315", place, format!("`{}` is a domain twice", domain.2), "named again");
                self.report(finding);
                fits = false;
            }
            known.push(domain);
        }
        let weights = match fields.get(self, "weights") {
            None if known.len() == 1 => Some(Some(vec![Exact::one()])),
            None => Some(None),
            Some((weights, at)) => self.weights(&weights, at, values.len()).map(Some),
        };
        let (Some(weights), Some(tokens), true) = (weights, tokens, fits) else { return Value::Error };
        let it = EvaluationValue { domains: known, weights, tokens };
        Value::Evaluation(Rc::new(Named { name: Rc::clone(name), it }))
    }

    /// The weights of an evaluation: one a domain, summing to one.
    fn weights(&mut self, value: &Value, span: Span, domains: usize) -> Option<Vec<Exact>> {
        let items = self.elements(value, span, "`weights`")?;
        let mut weights = Vec::new();
        for item in items.iter() {
            let fits = |weight: &Exact| !weight.is_negative() && *weight <= Exact::one();
            weights.push(self.plain(item, span, "a weight", "from 0 to 100 %", fits)?);
        }
        let sum = weights.iter().fold(Exact::zero(), |sum, weight| sum.add(weight));
        let finding = if weights.len() != domains {
            let headline = format!("{} weights for {domains} domains", weights.len());
            self.finding("E0315", span, headline, "one weight a domain")
        } else if sum != Exact::one() {
            let shown: Vec<String> = weights.iter().map(percent).collect();
            self.finding(
                "E0315",
                span,
                format!("the weights sum to {}, not to 100 %", percent(&sum)),
                shown.join(" + "),
            )
        } else {
            return Some(weights);
        };
        let finding = finding.help("every domain has a weight, and the weights sum to 100 %");
        self.report(finding);
        None
    }
}
