//! What is opened and what is refused.

use synx_gpu::{AdapterKind, GpuExecutor, Selector, Set, adapters};
use synx_plan::executor::Executor;

use crate::bench::{devices, selector};
use crate::steps::{model, program_of};

#[test]
fn a_name_that_no_adapter_has_is_a_problem_that_lists_what_there_is() {
    let problem = GpuExecutor::open(&Selector::Named("no such adapter".into())).unwrap_err();
    assert_eq!(problem.code, "E0950");
    for adapter in adapters() {
        assert!(problem.notes[0].contains(&adapter.name));
    }
}

#[test]
fn a_software_adapter_takes_no_tiles_and_is_taken_by_name_only() {
    let executor = GpuExecutor::open(&selector()).unwrap();
    let adapter = executor.adapter();
    if adapter.kind == AdapterKind::Software {
        assert_ne!(executor.set(), Set::Tiled);
    }
    let class = executor.class().0;
    assert!(class.starts_with(&format!("vulkan-f32 {:x}:{:x} {}", adapter.vendor, adapter.device, adapter.driver)));
    if adapters().iter().all(|adapter| adapter.kind == AdapterKind::Software) {
        assert_eq!(GpuExecutor::open(&Selector::RealGpu).unwrap_err().code, "E0950");
    }
}

#[test]
fn kernels_other_than_the_adapters_own_are_another_class() {
    let devices = devices();
    let [direct, tiled, ..] = &devices.executors[..] else { panic!("two sets run everywhere") };
    assert_ne!(direct.class(), tiled.class());
}

#[test]
fn as_many_slots_fit_as_the_limits_let_and_none_of_what_is_too_large() {
    let devices = devices();
    let executor = &devices.executors[0];
    let small = program_of(&model(97, false));
    assert_eq!(executor.fit(&small, 5).unwrap(), 5);
    let binding = executor.adapter().limits.binding;
    // The logits of a step's 128 rows, for three slots, are a binding.
    let vocabulary = binding / (4 * 128) / 3 / 4 * 4;
    assert_eq!(executor.fit(&program_of(&model(vocabulary, false)), 100).unwrap(), 3);
    let problem = executor.fit(&program_of(&model(binding / 4, false)), 100).unwrap_err();
    assert_eq!(problem.code, "E0953");
    assert!(problem.headline.contains("embedding"), "{problem}");
}
