//! `minimize`: of many mixtures the one for which a fitted law predicts the least.
//!
//! Candidates that are drawn or lie in equal steps are not made here: the answer holds what makes them.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::Expression;
use synx_plan::answer::{Argument, Question, Sort};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression as plan;
use synx_plan::grid::ColumnValue;
use synx_plan::law::Model;
use synx_plan::unit::{Amount, Count, Unit};

use super::answers::{Asked, inputs};
use super::columns::{Column, Kind, Table};
use super::known::Rows;
use crate::compiler::Compiler;
use crate::late::{Bounds, Late};
use crate::scope::{Binding, Scope};
use crate::value::{List, Named, Reported, RunValue, Span, SwarmKind, Value};

/// Most candidates of one question. Arbitrary: a hundred times what anybody has simulated.
const MOST_CANDIDATES: u64 = 10_000_000;

/// What candidates are made of, and how many there are.
struct Candidates {
    over: Argument,
    corpora: Vec<CorpusId>,
    count: u64,
}

impl<'t> Compiler<'t> {
    /// `minimize(law, over = candidates, under = condition, top = 128, tokens = 64M)`.
    pub(super) fn minimize(&mut self, asked: &Asked<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let Some(over) = asked.argument("over") else {
            self.missing_argument("minimize", "over", asked.span);
            return Value::Error;
        };
        let at = self.span(over.node());
        let candidates = self.evaluate(over, scope);
        let Some(Candidates { over, corpora, count }) = self.mixtures_to_choose_from(&candidates, at) else {
            return Value::Error;
        };
        // A candidate says the shares of every source; all else that the law reads is given.
        let read = inputs(&asked.of.law);
        let shares: Vec<&str> = read.iter().map(String::as_str).filter(|name| name.starts_with("share[")).collect();
        if shares.is_empty() {
            let headline = format!("the law `{}` reads no shares: every mixture would be as good", asked.of.law.name);
            let finding = self.finding("E0616", asked.span, headline, "nothing to choose by").help(
                "fit a law to the shares of the sources: `mixing(over = …, sources = …)`, `boosted_trees(share)`",
            );
            return self.report(finding);
        }
        // What only the condition asks for need not be read by the law.
        let further = asked.at.keys().map(String::as_str);
        let further = further.filter(|name| {
            let wanted = asked.argument("under").is_some() && asked.of.over.has(name)
                || asked.argument("cap_epochs").is_some() && *name == "tokens";
            wanted && !read.iter().any(|column| column == name)
        });
        let without: Vec<&str> = shares.iter().copied().chain(further).collect();
        let Some(given) = self.given(asked, &without) else { return Value::Error };
        let top = match asked.argument("top") {
            None => Some(1),
            Some(top) => {
                let value = self.evaluate(top, scope);
                let at = self.span(top.node());
                self.whole(&value, at, Unit::PLAIN, "`top`", (1, count.max(1)))
            }
        };
        let Some(top) = top else { return Value::Error };
        let mut arguments = vec![("of".to_owned(), asked.of.of.clone())];
        if !given.is_empty() {
            let set = given.iter().map(|(name, number)| (name.clone(), Argument::Expression(number.value.clone())));
            arguments.push(("at".to_owned(), Argument::Named(set.collect())));
        }
        arguments.push(("over".to_owned(), over));
        arguments.push(("top".to_owned(), Argument::Expression(plan::Expression::number(top))));
        if let Some(cap) = asked.argument("cap_epochs") {
            let Some((cap, tokens)) = self.cap_of_candidates(asked, cap, scope) else { return Value::Error };
            arguments.push(("cap_epochs".to_owned(), Argument::Expression(cap)));
            arguments.push(("budget".to_owned(), Argument::Expression(tokens)));
        }
        let is_smooth = matches!(candidates, Value::Simplex(_));
        if is_smooth && matches!(asked.of.law.formula.model, Model::Trees(_)) {
            let headline = format!("`{}` is fitted by trees, which have no slopes to follow", asked.of.law.name);
            let finding = self
                .finding("E0657", at, headline, "all shares, without a step")
                .help("give candidates: `simplex([…], step = 5%)`, `dirichlet(prior, points = 100k)`");
            return self.report(finding);
        }
        if let Some(under) = asked.argument("under") {
            match self.candidate_condition(asked, &corpora, under, scope) {
                Ok(Some(condition)) if is_smooth && !is_linear(&condition) => {
                    let at = self.span(under.node());
                    let finding = self
                        .finding("E0657", at, "this condition is not linear in the shares", "not for all shares at once")
                        .note("without steps the best shares are found under sums of shares that are at most, or at least, a number; `and` joins them")
                        .help("write it so, or give the simplex its steps: `simplex([…], step = 5%)`");
                    return self.report(finding);
                }
                Ok(Some(condition)) => arguments.push(("under".to_owned(), Argument::Expression(condition))),
                Ok(None) => {}
                Err(Reported) => return Value::Error,
            }
        }
        let question = Question::Call { function: "minimize".to_owned(), arguments };
        self.lists.asked.extend(corpora.iter().copied());
        let answer = self.ask(question, Sort::Mixture(corpora.clone()), asked.span);
        let name = format!("minimize({})", asked.of.law.name).into();
        Value::Late(Rc::new(Late::Mixture { answer, of: corpora.into(), name }))
    }

    /// How often a run may go through a source, and the run's tokens.
    fn cap_of_candidates(
        &mut self,
        asked: &Asked<'t>,
        cap: Expression<'t>,
        scope: &Rc<Scope<'t>>,
    ) -> Option<(plan::Expression, plan::Expression)> {
        let value = self.evaluate(cap, scope);
        let at = self.span(cap.node());
        let cap = self.plain(&value, at, "`cap_epochs`", "more than 0", Exact::is_positive)?;
        let over = Rc::clone(&asked.of.over);
        let rows = self.rows_of_group(asked);
        let tokens = self.settled_column(asked, &over, rows.as_deref(), "tokens");
        let Some(tokens) = tokens else {
            let finding = self
                .finding("E0616", at, "how often a run goes through a source depends on its tokens", "of what budget?")
                .help("say it: `minimize(…, tokens = 64M)`, or pick a group of the law that has one");
            self.report(finding);
            return None;
        };
        let tokens = self.late_number(&tokens, at, "`tokens`")?;
        Some((plan::Expression::Number(cap), tokens.value))
    }

    /// The mixtures of a list: by what makes them where that is known, else one by one.
    fn mixtures_to_choose_from(&mut self, candidates: &Value, at: Span) -> Option<Candidates> {
        if let Value::List(List::Swarm(swarm)) = candidates {
            let count = swarm.count();
            let Some(count) = count.to_u64().filter(|count| *count <= MOST_CANDIDATES) else {
                let most = synx_plan::grid::readable(&Exact::from(MOST_CANDIDATES));
                let finding = self
                    .finding("E0504", at, "these are too many candidates", format!("{count} mixtures"))
                    .help(format!("at most {most}: take larger steps, or draw some with `dirichlet(…)`"));
                self.report(finding);
                return None;
            };
            let (over, mut corpora) = match &swarm.kind {
                SwarmKind::Drawn(draws) => (Some(Argument::Drawn(draws.clone())), draws.corpora().collect()),
                SwarmKind::Steps { simplex, .. } => (Some(Argument::Steps(simplex.clone())), simplex.corpora.clone()),
                SwarmKind::Open { corpora, .. } => (None, corpora.clone()),
            };
            corpora.sort_unstable();
            corpora.dedup();
            let over = over.unwrap_or_else(|| {
                // Draws around shares that a scan settles: until then nothing but the corpora is known.
                let open = synx_plan::mixture::Mixture::open(corpora.iter().copied());
                Argument::Mixtures(vec![self.lists.mixture(&open) as u32])
            });
            return Some(Candidates { over, corpora, count });
        }
        if let Value::Simplex(corpora) = candidates {
            let mut corpora: Vec<CorpusId> = corpora.iter().map(|(corpus, _)| *corpus).collect();
            corpora.sort_unstable();
            return Some(Candidates { over: Argument::Shares(corpora.clone()), corpora, count: 1 });
        }
        let items = self.elements(candidates, at, "`over` of `minimize`")?;
        let (mut numbers, mut corpora): (Vec<u32>, Vec<CorpusId>) = (Vec::new(), Vec::new());
        for item in items.iter() {
            if !crate::operator::is_data(item) {
                self.expected(at, "a list of mixtures to choose from", item);
                return None;
            }
            let mixture = self.mixture(item, at)?;
            if mixture.it.answer().is_some() {
                self.settled_late(at, "a mixture to choose from", &mixture.name);
                return None;
            }
            corpora.extend(mixture.it.shares().iter().map(|(corpus, _)| *corpus));
            numbers.push(self.lists.mixture(&mixture.it) as u32);
        }
        if numbers.is_empty() {
            let finding = self
                .finding("E0614", at, "there is no mixture to choose from", "an empty list")
                .help("the condition of the list leaves none; loosen it");
            self.report(finding);
            return None;
        }
        corpora.sort_unstable();
        corpora.dedup();
        let count = numbers.len() as u64;
        Some(Candidates { over: Argument::Mixtures(numbers), corpora, count })
    }

    /// `under`: a condition over the shares of a candidate. Nothing where it holds for every one; reported where it can hold for none.
    fn candidate_condition(
        &mut self,
        asked: &Asked<'t>,
        corpora: &[CorpusId],
        under: Expression<'t>,
        scope: &Rc<Scope<'t>>,
    ) -> Result<Option<plan::Expression>, Reported> {
        let at = self.span(under.node());
        let over = Rc::clone(&asked.of.over);
        let rows = self.rows_of_group(asked);
        let name: Rc<str> = format!("a candidate for `{}`", asked.of.law.name).into();
        let share = |corpus: &CorpusId| {
            let column = Column::number(Unit::PLAIN, Bounds::between(Exact::zero(), Exact::one()));
            (format!("share[{}]", self.corpora.get(*corpus).corpus.name), column)
        };
        let shares: IndexMap<String, Column> = corpora.iter().map(share).collect();
        let mut names: crate::map::IndexMap<&'t str, Binding<'t>> = crate::map::IndexMap::default();
        for word in crate::grid::scope::free_names(under.node()) {
            if scope.is_local(word) || names.contains_key(word) {
                continue;
            }
            let value = match word {
                "data" => Some(Value::Late(Rc::new(Late::Candidate { of: corpora.into() }))),
                "cell" => Some(Value::Run(Rc::new(self.candidate_run(asked, &over, rows.as_deref(), corpora, &name)))),
                "model" => self.model_of_rows(&over, rows.as_deref()).map(Value::Model),
                _ => self.settled_column(asked, &over, rows.as_deref(), word),
            };
            if let Some(value) = value {
                names.insert(word, Binding::Value(value, at));
            } else if over.has(word) && self.named(word, at.file).is_none() {
                let headline = format!("`{word}` of {name} is not settled");
                let finding = self
                    .finding("E0650", at, headline, format!("the law's runs differ in `{word}`"))
                    .help(format!("say it: `minimize(…, {word} = …)`, or pick a group of the law that has one"));
                self.report(finding);
                return Err(Reported);
            }
        }
        let table = Rc::new(Table::new(Rc::clone(&name), shares, Rows::Unknown));
        let inside = Scope::inner(&Scope::of_columns(scope, &table), names);
        let value = self.evaluate(under, &inside);
        match value {
            Value::Error => Err(Reported),
            Value::Bool(true) => Ok(None),
            Value::Bool(false) => {
                let finding = self
                    .finding("E0651", at, "no candidate can meet this condition", "holds for none")
                    .help("loosen it, or choose from other mixtures");
                self.report(finding);
                Err(Reported)
            }
            other => self.late_truth(&other, at, "a condition over the candidate").map(Some).ok_or(Reported),
        }
    }

    /// The rows of the law's table that belong to the group that is asked; none where these are not known.
    fn rows_of_group(&mut self, asked: &Asked<'t>) -> Option<Vec<u32>> {
        let over = &asked.of.over;
        let mut rows: Vec<u32> = (0..over.count()? as u32).collect();
        for by in &asked.of.law.formula.by {
            let wanted = self.known(asked.of.row.as_deref()?, by)?.first()?.clone();
            let known = self.known(over, by)?;
            rows.retain(|row| known[*row as usize] == wanted);
        }
        Some(rows)
    }

    /// A column as the question sets it, or as all runs of the group have it.
    fn settled_column(
        &mut self,
        asked: &Asked<'t>,
        over: &Rc<Table>,
        rows: Option<&[u32]>,
        name: &str,
    ) -> Option<Value> {
        if let Some((number, _)) = asked.at.get(name) {
            if let plan::Expression::Number(value) = &number.value {
                let unit = over.get(name).map_or(number.unit, |column| column.unit);
                return Some(Value::Number(Amount::new(value.clone(), unit)));
            }
            return Some(number.clone().into_value());
        }
        let column = over.column(name)?;
        let known = self.known(over, &column)?;
        let mut values = rows?.iter().map(|row| &known[*row as usize]);
        let first = values.next()?;
        if !values.all(|value| value == first) {
            return None;
        }
        match (first, over.kind(&column)) {
            (ColumnValue::Number(number), _) => {
                let unit = over.get(&column).map_or(Unit::PLAIN, |column| column.unit);
                Some(Value::Number(Amount::new(number.clone(), unit)))
            }
            (ColumnValue::Text(text), Kind::Truth) => Some(Value::Bool(text == "true")),
            (ColumnValue::Text(text), _) => {
                Some(self.axis_value_called(name, first).unwrap_or_else(|| Value::text(text)))
            }
            (ColumnValue::Answer(_), _) => None,
        }
    }

    /// The run of a candidate, as far as the runs that the law was fitted to agree.
    fn candidate_run(
        &mut self,
        asked: &Asked<'t>,
        over: &Rc<Table>,
        rows: Option<&[u32]>,
        corpora: &[CorpusId],
        name: &Rc<str>,
    ) -> RunValue {
        let tokens = match self.settled_column(asked, over, rows, "tokens") {
            Some(Value::Number(amount)) => Some(Amount::counted(amount.value, Count::Tokens)),
            _ => None,
        };
        let data = Value::Late(Rc::new(Late::Candidate { of: corpora.into() }));
        RunValue { name: Rc::clone(name), data, model: self.model_of_rows(over, rows), tokens }
    }

    /// The model of some runs, where it is one.
    fn model_of_rows(&self, over: &Table, rows: Option<&[u32]>) -> Option<Rc<Named<synx_plan::model::Model>>> {
        let models = models_of(over)?;
        let mut models = rows?.iter().map(|row| models[*row as usize]);
        let first = models.next()?;
        let it = self.lists.models.get(first as usize).filter(|_| models.all(|model| model == first))?;
        Some(Rc::new(Named { name: "model".into(), it: it.clone() }))
    }
}

/// Whether a condition is comparisons of sums of weighted shares, all of which must hold.
fn is_linear(condition: &plan::Expression) -> bool {
    use plan::Binary::{And, Greater, GreaterOrEqual, Less, LessOrEqual};
    match condition {
        plan::Expression::Binary { operator: And, left, right } => is_linear(left) && is_linear(right),
        plan::Expression::Binary { operator: Less | LessOrEqual | Greater | GreaterOrEqual, left, right } => {
            [left, right].iter().all(|side| degree(side).is_some_and(|degree| degree <= 1))
        }
        other => degree(other) == Some(0),
    }
}

/// The power of shares in a polynomial of them; nothing for what is none.
fn degree(of: &plan::Expression) -> Option<u32> {
    use plan::Binary::{Add, Divide, Multiply, Subtract};
    Some(match of {
        plan::Expression::Column(name) => u32::from(name.starts_with("share[")),
        plan::Expression::Unary { operator: plan::Unary::Negate, operand } => degree(operand)?,
        plan::Expression::Binary { operator: Add | Subtract, left, right } => degree(left)?.max(degree(right)?),
        plan::Expression::Binary { operator: Multiply, left, right } => degree(left)? + degree(right)?,
        plan::Expression::Binary { operator: Divide, left, right } if degree(right)? == 0 => degree(left)?,
        other => return other.columns().iter().all(|name| !name.starts_with("share[")).then_some(0),
    })
}

/// For each row of a table the model that was trained, by its number; none where a row is no run of one.
fn models_of(table: &Table) -> Option<Vec<u32>> {
    let picked = |of: &Table, rows: &mut dyn Iterator<Item = u32>| {
        let all = models_of(of)?;
        rows.map(|row| all.get(row as usize).copied()).collect::<Option<Vec<u32>>>()
    };
    match &table.rows {
        Rows::Cells(expanded) => {
            let model = |cell: &synx_plan::grid::Cell| cell.choice.is_none().then_some(cell.model);
            expanded.grid.cells.iter().map(model).collect()
        }
        Rows::Some { of, rows } => picked(of, &mut rows.iter().copied()),
        Rows::Groups { of, groups, .. } => {
            let all = models_of(of)?;
            let one = |group: &Vec<u32>| {
                let first = *all.get(*group.first()? as usize)?;
                group.iter().all(|row| all.get(*row as usize) == Some(&first)).then_some(first)
            };
            groups.iter().map(one).collect()
        }
        Rows::Pairs { left, rows, .. } => picked(left, &mut rows.iter().map(|(row, _)| *row)),
        Rows::All(tables) => {
            let all: Option<Vec<Vec<u32>>> = tables.iter().map(|table| models_of(table)).collect();
            Some(all?.concat())
        }
        Rows::Derived { of, .. } => models_of(of),
        Rows::Gathered { of, columns, .. } => models_of(of).map(|models| models.repeat(columns.len())),
        Rows::Count(_) | Rows::Given { .. } | Rows::Unknown => None,
    }
}
