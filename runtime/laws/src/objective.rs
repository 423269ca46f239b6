//! What a fit makes small, with its derivatives: a weighted sum over rows of a loss of residuals.

use std::collections::HashMap;

use crate::elementary::{exp, log};
use crate::evaluate::{Purpose, tree};
use crate::space::Space;
use crate::sweep::{self, BLOCK, LANES};
use crate::tape::{Operation, Tape};

/// The loss of one residual r.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    /// Whether residuals are of logarithms: r = log(model) − log(target), otherwise model − target.
    pub logarithmic: bool,
    /// Where the loss goes from r²/2 to delta·(|r| − delta/2) (Huber 1964); infinite for squares.
    pub delta: f64,
}

/// A law over the rows that it is fitted to, in the coordinates of its optimiser.
#[derive(Debug)]
pub struct Objective {
    pub tape: Tape,
    pub space: Space,
    pub loss: Loss,
    /// The target, row by row; its logarithm where residuals are logarithmic. Padded like the tape's data.
    pub(crate) target: Vec<f64>,
    rows: usize,
}

/// Value and derivatives at a point, over n coordinates. Matrices are n × n, symmetric, full.
#[derive(Debug, Clone)]
pub struct State {
    /// Infinite where a row that counts has no finite residual.
    pub value: f64,
    pub gradient: Vec<f64>,
    /// JᵀWJ with the weights of iteratively reweighted least squares, ρ'(r)/r: the curvature of a quadratic that lies above the objective,
    /// where the model is linear. Always positive semi-definite.
    pub majorant: Vec<f64>,
    /// JᵀWJ with W = ρ''(r): the objective's curvature but for that of the model.
    pub curvature: Vec<f64>,
}

impl State {
    pub fn new(coordinates: usize) -> State {
        let matrix = vec![0.0; coordinates * coordinates];
        State { value: f64::INFINITY, gradient: vec![0.0; coordinates], majorant: matrix.clone(), curvature: matrix }
    }
}

/// Memory of one thread for one objective; made once, so that evaluations allocate nothing.
#[derive(Debug)]
pub struct Workspace {
    pub(crate) values: Vec<f64>,
    pub(crate) adjoints: Vec<f64>,
    pub(crate) width: usize,
    /// The block whose data stand in `values`.
    pub(crate) loaded: Option<usize>,
    parameters: Vec<f64>,
    /// Weight × ρ'(r) of every row at the last full evaluation.
    pub(crate) slopes: Vec<f64>,
    pub(crate) scratch: [Vec<f64>; 4],
    /// Lanes of the sums over rows: the gradient, then the lower triangles of majorant and curvature, row by row.
    pub(crate) sums: Vec<[f64; LANES]>,
}

impl Workspace {
    /// A parameter as it was at the last evaluation.
    pub fn parameter(&self, k: usize) -> f64 {
        self.parameters[k]
    }
}

impl Objective {
    /// `target` in the formula's own unit, as many as the tape's rows; positive where the loss is logarithmic (the caller has checked it).
    pub fn new(mut tape: Tape, space: Space, loss: Loss, target: &[f64]) -> Objective {
        let rows = target.len();
        let padded = rows.next_multiple_of(LANES);
        let pad = |column: &mut Vec<f64>| column.resize(padded, column.last().copied().unwrap_or(1.0));
        tape.data.iter_mut().for_each(pad);
        let mut target: Vec<f64> = target.iter().map(|&y| if loss.logarithmic { log(y) } else { y }).collect();
        pad(&mut target);
        Objective { tape, space, loss, target, rows }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn coordinates(&self) -> usize {
        self.space.len()
    }

    /// A weight for each row, in the form that evaluations take: padded with zeros.
    pub fn weights(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.target.len()).map(|row| if row < self.rows { of(row) } else { 0.0 }).collect()
    }

    /// The same rows with squares of raw residuals for a loss, relative to the target where this one's are logarithmic: smooth, and in its linear
    /// parameters a linear problem. With the weights that make it so.
    pub fn smooth(&self, weights: &[f64]) -> (Objective, Vec<f64>) {
        let logarithmic = self.loss.logarithmic;
        let target: Vec<f64> = self.target.iter().map(|&y| if logarithmic { exp(y) } else { y }).collect();
        let relative = |(&w, y): (&f64, &f64)| if logarithmic { w / (y * y) } else { w };
        let weights = weights.iter().zip(&target).map(relative).collect();
        let loss = Loss { logarithmic: false, delta: f64::INFINITY };
        let smooth = Objective { tape: self.tape.clone(), space: self.space.clone(), loss, target, rows: self.rows };
        (smooth, weights)
    }

    pub fn workspace(&self) -> Workspace {
        let n = self.coordinates();
        let width = self.target.len().min(BLOCK);
        let blocks = vec![0.0; self.tape.operations.len() * width];
        let mut workspace = Workspace {
            values: blocks.clone(),
            adjoints: blocks,
            width,
            loaded: None,
            parameters: vec![0.0; self.coordinates()],
            slopes: vec![0.0; self.target.len()],
            scratch: [const { Vec::new() }; 4].map(|_: Vec<f64>| vec![0.0; width]),
            sums: vec![[0.0; LANES]; n + n * (n + 1)],
        };
        for (node, operation) in self.tape.operations.iter().enumerate() {
            if let Operation::Constant(bits) = operation {
                workspace.values[node * width..(node + 1) * width].fill(f64::from_bits(*bits));
            }
        }
        workspace
    }

    /// The objective at `point`; infinite where a row that counts has no finite residual.
    pub fn value(&self, workspace: &mut Workspace, point: &[f64], weights: &[f64]) -> f64 {
        self.set_point(workspace, point);
        self.evaluate(workspace, weights, &mut Purpose::Value)
    }

    /// Value, gradient and curvatures at `point`.
    pub fn full(&self, workspace: &mut Workspace, point: &[f64], weights: &[f64], state: &mut State) {
        self.set_point(workspace, point);
        state.value = self.evaluate(workspace, weights, &mut Purpose::Full);
        self.gradient(workspace, state);
        self.matrices(workspace, state);
        let finite = state.gradient.iter().chain(&state.majorant).all(|x| x.is_finite());
        if !finite {
            state.value = f64::INFINITY;
        }
    }

    /// The sum over rows of slope × dr/du at `point`, with the slopes of the last full evaluation: its change with u is the part of the
    /// objective's curvature that the model's own curvature makes.
    pub fn frozen(&self, workspace: &mut Workspace, point: &[f64], weights: &[f64], state: &mut State) {
        self.set_point(workspace, point);
        self.evaluate(workspace, weights, &mut Purpose::Frozen);
        self.gradient(workspace, state);
    }

    /// The model's values row by row at `parameters` (themselves, not their coordinates).
    pub fn model(&self, workspace: &mut Workspace, parameters: &[f64], out: &mut [f64]) {
        workspace.parameters.copy_from_slice(parameters);
        self.set_parameters(workspace);
        self.evaluate(workspace, &[], &mut Purpose::Model(out));
    }

    /// Derivatives of the residuals by the parameters themselves (not their coordinates) at `parameters`: a column of rows for each.
    pub fn jacobian(&self, workspace: &mut Workspace, parameters: &[f64]) -> Vec<Vec<f64>> {
        let mut columns = vec![vec![0.0; self.rows]; self.coordinates()];
        workspace.parameters.copy_from_slice(parameters);
        workspace.slopes.fill(1.0);
        self.set_parameters(workspace);
        self.evaluate(workspace, &[], &mut Purpose::Jacobian(&mut columns));
        columns
    }

    fn set_point(&self, workspace: &mut Workspace, point: &[f64]) {
        self.space.parameters(point, &mut workspace.parameters);
        self.set_parameters(workspace);
    }

    /// Writes parameters, and what depends on them and no row, into the blocks.
    fn set_parameters(&self, workspace: &mut Workspace) {
        let width = workspace.width;
        for (node, operation) in self.tape.operations.iter().enumerate() {
            if !self.tape.uniform[node] {
                continue;
            }
            let (before, own) = workspace.values.split_at_mut(node * width);
            match operation {
                Operation::Parameter(place) => own[..width].fill(workspace.parameters[*place]),
                Operation::Constant(_) => {}
                operation => sweep::forward(*operation, before, &mut own[..width], width),
            }
        }
    }

    /// From sums over rows by parameters to the gradient by coordinates.
    fn gradient(&self, workspace: &Workspace, state: &mut State) {
        for (k, sum) in workspace.sums[..self.coordinates()].iter().enumerate() {
            state.gradient[k] = tree(*sum) * self.space.slope(k, workspace.parameters[k]);
        }
    }

    /// From sums over rows by parameters to curvatures by coordinates.
    fn matrices(&self, workspace: &Workspace, state: &mut State) {
        let n = self.coordinates();
        let slope = |k: usize| self.space.slope(k, workspace.parameters[k]);
        let (majorants, curvatures) = workspace.sums[n..].split_at(n * (n + 1) / 2);
        let curvatures = if self.loss.delta.is_infinite() { majorants } else { curvatures };
        for (sums, matrix) in [(majorants, &mut state.majorant), (curvatures, &mut state.curvature)] {
            for k in 0..n {
                for l in 0..=k {
                    let scaled = tree(sums[k * (k + 1) / 2 + l]) * slope(k) * slope(l);
                    matrix[k * n + l] = scaled;
                    matrix[l * n + k] = scaled;
                }
            }
        }
    }

    /// The size that residuals are measured against: 1 for those of logarithms, otherwise the target's root mean square.
    pub fn scale(&self) -> f64 {
        if self.loss.logarithmic {
            return 1.0;
        }
        let size = (self.target().iter().map(|y| y * y).sum::<f64>() / self.rows as f64).sqrt();
        if size > 0.0 { size } else { 1.0 }
    }

    /// A mean loss of a row below which residuals are rounding, and a fit is exact.
    pub fn exact(&self) -> f64 {
        1e-29 * self.scale() * self.scale()
    }

    /// Rows that have equal data in all that the model reads have equal numbers, from 0: where a law is measured, however often.
    pub fn places(&self) -> Vec<usize> {
        let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
        let place = |row: usize| {
            let data = self.tape.data.iter().map(|column| column[row].to_bits()).collect();
            let next = known.len();
            *known.entry(data).or_insert(next)
        };
        (0..self.rows).map(place).collect()
    }

    /// The target as residuals see it (logarithms where they are logarithmic).
    pub fn target(&self) -> &[f64] {
        &self.target[..self.rows]
    }
}
