//! Claims: conditions that the results decide.

use synx_grammar::view::Body;
use synx_plan::claim::Claim;
use synx_plan::expression::Expression;

use crate::compiler::Compiler;
use crate::late::Late;
use crate::value::Value;

impl Compiler<'_> {
    /// The claim that an item declares; nothing where it has mistakes.
    pub(crate) fn claim(&mut self, item: usize) -> Option<Claim> {
        let declaration = self.items[item].item;
        let (Some(name), Body::Expression(expression)) = (declaration.name(), declaration.body()) else { return None };
        let scope = std::rc::Rc::clone(&self.file_scope);
        let value = self.evaluate(expression, &scope);
        let at = self.span(expression.node());
        let condition = match &value {
            Value::Error => return None,
            Value::Bool(truth) => {
                let (always, why) = if *truth { ("always holds", "true") } else { ("never holds", "false") };
                let finding = self
                    .finding(
                        "W0611",
                        at,
                        format!("this claim {always}, whatever the study finds"),
                        format!("{why} before anything runs"),
                    )
                    .note("what it compares is known, or lies on one side by its bounds: a loss is never negative")
                    .help("claim something that the results can refute");
                self.report(finding);
                Expression::number(u64::from(*truth))
            }
            Value::Late(late) => match &**late {
                Late::Truth(truth) => truth.clone(),
                other => {
                    let found = other.describe();
                    let headline = format!("a claim is a condition, this is {found}");
                    let finding =
                        self.finding("E0201", at, headline, found).help("compare it: `claim name = a.loss < b.loss`");
                    self.report(finding);
                    return None;
                }
            },
            Value::Column(..) | Value::Row(_) => {
                self.not_one_number(&value, at, "a claim");
                return None;
            }
            other => {
                self.expected(at, "a condition", other);
                return None;
            }
        };
        let span = self.span(name.node());
        Some(Claim {
            name: name.text().to_owned(),
            documentation: declaration.docs(),
            condition,
            origin: Some(self.origin(span)),
        })
    }
}
