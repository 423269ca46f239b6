//! Studies that are meant to do harm: the command meets each in a finding, with little memory and without a crash.

use std::process::Command;

/// Bytes that a process may write to, in KiB: 200 MB beside the stack that is set aside and the program's own.
const DATA: u32 = 300 << 10;

#[test]
fn the_worst_studies_end_in_a_finding() {
    let synx = env!("CARGO_BIN_EXE_synx");
    // The limit goes on to the checks that the command starts.
    let limited = format!("ulimit -d {DATA}; exec '{synx}' bench hostile --format json");
    let output = Command::new("sh").args(["-c", &limited]).env("NO_COLOR", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let checked: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(checked.len() > 40, "{text}");
    for one in &checked {
        assert!(one["wrong"].is_null(), "{one}");
        assert!(one["resident_bytes"].as_u64().is_none_or(|bytes| bytes < 200_000_000), "{one}");
    }
    assert_eq!(output.status.code(), Some(0));
}
