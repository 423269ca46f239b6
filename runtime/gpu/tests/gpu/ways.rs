//! Ways of computing that are chosen for speed alone: sums by subgroups, tiles of products.

use synx_gpu::{Choice, GpuExecutor, Set, Tile};

use crate::bench::{PLAIN, devices, fast, selector};
use crate::fused::{everything, programs};

#[test]
fn sums_by_subgroups_and_large_tiles_leave_every_bit_as_it_is() {
    let mut devices = devices();
    let [_, plain, fast, ..] = &mut devices.executors[..] else { panic!("three executors run everywhere") };
    for (name, program) in programs() {
        for slots in [1, 3] {
            let want = everything(&mut plain.wave(&program, slots).unwrap(), &program);
            let got = everything(&mut fast.wave(&program, slots).unwrap(), &program);
            let other: Vec<usize> = (0..want.len()).filter(|&i| got[i] != want[i]).collect();
            assert!(other.is_empty(), "{name}, {slots} slots: {other:?} of what is compared");
        }
    }
}

#[test]
fn llvmpipe_tests_what_cards_take() {
    let devices = devices();
    if devices.executors[0].adapter().name.contains("llvmpipe") {
        assert_eq!(fast(), Choice { set: Some(Set::Tiled), shuffles: Some(true), tile: Some(Tile::Large) });
    }
}

#[test]
fn what_leaves_the_bits_alone_leaves_the_class_alone() {
    use synx_plan::executor::Executor;
    let class = |choice: Choice| GpuExecutor::open_with(&selector(), choice).unwrap().class();
    assert_eq!(class(PLAIN), class(fast()));
}
