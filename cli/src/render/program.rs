//! A model's program for people: its operations in order, with shapes, FLOPs and the memory plan.

use std::fmt::Write;

use synx_plan::model::Model;
use synx_plan::program::{Op, Program, Role, Rows, Schedule, TensorId, lower, schedule};
use synx_plan::recipe::Precision;

use super::number::{bytes, flops, grouped};
use super::table::{Align, table};

/// The program that trains `model` with `rows` sequences a step in this precision.
pub fn program(model: &Model, rows: usize, precision: Precision) -> String {
    let program = lower(model, rows).with_precision(precision);
    let training = schedule(&program, true);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "width {}, {} blocks, context {}, {} sequences a step{}: {} parameters, {} a step, {} of activations",
        model.width,
        model.blocks.len(),
        model.context,
        rows,
        super::plan::precision(precision),
        grouped(program.parameter_count() as u64),
        flops(program.flops_exact() as f64),
        bytes((training.columns * program.tokens() * size_of::<f32>()) as u64),
    );
    let columns = [
        ("pass", Align::Left),
        ("operation", Align::Left),
        ("writes", Align::Left),
        ("reads", Align::Left),
        ("FLOPs", Align::Right),
        ("at column", Align::Right),
    ];
    let forward = program.forward.iter().map(|op| ("forward", op));
    let backward = program.backward.iter().map(|op| ("backward", op));
    let row = |(pass, op): (&str, &Op)| {
        vec![
            pass.to_owned(),
            op.name().to_owned(),
            names(&program, &op.writes()),
            names(&program, &op.reads()),
            if op.flops(&program) == 0 { "-".to_owned() } else { flops(op.flops(&program) as f64) },
            places(&program, &training, &op.writes()),
        ]
    };
    text.push_str(&table(&columns, forward.chain(backward).map(row)));
    text.push_str("then: norm of the gradient, clipping, AdamW over all parameters\n");
    text
}

/// Tensors with their shapes; `R` is the number of token rows.
fn names(program: &Program, tensors: &[TensorId]) -> String {
    let name = |&id: &TensorId| {
        let tensor = program.tensor(id);
        let rows = match tensor.rows {
            Rows::Tokens => "R".to_owned(),
            Rows::Fixed(rows) => rows.to_string(),
        };
        format!("{} [{rows}, {}]", tensor.name, tensor.columns)
    };
    tensors.iter().map(name).collect::<Vec<_>>().join("; ")
}

/// Where the written activations lie in the arena.
fn places(program: &Program, schedule: &Schedule, tensors: &[TensorId]) -> String {
    let activations = tensors.iter().filter(|&&id| program.tensor(id).role == Role::Activation);
    let places = activations.filter_map(|&id| schedule.offset(id)).map(|at| at.to_string());
    places.collect::<Vec<_>>().join("; ")
}
