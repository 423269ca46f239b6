//! `synx graph FILE`: what a study is made of, as a picture.

use clap::{Args, ValueEnum};

use crate::arguments::StudyArguments;
use crate::graph::{Graph, dot, mermaid, svg};
use crate::outcome::Outcome;
use crate::render::print;
use crate::study::Planned;

/// Draw what a study is made of: corpora, mixtures, grids, laws, claims, figures
#[derive(Debug, Args)]
#[command(after_help = "Reads no data: sizes are those of the last scan.\n\n\
    Examples:\n  synx graph study.synx --format svg > study.svg\n  synx graph study.synx | dot -Tpdf > study.pdf")]
pub struct GraphArguments {
    #[command(flatten)]
    study: StudyArguments,

    /// The form
    #[arg(long, value_enum, default_value_t = GraphFormat::Dot)]
    format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// For Graphviz
    Dot,
    /// For Markdown on many forges
    Mermaid,
    /// A picture
    Svg,
}

pub fn graph(arguments: &GraphArguments) -> Outcome {
    let Planned { plan, .. } = match Planned::open(&arguments.study) {
        Ok(planned) => planned,
        Err(outcome) => return outcome,
    };
    let graph = Graph::of(&plan);
    print(&match arguments.format {
        GraphFormat::Dot => dot(&graph),
        GraphFormat::Mermaid => mermaid(&graph),
        GraphFormat::Svg => svg(&graph),
    });
    Outcome::Done
}
