//! The tables of the language: what each block and each function takes, with the defaults.
//!
//! Names, checks, evaluation and the printed defaults all read these, so none of them can know a field that another does not.

mod fields;
mod foreign;
mod functions;
mod places;
mod words;

pub(crate) use fields::{excused, fields, kind_doc};
pub(crate) use foreign::{Foreign, foreign_field, foreign_function, foreign_value};
pub(crate) use functions::{FUNCTIONS, LAW_FUNCTIONS};
pub(crate) use places::Fitting;
pub(crate) use words::{
    FLOP_COUNTS, GENERATORS, MASKS, METHODS, NAMINGS, ORDERS, PARAMETER_COUNTS, PRECISIONS, PROCESSES, REGISTERS,
    REWARDS, SPLITS, TOKENIZER_KINDS, TOKENIZERS, WORDS,
};

use synx_grammar::view::ItemKind;

/// What a place takes, for suggestions and for words that are not looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Any,
    /// One of these words; a bare name here is a word unless a parameter, an axis or a `let` of the block has it.
    Choice(&'static [&'static str]),
    /// One of these words, or a value: a bare name that nothing has is the word.
    Word(&'static [&'static str]),
    /// What can be trained on: a corpus or a mixture.
    Data,
    Corpus,
    Model,
    Recipe,
    /// What can be evaluated on: an evaluation, a corpus, a held-out part.
    Evaluate,
    Grid,
    /// Columns: looked up by the law itself.
    Columns,
}

impl Role {
    /// What the value of `kind name = value` is.
    pub(crate) fn of(kind: ItemKind) -> Role {
        match kind {
            ItemKind::Mixture => Role::Data,
            ItemKind::Corpus => Role::Corpus,
            ItemKind::Model => Role::Model,
            ItemKind::Recipe => Role::Recipe,
            ItemKind::Evaluation => Role::Evaluate,
            _ => Role::Any,
        }
    }

    /// The kinds of declarations of which the place takes a value; empty where that is any.
    pub(crate) fn kinds(self) -> &'static [ItemKind] {
        match self {
            Role::Model => &[ItemKind::Model],
            Role::Recipe => &[ItemKind::Recipe],
            Role::Data | Role::Corpus | Role::Evaluate => &[ItemKind::Corpus],
            Role::Grid => &[ItemKind::Grid],
            _ => &[],
        }
    }

    /// Whether a declaration of this kind may stand in the place.
    pub(crate) fn takes(self, kind: ItemKind) -> bool {
        match self {
            Role::Data => matches!(kind, ItemKind::Corpus | ItemKind::Mixture | ItemKind::Let),
            Role::Corpus => matches!(kind, ItemKind::Corpus | ItemKind::Let),
            Role::Model => matches!(kind, ItemKind::Model | ItemKind::Let),
            Role::Recipe => matches!(kind, ItemKind::Recipe | ItemKind::Let),
            Role::Evaluate => matches!(kind, ItemKind::Evaluation | ItemKind::Corpus | ItemKind::Let),
            Role::Grid => kind == ItemKind::Grid,
            _ => !matches!(kind, ItemKind::Grid | ItemKind::Law),
        }
    }
}

/// Whether a field or an argument must be there, and what it is if not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// The default as the language writes it.
    Default(&'static str),
    /// Without it there is nothing in its place.
    Optional,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub name: &'static str,
    pub need: Need,
    pub role: Role,
    /// What it is, in one sentence: the editor shows it.
    pub doc: &'static str,
}

impl Parameter {
    const fn doc(self, doc: &'static str) -> Parameter {
        Parameter { doc, ..self }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Signature {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    /// Any number of positional arguments.
    pub variadic: bool,
    /// Its arguments see the columns of a table as names: they are evaluated by the function itself.
    pub rows: bool,
    /// Whether further named arguments name columns.
    pub others: bool,
    /// What it gives, in one sentence: the editor shows it.
    pub doc: &'static str,
}

impl Signature {
    const fn doc(self, doc: &'static str) -> Signature {
        Signature { doc, ..self }
    }

    const fn rows(self) -> Signature {
        Signature { rows: true, ..self }
    }

    const fn others(self) -> Signature {
        Signature { others: true, ..self }
    }
}

const fn needed(name: &'static str, role: Role) -> Parameter {
    Parameter { name, need: Need::Required, role, doc: "" }
}

const fn default(name: &'static str, value: &'static str) -> Parameter {
    Parameter { name, need: Need::Default(value), role: Role::Any, doc: "" }
}

const fn optional(name: &'static str) -> Parameter {
    Parameter { name, need: Need::Optional, role: Role::Any, doc: "" }
}

const fn choice(name: &'static str, words: &'static [&'static str], need: Need) -> Parameter {
    Parameter { name, need, role: Role::Choice(words), doc: "" }
}

const fn word(name: &'static str, words: &'static [&'static str], need: Need) -> Parameter {
    Parameter { name, need, role: Role::Word(words), doc: "" }
}

const fn columns(name: &'static str, need: Need) -> Parameter {
    Parameter { name, need, role: Role::Columns, doc: "" }
}

/// The function of this version with that name.
pub(crate) fn signature(name: &str) -> Option<&'static Signature> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// What a function takes that has a meaning only in a law's own fields.
pub(crate) fn law_function(name: &str) -> Option<&'static Signature> {
    LAW_FUNCTIONS.iter().find(|function| function.name == name)
}

/// Whether what is declared so is carried out by itself, without anything that names it.
pub(crate) fn is_carried_out(kind: ItemKind) -> bool {
    matches!(kind, ItemKind::Grid | ItemKind::Law | ItemKind::Claim | ItemKind::Figure | ItemKind::Table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_sentence() {
        let said = |what: &str, doc: &str| assert!(doc.ends_with('.'), "{what} has no `.doc(\"…\")`");
        for kind in ItemKind::ALL {
            fields(kind).iter().for_each(|field| said(&format!("{}.{}", kind.word(), field.name), field.doc));
        }
        for function in FUNCTIONS {
            said(function.name, function.doc);
            let parameters = function.parameters.iter();
            parameters.for_each(|parameter| said(&format!("{}({})", function.name, parameter.name), parameter.doc));
        }
    }

    #[test]
    fn a_function_stands_in_one_table() {
        for function in FUNCTIONS {
            assert!(law_function(function.name).is_none(), "{}", function.name);
        }
    }
}
