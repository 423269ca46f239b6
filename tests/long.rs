//! Tests that take longer than every change should wait for: `./test long`.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod support;

use std::fs;
use std::path::Path;

use support::{distance, root, synx, table};

/// Losses of one cell's curve.
fn curve(out: &Path, cell: &str) -> Vec<f64> {
    table(&out.join("curves.csv")).iter().filter(|row| row.get("cell") == cell).map(|row| row.number("loss")).collect()
}

#[test]
fn the_quickstart_gives_the_same_losses_on_cpu_and_gpu() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(root().join("examples/quickstart.synx"), folder.path().join("quickstart.synx")).unwrap();
    for (device, out) in [("cpu", "cpu"), ("gpu:llvmpipe", "gpu")] {
        synx(folder.path(), ["run", "quickstart.synx", "--device", device, "--out", out]).expect(0);
        let again = synx(folder.path(), ["run", "quickstart.synx", "--device", device, "--out", out]).expect(0);
        assert!(again.err.contains("nothing to train"), "{}", again.err);
    }
    let (cpu, gpu) = (folder.path().join("cpu"), folder.path().join("gpu"));
    let on = |out: &Path| table(&out.join("results.csv"));
    let losses = |out: &Path| on(out).iter().map(|row| row.number("loss")).collect::<Vec<_>>();
    let apart = distance(&losses(&gpu), &losses(&cpu));
    assert!(apart < 1e-3, "final losses are {apart} apart");
    for row in on(&cpu) {
        let (a, b) = (curve(&gpu, row.get("cell")), curve(&cpu, row.get("cell")));
        let first = a.len().min(50);
        let apart = distance(&a[..first], &b[..first]);
        assert!(apart < 1e-5, "the first steps of {} are {apart} apart", row.get("cell"));
    }
}
