//! What a fit makes small, with its derivatives: a weighted sum over rows of a loss of residuals.

#![allow(clippy::inline_always)]

use crate::elementary::log;
use crate::space::Space;
use crate::sweep::{self, BLOCK};
use crate::tape::{Operation, Tape};

/// Partial sums that are kept apart, so that sums are wide and their order does not depend on the machine.
const LANES: usize = 8;

/// The loss of one residual r.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    /// Whether residuals are of logarithms: r = log(model) − log(target), otherwise model − target.
    pub logarithmic: bool,
    /// Where the loss goes from r²/2 to delta·(|r| − delta/2) (Huber 1964); infinite for squares.
    pub delta: f64,
}

impl Loss {
    #[inline(always)]
    fn value(self, r: f64) -> f64 {
        let size = r.abs();
        if size <= self.delta { 0.5 * r * r } else { self.delta * (size - 0.5 * self.delta) }
    }
}

/// A law over the rows that it is fitted to, in the coordinates of its optimiser.
#[derive(Debug)]
pub struct Objective {
    pub tape: Tape,
    pub space: Space,
    pub loss: Loss,
    /// The target, row by row; its logarithm where residuals are logarithmic. Padded like the tape's data.
    target: Vec<f64>,
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

    fn clear(&mut self) {
        self.value = 0.0;
        for sums in [&mut self.gradient, &mut self.majorant, &mut self.curvature] {
            sums.fill(0.0);
        }
    }
}

/// Memory of one thread for one objective; made once, so that evaluations allocate nothing.
#[derive(Debug)]
pub struct Workspace {
    values: Vec<f64>,
    adjoints: Vec<f64>,
    width: usize,
    /// The block whose data stand in `values`.
    loaded: Option<usize>,
    parameters: Vec<f64>,
    /// Weight × ρ'(r) of every row at the last full evaluation.
    slopes: Vec<f64>,
    scratch: [Vec<f64>; 4],
}

/// What an evaluation is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Value,
    Full,
    /// The gradient alone, with the slopes of the last full evaluation in place of the loss's own.
    Frozen,
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

    pub fn workspace(&self) -> Workspace {
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
        self.dispatch(workspace, point, weights, Mode::Value, None)
    }

    /// Value, gradient and curvatures at `point`.
    pub fn full(&self, workspace: &mut Workspace, point: &[f64], weights: &[f64], state: &mut State) {
        state.clear();
        let value = self.dispatch(workspace, point, weights, Mode::Full, Some(state));
        state.value = value;
        let finite = state.gradient.iter().chain(&state.majorant).all(|x| x.is_finite());
        if !finite {
            state.value = f64::INFINITY;
        }
    }

    /// The sum over rows of slope × dr/du at `point`, with the slopes of the last full evaluation: its change with u is the part of the
    /// objective's curvature that the model's own curvature makes.
    pub fn frozen(&self, workspace: &mut Workspace, point: &[f64], weights: &[f64], state: &mut State) {
        state.gradient.fill(0.0);
        self.dispatch(workspace, point, weights, Mode::Frozen, Some(state));
    }

    /// The model's values row by row at parameters `of` (in the law's own terms), and nothing else; for starts.
    pub fn model(&self, workspace: &mut Workspace, parameters: &[f64], out: &mut [f64]) {
        self.set_parameters(workspace, parameters);
        let root = self.tape.root();
        for (block, out) in out[..self.rows].chunks_mut(workspace.width).enumerate() {
            let len = out.len().next_multiple_of(LANES);
            self.load(workspace, block, len);
            self.forward(workspace, len);
            out.copy_from_slice(&workspace.values[root * workspace.width..][..out.len()]);
        }
    }

    /// Derivatives of the residuals by the parameters themselves (not their coordinates) at `parameters`: a column of rows for each.
    pub fn jacobian(&self, workspace: &mut Workspace, parameters: &[f64]) -> Vec<Vec<f64>> {
        let mut columns = vec![vec![0.0; self.rows]; self.coordinates()];
        self.set_parameters(workspace, parameters);
        let width = workspace.width;
        for start in (0..self.rows).step_by(width) {
            let rows = width.min(self.rows - start);
            let len = rows.next_multiple_of(LANES);
            self.load(workspace, start / width, len);
            self.forward(workspace, len);
            workspace.slopes[start..start + len].fill(1.0);
            self.residual_derivatives(workspace, start, len);
            for (column, node) in columns.iter_mut().zip(&self.tape.parameters) {
                if let Some(node) = node {
                    column[start..start + rows].copy_from_slice(&workspace.adjoints[node * width..][..rows]);
                }
            }
        }
        columns
    }

    /// The target as residuals see it (logarithms where they are logarithmic).
    pub fn target(&self) -> &[f64] {
        &self.target[..self.rows]
    }

    fn dispatch(
        &self,
        workspace: &mut Workspace,
        point: &[f64],
        weights: &[f64],
        mode: Mode,
        state: Option<&mut State>,
    ) -> f64 {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                // SAFETY: the features that the function is compiled for were just found.
                return unsafe { self.run_avx512(workspace, point, weights, mode, state) };
            }
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the feature that the function is compiled for was just found.
                return unsafe { self.run_avx2(workspace, point, weights, mode, state) };
            }
        }
        self.run(workspace, point, weights, mode, state)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
    fn run_avx512(
        &self,
        workspace: &mut Workspace,
        point: &[f64],
        weights: &[f64],
        mode: Mode,
        state: Option<&mut State>,
    ) -> f64 {
        self.run(workspace, point, weights, mode, state)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2(
        &self,
        workspace: &mut Workspace,
        point: &[f64],
        weights: &[f64],
        mode: Mode,
        state: Option<&mut State>,
    ) -> f64 {
        self.run(workspace, point, weights, mode, state)
    }

    #[inline(always)]
    fn run(
        &self,
        workspace: &mut Workspace,
        point: &[f64],
        weights: &[f64],
        mode: Mode,
        mut state: Option<&mut State>,
    ) -> f64 {
        let mut parameters = std::mem::take(&mut workspace.parameters);
        self.space.parameters(point, &mut parameters);
        self.set_parameters(workspace, &parameters);
        workspace.parameters = parameters;
        let mut total = 0.0;
        let padded = self.target.len();
        for start in (0..padded).step_by(workspace.width) {
            let len = workspace.width.min(padded - start);
            self.load(workspace, start / workspace.width, len);
            self.forward(workspace, len);
            let weights = &weights[start..start + len];
            total += self.residuals(workspace, start, len, weights, mode);
            if !total.is_finite() {
                return f64::INFINITY;
            }
            if let Some(state) = state.as_deref_mut() {
                self.reverse(workspace, start, len, mode, state);
            }
        }
        if let Some(state) = state {
            self.finish(&workspace.parameters, mode, state);
        }
        total
    }

    /// Writes parameters, and what depends on them and no row, into the blocks.
    #[inline(always)]
    fn set_parameters(&self, workspace: &mut Workspace, parameters: &[f64]) {
        let width = workspace.width;
        for (node, operation) in self.tape.operations.iter().enumerate() {
            if !self.tape.uniform[node] {
                continue;
            }
            let (before, own) = workspace.values.split_at_mut(node * width);
            match operation {
                Operation::Parameter(place) => own[..width].fill(parameters[*place]),
                Operation::Constant(_) => {}
                operation => sweep::forward(*operation, before, &mut own[..width], width),
            }
        }
    }

    /// Copies a block's data to where operations read it, unless it stands there from the evaluation before.
    #[inline(always)]
    fn load(&self, workspace: &mut Workspace, block: usize, len: usize) {
        if workspace.loaded == Some(block) {
            return;
        }
        workspace.loaded = Some(block);
        let (width, start) = (workspace.width, block * workspace.width);
        for (node, operation) in self.tape.operations.iter().enumerate() {
            if let Operation::Data(column) = operation {
                workspace.values[node * width..][..len].copy_from_slice(&self.tape.data[*column][start..start + len]);
            }
        }
    }

    #[inline(always)]
    fn forward(&self, workspace: &mut Workspace, len: usize) {
        let width = workspace.width;
        for (node, operation) in self.tape.operations.iter().enumerate() {
            if !self.tape.uniform[node] {
                let (before, own) = workspace.values.split_at_mut(node * width);
                sweep::forward(*operation, before, &mut own[..len], width);
            }
        }
    }

    /// The losses' sum over a block. In a full evaluation also each row's slope and weights of curvature.
    #[inline(always)]
    fn residuals(&self, workspace: &mut Workspace, start: usize, len: usize, weights: &[f64], mode: Mode) -> f64 {
        if mode == Mode::Frozen {
            return 0.0;
        }
        let model = &workspace.values[self.tape.root() * workspace.width..][..len];
        let target = &self.target[start..start + len];
        let [residual, majorant, curvature, _] = &mut workspace.scratch;
        let residual = &mut residual[..len];
        if self.loss.logarithmic {
            for ((r, &m), &y) in residual.iter_mut().zip(model).zip(target) {
                *r = log(m) - y;
            }
        } else {
            for ((r, &m), &y) in residual.iter_mut().zip(model).zip(target) {
                *r = m - y;
            }
        }
        let mut sums = [0.0; LANES];
        for (r, w) in residual.chunks_exact(LANES).zip(weights.chunks_exact(LANES)) {
            for lane in 0..LANES {
                // Rows that do not count may have any residual.
                sums[lane] += if w[lane] == 0.0 { 0.0 } else { w[lane] * self.loss.value(r[lane]) };
            }
        }
        if mode == Mode::Full {
            let delta = self.loss.delta;
            let slopes = &mut workspace.slopes[start..start + len];
            let outs = slopes.iter_mut().zip(&mut majorant[..len]).zip(&mut curvature[..len]);
            for (((slope, majorant), curvature), (&r, &w)) in outs.zip(residual.iter().zip(weights)) {
                let inside = r.abs() <= delta;
                let slope_here = w * if inside { r } else { delta.copysign(r) };
                *slope = if w == 0.0 { 0.0 } else { slope_here };
                *majorant = if inside { w } else { w * delta / r.abs() };
                *curvature = if inside { w } else { 0.0 };
            }
        }
        tree(sums)
    }

    /// Fills the parameters' adjoints with the derivatives of a block's residuals.
    #[inline(always)]
    fn residual_derivatives(&self, workspace: &mut Workspace, start: usize, len: usize) {
        let width = workspace.width;
        let Workspace { values, adjoints, slopes, .. } = workspace;
        for (node, active) in self.tape.active.iter().enumerate() {
            if *active {
                adjoints[node * width..][..len].fill(0.0);
            }
        }
        let root = self.tape.root() * width;
        let model = &values[root..root + len];
        for ((adjoint, &m), &slope) in adjoints[root..root + len].iter_mut().zip(model).zip(&slopes[start..start + len])
        {
            // A row without a slope counts for nothing, so that its derivative, finite or not, may as well be 0.
            let d = if self.loss.logarithmic { 1.0 / m } else { 1.0 };
            *adjoint = if slope == 0.0 && !d.is_finite() { 0.0 } else { d };
        }
        sweep::reverse(&self.tape, values, adjoints, len, width);
    }

    /// What a block adds to gradient and curvatures.
    #[inline(always)]
    fn reverse(&self, workspace: &mut Workspace, start: usize, len: usize, mode: Mode, state: &mut State) {
        self.residual_derivatives(workspace, start, len);
        let width = workspace.width;
        let Workspace { adjoints, slopes, scratch, .. } = workspace;
        let slopes = &slopes[start..start + len];
        let n = self.coordinates();
        let [_, majorant, curvature, weighted] = scratch;
        for (k, node) in self.tape.parameters.iter().enumerate() {
            let Some(node) = node else { continue };
            let column = &adjoints[node * width..][..len];
            state.gradient[k] += dot(slopes, column);
            if mode == Mode::Frozen {
                continue;
            }
            for (weights, sums) in [(&*majorant, &mut state.majorant), (&*curvature, &mut state.curvature)] {
                if self.loss.delta.is_infinite() && std::ptr::eq(weights, curvature) {
                    continue; // For squares the two are one.
                }
                let weighted = &mut weighted[..len];
                for ((out, &d), &w) in weighted.iter_mut().zip(column).zip(&weights[..len]) {
                    *out = if w == 0.0 { 0.0 } else { w * d };
                }
                for (l, node) in self.tape.parameters.iter().enumerate().take(k + 1) {
                    if let Some(node) = node {
                        sums[k * n + l] += dot(weighted, &adjoints[node * width..][..len]);
                    }
                }
            }
        }
    }

    /// From derivatives by parameters to those by coordinates, and from half a matrix to a whole one.
    #[inline(always)]
    fn finish(&self, parameters: &[f64], mode: Mode, state: &mut State) {
        let n = self.coordinates();
        for k in 0..n {
            state.gradient[k] *= self.space.slope(k, parameters[k]);
        }
        if mode == Mode::Frozen {
            return;
        }
        if self.loss.delta.is_infinite() {
            state.curvature.copy_from_slice(&state.majorant);
        }
        for sums in [&mut state.majorant, &mut state.curvature] {
            for k in 0..n {
                for l in 0..=k {
                    let scaled =
                        sums[k * n + l] * self.space.slope(k, parameters[k]) * self.space.slope(l, parameters[l]);
                    sums[k * n + l] = scaled;
                    sums[l * n + k] = scaled;
                }
            }
        }
    }
}

#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    tree(sums)
}

#[inline(always)]
fn tree(s: [f64; LANES]) -> f64 {
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}
