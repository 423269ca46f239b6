//! `synx bench hostile`: what the worst studies cost.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use synx_plan::problem::Problem;

use super::hostile_texts::{FILE, Hostile, bytes, texts};
use crate::arguments::TableFormat;
use crate::outcome::Outcome;
use crate::render::{print, show_problem};

/// How often a running check is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// When it is given up: it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time the check of studies that are meant to do harm
#[derive(Debug, Args)]
#[command(
    after_help = "Each is made up, checked by `synx check` in a process of its own, and has to end in a finding (or clean, where nothing is\n\
    wrong with it). Exit codes: 0 all did, 1 one did not.\n\nExample:\n  synx bench hostile --format json"
)]
pub struct HostileArguments {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

/// What the check of one came to.
struct Checked {
    name: &'static str,
    bytes: usize,
    seconds: f64,
    /// Of the processor, which other work on the machine does not lengthen; where the system says so.
    processor: Option<f64>,
    /// Memory at its most, where the system says so.
    resident: Option<u64>,
    /// What is wrong with how it ended.
    wrong: Option<String>,
}

pub fn hostile(arguments: &HostileArguments) -> Outcome {
    let checked: Result<Vec<Checked>, Problem> = texts().iter().map(check).collect();
    match checked {
        Ok(checked) => {
            match arguments.format {
                TableFormat::Table => checked.iter().for_each(|checked| print(&line(checked))),
                TableFormat::Json => print(&format!("{:#}\n", Value::Array(checked.iter().map(document).collect()))),
            }
            if checked.iter().all(|checked| checked.wrong.is_none()) { Outcome::Done } else { Outcome::Failed }
        }
        Err(problem) => show_problem(&problem),
    }
}

fn check(hostile: &Hostile) -> Result<Checked, Problem> {
    let failed = |doing: &'static str| move |error: io::Error| Problem::io(doing, Path::new("a hostile study"), &error);
    let folder = tempfile::Builder::new().prefix("synx-bench-").tempdir().map_err(failed("write"))?;
    for (path, text) in &hostile.files {
        fs::write(folder.path().join(path), text).map_err(failed("write"))?;
    }
    let this = std::env::current_exe().map_err(failed("find the command for"))?;
    let start = Instant::now();
    let mut child = Command::new(this)
        .args(["check", "--format", "concise", FILE])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed("check"))?;
    let said = child.stdout.take().map(|mut out| {
        std::thread::spawn(move || {
            let mut said = String::new();
            out.read_to_string(&mut said).map(|_| said)
        })
    });
    let (mut resident, mut processor) = (None, None);
    let ended = loop {
        resident = resident.max(peak(child.id()));
        processor = used(child.id()).or(processor);
        if let Some(status) = child.try_wait().map_err(failed("check"))? {
            break Some(status);
        }
        if start.elapsed() > PATIENCE {
            child.kill().and_then(|()| child.wait()).map_err(failed("stop the check of"))?;
            break None;
        }
        std::thread::sleep(GLANCE);
    };
    let seconds = start.elapsed().as_secs_f64();
    let said = said.and_then(|said| said.join().ok()?.ok()).unwrap_or_default();
    let wrong = match (ended.map(|status| status.code()), hostile.code) {
        (None, _) => Some(format!("still at work after {} s", PATIENCE.as_secs())),
        (Some(Some(0)), None) => None,
        (Some(Some(1)), Some(code)) if said.contains(&format!("error[{code}]")) => None,
        (Some(code), expected) => {
            let code = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
            let first: String = said.lines().next().unwrap_or_default().chars().take(200).collect();
            Some(format!("{code} where {} was expected: {first}", expected.unwrap_or("a clean check")))
        }
    };
    Ok(Checked { name: hostile.name, bytes: bytes(hostile), seconds, processor, resident, wrong })
}

/// The most memory that a process has had so far, in bytes, where the system keeps that in files.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Seconds of the processor that a process has had so far, likewise: its two fields behind the command's name, in hundredths.
fn used(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) as f64 / 100.0)
}

fn line(checked: &Checked) -> String {
    let memory = checked.resident.map_or("    –".to_owned(), |bytes| format!("{:>5.0}", bytes as f64 / 1e6));
    let processor = checked.processor.map_or("   –".to_owned(), |seconds| format!("{seconds:.2}"));
    let wrong = checked.wrong.as_ref().map(|wrong| format!("  {wrong}")).unwrap_or_default();
    format!("{:<46}{processor} s of the processor, {:>5.2} s {memory} MB{wrong}\n", checked.name, checked.seconds)
}

fn document(checked: &Checked) -> Value {
    json!({
        "name": checked.name,
        "bytes": checked.bytes,
        "seconds": checked.seconds,
        "processor_seconds": checked.processor,
        "resident_bytes": checked.resident,
        "wrong": checked.wrong,
    })
}
