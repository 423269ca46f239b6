//! What is written for programs has the form that `synx schema` says.

use std::fs;

use serde_json::Value;

use crate::support::{root, study, synx};

const SMALL: &str = include_str!("studies/small.synx");

const DOCUMENTS: [&str; 3] = ["plan", "lock", "diagnostics"];

fn schema_of(document: &str) -> Value {
    synx(&root(), ["schema", document]).expect(0).json()
}

/// Holds a document to its schema.
fn assert_of(document: &str, value: &Value) {
    let schema = schema_of(document);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(value).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{document}\n{}", wrong.join("\n"));
}

#[test]
fn the_committed_schemas_are_what_the_command_prints() {
    for document in DOCUMENTS {
        let printed = synx(&root(), ["schema", document]).expect(0).out;
        let path = root().join(format!("spec/schema/{document}.schema.json"));
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&path, &printed).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == printed, "{}: UPDATE_GOLDENS=1 writes it anew", path.display());
    }
}

#[test]
fn schemas_are_schemas_and_say_what_each_part_is() {
    for document in DOCUMENTS {
        let schema = schema_of(document);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{document}");
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{document}");
        for (name, part) in schema["$defs"].as_object().unwrap() {
            // A number behind a name is how two types of one name are told apart: they want names of their own.
            assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "{document}: {name}");
            let is_list = name.starts_with("Range_of");
            assert!(is_list || part.get("description").is_some(), "{document}: {name} is not described");
        }
    }
}

#[test]
fn a_run_leaves_a_plan_and_a_lock_of_their_schemas() {
    let folder = study(SMALL);
    synx(folder.path(), ["run", "study.synx", "--device", "cpu", "--threads", "2"]).expect(0);
    let out = folder.path().join("results/small");
    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(out.join(name)).unwrap()).unwrap() };
    assert_of("plan", &read("plan.json"));
    let lock = read("synx.lock");
    assert_of("lock", &lock);
    assert_eq!((lock["study"].as_str(), lock["class"].as_str()), (Some("small"), Some("cpu-f32/1")));
    assert_eq!(lock["cells"].as_array().unwrap().len(), 6);
    assert!(lock["corpora"].as_array().unwrap().iter().all(|corpus| corpus["key"].is_string()));
    let mut locked: Vec<&str> = lock["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    locked.push("synx.lock");
    locked.sort_unstable();
    let mut written: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    written.sort_unstable();
    assert_eq!(locked, written);
    // What is no document of the form is told apart.
    let mut wrong = lock.clone();
    wrong["cells"][0]["key"] = "0123".into();
    assert!(!jsonschema::draft202012::new(&schema_of("lock")).unwrap().is_valid(&wrong));
}

#[test]
fn the_plan_of_the_quickstart_is_of_its_schema() {
    let folder = study(&fs::read_to_string(root().join("examples/quickstart.synx")).unwrap());
    assert_of("plan", &synx(folder.path(), ["plan", "study.synx", "--format", "json"]).expect(0).json());
}

#[test]
fn the_findings_of_every_wrong_study_are_of_their_schema() {
    let folder = root().join("tests/wrong");
    let mut files: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|name| name.ends_with(".synx"));
    files.sort_unstable();
    assert!(files.len() > 150);
    let arguments = ["check", "--format", "json"].into_iter().chain(files.iter().map(String::as_str));
    let found = synx(&folder, arguments).expect(1).json();
    assert!(found.as_array().unwrap().len() > files.len());
    assert_of("diagnostics", &found);
    assert_of("diagnostics", &Value::Array(Vec::new()));
    assert!(!jsonschema::draft202012::new(&schema_of("diagnostics")).unwrap().is_valid(&found[0]));
}
