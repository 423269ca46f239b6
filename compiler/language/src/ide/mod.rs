//! What an editor shows, one file a feature: plain data about places of a text, without a word of any protocol.
//!
//! [`Analysis::new`] checks a text as `synx check` does and keeps what the compiler wrote down on its way; every feature reads
//! that. What needs the text alone is a function of its [`synx_grammar::Parse`].

mod actions;
mod analysis;
mod columns;
mod completion;
mod cost;
mod definition;
mod folding;
mod hints;
mod hover;
mod lens;
mod links;
mod names;
mod record;
mod references;
mod rename;
mod selection;
mod shown;
mod signature_help;
mod symbols;
mod tokens;
mod vocabulary;

pub use actions::{Action, ActionKind};
pub use analysis::{Analysis, FileRange};
pub use completion::{Completion, CompletionKind, Completions};
pub use definition::Definition;
pub use folding::{Fold, FoldKind, folds};
pub use hints::Hint;
pub use hover::Hover;
pub use lens::{Lens, LensKind, lenses};
pub use links::{Link, LinkTarget};
pub(crate) use record::{Declared, Record, Target};
pub use references::Reference;
pub use selection::selection;
pub(crate) use shown::{line, sort};
pub use signature_help::{ParameterHelp, SignatureHelp};
pub use symbols::{Symbol, SymbolKind, symbols};
pub use tokens::{Token, TokenKind};
pub use vocabulary::{Vocabulary, vocabulary};
