use super::*;
use std::collections::BTreeSet;

const REGISTERS: [Register; 4] = [Register::Web, Register::Encyclopedic, Register::QuestionAnswer, Register::Textbook];

fn library(register: Register) -> Arc<Library> {
    Library::new(&World { register, documents: 0, seed: 7 })
}

/// The words that a text must hold to state a story.
fn stated(telling: &Telling) -> Vec<String> {
    let mut words = Vec::new();
    for fact in telling.story().facts {
        let statement = telling.graph().statement(fact);
        words.extend([statement.name, statement.value]);
        words.extend(statement.year);
    }
    words
}

fn assert_states(text: &str, telling: &Telling) {
    for word in stated(telling) {
        assert!(text.contains(&word), "`{word}` is not in:\n{text}");
    }
}

#[test]
fn every_fact_of_a_document_stands_in_each_of_its_renderings() {
    for register in REGISTERS {
        let library = library(register);
        for number in 0..300 {
            let telling = library.telling(number, false);
            assert_states(&telling.text(register), &telling);
            for style in REGISTERS {
                for round in 0..2 {
                    let again = telling.rephrased(style, round);
                    assert_eq!(again.story(), telling.story());
                    assert_states(&again.text(style), &telling);
                }
            }
        }
    }
}

#[test]
fn texts_are_plain_and_have_no_holes() {
    for register in REGISTERS {
        let library = library(register);
        for number in 0..500 {
            let text = library.telling(number, false).text(register);
            assert!(text.is_ascii() && text.len() > 20, "{text}");
            assert!(!text.contains(['{', '}', '[', ']']), "{text}");
            assert!(register == Register::Web || !text.contains("  ") && !text.contains(['<', '>']), "{text}");
            assert!(text.ends_with('\n'), "{text:?}");
        }
    }
}

#[test]
fn a_document_told_again_has_other_words() {
    let telling = library(Register::Web).telling(3, false);
    let texts: BTreeSet<String> =
        (0..20).map(|round| telling.rephrased(Register::Textbook, round).text(Register::Textbook)).collect();
    assert_eq!(texts.len(), 20);
    assert_eq!(telling.text(Register::Web), library(Register::Web).telling(3, true).text(Register::Web));
}

#[test]
fn documents_differ_and_the_web_has_the_longest_tail() {
    let subjects = |register| {
        let library = library(register);
        (0..2000).map(|n| library.telling(n, false).story().facts[0].subject()).collect::<BTreeSet<_>>().len()
    };
    let counts = REGISTERS.map(subjects);
    assert!(counts[0] > counts[1] && counts[1] > 4 * counts[3], "{counts:?}");
    let library = library(Register::Encyclopedic);
    let texts: BTreeSet<String> = (0..500).map(|n| library.telling(n, false).text(Register::Encyclopedic)).collect();
    assert_eq!(texts.len(), 500);
}

#[test]
fn registers_are_told_apart_by_their_bytes() {
    // Distance of byte frequencies between halves of one register against that between registers.
    let frequencies = |register, from: u64| {
        let telling = library(Register::Web);
        let mut counts = [0.0f64; 256];
        let mut all = 0.0;
        for number in from..from + 200 {
            for byte in telling.telling(number, false).rephrased(register, 0).text(register).bytes() {
                counts[usize::from(byte)] += 1.0;
                all += 1.0;
            }
        }
        counts.map(|count| count / all)
    };
    let distance = |a: [f64; 256], b: [f64; 256]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0;
    for register in REGISTERS {
        let own = distance(frequencies(register, 0), frequencies(register, 200));
        for other in REGISTERS.into_iter().filter(|other| *other != register) {
            let between = distance(frequencies(register, 0), frequencies(other, 200));
            assert!(between > 2.0 * own, "{register:?} {other:?}: {between} against {own}");
        }
    }
}

#[test]
fn worlds_of_one_seed_share_what_is_true() {
    let (web, book) = (library(Register::Web), library(Register::Textbook));
    let fact = book.telling(0, false).story().facts[0];
    assert_eq!(web.graph.statement(fact).value, book.graph.statement(fact).value);
    assert_ne!(web.telling(0, false).story(), book.telling(0, false).story());
}

#[test]
fn free_writing_states_only_what_training_documents_state() {
    let library = library(Register::Web);
    let tellings: Vec<Telling> = (0..400).map(|n| library.telling(n, n % 4 == 0)).collect();
    let facts = |held: bool| -> BTreeSet<Fact> {
        tellings.iter().filter(|t| t.held == held).flat_map(|t| t.story().facts).collect()
    };
    let (training, held) = (facts(false), facts(true));
    let held_out: BTreeSet<Fact> = held.difference(&training).copied().collect();
    assert!(held_out.len() > 100 && training.len() > 500);
    let author = Author::new(tellings.clone(), Register::Textbook).unwrap();
    let mut used = BTreeSet::new();
    for number in 0..2000 {
        let telling = author.telling(number);
        let story = telling.story();
        assert!(!story.facts.is_empty());
        assert!(story.facts.iter().all(|fact| training.contains(fact) && !held_out.contains(fact)));
        assert_eq!(story.facts.iter().collect::<BTreeSet<_>>().len(), story.facts.len());
        used.extend(story.facts);
        assert_states(&telling.text(Register::Textbook), &telling);
    }
    assert!(used.len() * 2 > training.len(), "free writing covers what is known");
    assert!(Author::new(tellings.into_iter().filter(|t| t.held).collect(), Register::Web).is_none());
}

#[test]
fn the_words_of_a_document_never_change() {
    let texts: Vec<String> = REGISTERS.iter().map(|r| library(*r).telling(1, false).text(*r)).collect();
    assert_eq!(blake3::hash(texts.concat().as_bytes()).to_hex()[..16], *"159f7ee65e1c3716");
}
