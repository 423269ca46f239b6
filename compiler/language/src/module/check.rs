//! What is wrong with imports.

use std::collections::HashMap;

use synx_grammar::view::{Import, ItemKind, Name};
use synx_grammar::{Node, SyntaxKind};

use super::Named;
use super::load::{Loaded, MAX_FILES, MAX_TEXT, Target};
use crate::compiler::Compiler;
use crate::suggest::{listed, nearest};
use crate::value::Span;

/// How many files of a circle are named.
const SHOWN: usize = 8;

impl<'t> Compiler<'t> {
    /// Reports an import whose file was not read.
    pub(super) fn not_read(&mut self, import: Import<'t>, target: &Target) {
        for name in import.names() {
            // What it would stand for is not known: it is not reported as unknown.
            self.broken_words.insert(name.text());
        }
        let Some(path) = import.path() else { return };
        let span = self.span(path.node());
        // A headline is one line, whatever the quotes hold.
        let written: String = path.value().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let near = |mut finding: crate::diagnostic::Diagnostic, compiler: &Self, near: &Option<String>, else_: &str| {
            finding.help = Some(match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => else_.to_owned(),
            });
            match near {
                Some(near) => {
                    let edit = compiler.edit(span, crate::fill::quoted(near));
                    finding.fix(format!("write \"{near}\""), vec![edit])
                }
                None => finding,
            }
        };
        let finding = match target {
            Target::File(_) => return,
            Target::Unwritten if written.is_empty() && !path.node().has_error() => self
                .finding("E0113", span, "an import names no file", "nothing between the quotes")
                .help("write the path of a file beside this one: `from \"common.synx\" import web`"),
            Target::Unwritten => return,
            Target::Missing(meant) => {
                let finding = self.finding("E0113", span, format!("there is no file \"{written}\""), "not found");
                near(finding, self, meant, "the path is relative to the file that it stands in")
            }
            Target::NotSynx(meant) => {
                let headline = format!("\"{written}\" is not a .synx file");
                let finding = self.finding("E0113", span, headline, "nothing can be imported from it");
                near(finding, self, meant, "declarations are imported from files whose name ends with `.synx`")
            }
            Target::Outside => self
                .finding("E0114", span, format!("\"{written}\" leaves the study's folder"), "outside")
                .help("copy the file beside the study, or let it read files outside its folder with `--allow-path`"),
            Target::NotText(line) => self
                .finding("E0113", span, format!("\"{written}\" is not text in UTF-8"), "cannot be read")
                .note(format!("the first byte that is not UTF-8 stands in line {line}"))
                .help("save the file as UTF-8, or check that it is the file that was meant"),
            Target::Failed(why) => self
                .finding("E0113", span, format!("\"{written}\" could not be read"), "cannot be read")
                .note(why.clone())
                .help("check the file and its permissions"),
            Target::TooMany => self
                .finding("E0119", span, "a study of too many files", format!("more than {MAX_FILES}"))
                .help("put declarations that belong together into one file"),
            Target::TooLong(bytes) => self
                .finding("E0119", span, "the files of this study are too long", format!("{bytes} bytes with this one"))
                .help(format!("together they may have {MAX_TEXT} bytes")),
        };
        self.report(finding);
    }

    /// Reports a name that the file imported from does not have.
    pub(super) fn not_exported(&mut self, name: Name<'t>, from: &'t Loaded<'t>, module: usize) {
        self.broken_words.insert(name.text());
        let (word, span) = (name.text(), self.span(name.node()));
        let mut items = from.parse.file().items();
        let study = items
            .find(|item| item.kind() == Some(ItemKind::Study) && item.name().is_some_and(|name| name.text() == word));
        if let Some(study) = study {
            let place = self.span(study.name().map_or(study.node(), Name::node));
            let finding = self
                .finding("E0117", span, format!("`{word}` is a study, which cannot be imported"), "a study")
                .label(self.label(place, "declared here"))
                .help("a study's settings hold for its own file; import what it declares");
            self.report(finding);
            return;
        }
        if !self.tells() {
            return;
        }
        // A name in a piece that could not be read may well be declared there.
        let broken = from.parse.tree.root().descendants().filter(|node| node.kind() == SyntaxKind::Error);
        if broken
            .flat_map(|node| node.text().split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
            .any(|w| w == word)
        {
            return;
        }
        let names: Vec<&str> = self.modules[module].names.keys().copied().collect();
        let headline = format!("{} declares no `{word}`", from.shown);
        let mut finding = self.finding("E0116", span, headline, "not there");
        finding = match nearest(word, names.iter().copied()) {
            Some(near) => {
                // Where the file uses the name as it should be, nothing more is to be said about that.
                self.broken_words.insert(near);
                let uses = uses(name).map(|name| self.span(name)).collect::<Vec<_>>();
                let edits = std::iter::once(span).chain(uses).map(|span| self.edit(span, near)).collect();
                finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), edits)
            }
            None if self.std_item(word).is_some() => {
                finding.help(format!("`{word}` is part of the standard library: it needs no import"))
            }
            None if names.is_empty() => finding.help("the file declares nothing"),
            None if names.len() <= 12 => finding.help(format!("it has {}", listed(names))),
            None => finding.help("declare it there, or check its spelling"),
        };
        self.report(finding);
    }

    /// Reports a name that is imported although the file has it already.
    pub(super) fn imported_twice(&mut self, name: Name<'t>, known: Named) {
        let span = self.span(name.node());
        let (what, first) = match known.import {
            Some(import) => ("imported twice", import),
            None => ("imported and declared", self.name_span(known.item)),
        };
        let finding = self
            .finding("E0102", span, format!("`{}` is {what}", name.text()), "imported here")
            .label(self.label(first, if known.import.is_some() { "the first" } else { "declared here" }))
            .help("keep one of them");
        self.report(finding);
    }

    /// Reports grids, laws and the like of one name in several files, where all of them are carried out.
    pub(crate) fn same_names(&mut self) {
        let mut first: HashMap<(ItemKind, &'t str), usize> = HashMap::new();
        for item in 0..self.items.len() {
            let slot = &self.items[item];
            if !slot.reached || !crate::signature::is_carried_out(slot.kind) {
                continue;
            }
            let (kind, name) = (slot.kind, slot.name);
            let known = *first.entry((kind, name)).or_insert(item);
            // Within one file it is declared twice, which is said there.
            if self.items[known].file == self.items[item].file {
                continue;
            }
            let headline = format!("two {}s of this study are called `{name}`", kind.word());
            let finding = self
                .finding("E0118", self.name_span(known), headline, "one of them")
                .label(self.label(self.name_span(item), "the other"))
                .help("their results could not be told apart: give one of them another name");
            self.report(finding);
        }
    }

    /// Imported names that their file does not use, an import with such names each. As with declarations, nothing can be
    /// used before there is a grid, and beside errors it would only say what their cure makes wrong.
    pub(crate) fn lint_imports(&mut self, files: &'t [Loaded<'t>]) {
        let errors = self.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
        if errors || !self.items.iter().any(|slot| slot.kind == ItemKind::Grid && slot.reached) {
            return;
        }
        for (module, file) in files.iter().enumerate() {
            for import in file.parse.file().imports() {
                let (used, unused): (Vec<Name<'t>>, Vec<Name<'t>>) = import
                    .names()
                    .partition(|name| self.modules[module].names.get(name.text()).is_some_and(|named| named.used));
                let Some(first) = unused.first() else { continue };
                let names = listed(unused.iter().map(|name| name.text()));
                let verb = if unused.len() == 1 { "is" } else { "are" };
                let headline = format!("{names} {verb} imported and not used");
                let mut finding = self.finding("W0102", self.span(first.node()), headline, "nothing here names it");
                for name in &unused[1..] {
                    finding = finding.label(self.label(self.span(name.node()), "nor this"));
                }
                let (title, edit) = self.without_names(import, &used);
                self.report(finding.help("import what the file uses").fix(title, vec![edit]));
            }
        }
    }

    /// The edit that leaves only the names `used` in an import; nothing of it without any.
    fn without_names(&self, import: Import<'t>, used: &[Name<'t>]) -> (String, crate::diagnostic::Edit) {
        let whole = self.span(import.node());
        if used.is_empty() {
            let line_end = self.source_after(whole).starts_with('\n');
            let span = Span { end: whole.end + u32::from(line_end), ..whole };
            return ("take the import out".to_owned(), self.edit(span, ""));
        }
        let names: Vec<Name<'t>> = import.names().collect();
        let (Some(first), Some(last)) = (names.first(), names.last()) else {
            return (String::new(), self.edit(whole, ""));
        };
        let span = Span { end: self.span(last.node()).end, ..self.span(first.node()) };
        let kept = used.iter().map(|name| name.text()).collect::<Vec<_>>().join(", ");
        (format!("import only {}", listed(used.iter().map(|name| name.text()))), self.edit(span, kept))
    }

    /// Reports files that import each other in a circle, each circle once, with all of its imports.
    pub(super) fn import_cycles(&mut self, files: &'t [Loaded<'t>]) {
        let mut done = vec![false; files.len()];
        // The files on the way, each with the import that is being followed.
        let mut way: Vec<(usize, usize)> = vec![(0, 0)];
        while let Some((file, next)) = way.last().copied() {
            let Some(target) = files[file].targets.get(next) else {
                done[file] = true;
                way.pop();
                continue;
            };
            if let Some(last) = way.last_mut() {
                last.1 += 1;
            }
            let Target::File(target) = target else { continue };
            if let Some(start) = way.iter().position(|(file, _)| file == target) {
                self.import_cycle(files, &way[start..]);
            } else if !done[*target] {
                way.push((*target, 0));
            }
        }
    }

    fn import_cycle(&mut self, files: &'t [Loaded<'t>], way: &[(usize, usize)]) {
        let chain: Vec<&str> = way.iter().chain(&way[..1]).map(|(file, _)| files[*file].shown.as_str()).collect();
        let mut places: Vec<Span> = Vec::new();
        for (file, followed) in way {
            // The import followed is the one before the next.
            let import = files[*file].parse.file().imports().nth(followed.saturating_sub(1));
            places.extend(
                import.map(|import| self.span(import.path().map_or(import.node(), synx_grammar::view::Text::node))),
            );
        }
        let Some((closing, others)) = places.split_last() else { return };
        let headline = match way {
            [_] => format!("{} imports itself", chain[0]),
            _ if chain.len() <= SHOWN => format!("files import each other in a circle: {}", chain.join(" → ")),
            _ => format!("{} files import each other in a circle: {} → …", way.len(), chain[..SHOWN].join(" → ")),
        };
        let mut finding = self.finding("E0115", *closing, headline, "leads back");
        for place in others.iter().take(SHOWN) {
            finding = finding.label(self.label(*place, "imported here"));
        }
        self.report(finding.help("move what both need into a file of its own"));
    }
}

/// Where the file of an imported name uses it: all names in values that are spelt so.
fn uses(name: Name<'_>) -> impl Iterator<Item = Node<'_>> {
    use SyntaxKind as K;
    let is_use = move |node: Node<'_>| {
        let Some(parent) = node.parent() else { return false };
        let mut before = parent.children().take_while(|child| *child != node);
        match parent.kind() {
            K::Import | K::Unit | K::Pattern | K::FreeName | K::Allow => false,
            K::Item | K::Field | K::Let | K::Parameter | K::NamedArgument => {
                before.any(|child| child.kind() == K::Equals)
            }
            K::Access => !before.any(|child| child.kind() == K::Dot),
            _ => true,
        }
    };
    let names = name.node().tree().root().descendants();
    names.filter(move |node| node.kind() == K::Name && node.text() == name.text() && is_use(*node))
}
