//! Texts that nobody writes: as large, as dense, as deep or as entangled as a file can be.

/// The study's file of each.
pub const FILE: &str = "study.synx";

/// A study that is meant to do harm, and what it ends in.
pub struct Hostile {
    pub name: &'static str,
    /// Paths and texts; the study's is [`FILE`].
    pub files: Vec<(String, String)>,
    /// The code of one of its findings; none where nothing is wrong with it.
    pub code: Option<&'static str>,
}

const HEAD: &str = "synx 1\n";

const PARTS: &str = "corpus web = world(register = web, documents = 20k, heldout = 2%)
corpus hq = web |> rephrase(style = encyclopedic, generator = builtin)
mixture blend(r) = r * hq + rest * web
model llama(width, depth) { blocks = [attention(heads = width / 32), swiglu(ratio = 8/3)] * depth }
recipe standard(lr) { optimizer = adamw(lr = lr) }
";

/// 100,000 cells.
const AXES: &str = "    axis r = 0..90% step 10%
    axis (width, depth) = [(64, 2), (96, 3), (128, 4), (192, 6), (256, 8)]
    axis lr = geometric(1e-4..1e-2, points = 20)
    axis tokens = 1Mi..10Mi step 1Mi
    axis replicate = 1..10 step 1
";

const FIELDS: &str =
    "    data = blend(r); model = llama(width, depth); recipe = standard(lr); evaluate = web.heldout\n";

/// All of them.
pub fn texts() -> Vec<Hostile> {
    let mut texts = large();
    texts.extend(dense());
    texts.extend(wrong());
    texts.extend(entangled());
    texts.extend(numerous());
    texts.extend(cells());
    texts
}

fn one(name: &'static str, code: &'static str, text: &str) -> Hostile {
    Hostile { name, files: vec![(FILE.to_owned(), format!("{HEAD}{text}"))], code: Some(code) }
}

fn clean(name: &'static str, text: &str) -> Hostile {
    Hostile { code: None, ..one(name, "", text) }
}

/// One line for each number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |text, i| text + &line(i) + "\n")
}

fn large() -> Vec<Hostile> {
    vec![
        one("a file of 10 MB", "E0010", &format!("let a = \"{}\"\n", "x".repeat(10 << 20))),
        one("a million open brackets", "E0010", &format!("let x = {}", "(".repeat(1_000_000))),
        one(
            "a million brackets in each other",
            "E0010",
            &format!("let x = {}{}\n", "[".repeat(500_000), "]".repeat(500_000)),
        ),
        one("a million brackets side by side", "E0010", &format!("let x = [{}]\n", "[],".repeat(500_000))),
        one("a million brackets of calls", "E0010", &format!("let x = f{}\n", "()".repeat(500_000))),
        one("a million closing braces", "E0004", &"}".repeat(1_000_000)),
        clean("a list of 1 MB", &format!("let x = [{}]\n", lines(99_999, |i| format!("{},", i + 1_000_000)))),
        clean("a text of 1.8 MB", &format!("let x = \"{}\"\n", "\\n".repeat(900_000))),
        clean("a name of 1.8 MB", &format!("let {} = 1\n", "a".repeat(1_800_000))),
    ]
}

fn dense() -> Vec<Hostile> {
    let sum = vec!["1"; 250].join("+");
    let deep = format!("{}1{}", "(1+".repeat(63), ")".repeat(63));
    vec![
        one("declarations of seven letters", "E0102", &"let a=1\n".repeat(230_000)),
        clean("semicolons", &";".repeat(1_800_000)),
        clean("comments", &"//\n".repeat(600_000)),
        clean("sums of 250 numbers", &lines(3_500, |i| format!("let a{i} = {sum}"))),
        clean("sums in brackets, 63 deep", &lines(6_000, |i| format!("let a{i} = {deep}"))),
        one("one word 450,000 times", "E0010", &format!("let x = {}true\n", "not ".repeat(450_000))),
        one("names in one list", "E0010", &format!("let x = [{}]\n", "a,".repeat(900_000))),
        one("fields of one block", "E0010", &format!("study s {{\n{}}}\n", "a=1\n".repeat(450_000))),
    ]
}

fn wrong() -> Vec<Hostile> {
    let long = "a".repeat(1000);
    vec![
        one("100,000 unknown names", "E0101", &lines(100_000, |i| format!("let a{i} = b{i}"))),
        one(
            "names that are almost known",
            "E0101",
            &lines(50_000, |i| format!("let abcdefghij{i:05} = abcdefghijk{i:05}")),
        ),
        one(
            "long names that are almost known",
            "E0101",
            &lines(850, |i| format!("let {long}{i} = {long}{}", i + 5000)),
        ),
        one("100,000 mistakes of syntax", "E0001", &lines(100_000, |i| format!("let a{i} = = {i}"))),
        one("lines that are nothing", "E0002", &"[]\n".repeat(300_000)),
        one("marks of merges", "E0009", &"<<<<<<< a\n=======\n>>>>>>> b\n".repeat(60_000)),
        one("control characters", "E0006", &"\u{1}\u{2}\u{fffd}".repeat(300_000)),
        one("a number of a million digits", "E0504", &format!("let a = {}\n", "9".repeat(1_000_000))),
    ]
}

fn entangled() -> Vec<Hostile> {
    let doubled = |first: &str, next: &dyn Fn(usize) -> String| format!("{first}\n{}", lines(60, next));
    let calls =
        |depth: usize| format!("let f0(x) = x\n{}", lines(depth, |i| format!("let f{}(x) = f{i}(x) + f{i}(x)", i + 1)));
    let circle = (0..255).map(|i| (format!("f{i}.synx"), format!("{HEAD}from \"f{}.synx\" import v\n", (i + 1) % 255)));
    let study = (FILE.to_owned(), format!("{HEAD}from \"f0.synx\" import v\nlet y = v\n"));
    let mesh = (0..100).map(|i| {
        let others = lines(100, |j| if i == j { String::new() } else { format!("from \"f{j}.synx\" import v{j}") });
        (format!("f{i}.synx"), format!("{HEAD}{others}let v{i} = 1\n"))
    });
    let into_mesh = (FILE.to_owned(), format!("{HEAD}from \"f0.synx\" import v0\nlet y = v0\n"));
    vec![
        Hostile {
            name: "255 files in a circle",
            files: std::iter::once(study).chain(circle).collect(),
            code: Some("E0115"),
        },
        Hostile {
            name: "100 files that import each other",
            files: std::iter::once(into_mesh).chain(mesh).collect(),
            code: Some("E0115"),
        },
        one(
            "a chain of 80,000 declarations",
            "E0504",
            &(lines(80_000, |i| format!("let a{i} = a{} + 1", i + 1)) + "let a80000 = 1\n"),
        ),
        one("lists that double", "E0504", &doubled("let l0 = [1]", &|i| format!("let l{} = l{i} + l{i}", i + 1))),
        one("calls that double", "E0504", &(calls(60) + "let y = f60(1)\n")),
        one("many calls that double", "E0504", &(calls(15) + &lines(20_000, |i| format!("let y{i} = f15({i})")))),
        one("squares of squares", "E0504", &doubled("let a0 = 3", &|i| format!("let a{} = a{i} * a{i}", i + 1))),
        clean(
            "numbers of forty digits",
            &lines(15_000, |i| {
                format!(
                    "let a{i} = {}.{} / {}",
                    10u128.pow(38) + i as u128,
                    7u128.pow(44) + i as u128,
                    10u128.pow(38) + 7 * i as u128
                )
            }),
        ),
    ]
}

fn numerous() -> Vec<Hostile> {
    let of = |count: usize, line: &dyn Fn(usize) -> String| format!("{PARTS}{}", lines(count, line));
    vec![
        clean("100,000 values", &lines(100_000, |i| format!("let a{i} = {i}"))),
        clean(
            "24,000 corpora",
            &lines(24_000, |i| format!("corpus c{i} = world(register = web, heldout = 2%, documents = {})", i + 1)),
        ),
        clean("40,000 mixtures", &of(40_000, &|i| format!("mixture m{i} = 1/2 * web + rest * hq"))),
        clean(
            "20,000 models",
            &lines(20_000, |i| {
                format!("model m{i} {{ width = 64; blocks = [attention(heads = 2), swiglu(ratio = 2)] }}")
            }),
        ),
        clean(
            "14,000 grids",
            &of(14_000, &|i| {
                format!(
                    "grid g{i} {{ axis tokens = [1Mi, 2Mi]; data = web; model = llama(64, 2); recipe = standard(1e-3); evaluate = web.heldout }}"
                )
            }),
        ),
        one("150,000 parameters", "E0504", &format!("let f({}) = 1\n", lines(150_000, |i| format!("p{i},")))),
        one(
            "5,000 columns of one grid",
            "E0504",
            &format!("grid g {{\nlet l0 = 1\n{}}}\n", lines(5_000, |i| format!("let l{} = l{i} + 1", i + 1))),
        ),
    ]
}

fn cells() -> Vec<Hostile> {
    let grid = |more: &str| format!("{PARTS}grid g {{\n{AXES}{more}{FIELDS}}}\n");
    let lets = "    let a = r * width * depth * lr * tokens * replicate
    let b = sqrt(a + lr) / (width + replicate)
    let c = log(b + tokens) * lr
    let d = a + b + c
";
    let conditions = lines(50, |i| format!("    where tokens * {} > lr", i + 1));
    vec![
        clean("100,000 cells", &grid("")),
        clean("100,000 cells with four columns over all axes", &grid(lets)),
        clean("100,000 cells under fifty conditions", &grid(&conditions)),
        one("two billion cells", "E0403", &grid("    axis more = 1..20000 step 1\n")),
        one("a list of a thousand billion", "E0504", "let y = [[1] * 1000000 for i in 1..1000000 step 1]\n"),
        one("steps without end", "E0504", "let z = [x for x in 1..1e300 factor 1.0000000001]\n"),
        one(
            "cells that sample all before them",
            "E0504",
            &format!(
                "{PARTS}grid g {{\n    axis round = 1..2000 step 1\n    let all = if round == 1 then [web] else g[round = round - 1].all + [sampled(g[round = round - 1], tokens = 8Mi)]\n    data = uniform(all); tokens = 1Mi; model = llama(64, 2); recipe = standard(1e-3); evaluate = web.heldout\n}}\n"
            ),
        ),
    ]
}

/// How large a study is, for people.
pub fn bytes(hostile: &Hostile) -> usize {
    hostile.files.iter().map(|(_, text)| text.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_study_and_a_name_of_its_own() {
        let texts = texts();
        let names: std::collections::BTreeSet<&str> = texts.iter().map(|hostile| hostile.name).collect();
        assert_eq!(names.len(), texts.len());
        assert!(texts.iter().all(|hostile| hostile.files.iter().any(|(path, _)| path == FILE)));
        assert!(texts.iter().any(|hostile| bytes(hostile) > 10 << 20));
    }
}
