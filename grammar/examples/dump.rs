fn main() {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut text).unwrap();
    let parse = synx_grammar::parse(&text);
    if std::env::args().any(|a| a == "-t") { println!("{:?}", parse.tree.root()); }
    let joined: String = parse.tree.root().leaves().map(|l| l.text()).collect();
    assert_eq!(joined, text);
    let index = synx_grammar::LineIndex::new(&text);
    for e in &parse.errors {
        let p = index.position(&text, e.range.start);
        println!("{}:{} {} {:?} {} | help {:?} | related {:?} | fix {:?}", p.line+1, p.chars+1, e.kind.code(), &text[e.range.clone()], e.message, e.help, e.related, e.fix);
    }
}
