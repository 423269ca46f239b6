fn time(name: &str, text: &str) {
    let cpu = || std::fs::read_to_string("/proc/self/schedstat").unwrap().split(' ').next().unwrap().parse::<u64>().unwrap();
    let t = cpu();
    let p = synx_grammar::parse(text);
    let d = std::time::Duration::from_nanos(cpu() - t);
    let rss = std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmHWM")).unwrap().to_owned();
    println!("{name:28} {:8.2} MB {:8.3} s {:7.1} MB/s nodes {} errors {} {}", text.len() as f64/1e6, d.as_secs_f64(), text.len() as f64/1e6/d.as_secs_f64(), p.tree.len(), p.errors.len(), rss);
}
fn main() {
    let tour = include_str!("../tests/fixtures/tour.synx").replace("synx 1 ", "// synx 1 ");
    let studies = include_str!("../tests/fixtures/isoflop.synx").replace("synx 1\n", "");
    time("warm", &tour);
    let both = format!("{tour}\n{studies}\n");
    time("valid long", &both.repeat(500));
    let mut one = String::from("grid g {\n"); for i in 0..100_000 { one.push_str(&format!("    field_{i} = blend(web, 1/3) |> take(20%)\n")); } one.push('}');
    time("1e5 lines one block", &one);
    let mut lines = String::new(); for i in 0..100_000 { lines.push_str(&format!("let field_{i} = blend(web, 1/3) |> take(20%)\n")); }
    time("1e5 lines items", &lines);
    time("open 1e6", &"[".repeat(1_000_000));
    time("close 1e7", &"]".repeat(10_000_000));
    time("braces lines 10MB", &"}\n".repeat(5_000_000));
    time("braces 1e7", &"}".repeat(10_000_000));
    time("one list 10MB", &format!("let x = [{}]", "1,".repeat(5_000_000)));
    time("one list 1MB", &format!("let x = [{}]", "1,".repeat(500_000)));
    time("sum 10MB", &format!("let x = {}1", "1+".repeat(5_000_000)));
    time("sum 1MB", &format!("let x = {}1", "1+".repeat(500_000)));
    time("ifs 10MB", &format!("let x = {}", "if ".repeat(3_300_000)));
    time("ifs 1MB", &format!("let x = {}", "if ".repeat(330_000)));
    time("minus 1MB", &format!("let x = {}", "-".repeat(1_000_000)));
    time("dots 1MB", &format!("let x = a{}", ".b".repeat(500_000)));
    time("calls 1MB", &format!("let x = a{}", "()".repeat(500_000)));
    time("idx 10MB", &format!("let x = a{}", "[1]".repeat(3_300_000)));
    time("quotes 10MB", &"\"".repeat(10_000_000));
    time("quote lines 10MB", &"\"\n".repeat(5_000_000));
    time("docs 10MB", &"/// x\n".repeat(1_700_000));
    time("comments in list", &format!("let x = [\n{}]", "// x\n".repeat(200_000)));
    time("comments after value", &format!("grid g {{ a = 1\n{}}}", "// x\n".repeat(200_000)));
    time("newlines", &"\n".repeat(10_000_000));
    time("junk", &"@#$%^&*! ".repeat(1_100_000));
    time("junk lines", &"@#$%^&*!\n".repeat(1_100_000));
    time("kind name(", &"grid g(\n".repeat(1_250_000));
    time("kind name( one line", &"grid g(".repeat(140_000));
    time("nested block junk", &"a {".repeat(60).repeat(1));
    time("blocks 60 x", &format!("{}\n", format!("{}{}", "a {".repeat(60), "}".repeat(60))).repeat(20_000));
    time("parens 60 x", &format!("let a = {}1{}\n", "(".repeat(60), ")".repeat(60)).repeat(20_000));
    time("unclosed 60 x", &format!("let a = {}1\n", "(".repeat(60)).repeat(20_000));
    time("binary", &"\u{0}\u{1}é".repeat(2_500_000));
    time("grid g { a", &"grid g { a = \n".repeat(700_000));
}
