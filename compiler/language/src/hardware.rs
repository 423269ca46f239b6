//! Hardware, and what a run on it takes: time, energy, carbon, money.

use std::rc::Rc;

use synx_grammar::view::ItemKind;
use synx_plan::answer::{Argument, Question};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::Expression;
use synx_plan::hardware::Hardware;
use synx_plan::unit::{Amount, Count, Unit};

use crate::block::Fields;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::late::Bounds;
use crate::value::Value;

impl<'t> Compiler<'t> {
    /// The machine that a block declares.
    pub(crate) fn hardware_block(&mut self, fields: &Fields<'t>, name: &Rc<str>) -> Value {
        let mut fits = true;
        let mut amount = |compiler: &mut Self, field: &str, unit: Unit| -> Option<Exact> {
            let (value, at) = fields.get(compiler, field)?;
            let what = format!("`{field}`");
            let number = compiler.in_unit(&value, at, unit, &what);
            let positive = number.as_ref().is_some_and(Exact::is_positive);
            if let Some(number) = number.as_ref().filter(|_| !positive) {
                compiler.not_in_range(at, &what, number, "more than 0");
            }
            fits &= positive;
            number
        };
        let power = amount(self, "power", Unit::WATT);
        let carbon = amount(self, "carbon", Unit::CARBON_PER_JOULE);
        let price = amount(self, "price", Unit::USD_PER_SECOND);
        let (speed, at) = fields.or_default(self, "speed", "1e12 FLOP");
        let speed = if fields.place(self, "speed").is_some() {
            amount(self, "speed", Unit::FLOP_PER_SECOND)
        } else {
            self.amount(&speed, at, "`speed`").map(|speed| speed.value)
        };
        let (overhead, at) = fields.or_default(self, "overhead", "1");
        let overhead = self.plain(&overhead, at, "`overhead`", "1 or more", |by| *by >= Exact::one());
        let (Some(speed), Some(overhead), true) = (speed, overhead, fits) else { return Value::Error };
        let origin = Some(self.origin(fields.span));
        Value::Hardware(Rc::new(Hardware { name: name.to_string(), speed, power, overhead, carbon, price, origin }))
    }

    /// `time energy carbon` of a run of a model, and `price` of it where it is given a model.
    pub(crate) fn run_cost(&mut self, arguments: &Arguments) -> Value {
        let name = arguments.signature.name;
        let (of, of_span) = arguments.required("of");
        let Value::Model(model) = &of else { return self.expected(of_span, "a model", &of) };
        let (tokens, at) = arguments.required("tokens");
        let unit = Unit::counted(Count::Tokens);
        let Some(tokens) = self.in_unit(&tokens, at, unit, "`tokens`") else { return Value::Error };
        let Some(hardware) = self.hardware_of(arguments) else { return Value::Error };
        let per_token = Exact::from(model.it.flops_exact_per_sequence())
            .div(&Exact::from(model.it.context))
            .unwrap_or_else(Exact::zero);
        let flops = per_token.mul(&tokens);
        let (found, unit, needs) = match name {
            "time" => (hardware.time(&flops), Unit::SECOND, "speed"),
            "energy" => (hardware.energy(&flops), Unit::JOULE, "power"),
            "price" => (hardware.price(&flops), Unit::USD, "price"),
            _ => (hardware.carbon(&flops), Unit::CARBON, if hardware.power.is_none() { "power" } else { "carbon" }),
        };
        if let Some(found) = found {
            Value::Number(Amount::new(found, unit))
        } else {
            let finding = self
                .finding(
                    "E0326",
                    arguments.span,
                    format!("`{name}` needs the `{needs}` of `{}`", hardware.name),
                    "not known",
                )
                .help(format!("add `{needs} = …` to its declaration"));
            self.report(finding)
        }
    }

    /// The machine that a call names, or the only one that is declared.
    fn hardware_of(&mut self, arguments: &Arguments) -> Option<Rc<Hardware>> {
        if let Some((value, at)) = arguments.get("on") {
            let Value::Hardware(hardware) = value else {
                self.expected(at, "a hardware", &value);
                return None;
            };
            return Some(hardware);
        }
        let items = self.names_in(arguments.span.file).filter(|(_, item)| self.items[*item].kind == ItemKind::Hardware);
        let declared: Vec<(&str, usize)> = items.collect();
        if let [(_, item)] = declared[..] {
            return match self.item_value(item, arguments.span) {
                Value::Hardware(hardware) => Some(hardware),
                _ => None,
            };
        }
        let names = crate::suggest::listed(declared.iter().map(|(name, _)| *name));
        let (label, help) = if declared.is_empty() {
            (
                "no hardware is declared",
                "declare it: `hardware here { power = 350 W; carbon = 370 gCO2e/kWh; price = 2.50 USD/h }`".to_owned(),
            )
        } else {
            ("several are declared", format!("say which: `on = …`, one of {names}"))
        };
        let name = arguments.signature.name;
        let finding = self.finding("E0326", arguments.span, format!("`{name}` on which hardware?"), label).help(help);
        self.report(finding);
        None
    }

    /// `price(data, tokens)`: what the text of a run costs; `price(model, tokens)`: what the machine does.
    pub(crate) fn price(&mut self, arguments: &Arguments) -> Value {
        let arguments_span = arguments.span;
        let (of, of_span) = arguments.required("of");
        if matches!(of, Value::Model(_)) {
            return self.run_cost(arguments);
        }
        if let Some((_, at)) = arguments.get("on") {
            let finding = self
                .finding("E0103", at, "the price of text depends on no hardware", "not for data")
                .help("leave `on` out, or ask for the price of a model's run: `price(model, tokens)`");
            return self.report(finding);
        }
        let (tokens, at) = arguments.required("tokens");
        let unit = Unit::counted(Count::Tokens);
        let Some(tokens) = self.in_unit(&tokens, at, unit, "`tokens`") else { return Value::Error };
        let mixture = match &of {
            Value::Capped(capped) => tokens.to_u64().and_then(|tokens| self.cap(capped, tokens)),
            other => self.mixture(other, of_span).map(|mixture| mixture.it.clone()),
        };
        let Some(mixture) = mixture else { return Value::Error };
        if mixture.is_open() {
            // Between all of it from the cheapest and all of it from the dearest.
            let prices = mixture.shares().iter().map(|(corpus, _)| self.corpora.token_price(*corpus).mul(&tokens));
            let (low, high) = (prices.clone().min(), prices.max());
            let arguments = vec![
                ("data".to_owned(), Argument::Mixture(self.lists.mixture(&mixture) as u32)),
                ("tokens".to_owned(), Argument::Expression(Expression::Number(tokens))),
            ];
            let question = Question::Call { function: "price".to_owned(), arguments };
            return self.ask_number(question, Unit::USD, Bounds { low, high }, arguments_span);
        }
        let price = |(corpus, share): &(CorpusId, Exact)| self.corpora.token_price(*corpus).mul(share).mul(&tokens);
        let sum = mixture.shares().iter().fold(Exact::zero(), |sum, part| sum.add(&price(part)));
        Value::Number(Amount::new(sum, Unit::USD))
    }
}
