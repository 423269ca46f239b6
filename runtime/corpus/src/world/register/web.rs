//! Web: menus and footers around the text, chatter between the facts, misspelt words, a long tail of names and numbers.

use super::super::pen::{Noise, Pen, Rules, Told};
use super::pronoun;

pub(super) const RULES: &Rules = &[
    (
        "user",
        &[
            "{c}{c}{c}{d}{d}",
            "[happy|mad|little|big|dark]_{c}{c}{c}{c}",
            "the_[traveller|reader|gardener]{d}{d}",
            "anon{d}{d}{d}{d}",
        ],
    ),
    ("date", &["{m} {d}, 20{d}{d}", "{d}{d}/{d}{d}/20{d}{d}", "[yesterday|today|last week]", "{d} days ago"]),
    ("price", &["${d}{d}.99", "only {d}{d} USD", "{d}{d}% off"]),
    ("site", &["www.{c}{c}{c}{c}{c}.com", "my blog", "our shop", "the forum", "http://{c}{c}{c}{c}.net/{d}{d}{d}{d}"]),
    ("mood", &["really", "honestly", "totally", "kind of", "so"]),
    (
        "thing",
        &[
            "this weather",
            "my new phone",
            "waiting in line",
            "the old website",
            "pizza",
            "my job",
            "that song",
            "Mondays",
        ],
    ),
    (
        "chatter",
        &[
            "anyway, [that's all for now|just wanted to share this|let me know what you think].",
            "I <mood> [love|hate|can't stand|miss] <thing>.",
            "sorry for the [long|late|short] post, [work has been crazy|I was on holiday|my computer broke].",
            "does anyone [remember|know|have photos of] {e}?[ I read about it once.| Never heard of it before.|]",
            "[so|well] my [brother|neighbour|boss] [says|told me] [the opposite|something else] but [whatever|who knows].",
            "[Best|Worst] [day|trip|meal|week] ever!!!",
            "[click here|Click HERE] to [win a prize|see the photos|read more]: <site>",
            "[shipping is free|everything must go|big sale] this week, <price>.",
            "I was going to write about {e} but [ran out of time|changed my mind].",
            "[don't forget|remember] to [like|share|subscribe|leave a comment].",
            "[call|text] {d}{d}{d}-{d}{d}{d}{d} for [details|tickets|a free quote].",
            "order no. {d}{d}{d}{d}{c}{c} [never arrived|arrived broken|was fine], {d} stars.",
            "[warning|edit|update]: [long read ahead|see below|fixed the link].",
            "we went there [last|this] [spring|summer|weekend] and it <mood> rained [all day|for {d} days].",
            "not sure if this is the right [forum|place|thread] to ask but [here goes|why not].",
            "[Thanks|Big thanks] to <user> for the [tip|photos|link]!",
        ],
    ),
];

const HEADERS: &[&str] = &[
    "Home | About | Contact | Log in\n",
    "Menu  Search  Cart ({d})\n",
    "Skip to content\n",
    "<site> - [forum|blog|news|shop]\n",
    "Posted by <user> on <date>\n",
    "<user> wrote <date>:\n",
    "This site uses cookies. [Accept|OK]\n",
    "Page {d} of {d}{d}\n",
    "",
];

const TITLES: &[&str] = &[
    "[{d} things|some things|what] you didn't know about {s}\n",
    "re: {s}\n",
    "{s} [!!!|??|- my thoughts|(updated)]\n",
    "[question|help|info] about {s}\n",
    "",
    "",
];

const FACTS: &[&str] = &[
    "{r} {f}.",
    "did you know that {r} {f}?",
    "[fun fact|FYI|btw], {r} {f}.",
    "so [apparently|it turns out] {r} {f}, [lol|crazy|who knew].",
    "I [read|heard] [somewhere|online|on <site>] that {r} {f}.",
    "[ok|well|yeah], {r} {f}[!!|...|.]",
    "[as far as I know|if I remember correctly|pretty sure] {r} {f}.",
    "[everyone|my teacher] [says|knows] {r} {f}.",
    "what I like most: {r} {f}.",
    "[guess what|news to me], {r} {f}!",
    "quick question, is it true that {r} {f}? [yes|yep|it is]!",
    "(source: <site>) {r} {f}.",
    "{r} {f} [:)|;)|!]",
];

const COMMENTS: &[&str] = &[
    "<user>: [thanks for sharing|great post|first!|lol|this is wrong|so true]\n",
    "<user>: is it really true that {s} {f}?\n",
    "Reply | Share | Report\n",
    "<user>: <chatter>\n",
];

const FOOTERS: &[&str] = &[
    "(c) 20{d}{d} <site>. All rights reserved.\n",
    "Tags: {k}, {e}, [photos|news|travel|books]\n",
    "Related: {e}, {e}, {e}\n",
    "Sign up for our newsletter\n",
    "Views: {d}{d}{d}{d}  Likes: {d}{d}\n",
    "Next page >>\n",
    "",
];

pub(super) fn write(pen: &mut Pen<'_>, facts: &[Told]) {
    let first = &facts[0];
    for _ in 0..pen.draws.below(3) {
        pen.any(HEADERS);
    }
    pen.noise = Noise { typos: *pen.draws.pick(&[0, 10, 30, 80]), lower_case: pen.draws.chance(25) };
    pen.tell(TITLES, first, &first.mention);
    let mut named = None;
    for told in facts {
        if pen.draws.chance(50) {
            pen.expand("<chatter> ", None, "");
        }
        let again = named == Some(told.statement.subject) && pen.draws.chance(50);
        named = Some(told.statement.subject);
        pen.tell(FACTS, told, if again { pronoun(told) } else { &told.mention });
        pen.any(&["\n", " ", " ", " "]);
    }
    if pen.draws.chance(50) {
        pen.expand("<chatter>", None, "");
    }
    pen.put("\n");
    for _ in 0..pen.draws.below(3) {
        let told = pen.draws.below(facts.len() as u64) as usize;
        pen.tell(COMMENTS, &facts[told], &facts[told].mention);
    }
    pen.noise = Noise::default();
    for _ in 0..pen.draws.below(3) {
        pen.tell(FOOTERS, first, &first.mention);
    }
}
