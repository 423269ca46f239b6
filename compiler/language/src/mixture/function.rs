//! Mixtures by function: equal shares, shares by tokens, what is left without a corpus, phases, a cap on epochs.

use std::rc::Rc;

use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::mixture::Mixture;
use synx_plan::unit::{Count, Unit};

use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::operator::Placed;
use crate::value::{Capped, Named, Span, Value};

/// Marks a number that is a mixture under a cap.
const CAPPED: u64 = 1 << 40;

/// What a mixture is that functions and sums of shares take.
pub(super) const MADE_OF: &str = "a mixture that others are made of";

/// More elements than this are not named one by one.
const NAMED: usize = 4;

impl Compiler<'_> {
    /// `uniform([a, b, c])`: equal shares.
    pub(crate) fn uniform(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let Some(items) = self.elements(&list, span, "`uniform`") else { return Value::Error };
        let Some(share) = Exact::one().div(&Exact::from(items.len() as u64)) else {
            let finding = self.finding("E0304", span, "`uniform` of an empty list is no mixture", "nothing to mix");
            return self.report(finding);
        };
        let weight = Placed { value: Value::Number(synx_plan::unit::Amount::plain(share)), span: arguments.span };
        let mut sum: Option<Placed> = None;
        for item in items.iter() {
            let item = Placed { value: item.clone(), span };
            let value = self.weigh(&weight, &item, arguments.span);
            if value.is_error() {
                return Value::Error;
            }
            let weighed = Placed { value, span: arguments.span };
            sum = Some(match sum {
                None => weighed,
                Some(sum) => Placed { value: self.add_shares(&sum, &weighed, arguments.span), span: arguments.span },
            });
        }
        let value = sum.map_or(Value::Error, |sum| sum.value);
        let Some(mixture) = self.mixture(&value, arguments.span) else { return Value::Error };
        let name = match &list {
            Value::Family(family) => format!("uniform({})", family.name),
            _ if items.len() > NAMED => format!("uniform(of {})", items.len()),
            _ => return Value::Mixture(mixture),
        };
        named(name, mixture.it.clone())
    }

    /// `proportional([a, b])`: shares by the training tokens that each has. Until all of them are scanned, the shares are open.
    pub(crate) fn proportional(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let Some(corpora) = self.corpora_of(&list, span, "`proportional`") else { return Value::Error };
        let name = match &list {
            Value::Family(family) => format!("proportional({})", family.name),
            _ if corpora.len() > NAMED => format!("proportional(of {})", corpora.len()),
            _ => {
                let names: Vec<&str> = corpora.iter().map(|(_, name)| &**name).collect();
                format!("proportional({})", names.join(", "))
            }
        };
        let tokens: Vec<Option<u64>> = corpora.iter().map(|(id, _)| self.training_tokens(*id)).collect();
        let ids = corpora.iter().map(|(id, _)| *id);
        let Some(tokens) = tokens.into_iter().collect::<Option<Vec<u64>>>() else {
            return named(name, Mixture::open(ids));
        };
        let total = tokens.iter().fold(Exact::zero(), |sum, tokens| sum.add(&Exact::from(*tokens)));
        let parts = ids.zip(tokens).map(|(id, tokens)| Some((id, Exact::from(tokens).div(&total)?)));
        match parts.collect::<Option<Vec<_>>>().and_then(|parts| Mixture::new(parts).ok()) {
            Some(mixture) => named(name, mixture),
            None => self.no_shares(arguments.span, "these corpora have no text to share by", "all of them are empty"),
        }
    }

    /// `without(prior, d)`: the mixture without a corpus, or several, the others in proportion.
    pub(crate) fn without(&mut self, arguments: &Arguments) -> Value {
        let (of, of_span) = arguments.required("of");
        let (left_out, span) = arguments.required("corpus");
        let Some(mixture) = self.plain_mixture(&of, of_span, "`without`") else { return Value::Error };
        let left_out = match &left_out {
            Value::Corpus(id, name) => vec![(*id, Rc::clone(name))],
            list => match self.corpora_of(list, span, "`without`") {
                Some(corpora) => corpora,
                None => return Value::Error,
            },
        };
        let names: Vec<&str> = left_out.iter().map(|(_, name)| &**name).collect();
        let name = format!("without({}, {})", mixture.name, names.join(", "));
        if let Some((_, missing)) =
            left_out.iter().find(|(id, _)| !mixture.it.shares().iter().any(|(known, _)| known == id))
        {
            let there: Vec<Rc<str>> = mixture.it.shares().iter().map(|(id, _)| self.corpora.name(*id)).collect();
            let help = format!("it has {}", crate::suggest::listed(there.iter().map(|name| &**name)));
            let finding = self
                .finding("E0321", span, format!("`{missing}` is no part of `{}`", mixture.name), "not in the mixture")
                .help(help);
            return self.report(finding);
        }
        let rest = mixture.it.shares().iter().filter(|(id, _)| !left_out.iter().any(|(out, _)| out == id));
        let rest: Vec<(CorpusId, Exact)> = rest.cloned().collect();
        if rest.is_empty() {
            return self.no_shares(span, format!("nothing is left of `{}`", mixture.name), "the whole mixture");
        }
        if mixture.it.is_open() {
            return named(name, Mixture::open(rest.into_iter().map(|(id, _)| id)));
        }
        match in_proportion(rest) {
            Some(mixture) => named(name, mixture),
            None => Value::Error,
        }
    }

    /// `normalize(2 * web + 3 * wiki)`: any weights, divided by their sum.
    pub(crate) fn normalize(&mut self, arguments: &Arguments) -> Value {
        let (of, span) = arguments.required("of");
        let Value::Shares(terms) = &of else {
            return match self.mixture(&of, span) {
                Some(mixture) => Value::Mixture(mixture),
                None => Value::Error,
            };
        };
        let mut parts = Vec::new();
        for term in terms.iter() {
            match &term.weight {
                crate::value::Weight::Share(share) if share.is_negative() => {
                    let finding = self
                        .finding("E0303", term.span, format!("the weight of `{}` is negative", term.name), "below zero")
                        .help("weights are 0 or more");
                    return self.report(finding);
                }
                crate::value::Weight::Share(share) => parts.push((term.corpus, share.clone())),
                crate::value::Weight::Rest(_) => {
                    let finding = self
                        .finding("E0302", term.span, "`rest` has no meaning in `normalize`", "what is left of what?")
                        .help("give every corpus a weight");
                    return self.report(finding);
                }
                crate::value::Weight::Unscanned => {
                    let corpora = terms.iter().map(|term| term.corpus);
                    return named(crate::value::shares_name(terms), Mixture::open(corpora));
                }
            }
        }
        match in_proportion(parts) {
            Some(mixture) => named(format!("normalize({})", crate::value::shares_name(terms)), mixture),
            None => self.no_shares(span, "weights that are all zero are no mixture", "the sum is 0"),
        }
    }

    /// `phases(early, late, switch = 80%)`: one mixture first, another from a part of the run on.
    pub(crate) fn phases(&mut self, arguments: &Arguments) -> Value {
        let (early, early_span) = arguments.required("early");
        let (late, late_span) = arguments.required("late");
        let (switch, switch_span) = arguments.required("switch");
        let inside = |part: &Exact| part.is_positive() && *part < Exact::one();
        let switch = self.plain(&switch, switch_span, "`switch`", "more than 0 and less than 100 %", inside);
        let (early, late) = (self.uncapped(&early, early_span), self.uncapped(&late, late_span));
        let (Some(early), Some(late), Some(switch)) = (early, late, switch) else { return Value::Error };
        let name = format!("phases({}, {}, {})", early.name, late.name, crate::value::percent(&switch));
        named(name, Mixture::phased(&early.it, &late.it, &switch))
    }

    /// `cap_epochs(mixture, 4)`: settled by each cell, whose budget it needs.
    pub(crate) fn cap_epochs(&mut self, arguments: &Arguments) -> Value {
        let (of, of_span) = arguments.required("of");
        let (epochs, span) = arguments.required("epochs");
        let Some(mixture) = self.uncapped(&of, of_span) else { return Value::Error };
        let unit = Unit::counted(Count::Epochs);
        let Some(cap) = self.in_unit(&epochs, span, unit, "`epochs`") else { return Value::Error };
        if !cap.is_positive() {
            return self.not_in_range(span, "`epochs`", &cap, "more than 0");
        }
        let name = format!("cap_epochs({}, {})", mixture.name, synx_plan::grid::readable(&cap));
        Value::Capped(Rc::new(Capped { name: name.into(), mixture, cap, span: arguments.span }))
    }

    /// A mixture under a cap as the number of a cell's field: what the cell's budget makes of it is known later.
    pub(crate) fn capped(&mut self, capped: &Rc<Capped>) -> u64 {
        let known = self.caps.iter().position(|known| Rc::ptr_eq(known, capped));
        let place = known.unwrap_or_else(|| {
            self.caps.push(Rc::clone(capped));
            self.caps.len() - 1
        });
        CAPPED | place as u64
    }

    /// The mixture of a cell with such a budget, as its number in the plan's list.
    pub(crate) fn cell_mixture(&mut self, number: u64, tokens: u64) -> Option<u32> {
        if number & CAPPED == 0 {
            return Some(number as u32);
        }
        let capped = Rc::clone(self.caps.get((number & !CAPPED) as usize)?);
        let mixture = self.cap(&capped, tokens)?;
        Some(self.lists.mixture(&mixture) as u32)
    }

    /// The mixture of a cell under a cap of epochs; open while a source has not been scanned.
    pub(crate) fn cap(&mut self, capped: &Capped, tokens: u64) -> Option<Mixture> {
        let mixture = &capped.mixture.it;
        let corpora: Vec<CorpusId> = mixture.shares().iter().map(|(corpus, _)| *corpus).collect();
        let there: Option<Vec<u64>> = corpora.iter().map(|corpus| self.training_tokens(*corpus)).collect();
        let Some(there) = there.filter(|_| !mixture.is_open()) else { return Some(Mixture::open(corpora)) };
        let tokens_of = |corpus: CorpusId| corpora.iter().position(|id| *id == corpus).map_or(0, |at| there[at]);
        match mixture.capped(&capped.cap, tokens, tokens_of) {
            Ok(mixture) => Some(mixture),
            Err(short) => {
                let shown = |number: &Exact| synx_plan::grid::readable(&number.round());
                let cap = synx_plan::grid::readable(&capped.cap);
                let finding = self
                    .finding(
                        "E0322",
                        capped.span,
                        format!("the sources have too little text for {cap} epochs at most"),
                        format!("{} tokens at {cap} epochs", shown(&short.there)),
                    )
                    .note(format!("a cell has a budget of {} tokens", shown(&Exact::from(tokens))))
                    .help("allow more epochs, lower the budget, or add a source");
                self.report(finding);
                None
            }
        }
    }

    /// A mixture that a cap may still be put on.
    fn uncapped(&mut self, value: &Value, span: Span) -> Option<Rc<Named<Mixture>>> {
        if let Value::Capped(capped) = value {
            self.after_cap(span, &capped.name);
            return None;
        }
        let mixture = self.mixture(value, span)?;
        if mixture.it.answer().is_some() {
            self.settled_late(span, MADE_OF, &mixture.name);
            return None;
        }
        Some(mixture)
    }

    /// A mixture that a fit settles stands where it must be known: `what` says as what.
    pub(crate) fn settled_late(&mut self, span: Span, what: &str, name: &str) -> Value {
        let finding = self
            .finding(
                "E0612",
                span,
                format!("{what} must be known before anything runs"),
                format!("a fit settles `{name}`"),
            )
            .help("train on it as it is: `data` of a grid takes it, also as one value of an axis");
        self.report(finding)
    }

    /// A mixture with one set of shares, which can be calculated with.
    pub(super) fn plain_mixture(&mut self, value: &Value, span: Span, place: &str) -> Option<Rc<Named<Mixture>>> {
        let mixture = self.uncapped(value, span)?;
        if mixture.it.phases().is_empty() {
            return Some(mixture);
        }
        self.after_phases(span, &mixture.name, place);
        None
    }

    pub(super) fn after_phases(&mut self, span: Span, name: &str, place: &str) -> Value {
        let finding = self
            .finding("E0323", span, format!("{place} of a mixture in phases"), format!("`{name}` has phases"))
            .help("mix within each phase, and put the phases together last: `phases(early, late, switch = 80%)`");
        self.report(finding)
    }

    pub(super) fn after_cap(&mut self, span: Span, name: &str) -> Value {
        let finding = self
            .finding("E0323", span, "a cap on epochs stands last", format!("`{name}` is capped already"))
            .help("mix first, cap the whole: `(30% * hq + rest * web) |> cap_epochs(4)`");
        self.report(finding)
    }

    /// The corpora of a list or a family, each once.
    pub(crate) fn corpora_of(&mut self, list: &Value, span: Span, place: &str) -> Option<Vec<(CorpusId, Rc<str>)>> {
        let items = self.elements(list, span, place)?;
        if items.is_empty() {
            self.no_shares(span, format!("{place} of an empty list"), "no corpora");
            return None;
        }
        let mut corpora: Vec<(CorpusId, Rc<str>)> = Vec::new();
        for item in items.iter() {
            let (id, name) = self.input((item.clone(), span))?;
            if corpora.iter().any(|(known, _)| *known == id) {
                let finding = self
                    .finding("E0321", span, format!("`{name}` stands twice in {place}"), "the same text twice")
                    .help("name every corpus once; equal contents under two names are one corpus");
                self.report(finding);
                return None;
            }
            corpora.push((id, name));
        }
        Some(corpora)
    }

    fn no_shares(&mut self, span: Span, headline: impl Into<String>, label: &str) -> Value {
        let finding =
            self.finding("E0321", span, headline, label).help("a mixture has at least one corpus with a share");
        self.report(finding)
    }
}

pub(super) fn named(name: impl Into<Rc<str>>, it: Mixture) -> Value {
    Value::Mixture(Rc::new(Named { name: name.into(), it }))
}

/// Weights divided by their sum; `None` where that is zero.
fn in_proportion(parts: Vec<(CorpusId, Exact)>) -> Option<Mixture> {
    let sum = parts.iter().fold(Exact::zero(), |sum, (_, part)| sum.add(part));
    let parts: Option<Vec<(CorpusId, Exact)>> =
        parts.into_iter().map(|(corpus, part)| Some((corpus, part.div(&sum)?))).collect();
    Mixture::new(parts?).ok()
}
