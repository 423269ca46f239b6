//! Hardware, and what a run on it takes: time, energy, carbon, money.

use std::rc::Rc;

use synx_grammar::view::{BinaryOperator, ItemKind};
use synx_plan::answer::{Argument, Question};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression};
use synx_plan::hardware::Hardware;
use synx_plan::model::Model;
use synx_plan::unit::{Amount, Count, Unit};

use crate::block::Fields;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::late::{Bounds, Late, LateNumber};
use crate::operator::Placed;
use crate::value::{CellValue, Named, Reported, RunValue, Span, Value};

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

    /// `time energy carbon` of a run: of a model and its budget, or of a cell.
    pub(crate) fn run_cost(&mut self, arguments: &Arguments) -> Value {
        match self.cost_of_cell(arguments) {
            Some(Ok(run)) => {
                let (Some(model), Some(tokens)) = (&run.model, &run.tokens) else {
                    return self.run_not_settled(&run, arguments);
                };
                self.machine_cost(arguments, model, &tokens.value)
            }
            Some(Err(Reported)) => Value::Error,
            None => self.model_cost(arguments),
        }
    }

    /// The same of a model and its budget.
    fn model_cost(&mut self, arguments: &Arguments) -> Value {
        let (of, of_span) = arguments.required("of");
        let Value::Model(model) = &of else { return self.expected(of_span, "a model or a cell", &of) };
        let Some(tokens) = self.budget_of(arguments) else { return Value::Error };
        self.machine_cost(arguments, model, &tokens)
    }

    /// The budget that a call gives.
    fn budget_of(&mut self, arguments: &Arguments) -> Option<Exact> {
        let Some((tokens, at)) = arguments.get("tokens") else {
            self.missing_argument(arguments.signature.name, "tokens", arguments.span);
            return None;
        };
        self.in_unit(&tokens, at, Unit::counted(Count::Tokens), "`tokens`")
    }

    /// The run whose costs are asked for, where that is a cell's; nothing where the call is about something else.
    fn cost_of_cell(&mut self, arguments: &Arguments) -> Option<Result<Rc<RunValue>, Reported>> {
        let (of, span) = arguments.required("of");
        let run = match &of {
            Value::Run(run) => Some(Rc::clone(run)),
            Value::Cell(cell) => self.run_of_cell(cell, span),
            Value::Grid(item) => match self.only_cell(*item, span) {
                Some(cell) => self.run_of_cell(&cell, span),
                None => None,
            },
            _ => return None,
        };
        if let (Some(_), Some((_, at))) = (&run, arguments.get("tokens")) {
            let finding = self
                .finding("E0103", at, "a cell has its own budget", "not for a cell")
                .help("leave `tokens` out, or ask with a model and a budget");
            self.report(finding);
            return Some(Err(Reported));
        }
        Some(run.ok_or(Reported))
    }

    /// What the costs of a cell follow from.
    fn run_of_cell(&mut self, cell: &Rc<CellValue>, span: Span) -> Option<Rc<RunValue>> {
        let Value::Model(model) = self.cell_entry(cell.cell, "model", span) else { return None };
        let data = self.cell_entry(cell.cell, "data", span);
        if data.is_error() {
            return None;
        }
        let tokens = Some(self.cell_budget(cell, span)?);
        let name = format!("the cell `{}`", cell.name).into();
        Some(Rc::new(RunValue { name, data, model: Some(model), tokens }))
    }

    /// Reports what is not known of a run whose costs are asked for.
    fn run_not_settled(&mut self, run: &RunValue, arguments: &Arguments) -> Value {
        let (what, help) = if run.tokens.is_none() {
            ("tokens", "say the budget: `tokens = …` in `minimize`, or pick a group of the law that has one")
        } else {
            ("model", "ask with a model: `carbon(model, tokens)`")
        };
        let headline = format!("the {what} of {} are not settled", run.name).replace("model of", "models of");
        let finding =
            self.finding("E0650", arguments.span, headline, format!("the law's runs differ in `{what}`")).help(help);
        self.report(finding)
    }

    /// `time energy carbon price` of the machine, for a model and so many tokens.
    fn machine_cost(&mut self, arguments: &Arguments, model: &Named<Model>, tokens: &Exact) -> Value {
        let name = arguments.signature.name;
        let Some(hardware) = self.hardware_of(arguments) else { return Value::Error };
        let per_token = Exact::from(model.it.flops_exact_per_sequence())
            .div(&Exact::from(model.it.context))
            .unwrap_or_else(Exact::zero);
        let flops = per_token.mul(tokens);
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

    /// `price(data, tokens)`: what the text of a run costs; `price(model, tokens)`: what the machine does; of a cell, both.
    pub(crate) fn price(&mut self, arguments: &Arguments) -> Value {
        let (of, of_span) = arguments.required("of");
        match self.cost_of_cell(arguments) {
            Some(Ok(run)) => {
                let (Some(model), Some(tokens)) = (&run.model, &run.tokens) else {
                    return self.run_not_settled(&run, arguments);
                };
                let machine = Placed { value: self.machine_cost(arguments, model, &tokens.value), span: of_span };
                let text = self.text_price(&run.data, &tokens.value, of_span, arguments.span);
                let text = Placed { value: text, span: of_span };
                return self.binary(BinaryOperator::Add, &text, &machine, arguments.span);
            }
            Some(Err(Reported)) => return Value::Error,
            None => {}
        }
        if matches!(of, Value::Model(_)) {
            return self.model_cost(arguments);
        }
        if let Some((_, at)) = arguments.get("on") {
            let finding = self
                .finding("E0103", at, "the price of text depends on no hardware", "not for data")
                .help("leave `on` out, or ask for the price of a model's run: `price(model, tokens)`");
            return self.report(finding);
        }
        let Some(tokens) = self.budget_of(arguments) else { return Value::Error };
        self.text_price(&of, &tokens, of_span, arguments.span)
    }

    /// What so many tokens of some text cost.
    fn text_price(&mut self, of: &Value, tokens: &Exact, of_span: Span, span: Span) -> Value {
        if let Some(Late::Candidate { of }) = of.late() {
            return self.price_of_candidate(&Rc::clone(of), tokens, span);
        }
        let mixture = match of {
            Value::Capped(capped) => tokens.to_u64().and_then(|tokens| self.cap(capped, tokens)),
            other => self.mixture(other, of_span).map(|mixture| mixture.it.clone()),
        };
        let Some(mixture) = mixture else { return Value::Error };
        if mixture.is_open() {
            // Between all of it from the cheapest and all of it from the dearest.
            let prices = mixture.shares().iter().map(|(corpus, _)| self.corpora.token_price(*corpus).mul(tokens));
            let (low, high) = (prices.clone().min(), prices.max());
            let arguments = vec![
                ("data".to_owned(), Argument::Mixture(self.lists.mixture(&mixture) as u32)),
                ("tokens".to_owned(), Argument::Expression(Expression::Number(tokens.clone()))),
            ];
            let question = Question::Call { function: "price".to_owned(), arguments };
            return self.ask_number(question, Unit::USD, Bounds { low, high }, span);
        }
        let price = |(corpus, share): &(CorpusId, Exact)| self.corpora.token_price(*corpus).mul(share).mul(tokens);
        let sum = mixture.shares().iter().fold(Exact::zero(), |sum, part| sum.add(&price(part)));
        Value::Number(Amount::new(sum, Unit::USD))
    }

    /// The price of a mixture whose shares are columns: a weighted sum of these.
    fn price_of_candidate(&mut self, of: &[CorpusId], tokens: &Exact, span: Span) -> Value {
        let price = |compiler: &Self, corpus: &CorpusId| compiler.corpora.token_price(*corpus).mul(tokens);
        let prices: Vec<Exact> = of.iter().map(|corpus| price(self, corpus)).collect();
        let mut parts = Vec::with_capacity(of.len());
        for (corpus, price) in of.iter().zip(&prices).filter(|(_, price)| !price.is_zero()) {
            let share = Expression::column(format!("share[{}]", self.corpora.get(*corpus).corpus.name));
            let value = Expression::binary(Binary::Multiply, share, Expression::Number(price.clone()));
            parts.push(LateNumber { value, unit: Unit::USD, bounds: Bounds::default() }.into_value());
        }
        if parts.is_empty() {
            return Value::Number(Amount::new(Exact::zero(), Unit::USD));
        }
        let sum = self.late_sum(&parts, span);
        let Some(Late::Number(sum)) = sum.late() else { return sum };
        // All of it from the cheapest, all of it from the dearest.
        let bounds = Bounds { low: prices.iter().min().cloned(), high: prices.iter().max().cloned() };
        LateNumber { bounds, ..sum.clone() }.into_value()
    }
}
