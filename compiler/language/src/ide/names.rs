//! What a name of the text stands for: what the compiler wrote down, and what only its place in the text tells.

use synx_grammar::view::{Access, Allow, Entry, Expression, Index, Item, ItemKind, Name};
use synx_grammar::{Node, SyntaxKind};
use synx_plan::column::result_column;

use super::analysis::{Analysis, ancestors};
use super::record::{Places, Target};
use crate::value::{Span, Value};

impl Analysis {
    /// What a name of the study's own file stands for; none where that is not known.
    pub(super) fn target(&self, name: Node<'_>) -> Option<Target> {
        let span = self.span(name);
        self.record.names.get(&span).copied().or_else(|| self.by_place(name))
    }

    /// Every name of the study's own file with what it stands for, and the names of the other files that were written down.
    pub(super) fn names(&self) -> &Places<Target> {
        self.names.get_or_init(|| {
            let mut names = self.record.names.clone();
            for node in self.root().descendants().filter(|node| node.kind() == SyntaxKind::Name) {
                let span = self.span(node);
                if !names.contains_key(&span)
                    && let Some(target) = self.by_place(node)
                {
                    names.insert(span, target);
                }
            }
            names
        })
    }

    fn by_place(&self, name: Node<'_>) -> Option<Target> {
        let parent = name.parent()?;
        let first = || parent.child(SyntaxKind::Name) == Some(name);
        match parent.kind() {
            SyntaxKind::Item => {
                let item = Item::cast(parent)?;
                if item.kind_word() == name {
                    return item.kind().map(Target::Kind);
                }
                (item.name().map(Name::node) == Some(name)).then(|| Target::Declared(self.span(name)))
            }
            SyntaxKind::Pattern => Some(Target::Declared(self.span(name))),
            SyntaxKind::Parameter | SyntaxKind::Let | SyntaxKind::FreeName if first() => {
                Some(Target::Declared(self.span(name)))
            }
            SyntaxKind::Unit => Some(Target::Unit),
            SyntaxKind::Allow => {
                Allow::cast(parent)?.code().is_some_and(|code| code.node() == name).then_some(Target::Lint)
            }
            SyntaxKind::Field if first() => None,
            SyntaxKind::NamedArgument if first() => self.named_column(parent, name),
            SyntaxKind::Access if Access::cast(parent)?.name().is_some_and(|member| member.node() == name) => {
                self.member(Access::cast(parent)?, name)
            }
            _ if ancestors(name).any(|node| node.kind() == SyntaxKind::Error) => None,
            _ => self.column(name),
        }
    }

    /// `width` in `model.width`.
    fn member(&self, access: Access<'_>, name: Node<'_>) -> Option<Target> {
        let base = access.base()?;
        // `params.total`: both words are one column.
        let whole: String = access.text().chars().filter(|c| !c.is_whitespace()).collect();
        if let Some(column) = result_column(&whole) {
            return Some(Target::Column(column.name));
        }
        let sort = self.seen(base.node()).and_then(|seen| seen.values.first());
        match sort {
            Some(Value::Model(_)) => Some(Target::Member("model")),
            Some(Value::Recipe(_)) => Some(Target::Member("recipe")),
            Some(Value::Corpus(..)) => Some(Target::Member("corpus")),
            _ => {
                let column = self.columns(base).into_iter().find(|column| column.name == name.text())?;
                column.target()
            }
        }
    }

    /// `tokens` in `runs[tokens = 64M]`.
    fn named_column(&self, argument: Node<'_>, name: Node<'_>) -> Option<Target> {
        let base = Index::cast(argument.parent()?.parent()?)?.base()?;
        self.columns(base).into_iter().find(|column| column.name == name.text())?.target()
    }

    /// A name that stands for a column of the table that is spoken of around it.
    fn column(&self, name: Node<'_>) -> Option<Target> {
        let word = name.text();
        if let Some(bound) = self.bound_by_comprehension(name) {
            return Some(Target::Declared(bound));
        }
        let item = self.item_around(name)?;
        if item.kind() == Some(ItemKind::Law)
            && let Some(own) = self.law_name(item, word)
        {
            return Some(Target::Declared(own));
        }
        let known = self.columns_around(name).into_iter().find(|column| column.name == word);
        known.and_then(|column| column.target()).or_else(|| {
            // A `param` or a `let` of the file in a formula.
            let declared = self.parse.file().items().find_map(|item| item.name().filter(|n| n.text() == word))?;
            Some(Target::Declared(self.span(declared.node())))
        })
    }

    /// `s` in `sum(t[s] for s in sources)`.
    fn bound_by_comprehension(&self, name: Node<'_>) -> Option<Span> {
        let around = ancestors(name).filter_map(synx_grammar::view::Comprehension::cast);
        let patterns = around.filter_map(synx_grammar::view::Comprehension::pattern);
        let mut bound = patterns.flat_map(synx_grammar::view::Pattern::names);
        bound.find(|bound| bound.text() == name.text()).map(|bound| self.span(bound.node()))
    }

    /// What a law's own `free` or `let` declares.
    fn law_name(&self, law: Item<'_>, word: &str) -> Option<Span> {
        let synx_grammar::view::Body::Block(block) = law.body() else { return None };
        block.entries().find_map(|entry| {
            let name = match entry {
                Entry::Free(free) => {
                    free.names().filter_map(synx_grammar::view::FreeName::name).find(|name| name.text() == word)
                }
                Entry::Let(entry) => entry.name().filter(|name| name.text() == word),
                _ => None,
            };
            name.map(|name| self.span(name.node()))
        })
    }

    /// The item of the study's own file that an expression names: as the compiler wrote down, else the one of that name. A column
    /// is no item, so it is not looked for: the question what a column is leads back here.
    pub(super) fn named_item(&self, expression: Expression<'_>) -> Option<Item<'_>> {
        let Expression::Name(name) = expression.without_parens() else { return None };
        match self.record.names.get(&self.span(name.node())) {
            Some(Target::Declared(span)) => self.item(*span),
            Some(_) => None,
            None => {
                let mut items = self.parse.file().items();
                items.find(|item| item.name().is_some_and(|declared| declared.text() == name.text()))
            }
        }
    }
}
