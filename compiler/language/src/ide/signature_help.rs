//! What the call around the cursor takes.

use std::ops::Range;

use synx_grammar::view::{Argument, Call, Expression, Pipe};
use synx_grammar::{Node, SyntaxKind};

use super::analysis::{Analysis, ancestors};
use super::hover::parameter;
use super::record::Target;
use crate::signature::{Signature, law_function, signature};

/// A function or a declaration with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHelp {
    /// `adamw(lr, betas = (0.9, 0.95))`.
    pub label: String,
    /// Markdown.
    pub documentation: String,
    pub parameters: Vec<ParameterHelp>,
    /// The number of the parameter that the cursor stands at.
    pub active: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterHelp {
    /// Where it stands in the label, in bytes.
    pub range: Range<usize>,
    /// Markdown; may be empty.
    pub documentation: String,
}

impl Analysis {
    /// What the innermost call around `offset` takes.
    pub fn signature_help(&self, offset: usize) -> Option<SignatureHelp> {
        // What is typed is often not closed yet: the call is that of the last word before the cursor in its line.
        let before = self.source().get(..offset)?;
        let line = before.len() - before.rsplit('\n').next()?.len();
        let leaf = self.leaf_at(before[line..].trim_end().len().checked_sub(1)? + line)?;
        let call = ancestors(leaf).take_while(|node| node.kind() != SyntaxKind::Block).find_map(|node| {
            let call = Call::cast(node)?;
            let range = call.arguments_node()?.range();
            let closed = call.arguments_node()?.child(SyntaxKind::RightParen).is_some();
            (range.start < offset && (offset < range.end || !closed)).then_some(call)
        })?;
        let Expression::Name(callee) = call.callee()?.without_parens() else { return None };
        let of_function = |signature: &Signature| {
            let parameters = signature.parameters.iter().map(|known| (parameter(known), known.doc.to_owned()));
            described(signature.name, signature.doc.to_owned(), parameters)
        };
        let mut help = match self.target(callee.node()) {
            Some(Target::Function(name)) => of_function(signature(name)?),
            // What laws alone know is looked up by the law.
            None => of_function(law_function(callee.text())?),
            Some(Target::Declared(span)) => {
                let item = self.item(span)?;
                let docs = item.docs().unwrap_or_default();
                described(callee.text(), docs, item.parameters().map(|known| (known.text().to_owned(), String::new())))
            }
            _ => return None,
        };
        help.active = self.active(call, offset, &help);
        Some(help)
    }

    /// The parameter that the cursor stands at: by its name, else by counting.
    #[allow(clippy::unused_self, reason = "beside its kin")]
    fn active(&self, call: Call<'_>, offset: usize, help: &SignatureHelp) -> Option<usize> {
        let piped = call.node().parent().and_then(Pipe::cast).and_then(Pipe::function);
        let first = usize::from(piped.is_some_and(|function| function.node() == call.node()));
        let arguments = call.arguments_node()?;
        let commas = arguments.children().filter(|node| is_comma(*node) && node.range().end <= offset).count();
        let position = first + commas;
        let named = call.arguments().find_map(|argument| match argument {
            Argument::Named(name, value) => {
                let end = value.map_or(name.range().end, |value| value.range().end);
                (name.range().start <= offset && offset <= end).then_some(name)
            }
            Argument::Positional(_) => None,
        });
        let name_of = |parameter: &ParameterHelp| help.label[parameter.range.clone()].split([' ', '=']).next();
        match named {
            Some(name) => help.parameters.iter().position(|known| name_of(known) == Some(name.text())),
            None => (position < help.parameters.len()).then_some(position),
        }
    }
}

fn described(name: &str, documentation: String, parameters: impl Iterator<Item = (String, String)>) -> SignatureHelp {
    let mut label = format!("{name}(");
    let mut known = Vec::new();
    for (i, (text, documentation)) in parameters.enumerate() {
        if i > 0 {
            label.push_str(", ");
        }
        let start = label.len();
        label.push_str(&text);
        known.push(ParameterHelp { range: start..label.len(), documentation });
    }
    label.push(')');
    SignatureHelp { label, documentation, parameters: known, active: None }
}

fn is_comma(node: Node<'_>) -> bool {
    node.kind() == SyntaxKind::Comma
}
