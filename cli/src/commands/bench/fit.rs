//! `synx bench fit`: how long a law takes to be fitted, beside others' tools.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use synx_plan::problem::Problem;
use synx_plan::random::Stream;

use super::peer::{PeerArguments, ask};
use crate::arguments::TableFormat;
use crate::outcome::Outcome;
use crate::render::number::grouped;
use crate::render::{print, show_problem};

const SCRIPT: &str = include_str!("peers/fit.py");

/// Rows of the table that is made up.
const ROWS: u64 = 240;

/// Time a fit of five parameters with many starts and draws, as a whole process, beside others' tools
#[derive(Debug, Args)]
#[command(
    after_help = "The law is E + A / N^alpha + B / D^beta. Without a file the table is made up: 240 rows of such a law under 1 % noise.\n\
    A peer does what it can of the same work: scipy the same starts and draws with numeric gradients, chinchilla 3,125 starts\n\
    and no draws, simple-scaling-laws its own fit and the draws.\n\n\
    Examples:\n  synx bench fit\n  synx bench fit runs.csv --against scipy,chinchilla --python ~/peers/bin/python --format json"
)]
pub struct FitArguments {
    /// A table with columns N, D and loss, comma-separated
    #[arg(value_name = "FILE")]
    data: Option<PathBuf>,

    /// Starts of the fit
    #[arg(long, value_name = "N", default_value_t = 4500, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    starts: u64,

    /// Draws of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    bootstrap: u64,

    /// Measured fits of ours
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    repeats: u64,

    /// Peers to run too
    #[arg(long, value_enum, value_name = "PEER", value_delimiter = ',')]
    against: Vec<Peer>,

    /// Measured fits of each peer
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    peer_repeats: u64,

    #[command(flatten)]
    peer: PeerArguments,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Peer {
    Scipy,
    Chinchilla,
    SimpleScalingLaws,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Peer::Scipy => "scipy",
            Peer::Chinchilla => "chinchilla",
            Peer::SimpleScalingLaws => "simple-scaling-laws",
        }
    }
}

/// What one tool took.
struct Taken {
    name: &'static str,
    /// Whole processes, sorted.
    seconds: Vec<f64>,
    /// What it came to, as it says it.
    said: Value,
}

impl Taken {
    fn median(&self) -> f64 {
        f64::midpoint(self.seconds[(self.seconds.len() - 1) / 2], self.seconds[self.seconds.len() / 2])
    }
}

pub fn fit(arguments: &FitArguments) -> Outcome {
    match measure(arguments) {
        Ok(taken) => {
            match arguments.format {
                TableFormat::Table => print(&text(arguments, &taken)),
                TableFormat::Json => print(&format!("{:#}\n", document(arguments, &taken))),
            }
            Outcome::Done
        }
        Err(problem) => show_problem(&problem),
    }
}

/// Ours first, then each peer; in turn, so that what else the machine does meets all of them.
fn measure(arguments: &FitArguments) -> Result<Vec<Taken>, Problem> {
    let failed =
        |doing: &'static str| move |error: io::Error| Problem::io(doing, Path::new("the benchmark's table"), &error);
    let folder = tempfile::Builder::new().prefix("synx-bench-").tempdir().map_err(failed("write"))?;
    let path = if let Some(path) = &arguments.data {
        path.clone()
    } else {
        let path = folder.path().join("runs.csv");
        fs::write(&path, made_up()).map_err(failed("write"))?;
        path
    };
    let mut taken = vec![Taken { name: "synx", seconds: Vec::new(), said: Value::Null }];
    let peers =
        arguments.against.iter().map(|peer| Taken { name: peer.name(), seconds: Vec::new(), said: Value::Null });
    taken.extend(peers);
    for round in 0..arguments.repeats.max(if arguments.against.is_empty() { 0 } else { arguments.peer_repeats }) {
        for taken in &mut taken {
            let ours = taken.name == "synx";
            if round >= if ours { arguments.repeats } else { arguments.peer_repeats } {
                continue;
            }
            let (seconds, said) = if ours { own(&path, arguments)? } else { peer(taken.name, &path, arguments)? };
            taken.seconds.push(seconds);
            taken.said = said;
        }
    }
    taken.iter_mut().for_each(|taken| taken.seconds.sort_by(f64::total_cmp));
    Ok(taken)
}

/// `synx fit` as a user starts it.
fn own(path: &Path, arguments: &FitArguments) -> Result<(f64, Value), Problem> {
    let failed = |error: io::Error| Problem::io("start", Path::new("synx fit"), &error);
    let this = std::env::current_exe().map_err(failed)?;
    let start = Instant::now();
    let ended = Command::new(this)
        .arg("fit")
        .arg(path)
        .args(["--law", "chinchilla", "--starts", &arguments.starts.to_string()])
        .args(["--bootstrap", &arguments.bootstrap.to_string(), "--format", "json"])
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    let seconds = start.elapsed().as_secs_f64();
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        return Err(Problem::new("E0901", "`synx fit` does not fit the benchmark's table").note(said));
    }
    let said: Value = serde_json::from_slice(&ended.stdout)
        .map_err(|error| Problem::new("E0901", "`synx fit` printed what is no JSON").note(error.to_string()))?;
    let fit = match &said {
        Value::Array(fits) => fits.first().cloned().unwrap_or(Value::Null),
        other => other.clone(),
    };
    let parameter = |(name, value): (&String, &Value)| (name.clone(), value["estimate"].clone());
    let parameters: serde_json::Map<String, Value> =
        fit["parameters"].as_object().into_iter().flatten().map(parameter).collect();
    Ok((seconds, json!({ "objective": fit["objective"], "starts": fit["starts"], "parameters": parameters })))
}

fn peer(name: &str, path: &Path, arguments: &FitArguments) -> Result<(f64, Value), Problem> {
    let words =
        [name.to_owned(), path.display().to_string(), arguments.starts.to_string(), arguments.bootstrap.to_string()];
    let answer = ask(&arguments.peer.python, SCRIPT, &words)?;
    Ok((answer.seconds, answer.said))
}

/// Rows of a law near the one that Besiroglu et al. 2024 found, under 1 % noise.
fn made_up() -> String {
    let random = Stream::new("bench/fit", &0);
    let mut text = "N,D,loss\n".to_owned();
    for row in 0..ROWS {
        let n = 5e7 * 300f64.powf(random.uniform(3 * row));
        let d = 1e9 * 300f64.powf(random.uniform(3 * row + 1));
        let clean = 1.82 + 478.0 / n.powf(0.347) + 2143.0 / d.powf(0.367);
        let _ = writeln!(text, "{n:.0},{d:.0},{:.6}", clean * (0.01 * random.normal(3 * row + 2)).exp());
    }
    text
}

fn text(arguments: &FitArguments, taken: &[Taken]) -> String {
    let mut text = format!(
        "E + A / N^alpha + B / D^beta, {} starts, {} draws; whole processes\n",
        grouped(arguments.starts),
        grouped(arguments.bootstrap)
    );
    for one in taken {
        let (least, most) = (one.seconds[0], one.seconds[one.seconds.len() - 1]);
        let _ = write!(
            text,
            "{:<20} {:>9.3} s median of {} ({least:.3} to {most:.3})",
            one.name,
            one.median(),
            one.seconds.len()
        );
        if one.name != "synx" {
            let _ = write!(text, ", {:.0} times ours", one.median() / taken[0].median());
            let part = |name: &str| one.said[name].as_f64().unwrap_or(0.0);
            let _ = write!(text, "; fit {:.1} s, draws {:.1} s", part("fit_s"), part("draws_s"));
            if let Some(starts) = one.said["starts"].as_u64() {
                let _ = write!(text, ", {} starts", grouped(starts));
            }
        }
        if let Some(objective) = one.said["objective"].as_f64() {
            let _ = write!(text, "; objective {objective:.10}");
        }
        text.push('\n');
    }
    text
}

fn document(arguments: &FitArguments, taken: &[Taken]) -> Value {
    let one = |taken: &Taken| {
        json!({
            "tool": taken.name,
            "repeats": taken.seconds.len(),
            "process_s_median": taken.median(),
            "process_s_min": taken.seconds[0],
            "process_s_max": taken.seconds[taken.seconds.len() - 1],
            "said": taken.said,
        })
    };
    json!({ "starts": arguments.starts, "bootstrap": arguments.bootstrap, "tools": taken.iter().map(one).collect::<Vec<_>>() })
}
