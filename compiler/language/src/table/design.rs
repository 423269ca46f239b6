//! `d_optimal(table, of = law, points = 16)`: the runs that tell a law's parameters best.

use std::rc::Rc;

use synx_grammar::view::Argument;
use synx_plan::answer::Argument as Asked;
use synx_plan::law::Model;
use synx_plan::table::Source;
use synx_plan::unit::Unit;

use super::columns::{Kind, Table};
use super::known::Rows;
use super::pipeline::like;
use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::suggest::listed;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    pub(super) fn d_optimal(
        &mut self,
        table: &Rc<Table>,
        rest: &[Argument<'t>],
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let Some([law, points]) = self.needed("d_optimal", ["of", "points"], rest, span) else { return Value::Error };
        let law_at = self.span(law.node());
        let value = self.evaluate(law, scope);
        let Some(fitted) = self.fitted_group(&value, law_at) else { return Value::Error };
        let Some(item) =
            fitted.row.as_ref().map_or(if let Value::Law(item) = value { Some(item) } else { None }, |row| row.law)
        else {
            return Value::Error;
        };
        let law = &fitted.law;
        let (_, model) = law.formula.inlined();
        let Model::Formula(formula) = &model else {
            let headline = format!("the law `{}` is fitted by trees and has no parameters to tell", law.name);
            let finding = self.finding("E0652", law_at, headline, "no parameters").help("ask with a formula's law");
            return self.report(finding);
        };
        for name in formula.columns() {
            let Some(column) = table.column(name) else { return self.unknown_column(table, name, law_at) };
            if table.kind(&column) == Kind::Undefined {
                return self.undefined_column(table, &column, law_at);
            }
        }
        let parameters = law.formula.free.len() as u64;
        let rows = table.count().unwrap_or(u64::from(u32::MAX));
        let points_at = self.span(points.node());
        let points = self.evaluate(points, scope);
        let Some(points) = self.whole(&points, points_at, Unit::PLAIN, "`points`", (1, rows)) else {
            return Value::Error;
        };
        if points < parameters {
            let headline = format!("{points} points cannot tell the {parameters} parameters of `{}`", law.name);
            let names = listed(law.formula.free.iter().map(|free| free.name.as_str()));
            let finding = self
                .finding("E0652", points_at, headline, format!("fewer than {parameters}"))
                .help(format!("at least one point for each of {names}"));
            return self.report(finding);
        }
        let Some(of) = table.id else { return Value::Error };
        let group = if let Asked::Table(group) = fitted.of { Some(group) } else { None };
        let keys = table.keys().map(str::to_owned).collect();
        let made = like(table, Rows::Count(points), table.columns().clone(), keys).of_law(None);
        let origin = Some(self.origin(span));
        Value::Table(self.add_table(made, Source::DOptimal { of, law: item, group, points }, origin))
    }
}
