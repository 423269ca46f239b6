use std::time::Instant;
use synx_compiler::{Host, Options, Unread, compile};
use synx_plan::corpus::{Corpus, CorpusFacts};
struct Files(std::path::PathBuf);
impl Host for Files {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        std::fs::read(self.0.join(path)).map_err(|_| Unread::NotFound)
    }
    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        Ok(vec![pattern.to_owned()])
    }
    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        vec![None; corpora.len()]
    }
}
fn main() {
    let path = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let n: usize = std::env::args().nth(2).map_or(1, |n| n.parse().unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    let host = Files(path.parent().unwrap().to_owned());
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || {
            let mut times = Vec::new();
            let mut parses = Vec::new();
            for _ in 0..n {
                let start = Instant::now();
                let p = synx_grammar::parse(&text);
                parses.push(start.elapsed());
                drop(p);
                let start = Instant::now();
                let c = compile("study.synx", &text, &host, &Options::default());
                times.push(start.elapsed());
                if n == 1 {
                    for d in c.diagnostics.iter().take(3) {
                        println!("{} {}", d.code, d.headline);
                    }
                    println!("{} findings", c.diagnostics.len());
                }
            }
            times.sort();
            parses.sort();
            println!(
                "compile least {:?} p50 {:?}; parse least {:?} p50 {:?}",
                times[0],
                times[n / 2],
                parses[0],
                parses[n / 2]
            );
        })
        .unwrap()
        .join()
        .unwrap();
}
