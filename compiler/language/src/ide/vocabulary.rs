//! The words that the language knows, for highlighting by spelling alone. It is all made from the tables that the compiler
//! itself reads.

use std::collections::BTreeSet;

use synx_grammar::view::ItemKind;
use synx_grammar::{CONTEXTUAL, RESERVED, SUFFIXES};
use synx_plan::unit::Unit;

use crate::signature::{FUNCTIONS, LAW_FUNCTIONS, WORDS, fields};

/// Every word of the language by its role, each list sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// Kinds of declarations: `corpus`, `grid`.
    pub kinds: Vec<&'static str>,
    /// Words that cannot be names.
    pub reserved: Vec<&'static str>,
    /// Words that mean something in their places only: `step`, `because`.
    pub contextual: Vec<&'static str>,
    /// Fields of blocks.
    pub fields: Vec<&'static str>,
    pub functions: Vec<&'static str>,
    /// Words out of closed choices, and those that stand for themselves.
    pub words: Vec<&'static str>,
    pub units: Vec<&'static str>,
    /// What is glued to a number.
    pub suffixes: Vec<&'static str>,
}

pub fn vocabulary() -> Vocabulary {
    let sorted = |words: &mut dyn Iterator<Item = &'static str>| words.collect::<BTreeSet<_>>().into_iter().collect();
    let named = |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let all_fields = || ItemKind::ALL.into_iter().flat_map(fields);
    let functions = FUNCTIONS.iter().chain(LAW_FUNCTIONS).map(|function| function.name);
    let choices = all_fields().filter_map(|field| match field.role {
        crate::signature::Role::Choice(words) => Some(words),
        _ => None,
    });
    Vocabulary {
        kinds: sorted(&mut ItemKind::ALL.into_iter().map(ItemKind::word)),
        reserved: sorted(&mut RESERVED.into_iter()),
        contextual: sorted(&mut CONTEXTUAL.into_iter()),
        fields: sorted(&mut all_fields().map(|field| field.name).filter(named)),
        functions: sorted(&mut functions.filter(named)),
        words: sorted(&mut WORDS.iter().copied().chain(choices.flatten().copied())),
        units: sorted(&mut Unit::WORDS.iter().copied().chain(["token", "param", "parameters", "document", "epoch"])),
        suffixes: sorted(&mut SUFFIXES.into_iter()),
    }
}
