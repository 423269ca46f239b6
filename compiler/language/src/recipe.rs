//! Recipes: optimiser, schedule, batch and clip.

use std::rc::Rc;

use synx_plan::exact::Exact;
use synx_plan::recipe::{AdamW, Length, Precision, RateSchedule, Recipe};
use synx_plan::unit::{Count, Unit};

use crate::block::Fields;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{Named, ScheduleKind, ScheduleValue, Span, Stretch, Value};

/// Most tokens of a batch, and of a warm-up: beyond what any step or run holds.
const MAX_BATCH: u64 = 1 << 30;
const MANY: u64 = 1_000_000_000_000_000;

impl<'t> Compiler<'t> {
    pub(crate) fn adamw(&mut self, arguments: &Arguments) -> Value {
        let mut number = |name: &str, range: &str, fits: &dyn Fn(&Exact) -> bool| {
            let (value, at) = arguments.required(name);
            self.plain(&value, at, &format!("`{name}`"), range, fits)
        };
        let thousand = Exact::from(1000u64);
        let rate = number("lr", "more than 0 and at most 1000", &|x| x.is_positive() && *x <= thousand);
        let weight_decay = number("weight_decay", "from 0 to 1000", &|x| !x.is_negative() && *x <= thousand);
        let epsilon = number("epsilon", "more than 0 and at most 1", &|x| x.is_positive() && *x <= Exact::one());
        let (betas, at) = arguments.required("betas");
        let Value::Tuple(pair) = &betas else {
            let finding = self
                .finding("E0201", at, format!("expected two betas, found {}", betas.describe()), betas.describe())
                .help("write them as a tuple: `betas = (0.9, 0.95)`");
            return self.report(finding);
        };
        let fits = |beta: &Exact| !beta.is_negative() && *beta < Exact::one();
        let [first, second] = &**pair else {
            let finding = self
                .finding("E0201", at, format!("expected two betas, found {}", pair.len()), "two are wanted")
                .help("write them as a tuple: `betas = (0.9, 0.95)`");
            return self.report(finding);
        };
        let range = "from 0 to below 1";
        let beta1 = self.plain(first, at, "each beta", range, fits);
        let beta2 = self.plain(second, at, "each beta", range, fits);
        let (Some(rate), Some(weight_decay), Some(epsilon), Some(beta1), Some(beta2)) =
            (rate, weight_decay, epsilon, beta1, beta2)
        else {
            return Value::Error;
        };
        Value::Optimizer(Rc::new(AdamW { rate, beta1, beta2, epsilon, weight_decay }))
    }

    /// `wsd(…)`, `cosine(…)`, `constant(…)`.
    pub(crate) fn schedule(&mut self, arguments: &Arguments) -> Value {
        let kind = match arguments.signature.name {
            "wsd" => ScheduleKind::Wsd,
            "cosine" => ScheduleKind::Cosine,
            _ => ScheduleKind::Constant,
        };
        let warmup = self.stretch(arguments.required("warmup"), "`warmup`");
        let decay = match arguments.get("decay") {
            Some(decay) => self.stretch(decay, "`decay`").map(Some),
            None => Some(None),
        };
        let last = match arguments.get("last") {
            Some((last, at)) => {
                let fits = |last: &Exact| !last.is_negative() && *last <= Exact::one();
                self.plain(&last, at, "`last`", "from 0 to 1, as a part of the peak", fits)
            }
            None => Some(Exact::zero()),
        };
        let (Some(warmup), Some(decay), Some(last)) = (warmup, decay, last) else { return Value::Error };
        Value::Schedule(Rc::new(ScheduleValue { kind, warmup, decay, last }))
    }

    /// A stretch of a run: tokens, steps, or a share of the budget (a plain number up to 1).
    fn stretch(&mut self, (value, span): (Value, Span), what: &str) -> Option<Stretch> {
        let amount = self.amount(&value, span, what)?;
        match amount.unit.count {
            Some(Count::Steps) => self.whole(&value, span, amount.unit, what, (0, MANY)).map(Stretch::Steps),
            None if amount.unit.is_plain() && amount.value.is_positive() && amount.value <= Exact::one() => {
                Some(Stretch::Share(amount.value))
            }
            _ => self.whole(&value, span, Unit::counted(Count::Tokens), what, (0, MANY)).map(Stretch::Tokens),
        }
    }

    pub(crate) fn recipe_block(&mut self, fields: &Fields<'t>, name: &Rc<str>) -> Value {
        let (batch, batch_at) = fields.or_default(self, "batch", "16Ki tokens");
        let batch = self.whole(&batch, batch_at, Unit::counted(Count::Tokens), "`batch`", (1, MAX_BATCH));
        let clip = match fields.or_default(self, "clip", "1") {
            (Value::Text(word), _) if &*word == "none" => Some(None),
            (value, at) => {
                let fits = |clip: &Exact| clip.is_positive() && *clip <= Exact::from(1_000_000u64);
                self.plain(&value, at, "`clip`", "more than 0, or `none`", fits).map(Some)
            }
        };
        let precision = match fields.choice(self, "precision", crate::signature::PRECISIONS) {
            None => Some(Precision::F32),
            Some((Value::Text(word), _)) => Some(match &*word {
                "bf16" => Precision::Bf16,
                "f16" => Precision::F16,
                _ => Precision::F32,
            }),
            Some(_) => None,
        };
        let optimizer = match fields.required(self, "recipe", "optimizer") {
            Some((Value::Optimizer(optimizer), _)) => Some(optimizer),
            Some((other, at)) => {
                self.expected(at, "an optimizer: `adamw(lr = …)`", &other);
                None
            }
            None => None,
        };
        let schedule = match fields.get(self, "schedule") {
            Some((Value::Schedule(schedule), _)) => Some(schedule),
            Some((other, at)) => {
                self.expected(at, "a schedule: `wsd(…)`, `cosine(…)` or `constant(…)`", &other);
                None
            }
            None => Some(Rc::new(ScheduleValue {
                kind: ScheduleKind::Wsd,
                warmup: Stretch::Tokens(128_000),
                decay: Exact::ratio(1, 5).map(Stretch::Share),
                last: Exact::zero(),
            })),
        };
        let (Some(batch), Some(clip), Some(precision)) = (batch, clip, precision) else { return Value::Error };
        let (Some(optimizer), Some(schedule)) = (optimizer, schedule) else { return Value::Error };
        let length = |stretch: &Stretch| match stretch {
            Stretch::Tokens(tokens) => Length::Tokens(*tokens),
            Stretch::Steps(steps) => Length::Tokens(steps.saturating_mul(batch)),
            Stretch::Share(share) => Length::Share(share.clone()),
        };
        let (warmup, last) = (length(&schedule.warmup), schedule.last.clone());
        let schedule = match (schedule.kind, &schedule.decay) {
            (ScheduleKind::Wsd, decay) => {
                let decay = decay.as_ref().map_or(Length::Tokens(0), length);
                RateSchedule::Wsd { warmup, decay, last }
            }
            (ScheduleKind::Cosine, _) => RateSchedule::Cosine { warmup, last },
            (ScheduleKind::Constant, _) => RateSchedule::Constant { warmup },
        };
        let it = Recipe { batch, optimizer: (*optimizer).clone(), schedule, clip, precision };
        Value::Recipe(Rc::new(Named { name: Rc::clone(name), it }))
    }
}
