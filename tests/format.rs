//! `synx fmt`: files rewritten in the one style, or what that would change.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{root, study, synx};

const UNTIDY: &str = "synx 1\nlet a=1   // one\nlet bcd = [1,2]\n";
const TIDY: &str = "synx 1\nlet a   = 1     // one\nlet bcd = [1, 2]\n";

#[test]
fn a_file_is_rewritten_once() {
    let folder = study(UNTIDY);
    let path = folder.path().join("study.synx");
    assert!(synx(folder.path(), ["fmt", "study.synx"]).expect(0).err.contains("formatted study.synx"));
    assert_eq!(fs::read_to_string(&path).unwrap(), TIDY);
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(synx(folder.path(), ["fmt", "study.synx"]).expect(0).text(), "");
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written, "nothing is written where nothing changes");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
}

#[test]
fn without_files_everything_below_the_folder_is_formatted() {
    let folder = study(UNTIDY);
    for name in ["parts", ".synx"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("other.synx"), UNTIDY).unwrap();
    }
    fs::write(folder.path().join("notes.txt"), UNTIDY).unwrap();
    synx(folder.path(), ["fmt"]).expect(0);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!((read("study.synx"), read("parts/other.synx")), (TIDY.to_owned(), TIDY.to_owned()));
    assert_eq!((read("notes.txt"), read(".synx/other.synx")), (UNTIDY.to_owned(), UNTIDY.to_owned()));
}

#[test]
fn check_names_files_and_writes_nothing() {
    let folder = study(UNTIDY);
    fs::write(folder.path().join("tidy.synx"), TIDY).unwrap();
    assert_eq!(synx(folder.path(), ["fmt", "--check"]).expect(1).out, "study.synx\n");
    assert_eq!(fs::read_to_string(folder.path().join("study.synx")).unwrap(), UNTIDY);
    assert_eq!(synx(folder.path(), ["fmt", "--check", "tidy.synx"]).expect(0).text(), "");
}

#[test]
fn diff_shows_what_would_change() {
    let folder = study(UNTIDY);
    let shown = synx(folder.path(), ["fmt", "--diff"]).expect(1).out;
    let expected = "--- study.synx\n+++ study.synx, formatted\n@@ -1,3 +1,3 @@\n synx 1\n-let a=1   // one\n\
        -let bcd = [1,2]\n+let a   = 1     // one\n+let bcd = [1, 2]\n";
    assert_eq!(shown, expected);
    assert_eq!(fs::read_to_string(folder.path().join("study.synx")).unwrap(), UNTIDY);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let format = |text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_synx"))
            .args(["fmt", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(format(UNTIDY), (TIDY.to_owned(), String::new()));
    let (text, told) = format("let a=1\nlet = 2   +3\n");
    assert_eq!(text, "let a = 1\nlet = 2   +3\n");
    assert!(told.contains("<standard input>:2:4: left as it is"), "{told}");
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = study(UNTIDY);
    assert!(synx(folder.path(), ["fmt", "none.synx"]).expect(2).err.contains("none.synx"));
    fs::write(folder.path().join("binary.synx"), b"synx 1\n\xFF").unwrap();
    synx(folder.path(), ["fmt", "binary.synx"]).expect(1);
    synx(folder.path(), ["fmt", "-", "study.synx"]).expect(2);
    assert_eq!(fs::read_to_string(folder.path().join("study.synx")).unwrap(), UNTIDY);
}

#[test]
fn the_examples_are_in_the_style() {
    synx(&root(), ["fmt", "--check", "examples", "compiler/language/src/std", "tests/studies"]).expect(0);
}
