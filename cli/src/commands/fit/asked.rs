//! One law as the options ask for it.

use std::iter::once;

use synx_compiler::{Diagnostic, FormulaRequest, Rejected, formula, library_laws};
use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression, Name};
use synx_plan::law::{Formula, FreeParameter, HoldOut, Method, Model, Trees};
use synx_plan::problem::Problem;

use super::data::{Data, HELD_OUT, is_word_of_language};
use super::{FitArguments, Refused};

/// A law over the data.
pub struct Asked {
    /// As it was asked for: the name in the library, or the formula.
    pub name: String,
    pub formula: Formula,
    /// The options that make one fit of several.
    pub grouped: bool,
}

impl Asked {
    /// The law `law`, a formula or a name. `loss` stands in where the options say nothing.
    ///
    /// # Errors
    /// What is wrong with it over these columns.
    pub fn new(arguments: &FitArguments, data: &Data, law: &str, loss: Option<&str>) -> Result<Asked, Refused> {
        let law = law.trim();
        let is_name = library_laws().contains(&law);
        if !is_name && !law.contains('~') {
            return Err(no_law(law).into());
        }
        if is_name && !arguments.free.is_empty() && arguments.compare.is_empty() {
            let problem = Problem::new("E0989", format!("`{law}` has its own parameters, and `--free` names others"));
            return Err(problem.help("take `--free` out; `--fix` keeps a parameter from being fitted").into());
        }
        let free = if is_name { Vec::new() } else { split_free(&arguments.free) };
        let mut asked = Asked::of(arguments, data, law, &free, loss)?;
        for (name, value) in &arguments.fix {
            fix(&mut asked.formula, name, value)?;
        }
        Ok(asked)
    }

    fn of(
        arguments: &FitArguments,
        data: &Data,
        law: &str,
        free: &[String],
        loss: Option<&str>,
    ) -> Result<Asked, Refused> {
        let method = arguments.loss.as_deref().or(loss).map(method);
        let request = FormulaRequest {
            law,
            free,
            columns: &data.columns,
            mapped: &data.mapped,
            by: &arguments.by,
            method: method.as_deref(),
            test: arguments.hold_out.as_deref().filter(|text| is_word_of_language(text)),
            bootstrap: arguments.bootstrap,
            confidence: arguments.confidence.clone(),
            seed: arguments.seed,
        };
        let mut formula =
            formula(&request).map_err(|rejected| undeclared(&rejected, free).unwrap_or(rejected.into()))?;
        if data.table.get(HELD_OUT).is_some() {
            formula.test = Some(HoldOut::Where(Expression::column(HELD_OUT)));
        }
        Ok(Asked { name: law.to_owned(), formula, grouped: !arguments.by.is_empty() })
    }

    /// What is observed at its mean, for comparison: a law with one free parameter.
    ///
    /// # Errors
    /// As `new`.
    pub fn constant(arguments: &FitArguments, data: &Data, target: &Expression, loss: &str) -> Result<Asked, Refused> {
        let mut asked = Asked::of(arguments, data, &format!("{target} ~ c"), &["c".to_owned()], Some(loss))?;
        "constant".clone_into(&mut asked.name);
        Ok(asked)
    }

    /// A linear model of columns, and trees that split on them: what needs no theory. Both in the place of a constant's formula, whose target, rows and loss they share.
    pub fn without_theory(constant: &Asked, columns: &[String]) -> [Asked; 2] {
        let with = |name: &str, free: Vec<FreeParameter>, model: Model| Asked {
            name: name.to_owned(),
            formula: Formula { free, model, ..constant.formula.clone() },
            grouped: constant.grouped,
        };
        let free = |name: String| FreeParameter { name, low: None, high: None, shared: false };
        let slope = |place: usize| format!("slope {}", columns[place]);
        let slopes = (0..columns.len()).map(|place| free(slope(place)));
        let sum = |sum: Expression, place: usize| {
            let term = Expression::binary(
                Binary::Multiply,
                Expression::parameter(slope(place)),
                Expression::column(columns[place].clone()),
            );
            Expression::binary(Binary::Add, sum, term)
        };
        let linear = (0..columns.len()).fold(Expression::parameter("intercept"), sum);
        let rate = Exact::ratio(1, 100).unwrap_or_else(Exact::one);
        let trees = Trees { columns: columns.to_vec(), rate, rounds: 1000 };
        let mut trees = with("boosted_trees", Vec::new(), Model::Trees(trees));
        // No interval is shown here, and draws of trees take long.
        trees.formula.bootstrap = 0;
        let free = once(free("intercept".to_owned())).chain(slopes).collect();
        [with("linear", free, Model::Formula(linear)), trees]
    }

    /// Whether residuals are of logarithms.
    pub fn is_logarithmic(&self) -> bool {
        self.formula.method != Method::Squares
    }

    /// The law as one would write it, with its `let`s before it.
    pub fn text(&self) -> String {
        let lets = self.formula.lets.iter().map(|(name, value)| format!("let {name} = {value}\n"));
        let law = format!("{} ~ {}\n", self.formula.target, self.formula.model);
        lets.chain([law]).collect()
    }
}

/// One problem for all names that are neither columns nor free, where nothing else is wrong and none of them is like a column.
fn undeclared(rejected: &Rejected, free: &[String]) -> Option<Refused> {
    let name = |finding: &Diagnostic| match &finding.fixes[..] {
        [fix] => Some(fix.edits.first()?.text.strip_prefix("free ")?.strip_suffix("; ")?.to_owned()),
        _ => None,
    };
    let names: Vec<String> = rejected.diagnostics.iter().map(name).collect::<Option<_>>()?;
    let shown: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let (last, first) = shown.split_last()?;
    let headline = match first {
        [] => format!("{last} is neither a column nor a free parameter"),
        first => format!("{} and {last} are neither columns nor free parameters", first.join(", ")),
    };
    let all: Vec<&str> = free.iter().chain(&names).map(String::as_str).collect();
    let help = format!("what is fitted is declared: `--free '{}'`", all.join(", "));
    Some(Problem::new("E0601", headline).help(help).into())
}

fn no_law(law: &str) -> Problem {
    let near = library_laws().into_iter().map(|known| (strsim::jaro_winkler(known, law), known));
    let near = near.filter(|(near, _)| *near > 0.75).max_by(|a, b| a.0.total_cmp(&b.0));
    let problem = Problem::new("E0989", format!("there is no law `{law}`"));
    match near {
        Some((_, known)) => problem.help(format!("did you mean `{known}`?")),
        None => problem.help(format!("write `observed ~ formula`, or one of {}", library_laws().join(", "))),
    }
}

/// What is made small, in the language's words.
fn method(text: &str) -> String {
    match text.trim() {
        "squares" => "least_squares".to_owned(),
        "log_squares" => "log_least_squares".to_owned(),
        other => other.to_owned(),
    }
}

/// Puts a number in the place of a parameter.
fn fix(formula: &mut Formula, name: &str, value: &str) -> Result<(), Problem> {
    let Some(place) = formula.free.iter().position(|parameter| parameter.name == name) else {
        let names: Vec<&str> = formula.free.iter().map(|parameter| parameter.name.as_str()).collect();
        let problem = Problem::new("E0989", format!("the law has no parameter `{name}` that could be fixed"));
        return Err(match names[..] {
            [] => problem.help("it has none: take `--fix` out"),
            _ => problem.help(format!("its parameters are {}", names.join(", "))),
        });
    };
    let Some(number) = Exact::from_decimal(value) else {
        let headline = format!("`{value}` is no number that `{name}` could be fixed at");
        return Err(Problem::new("E0989", headline).help("write a number: `--fix E=1.69`"));
    };
    formula.free.remove(place);
    let with = |leaf: Name<'_>| (leaf == Name::Parameter(name)).then(|| Expression::Number(number.clone()));
    if let Model::Formula(model) = &formula.model {
        formula.model = Model::Formula(model.substitute(&with));
    }
    for (_, value) in &mut formula.lets {
        *value = value.substitute(&with);
    }
    Ok(())
}

/// `E,A,B` and `E in 0.., B in 0..` to one text a parameter: commas set them apart wherever they are not in brackets.
fn split_free(given: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for text in given {
        let (mut depth, mut name) = (0i32, String::new());
        for c in text.chars() {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            if c == ',' && depth <= 0 {
                names.push(std::mem::take(&mut name));
            } else {
                name.push(c);
            }
        }
        names.push(name);
    }
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_parameters_come_with_commas_or_one_by_one() {
        let split = |given: &[&str]| split_free(&given.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(split(&["E,A, B"]), ["E", "A", "B"]);
        assert_eq!(split(&["E in 0.., beta in 0..2", "A"]), ["E in 0..", "beta in 0..2", "A"]);
        assert_eq!(split(&["E in min(1, 2)..3,A"]), ["E in min(1, 2)..3", "A"]);
    }

    #[test]
    fn a_name_that_is_no_law_is_met_with_the_nearest() {
        assert_eq!(no_law("chinchila").help.as_deref(), Some("did you mean `chinchilla`?"));
        assert!(no_law("?").help.is_some_and(|help| help.contains("power_law")));
    }

    #[test]
    fn losses_have_short_names() {
        assert_eq!(
            ["squares", "log_squares", "huber(1e-3)"].map(method),
            ["least_squares", "log_least_squares", "huber(1e-3)"]
        );
    }
}
