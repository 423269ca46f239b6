//! `synx bench step`: how long a training step takes.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use synx_plan::exact::Exact;
use synx_plan::model::{Block, Model};
use synx_run::{DeviceChoice, StepRequest, StepTimings};

use crate::arguments::{DeviceArguments, TableFormat};
use crate::outcome::Outcome;
use crate::render::number::{grouped, plural};
use crate::render::{print, show_problem};

/// Time one training step of a Llama-style model: forward, backward, clipping, AdamW
#[derive(Debug, Args)]
#[command(
    after_help = "Sizes (width/layers/heads): xs 64/2/2, s 128/4/4, m 256/6/8, l 512/8/8; a layer is attention and SwiGLU.\n\n\
    Examples:\n  synx bench step --size xs\n  synx bench step --width 256 --layers 6 --heads 8 --replicas 4 --device gpu"
)]
pub struct StepArguments {
    /// A named size
    #[arg(long, value_enum, conflicts_with_all = ["width", "layers", "heads"])]
    size: Option<Size>,

    /// Width of the residual stream
    #[arg(long, value_name = "N", requires = "layers", requires = "heads", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    width: Option<u64>,

    /// Layers, each of attention and SwiGLU
    #[arg(long, value_name = "N", requires = "width", value_parser = clap::value_parser!(u64).range(1..=1024))]
    layers: Option<u64>,

    /// Attention heads
    #[arg(long, value_name = "N", requires = "width", value_parser = clap::value_parser!(u64).range(1..=1024))]
    heads: Option<u64>,

    /// Symbols of the tokenizer
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u64).range(2..=1 << 20))]
    vocab: u64,

    /// Tokens per sequence
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    context: u64,

    /// Sequences per step
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    batch: u64,

    /// Models that are stepped at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
    replicas: u64,

    #[command(flatten)]
    device: DeviceArguments,

    /// Measured steps
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    repeats: u64,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Size {
    Xs,
    S,
    M,
    L,
}

impl Size {
    /// Width, layers, heads.
    fn shape(self) -> (u64, u64, u64) {
        match self {
            Size::Xs => (64, 2, 2),
            Size::S => (128, 4, 4),
            Size::M => (256, 6, 8),
            Size::L => (512, 8, 8),
        }
    }
}

pub fn step(step: &StepArguments) -> Outcome {
    let (model, device) = match (model(step), step.device.device.parse::<DeviceChoice>()) {
        (Ok(model), Ok(device)) => (model, device),
        (Err(wrong), _) => {
            eprintln!("synx: {wrong}");
            return Outcome::Usage;
        }
        (_, Err(problem)) => {
            show_problem(&problem);
            return Outcome::Usage;
        }
    };
    let request = StepRequest {
        model,
        rows: step.batch as usize,
        replicas: step.replicas as usize,
        device,
        threads: step.device.threads.map(|threads| threads as usize),
        repeats: step.repeats as usize,
    };
    match synx_run::bench_step(&request) {
        Ok(timings) => {
            match step.format {
                TableFormat::Table => print(&text(&request, &timings)),
                TableFormat::Json => print(&format!("{:#}\n", document(&request, &timings))),
            }
            Outcome::Done
        }
        Err(problem) => show_problem(&problem),
    }
}

/// The model that is timed: layers of attention and SwiGLU, its hidden width a multiple of 32; untied head; the language's defaults for the rest.
fn model(step: &StepArguments) -> Result<Model, String> {
    let (width, layers, heads) = match (step.width, step.layers, step.heads) {
        (Some(width), Some(layers), Some(heads)) => (width, layers, heads),
        _ => step.size.unwrap_or(Size::Xs).shape(),
    };
    if !width.is_multiple_of(2 * heads) {
        return Err(format!("a width of {width} cannot be divided among {heads} heads into even parts"));
    }
    let attention = Block::Attention { heads, kv_heads: heads, head_dim: width / heads };
    let swiglu = Block::Swiglu { hidden: (width * 8).div_ceil(3).next_multiple_of(32) };
    let decimal = |numerator, denominator| Exact::ratio(numerator, denominator).unwrap_or_else(Exact::zero);
    Ok(Model {
        width,
        context: step.context,
        vocabulary: step.vocab,
        blocks: (0..layers).flat_map(|_| [attention.clone(), swiglu.clone()]).collect(),
        tied: false,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: decimal(1, 100_000),
        init_std: decimal(2, 100),
    })
}

fn text(request: &StepRequest, timings: &StepTimings) -> String {
    let model = &request.model;
    format!(
        "width {}, {} blocks, {} parameters, vocabulary {}, context {}, {} sequences, {}\n\
         on {}, class {}\n\
         step        {:.3} ms median of {} (least {:.3}, most {:.3})\n\
         throughput  {} tokens/s, {:.1} GFLOP/s exact, {} dispatches a step\n",
        model.width,
        model.blocks.len(),
        grouped(model.parameters_total()),
        model.vocabulary,
        model.context,
        request.rows,
        plural(request.replicas, "replica"),
        timings.device,
        timings.class,
        timings.step_ms_median,
        request.repeats,
        timings.step_ms_min,
        timings.step_ms_max,
        grouped(timings.tokens_per_s as u64),
        timings.gflops_exact,
        timings.dispatches,
    )
}

fn document(request: &StepRequest, timings: &StepTimings) -> Value {
    let model = &request.model;
    json!({
        "width": model.width,
        "blocks": model.blocks.len(),
        "params_total": model.parameters_total(),
        "vocab": model.vocabulary,
        "context": model.context,
        "batch": request.rows,
        "replicas": timings.replicas,
        "repeats": request.repeats,
        "device": timings.device,
        "class": timings.class,
        "step_ms_median": timings.step_ms_median,
        "step_ms_min": timings.step_ms_min,
        "step_ms_max": timings.step_ms_max,
        "tokens_per_s": timings.tokens_per_s,
        "gflops_exact": timings.gflops_exact,
        "dispatches_per_step": timings.dispatches,
    })
}
