//! `synx bench step`: how long a training step takes, beside PyTorch's.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use synx_plan::problem::Problem;
use synx_run::{DeviceChoice, StepRequest, StepTimings};

use super::peer::{PeerArguments, ask};
use super::shape::{Shape, ShapeArguments};
use crate::arguments::{DeviceArguments, TableFormat};
use crate::outcome::Outcome;
use crate::render::number::{bytes, grouped, plural};
use crate::render::{print, show_problem};

const SCRIPT: &str = include_str!("peers/step.py");

/// Time training steps of a Llama-style model: forward, backward, clipping, AdamW
#[derive(Debug, Args)]
#[command(
    after_help = "Sizes (width/layers/heads): xs 64/2/2, s 128/4/4, m 256/6/8, l 512/8/8, 124m 768/12/12; a layer is attention and SwiGLU.\n\
    PyTorch trains the same models on the same device, a step of each in turn; in bf16 and f16 under its autocast.\n\n\
    Examples:\n  synx bench step --size xs,s\n  synx bench step --width 256 --layers 6 --heads 8 --replicas 4 --device gpu\n  \
    synx bench step --size s --threads 2 --rounds 5 --against torch,torch-compile --python ~/peers/bin/python --format json\n  \
    synx bench step --size xs,s --replicas 1,8,64,256 --device gpu --against torch,torch-compile,torch-graphs"
)]
pub struct StepArguments {
    #[command(flatten)]
    shape: ShapeArguments,

    /// Models that are stepped at once, one measurement each
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1], value_parser = clap::value_parser!(u64).range(1..=1024))]
    replicas: Vec<u64>,

    #[command(flatten)]
    device: DeviceArguments,

    /// Measured steps of a round
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    repeats: u64,

    /// Rounds, in each of which ours and the peers are measured in turn
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rounds: u64,

    /// Peers to run too
    #[arg(long, value_enum, value_name = "PEER", value_delimiter = ',')]
    against: Vec<Peer>,

    #[command(flatten)]
    peer: PeerArguments,

    /// How it is printed; JSON as an object a line
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Peer {
    /// PyTorch, operation by operation
    Torch,
    /// With torch.compile
    TorchCompile,
    /// With each step recorded as a CUDA graph
    TorchGraphs,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Peer::Torch => "torch",
            Peer::TorchCompile => "torch-compile",
            Peer::TorchGraphs => "torch-graphs",
        }
    }
}

/// What a peer took for all replicas: medians of rounds in milliseconds, sorted.
struct Beside {
    name: &'static str,
    version: String,
    rounds: Vec<f64>,
}

/// What one size came to with one number of replicas.
struct Measured<'a> {
    shape: &'a Shape,
    replicas: u64,
    /// Of each round.
    ours: Vec<StepTimings>,
    beside: Vec<Beside>,
}

pub fn step(arguments: &StepArguments) -> Outcome {
    let (shapes, device) = match arguments.shape.on(&arguments.device.device) {
        Ok(both) => both,
        Err(outcome) => return outcome,
    };
    if arguments.against.contains(&Peer::TorchGraphs) && torch_device(&device) != "cuda" {
        eprintln!("synx: torch-graphs records CUDA graphs: it needs a graphics card, and `--device gpu` to take it");
        return Outcome::Usage;
    }
    let all = shapes.iter().flat_map(|shape| arguments.replicas.iter().map(move |replicas| (shape, *replicas)));
    let measured = check_peers(arguments, &shapes[0], &device).and_then(|()| {
        for (shape, replicas) in all {
            let measured = measure(arguments, shape, replicas, &device)?;
            match arguments.format {
                TableFormat::Table => print(&text(arguments, &measured)),
                TableFormat::Json => lines(arguments, &measured).iter().for_each(|line| print(&format!("{line}\n"))),
            }
        }
        Ok(())
    });
    match measured {
        Ok(()) => Outcome::Done,
        Err(problem) => show_problem(&problem),
    }
}

/// Whether the peers can do what is asked of them, before anything is timed.
fn check_peers(arguments: &StepArguments, shape: &Shape, device: &DeviceChoice) -> Result<(), Problem> {
    for peer in &arguments.against {
        let words = [peer.name(), "check", shape.precision.name(), torch_device(device)];
        ask(&arguments.peer.python, SCRIPT, &words.map(str::to_owned))?;
    }
    Ok(())
}

/// PyTorch's name of the device.
fn torch_device(device: &DeviceChoice) -> &'static str {
    match device {
        DeviceChoice::Auto | DeviceChoice::Cpu => "cpu",
        DeviceChoice::Gpu | DeviceChoice::Named(_) => "cuda",
    }
}

fn measure<'a>(
    arguments: &StepArguments,
    shape: &'a Shape,
    replicas: u64,
    device: &DeviceChoice,
) -> Result<Measured<'a>, Problem> {
    let request = StepRequest {
        model: shape.model.clone(),
        precision: shape.precision,
        rows: shape.rows as usize,
        replicas: replicas as usize,
        device: device.clone(),
        threads: arguments.device.threads.map(|threads| threads as usize),
        repeats: arguments.repeats as usize,
    };
    let beside = arguments.against.iter();
    let beside = beside.map(|peer| Beside { name: peer.name(), version: String::new(), rounds: Vec::new() }).collect();
    let mut measured = Measured { shape, replicas, ours: Vec::new(), beside };
    for _ in 0..arguments.rounds {
        measured.ours.push(synx_run::bench_step(&request)?);
        for beside in &mut measured.beside {
            let words = peer_words(arguments, beside.name, shape, replicas, device);
            let answer = ask(&arguments.peer.python, SCRIPT, &words)?;
            let times = answer.said["steps_ms"].as_array().into_iter().flatten().filter_map(Value::as_f64);
            beside.rounds.push(median(times.collect()));
            answer.said["version"].as_str().unwrap_or_default().clone_into(&mut beside.version);
        }
    }
    measured.beside.iter_mut().for_each(|beside| beside.rounds.sort_by(f64::total_cmp));
    Ok(measured)
}

fn peer_words(
    arguments: &StepArguments,
    name: &str,
    shape: &Shape,
    replicas: u64,
    device: &DeviceChoice,
) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let model = &shape.model;
    let numbers = [
        model.width,
        shape.layers,
        shape.heads,
        shape.hidden,
        model.vocabulary,
        model.context,
        shape.rows,
        arguments.device.threads.unwrap_or(cores),
        arguments.repeats,
        replicas,
    ];
    let mut words = vec![name.to_owned()];
    words.extend(numbers.iter().map(ToString::to_string));
    words.extend([shape.precision.name(), torch_device(device)].map(str::to_owned));
    words
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    if values.is_empty() {
        return f64::NAN;
    }
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

impl Measured<'_> {
    /// The median of rounds, and the least and the most of all steps.
    fn own(&self) -> (f64, f64, f64) {
        let of = |what: fn(&StepTimings) -> f64| self.ours.iter().map(what);
        let least = of(|t| t.step_ms_min).fold(f64::INFINITY, f64::min);
        let most = of(|t| t.step_ms_max).fold(0.0, f64::max);
        (median(of(|t| t.step_ms_median).collect()), least, most)
    }

    /// What a step does in a second at a time of it: tokens of all replicas, and 1e9 floating-point operations by the exact convention.
    fn rates(&self, step_ms: f64) -> (f64, f64) {
        let first = &self.ours[0];
        let slower = first.step_ms_median / step_ms;
        (first.tokens_per_s * slower, first.gflops_exact * slower)
    }
}

fn text(arguments: &StepArguments, measured: &Measured<'_>) -> String {
    let (shape, ours) = (measured.shape, &measured.ours[0]);
    let (step, least, most) = measured.own();
    let (tokens, gflops) = measured.rates(step);
    let of = match measured.ours.len() {
        1 => arguments.repeats.to_string(),
        rounds => format!("{rounds} rounds of {}", arguments.repeats),
    };
    // A process of several sizes had its most in one of them.
    let resident = ours.resident_bytes.map(|most| format!(", the process has had {}", bytes(most)));
    let mut text = format!(
        "{}: width {}, {} blocks, {} parameters, vocabulary {}, context {}, {} sequences, {}\n\
         on {}, class {}\n\
         step           {step:.3} ms median of {of} (least {least:.3}, most {most:.3})\n\
         throughput     {} tokens/s, {gflops:.1} GFLOP/s exact, {} dispatches a step\n\
         memory         {} planned{}\n",
        shape.name,
        shape.model.width,
        shape.model.blocks.len(),
        grouped(shape.model.parameters_total()),
        shape.model.vocabulary,
        shape.model.context,
        shape.rows,
        plural(measured.replicas as usize, "replica"),
        ours.device,
        ours.class,
        grouped(tokens as u64),
        ours.dispatches,
        bytes(ours.planned_bytes),
        resident.unwrap_or_default(),
    );
    for beside in &measured.beside {
        let middle = median(beside.rounds.clone());
        let (first, last) = (beside.rounds[0], beside.rounds[beside.rounds.len() - 1]);
        let _ = writeln!(
            text,
            "{:<14} {middle:.3} ms (rounds {first:.3} to {last:.3}), {:.2} times ours; version {}",
            beside.name,
            middle / step,
            beside.version
        );
    }
    text
}

/// An object for ours, then one for each peer.
fn lines(arguments: &StepArguments, measured: &Measured<'_>) -> Vec<Value> {
    let (shape, ours) = (measured.shape, &measured.ours[0]);
    let (step, least, most) = measured.own();
    let (tokens, gflops) = measured.rates(step);
    let mut lines = vec![json!({
        "tool": "synx",
        "size": shape.name,
        "width": shape.model.width,
        "blocks": shape.model.blocks.len(),
        "params_total": shape.model.parameters_total(),
        "vocab": shape.model.vocabulary,
        "context": shape.model.context,
        "batch": shape.rows,
        "precision": shape.precision.name(),
        "replicas": measured.replicas,
        "rounds": arguments.rounds,
        "repeats": arguments.repeats,
        "device": ours.device,
        "class": ours.class,
        "step_ms_median": step,
        "step_ms_min": least,
        "step_ms_max": most,
        "tokens_per_s": tokens,
        "gflops_exact": gflops,
        "dispatches": ours.dispatches,
        "planned_bytes": ours.planned_bytes,
        "resident_bytes": ours.resident_bytes,
    })];
    lines.extend(measured.beside.iter().map(|beside| {
        let middle = median(beside.rounds.clone());
        let (tokens, gflops) = measured.rates(middle);
        json!({
            "tool": beside.name,
            "version": beside.version,
            "size": shape.name,
            "precision": shape.precision.name(),
            "replicas": measured.replicas,
            "rounds": arguments.rounds,
            "repeats": arguments.repeats,
            "step_ms_median": middle,
            "step_ms_min": beside.rounds[0],
            "step_ms_max": beside.rounds[beside.rounds.len() - 1],
            "tokens_per_s": tokens,
            "gflops_exact": gflops,
            "times_ours": middle / step,
        })
    }));
    lines
}
