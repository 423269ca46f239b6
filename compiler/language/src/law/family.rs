//! Families in formulas: one parameter or column for each of several, and sums over them.

use std::rc::Rc;

use synx_grammar::view::{Comprehension, Expression, Index, List};
use synx_plan::expression::{Binary as Plain, Expression as Lowered};

use super::Names;
use crate::compiler::Compiler;
use crate::suggest::{listed, nearest};
use crate::value::Value;

/// Up to so many terms a sum is one chain, as a person would write it; more are halved, so that no formula is too deep.
const CHAIN: usize = 100;

impl<'t> Compiler<'t> {
    /// The value of an expression in a law's text, where a parameter's name means what was given for it.
    pub(super) fn value_in(&mut self, expression: Expression<'t>, names: &Names<'_, 't>) -> Value {
        let meant = names.text.meant(expression);
        let scope = if meant.node() == expression.node() {
            Rc::clone(&names.scope.borrow())
        } else {
            Rc::clone(&self.file_scope)
        };
        self.evaluate(meant, &scope)
    }

    /// What `t[pile]` has one parameter for each of: the elements of a list, by what columns call them.
    pub(super) fn members(&mut self, list: List<'t>, names: &Names<'_, 't>) -> Option<Vec<String>> {
        let span = self.span(list.node());
        let mut members: Vec<String> = Vec::new();
        for element in list.elements() {
            let place = self.span(element.node());
            match self.value_in(element, names) {
                Value::Error => return None,
                list @ (Value::List(_) | Value::Family(_)) => {
                    let items = self.elements(&list, place, "a family of parameters")?;
                    members.extend(items.iter().map(|item| item.column().0.to_string()));
                }
                other => members.push(other.column().0.to_string()),
            }
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = members.iter().find(|member| !seen.insert(member.as_str())) {
            let finding = self
                .finding("E0631", span, format!("`{twice}` is there twice"), "one parameter for each of these")
                .help("name every element once");
            self.report(finding);
            return None;
        }
        if members.is_empty() {
            let finding = self
                .finding("E0631", span, "a family of parameters without members", "nothing is listed")
                .help("name a list: `free t[pile]` has one parameter for each corpus of `pile`");
            self.report(finding);
            return None;
        }
        Some(members)
    }

    /// `t[s]`, `share[web]`, `loss[wiki]`.
    pub(super) fn lower_index(&mut self, index: Index<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let expression = Expression::Index(index);
        let Some(Expression::Name(base)) = index.base() else { return self.not_in_formula(expression) };
        let family = names.free.get(base.text());
        let written: String = expression.text().chars().filter(|c| !c.is_whitespace()).collect();
        if family.is_none() && names.table.column(&written).is_some() && !names.table.is_open() {
            return self.lower_column(expression, names);
        }
        let mut arguments = index.arguments().filter_map(synx_grammar::view::Argument::value);
        let (Some(argument), None) = (arguments.next(), arguments.next()) else {
            return self.not_in_formula(expression);
        };
        let bound =
            matches!(argument.without_parens(), Expression::Name(name) if names.scope.borrow().is_local(name.text()));
        if family.is_none() && !bound {
            return self.lower_column(expression, names);
        }
        let value = self.value_in(argument, names);
        if value.is_error() {
            return None;
        }
        let member = value.column().0.to_string();
        let Some(family) = family else {
            return self.lower_named(&format!("{}[{member}]", base.text()), expression, names);
        };
        let span = self.span(index.node());
        let members = family.family.clone();
        // Without members its list has mistakes, which were reported.
        if members.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let members = members.unwrap_or_default();
        if members.contains(&member) {
            return Some(Lowered::parameter(format!("{}[{member}]", base.text())));
        }
        let declared = self.label(family.at, "declared here");
        let finding = if members.is_empty() {
            let headline = format!("`{}` is one parameter, not a family", base.text());
            self.finding("E0632", span, headline, "one of several?")
                .help(format!("write `{0}`, or declare one for each: `free {0}[list]`", base.text()))
        } else {
            let headline = format!("`{}` has no parameter for `{member}`", base.text());
            let near = nearest(&member, members.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is one for each of {}", listed(members.iter().map(String::as_str).take(20))),
            };
            self.finding("E0630", span, headline, "not in the family").help(help)
        };
        self.report(finding.label(declared));
        None
    }

    /// `sum(t[s] * share[s] for s in pile)`, written out.
    pub(super) fn lower_sum(&mut self, comprehension: Comprehension<'t>, names: &Names<'_, 't>) -> Option<Lowered> {
        let (Some(element), Some(pattern), Some(source)) =
            (comprehension.element(), comprehension.pattern(), comprehension.source())
        else {
            return None;
        };
        let value = self.value_in(source, names);
        let place = self.span(source.node());
        let items = if value.is_error() { return None } else { self.elements(&value, place, "`for`")? };
        let outer = Rc::clone(&names.scope.borrow());
        let mut terms = Some(Vec::with_capacity(items.len()));
        for item in items.iter() {
            let Some(inner) = self.bind_pattern(pattern, item, &outer) else {
                terms = None;
                break;
            };
            *names.scope.borrow_mut() = inner;
            if let Some(filter) = comprehension.filter() {
                let value = self.value_in(filter, names);
                let at = self.span(filter.node());
                match self.condition(&value, at) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        terms = None;
                        break;
                    }
                }
            }
            let Some(term) = self.lower(element, names) else {
                // What is wrong with one term is wrong with all.
                terms = None;
                break;
            };
            terms.as_mut()?.push(term);
        }
        *names.scope.borrow_mut() = outer;
        Some(added(terms?))
    }
}

/// The sum of terms; zero for none.
pub(super) fn added(mut terms: Vec<Lowered>) -> Lowered {
    let plus = |left, right| Lowered::binary(Plain::Add, left, right);
    if terms.len() > CHAIN {
        let rest = terms.split_off(terms.len() / 2);
        return plus(added(terms), added(rest));
    }
    terms.into_iter().reduce(plus).unwrap_or_else(|| Lowered::number(0u64))
}
