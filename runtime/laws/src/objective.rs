//! What a fit makes small, with its derivatives: a weighted sum over rows of a loss of residuals.

#![allow(clippy::inline_always)]

use crate::elementary::{exp, log};
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
    /// Lanes of the sums over rows: the gradient, then the lower triangles of majorant and curvature, row by row.
    sums: Vec<[f64; LANES]>,
}

impl Workspace {
    /// A parameter as it was at the last evaluation.
    pub fn parameter(&self, k: usize) -> f64 {
        self.parameters[k]
    }
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
        self.dispatch(workspace, point, weights, Mode::Value, None)
    }

    /// Value, gradient and curvatures at `point`.
    pub fn full(&self, workspace: &mut Workspace, point: &[f64], weights: &[f64], state: &mut State) {
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

    /// A mean loss of a row below which residuals are rounding, and a fit is exact.
    pub fn exact(&self) -> f64 {
        let scale = if self.loss.logarithmic {
            1.0
        } else {
            self.target().iter().map(|y| y * y).sum::<f64>() / self.rows as f64
        };
        1e-29 * scale
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
            if avx512() {
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

    /// A full evaluation by each of the copies that this machine can run, the plain one first.
    #[cfg(test)]
    pub fn on_every_instruction_set(&self, point: &[f64], weights: &[f64]) -> Vec<State> {
        let run = |how: &dyn Fn(&mut Workspace, &mut State) -> f64| {
            let mut state = State::new(point.len());
            state.value = how(&mut self.workspace(), &mut state);
            state
        };
        let mut all = vec![run(&|workspace, state| self.run(workspace, point, weights, Mode::Full, Some(state)))];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the feature that the function is compiled for was just found.
                all.push(run(&|w, state| unsafe { self.run_avx2(w, point, weights, Mode::Full, Some(state)) }));
            }
            if avx512() {
                // SAFETY: the features that the function is compiled for were just found.
                all.push(run(&|w, state| unsafe { self.run_avx512(w, point, weights, Mode::Full, Some(state)) }));
            }
        }
        all
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
        state: Option<&mut State>,
    ) -> f64 {
        let mut parameters = std::mem::take(&mut workspace.parameters);
        self.space.parameters(point, &mut parameters);
        self.set_parameters(workspace, &parameters);
        workspace.parameters = parameters;
        workspace.sums.fill([0.0; LANES]);
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
            if mode != Mode::Value {
                self.reverse(workspace, start, len, mode);
            }
        }
        if let Some(state) = state {
            self.finish(workspace, mode, state);
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

    /// What a block adds to the sums of gradient and curvatures.
    #[inline(always)]
    fn reverse(&self, workspace: &mut Workspace, start: usize, len: usize, mode: Mode) {
        self.residual_derivatives(workspace, start, len);
        let width = workspace.width;
        let Workspace { adjoints, slopes, scratch, sums, .. } = workspace;
        let n = self.coordinates();
        let (gradient, matrices) = sums.split_at_mut(n);
        let (majorants, curvatures) = matrices.split_at_mut(n * (n + 1) / 2);
        let [_, majorant, curvature, weighted] = scratch;
        let weighted = &mut weighted[..len];
        let column = |k: usize| self.tape.parameters[k].map(|node| &adjoints[node * width..][..len]);
        for (k, gradient) in gradient.iter_mut().enumerate() {
            let Some(own) = column(k) else { continue };
            dot(gradient, &slopes[start..start + len], own);
            if mode == Mode::Frozen {
                continue;
            }
            // For squares the two are one.
            let both = if self.loss.delta.is_infinite() { 1 } else { 2 };
            let pairs = [(&*majorant, &mut *majorants), (&*curvature, &mut *curvatures)];
            for (weights, sums) in pairs.into_iter().take(both) {
                for ((out, &d), &w) in weighted.iter_mut().zip(own).zip(&weights[..len]) {
                    *out = if w == 0.0 { 0.0 } else { w * d };
                }
                let row = k * (k + 1) / 2;
                for (l, sum) in sums[row..=row + k].iter_mut().enumerate() {
                    if let Some(other) = column(l) {
                        dot(sum, weighted, other);
                    }
                }
            }
        }
    }

    /// From sums over rows by parameters to derivatives by coordinates.
    #[inline(always)]
    fn finish(&self, workspace: &Workspace, mode: Mode, state: &mut State) {
        let n = self.coordinates();
        let slope = |k: usize| self.space.slope(k, workspace.parameters[k]);
        let (gradient, matrices) = workspace.sums.split_at(n);
        for (k, sum) in gradient.iter().enumerate() {
            state.gradient[k] = tree(*sum) * slope(k);
        }
        if mode == Mode::Frozen {
            return;
        }
        let (majorants, curvatures) = matrices.split_at(n * (n + 1) / 2);
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
}

#[cfg(target_arch = "x86_64")]
fn avx512() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl")
}

/// Adds the products of two columns to the lanes of their sum.
#[inline(always)]
fn dot(sums: &mut [f64; LANES], a: &[f64], b: &[f64]) {
    let (a, _) = a.as_chunks::<LANES>();
    let (b, _) = b.as_chunks::<LANES>();
    let mut own = *sums;
    for (a, b) in a.iter().zip(b) {
        own = std::array::from_fn(|i| own[i] + a[i] * b[i]);
    }
    *sums = own;
}

#[inline(always)]
fn tree(s: [f64; LANES]) -> f64 {
    let s: [f64; 4] = std::array::from_fn(|i| s[i] + s[i + 4]);
    (s[0] + s[2]) + (s[1] + s[3])
}
