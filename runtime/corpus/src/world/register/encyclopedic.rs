//! Encyclopedic: a title, whole sentences in a formal tone, sources, references to other articles.

use super::super::pen::{Pen, Rules, Told};
use super::pronoun;

pub(super) const RULES: &Rules = &[
    (
        "source",
        &[
            "the [parish|town|state] records",
            "contemporary accounts",
            "[most|several] sources",
            "the surveys of 1{d}{d}{d}",
            "[the early|later|most] editions of the [Gazetteer|Register|Atlas]",
            "[the standard works|recent studies]",
            "the letters of {e}",
        ],
    ),
    ("known", &["best known", "better documented", "most frequently described", "more [important|remarkable]"]),
];

const OPENINGS: &[&str] = &[
    "{s} is one of the <known> {ks}[| of the region| of the country].",
    "{s} belongs to the <known> {ks}[| of its time| of the region].",
    "Among {ks}, {s} [has received|has attracted|deserves] particular attention.",
    "{s} is {ak} [described|treated|mentioned] in <source>.",
    "This article [treats|describes] {s}, {ak} [known from|recorded in] <source>.",
];

const SENTENCES: &[&str] = &[
    "{r} {f}.",
    "{r} {f}.",
    "According to <source>, {r} {f}.",
    "It is [well established|generally accepted|recorded|documented] that {r} {f}.",
    "{r} {f}[, as stated in <source>|, although earlier accounts differ|, a fact noted in <source>].",
    "[Moreover|Furthermore|In addition|By all accounts], {r} {f}.",
    "{s}, [one of the <known> {ks}|{ak} of some importance], {f}.",
    "<source> [state|report|confirm] that {r} {f}.",
];

/// Of what the graph says; events have no single value.
const NOUNS: &[&str] = &[
    "The {n} of {s} is {v}.",
    "The {n} is [given as|stated to be|recorded as] {v}.",
    "As to the {n}, [{v} is found|we find {v}] in <source>.",
];

pub(super) fn write(pen: &mut Pen<'_>, facts: &[Told]) {
    let start = pen.text.len();
    pen.put(&facts[0].statement.name);
    pen.capitalise(start);
    pen.put("\n\n");
    pen.tell(OPENINGS, &facts[0], &facts[0].mention);
    let mut subject = facts[0].statement.subject;
    let mut named = true;
    let mut at = 0;
    while let Some(told) = facts.get(at) {
        if told.statement.subject != subject {
            (subject, named) = (told.statement.subject, false);
        }
        pen.put(if at > 0 && (at % 3 == 0 || !named) { "\n\n" } else { " " });
        let reference = if named && pen.draws.chance(60) { pronoun(told) } else { &told.mention };
        let following = facts.get(at + 1).filter(|next| next.statement.subject == subject);
        at += 1;
        match following {
            Some(next) if pen.draws.chance(30) => {
                pen.tell(&["{r} {f}"], told, reference);
                pen.any(&[" and ", ", and "]);
                pen.expand("{f}.", Some(next), reference);
                at += 1;
            }
            _ if !told.event && named && pen.draws.chance(25) => pen.tell(NOUNS, told, reference),
            _ => pen.tell(SENTENCES, told, reference),
        }
        named = true;
    }
    pen.put("\n\n");
    if pen.draws.chance(70) {
        pen.expand("See also: {e}[, {e}|; {e}; {e}|]\n", None, "");
    }
    pen.expand("Category: {ks}\n", Some(&facts[0]), "");
}
