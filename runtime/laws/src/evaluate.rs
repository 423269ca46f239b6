//! One pass over the rows, block by block: residuals, their losses, their derivatives.
//!
//! The pass is compiled twice, for what every machine has and for AVX2 (a third copy for AVX-512 took 15 % off a fit and added half to the build). Both
//! give the same bits, because wide elementwise arithmetic rounds like narrow and no operations are fused.

#![allow(clippy::inline_always)]

use crate::elementary::log;
use crate::objective::{Objective, Segment, State, Workspace};
use crate::sweep::{self, LANES};
use crate::tape::Operation;

/// What a pass is for.
pub enum Purpose<'a> {
    /// The losses' sum.
    Value,
    /// The losses' sum, gradient and curvatures; in the workspace the slopes of rows.
    Full(&'a mut State),
    /// The gradient alone, with the slopes that stand in the workspace. Segments that do not know the coordinate `moved` add what they did at the
    /// last full evaluation.
    Frozen { moved: usize, gradient: &'a mut [f64] },
    /// The model's value of every row.
    Model(&'a mut [f64]),
    /// The derivative of every row's residual by every coordinate's parameter.
    Jacobian(&'a mut [Vec<f64>]),
}

impl Objective {
    /// Runs a pass at the parameters that stand in the workspace; the losses' sum, infinite where a row that counts has no finite residual.
    pub(crate) fn evaluate(&self, workspace: &mut Workspace, weights: &[f64], purpose: &mut Purpose<'_>) -> f64 {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the feature that the function is compiled for was just found.
            return unsafe { self.pass_avx2(workspace, weights, purpose) };
        }
        self.pass_plain(workspace, weights, purpose)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn pass_avx2(&self, workspace: &mut Workspace, weights: &[f64], purpose: &mut Purpose<'_>) -> f64 {
        self.pass(workspace, weights, purpose)
    }

    pub(crate) fn pass_plain(&self, workspace: &mut Workspace, weights: &[f64], purpose: &mut Purpose<'_>) -> f64 {
        self.pass(workspace, weights, purpose)
    }

    #[inline(always)]
    fn pass(&self, workspace: &mut Workspace, weights: &[f64], purpose: &mut Purpose<'_>) -> f64 {
        let mut total = 0.0;
        for number in 0..self.segments.len() {
            if let Purpose::Frozen { moved, gradient } = purpose
                && !self.segments[number].coordinates.contains(moved)
            {
                self.add_gradient(workspace, number, gradient);
                continue;
            }
            total += self.segment(workspace, number, weights, purpose);
            if !total.is_finite() {
                return f64::INFINITY;
            }
        }
        total
    }

    /// Runs a pass over the rows of one segment; their losses' sum.
    #[inline(always)]
    fn segment(&self, workspace: &mut Workspace, number: usize, weights: &[f64], purpose: &mut Purpose<'_>) -> f64 {
        let segment = &self.segments[number];
        workspace.sums.fill([0.0; LANES]);
        self.set_parameters(workspace, segment);
        let mut total = 0.0;
        for offset in (0..segment.padded).step_by(workspace.width) {
            let (start, len) = (segment.start + offset, workspace.width.min(segment.padded - offset));
            self.load(workspace, start, len);
            self.forward(workspace, len);
            let full = matches!(purpose, Purpose::Full(_));
            if full || matches!(purpose, Purpose::Value) {
                total += self.residuals(workspace, start, len, &weights[start..start + len], full);
                if !total.is_finite() {
                    return f64::INFINITY;
                }
            }
            if full || matches!(purpose, Purpose::Frozen { .. } | Purpose::Jacobian(_)) {
                self.residual_derivatives(workspace, start, len);
            }
            let first = segment.rows.start + offset;
            let rows = first..(first + len).min(segment.rows.end);
            match purpose {
                Purpose::Value => {}
                Purpose::Full(_) | Purpose::Frozen { .. } => self.add_up(workspace, start, len, full),
                Purpose::Model(out) => {
                    let root = self.tape.root() * workspace.width;
                    out[rows.clone()].copy_from_slice(&workspace.values[root..][..rows.len()]);
                }
                Purpose::Jacobian(columns) => {
                    for (coordinate, node) in segment.coordinates.iter().zip(&self.tape.parameters) {
                        if let Some(node) = node {
                            let own = &workspace.adjoints[node * workspace.width..][..rows.len()];
                            columns[*coordinate][rows.clone()].copy_from_slice(own);
                        }
                    }
                }
            }
        }
        match purpose {
            Purpose::Full(state) => {
                self.keep_gradient(workspace, number);
                self.add_gradient(workspace, number, &mut state.gradient);
                self.add_matrices(workspace, number, state);
            }
            Purpose::Frozen { gradient, .. } => {
                for (k, sum) in segment.coordinates.iter().zip(&workspace.sums) {
                    gradient[*k] += tree(*sum) * self.space.slope(*k, workspace.parameters[*k]);
                }
            }
            _ => {}
        }
        total
    }

    /// Writes a segment's parameters, and what depends on them and no row, into the blocks.
    #[inline(always)]
    fn set_parameters(&self, workspace: &mut Workspace, segment: &Segment) {
        let width = workspace.width;
        for (node, operation) in self.tape.operations.iter().enumerate() {
            if !self.tape.uniform[node] {
                continue;
            }
            let (before, own) = workspace.values.split_at_mut(node * width);
            match operation {
                Operation::Parameter(place) => own[..width].fill(workspace.parameters[segment.coordinates[*place]]),
                Operation::Constant(_) => {}
                operation => sweep::forward(*operation, before, &mut own[..width], width),
            }
        }
    }

    /// Keeps a segment's part of the gradient by coordinates, from its sums over rows by parameters.
    fn keep_gradient(&self, workspace: &mut Workspace, number: usize) {
        let coordinates = &self.segments[number].coordinates;
        let n = coordinates.len();
        for (place, &k) in coordinates.iter().enumerate() {
            let slope = self.space.slope(k, workspace.parameters[k]);
            workspace.gradients[number * n + place] = tree(workspace.sums[place]) * slope;
        }
    }

    fn add_gradient(&self, workspace: &Workspace, number: usize, gradient: &mut [f64]) {
        let coordinates = &self.segments[number].coordinates;
        let n = coordinates.len();
        for (&k, own) in coordinates.iter().zip(&workspace.gradients[number * n..]) {
            gradient[k] += own;
        }
    }

    /// Adds a segment's sums over rows by parameters to the curvatures by coordinates.
    fn add_matrices(&self, workspace: &Workspace, number: usize, state: &mut State) {
        let coordinates = &self.segments[number].coordinates;
        let (n, own) = (self.coordinates(), coordinates.len());
        let slope = |k: usize| self.space.slope(k, workspace.parameters[k]);
        let (majorants, curvatures) = workspace.sums[own..].split_at(own * (own + 1) / 2);
        let curvatures = if self.loss.delta.is_infinite() { majorants } else { curvatures };
        for (sums, matrix) in [(majorants, &mut state.majorant), (curvatures, &mut state.curvature)] {
            for (i, &k) in coordinates.iter().enumerate() {
                for (j, &l) in coordinates[..=i].iter().enumerate() {
                    let scaled = tree(sums[i * (i + 1) / 2 + j]) * slope(k) * slope(l);
                    matrix[k * n + l] += scaled;
                    if k != l {
                        matrix[l * n + k] += scaled;
                    }
                }
            }
        }
    }

    /// Copies a block's data to where operations read it, unless it stands there from the evaluation before.
    fn load(&self, workspace: &mut Workspace, start: usize, len: usize) {
        if workspace.loaded == Some(start) {
            return;
        }
        workspace.loaded = Some(start);
        let width = workspace.width;
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
    fn residuals(&self, workspace: &mut Workspace, start: usize, len: usize, weights: &[f64], full: bool) -> f64 {
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
                sums[lane] += if w[lane] == 0.0 { 0.0 } else { w[lane] * self.loss.of(r[lane]) };
            }
        }
        if full {
            let (delta, tilt) = (self.loss.delta, self.loss.tilt);
            let slopes = &mut workspace.slopes[start..start + len];
            let outs = slopes.iter_mut().zip(&mut majorant[..len]).zip(&mut curvature[..len]);
            for (((slope, majorant), curvature), (&r, &w)) in outs.zip(residual.iter().zip(weights)) {
                let inside = r.abs() <= delta;
                let slope_here = w * (tilt + if inside { r } else { delta.copysign(r) });
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
    fn add_up(&self, workspace: &mut Workspace, start: usize, len: usize, full: bool) {
        let width = workspace.width;
        let Workspace { adjoints, slopes, scratch, sums, .. } = workspace;
        let n = self.tape.parameters.len();
        let (gradient, matrices) = sums.split_at_mut(n);
        let (majorants, curvatures) = matrices.split_at_mut(n * (n + 1) / 2);
        let [_, majorant, curvature, weighted] = scratch;
        let weighted = &mut weighted[..len];
        let column = |k: usize| self.tape.parameters[k].map(|node| &adjoints[node * width..][..len]);
        for (k, gradient) in gradient.iter_mut().enumerate() {
            let Some(own) = column(k) else { continue };
            dot(gradient, &slopes[start..start + len], own);
            if !full {
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

/// The sum of lanes, in an order that is always the same.
#[inline(always)]
pub fn tree(s: [f64; LANES]) -> f64 {
    let s: [f64; 4] = std::array::from_fn(|i| s[i] + s[i + 4]);
    (s[0] + s[2]) + (s[1] + s[3])
}
