//! A run as it goes: a bar on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use synx_compiler::{Diagnostic, Sources};
use synx_run::{Event, LiveCell, Progress};

use super::findings::Findings;
use super::number::{count, duration, estimate, grouped, plural};
use super::terminal::{self, Stream};

/// How often a wave says where it is when nobody can see a bar move. Arbitrary: a log of an hour stays on a few screens.
const PLAIN_EVERY: Duration = Duration::from_secs(15);

/// How often a bar moves.
const BAR_EVERY: Duration = Duration::from_millis(100);

/// A wave as it is shown.
struct Wave {
    bar: ProgressBar,
    /// Whether it has trained beside another, so that its lines say which it is.
    named: bool,
    /// When it last said where it is.
    last: Option<Instant>,
    /// Evaluations still to be made.
    evaluations: usize,
}

/// Shows what happens on standard error.
pub struct Shown<'a> {
    /// Where warnings go.
    findings: &'a mut Findings,
    sources: Sources,
    /// All bars; hidden where standard error is no terminal.
    bars: MultiProgress,
    /// That of a scan.
    spinner: Option<ProgressBar>,
    /// The waves that train.
    waves: BTreeMap<usize, Wave>,
    terminal: bool,
    /// Whether scans are worth a line where there is no bar.
    scans: bool,
}

impl<'a> Shown<'a> {
    /// For a run: everything is told.
    pub fn run(sources: Sources, findings: &'a mut Findings) -> Shown<'a> {
        let terminal = Stream::Error.is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        Shown { findings, sources, bars, spinner: None, waves: BTreeMap::new(), terminal, scans: true }
    }

    /// For a plan: scans are shown on a terminal only.
    pub fn scan(sources: Sources, findings: &'a mut Findings) -> Shown<'a> {
        let mut shown = Shown::run(sources, findings);
        shown.scans = false;
        shown
    }

    /// A line that stays.
    fn say(&self, line: &str) {
        self.bars.suspend(|| eprintln!("{line}"));
    }

    fn spin(&mut self, message: String) {
        if !self.terminal {
            return;
        }
        self.clear();
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.set_message(message);
        bar.enable_steady_tick(BAR_EVERY);
        self.spinner = Some(bar);
    }

    fn clear(&mut self) {
        if let Some(bar) = self.spinner.take() {
            bar.finish_and_clear();
        }
    }

    fn wave(&mut self, wave: usize, steps: u64, evaluations: usize, what: &str) {
        self.clear();
        self.say(what);
        let (full, empty) = if terminal::unicode() { ("█", "░") } else { ("#", "-") };
        let template = "  {prefix}{bar:20} {percent:>3} %  {msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bars.add(ProgressBar::new(steps));
        bar.set_style(style.progress_chars(&format!("{full}{empty}")));
        self.waves.insert(wave, Wave { bar, named: false, last: None, evaluations });
        if self.waves.len() > 1 {
            for (wave, shown) in &mut self.waves {
                shown.bar.set_prefix(format!("wave {wave}  "));
                shown.named = true;
            }
        }
    }

    fn stepped(&mut self, wave: usize, live: &[LiveCell], done: u64, total: u64, rate: f64, left: f64) {
        let Some(shown) = self.waves.get_mut(&wave) else { return };
        let every = if self.terminal { BAR_EVERY } else { PLAIN_EVERY };
        let now = Instant::now();
        if done < total && shown.last.is_some_and(|last| now.duration_since(last) < every) {
            return;
        }
        // A wave that is through at once needs no line of where it is.
        let first = shown.last.replace(now).is_none();
        let mean = live.iter().map(|slot| f64::from(slot.loss)).sum::<f64>() / live.len().max(1) as f64;
        let message = format!("{} tokens/s  loss {}  {} left", count(rate), estimate(mean), duration(left));
        shown.bar.set_position(done);
        if !self.terminal && (!first || done == total) {
            let which = if shown.named { format!("wave {wave}: ") } else { String::new() };
            eprintln!("  {which}{:>3.0} %  {message}", 100.0 * done as f64 / total.max(1) as f64);
        }
        shown.bar.set_message(message);
    }
}

impl Progress for Shown<'_> {
    fn tell(&mut self, event: Event) {
        if self.findings.alone() && !matches!(event, Event::Warning(_)) {
            return;
        }
        match event {
            Event::Scanning { corpus } => self.spin(format!("scanning {corpus}")),
            Event::Building { corpus } => self.spin(format!("making the tokens of {corpus}")),
            Event::Scanned { corpus, facts, again } => {
                if self.scans && !again {
                    let documents = facts.training.documents + facts.heldout.documents;
                    let held = match facts.heldout.tokens {
                        0 => String::new(),
                        tokens => format!(", {} more held out", count(tokens as f64)),
                    };
                    self.say(&format!(
                        "scanned {corpus}: {}, {} tokens{held}",
                        plural(documents as usize, "document"),
                        count(facts.training.tokens as f64),
                    ));
                }
                self.clear();
            }
            Event::Warning(problem) => {
                let finding =
                    Diagnostic { severity: synx_compiler::Severity::Warning, ..Diagnostic::from_problem(&problem) };
                self.bars.suspend(|| self.findings.show(std::slice::from_ref(&finding), &self.sources));
            }
            // A study without cells has no class.
            Event::Device { name, classes } if classes.is_empty() => self.say(&format!("on {name}")),
            Event::Device { name, classes } => self.say(&format!("on {name}, {}", named(&classes))),
            Event::OtherDevice { classes, cells } => self.say(&format!(
                "note: {} of this study {} results of {}; they stay, and this device trains afresh",
                plural(cells, "cell"),
                if cells == 1 { "has" } else { "have" },
                named(&classes),
            )),
            Event::Start { cells, done, waiting, segments, steps, evaluations } => {
                self.clear();
                let waiting = match waiting {
                    0 => String::new(),
                    1 => ", 1 waits for results of others".to_owned(),
                    more => format!(", {more} wait for results of others"),
                };
                let cells = format!("{}, {done} done{waiting}", plural(cells, "cell"));
                if segments == 0 && evaluations == 0 {
                    self.say(&format!("{cells}: nothing to train"));
                } else {
                    let segments = plural(segments, "segment");
                    self.say(&format!(
                        "{cells}: {segments} to train, {} steps; {}",
                        grouped(steps),
                        plural(evaluations, "evaluation"),
                    ));
                }
            }
            Event::Wave { wave, waves, model, slots, segments, steps, evaluations } => {
                let (segments, slots) = (plural(segments, "segment"), plural(slots, "slot"));
                let steps_of = grouped(steps);
                let what = format!("wave {wave} of {waves}: {model}, {segments} in {slots}, {steps_of} steps");
                self.wave(wave, steps, evaluations, &what);
            }
            Event::Stepped { wave, live, done, total, tokens_per_second, seconds_left } => {
                self.stepped(wave, &live, done, total, tokens_per_second, seconds_left);
            }
            Event::WaveEnded { wave } => {
                if let Some(shown) = self.waves.remove(&wave) {
                    shown.bar.finish_and_clear();
                }
            }
            Event::Diverged { cells, step } => {
                for cell in cells {
                    self.say(&format!("diverged: {cell} at step {}; it is given up, the others go on", grouped(step)));
                }
            }
            Event::Evaluated { wave, .. } => {
                if let Some(shown) = self.waves.get_mut(&wave) {
                    shown.evaluations = shown.evaluations.saturating_sub(1);
                    if shown.evaluations > 0 {
                        shown.bar.set_message(format!("evaluating, {} to go", shown.evaluations));
                    }
                }
            }
            Event::Settled { what, value } => {
                self.clear();
                self.say(&format!("{what} is settled: {value}"));
            }
            Event::WithoutValue { what, why } => {
                self.clear();
                self.say(&format!("{what} has no value: {why}"));
            }
            Event::Law { law, fitted, groups } => {
                self.clear();
                if fitted < groups {
                    self.say(&format!("law {law}: {fitted} of {groups} groups could be fitted"));
                }
            }
            Event::Written { .. } => self.clear(),
            Event::Checkpointed | Event::Trained { .. } => {}
        }
    }
}

/// `class cpu-f32/1`, `classes cpu-f32/1 and cpu-bf16/1`.
fn named(classes: &[String]) -> String {
    format!("{} {}", if classes.len() == 1 { "class" } else { "classes" }, classes.join(" and "))
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.clear();
        self.waves.values().for_each(|shown| shown.bar.finish_and_clear());
    }
}
