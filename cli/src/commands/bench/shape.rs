//! The models that benchmarks train.

use clap::{Args, ValueEnum};
use synx_plan::exact::Exact;
use synx_plan::model::{Block, Model};
use synx_plan::recipe::Precision;
use synx_run::DeviceChoice;

use crate::outcome::Outcome;
use crate::render::show_problem;

/// Which model is trained, on what.
#[derive(Debug, Args)]
pub struct ShapeArguments {
    /// Named sizes, one after the other
    #[arg(long, value_enum, value_delimiter = ',', conflicts_with_all = ["width", "layers", "heads"])]
    size: Vec<Size>,

    /// Width of the residual stream
    #[arg(long, value_name = "N", requires = "layers", requires = "heads", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    width: Option<u64>,

    /// Layers, each of attention and SwiGLU
    #[arg(long, value_name = "N", requires = "width", value_parser = clap::value_parser!(u64).range(1..=1024))]
    layers: Option<u64>,

    /// Attention heads
    #[arg(long, value_name = "N", requires = "width", value_parser = clap::value_parser!(u64).range(1..=1024))]
    heads: Option<u64>,

    /// Symbols of the tokenizer [default: 256; of 124m 50304]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=1 << 20))]
    vocab: Option<u64>,

    /// Tokens per sequence [default: 128; of 124m 1024]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    context: Option<u64>,

    /// Sequences per step [default: 16; of 124m 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    batch: Option<u64>,

    /// What the factors of products are rounded to
    #[arg(long, value_enum, default_value_t = Rounded::F32)]
    precision: Rounded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rounded {
    F32,
    Bf16,
    F16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Size {
    Xs,
    S,
    M,
    L,
    #[value(name = "124m")]
    Large,
}

impl Size {
    fn name(self) -> &'static str {
        match self {
            Size::Xs => "xs",
            Size::S => "s",
            Size::M => "m",
            Size::L => "l",
            Size::Large => "124m",
        }
    }

    /// Width, layers, heads.
    fn shape(self) -> (u64, u64, u64) {
        match self {
            Size::Xs => (64, 2, 2),
            Size::S => (128, 4, 4),
            Size::M => (256, 6, 8),
            Size::L => (512, 8, 8),
            Size::Large => (768, 12, 12),
        }
    }

    /// Vocabulary, context, sequences a step.
    fn data(self) -> (u64, u64, u64) {
        match self {
            Size::Large => (50_304, 1024, 4),
            _ => (256, 128, 16),
        }
    }
}

/// A model to be trained.
pub struct Shape {
    /// As it was named: a size, or `width/layers/heads`.
    pub name: String,
    pub model: Model,
    pub layers: u64,
    pub heads: u64,
    pub hidden: u64,
    /// Sequences a step.
    pub rows: u64,
    pub precision: Precision,
}

impl ShapeArguments {
    /// The models, and the device that is named. Where one of them is wrong, that has been said.
    pub fn on(&self, device: &str) -> Result<(Vec<Shape>, DeviceChoice), Outcome> {
        let shapes = self.shapes().map_err(|wrong| {
            eprintln!("synx: {wrong}");
            Outcome::Usage
        })?;
        let device = device.parse::<DeviceChoice>().map_err(|problem| {
            show_problem(&problem);
            Outcome::Usage
        })?;
        Ok((shapes, device))
    }

    /// The models, in the order that they were named in; the smallest where none is.
    ///
    /// # Errors
    /// A sentence, where a width does not divide among its heads.
    fn shapes(&self) -> Result<Vec<Shape>, String> {
        if let (Some(width), Some(layers), Some(heads)) = (self.width, self.layers, self.heads) {
            return Ok(vec![self.shape(
                format!("{width}/{layers}/{heads}"),
                (width, layers, heads),
                Size::Xs.data(),
            )?]);
        }
        let named = if self.size.is_empty() { &[Size::Xs] } else { &self.size[..] };
        named.iter().map(|size| self.shape(size.name().to_owned(), size.shape(), size.data())).collect()
    }

    /// Layers of attention and SwiGLU, its hidden width a multiple of 32; a head of its own; the language's defaults for the rest.
    fn shape(&self, name: String, of: (u64, u64, u64), data: (u64, u64, u64)) -> Result<Shape, String> {
        let (width, layers, heads) = of;
        if !width.is_multiple_of(2 * heads) {
            return Err(format!("a width of {width} cannot be divided among {heads} heads into even parts"));
        }
        let hidden = (width * 8).div_ceil(3).next_multiple_of(32);
        let attention = Block::Attention { heads, kv_heads: heads, head_dim: width / heads };
        let swiglu = Block::Swiglu { hidden };
        let decimal = |numerator, denominator| Exact::ratio(numerator, denominator).unwrap_or_else(Exact::zero);
        let model = Model {
            width,
            context: self.context.unwrap_or(data.1),
            vocabulary: self.vocab.unwrap_or(data.0),
            blocks: (0..layers).flat_map(|_| [attention.clone(), swiglu.clone()]).collect(),
            tied: false,
            rotary_base: Exact::from(10_000u64),
            norm_epsilon: decimal(1, 100_000),
            init_std: decimal(2, 100),
        };
        let precision = match self.precision {
            Rounded::F32 => Precision::F32,
            Rounded::Bf16 => Precision::Bf16,
            Rounded::F16 => Precision::F16,
        };
        Ok(Shape { name, model, layers, heads, hidden, rows: self.batch.unwrap_or(data.2), precision })
    }
}
