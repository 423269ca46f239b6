use crate::support::{Fixture, in_base, with_base};

/// What is offered, in its order; the first `most` of them.
fn first(fixture: &Fixture, most: usize) -> String {
    let items = fixture.analysis.completion(fixture.offset, &|| vec!["common.synx".to_owned()]).items;
    items.iter().take(most).map(|item| item.label.as_str()).collect::<Vec<_>>().join(" ")
}

fn offers(fixture: &Fixture, label: &str) -> bool {
    let items = fixture.analysis.completion(fixture.offset, &Vec::new).items;
    items.iter().any(|item| item.label == label)
}

/// The text after the first offer of that label was taken.
fn taken(fixture: &Fixture, label: &str) -> String {
    let completions = fixture.analysis.completion(fixture.offset, &Vec::new);
    let item = completions.items.iter().find(|item| item.label == label).unwrap();
    let mut text = fixture.analysis.source().to_owned();
    text.replace_range(completions.replace, &item.insert);
    text
}

#[test]
fn a_mixture_takes_corpora() {
    assert_eq!(first(&with_base("mixture m = 30% * $0"), 3), "blend web wiki");
    assert!(offers(&with_base("mixture m = 30% * web + re$0"), "rest"));
    assert_eq!(first(&in_base("data     = $0blend(r)"), 3), "blend web wiki");
}

#[test]
fn a_grid_takes_models_recipes_and_evaluations_where_they_belong() {
    assert_eq!(first(&with_base("grid g {\n    model = $0\n}"), 1), "llama");
    assert_eq!(first(&with_base("grid g {\n    recipe = st$0\n}"), 1), "standard");
    assert_eq!(first(&with_base("grid g {\n    evaluate = $0\n}"), 4), "both web web.heldout wiki");
    assert_eq!(first(&with_base("law l {\n    over = $0\n}"), 1), "runs");
}

#[test]
fn a_block_takes_the_fields_that_it_has_not() {
    assert_eq!(first(&with_base("grid g {\n    data = web\n    $0\n}"), 4), "evaluate model recipe tokens");
    assert_eq!(first(&with_base("grid g { data = web; $0 }"), 4), "evaluate model recipe tokens");
    assert!(offers(&with_base("grid g {\n    ax$0\n}"), "axis"));
    assert!(!offers(&with_base("grid g {\n    data = web\n    $0\n}"), "data"));
    assert!(!offers(&with_base("recipe r {\n    $0\n}"), "axis"));
    assert_eq!(first(&with_base("recipe r {\n    $0"), 1), "optimizer");
}

#[test]
fn an_axis_takes_the_names_of_fields() {
    assert!(offers(&with_base("grid g {\n    axis $0\n}"), "tokens"));
}

#[test]
fn a_law_takes_the_columns_of_its_grid() {
    let columns = first(&in_base("loss ~ $0E + B"), 40);
    for column in ["r", "width", "tokens", "per", "loss", "params.total", "E", "beta"] {
        assert!(columns.split(' ').any(|there| there == column), "{column} in {columns}");
    }
    assert!(offers(&in_base("by   = [$0r, width]"), "width"));
    assert!(offers(&with_base("law l {\n    over = runs\n    test = $0\n}"), "largest"));
}

#[test]
fn a_number_takes_a_unit() {
    assert!(offers(&with_base("let x = 64M tok$0"), "tokens"));
    assert!(offers(&with_base("let x = 64M $0\n"), "FLOP"));
    assert!(offers(&with_base("let x = 1M..4M $0\n"), "factor"));
    assert!(!offers(&with_base("let x = 64M tok$0"), "web"));
}

#[test]
fn a_call_takes_the_arguments_that_it_has_not() {
    assert_eq!(first(&with_base("recipe r { optimizer = adamw($0) }"), 1), "lr");
    assert_eq!(first(&with_base("corpus c = world(register = web, $0)"), 1), "documents");
    assert!(!offers(&with_base("corpus c = world(register = web, $0)"), "register"));
    assert!(offers(&with_base("let m = llama($0)"), "depth"));
    let piped = with_base("corpus c = web |> rephrase(st$0)");
    assert_eq!(first(&piped, 2), "generator style");
    assert!(!offers(&piped, "of"));
}

#[test]
fn a_choice_takes_its_words() {
    assert_eq!(first(&with_base("corpus c = world(register = $0)"), 4), "encyclopedic question_answer textbook web");
    assert_eq!(first(&with_base("study s { flops = $0 }"), 2), "exact six_nd");
    assert_eq!(first(&with_base("recipe r { schedule = $0 }"), 3), "constant cosine wsd");
}

#[test]
fn behind_a_dot_stand_the_parts() {
    assert_eq!(first(&in_base("domains = [web.$0heldout"), 1), "heldout");
    assert_eq!(
        first(&with_base("grid g {\n    model = llama(32)\n    where tokens > model.$0\n}"), 4),
        "context params vocabulary width"
    );
}

#[test]
fn a_file_takes_declarations() {
    assert!(offers(&with_base("$0"), "grid"));
    assert!(offers(&with_base("gri$0"), "grid"));
    assert!(offers(&with_base("grid$0 x"), "grid"));
    assert!(!offers(&with_base("$0"), "web"));
}

#[test]
fn imports_take_files() {
    assert_eq!(first(&with_base("from \"$0\" import x\n"), 2), "common.synx");
}

#[test]
fn lints_can_be_allowed() {
    assert!(offers(&with_base("grid g {\n    allow $0\n}"), "W0301"));
}

#[test]
fn nothing_is_offered_in_comments_and_texts() {
    assert_eq!(first(&with_base("// we$0\n"), 1), "");
    assert_eq!(first(&with_base("corpus c { files = \"we$0\" }\n"), 1), "");
}

#[test]
fn what_is_chosen_replaces_the_word() {
    let text = taken(&with_base("corpus c = we$0bb |> take(1)"), "web");
    assert!(text.ends_with("corpus c = web |> take(1)"), "{text}");
    let text = taken(&with_base("let x = 64M tok$0"), "tokens");
    assert!(text.ends_with("let x = 64M tokens"), "{text}");
}

#[test]
fn every_place_of_a_study_can_be_asked() {
    let text = include_str!("../studies/tour.synx");
    let analysis = crate::support::analysis(text);
    for offset in (0..text.len()).step_by(7) {
        analysis.completion(offset, &Vec::new);
        analysis.hover(offset);
        analysis.definition(offset);
        analysis.signature_help(offset);
    }
}

#[test]
fn the_standard_library_comes_after_what_the_file_declares() {
    let models = with_base("grid g {\n    model = $0\n}");
    assert_eq!(first(&models, 2), "llama gap", "the file has a `llama` of its own");
    let items = models.analysis.completion(models.offset, &Vec::new).items;
    assert_eq!(items.iter().filter(|item| item.label == "llama").count(), 1);
    assert_eq!(items[1].detail, "standard library");
}

#[test]
fn what_stands_behind_the_word_is_not_written_twice() {
    let text = taken(&with_base("recipe r {\n    optim$0 = adamw(lr = 1)\n}"), "optimizer");
    assert!(text.contains("    optimizer = adamw(lr = 1)\n"), "{text}");
    let text = taken(&with_base("let x = sq$0(4)\n"), "sqrt");
    assert!(text.contains("let x = sqrt(4)\n"), "{text}");
}

#[test]
fn the_functions_that_give_what_a_place_takes_come_before_the_others() {
    // A field that takes a call of certain functions alone.
    assert_eq!(
        first(&with_base("law l {\n    over = runs\n    method = $0\n}"), 4),
        "huber least_squares log_least_squares quantile"
    );
    assert_eq!(first(&with_base("law l {\n    over = runs\n    test = $0\n}"), 3), "each largest leave_out");
    // Or a condition over the columns.
    assert!(offers(&with_base("law l {\n    over = runs\n    test = $0\n}"), "tokens"));
    assert_eq!(first(&with_base("observations o = $0\n"), 3), "csv jsonl parquet");
    assert_eq!(first(&with_base("model m { blocks = $0 }"), 3), "attention experts gelu");
    assert!(!offers(&with_base("model m { blocks = $0 }"), "spearman"));
    // What is piped in says what can be done to it.
    let table = with_base("let t = runs |> $0\n");
    assert_eq!(first(&table, 7), "best d_optimal derive filter gather join mean");
    assert!(!offers(&table, "rephrase"));
    let corpus = with_base("corpus c = web |> $0\n");
    assert!(offers(&corpus, "rephrase") && !offers(&corpus, "join"));
    // Elsewhere they come first, and others may follow.
    let rank = |fixture: &Fixture, label: &str| {
        let items = fixture.analysis.completion(fixture.offset, &Vec::new).items;
        items.iter().position(|item| item.label == label).unwrap()
    };
    let data = with_base("grid g {\n    data = $0\n}");
    assert!(rank(&data, "proportional") < rank(&data, "sqrt"));
    let axis = with_base("grid g {\n    axis share = $0\n}");
    assert!(rank(&axis, "geometric") < rank(&axis, "sqrt"));
    let claim = with_base("claim c = $0\n");
    assert!(rank(&claim, "spearman") < rank(&claim, "sqrt"));
}

#[test]
fn a_law_is_made_of_a_law_of_the_library() {
    let law = with_base("law joint = $0\n");
    assert!(offers(&law, "chinchilla"));
    assert!(!offers(&law, "web") && !offers(&law, "joint"));
    assert_eq!(taken(&law, "chinchilla").lines().last().unwrap(), "law joint = chinchilla($0)");
}
