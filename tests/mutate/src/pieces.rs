/// What is thrown into texts.
#[rustfmt::skip]
pub(crate) const PIECES: &[&str] = &[
    // White space and comments.
    " ", "  ", "\n", "\n\n", "\t", "\r\n", "\r", "// comment\n", " // comment\n", "//", "///", "/// doc\n",
    // Brackets and quotes.
    "{", "}", "(", ")", "[", "]", "\"", "\\", "'", "`", "\"t\"", "\"\\d\"", "((((((((", "]]]]]]]]", "(a, b,)",
    "[1, 2, 3]",
    // Operators, of this language and of others.
    ",", ";", "=", "==", "~", ":", ":=", "..", "...", ".", "|>", "|", "+", "-", "*", "**", "/", "^", "<", ">", "<=",
    "!=", "!", "&&", "||", "%", " * -2^3",
    // Words.
    "and ", "or ", "not ", "in ", "if ", " then 1", " else 1", " for x in ", "axis ", "let ", "where ", "free ",
    "assert x because \"y\"\n", "allow W0301 because \"x\"\n", "rest", "rest * ", "true", "false", " step 1",
    " factor 2", "study ", "param ", "claim ", "import ",
    // Starts and halves of what is declared.
    "synx 1\n", "from \"imports/a.synx\" import a\n", "from \"", "grid g {\n", "law l { free a; loss ~ a }\n",
    "law l {\n", "corpus c {", "corpus c = c\n", "model m(a, b = 2) {", "let f(x) = f(x)\n", "let a = a\n",
    "let x = 1\n", "axis r = [0, 1]\n",
    // Names and calls.
    "a", "x1", "tokens", "web", "web.heldout", "loss", "share[web]", "|> f()", "union(", "best(loss, over = ",
    "column(\"a\")", "columns(\"train_*\")", "sum(", "minimize(",
    // Numbers as they are written.
    "1", "0.5", "1/3", "20%", "16Ki", "64M tokens", "3e-3", "10ms",
    // What no keyboard of English has, what cannot be seen, what a merge leaves.
    "é", "e\u{301}", "§", "😀", "数据", "\u{FEFF}", "\u{202E}", "\u{A0}", "\u{FF11}", "\0", "“", "”", "…", "#",
    "<<<<<<< HEAD\n", "=======\n",
];

/// Numbers at the edges.
#[rustfmt::skip]
pub(crate) const NUMBERS: &[&str] = &[
    "0", "1", "-1", "0.5", "2", "3", "7", "1e308", "1e-308", "1e400", "1e-400", "9223372036854775807",
    "18446744073709551616", "1234567890123456789012345678901234567890", "0.0000000000000000000000000000000000000001",
    "1/3", "100%", "101%", "50%", "1T", "1Gi", "1M tokens", "1 FLOP", "64", "1..3", "0..", "1..1e9 step 1",
    "1e18 tokens", "2^64", "2^(1/3)",
];
