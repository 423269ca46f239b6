//! What is known of families of corpora and of the models that write text.

use std::fmt::Write as _;

use synx_plan::corpus::{Content, Endpoint, Generator};
use synx_plan::exact::Exact;
use synx_plan::grid::readable;
use synx_plan::number::count;

use crate::corpus::Family;
use crate::ide::analysis::Analysis;

/// How many members or corpora one pointer shows. Arbitrary: what fits a window.
const SHOWN: usize = 24;

impl Analysis {
    /// The members of a family with their sizes, and all of them together.
    pub(super) fn describe_family(&self, text: &mut String, family: &Family) {
        // The plan has the corpora that something uses, by their names in results.
        let facts = |name: &str| {
            let plan = self.plan.as_ref()?;
            let place = plan.corpora.iter().position(|corpus| corpus.name == name)?;
            Some(plan.facts.get(place)?.as_ref())
        };
        text.push_str("\n| member | documents | tokens | held out |\n| --- | ---: | ---: | ---: |\n");
        for member in family.members.iter().take(SHOWN) {
            let sizes = match facts(&member.full) {
                Some(Some(facts)) => {
                    let held_out = match facts.heldout.tokens {
                        0 => "–".to_owned(),
                        tokens => count(tokens as f64),
                    };
                    let (documents, tokens) = (facts.training.documents as f64, facts.training.tokens as f64);
                    format!("{} | {} | {held_out}", count(documents), count(tokens))
                }
                Some(None) => "not scanned | not scanned | –".to_owned(),
                None => "– | – | –".to_owned(),
            };
            let _ = writeln!(text, "| {} | {sizes} |", member.name.replace('|', "\\|"));
        }
        if family.members.len() > SHOWN {
            let _ = writeln!(text, "\nand {} more", family.members.len() - SHOWN);
        }
        let all: Option<Vec<u64>> =
            family.members.iter().map(|member| Some(facts(&member.full)??.training.tokens)).collect();
        if let Some(all) = all {
            let _ = writeln!(text, "\n{} tokens to train on together", count(all.iter().sum::<u64>() as f64));
        }
    }

    /// Which model writes, where, at what price, and the corpora that it writes.
    pub(super) fn describe_generator(&self, text: &mut String, generator: &Endpoint) {
        text.push_str("\n| | |\n| --- | --- |\n");
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "| {name} | {} |", value.replace('|', "\\|"));
        };
        row("model", generator.model.clone());
        row("endpoint", generator.endpoint.clone());
        let million = Exact::from(1_000_000_u64);
        let price = |price: &Exact| format!("{} USD / 1M tokens", readable(&price.mul(&million)));
        row("price", generator.price.as_ref().map_or_else(|| "not said".to_owned(), price));
        row("answers of at most", format!("{} tokens", generator.max_tokens));
        let Some(plan) = &self.plan else { return };
        let written: Vec<(&str, Option<u64>)> = plan
            .corpora
            .iter()
            .filter_map(|corpus| {
                let (by, tokens) = match &corpus.content {
                    Content::Rephrase { generator: Generator::Endpoint(by), tokens, .. } => (&**by, *tokens),
                    Content::Write { generator: Generator::Endpoint(by), tokens, .. } => (&**by, Some(*tokens)),
                    Content::Prompted { generator: by, tokens, .. } => (by, Some(*tokens)),
                    _ => return None,
                };
                (by == generator).then_some((corpus.name.as_str(), tokens))
            })
            .collect();
        if written.is_empty() {
            return;
        }
        text.push_str("\n| writes | tokens | for |\n| --- | ---: | ---: |\n");
        for (name, tokens) in written.iter().take(SHOWN) {
            let size = tokens.map_or_else(|| "as many as it rephrases".to_owned(), |tokens| count(tokens as f64));
            let paid = generator.price.as_ref().zip(*tokens);
            let paid = paid.map(|(price, tokens)| format!("{:.2} USD", price.mul(&Exact::from(tokens)).to_f64()));
            let _ = writeln!(text, "| {} | {size} | {} |", name.replace('|', "\\|"), paid.unwrap_or("–".to_owned()));
        }
    }
}
