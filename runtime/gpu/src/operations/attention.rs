//! Attention and its gradients.

use synx_plan::program::op::{Attention, AttentionGrad, Rotary};
use synx_shaders::{LargestHead, Variant, kernel};

use super::Operations;
use crate::buffers::whole;
use crate::device::Window;
use crate::fusion::Fusion;

impl Operations<'_> {
    /// Attention, which turns queries and keys as it reads them where a rotation is given.
    pub(super) fn attention(&mut self, rotary: Option<&Rotary>, op: &Attention) {
        let [qkv, out, log_sum] = [op.qkv, op.out, op.log_sum].map(|id| self.view(id));
        let heads = Heads::new(op.heads, op.kv_heads, op.head_dim);
        let name = if rotary.is_some() { "attention_rotary" } else { "attention" };
        let variant = Variant::attention(kernel(name), self.ways.set, op.head_dim as u32);
        let (stride, qkv_slot) = qkv.lanes(heads.vector);
        let (out_stride, out_slot) = out.lanes(heads.vector);
        let context = self.program.context;
        let query_blocks = context.div_ceil(variant.workgroup as usize);
        let blocks = self.program.rows * op.heads * query_blocks;
        let shape = [
            ("sequences", self.program.rows as u32),
            ("context", context as u32),
            ("heads", op.heads as u32),
            ("group", heads.group),
            ("keys", heads.keys),
            ("values", heads.values),
            ("query_blocks", query_blocks as u32),
            ("blocks", blocks as u32),
            ("stride", stride),
            ("out_stride", out_stride),
            ("log_sum_stride", log_sum.place.stride as u32),
            ("qkv_slot", qkv_slot),
            ("out_slot", out_slot),
            ("log_sum_slot", log_sum.slot()),
            ("scale", heads.scale),
        ];
        let operations = self.pairs() * (4 * op.heads * (op.head_dim + 8)) as f64;
        let mut windows = vec![qkv.window, out.window, log_sum.window];
        windows.extend(rotary.map(|rotary| self.angles(rotary)));
        self.call(variant, &shape, windows, blocks, operations);
    }

    /// The gradient of attention, which is turned back before it is stored where a rotation is given.
    pub(super) fn attention_grad(&mut self, rotary: Option<&Rotary>, op: &AttentionGrad) {
        let [qkv, out, log_sum, dout, dqkv] = [op.qkv, op.out, op.log_sum, op.dout, op.dqkv].map(|id| self.view(id));
        let heads = Heads::new(op.heads, op.kv_heads, op.head_dim);
        let head_dim = op.head_dim as u32;
        let beside = self.ways.fusion == Fusion::All && head_dim <= LargestHead::BESIDE;
        let variant =
            |name: [&str; 2]| Variant::attention(kernel(name[usize::from(rotary.is_some())]), self.ways.set, head_dim);
        let queries = variant(["attention_grad_query", "attention_grad_query_rotary"]);
        let keys = variant(["attention_grad_key_value", "attention_grad_key_value_rotary"]);
        let (stride, qkv_slot) = qkv.lanes(heads.vector);
        let (out_stride, out_slot) = out.lanes(heads.vector);
        let (_, dout_slot) = dout.lanes(heads.vector);
        let (_, dqkv_slot) = dqkv.lanes(heads.vector);
        let context = self.program.context;
        // Both kernels have workgroups of one size.
        let blocks_of_sequence = context.div_ceil(queries.workgroup as usize);
        let query_blocks = self.program.rows * op.heads * blocks_of_sequence;
        let key_blocks = self.program.rows * op.kv_heads * blocks_of_sequence;
        let shape = [
            ("context", context as u32),
            ("heads", op.heads as u32),
            ("kv_heads", op.kv_heads as u32),
            ("group", heads.group),
            ("keys", heads.keys),
            ("values", heads.values),
            ("query_blocks", blocks_of_sequence as u32),
            ("key_blocks", blocks_of_sequence as u32),
            ("all_query_blocks", query_blocks as u32),
            ("all_key_blocks", key_blocks as u32),
            ("stride", stride),
            ("out_stride", out_stride),
            ("log_sum_stride", log_sum.place.stride as u32),
            ("qkv_slot", qkv_slot),
            ("out_slot", out_slot),
            ("dout_slot", dout_slot),
            ("log_sum_slot", log_sum.slot()),
            ("delta_slot", (self.program.tokens() * op.heads) as u32),
            ("dqkv_slot", dqkv_slot),
            ("scale", heads.scale),
        ];
        let work = self.pairs() * (2 * op.heads * (op.head_dim + 8)) as f64;
        let common = [qkv, log_sum, dout, dqkv].map(|view| view.window);
        let angles = rotary.map(|rotary| self.angles(rotary));
        let with = |more: &[&Window]| -> Vec<Window> {
            common.iter().chain(more.iter().copied()).chain(angles.as_ref()).cloned().collect()
        };
        if beside {
            let both = variant(["attention_grad", "attention_grad_rotary"]);
            self.call(both, &shape, with(&[&out.window]), key_blocks + query_blocks, 7.0 * work);
            return;
        }
        let delta = whole(&self.buffers.delta);
        self.call(queries, &shape, with(&[&delta, &out.window]), query_blocks, 3.0 * work);
        self.call(keys, &shape, with(&[&delta]), key_blocks, 4.0 * work);
    }

    /// The angles of a rotation.
    pub(super) fn angles(&self, op: &Rotary) -> Window {
        whole(&self.buffers.angles[&(op.head_dim, op.base.to_bits())])
    }

    /// Pairs of query and key that attention looks at, over a slot's sequences.
    fn pairs(&self) -> f64 {
        let context = self.program.context as f64;
        self.program.rows as f64 * context * (context + 1.0) / 2.0
    }
}

/// The heads of an attention operation, in lanes.
struct Heads {
    vector: bool,
    group: u32,
    keys: u32,
    values: u32,
    /// 1 / sqrt(head_dim), the bits.
    scale: u32,
}

impl Heads {
    fn new(heads: usize, kv_heads: usize, head_dim: usize) -> Heads {
        let vector = head_dim.is_multiple_of(4);
        let lanes = if vector { head_dim / 4 } else { head_dim };
        Heads {
            vector,
            group: (heads / kv_heads) as u32,
            keys: (heads * lanes) as u32,
            values: ((heads + kv_heads) * lanes) as u32,
            scale: ((1.0 / (head_dim as f64).sqrt()) as f32).to_bits(),
        }
    }
}
