//! Families: one declaration for many corpora, one for each file.

use std::rc::Rc;

use synx_plan::corpus::{Content, CorpusId, Files};

use crate::block::Fields;
use crate::compiler::Compiler;
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

/// How many corpora a family may have. Arbitrary: ten times what the largest published swarm mixes.
const MOST: usize = 2000;

/// The corpora of a family, by the names of its members.
#[derive(Debug)]
pub(crate) struct Family {
    pub name: Rc<str>,
    pub members: Vec<Member>,
}

#[derive(Debug)]
pub(crate) struct Member {
    /// Its name in the family: `arxiv`.
    pub name: Rc<str>,
    pub corpus: CorpusId,
    /// Its name in results: `pile.arxiv`.
    pub full: Rc<str>,
}

impl Family {
    /// Its corpora as a list.
    pub(crate) fn list(&self) -> Value {
        Value::items(self.members.iter().map(Member::value).collect())
    }

    fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| &*member.name == name)
    }
}

impl Member {
    fn value(&self) -> Value {
        Value::Corpus(self.corpus, Rc::clone(&self.full))
    }
}

impl<'t> Compiler<'t> {
    /// The family that a block declares.
    pub(crate) fn family_block(&mut self, fields: &Fields<'t>, name: &Rc<str>) -> Value {
        let heldout = fields.get(self, "heldout");
        let heldout = self.heldout(heldout);
        let Some((files, at)) = fields.required(self, "family", "files") else { return Value::Error };
        let Some(patterns) = self.patterns(&files, at, fields) else { return Value::Error };
        let named = self.naming(fields);
        let text = fields.get(self, "text");
        let split = fields.choice(self, "split", crate::signature::SPLITS);
        let price = self.price_field(fields);
        let places: Vec<Span> = patterns.iter().flat_map(|p| p.files.iter().map(|_| p.span)).collect();
        let paths: Vec<String> = patterns.iter().flat_map(|pattern| pattern.files.iter().cloned()).collect();
        let (Some(kind), Some(heldout), Some(price)) = (self.files(patterns, text, split, fields.span), heldout, price)
        else {
            return Value::Error;
        };
        let Some(naming) = named else { return Value::Error };
        if paths.len() > MOST {
            let headline = format!("a family has at most {MOST} corpora, these are {} files", paths.len());
            let finding = self.finding("E0320", at, headline, "too many").help("declare one corpus of all files");
            return self.report(finding);
        }
        let mut members: Vec<(Member, Span)> = Vec::new();
        for (path, place) in paths.into_iter().zip(places) {
            let member: Rc<str> = naming.name(&path).into();
            if let Some((_, first)) = members.iter().find(|(known, _)| known.name == member) {
                let first = *first;
                let mut finding = self
                    .finding(
                        "E0320",
                        naming.span.unwrap_or(place),
                        format!("two files of `{name}` are called `{member}`"),
                        "not told apart",
                    )
                    .note(format!("one of them is `{path}`"))
                    .help("say the name with more of the path: `name = \"{folder}_{stem}\"`");
                if first != place {
                    finding = finding.label(self.label(first, "the first of them"));
                }
                return self.report(finding);
            }
            let full: Rc<str> = format!("{name}.{member}").into();
            let content = Content::Files(Files { patterns: vec![path], ..kind.clone() });
            let span = fields.span;
            let made = self.made(content, heldout.clone(), full.to_string(), span);
            let Value::Corpus(corpus, _) = self.declared_corpus(&made, &full, span, span) else { return Value::Error };
            if let Some(price) = &price {
                self.corpora.set_price(corpus, price.clone());
            }
            members.push((Member { name: member, corpus, full }, place));
        }
        let members = members.into_iter().map(|(member, _)| member).collect();
        Value::Family(Rc::new(Family { name: Rc::clone(name), members }))
    }

    /// How the members of a family are named: by the file's name, its folder, or a text of both.
    fn naming(&mut self, fields: &Fields<'t>) -> Option<Naming> {
        let Some(span) = fields.place(self, "name") else {
            return Some(Naming { text: "{stem}".to_owned(), span: None });
        };
        let (given, _) = fields.word(self, "name", crate::signature::NAMINGS)?;
        let text = match &given {
            Value::Text(word) if crate::signature::NAMINGS.contains(&&**word) => format!("{{{word}}}"),
            Value::Text(text) => text.to_string(),
            other => {
                self.expected(span, "`stem`, `folder` or a text", other);
                return None;
            }
        };
        let rest = text.replace("{stem}", "").replace("{folder}", "");
        if rest == text || rest.contains(['{', '}']) {
            let finding = self
                .finding("E0320", span, "this names all files of the family alike", "without `{stem}` and `{folder}`")
                .help("`name = stem` takes the file's name without its ending; a text may use `{stem}` and `{folder}`");
            self.report(finding);
            return None;
        }
        Some(Naming { text, span: Some(span) })
    }

    /// `pile["arxiv"]`.
    pub(crate) fn family_index(&mut self, family: &Family, key: &Value, span: Span) -> Value {
        match key {
            Value::Text(name) => self.family_member(family, name, span),
            Value::Error => Value::Error,
            other => self.expected(span, &format!("the name of a corpus of `{}`", family.name), other),
        }
    }

    /// `pile.arxiv`, `pile.heldout`.
    pub(crate) fn family_member(&mut self, family: &Family, name: &str, span: Span) -> Value {
        if let Some(member) = family.member(name) {
            return member.value();
        }
        if name == "heldout" {
            let parts = family.members.iter().map(|member| self.heldout_domain(member.corpus, &member.full, span));
            let parts: Vec<Value> = parts.collect();
            return if parts.iter().any(Value::is_error) { Value::Error } else { Value::items(parts) };
        }
        let names = || family.members.iter().map(|member| &*member.name);
        let mut finding =
            self.finding("E0325", span, format!("`{}` has no corpus `{name}`", family.name), "not in the family");
        finding = match nearest(name, names()) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None if family.members.len() <= 12 => finding.help(format!("it has {}", listed(names()))),
            None => {
                finding.help(format!("it has {} and {} others", listed(names().take(10)), family.members.len() - 10))
            }
        };
        self.report(finding)
    }
}

/// A pattern for names.
struct Naming {
    text: String,
    span: Option<Span>,
}

impl Naming {
    fn name(&self, path: &str) -> String {
        let mut parts = path.rsplit(['/', '\\']);
        let file = parts.next().unwrap_or(path);
        let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or(file);
        self.text.replace("{stem}", stem).replace("{folder}", parts.next().unwrap_or_default())
    }
}
