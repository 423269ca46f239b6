//! Reading what is imported, each file once.

use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use synx_grammar::Parse;

use super::{folder, joined};
use crate::host::{Host, Unread};
use crate::source::Sources;
use crate::suggest::nearest;

/// How many files one study may consist of. Arbitrary; it also ends what links lead into each other without end.
pub(crate) const MAX_FILES: usize = 256;

/// How many bytes they may have together: as many as one file. Arbitrary; it bounds the memory of the trees.
pub(crate) const MAX_TEXT: usize = 8 << 20;

/// A file that was read.
pub(crate) struct Loaded<'a> {
    /// Relative to the study's folder.
    pub path: String,
    /// As it is shown: the study's path as the user gave it, others beside it.
    pub shown: String,
    pub parse: Tree<'a>,
    /// What each of its imports leads to, in their order.
    pub targets: Vec<Target>,
}

/// The tree of a file.
pub(crate) enum Tree<'a> {
    /// The study's is at hand already.
    Study(&'a Parse),
    /// An import's may be the host's, too.
    Import(Rc<Parse>),
}

impl Deref for Tree<'_> {
    type Target = Parse;

    fn deref(&self) -> &Parse {
        match self {
            Tree::Study(parse) => parse,
            Tree::Import(parse) => parse,
        }
    }
}

/// What an import leads to.
pub(crate) enum Target {
    /// A file, by its place among those that were read.
    File(usize),
    /// Nothing was written that could be looked for: the grammar has said so.
    Unwritten,
    /// There is no such file; the path of one that may have been meant.
    Missing(Option<String>),
    /// It does not end with `.synx`; the path of a file that may have been meant.
    NotSynx(Option<String>),
    Outside,
    /// No text: the line of the first byte that is not UTF-8.
    NotText(usize),
    Failed(String),
    /// One more than may be.
    TooMany,
    /// More text than may be, with it.
    TooLong(usize),
}

/// The study's file and all that it imports, itself or through others; the study's first, each once. Their texts are added to `sources`.
pub(crate) fn load<'a>(path: &str, study: &'a Parse, host: &dyn Host, sources: &mut Sources) -> Vec<Loaded<'a>> {
    let home = folder(path);
    let own = path.rsplit('/').next().unwrap_or(path);
    let source = study.tree.source();
    sources.add(path, source);
    let study = Loaded { path: own.to_owned(), shown: path.to_owned(), parse: Tree::Study(study), targets: Vec::new() };
    let mut files = vec![study];
    let mut known: HashMap<String, usize> = HashMap::from([(own.to_owned(), 0)]);
    let mut bytes = source.len();
    let mut at = 0;
    while at < files.len() {
        let within = folder(&files[at].path).to_owned();
        let written: Vec<Option<String>> = files[at]
            .parse
            .file()
            .imports()
            .map(|import| import.path().filter(|path| !path.node().has_error()).map(synx_grammar::view::Text::value))
            .collect();
        for path in written {
            let Some(path) = path.filter(|path| !path.is_empty()) else {
                files[at].targets.push(Target::Unwritten);
                continue;
            };
            let (path, written) = (joined(&within, &path), path);
            if let Some(file) = known.get(&path) {
                files[at].targets.push(Target::File(*file));
                continue;
            }
            let target = match text(&path, &written, host, (files.len(), bytes)) {
                Ok(text) => {
                    bytes += text.len();
                    let shown = joined(home, &path);
                    known.insert(path.clone(), files.len());
                    let parse = Tree::Import(host.parse(&path, &text));
                    sources.add(shown.clone(), text);
                    files.push(Loaded { path, shown, parse, targets: Vec::new() });
                    Target::File(files.len() - 1)
                }
                Err(target) => target,
            };
            files[at].targets.push(target);
        }
        at += 1;
    }
    files
}

/// The text of a file to be imported, as `written`, beside `files` others of `bytes` bytes.
fn text(path: &str, written: &str, host: &dyn Host, (files, bytes): (usize, usize)) -> Result<String, Target> {
    if files >= MAX_FILES {
        return Err(Target::TooMany);
    }
    if !path.ends_with(".synx") {
        return Err(Target::NotSynx(meant(path, written, host)));
    }
    let read = host.read(path).map_err(|unread| match unread {
        Unread::NotFound => Target::Missing(meant(path, written, host)),
        Unread::Outside => Target::Outside,
        Unread::Failed(why) => Target::Failed(why),
    })?;
    if bytes + read.len() > MAX_TEXT {
        return Err(Target::TooLong(bytes + read.len()));
    }
    String::from_utf8(read).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Target::NotText(error.as_bytes()[..at].split(|byte| *byte == b'\n').count())
    })
}

/// A file in the same folder that is called almost like one that is not there, as the import would write it.
fn meant(path: &str, written: &str, host: &dyn Host) -> Option<String> {
    let within = folder(path);
    let pattern = if within.is_empty() { "*.synx".to_owned() } else { format!("{within}/*.synx") };
    let there = host.matches(&pattern).ok()?;
    let names: Vec<&str> = there.iter().filter_map(|file| file.rsplit(['/', '\\']).next()).collect();
    let name = path.rsplit('/').next().unwrap_or(path);
    let with_ending = format!("{name}.synx");
    let near =
        names.iter().copied().find(|there| *there == with_ending).or_else(|| nearest(name, names.iter().copied()))?;
    let before = written.rfind('/').map_or("", |at| &written[..=at]);
    Some(format!("{before}{near}"))
}
