//! `synx doctor`: what this machine can do.

use std::fmt::Write;

use clap::Args;
use serde_json::{Value, json};
use synx_plan::executor::Ceilings;
use synx_run::{Doctor, Probed, Rates};

use crate::arguments::TableFormat;
use crate::outcome::Outcome;
use crate::render::number::{bytes, grouped, plural};
use crate::render::print;

/// Show adapters, CPU features, and what `auto` takes
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Also measure what each device gives, for estimates of time: a few seconds
    #[arg(long)]
    probe: bool,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    format: TableFormat,
}

pub fn doctor(arguments: &DoctorArguments) -> Outcome {
    let found = synx_run::doctor(if arguments.probe { Probed::Yes } else { Probed::No });
    if let Some(file) = Rates::file().filter(|_| arguments.probe) {
        let mut rates = Rates::read(&file);
        rates.probed(&found);
        rates.write(&file);
    }
    match arguments.format {
        TableFormat::Table => print(&text(&found)),
        TableFormat::Json => print(&format!("{:#}\n", document(&found))),
    }
    Outcome::Done
}

fn text(found: &Doctor) -> String {
    let mut text = format!("synx {}\n\n", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "cpu: {}, class {}", plural(found.cores, "core"), found.cpu_class);
    let taken = found.instructions.last().map_or("none", |name| name);
    let _ = writeln!(text, "  instruction sets: {}; {taken} is used", found.instructions.join(", "));
    if let Some(core) = &found.core {
        let _ = writeln!(text, "  a core gives {}", gives(core));
    }
    if found.adapters.is_empty() {
        text.push_str("\nno Vulkan adapter was found. For a real GPU, install its driver; for the software one:\n");
        text.push_str("  Debian, Ubuntu  sudo apt-get install libvulkan1 mesa-vulkan-drivers\n");
        text.push_str("  Fedora          sudo dnf install vulkan-loader mesa-vulkan-drivers\n");
    }
    for adapter in &found.adapters {
        let _ = writeln!(text, "\n{} ({}), driver {}", adapter.name, adapter.kind, adapter.driver);
        match &adapter.opens {
            Ok(class) => {
                let _ = writeln!(text, "  works, class {class}");
            }
            Err(problem) => {
                let _ = writeln!(text, "  cannot be used: {problem}");
            }
        }
        if let Some(ceilings) = &adapter.ceilings {
            let _ = writeln!(text, "  gives {}", gives(ceilings));
        }
        for (what, limit) in &adapter.limits {
            let value = if what.starts_with("bytes") { bytes(*limit) } else { grouped(*limit) };
            let _ = writeln!(text, "  {}: {value}", what.strip_prefix("bytes of ").unwrap_or(what));
        }
        if let Some(size) = adapter.matrices {
            let used = if adapter.kind == "software" { ", which software adapters do not train with" } else { "" };
            let _ = writeln!(text, "  lists matrices of f16, {size} x {size}, with sums in f32{used}");
        }
        let shaders = |name: &&String| name.starts_with("SHADER_") || name.starts_with("SUBGROUP");
        let features: Vec<&str> = adapter.features.iter().filter(shaders).map(String::as_str).collect();
        if !features.is_empty() {
            let _ = writeln!(text, "  features of shaders: {}", features.join(", "));
        }
    }
    let _ = writeln!(text, "\n--device auto takes {}", found.auto);
    text
}

/// What a device gives at most, in words.
fn gives(ceilings: &Ceilings) -> String {
    let rates = format!("{:.0} GFLOP/s in f32, {:.1} GB/s", ceilings.flops / 1e9, ceilings.bytes / 1e9);
    let dispatch = ceilings.dispatch.map(|seconds| format!(", {:.1} µs to start a kernel", 1e6 * seconds));
    rates + &dispatch.unwrap_or_default()
}

fn measured(ceilings: Option<&Ceilings>) -> Value {
    ceilings.map_or(Value::Null, |ceilings| {
        json!({ "flops_per_s": ceilings.flops, "bytes_per_s": ceilings.bytes, "dispatch_s": ceilings.dispatch })
    })
}

fn document(found: &Doctor) -> Value {
    let adapter = |adapter: &synx_run::AdapterReport| {
        json!({
            "name": adapter.name,
            "kind": adapter.kind,
            "driver": adapter.driver,
            "class": adapter.opens.as_ref().ok(),
            "problem": adapter.opens.as_ref().err().map(ToString::to_string),
            "limits": adapter.limits.iter().map(|(what, limit)| ((*what).to_owned(), json!(limit))).collect::<serde_json::Map<_, _>>(),
            "features": adapter.features,
            "matrices_f16": adapter.matrices,
            "measured": measured(adapter.ceilings.as_ref()),
        })
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "cores": found.cores,
        "instructions": found.instructions,
        "cpu_class": found.cpu_class,
        "core_measured": measured(found.core.as_ref()),
        "adapters": found.adapters.iter().map(adapter).collect::<Vec<_>>(),
        "auto": found.auto,
    })
}
