//! Mixtures: shares times corpora, summed, `rest` once, exactly 100 %.

mod function;
mod swarm;

use std::rc::Rc;

use function::MADE_OF;
use synx_plan::exact::Exact;
use synx_plan::mixture::Mixture;
use synx_plan::unit::Unit;

use crate::compiler::Compiler;
use crate::late::Late;
use crate::operator::Placed;
use crate::value::{Named, Span, Term, Value, Weight, percent, shares_name};

impl Compiler<'_> {
    /// `share * corpus`, `rest * corpus`, and the same with a mixture.
    pub(crate) fn weigh(&mut self, weight: &Placed, data: &Placed, span: Span) -> Value {
        let by = match &weight.value {
            Value::Rest => Weight::Rest(Exact::one()),
            other if crate::operator::is_data(other) => {
                let finding = self
                    .finding("E0304", span, "corpora cannot be multiplied with each other", "a corpus times a corpus")
                    .help("a mixture is a sum of shares: `30% * hq + rest * web`");
                return self.report(finding);
            }
            other => match self.in_unit(other, weight.span, Unit::PLAIN, "a share") {
                Some(share) => Weight::Share(share),
                None => return Value::Error,
            },
        };
        let Some(mut terms) = self.terms(data) else { return Value::Error };
        let sum = matches!(data.value, Value::Shares(_));
        let has_rest = terms.iter().any(|term| matches!(term.weight, Weight::Rest(_)));
        if sum && (has_rest || matches!(by, Weight::Rest(_))) {
            // What `rest` is must be settled within the sum that it stands in.
            let Some(mixture) = self.settle(&terms, data.span) else { return Value::Error };
            terms = self.mixture_terms(&mixture, data.span);
        }
        let scale = |term: Term| {
            let weight_of_term = match (&by, &term.weight) {
                (Weight::Share(a), Weight::Share(b)) => Weight::Share(a.mul(b)),
                (_, Weight::Unscanned) => Weight::Unscanned,
                (Weight::Unscanned, _) => Weight::Unscanned,
                (Weight::Rest(a), Weight::Share(b) | Weight::Rest(b)) | (Weight::Share(a), Weight::Rest(b)) => {
                    Weight::Rest(a.mul(b))
                }
            };
            let share = (!sum).then_some(weight.span);
            Term { weight: weight_of_term, span, share, ..term }
        };
        Value::Shares(Rc::new(terms.into_iter().map(scale).collect()))
    }

    pub(crate) fn add_shares(&mut self, left: &Placed, right: &Placed, span: Span) -> Value {
        for side in [left, right] {
            if !crate::operator::is_data(&side.value) {
                let finding = self
                    .finding(
                        "E0304",
                        side.span,
                        format!("{} is added to shares of corpora", side.value.describe()),
                        "not a share of a corpus",
                    )
                    .help("write the share times a corpus: `30% * hq + rest * web`");
                return self.report(finding);
            }
        }
        let (Some(mut terms), Some(more)) = (self.terms(left), self.terms(right)) else { return Value::Error };
        if !self.burn(terms.len() as u64 / 8, span) {
            return Value::Error;
        }
        terms.extend(more);
        Value::Shares(Rc::new(terms))
    }

    /// `(a + b) / 2`.
    pub(crate) fn divide_shares(&mut self, left: &Placed, right: &Placed, span: Span) -> Value {
        let Some(by) = self.in_unit(&right.value, right.span, Unit::PLAIN, "what shares are divided by") else {
            return Value::Error;
        };
        let Some(share) = Exact::one().div(&by) else {
            let finding = self.finding("E0205", span, "division by zero", "the right side is 0 here");
            return self.report(finding);
        };
        let weight = Placed { value: Value::Number(synx_plan::unit::Amount::plain(share)), span: right.span };
        match self.weigh(&weight, left, span) {
            Value::Shares(terms) => {
                let terms = terms.iter().map(|term| Term { share: None, ..term.clone() }).collect();
                Value::Shares(Rc::new(terms))
            }
            other => other,
        }
    }

    /// `rest` where it is no whole share.
    pub(crate) fn rest_alone(&mut self, span: Span) -> Value {
        let finding = self
            .finding("E0302", span, "`rest` stands for a whole share", "`rest` is part of a calculation here")
            .help("multiply it with one corpus or mixture: `r * hq + rest * web`");
        self.report(finding)
    }

    /// The addends that a value contributes to a sum.
    fn terms(&mut self, data: &Placed) -> Option<Vec<Term>> {
        match &data.value {
            Value::Corpus(corpus, name) => Some(vec![Term {
                weight: Weight::Share(Exact::one()),
                corpus: *corpus,
                name: Rc::clone(name),
                span: data.span,
                share: None,
            }]),
            Value::Mixture(mixture) if !mixture.it.phases().is_empty() => {
                self.after_phases(data.span, &mixture.name, "a share");
                None
            }
            Value::Capped(capped) => {
                self.after_cap(data.span, &capped.name);
                None
            }
            Value::Mixture(mixture) if mixture.it.answer().is_some() => {
                self.settled_late(data.span, MADE_OF, &mixture.name);
                None
            }
            Value::Late(late) if matches!(**late, Late::Mixture { .. }) => {
                if let Late::Mixture { name, .. } = &**late {
                    self.settled_late(data.span, MADE_OF, name);
                }
                None
            }
            Value::Mixture(mixture) => Some(self.mixture_terms(&mixture.it, data.span)),
            Value::Shares(terms) => Some(terms.to_vec()),
            Value::Domain(_, _, name) => {
                self.heldout_trained(data.span, name);
                None
            }
            other => {
                self.expected(data.span, "a corpus or a mixture", other);
                None
            }
        }
    }

    fn mixture_terms(&self, mixture: &Mixture, span: Span) -> Vec<Term> {
        let term = |(corpus, share): &(synx_plan::corpus::CorpusId, Exact)| Term {
            weight: if mixture.is_open() { Weight::Unscanned } else { Weight::Share(share.clone()) },
            corpus: *corpus,
            name: self.corpora.name(*corpus),
            span,
            share: None,
        };
        mixture.shares().iter().map(term).collect()
    }

    pub(crate) fn heldout_trained(&mut self, span: Span, name: &str) {
        let finding = self
            .finding("E0309", span, format!("`{name}` is held out and cannot be trained on"), "held-out text")
            .help("train on the corpus itself: what is held out is left out of it already");
        self.report(finding);
    }

    /// The mixture that a value is, where one is wanted: a corpus is the mixture of itself.
    pub(crate) fn mixture(&mut self, value: &Value, span: Span) -> Option<Rc<Named<Mixture>>> {
        match value {
            Value::Mixture(mixture) => Some(Rc::clone(mixture)),
            Value::Corpus(corpus, name) => {
                let it = Mixture::new([(*corpus, Exact::one())]).ok()?;
                Some(Rc::new(Named { name: Rc::clone(name), it }))
            }
            Value::Shares(terms) => {
                let it = self.settle(terms, span)?;
                Some(Rc::new(Named { name: shares_name(terms).into(), it }))
            }
            Value::Domain(_, _, name) => {
                self.heldout_trained(span, name);
                None
            }
            Value::Capped(capped) => {
                self.after_cap(span, &capped.name);
                None
            }
            Value::Family(family) => {
                let name = &family.name;
                let finding = self
                    .finding(
                        "E0401",
                        span,
                        format!("the family `{name}` stands where one mixture is wanted"),
                        "many corpora",
                    )
                    .help(format!("mix them: `proportional({name})`, `uniform({name})`; or take one: `{name}[\"…\"]`"));
                self.report(finding);
                None
            }
            Value::List(_) => {
                self.list_for_one(span, "`data`");
                None
            }
            Value::Rest => {
                self.rest_alone(span);
                None
            }
            Value::Late(late) if matches!(**late, Late::Mixture { .. }) => match &**late {
                Late::Mixture { answer, of, name } => {
                    let it = Mixture::late(of.iter().copied(), *answer);
                    Some(Rc::new(Named { name: Rc::clone(name), it }))
                }
                _ => None,
            },
            other => {
                self.expected(span, "a corpus or a mixture", other);
                None
            }
        }
    }

    /// Shares to a mixture: `rest` takes what is left, the sum must be one.
    fn settle(&mut self, terms: &[Term], span: Span) -> Option<Mixture> {
        if terms.iter().any(|term| term.weight == Weight::Unscanned) {
            return Some(Mixture::open(terms.iter().map(|term| term.corpus)));
        }
        // One label an addend: a mixture within a mixture is several terms of one text.
        let mut addends: Vec<(Span, Option<Span>, Option<Exact>)> = Vec::new();
        for term in terms {
            let share = match &term.weight {
                Weight::Share(share) => Some(share),
                Weight::Rest(_) | Weight::Unscanned => None,
            };
            if let Some(share) = share.filter(|share| share.is_negative()) {
                let finding = self
                    .finding(
                        "E0303",
                        term.span,
                        format!("the share of `{}` is negative", term.name),
                        format!("{} here", percent(share)),
                    )
                    .help("shares are from 0 to 100 %");
                self.report(finding);
                return None;
            }
            match addends.iter_mut().find(|(known, _, _)| *known == term.span) {
                Some((_, _, Some(sum))) => {
                    if let Some(share) = share {
                        *sum = sum.add(share);
                    }
                }
                Some(_) => {}
                None => addends.push((term.span, term.share, share.cloned())),
            }
        }
        let rests: Vec<Span> = addends.iter().filter(|(_, _, share)| share.is_none()).map(|(span, ..)| *span).collect();
        if let [first, second, ..] = rests[..] {
            let finding = self
                .finding("E0302", second, "`rest` stands twice in one mixture", "the second `rest`")
                .label(self.label(first, "the first"))
                .help("only one corpus or mixture can take what is left; give the others shares");
            self.report(finding);
            return None;
        }
        let fixed = addends.iter().filter_map(|(_, _, share)| share.as_ref());
        let fixed = fixed.fold(Exact::zero(), |sum, share| sum.add(share));
        let left = Exact::one().sub(&fixed);
        if left.is_negative() || (rests.is_empty() && !left.is_zero()) {
            self.wrong_sum(&addends, &fixed, !rests.is_empty(), span);
            return None;
        }
        let parts = terms.iter().map(|term| match &term.weight {
            Weight::Share(share) => (term.corpus, share.clone()),
            Weight::Rest(part) => (term.corpus, part.mul(&left)),
            Weight::Unscanned => (term.corpus, Exact::zero()),
        });
        if let Ok(mixture) = Mixture::new(parts) {
            Some(mixture)
        } else {
            // Only the parts of a mixture under `rest` remain, and those sum to one.
            self.wrong_sum(&addends, &fixed, !rests.is_empty(), span);
            None
        }
    }

    /// Reports a sum that is not 100 %, with each share and the gap.
    fn wrong_sum(&mut self, addends: &[(Span, Option<Span>, Option<Exact>)], sum: &Exact, has_rest: bool, span: Span) {
        let gap = Exact::one().sub(sum);
        let (headline, about) = if has_rest {
            let over = percent(&gap.neg());
            (format!("the shares sum to {}, which leaves nothing for `rest`", percent(sum)), format!("{over} too much"))
        } else if gap.is_negative() {
            (format!("the shares sum to {}, not to 100 %", percent(sum)), format!("{} too much", percent(&gap.neg())))
        } else {
            (format!("the shares sum to {}, not to 100 %", percent(sum)), format!("{} missing", percent(&gap)))
        };
        let mut finding = self.finding("E0301", span, headline, about);
        for (at, _, share) in addends.iter().take(20) {
            let text = share.as_ref().map_or_else(|| "what is left".to_owned(), percent);
            finding = finding.label(self.label(*at, text));
        }
        finding.help = Some("let one addend take what is left: `30% * hq + rest * web`".to_owned());
        if let (false, Some((_, Some(share_text), Some(share)))) = (has_rest, addends.last()) {
            let others = sum.sub(share);
            if addends.len() > 1 && others <= Exact::one() {
                let edit = self.edit(*share_text, "rest");
                let title = format!("give the last one the rest, {}", percent(&Exact::one().sub(&others)));
                finding = finding.fix(title, vec![edit]);
            }
        }
        self.report(finding);
    }
}
