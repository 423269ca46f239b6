//! The problems of this crate, one function each. Codes E0950 to E0957, the last shared with the CPU executor, which has E0958 and E0959.

use synx_plan::problem::Problem;

use crate::adapter::AdapterInfo;

const DRIVER: &str = "install a Vulkan driver: on Debian and Ubuntu `apt-get install mesa-vulkan-drivers libvulkan1` (AMD, Intel, and a software driver that \
    any machine runs), for NVIDIA the vendor's driver with its Vulkan part; `synx doctor` lists what is found; or use `--device cpu`";

/// E0950: no adapter answers to what was asked for.
pub fn no_adapter(wanted: &str, found: &[AdapterInfo]) -> Problem {
    let problem = Problem::new("E0950", format!("no {wanted} was found"));
    if found.is_empty() {
        return problem.note("no Vulkan adapter at all was found").help(DRIVER);
    }
    let names: Vec<String> = found.iter().map(ToString::to_string).collect();
    let problem = problem.note(format!("found: {}", names.join("; ")));
    problem.help(format!("name one of them, as in `--device gpu:{}`; or {DRIVER}", short(&found[0].name)))
}

/// The first word of an adapter's name, which is enough to name it.
fn short(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// E0951: the adapter is there and does not open.
pub fn not_opened(adapter: &AdapterInfo, reason: &str) -> Problem {
    Problem::new("E0951", format!("{adapter} could not be opened")).note(reason).help(DRIVER)
}

/// E0952: the device computes something else than it should.
pub fn self_check_failed(adapter: &AdapterInfo, what: &str) -> Problem {
    Problem::new("E0952", format!("{adapter} computes wrongly: {what}"))
        .note("when a device is opened, a small product is compared with the host's, a small model's gradients with how its loss changes, what is faster with what is plain, and f16 with f32")
        .help("update the driver, or use another device (`synx doctor` lists them)")
}

/// E0953: the program does not fit the device's limits.
pub fn does_not_fit(what: &str, bytes: u64, limit: &str, granted: u64) -> Problem {
    Problem::new("E0953", format!("{what} is {}; the device grants {} for {limit}", size(bytes), size(granted)))
        .help("use a smaller model, batch or vocabulary, or `--device cpu`")
}

/// E0954: the device has no memory left.
pub fn out_of_memory(what: &str, bytes: u64) -> Problem {
    Problem::new("E0954", format!("the device has no room for {what} ({})", size(bytes)))
        .help("close other programs that use the device, use a smaller model or batch, or `--device cpu`")
}

/// E0955: the device went away.
pub fn device_lost(reason: &str) -> Problem {
    Problem::new("E0955", "the device was lost while it computed")
        .note(reason)
        .help("run the study again: it goes on after its last finished part; if this comes back, update the driver or use `--device cpu`")
}

/// E0956: the device, its driver or wgpu refused something that should have been right.
pub fn device_error(reason: &str) -> Problem {
    Problem::new("E0956", "the device refused an operation")
        .note(reason)
        .help("update the driver, or use `--device cpu`; please report this")
}

/// E0957: a caller broke the executor's contract.
pub fn misuse(what: impl Into<String>) -> Problem {
    Problem::new("E0957", what).note("this is a mistake in synx itself").help("please report this with the study")
}

/// Bytes for people: `128 MiB`.
pub fn size(bytes: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(128 << 20), "128 MiB");
        assert_eq!(size(3 << 29), "1.5 GiB");
    }
}
