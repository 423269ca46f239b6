use super::*;
use crate::exact::Exact;
use crate::model::{Block, Model};

fn model(blocks: Vec<Block>, tied: bool) -> Model {
    Model {
        width: 32,
        context: 16,
        vocabulary: 97,
        blocks,
        tied,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: Exact::from_decimal("1e-5").unwrap(),
        init_std: Exact::from_decimal("0.02").unwrap(),
    }
}

fn two_layers(tied: bool) -> Model {
    let attention = Block::Attention { heads: 4, kv_heads: 2, head_dim: 8 };
    model(vec![attention.clone(), Block::Swiglu { hidden: 96 }, attention, Block::Gelu { hidden: 64 }], tied)
}

#[test]
fn the_program_counts_what_the_model_counts() {
    for tied in [false, true] {
        let model = two_layers(tied);
        let program = lower(&model, 3);
        assert_eq!(program.parameter_count() as u64, model.parameters_total());
        assert_eq!(program.flops_exact(), 3 * model.flops_exact_per_sequence());
        assert_eq!(program.initial_parameters(1, 2).len(), program.parameter_count());
    }
}

#[test]
fn a_residual_stream_needs_no_copies() {
    let program = lower(&two_layers(false), 3);
    assert!(!program.backward.iter().any(|op| matches!(op, Op::Add(_))));
}

#[test]
fn every_read_follows_a_write_and_every_gradient_is_written() {
    for tied in [false, true] {
        for blocks in [two_layers(tied), model(vec![], tied)] {
            let program = lower(&blocks, 2);
            let mut written: Vec<bool> = program.tensors.iter().map(|t| t.role == Role::Parameter).collect();
            for op in program.forward.iter().chain(&program.backward) {
                for tensor in op.reads() {
                    assert!(written[tensor.0], "{} reads {} too early", op.name(), program.tensor(tensor).name);
                }
                for tensor in op.writes() {
                    written[tensor.0] = true;
                }
            }
            assert!(program.parameters.iter().all(|p| written[p.gradient.0]));
        }
    }
}

#[test]
fn activations_alive_together_do_not_overlap() {
    for training in [true, false] {
        let program = lower(&two_layers(false), 2);
        let plan = schedule(&program, training);
        let backward: &[Op] = if training { &program.backward } else { &[] };
        let ops: Vec<&Op> = program.forward.iter().chain(backward).collect();
        let life = |id: TensorId| {
            let uses = |op: &&Op| op.reads().contains(&id) || op.writes().contains(&id);
            Some((ops.iter().position(uses)?, ops.iter().rposition(uses)?))
        };
        let lives: Vec<_> = (0..program.tensors.len()).map(|t| life(TensorId(t))).collect();
        for a in 0..lives.len() {
            for b in 0..a {
                let (Some(la), Some(lb)) = (lives[a], lives[b]) else { continue };
                let (Some(oa), Some(ob)) = (plan.offset(TensorId(a)), plan.offset(TensorId(b))) else { continue };
                let apart = oa + program.tensors[a].columns <= ob || ob + program.tensors[b].columns <= oa;
                let disjoint = la.1 < lb.0 || lb.1 < la.0;
                assert!(apart || disjoint, "{} and {}", program.tensors[a].name, program.tensors[b].name);
            }
        }
        let sum: usize = program.tensors.iter().filter(|t| t.role == Role::Activation).map(|t| t.columns).sum();
        assert!(plan.columns < sum);
    }
}

#[test]
fn what_is_touched_in_one_step_lies_apart() {
    let program = lower(&two_layers(false), 2);
    let plan = schedule_in_steps(&program, true, &|op| op / 3, &[]);
    let ops: Vec<&Op> = program.forward.iter().chain(&program.backward).collect();
    let touched = |ops: &[&Op]| -> std::collections::BTreeSet<usize> {
        ops.iter().flat_map(|op| op.reads().into_iter().chain(op.writes())).map(|tensor| tensor.0).collect()
    };
    let place = |t: &usize| Some((plan.offset(TensorId(*t))?, program.tensors[*t].columns));
    for step in ops.chunks(3) {
        let places: Vec<(usize, usize)> = touched(step).iter().filter_map(place).collect();
        for (i, a) in places.iter().enumerate() {
            assert!(places[..i].iter().all(|b| a.0 + a.1 <= b.0 || b.0 + b.1 <= a.0), "{places:?}");
        }
    }
    assert!(plan.columns >= schedule(&program, true).columns);
    let unstored = program.forward[1].writes()[0];
    let plan = schedule_in_steps(&program, true, &|op| op, &[unstored]);
    assert_eq!((plan.offset(unstored), schedule(&program, true).offset(unstored).is_some()), (None, true));
}
