//! What a fit makes small, with its derivatives: a weighted sum over rows of a loss of residuals.

use std::collections::HashMap;

use crate::elementary::{exp, log};
use crate::evaluate::Purpose;
use crate::space::Space;
use crate::sweep::{LANES, block};
use crate::tape::{Operation, Tape};

/// The loss of one residual r.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Whether residuals are of logarithms: r = log(model) − log(target), otherwise model − target.
    pub logarithmic: bool,
    /// Where the loss goes from r²/2 to delta·(|r| − delta/2) (Huber 1964); infinite for squares.
    pub delta: f64,
    /// What the slope is everywhere beside that, between −delta and delta: how a quantile leans to one side. The loss is then tilt·r + tilt²/2
    /// more, which leaves its least value 0.
    pub tilt: f64,
}

impl Loss {
    pub const SQUARES: Loss = Loss { logarithmic: false, delta: f64::INFINITY, tilt: 0.0 };

    /// The loss of one residual.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub fn of(&self, r: f64) -> f64 {
        let size = r.abs();
        let even = if size <= self.delta { 0.5 * r * r } else { self.delta * (size - 0.5 * self.delta) };
        even + self.tilt * (r + 0.5 * self.tilt)
    }
}

/// A law over the rows that it is fitted to, in the coordinates of its optimiser.
///
/// Rows come in segments, one for each group that is fitted: within one, a parameter of the tape has one value, and which coordinate that is
/// the segment says. Groups that share no parameter are objectives of their own, of one segment each.
#[derive(Debug, Clone)]
pub struct Objective {
    pub tape: Tape,
    pub space: Space,
    pub loss: Loss,
    /// The target, row by row; its logarithm where residuals are logarithmic. Padded like the tape's data.
    pub(crate) target: Vec<f64>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) rows: usize,
}

/// Rows that have their parameters in common.
#[derive(Debug, Clone)]
pub struct Segment {
    /// For each parameter of the tape, its coordinate.
    pub coordinates: Vec<usize>,
    /// Its rows by their place in the table that is fitted.
    pub rows: std::ops::Range<usize>,
    /// Where they stand in padded columns: from here on, a whole number of lanes.
    pub(crate) start: usize,
    pub(crate) padded: usize,
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
        self.gradient.fill(0.0);
        self.majorant.fill(0.0);
        self.curvature.fill(0.0);
    }
}

/// Memory of one thread for one objective; made once, so that evaluations allocate nothing.
#[derive(Debug)]
pub struct Workspace {
    pub(crate) values: Vec<f64>,
    pub(crate) adjoints: Vec<f64>,
    pub(crate) width: usize,
    /// Where the block begins whose data stand in `values`.
    pub(crate) loaded: Option<usize>,
    /// One for each coordinate.
    pub(crate) parameters: Vec<f64>,
    /// Weight × ρ'(r) of every row at the last full evaluation.
    pub(crate) slopes: Vec<f64>,
    /// What each segment added to the gradient at the last full evaluation, by the tape's parameters.
    pub(crate) gradients: Vec<f64>,
    pub(crate) scratch: [Vec<f64>; 4],
    /// Lanes of a segment's sums over rows: the gradient, then the lower triangles of majorant and curvature, row by row.
    pub(crate) sums: Vec<[f64; LANES]>,
}

impl Objective {
    /// Of groups that follow one another: for each, how many rows it has and the coordinates of the tape's parameters. `target` in the formula's
    /// own unit, as many as the tape's rows; positive where the loss is logarithmic (the caller has checked it).
    pub fn new(
        mut tape: Tape,
        space: Space,
        loss: Loss,
        target: &[f64],
        groups: Vec<(usize, Vec<usize>)>,
    ) -> Objective {
        let (mut row, mut start) = (0, 0);
        let mut segments = Vec::with_capacity(groups.len());
        for (rows, coordinates) in groups {
            let padded = rows.next_multiple_of(LANES);
            segments.push(Segment { coordinates, rows: row..row + rows, start, padded });
            row += rows;
            start += padded;
        }
        // Rows beyond the last are its copies, so that they have values; their weight is 0.
        let pad = |column: &[f64]| {
            let mut all = Vec::with_capacity(start);
            for segment in &segments {
                let own = &column[segment.rows.clone()];
                all.extend_from_slice(own);
                all.resize(segment.start + segment.padded, own.last().copied().unwrap_or(1.0));
            }
            all
        };
        tape.data.iter_mut().for_each(|column| *column = pad(column));
        let target: Vec<f64> = target.iter().map(|&y| if loss.logarithmic { log(y) } else { y }).collect();
        let target = pad(&target);
        Objective { tape, space, loss, target, segments, rows: row }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn coordinates(&self) -> usize {
        self.space.len()
    }

    /// Values of rows from a padded column.
    fn of_rows<'a>(&'a self, column: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.segments.iter().flat_map(|segment| column[segment.start..][..segment.rows.len()].iter().copied())
    }

    /// A padded column with a value for each row, and `padding` elsewhere.
    fn padded(&self, padding: f64, of: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut column = vec![padding; self.target.len()];
        for segment in &self.segments {
            for (own, row) in column[segment.start..].iter_mut().zip(segment.rows.clone()) {
                *own = of(row);
            }
        }
        column
    }

    /// A weight for each row, in the form that evaluations take: padded with zeros.
    pub fn weights(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        self.padded(0.0, of)
    }

    /// The weights of rows, back from that form.
    pub fn row_weights(&self, weights: &[f64]) -> Vec<f64> {
        self.of_rows(weights).collect()
    }

    /// Another target for the same rows, in the formula's own unit.
    pub fn set_target(&mut self, target: &[f64]) {
        let logarithmic = self.loss.logarithmic;
        self.target = self.padded(1.0, |row| if logarithmic { log(target[row]) } else { target[row] });
    }

    /// The same rows with squares of raw residuals for a loss, relative to the target where this one's are logarithmic: smooth, and in its linear
    /// parameters a linear problem. With the weights that make it so.
    pub fn smooth(&self, weights: &[f64]) -> (Objective, Vec<f64>) {
        let logarithmic = self.loss.logarithmic;
        let target: Vec<f64> = self.target.iter().map(|&y| if logarithmic { exp(y) } else { y }).collect();
        let relative = |(&w, y): (&f64, &f64)| if logarithmic { w / (y * y) } else { w };
        let weights = weights.iter().zip(&target).map(relative).collect();
        (Objective { loss: Loss::SQUARES, target, ..self.clone() }, weights)
    }

    pub fn workspace(&self) -> Workspace {
        let n = self.tape.parameters.len();
        let width = self
            .segments
            .iter()
            .map(|segment| segment.padded)
            .max()
            .unwrap_or(0)
            .min(block(self.tape.operations.len()));
        let blocks = vec![0.0; self.tape.operations.len() * width];
        let mut workspace = Workspace {
            values: blocks.clone(),
            adjoints: blocks,
            width,
            loaded: None,
            parameters: vec![0.0; self.coordinates()],
            slopes: vec![0.0; self.target.len()],
            gradients: vec![0.0; n * self.segments.len()],
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
        self.space.parameters(point, &mut workspace.parameters);
        self.evaluate(workspace, weights, &mut Purpose::Value)
    }

    /// Value, gradient and curvatures at `point`.
    pub fn full(&self, workspace: &mut Workspace, point: &[f64], weights: &[f64], state: &mut State) {
        self.space.parameters(point, &mut workspace.parameters);
        state.clear();
        state.value = self.evaluate(workspace, weights, &mut Purpose::Full(state));
        let finite = state.gradient.iter().chain(&state.majorant).all(|x| x.is_finite());
        if !finite {
            state.value = f64::INFINITY;
        }
    }

    /// The sum over rows of slope × dr/du at `point`, which differs from that of the last full evaluation in coordinate `moved` alone, with the
    /// slopes of that evaluation: its change with u is the part of the objective's curvature that the model's own curvature makes.
    pub fn frozen(&self, workspace: &mut Workspace, point: &[f64], moved: usize, weights: &[f64], state: &mut State) {
        self.space.parameters(point, &mut workspace.parameters);
        state.gradient.fill(0.0);
        self.evaluate(workspace, weights, &mut Purpose::Frozen { moved, gradient: &mut state.gradient });
    }

    /// The model's values row by row at `parameters` (themselves, not their coordinates).
    pub fn model(&self, workspace: &mut Workspace, parameters: &[f64], out: &mut [f64]) {
        workspace.parameters.copy_from_slice(parameters);
        self.evaluate(workspace, &[], &mut Purpose::Model(out));
    }

    /// Derivatives of the residuals by the parameters themselves (not their coordinates) at `parameters`: a column of rows for each.
    pub fn jacobian(&self, workspace: &mut Workspace, parameters: &[f64]) -> Vec<Vec<f64>> {
        let mut columns = vec![vec![0.0; self.rows]; self.coordinates()];
        workspace.parameters.copy_from_slice(parameters);
        workspace.slopes.fill(1.0);
        self.evaluate(workspace, &[], &mut Purpose::Jacobian(&mut columns));
        columns
    }

    /// The size that residuals are measured against: 1 for those of logarithms, otherwise the target's root mean square.
    pub fn scale(&self) -> f64 {
        if self.loss.logarithmic {
            return 1.0;
        }
        let size = (self.targets().map(|y| y * y).sum::<f64>() / self.rows as f64).sqrt();
        if size > 0.0 { size } else { 1.0 }
    }

    /// A mean loss of a row below which residuals are rounding, and a fit is exact.
    pub fn exact(&self) -> f64 {
        1e-29 * self.scale() * self.scale()
    }

    /// Rows of a group that have equal data in all that the model reads have equal numbers, from 0: where a law is measured, however often.
    pub fn places(&self) -> Vec<usize> {
        let mut known: HashMap<(usize, Vec<u64>), usize> = HashMap::new();
        let mut places = Vec::with_capacity(self.rows);
        for (number, segment) in self.segments.iter().enumerate() {
            for at in segment.start..segment.start + segment.rows.len() {
                let data = self.tape.data.iter().map(|column| column[at].to_bits()).collect();
                let next = known.len();
                places.push(*known.entry((number, data)).or_insert(next));
            }
        }
        places
    }

    /// The target row by row as residuals see it (logarithms where they are logarithmic).
    pub fn targets(&self) -> impl Iterator<Item = f64> + '_ {
        self.of_rows(&self.target)
    }

    /// The target row by row in the formula's own unit.
    pub fn raw_targets(&self) -> impl Iterator<Item = f64> + '_ {
        self.targets().map(|y| if self.loss.logarithmic { exp(y) } else { y })
    }
}
