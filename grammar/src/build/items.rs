//! Editions, imports and items.

use pest::iterators::Pair;

use super::{BLANKS, Builder, shortened};
use crate::parse::{Rule, error};
use crate::{Fix, SyntaxErrorKind, SyntaxKind, habits, strict};

impl Builder<'_> {
    /// Something at the top of a file.
    pub(super) fn top(&mut self, pair: Pair<'_, Rule>) {
        match pair.as_rule() {
            Rule::edition => self.edition(pair),
            Rule::import => self.import(pair),
            Rule::item => self.item(pair),
            Rule::top_assertion => {
                self.begun = true;
                self.entry(pair, SyntaxKind::Assert);
            }
            Rule::stray_brace => {
                let mark = self.stack.len();
                let id = self.leaf(SyntaxKind::RightBrace, &pair);
                self.wrap(mark);
                let range = self.tree.range(id);
                let follows = self
                    .errors
                    .last()
                    .is_some_and(|error| error.kind == SyntaxErrorKind::Expected && error.message.contains('{'));
                if !follows {
                    self.report(error(SyntaxErrorKind::Unopened, range, "nothing is open that this `}` could close"));
                }
            }
            Rule::bad_item => self.bad_item(pair),
            _ => self.common(pair),
        }
    }

    fn edition(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let since = self.errors.len();
        let range = self.range(&pair);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::bad_rest => self.rest(inner, since, mark, None),
                _ => self.common(inner),
            }
        }
        if self.begun {
            self.wrap(mark);
            self.report(error(SyntaxErrorKind::Unexpected, range, "the edition stands once, before everything else"));
        } else {
            self.complete(mark, SyntaxKind::Edition);
        }
        self.begun = true;
    }

    fn import(&mut self, pair: Pair<'_, Rule>) {
        self.begun = true;
        let mark = self.mark_with_docs();
        let since = self.errors.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::no_string => self.expected("the path of a file in quotes", None),
                Rule::bad_path => {
                    let before = self.stack.len();
                    self.leaf(SyntaxKind::Junk, &inner);
                    self.wrap(before);
                    let range = self.range(&inner);
                    let mut wrong = error(SyntaxErrorKind::Habit, range.clone(), "the path of a file stands in quotes");
                    let path = inner.as_str().trim_matches('\'');
                    wrong.fix = Some(Fix { range, text: format!("\"{path}\"") });
                    self.report(wrong);
                }
                Rule::no_import => self.expected("`import`", Some(" import")),
                Rule::bad_rest => self.rest(inner, since, mark, None),
                _ => self.common(inner),
            }
        }
        self.complete(mark, SyntaxKind::Import);
    }

    fn item(&mut self, pair: Pair<'_, Rule>) {
        self.begun = true;
        let mark = self.mark_with_docs();
        let start = self.stack.len();
        let since = self.errors.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::bad_name => self.bad_name(&inner),
                Rule::head_junk => self.head_junk(inner),
                Rule::parameters => self.parameters(inner),
                Rule::early_break => {
                    let before = self.stack.len();
                    let id = self.leaf(SyntaxKind::Whitespace, &inner);
                    let node = self.tree.node(SyntaxKind::Error, &[id], 0);
                    self.stack.truncate(before);
                    self.stack.push(node);
                    let range = self.range(&inner);
                    let mut wrong = error(
                        SyntaxErrorKind::Unexpected,
                        range.end..range.end + 1,
                        "the `{` of a block stands on the line of its name",
                    );
                    if inner.as_str().trim_matches(BLANKS).is_empty() {
                        wrong.fix = Some(Fix { range, text: " ".to_owned() });
                    }
                    self.report(wrong);
                }
                Rule::block if self.last(start).is_some_and(|id| self.tree.kind(id) == SyntaxKind::Equals) => {
                    self.equals_before_block(start);
                    self.common(inner);
                }
                Rule::no_body => self.no_body(start, since),
                Rule::bad_rest => self.rest(inner, since, start, Some(Rule::strict_item)),
                _ => self.common(inner),
            }
        }
        self.complete(mark, SyntaxKind::Item);
    }

    /// `model m = { … }`: the block is taken, the `=` is too much.
    fn equals_before_block(&mut self, start: usize) {
        let at = self.meaningful_end(start) - 1;
        let id = self.stack[at];
        let range = self.tree.range(id);
        self.stack[at] = self.tree.node(SyntaxKind::Error, &[id], 0);
        let mut wrong = error(SyntaxErrorKind::Unexpected, range.clone(), "a block follows the name without `=`");
        wrong.help = Some("either `= value` or `{ entries }`".to_owned());
        let blanks = self.source[range.end..].len() - self.source[range.end..].trim_start_matches([' ', '\t']).len();
        wrong.fix = Some(Fix { range: range.start..range.end + blanks, text: String::new() });
        self.report(wrong);
    }

    fn no_body(&mut self, start: usize, since: usize) {
        let kind = self.stack.get(start).map_or("", |id| self.tree.text(*id)).to_owned();
        if self.errors.len() > since {
            self.missing(0);
        } else if kind == "let" || kind == "param" {
            self.expected("`=` and a value", None);
        } else {
            self.expected("`=` or `{`", None);
        }
    }

    /// Where a name should be declared and something stands that is none.
    pub(super) fn bad_name(&mut self, pair: &Pair<'_, Rule>) {
        let mark = self.stack.len();
        self.leaf(SyntaxKind::Junk, pair);
        self.wrap(mark);
        let range = self.range(pair);
        let error = habits::bad_name(pair.as_str(), range);
        self.report(error);
    }

    /// What stands between an item's name and its body and is no parameter list.
    fn head_junk(&mut self, pair: Pair<'_, Rule>) {
        let range = self.range(&pair);
        let text = pair.as_str();
        let name = self.last(0);
        let mark = self.stack.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::head_text => {
                    self.leaf(SyntaxKind::Junk, &inner);
                }
                _ => self.common(inner),
            }
        }
        self.wrap(mark);
        if self.follows_mistake(0, range.start) {
            return;
        }
        let glued = name.filter(|id| {
            self.tree.kind(*id) == SyntaxKind::Name
                && self.tree.range(*id).end == range.start
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        });
        let wrong = if let Some(id) = glued {
            let name = format!("{}{text}", self.tree.text(id));
            let whole = self.tree.range(id).start..range.end;
            let cured = name.replace(['-', '.'], "_");
            let mut wrong = error(
                SyntaxErrorKind::Unexpected,
                whole.clone(),
                format!("`{}` is no name: names are letters, digits and `_`", shortened(&name)),
            );
            wrong.fix = Some(Fix { range: whole, text: cured });
            wrong
        } else {
            let found = shortened(text);
            let mut wrong = error(
                SyntaxErrorKind::Unexpected,
                range,
                match name {
                    Some(id) => {
                        format!("expected `=` or `{{` after `{}`, found `{found}`", shortened(self.tree.text(id)))
                    }
                    None => format!("expected `=` or `{{`, found `{found}`"),
                },
            );
            wrong.help = Some(
                "a declaration is `kind name(parameters) = value` or `kind name(parameters) { entries }`".to_owned(),
            );
            wrong
        };
        self.report(wrong);
    }

    fn parameters(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::parameter => {
                    let start = self.stack.len();
                    for part in inner.into_inner() {
                        self.common(part);
                    }
                    self.complete(start, SyntaxKind::Parameter);
                }
                Rule::bad_parameter => {
                    let start = self.stack.len();
                    let range = self.range(&inner);
                    let text = inner.as_str();
                    for part in inner.into_inner() {
                        self.leaf(SyntaxKind::Junk, &part);
                    }
                    self.wrap(start);
                    self.trim(start);
                    if !self.follows_mistake(0, range.start) {
                        self.report(habits::text(text, range.start).unwrap_or_else(|| {
                            error(
                                SyntaxErrorKind::Unexpected,
                                range.start..range.start + text.trim_end_matches(BLANKS).len(),
                                format!(
                                    "`{}` is no parameter: a parameter is `name` or `name = value`",
                                    shortened(text.trim_matches(BLANKS))
                                ),
                            )
                        }));
                    }
                }
                Rule::wrong_semicolon => self.wrong_semicolon(&inner),
                Rule::no_paren => {
                    let since = self.errors.len();
                    self.unclosed(mark);
                    // What is declared is missing then too.
                    if let Some(unclosed) = self.errors.get_mut(since) {
                        unclosed.fix = None;
                    }
                }
                _ => self.common(inner),
            }
        }
        self.check_commas(mark, "parameters");
        self.complete(mark, SyntaxKind::Parameters);
    }

    fn bad_item(&mut self, pair: Pair<'_, Rule>) {
        let mark = self.stack.len();
        let since = self.errors.len();
        let quiet = self.quiet_until;
        let range = self.range(&pair);
        let text = pair.as_str().to_owned();
        self.junk(pair);
        self.wrap(mark);
        if self.is_full() || self.follows_mistake(0, range.start) {
            return;
        }
        // What is wrong inside of it follows from what it is not.
        self.retract(since, quiet);
        let error = strict::item(&text, range.start);
        self.report(error);
    }
}
