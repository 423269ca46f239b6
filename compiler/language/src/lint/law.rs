//! Laws whose runs cannot say what they are asked: too few points, parameters that nothing tells apart, exponents over too short a
//! stretch. Looked at group by group, from the runs that the study plans.

use std::rc::Rc;

use synx_grammar::view::{Block, Body, Entry, FreeName};
use synx_plan::expression::{Binary, Expression, Name, Unary};
use synx_plan::grid::readable;
use synx_plan::law::{HoldOut, LEAF_ROWS, Law, Model};

use super::design::{Design, FITTED, Group, NOISE, Question, Told};
use super::plausible::{Stands, stands};
use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::grid::Expanded;
use crate::suggest::listed;
use crate::value::Span;

/// A stretch over which a power law with a floor shows its exponent: three doublings.
const WIDE: f64 = 8.0;

/// A law with its points, for what is only known in the end.
pub(crate) struct Planned<'t> {
    pub(super) design: Design,
    pub(super) declared: Declared<'t>,
    /// The grid whose cells are its rows, where they are just these.
    pub(super) cells: Option<Rc<Expanded>>,
}

/// Where a law is declared.
#[derive(Clone)]
pub(super) struct Declared<'t> {
    /// Its block; none where it calls a law with parameters.
    pub block: Option<Block<'t>>,
    /// The law's name.
    pub name: Span,
    /// What its table is called, and where that is declared.
    pub table: Rc<str>,
    pub runs: Option<Span>,
}

impl<'t> Compiler<'t> {
    /// What is worth a second look in a law; at most one finding, for what is wrong first explains what follows.
    pub(crate) fn lint_law(&mut self, item: usize, law: &Law) -> Option<Planned<'t>> {
        let declaration = self.items[item].item;
        let name = declaration.name()?;
        let block = if let Body::Block(block) = declaration.body() { Some(block) } else { None };
        let table = Rc::clone(self.law_tables.get(&item)?);
        let cells = self.cells_of(law.over);
        let runs = cells.as_ref().map(|expanded| expanded.name);
        let declared = Declared { block, name: self.span(name.node()), table: Rc::clone(&table.name), runs };
        let (_, model) = law.formula.inlined();
        let Model::Formula(formula) = &model else {
            // Trees assume nothing that data could fail to tell, but need some. Rows of other tables may count more than once.
            let design = Design::of(self, law, &model, &table).filter(|_| cells.is_some())?;
            if let Some(finding) = self.too_few_for_trees(law, &declared, &design) {
                self.report(finding);
            }
            return None;
        };
        if self.lint_open_exponents(law, &declared, formula) {
            return None;
        }
        let design = Design::of(self, law, &model, &table)?;
        let model = formula;
        let question = Question { model, free: &law.formula.free, columns: &design.columns };
        let found = self.too_few_points(law, &declared, &design).or_else(|| {
            let told: Vec<(Vec<usize>, Told)> = design
                .distinct()
                .into_iter()
                .filter_map(|(group, members)| Some((members, question.told(&group.points)?)))
                .collect();
            // What some points tell apart, no points at all would be the wrong word for.
            let apart = told.iter().any(|(_, told)| matches!(told, Told::Apart(_)));
            let never = if apart { None } else { self.never_apart(&declared, &question, &design) };
            if never.is_some() {
                return never;
            }
            let together = self.not_told_apart(law, &declared, &question, &design, &told);
            together.or_else(|| self.too_narrow(law, &declared, model, &design, &told))
        });
        if let Some(finding) = found {
            self.report(finding);
        }
        Some(Planned { design, declared, cells })
    }

    fn too_few_points(&self, law: &Law, declared: &Declared<'t>, design: &Design) -> Option<Diagnostic> {
        let free = law.formula.free.len();
        let fewest = design.groups.iter().min_by_key(|group| group.points.len())?;
        let points = fewest.points.len();
        if points >= free {
            return None;
        }
        let group = if law.formula.by.is_empty() { "" } else { " in a group" };
        let parameters = if free == 1 { "1 free parameter".to_owned() } else { format!("{free} free parameters") };
        let there = if points == 1 { "1 distinct point".to_owned() } else { format!("{points} distinct points") };
        let mut finding = self
            .finding(
                "W0601",
                declared.name,
                format!("{parameters} and {there}{group}"),
                "more to fit than there are points",
            )
            .help("add values to an axis, fit fewer parameters, or name fewer columns in `by`");
        if fewest.held_out > 0 {
            finding = finding.note(held_out(fewest.held_out));
        }
        Some(finding)
    }

    /// Fewer rows than two leaves of a tree hold.
    fn too_few_for_trees(&self, law: &Law, declared: &Declared<'t>, design: &Design) -> Option<Diagnostic> {
        let drawn = |group: &Group| match law.formula.test {
            Some(HoldOut::Rows(rows)) => usize::try_from(rows).unwrap_or(usize::MAX).min(group.rows.len()),
            _ => group.held_out,
        };
        let fitted = |group: &&Group| group.rows.len() - drawn(group);
        let fewest = design.groups.iter().min_by_key(fitted)?;
        let (rows, needed) = (fitted(&fewest), 2 * LEAF_ROWS as usize);
        if rows >= needed {
            return None;
        }
        let group = if law.formula.by.is_empty() { "" } else { " in a group" };
        let there = if rows == 1 { "there is 1".to_owned() } else { format!("there are {rows}") };
        let headline = format!("trees need {needed} rows, and {there}{group}");
        let mut finding = self
            .finding("W0601", declared.name, headline, "too few to part them")
            .help("add values to an axis, name fewer columns in `by`, or fit a formula");
        if drawn(fewest) > 0 {
            finding = finding.note(held_out(drawn(fewest)));
        }
        Some(finding)
    }

    /// Parameters that no runs could tell from each other.
    fn never_apart(&self, declared: &Declared<'t>, question: &Question, design: &Design) -> Option<Diagnostic> {
        let parameters = design.groups.first().and_then(|group| question.never_apart(&group.points, &[]))?;
        let names: Vec<&str> = parameters.iter().map(|k| question.free[*k].name.as_str()).collect();
        let (headline, help) = if let [name] = names[..] {
            (format!("`{name}` changes nothing that the law says"), "take it out of the formula and of `free`")
        } else {
            let headline = format!("{} only occur together: no runs can tell them apart", backticked(&names));
            (headline, "fit one of them, and write a number for the others or leave them out")
        };
        Some(self.about_parameters("W0602", declared, &names, &headline, "not told apart").help(help))
    }

    /// Parameters that these runs do not tell from each other.
    fn not_told_apart(
        &self,
        law: &Law,
        declared: &Declared<'t>,
        question: &Question,
        design: &Design,
        told: &[(Vec<usize>, Told)],
    ) -> Option<Diagnostic> {
        let mut together: Option<(&[usize], Vec<usize>)> = None;
        for (members, told) in told {
            if let Told::Together(parameters) = told {
                let (_, groups) = together.get_or_insert((parameters, Vec::new()));
                groups.extend(members);
            }
        }
        let (parameters, groups) = together?;
        let names: Vec<&str> = parameters.iter().map(|k| law.formula.free[*k].name.as_str()).collect();
        let group = &design.groups[groups[0]];
        let where_ = match (law.formula.by.is_empty(), groups.len() == design.groups.len()) {
            (true, _) => String::new(),
            (false, true) => ", in any group".to_owned(),
            (false, false) => format!(", in {} of {} groups", groups.len(), design.groups.len()),
        };
        let table = &declared.table;
        let mixture = whole_mixture(design, &groups)
            .filter(|shares| question.never_apart(&design.groups[groups[0]].points, shares).is_some());
        if let Some(shares) = mixture {
            let shares: Vec<&str> = shares.iter().map(|k| design.columns[*k].as_str()).collect();
            let headline =
                format!("the shares of a mixture sum to one, so {} cannot be told apart{where_}", backticked(&names));
            let finding = self.about_parameters("W0606", declared, &names, &headline, "not told apart");
            return Some(finding.note(format!("{} are 1 together in every run", listed(shares))).help(
                "leave out the constant factor or term, or the share of one source: it is what is left of the others",
            ));
        }
        let headline = if let [name] = names[..] {
            format!("the rows of {table} do not tell `{name}`{where_}")
        } else {
            format!("the rows of {table} cannot tell {} apart{where_}", backticked(&names))
        };
        let mut finding = self.about_parameters("W0603", declared, &names, &headline, "not told apart");
        finding.notes = reasons(design, &groups);
        if !law.formula.by.is_empty() && groups.len() < design.groups.len() {
            finding = finding.note(format!("so it is where {}", group.name));
        }
        if let Some(runs) = declared.runs {
            finding = finding.label(self.label(runs, "these runs"));
        }
        Some(finding.help(
            "vary what the parameters belong to, each by itself; or fit fewer parameters, or name fewer columns in `by`",
        ))
    }

    /// Exponents of columns that are varied too little to show how a power falls.
    fn too_narrow(
        &self,
        law: &Law,
        declared: &Declared<'t>,
        model: &Expression,
        design: &Design,
        told: &[(Vec<usize>, Told)],
    ) -> Option<Diagnostic> {
        let free = &law.formula.free;
        let mut worst: Option<(&str, f64, &Group, (String, String))> = None;
        for (members, told) in told {
            let Told::Apart(errors) = told else { continue };
            let group = &design.groups[members[0]];
            for (parameter, error) in free.iter().zip(errors.iter().copied()) {
                let name = parameter.name.as_str();
                let known = worst.as_ref().map_or(FITTED, |(_, error, ..)| *error);
                if stands(model, name) == Stands::Exponent
                    && error > known
                    && let Some(stretch) = base_of(model, name).and_then(|base| span(design, group, base))
                {
                    worst = Some((name, error, group, stretch));
                }
            }
        }
        let (name, error, group, (column, factor)) = worst?;
        let points =
            if group.points.len() == 1 { "1 point".to_owned() } else { format!("{} points", group.points.len()) };
        let headline = format!("`{column}` spans a factor of {factor}, too little for the exponent `{name}`");
        let mut finding = self.about_parameters("W0604", declared, &[name], &headline, "cannot be fitted well");
        finding.notes.push(format!(
            "from {points}, noise of {} % in what is observed moves `{name}` by about {} % of its value",
            NOISE * 100.0,
            rounded(error * 100.0),
        ));
        if !group.name.is_empty() {
            finding.notes.push(format!("so it is where {}", group.name));
        }
        if group.held_out > 0 {
            finding = finding.note(held_out(group.held_out));
        }
        Some(finding.help(format!("vary `{column}` over a factor of {WIDE} or more, or write a number for `{name}`")))
    }

    /// Exponents that may become negative beside a free constant; whether there are such.
    fn lint_open_exponents(&mut self, law: &Law, declared: &Declared<'t>, model: &Expression) -> bool {
        let terms = terms(model);
        let free = |term: &&Expression| !term.parameters().is_empty();
        let floor = terms.iter().any(|term| free(term) && term.columns().is_empty());
        let mut found = false;
        for parameter in &law.formula.free {
            let open = parameter.low.is_none()
                && floor
                && terms.iter().any(|term| stands(term, &parameter.name) == Stands::Exponent);
            if !open {
                continue;
            }
            let name = &parameter.name;
            let headline = format!("the exponent `{name}` may fall to zero and below");
            let mut finding = self.about_parameters("W0607", declared, &[name], &headline, "has no lower bound").help(
                "near zero the power is a constant too, and the fit can trade one for the other without end; bound the exponent",
            );
            if let Some(declaration) = Self::free_name(declared.block, name)
                && declaration.bounds().is_none()
                && let Some(word) = declaration.name()
            {
                let edit = self.edit(self.span(word.node()), format!("{name} in 0..2"));
                finding = finding.fix(format!("write `{name} in 0..2`"), vec![edit]);
            }
            self.report(finding);
            found = true;
        }
        found
    }

    /// A finding at the declarations of parameters, or at the law's name where they have none.
    fn about_parameters(
        &self,
        code: &'static str,
        declared: &Declared<'t>,
        names: &[&str],
        headline: &str,
        label: &str,
    ) -> Diagnostic {
        let mut places: Vec<Span> = Vec::new();
        for name in names.iter().filter_map(|name| Self::free_name(declared.block, name)?.name()) {
            let place = self.span(name.node());
            // The parameters of a family are declared in one place.
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let Some((first, others)) = places.split_first() else {
            return self.finding(code, declared.name, headline, label);
        };
        let mut finding = self.finding(code, *first, headline, label);
        for place in others {
            finding = finding.label(self.label(*place, "nor this"));
        }
        finding
    }

    /// Where a free parameter is declared.
    fn free_name(block: Option<Block<'t>>, parameter: &str) -> Option<FreeName<'t>> {
        let parameter = parameter.split('[').next().unwrap_or_default();
        let frees = block?.entries().filter_map(|entry| if let Entry::Free(free) = entry { Some(free) } else { None });
        frees
            .flat_map(|free| free.names().collect::<Vec<_>>())
            .find(|free| free.name().is_some_and(|n| n.text() == parameter))
    }
}

fn held_out(rows: usize) -> String {
    if rows == 1 {
        return "1 row is held out by `test` and does not count".to_owned();
    }
    format!("{rows} rows are held out by `test` and do not count")
}

/// `a`, `b` and `c`, each in backticks.
fn backticked(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &quoted[..] {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// The terms of a sum.
fn terms(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Binary { operator: Binary::Add | Binary::Subtract, left, right } => {
            let mut all = terms(left);
            all.extend(terms(right));
            all
        }
        Expression::Unary { operator: Unary::Negate, operand } => terms(operand),
        other => vec![other],
    }
}

/// The columns `share[…]` of the formula, where they sum to one at every point of these groups.
fn whole_mixture(design: &Design, groups: &[usize]) -> Option<Vec<usize>> {
    let shares: Vec<usize> = (0..design.columns.len()).filter(|k| design.columns[*k].starts_with("share[")).collect();
    let points = || groups.iter().flat_map(|group| &design.groups[*group].points);
    let whole = |point: &[f64]| (shares.iter().map(|k| point[*k]).sum::<f64>() - 1.0).abs() < 1e-9;
    (shares.len() > 1 && points().all(|(point, _)| whole(point))).then_some(shares)
}

/// Why points do not tell parameters apart: columns that stand still, columns that move together.
fn reasons(design: &Design, groups: &[usize]) -> Vec<String> {
    let points = || groups.iter().flat_map(|group| &design.groups[*group].points).map(|(point, _)| point);
    let still = |k: usize| {
        groups.iter().all(|group| {
            let points = &design.groups[*group].points;
            points.iter().all(|(point, _)| point[k] == points[0].0[k])
        })
    };
    let name = |k: usize| design.columns[k].as_str();
    let mut reasons = Vec::new();
    for k in (0..design.columns.len()).filter(|k| still(*k)) {
        let mut values: Vec<f64> = points().map(|point| point[k]).collect();
        values.dedup();
        reasons.push(match values[..] {
            [value] => format!("`{}` is {} in all of them", name(k), number(value)),
            _ => format!("`{}` has one value in a group", name(k)),
        });
    }
    let moving: Vec<usize> = (0..design.columns.len()).filter(|k| !still(*k)).collect();
    for (i, a) in moving.iter().enumerate() {
        for b in &moving[i + 1..] {
            let ratio = |point: &Vec<f64>| point[*a] / point[*b];
            let same = points()
                .next()
                .map(ratio)
                .is_some_and(|first| points().all(|point| (ratio(point) / first - 1.0).abs() < 1e-9));
            if same {
                reasons.push(format!("`{}` and `{}` keep one ratio in all of them", name(*a), name(*b)));
            }
        }
    }
    reasons
}

/// The base of the power whose exponent has the parameter.
fn base_of<'e>(expression: &'e Expression, parameter: &str) -> Option<&'e Expression> {
    match expression {
        Expression::Binary { operator: Binary::Power, left, right } if right.parameters().contains(&parameter) => {
            Some(left)
        }
        _ => expression.children().into_iter().find_map(|child| base_of(child, parameter)),
    }
}

/// What a power is of, as it is written, and by which factor that is varied in a group.
fn span(design: &Design, group: &Group, base: &Expression) -> Option<(String, String)> {
    let at = |point: &[f64]| {
        base.evaluate(&|name| match name {
            Name::Column(column) => {
                design.columns.iter().position(|known| known == column).map_or(f64::NAN, |k| point[k])
            }
            // What is fitted in it is left out: it only makes the stretch shorter.
            _ => 0.0,
        })
    };
    let values = || group.points.iter().map(|(point, _)| at(point));
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    // Over a wider stretch it is not the stretch that leaves the exponent open.
    (low > 0.0 && high / low < WIDE).then(|| (base.to_string(), rounded(high / low)))
}

/// Two digits, for what is only roughly known.
fn rounded(value: f64) -> String {
    if !value.is_finite() || value >= 1e4 {
        return "more than 10000".to_owned();
    }
    let places = usize::from(value < 10.0);
    let text = format!("{value:.places$}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A number as a person writes it.
fn number(value: f64) -> String {
    synx_plan::exact::Exact::from_decimal(&format!("{value}"))
        .map_or_else(|| value.to_string(), |exact| readable(&exact))
}
