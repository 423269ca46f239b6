#![allow(clippy::unwrap_used)]
struct Folder;
impl synx_compiler::Host for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, synx_compiler::Unread> {
        std::fs::read(path).map_err(|_| synx_compiler::Unread::NotFound)
    }
    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        Ok(vec![pattern.to_owned()])
    }
    fn facts(&self, corpora: &[synx_plan::corpus::Corpus]) -> Vec<Option<synx_plan::corpus::CorpusFacts>> {
        vec![None; corpora.len()]
    }
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let source = std::fs::read_to_string(&args[1]).unwrap();
    let c = synx_compiler::compile(&args[1], &source, &Folder, &Default::default());
    for d in &c.diagnostics {
        println!("{}", synx_compiler::diagnostic::concise(d, &c.sources));
        for l in &d.labels {
            println!("    [{}] {:?} {}", l.file, &source.get(l.range.clone()), l.text);
        }
        for n in &d.notes {
            println!("    note: {n}");
        }
        if let Some(h) = &d.help {
            println!("    help: {h}");
        }
    }
    for g in c.plan.iter().flat_map(|p| &p.grids) {
        println!("{} {}", g.name, g.cells.len());
    }
    for d in &args[2..] {
        let e = synx_compiler::explain(&args[1], &source, &Folder, &Default::default(), d);
        println!("{e:?}");
    }
}
