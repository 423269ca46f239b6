//! Help, usage and the smaller commands.

use std::fs;
use std::path::Path;

use crate::support::{root, study, synx, synx_remembering};

const SMALL: &str = include_str!("studies/small.synx");

const COMMANDS: &[&str] = &[
    "run",
    "check",
    "plan",
    "status",
    "doctor",
    "fit",
    "fmt",
    "explain",
    "graph",
    "schema",
    "new",
    "bench",
    "lsp",
    "completions",
    "man",
];

#[test]
fn help_names_every_command_and_how_to_start() {
    let help = synx(&root(), ["--help"]).expect(0).out;
    for command in COMMANDS {
        assert!(help.contains(&format!("  {command}")), "{command} in\n{help}");
    }
    assert!(help.contains("synx run examples/quickstart.synx"), "{help}");
    assert!(help.contains("Exit codes"), "{help}");
}

#[test]
fn help_of_every_command_is_short_and_fits_the_screen() {
    for command in COMMANDS {
        let help = synx(&root(), [command, "--help"]).expect(0).out;
        assert!(help.contains("Usage: synx"), "{help}");
        assert!(help.lines().count() < 80, "{command}: {} lines", help.lines().count());
        // What clap shows of a doc comment must not end as a sentence here and not there.
        assert!(!help.contains("``"), "{help}");
    }
    for command in ["run", "check", "plan", "status", "fit"] {
        let help = synx(&root(), [command, "--help"]).expect(0).out;
        assert!(help.contains("Example"), "{command} shows no example");
    }
}

#[test]
fn a_wrong_command_line_ends_with_two() {
    for wrong in
        [vec!["rum"], vec!["run"], vec!["check"], vec!["run", "a", "--threads", "0"], vec!["plan", "a", "--set", "x"]]
    {
        let ran = synx(&root(), &wrong).expect(2);
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{wrong:?}");
    }
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(synx(&root(), ["--version"]).expect(0).out, format!("synx {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_diagnostic_explains_itself() {
    let list = synx(&root(), ["explain"]).expect(0).out;
    assert!(list.lines().count() > 20, "{list}");
    for line in list.lines() {
        let code = line.split_whitespace().next().unwrap();
        let page = synx(&root(), ["explain", code]).expect(0).out;
        assert!(page.contains(code), "{code}:\n{page}");
    }
    let unknown = synx(&root(), ["explain", "E9999"]).expect(2);
    assert!(unknown.err.contains("E9999"), "{}", unknown.err);
}

#[test]
fn doctor_says_what_there_is_and_what_auto_takes() {
    let told = synx(&root(), ["doctor"]).expect(0).out;
    for part in ["cpu", "auto"] {
        assert!(told.to_lowercase().contains(part), "{part} in\n{told}");
    }
}

#[test]
fn a_plan_shows_cells_costs_and_what_sharing_saves() {
    let folder = study(include_str!("studies/small.synx"));
    let text = synx(folder.path(), ["plan", "study.synx"]).expect(0).out;
    for part in ["runs[r=0.5,tokens=8192]", "sharing saves", "epochs", "weights", "optimizer", "nominal"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    // Defaults that the study leaves out are written out.
    assert!(text.contains("weight_decay"), "{text}");

    let json = synx(folder.path(), ["plan", "study.synx", "--format", "json"]).expect(0).json();
    assert_eq!(json["cost"]["cells"].as_array().unwrap().len(), 6);
    assert_eq!(json["plan"]["study"]["seed"], 5);
    assert!(json["training"]["segments"].as_array().unwrap().len() >= 6);

    let program = synx(folder.path(), ["plan", "study.synx", "--program"]).expect(0).out;
    for operation in ["gather", "rms_norm", "linear", "rotary", "attention", "gated", "head_loss"] {
        assert!(program.contains(operation), "{operation} in\n{program}");
    }
    assert!(!folder.path().join("results").exists(), "a plan trains nothing");
}

#[test]
fn a_plan_follows_what_is_set() {
    let text = include_str!("studies/small.synx").replace("corpus web ", "param rate = 4e-3\n\ncorpus web ");
    let folder = study(&text.replace("adamw(lr = 4e-3)", "adamw(lr = rate)"));
    let rate = |arguments: &[&str]| {
        let base = ["plan", "study.synx", "--format", "json"];
        let json = synx(folder.path(), base.iter().chain(arguments)).expect(0).json();
        json["plan"]["recipes"][0]["optimizer"]["rate"].as_str().unwrap().to_owned()
    };
    assert_eq!(rate(&[]), "1/250");
    assert_eq!(rate(&["--set", "rate=1e-3"]), "1/1000");
    synx(folder.path(), ["plan", "study.synx", "--set", "ratio=1"]).expect(1);
}

#[test]
fn the_check_of_a_large_study_can_be_timed() {
    let json = synx(&root(), ["bench", "check", "--repeats", "2", "--format", "json"]).expect(0).json();
    assert!(json["lines"].as_u64().unwrap() >= 1000, "{json}");
    for what in ["check", "process"] {
        assert!(json[what]["p50_ms"].as_f64().unwrap() > 0.0, "{json}");
    }
}

#[test]
fn a_step_can_be_timed() {
    let arguments =
        ["bench", "step", "--width", "32", "--layers", "1", "--heads", "2", "--context", "16", "--batch", "4"];
    let more = ["--device", "cpu", "--threads", "1", "--repeats", "2", "--format", "json"];
    let json = synx(&root(), arguments.iter().chain(&more)).expect(0).json();
    assert!(json["step_ms_median"].as_f64().unwrap() > 0.0, "{json}");
    assert!(json["tokens_per_s"].as_f64().unwrap() > 0.0, "{json}");
    assert_eq!((&json["size"], &json["replicas"]), (&"32/1/2".into(), &1.into()));
}

/// The peer here is no PyTorch: it writes down what it is asked, and says what it took.
#[cfg(unix)]
#[test]
fn steps_are_timed_for_each_number_of_models_beside_peers() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let (python, asked) = (folder.path().join("python"), folder.path().join("asked"));
    let said = r#"{"steps_ms": [2000.0, 9000.0, 4000.0], "version": "none"}"#;
    std::fs::write(&python, format!("#!/bin/sh\nshift\necho \"$@\" >> '{}'\necho '{said}'\n", asked.display()))
        .unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let shape = ["bench", "step", "--width", "32", "--layers", "1", "--heads", "2", "--context", "16", "--batch", "4"];
    let more = ["--replicas", "1,3", "--precision", "bf16", "--threads", "1", "--repeats", "2", "--format", "json"];
    let beside = ["--against", "torch,torch-compile", "--python", python.to_str().unwrap()];
    let said = synx(&root(), shape.iter().chain(&more).chain(&beside)).expect(0).out;
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines.iter().map(|l| (l["tool"].as_str().unwrap(), l["replicas"].as_u64().unwrap())).collect();
    let peers = ["synx", "torch", "torch-compile"];
    assert_eq!(told, [1, 3].into_iter().flat_map(|n| peers.map(|peer| (peer, n))).collect::<Vec<_>>());
    for line in lines.iter().filter(|line| line["tool"] != "synx") {
        // A peer's turn is a step of all models, whatever their number.
        assert_eq!(line["step_ms_median"], 4000.0);
        assert!(line["times_ours"].as_f64().unwrap() > 1.0, "{line}");
    }
    // All are asked whether they can before any is timed.
    let asked = std::fs::read_to_string(asked).unwrap();
    let timed = |peer: &str, n: u64| format!("{peer} 32 1 2 96 256 16 4 1 2 {n} bf16 cpu");
    let want = [
        "torch check bf16 cpu".to_owned(),
        "torch-compile check bf16 cpu".to_owned(),
        timed("torch", 1),
        timed("torch-compile", 1),
        timed("torch", 3),
        timed("torch-compile", 3),
    ];
    assert_eq!(asked.lines().collect::<Vec<_>>(), want);
}

#[test]
fn a_peer_that_cannot_do_what_is_asked_is_refused_before_anything_is_timed() {
    let step = ["bench", "step", "--device", "cpu", "--format", "json"];
    let graphs = synx(&root(), step.iter().chain(&["--against", "torch,torch-graphs"])).expect(2);
    assert!(graphs.err.contains("needs a graphics card") && graphs.out.is_empty(), "{}{}", graphs.err, graphs.out);
    let nobody = synx(&root(), step.iter().chain(&["--against", "torch", "--python", "no-such-python"])).expect(1);
    assert!(nobody.err.contains("no-such-python") && nobody.out.is_empty(), "{}{}", nobody.err, nobody.out);
}

#[test]
fn the_kernels_of_a_step_are_held_against_the_device() {
    let shape =
        ["bench", "kernels", "--width", "32", "--layers", "1", "--heads", "2", "--context", "16", "--batch", "4"];
    let more = ["--device", "cpu", "--repeats", "2", "--format", "json"];
    let said = synx(&root(), shape.iter().chain(&more)).expect(0).out;
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kernel =
        |name: &str| lines.iter().find(|line| line["kernel"] == name).unwrap_or_else(|| panic!("{name}: {said}"));
    // Two of attention, two of the gated block.
    assert_eq!(kernel("linear")["dispatches"], 4);
    assert!(kernel("linear")["gflops"].as_f64().unwrap() > 0.0, "{said}");
    for name in ["pack", "attention", "attention_grad", "head_loss", "reduce_norm", "adamw"] {
        assert!(kernel(name)["ms"].as_f64().unwrap() >= 0.0 && kernel(name)["device_gflops"].as_f64().unwrap() > 0.1);
    }
}

#[test]
fn what_devices_give_can_be_measured() {
    let json = synx(&root(), ["doctor", "--probe", "--format", "json"]).expect(0).json();
    assert!(json["core_measured"]["flops_per_s"].as_f64().unwrap() > 1e8, "{json}");
    for adapter in json["adapters"].as_array().unwrap().iter().filter(|adapter| adapter["problem"].is_null()) {
        assert!(adapter["measured"]["flops_per_s"].as_f64().unwrap() > 1e8, "{adapter}");
        assert!(adapter["measured"]["dispatch_s"].as_f64().unwrap() > 0.0, "{adapter}");
    }
}

#[test]
fn the_way_from_files_to_batches_can_be_timed() {
    let said = synx(&root(), ["bench", "data", "--megabytes", "2", "--repeats", "1", "--format", "json"]).expect(0).out;
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stages: Vec<&str> = lines.iter().map(|line| line["stage"].as_str().unwrap()).collect();
    assert!(["hash", "scan", "tokenise", "pack"].iter().all(|stage| stages.contains(stage)), "{said}");
    assert!(lines.iter().all(|line| line["bytes"].as_u64().unwrap() >= 1_000_000), "{said}");
}

#[test]
fn waves_can_be_timed() {
    let shape = ["bench", "waves", "--width", "32", "--layers", "1", "--heads", "2", "--context", "16", "--batch", "4"];
    let more = ["--replicas", "1,3", "--device", "cpu", "--threads", "1", "--repeats", "2", "--format", "json"];
    let said = synx(&root(), shape.iter().chain(&more)).expect(0).out;
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["replicas"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3]);
    assert!(lines.iter().all(|line| line["steps_per_s"].as_f64().unwrap() > 0.0), "{said}");
}

#[test]
fn a_fit_can_be_timed_and_a_peer_that_is_not_there_is_told() {
    let arguments = ["bench", "fit", "--starts", "20", "--bootstrap", "10", "--repeats", "1", "--format", "json"];
    let json = synx(&root(), arguments).expect(0).json();
    assert!(json["tools"][0]["process_s_median"].as_f64().unwrap() > 0.0, "{json}");
    let exponent = json["tools"][0]["said"]["parameters"]["alpha"].as_f64().unwrap();
    assert!((0.3..0.4).contains(&exponent), "{json}");
    let beside = ["--against", "scipy", "--python", "no-such-python"];
    let wrong = synx(&root(), arguments.iter().chain(&beside)).expect(1).err;
    assert!(wrong.contains("no-such-python") && wrong.contains("--python"), "{wrong}");
}

#[test]
fn the_standard_library_explains_itself() {
    let list = synx(&root(), ["explain", "std"]).expect(0).out;
    assert!(list.contains("model llama(width, depth") && list.contains("recipe standard("), "{list}");
    let page = synx(&root(), ["explain", "llama"]).expect(0).out;
    assert!(page.contains("blocks = [attention("), "{page}");
    let items = synx(&root(), ["explain", "std", "--json"]).expect(0).json();
    assert!(items.as_array().unwrap().iter().any(|item| item["name"] == "tiny"));
}

#[test]
fn an_expression_is_explained_with_its_parts() {
    let said = synx(&root(), ["explain", "examples/quickstart.synx", "standard(lr = 2e-3)"]).expect(0).out;
    for part in ["a recipe", "given in the expression", "examples/quickstart.synx:", "default of the language"] {
        assert!(said.contains(part), "{part}:\n{said}");
    }
    let json =
        synx(&root(), ["explain", "examples/quickstart.synx", "runs[tokens = 12Ki].params", "--json"]).expect(0).json();
    assert_eq!(json["unit"], "params");
    assert_eq!(json["cells"]["rows"].as_array().unwrap().len(), 6);
    let wrong = synx(&root(), ["explain", "examples/quickstart.synx", "standrad(lr = 1)"]).expect(1).out;
    assert!(wrong.contains("E0101") && !wrong.contains("let value"), "{wrong}");
    let alone = synx(&root(), ["explain", "examples/quickstart.synx"]).expect(2).err;
    assert!(alone.contains("give an expression"), "{alone}");
}

#[test]
fn lints_are_errors_where_they_are_denied() {
    let text = fs::read_to_string(root().join("examples/quickstart.synx")).unwrap();
    let folder = study(&format!("{text}\nlet spare = 3\n"));
    let plain = synx(folder.path(), ["check", "study.synx"]).expect(0).out;
    assert!(plain.contains("W0101") && plain.contains("0 errors, 1 warning"), "{plain}");
    let denied = synx(folder.path(), ["check", "study.synx", "--deny", "warnings"]).expect(1).out;
    assert!(denied.contains("1 error"), "{denied}");
    synx(folder.path(), ["check", "study.synx", "--deny", "W0101"]).expect(1);
    synx(folder.path(), ["check", "study.synx", "--deny", "W0301"]).expect(0);
    synx(folder.path(), ["plan", "study.synx", "--deny", "w0101"]).expect(1);
    let unknown = synx(folder.path(), ["check", "study.synx", "--deny", "W9999"]).expect(2).err;
    assert!(unknown.contains("there is no lint W9999"), "{unknown}");
}

#[test]
fn imports_stay_within_the_folder_of_the_study() {
    let outside = study("synx 1\nlet secret = 3\n");
    let path = outside.path().join("study.synx");
    let folder = study("synx 1\nfrom \"lib/common.synx\" import half\nlet whole = 2 * half\n");
    fs::create_dir(folder.path().join("lib")).unwrap();
    fs::write(folder.path().join("lib/common.synx"), "synx 1\nfrom \"../numbers.synx\" import half\n").unwrap();
    fs::write(folder.path().join("numbers.synx"), "synx 1\nlet half = 1/2\n").unwrap();
    synx(folder.path(), ["check", "study.synx"]).expect(0);
    let importing = |from: &str| format!("synx 1\nfrom \"{from}\" import secret\nlet a = secret\n");
    let mut ways = vec![
        path.to_str().unwrap().to_owned(),
        format!("../{}/study.synx", outside.path().file_name().unwrap().to_str().unwrap()),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, folder.path().join("link.synx")).unwrap();
        ways.push("link.synx".to_owned());
    }
    for way in ways {
        fs::write(folder.path().join("study.synx"), importing(&way)).unwrap();
        let refused = synx(folder.path(), ["check", "study.synx"]).expect(1).out;
        assert!(refused.contains("E0114") && refused.contains("--allow-path"), "{way}: {refused}");
        synx(folder.path(), ["check", "study.synx", "--allow-path"]).expect(0);
    }
    fs::write(folder.path().join("study.synx"), importing("*.synx")).unwrap();
    let star = synx(folder.path(), ["check", "study.synx"]).expect(1).out;
    assert!(star.contains("E0113"), "{star}");
}

#[test]
fn a_plan_takes_the_time_that_models_have_taken_before() {
    let (cache, first, second) =
        (tempfile::tempdir().unwrap(), study(&SMALL.replace("2Ki..8Ki", "32Ki..128Ki")), study(SMALL));
    let plan = |folder: &Path| {
        let out = synx_remembering(cache.path(), folder, ["plan", "study.synx"]).expect(0).out;
        out.lines().find(|line| line.starts_with("time ")).unwrap().to_owned()
    };
    assert!(plan(second.path()).contains("nominal"), "{}", plan(second.path()));
    let run = ["run", "study.synx", "--device", "cpu", "--threads", "1"];
    synx_remembering(cache.path(), first.path(), run).expect(0);
    // Another study, which nobody has run.
    let after = plan(second.path());
    assert!(after.contains("on cpu (1 thread, ") && after.contains("as models trained there have reached"), "{after}");
    // What is damaged is as nothing.
    fs::write(cache.path().join("rates.json"), "{").unwrap();
    assert!(plan(second.path()).contains("nominal"));
}

#[test]
fn a_plan_in_bf16_takes_the_time_that_models_in_bf16_have_taken() {
    let in_bf16 = |text: &str| text.replace("batch     = 128 tokens", "batch     = 128 tokens; precision = bf16");
    let long = SMALL.replace("2Ki..8Ki", "32Ki..128Ki");
    let (cache, exact, rounded) = (tempfile::tempdir().unwrap(), study(SMALL), study(&in_bf16(SMALL)));
    let plan = |folder: &Path| synx_remembering(cache.path(), folder, ["plan", "study.synx"]).expect(0).out;
    let time = |folder: &Path| plan(folder).lines().find(|line| line.starts_with("time ")).unwrap().to_owned();
    let train = |text: &str| {
        let run = ["run", "study.synx", "--device", "cpu", "--threads", "1"];
        let told = synx_remembering(cache.path(), study(text).path(), run).expect(0).err;
        told.lines().find(|line| line.starts_with("on cpu (1 thread, ")).unwrap().to_owned()
    };
    assert!(plan(rounded.path()).contains("batch 128, bf16 "), "{}", plan(rounded.path()));
    assert!(train(&long).ends_with("), class cpu-f32/1"));
    let before = time(rounded.path());
    assert!(before.ends_with("(as models trained there have reached; bf16 at the rate of f32)"), "{before}");
    assert!(train(&in_bf16(&long)).ends_with("), class cpu-bf16/1"));
    let ends = |line: &str| line.ends_with("(as models trained there have reached)");
    assert!([&exact, &rounded].iter().all(|study| ends(&time(study.path()))), "{}", time(rounded.path()));
    // Both are on record, and a plan goes by that of its own precision.
    let file = cache.path().join("rates.json");
    let mut rates: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let device = rates["last"].as_str().unwrap().to_owned();
    let trained = rates["devices"][&device]["trained"].as_array_mut().unwrap();
    let mut known = Vec::new();
    for (rate, told) in trained.iter_mut().map(|rate| &mut rate[0]).zip([3e9, 7e9]) {
        known.push(rate["precision"].as_str().unwrap().to_owned());
        assert!(rate["flops_per_second"].as_f64().unwrap() > 1e6);
        rate["flops_per_second"] = told.into();
    }
    assert_eq!(known, ["f32", "bf16"]);
    fs::write(&file, rates.to_string()).unwrap();
    for (study, told) in [(&exact, " at 3 GFLOP/s "), (&rounded, " at 7 GFLOP/s ")] {
        assert!(time(study.path()).contains(told), "{}", time(study.path()));
    }
}

#[test]
fn a_model_beyond_this_machine_is_told_before_anything_is_trained() {
    let giant = r"
model giant { context = 2048; width = 16Ki; blocks = [attention(heads = 128), swiglu(ratio = 8/3)] * 160 }
recipe long { optimizer = adamw(lr = 1e-4); schedule = wsd(warmup = 2Ki tokens, decay = 25%); batch = 2Ki }
grid large { data = web; model = giant; recipe = long; tokens = 8Ki; evaluate = both }
";
    let folder = study(&(SMALL.to_owned() + giant));
    let checked = synx(folder.path(), ["check", "study.synx"]).expect(0);
    assert!(checked.out.contains("W0410") && checked.out.contains("this machine has"), "{}", checked.out);
    synx(folder.path(), ["check", "study.synx", "--deny", "W0410"]).expect(1);
    let ran = synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(1);
    assert!(ran.err.contains("E0958") && ran.err.contains("width 16384"), "{}", ran.err);
    let status = synx(folder.path(), ["status", "study.synx"]).expect(0).out;
    assert!(status.contains("0 of "), "{status}");
}
