//! What helps to begin: a new study, its picture, completions and manual pages.

use std::fs;

use crate::support::{root, study, synx, table};

#[test]
fn a_new_study_checks_clean_and_runs_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let said = synx(folder.path(), ["new", "thirds"]).expect(0).out;
    assert!(said.contains("synx run thirds/study.synx"), "{said}");
    let begun = folder.path().join("thirds");
    assert!(fs::read_to_string(begun.join("study.synx")).unwrap().contains("study thirds {"));

    let checked = synx(folder.path(), ["check", "thirds/study.synx", "--format", "json"]).expect(0);
    assert_eq!(checked.json(), serde_json::json!([]), "not even a lint");
    synx(folder.path(), ["run", "thirds/study.synx", "--device", "cpu"]).expect(0);
    let results = begun.join("results/thirds");
    assert_eq!(table(&results.join("results.csv")).len(), 10);
    let fitted = table(&results.join("laws.csv"));
    assert!(!fitted.is_empty());

    // Everything that the run left is what version control is told to leave alone.
    let ignored = fs::read_to_string(begun.join(".gitignore")).unwrap();
    for entry in fs::read_dir(&begun).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = name == "study.synx" || name == ".gitignore" || ignored.contains(&format!("{name}/"));
        assert!(known, "{name}");
    }
}

#[test]
fn a_folder_with_something_in_it_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let refused = synx(folder.path(), ["new", "."]).expect(1);
    assert!(refused.err.contains("not empty") && refused.err.contains("notes.txt"), "{}", refused.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let over_a_file = synx(folder.path(), ["new", "notes.txt"]).expect(1);
    assert!(over_a_file.err.contains("notes.txt"), "{}", over_a_file.err);
    assert_eq!(fs::read_to_string(folder.path().join("notes.txt")).unwrap(), "mine");
}

#[test]
fn an_empty_folder_that_is_there_takes_a_new_study() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("3")).unwrap();
    synx(folder.path(), ["new", "3"]).expect(0);
    synx(folder.path(), ["check", "3/study.synx"]).expect(0);
}

#[test]
fn a_graph_has_what_the_study_is_made_of() {
    let folder = study(include_str!("studies/small.synx"));
    let graph = |format: &str| synx(folder.path(), ["graph", "study.synx", "--format", format]).expect(0).out;
    for format in ["dot", "mermaid", "svg"] {
        let text = graph(format);
        for part in ["web", "wiki", "rephrase", "2 mixtures", "0 % to 50 %", "runs", "6 cells", "tokens × 3", "falling"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
    assert!(graph("dot").starts_with("digraph") && graph("mermaid").starts_with("flowchart"));
    let svg = graph("svg");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(!folder.path().join(".synx").exists(), "nothing is scanned");
    fs::write(folder.path().join("wrong.synx"), "synx 1\nmixture m = 50% * web\n").unwrap();
    synx(folder.path(), ["graph", "wrong.synx"]).expect(1);
}

#[test]
fn a_graph_shows_what_is_asked_claimed_and_drawn_and_a_large_family_as_one() {
    let more = "
corpora pile { files = \"pile/*.txt\" }
grid wide { data = uniform(pile); model = tiny; recipe = short; tokens = 2Ki; evaluate = both }
let chosen = runs |> best(loss, over = [r])
/// Half of it is better than nothing.
claim half_helps = predict(falling[r = 1/2], tokens = 16Ki) < predict(falling[r = 0], tokens = 16Ki)
figure curves { over = runs; x = tokens; y = loss; series = r; overlay = falling }
table shares { over = chosen; rows = tokens; columns = replicate; cell = r }
";
    let folder = study(&format!("{}{}", include_str!("studies/small.synx"), more));
    fs::create_dir(folder.path().join("pile")).unwrap();
    for part in 0..5 {
        fs::write(folder.path().join(format!("pile/p{part}.txt")), "Once.").unwrap();
    }
    let dot = synx(folder.path(), ["graph", "study.synx"]).expect(0).out;
    let place = |label: &str| {
        let line = dot
            .lines()
            .find(|line| line.contains(&format!("[label=\"{label}")))
            .unwrap_or_else(|| panic!("{label} in\n{dot}"));
        line.split_whitespace().next().unwrap().to_owned()
    };
    let (runs, falling) = (place("runs\\n6 cells"), place("falling\\nloss ~ E + B / tokens"));
    let (asked, claim) =
        (place("predict\\na number\\n2 questions"), place("half_helps\\nHalf of it is better than nothing."));
    let (best, figure, table) =
        (place("best\\nloss over r\\n3 rows"), place("curves\\nloss over tokens"), place("shares\\nr\\n"));
    let family = place("pile\\n5 corpora");
    let mixture = place("mixture\\n100 % pile");
    for (from, to) in [
        (&runs, &falling),
        (&falling, &asked),
        (&asked, &claim),
        (&runs, &best),
        (&best, &table),
        (&runs, &figure),
        (&falling, &figure),
        (&family, &mixture),
    ] {
        assert!(dot.contains(&format!("  {from} -> {to}")), "{from} -> {to} in\n{dot}");
    }
    assert!(!dot.contains("pile.p"), "{dot}");
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let shells = ["bash", "zsh", "fish", "powershell", "elvish"];
    let scripts: Vec<String> = shells.iter().map(|shell| synx(&root(), ["completions", shell]).expect(0).out).collect();
    let folder = tempfile::tempdir().unwrap();
    let said = synx(folder.path(), ["man", "pages"]).expect(0).out;
    let help = synx(&root(), ["--help"]).expect(0).out;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()))
        .collect();
    assert!(commands.contains(&"check") && commands.len() > 8, "{commands:?}");
    for command in &commands {
        for (shell, script) in shells.iter().zip(&scripts) {
            assert!(script.contains(command), "{command} for {shell}");
        }
        let page = fs::read_to_string(folder.path().join(format!("pages/synx-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    let pages = fs::read_dir(folder.path().join("pages")).unwrap().count();
    assert!(said.starts_with(&format!("{pages} pages")), "{said}");
}
