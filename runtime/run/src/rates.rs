//! What models have reached on the devices of this machine, so that `synx plan` can say how long a study takes.
//!
//! A file of the machine, not of a study: a new study is told by what others have measured. Losing it costs nothing but an estimate, so that a file that
//! cannot be read or written is as none.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use synx_cpu::CpuExecutor;
use synx_plan::cost::{DeviceProfile, RateSource, TrainedRate};
use synx_plan::executor::Executor as _;

use crate::device::Doctor;

/// Training for less than this says little of a rate. Arbitrary: a hundred steps of the smallest models.
const LEAST_SECONDS: f64 = 0.1;

/// A newer rate takes the place of one that was measured for no more than this many times as long. Arbitrary.
const LONGER: f64 = 4.0;

/// Rates that are kept of a device; the oldest goes. Arbitrary.
const MOST_RATES: usize = 64;

/// Of what a core gives in a loop of multiply-adds whole training steps reach this much: measured for models of width 64 to 256 (`spec/performance.md`).
const OF_A_CORE: f64 = 0.75;

/// The same of an adapter. Not measured on a card.
const OF_AN_ADAPTER: f64 = 0.5;

/// All devices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    devices: BTreeMap<String, Device>,
    /// The device that trained last.
    last: Option<String>,
    /// What `--device auto` took when the probe looked.
    auto: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Device {
    /// Operations a second in f32 that the probe has measured, of all that the device has.
    probed: Option<f64>,
    /// With the seconds that each was measured for, the newest last.
    trained: Vec<(TrainedRate, f64)>,
}

impl Rates {
    /// Where they are kept: `rates.json` in the folder that `SYNX_CACHE` names, else in `synx` in the user's folder of caches. None where `SYNX_CACHE` is
    /// empty or there is no such folder.
    pub fn file() -> Option<PathBuf> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = match std::env::var_os("SYNX_CACHE") {
            Some(_) => set("SYNX_CACHE")?,
            None => set("XDG_CACHE_HOME")
                .or_else(|| set("LOCALAPPDATA"))
                .or_else(|| Some(set("HOME")?.join(".cache")))?
                .join("synx"),
        };
        Some(folder.join("rates.json"))
    }

    /// What is kept on this machine.
    pub fn of_this_machine() -> Rates {
        Rates::file().map(|file| Rates::read(&file)).unwrap_or_default()
    }

    /// What the file holds; nothing where there is none.
    pub fn read(file: &Path) -> Rates {
        fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// A wave that was trained: precision and operations a step of one model, and what all of its models reached together in so many seconds.
    pub(crate) fn trained(&mut self, device: &str, rate: TrainedRate, seconds: f64) {
        if seconds < LEAST_SECONDS || !is_sound(&rate) {
            return;
        }
        self.last = Some(device.to_owned());
        let known = self.devices.entry(device.to_owned()).or_default();
        // The last cell of a study, trained alone, says less than all of them together have.
        let is_same = |(old, _): &(TrainedRate, f64)| {
            (old.precision, old.flops_per_step) == (rate.precision, rate.flops_per_step)
        };
        if known.trained.iter().any(|old| is_same(old) && old.1 > LONGER * seconds) {
            return;
        }
        known.trained.retain(|old| !is_same(old));
        known.trained.push((rate, seconds));
        let most = known.trained.len().saturating_sub(MOST_RATES);
        known.trained.drain(..most);
    }

    /// What `synx doctor --probe` has measured.
    pub fn probed(&mut self, found: &Doctor) {
        let mut probed = |device: &str, flops_per_second: f64| {
            self.devices.entry(device.to_owned()).or_default().probed = Some(flops_per_second);
        };
        if let (Some(core), Ok(cpu)) = (&found.core, CpuExecutor::new(None)) {
            probed(&cpu.name(), core.flops * found.cores as f64);
        }
        for adapter in &found.adapters {
            if let Some(ceilings) = &adapter.ceilings {
                probed(&adapter.name, ceilings.flops);
            }
        }
        self.auto = Some(found.auto.clone());
    }

    /// Writes the file anew, whole or not at all.
    pub fn write(&self, file: &Path) {
        let write = || -> std::io::Result<()> {
            let folder = file.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let mut new = tempfile::NamedTempFile::new_in(folder)?;
            new.write_all(&serde_json::to_vec_pretty(self)?)?;
            new.persist(file)?;
            Ok(())
        };
        // An estimate is worth no warning.
        let _ = write();
    }

    /// The device that trained last, with its rates; where none did, what `auto` takes by what the probe has measured, else the CPU by a round number.
    pub fn profile(&self) -> DeviceProfile {
        let trained = self.last.as_ref().and_then(|name| {
            let device = self.devices.get(name)?;
            let sound = device.trained.iter().map(|(rate, _)| *rate).filter(is_sound);
            DeviceProfile::measured(name, sound.collect())
        });
        let probed = |name: &str, part: f64| {
            let probed = self.devices.get(name)?.probed.filter(|rate| rate.is_finite() && *rate > 0.0)?;
            let flops_per_second = part * probed;
            Some(DeviceProfile {
                name: name.to_owned(),
                flops_per_second,
                source: RateSource::Probed,
                trained: Vec::new(),
            })
        };
        let adapter = || probed(self.auto.as_ref()?, OF_AN_ADAPTER);
        let is_any = self.devices.values().any(|device| device.probed.is_some());
        let cpu = || probed(&is_any.then(|| CpuExecutor::new(None))?.ok()?.name(), OF_A_CORE);
        trained.or_else(adapter).or_else(cpu).unwrap_or_else(|| {
            DeviceProfile::nominal_cpu(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
        })
    }
}

fn is_sound(rate: &TrainedRate) -> bool {
    [rate.flops_per_step, rate.flops_per_second].iter().all(|value| value.is_finite() && *value > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_plan::executor::Ceilings;
    use synx_plan::recipe::Precision;

    fn rate(flops_per_step: f64, flops_per_second: f64) -> TrainedRate {
        TrainedRate { precision: Precision::F32, flops_per_step, flops_per_second }
    }

    #[test]
    fn what_was_trained_counts_before_the_probe_and_the_probe_before_round_numbers() {
        let mut rates = Rates::default();
        assert_eq!(rates.profile().source, RateSource::Nominal);
        let core = Some(Ceilings { flops: 100e9, bytes: 1e9, dispatch: None });
        rates.probed(&Doctor { core, cores: 2, auto: "cpu".to_owned(), ..Doctor::default() });
        let profile = rates.profile();
        assert_eq!((profile.source, profile.flops_per_second), (RateSource::Probed, OF_A_CORE * 200e9));
        rates.trained("a card", rate(1e9, 5e12), 2.0);
        rates.trained("a card", rate(1e9, 6e12), 2.0);
        rates.trained("a card", rate(1e8, 1e12), 0.01);
        rates.trained("a card", rate(1e9, 1e12), 0.3);
        let profile = rates.profile();
        assert_eq!((profile.name.as_str(), profile.trained), ("a card", vec![rate(1e9, 6e12)]));
        for step in 0..2 * MOST_RATES {
            rates.trained("a card", rate(1e10 + step as f64, 7e12), 2.0);
        }
        assert_eq!(rates.profile().trained.len(), MOST_RATES);
    }

    #[test]
    fn a_rate_takes_the_place_of_one_in_the_same_precision() {
        let mut rates = Rates::default();
        let rounded = TrainedRate { precision: Precision::Bf16, ..rate(1e9, 7e10) };
        rates.trained("cpu", rate(1e9, 4e10), 2.0);
        rates.trained("cpu", rounded, 2.0);
        rates.trained("cpu", rate(1e9, 5e10), 2.0);
        assert_eq!(rates.profile().trained, [rounded, rate(1e9, 5e10)]);
    }

    #[test]
    fn a_file_from_before_rates_had_precisions_is_of_f32() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rates.json");
        let device = r#"{ "probed": null, "trained": [[{ "flops_per_step": 1e9, "flops_per_second": 5e10 }, 1.5]] }"#;
        fs::write(&file, format!(r#"{{ "devices": {{ "cpu": {device} }}, "last": "cpu", "auto": null }}"#)).unwrap();
        assert_eq!(Rates::read(&file).profile().trained, [rate(1e9, 5e10)]);
    }

    #[test]
    fn a_file_is_written_whole_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/rates.json");
        assert_eq!(Rates::read(&file), Rates::default());
        let mut rates = Rates::default();
        rates.trained("cpu (2 threads, avx2)", rate(1e9, 5e10), 1.0);
        rates.write(&file);
        assert_eq!(Rates::read(&file), rates);
        fs::write(&file, "{").unwrap();
        assert_eq!(Rates::read(&file), Rates::default());
        // What no device can do is passed over.
        rates.devices.get_mut("cpu (2 threads, avx2)").unwrap().trained =
            vec![(rate(1e9, 0.0), 1.0), (rate(1e9, -1.0), 1.0)];
        assert_eq!(rates.profile().source, RateSource::Nominal);
    }
}
