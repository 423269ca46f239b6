//! The plan as tables for people.

use std::fmt::Write;

use synx_plan::cost::{CellCost, Cost, DeviceProfile, ModelCost, RateSource, SourceCost};
use synx_plan::exact::Exact;
use synx_plan::model::ParameterCount;
use synx_plan::recipe::Precision;
use synx_plan::study::{FlopCount, Plan};

use super::number::{bytes, count, duration, energy, flops, grouped, plural};
use super::table::{Align, table};

/// Cells that the table shows before it points to JSON. Arbitrary: about two screens.
const CELLS_SHOWN: usize = 60;

/// Epochs of one source above which people should look twice (Muennighoff et al. 2023).
const EPOCHS_TO_WATCH: f64 = 4.0;

/// All tables of a plan.
pub fn plan(plan: &Plan, cost: &Cost, device: &DeviceProfile) -> String {
    let mut text = String::new();
    heading(&mut text, plan, cost);
    text.push('\n');
    text.push_str(&cells(plan, &cost.cells));
    if cost.excluded > 0 {
        let _ = writeln!(text, "{} left out by `where`", plural(cost.excluded, "cell"));
        for grid in &plan.grids {
            for condition in &grid.conditions {
                if let (Some(closest), Some(missed)) = (&condition.closest, condition.closest_text()) {
                    let _ = writeln!(text, "  {missed}: {}", grid.cell_name(&closest.cell));
                }
            }
        }
    }
    if !cost.sources.is_empty() {
        text.push('\n');
        text.push_str(&sources(&cost.sources));
    }
    if !cost.models.is_empty() {
        text.push('\n');
        text.push_str(&models(&cost.models));
    }
    text.push('\n');
    totals(&mut text, plan, cost, device);
    let questions = super::questions::questions(plan);
    if !questions.is_empty() {
        text.push('\n');
        text.push_str(&questions);
    }
    text
}

fn heading(text: &mut String, plan: &Plan, cost: &Cost) {
    let study = &plan.study;
    let _ = writeln!(text, "study {}: {}", study.name, plural(cost.cells.len(), "cell"));
    if let Some(documentation) = &study.documentation {
        let _ = writeln!(text, "{}", documentation.trim());
    }
    let params = match study.parameters {
        ParameterCount::NonEmbedding => "without token table and output head",
        ParameterCount::Total => "everything that is trained",
    };
    let counted = match study.flops {
        FlopCount::Exact => "products and causal attention, operation by operation",
        FlopCount::SixNd => "6 x params x tokens",
    };
    let _ = writeln!(text, "params: {params}; FLOPs: {counted}");
}

fn cells(plan: &Plan, cells: &[CellCost]) -> String {
    let columns = [
        ("cell", Align::Left),
        ("tokens", Align::Right),
        ("steps", Align::Right),
        ("epochs", Align::Left),
        ("params", Align::Right),
        ("total", Align::Right),
        ("exact FLOPs", Align::Right),
        ("6ND FLOPs", Align::Right),
    ];
    let row = |cell: &CellCost| {
        vec![
            cell.cell.clone(),
            span(cell.tokens_least as f64, cell.tokens as f64),
            grouped(cell.steps),
            epochs(cell),
            span(cell.params_least as f64, cell.params as f64),
            count(cell.params_total as f64),
            flops(cell.flops_exact as f64),
            flops(cell.flops_6nd as f64),
        ]
    };
    let mut text = table(&columns, cells.iter().take(CELLS_SHOWN).map(row));
    if cells.len() > CELLS_SHOWN {
        let more = plural(cells.len() - CELLS_SHOWN, "more cell");
        let _ = writeln!(text, "... and {more}: `synx plan --format json` has all of {}", plan.study.name);
    }
    text
}

/// A number of tokens or parameters; `2M to 8M` where a run chooses.
fn span(least: f64, most: f64) -> String {
    if least < most { format!("{} to {}", count(least), count(most)) } else { count(most) }
}

/// `web 0.8, hq 1.6`: how often the run goes through each source.
fn epochs(cell: &CellCost) -> String {
    let part = |source: &synx_plan::cost::SourceUse| match source.epochs {
        Some(epochs) => format!("{} {}", source.corpus, short(epochs)),
        None => format!("{} ?", source.corpus),
    };
    cell.sources.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn short(epochs: f64) -> String {
    if epochs < 0.1 { format!("{epochs:.3}") } else { format!("{epochs:.1}") }
}

fn sources(sources: &[SourceCost]) -> String {
    let columns = [
        ("source", Align::Left),
        ("training tokens", Align::Right),
        ("most taken", Align::Right),
        ("epochs", Align::Left),
    ];
    let row = |source: &SourceCost| {
        let epochs = match source.most_epochs {
            Some(epochs) if epochs > EPOCHS_TO_WATCH => format!("{} (repeated)", short(epochs)),
            Some(epochs) => short(epochs),
            None => "?".to_owned(),
        };
        let there = source.tokens.map_or_else(|| "not scanned".to_owned(), |tokens| count(tokens as f64));
        vec![source.corpus.clone(), there, count(source.most_tokens), epochs]
    };
    table(&columns, sources.iter().map(row))
}

fn models(models: &[ModelCost]) -> String {
    let columns = [
        ("model", Align::Left),
        ("cells", Align::Right),
        ("params", Align::Right),
        ("embedding", Align::Right),
        ("FLOPs/token", Align::Right),
        ("weights", Align::Right),
        ("optimizer", Align::Right),
        ("activations", Align::Right),
        ("one replica", Align::Right),
    ];
    let row = |model: &ModelCost| {
        let memory = &model.memory;
        vec![
            format!(
                "width {}, {}, context {}, batch {}{}",
                model.width,
                plural(model.blocks, "block"),
                model.context,
                model.batch,
                precision(model.precision),
            ),
            grouped(model.cells as u64),
            count(model.params_non_embedding as f64),
            count(model.params_embedding as f64),
            flops(model.flops_per_token as f64),
            bytes(memory.weights + memory.gradients),
            bytes(memory.optimizer),
            bytes(memory.activations),
            bytes(memory.total()),
        ]
    };
    table(&columns, models.iter().map(row))
}

/// Behind what is said of a model: `, bf16`; nothing of f32, which goes without saying.
pub(super) fn precision(precision: Precision) -> String {
    if precision == Precision::F32 { String::new() } else { format!(", {}", precision.name()) }
}

fn totals(text: &mut String, plan: &Plan, cost: &Cost, device: &DeviceProfile) {
    let totals = &cost.totals;
    let _ = writeln!(
        text,
        "all cells      {} tokens, {}{} exact, {} by 6ND",
        // Where a run chooses what cells are, from the least to the most.
        span(totals.tokens_least as f64, totals.tokens as f64),
        if totals.flops_least == totals.flops_exact {
            String::new()
        } else {
            format!("{} to ", flops(totals.flops_least as f64))
        },
        flops(totals.flops_exact as f64),
        flops(totals.flops_6nd as f64),
    );
    match &totals.shared {
        Some(shared) => {
            let _ = writeln!(
                text,
                "to be trained  {} tokens, {} exact, in {} of {}",
                count(shared.tokens as f64),
                flops(shared.flops_exact as f64),
                plural(shared.segments, "segment"),
                plural(shared.streams, "stream"),
            );
            let share =
                if totals.flops_exact == 0 { 0.0 } else { shared.saved_flops as f64 / totals.flops_exact as f64 };
            let _ = writeln!(
                text,
                "sharing saves  {} tokens, {} exact ({:.0} %)",
                count(shared.saved_tokens as f64),
                flops(shared.saved_flops as f64),
                100.0 * share,
            );
        }
        None => text.push_str("sharing        unknown until the corpora have been scanned\n"),
    }
    if let Some(evaluation) = totals.evaluation_flops {
        let _ = writeln!(text, "evaluation     {} exact", flops(evaluation as f64));
    }
    let measured = match device.source {
        RateSource::Nominal => "nominal: nothing has been measured on this device yet, `synx doctor --probe` does",
        RateSource::Probed => "by what `synx doctor --probe` has measured",
        RateSource::Measured => "as models trained there have reached",
    };
    let stand_ins = device.stand_ins(&cost.precisions()).map_or_else(String::new, |said| format!("; {said}"));
    let seconds = cost.seconds(device);
    let rate = if seconds > 0.0 { totals.flops_to_run() as f64 / seconds } else { device.flops_per_second };
    let _ = writeln!(
        text,
        "time           about {} on {} at {}/s ({measured}{stand_ins})",
        duration(seconds),
        device.name,
        flops(rate),
    );
    let Some(work) = Exact::from_decimal(&totals.flops_to_run().to_string()) else { return };
    for hardware in &plan.hardware {
        let mut parts: Vec<String> = hardware.time(&work).iter().map(|time| duration(time.to_f64())).collect();
        parts.extend(hardware.energy(&work).map(|joules| energy(joules.to_f64())));
        parts.extend(hardware.carbon(&work).map(|carbon| format!("{} gCO2e", count(carbon.to_f64()))));
        parts.extend(hardware.price(&work).map(|price| format!("{} USD", count(price.to_f64()))));
        let _ = writeln!(text, "{:<14} {}", format!("on `{}`", hardware.name), parts.join(", "));
    }
}
