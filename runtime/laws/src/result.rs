//! What a fit found, as plain data.

use serde::{Deserialize, Serialize};

use crate::sample::Sample;
use crate::trees::Forest;

/// A law fitted to each group of its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawResult {
    pub law: String,
    /// In the order in which the groups first appear in the table.
    pub groups: Vec<GroupFit>,
    /// Groups that could not be fitted, and why. There is at least one group that was.
    pub skipped: Vec<SkippedGroup>,
}

/// A group that could not be fitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedGroup {
    pub group: Vec<(String, String)>,
    /// The problem's code and headline.
    pub code: String,
    pub reason: String,
}

/// The fit of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupFit {
    /// The columns that the law groups by, with their values.
    pub group: Vec<(String, String)>,
    /// The sum of the losses of the residuals of the group's rows that were fitted, each as often as the row counts.
    pub objective: f64,
    /// How many rows were fitted.
    pub points: usize,
    /// In the order of their declaration.
    pub parameters: Vec<ParameterEstimate>,
    /// Whether the gradient is zero as far as sums in floats can tell.
    pub converged: bool,
    pub starts: Starts,
    /// Where starts have ended, the least first: the fit itself, then other minima (no more than eight).
    #[serde(default)]
    pub minima: Vec<Minimum>,
    /// How many directions of the parameters the rows tell, which is the number of parameters where all are identified.
    #[serde(default)]
    pub rank: usize,
    /// How many times more residuals move in the direction in which they move most than in that in which they move least, columns scaled to one
    /// length: large in a valley. None where some direction moves nothing.
    #[serde(default)]
    pub condition: Option<f64>,
    /// What to compare laws by; none where the fit is exact. With shared parameters, that of all groups together.
    #[serde(default)]
    pub criteria: Option<Criteria>,
    /// How intervals were drawn; none where no draws were asked for.
    pub resampling: Option<Resampling>,
    /// The draws that could be fitted, in the order of their numbers. Two fits of as many units under one seed drew the same units under
    /// the same number, so that what is asked of both is asked draw by draw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<Draw>,
    /// How rows that were left out were predicted; none where none were.
    pub test: Option<TestError>,
    /// For a test of parts in turn, the rows of each part as a fit without it predicts them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Prediction>,
    /// Every row of the group, in the order of the table.
    pub predictions: Vec<Prediction>,
    /// Of a law of trees, which has no parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trees: Option<GrownTrees>,
}

/// What a law of trees has in the place of parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrownTrees {
    pub forest: Forest,
    /// Those of the draws, in the order of `GroupFit::draws`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<Forest>,
    /// What they have to be better than, fitted to the same rows.
    pub beside: Vec<Beside>,
}

/// A simple model of the columns that trees split on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    pub model: Simple,
    /// The method's sum over the rows that were fitted.
    pub objective: f64,
    /// How it predicts the rows that were left out.
    pub test: Option<TestError>,
}

/// What stands beside trees, fitted by least squares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Simple {
    /// An intercept and a slope for each column.
    Linear,
    /// The mean.
    Constant,
}

impl Simple {
    /// As results call it.
    pub fn word(self) -> &'static str {
        match self {
            Simple::Linear => "linear",
            Simple::Constant => "constant",
        }
    }
}

impl GroupFit {
    /// The estimate of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&ParameterEstimate> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// The law fitted to rows that were drawn again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// From 0; numbers are left out where a draw could not be fitted.
    pub number: u64,
    /// In the order of the fit's parameters.
    pub parameters: Vec<f64>,
}

/// One parameter of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterEstimate {
    pub name: String,
    pub estimate: f64,
    /// The interval's ends; none where the law draws no bootstrap, and where the data do not identify the parameter, whose interval is open.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The bias-corrected and accelerated interval from the same draws (Efron 1987); none where `low` is, and where all draws lie on one side.
    #[serde(default)]
    pub bca: Option<Interval>,
    /// Where the likelihood, with all other parameters fitted anew, falls below what the confidence allows; traced where the estimate is loose.
    #[serde(default)]
    pub profile: Option<Interval>,
    /// Whether the data tell the parameter: false where it can move, alone or together with others, without changing any fitted row, or without
    /// end and no less likely than the confidence allows. Its estimate is then one of many that are as good.
    pub identified: bool,
    /// Whether the estimate is at one of the bounds that the law sets.
    pub at_bound: bool,
}

/// From how many points the fit was started, and how many of them came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starts {
    pub tried: usize,
    /// Those whose objective came within 1e-6 (relative) of the least.
    pub agreeing: usize,
}

/// Two ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// A minimum of the objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Minimum {
    /// With shared parameters, over all groups together.
    pub objective: f64,
    /// In the order of the fit's parameters.
    pub parameters: Vec<f64>,
    /// How many starts end here.
    pub starts: usize,
}

/// Criteria that laws of different forms are compared by, over the same rows and target: less is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Criteria {
    /// Of the target, in residuals of the density that the loss implies, at its most probable scale.
    pub log_likelihood: f64,
    /// Akaike's, corrected for few rows (Hurvich and Tsai 1989); none where there are too few for any correction.
    pub aicc: Option<f64>,
    /// Schwarz's (1978).
    pub bic: f64,
}

/// Fewer streams than this make intervals that are too narrow: a few blocks say little of how blocks differ.
const FEW_STREAMS: usize = 5;

impl Resampling {
    /// Whether so little is drawn that intervals are narrower than they say.
    pub fn too_few(&self) -> bool {
        self.units < FEW_STREAMS
    }
}

/// What intervals rest on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Resampling {
    /// What was drawn again: training streams where the rows come from more than one, otherwise rows.
    pub unit: Unit,
    pub units: usize,
    pub draws: usize,
    /// Draws that had enough distinct rows and a finite fit. Intervals are those of these.
    pub used: usize,
    /// How much of the draws intervals take.
    pub sample: Sample,
}

/// What a bootstrap draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Row,
    Stream,
    /// The design stays, and residuals are drawn.
    Residual,
}

/// How well rows that were left out of the fit are predicted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestError {
    pub points: usize,
    /// |predicted − observed| / |observed|.
    pub mean_relative_error: f64,
    pub max_relative_error: f64,
    /// Rank correlations of what was predicted with what was observed; none where either is constant.
    #[serde(default)]
    pub spearman: Option<f64>,
    #[serde(default)]
    pub kendall: Option<f64>,
}

/// One row under the fitted law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The row of the table, from 0.
    pub row: usize,
    pub observed: f64,
    pub predicted: f64,
    pub held_out: bool,
}
