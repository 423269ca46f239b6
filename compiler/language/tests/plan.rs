//! From a whole study to its plan.
#![allow(clippy::unwrap_used)]

mod common;

use common::{World, check, findings};
use synx_compiler::{Compiled, Options, compile, filled_in};
use synx_plan::corpus::{Content, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::grid::ColumnKind;
use synx_plan::key::Key;
use synx_plan::law::{HoldOut, Method};
use synx_plan::model::{Block, ParameterCount};
use synx_plan::recipe::{Length, RateSchedule};
use synx_plan::study::Plan;
use synx_plan::training::Training;

const TOUR: &str = include_str!("studies/tour.synx");

fn plan(compiled: &Compiled) -> &Plan {
    compiled.plan.as_ref().unwrap_or_else(|| panic!("{:#?}", findings(compiled)))
}

/// The keys of everything that a study trains, sorted.
fn keys(source: &str) -> Vec<Key> {
    let world = World { tokens: Some(1 << 30), ..World::default() };
    let compiled = compile("study.synx", source, &world, &Options::default());
    let mut plan = plan(&compiled).clone();
    for facts in plan.facts.iter_mut().flatten() {
        facts.bytes_hash = Some(Key::of("test/1", &0));
    }
    let mut keys: Vec<Key> = Training::new(&plan, true).segments.iter().map(|s| s.key).collect();
    keys.sort();
    keys
}

#[test]
fn the_tour_has_the_cells_that_its_axes_say() {
    let compiled = check(TOUR);
    assert_eq!(findings(&compiled), [""; 0]);
    let plan = plan(&compiled);
    let [data_arm, model_arm] = &plan.grids[..] else { panic!("two grids") };
    // 3 corpora × 4 shares × 7 budgets × 3 replicates, of which 1Mi is left out everywhere.
    assert_eq!((data_arm.cells.len(), data_arm.excluded.len()), (3 * 4 * 6 * 3, 3 * 4 * 3));
    assert_eq!(model_arm.cells.len(), 3 * 4 * 4 * 3 * 3);
    assert_eq!(data_arm.conditions[data_arm.excluded[0].condition as usize].text, "tokens >= 2 * model.params");
    let tokens: u64 = data_arm.cells.iter().map(|cell| cell.tokens).sum();
    assert_eq!(tokens, 3 * 4 * 3 * (2 + 4 + 8 + 16 + 32 + 64) * (1 << 20));
    assert_eq!(
        data_arm.cell_name(&data_arm.cells[5].values),
        "data_arm[synthetic=hq(builtin),r=0,tokens=4194304,replicate=3]"
    );
    let columns: Vec<(&str, ColumnKind)> = model_arm.columns.iter().map(|c| (c.name.as_str(), c.kind)).collect();
    let names = ["synthetic", "r", "width", "depth", "lr_scale", "tokens"];
    assert_eq!(columns, names.map(|name| (name, ColumnKind::Axis)));
    assert_eq!(model_arm.columns[5].unit, "tokens");
}

#[test]
fn the_tour_has_each_thing_once() {
    let compiled = check(TOUR);
    let plan = plan(&compiled);
    let names: Vec<&str> = plan.corpora.iter().map(|corpus| corpus.name.as_str()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    for (i, corpus) in plan.corpora.iter().enumerate() {
        assert!(corpus.inputs().iter().all(|CorpusId(input)| *input < i), "{}", corpus.name);
    }
    // Shares 0 of three corpora are one mixture.
    assert_eq!(plan.mixtures.len(), 1 + 3 * 3);
    assert_eq!((plan.models.len(), plan.evaluations.len()), (4, 1));
    let model = &plan.models[0];
    assert_eq!((model.width, model.context, model.blocks.len()), (128, 256, 8));
    assert_eq!(model.blocks[0], Block::Attention { heads: 4, kv_heads: 4, head_dim: 32 });
    // 8/3 × 128 = 341.3, rounded up to a multiple of 32.
    assert_eq!(model.blocks[1], Block::Swiglu { hidden: 352 });
    let standard = &plan.recipes[0];
    assert_eq!(standard.batch, 16 << 10);
    let RateSchedule::Wsd { warmup, decay, .. } = &standard.schedule else { panic!("{standard:?}") };
    assert_eq!((warmup, decay), (&Length::Tokens(128_000), &Length::Share(Exact::ratio(1, 5).unwrap())));
    let anchored = plan.corpora.iter().find(|corpus| corpus.name == "hq(builtin)").unwrap();
    assert!(matches!(anchored.content, Content::Rephrase { .. }));
    assert_eq!(anchored.heldout, Exact::ratio(1, 50), "what is made from documents holds out with them");
}

#[test]
fn the_tours_law_says_what_is_fitted() {
    let compiled = check(TOUR);
    let plan = plan(&compiled);
    let law = &plan.laws[0];
    assert_eq!((law.name.as_str(), plan.grid_of(law.over)), ("data_law", Some(0)));
    let formula = &law.formula;
    assert_eq!(formula.by, ["synthetic", "r"]);
    assert_eq!(formula.target.to_string(), "loss");
    assert_eq!(formula.model.to_string(), "E + B / tokens^beta");
    assert_eq!(formula.test, Some(HoldOut::Largest("tokens".to_owned())));
    assert_eq!((formula.bootstrap, formula.seed), (1000, 17));
    assert_eq!(formula.method, Method::default());
    let beta = &formula.free[2];
    assert_eq!(
        (beta.name.as_str(), beta.low.clone(), beta.high.clone()),
        ("beta", Some(Exact::zero()), Some(Exact::from(2u64)))
    );
}

/// A plan without the places that its parts were declared at.
fn without_places(plan: &Plan) -> serde_json::Value {
    fn clear(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(entries) => {
                entries.retain(|key, _| key != "origin");
                entries.values_mut().for_each(clear);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(clear),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(plan).unwrap();
    clear(&mut value);
    value
}

#[test]
fn the_study_with_its_defaults_written_out_means_the_same_and_has_none_left() {
    let sources = [
        TOUR.to_owned(),
        String::from(
            "synx 1\n\
             corpus p = process(kind = hmm, symbols = 16, states = 4, tokens = 8M, heldout = 1%)\n\
             corpus w = world(web, 20k,)\n\
             model m(width) { blocks = [attention(heads = 2), gelu(ratio = 4)] }\n\
             recipe a { optimizer = adamw(1e-3) }\n\
             recipe b { optimizer = adamw(lr = 1e-3); schedule = cosine() }\n\
             recipe c {\n    optimizer = adamw(lr = 1e-3)\n    schedule = constant(warmup = 10 steps) }\n\
             grid g { axis recipe = [a, b, c]; data = 1/2 * p + rest * w; model = m(64); tokens = 1Mi; evaluate = p.heldout }\n\
             law l { over = g; free E; loss ~ E }\n",
        ),
    ];
    for source in sources {
        let compiled = check(&source);
        let once = plan(&compiled);
        let filled = filled_in(&compiled);
        let again = check(&filled);
        // Places move with the text.
        assert_eq!(without_places(plan(&again)), without_places(once), "{filled}");
        assert_eq!(filled_in(&again), filled, "a second time there is nothing to fill in");
    }
}

#[test]
fn keys_do_not_depend_on_names_comments_or_the_order_of_lines() {
    let small = TOUR.split("grid model_arm").next().unwrap().replace("1..3 step 1", "[1]");
    let plain = keys(&small);
    assert!(plain.len() > 10);
    let renamed =
        small.replace("blend", "stir").replace("llama", "camel").replace("hq(", "fine(").replace("data_arm", "arm");
    assert_eq!(keys(&renamed), plain, "names");
    assert_eq!(keys(&small.replace("recipe   =", "// a comment\n    recipe =")), plain, "comments");
    let mut lines: Vec<&str> = small.split("\n\n").collect();
    let first = lines.remove(0);
    lines.reverse();
    let reversed = format!("{first}\n\n{}", lines.join("\n\n"));
    assert_ne!(reversed, small);
    assert_eq!(keys(&reversed), plain, "order of declarations");
    assert_ne!(keys(&small.replace("seed       = 17", "seed = 18")), plain, "the seed is meaning");
    assert_ne!(keys(&small.replace("lr = 3e-3", "lr = 2e-3")), plain, "the rate is meaning");
}

#[test]
fn params_take_what_the_command_line_gives() {
    let source = "synx 1\n\
        param files = \"data/none.txt\"\n\
        param lr = 3e-3\n\
        param budgets = [1Mi]\n\
        corpus text { files = files; heldout = 2% }\n\
        model m { width = 64; blocks = [attention(heads = 2)] }\n\
        recipe r { optimizer = adamw(lr = lr); schedule = constant(warmup = 0) }\n\
        grid g { axis tokens = budgets; data = text; model = m; recipe = r; evaluate = text.heldout }\n";
    let set = |pairs: &[(&str, &str)]| {
        let set = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        compile("study.synx", source, &World::default(), &Options { set, ..Options::default() })
    };
    assert!(findings(&set(&[]))[0].contains("E0305"));
    let given = set(&[("files", "data/wiki.txt.gz"), ("lr", "1e-3"), ("budgets", "[1Mi, 4Mi]")]);
    let planned = plan(&given);
    assert_eq!(planned.grids[0].cells.len(), 2);
    assert_eq!(planned.recipes[0].optimizer.rate, Exact::from_decimal("0.001").unwrap());
    let Content::Files(files) = &planned.corpora[0].content else { panic!("files") };
    assert_eq!(files.patterns, ["data/wiki.txt.gz"]);
    // The printed study needs no command line any more.
    assert_eq!(plan(&check(&filled_in(&given))).grids[0].cells, planned.grids[0].cells);
    let unknown = set(&[("files", "data/wiki.txt.gz"), ("rate", "1e-3")]);
    assert!(findings(&unknown)[0].starts_with("--set rate:1:1: error[E0110]"), "{:?}", findings(&unknown));
    let broken = set(&[("files", "data/wiki.txt.gz"), ("lr", "1e-3 +")]);
    assert!(findings(&broken).iter().any(|line| line.contains("E0110")), "{:?}", findings(&broken));
    let wrong = set(&[("files", "data/wiki.txt.gz"), ("lr", "0")]);
    assert_eq!(wrong.diagnostics[0].labels[0].file, "study.synx");
}

#[test]
fn dependent_axes_lets_and_conditions_make_an_isoflop_ladder() {
    let source = "synx 1\n\
        corpus web = world(register = web, documents = 20k, heldout = 2%)\n\
        model llama(width, depth) { context = 128; blocks = [attention(heads = width / 32), swiglu(ratio = 8/3)] * depth }\n\
        recipe standard(lr, batch) { optimizer = adamw(lr = lr); schedule = wsd(warmup = 5%, decay = 20%) }\n\
        grid iso {\n\
            axis (width, depth) = [(64, 2), (128, 4)]\n\
            axis budget = geometric(1e12 FLOP..1e13 FLOP, points = 3)\n\
            axis seeds = 1..depth step 1\n\
            let batch = round(4Ki * (budget / 1e12 FLOP) ^ (1/3), to = 1Ki)\n\
            model = llama(width, depth)\n\
            recipe = standard(lr = 3e-3 * sqrt(batch / 4Ki) * (128 / width), batch = batch)\n\
            tokens = round(budget / flops_per_token(model), to = batch)\n\
            data = web; evaluate = web.heldout; replicate = seeds\n\
            where tokens in 1 * model.params .. 80 * model.params\n\
        }\n";
    let compiled = check(source);
    assert_eq!(findings(&compiled), [""; 0]);
    let grid = &plan(&compiled).grids[0];
    assert_eq!(grid.cells.len() + grid.excluded.len(), 3 * 2 + 3 * 4);
    assert!(!grid.excluded.is_empty());
    for cell in &grid.cells {
        let batch = grid.value(&cell.values, 4).to_string().parse::<u64>().unwrap();
        assert!(cell.tokens.is_multiple_of(batch) && batch.is_multiple_of(1024));
    }
    let units: Vec<&str> = grid.columns.iter().map(|column| column.unit.as_str()).collect();
    assert_eq!(units, ["", "", "FLOP", "", ""]);
}

#[test]
fn mixtures_are_an_algebra() {
    let base = "synx 1\n\
        corpus a = world(register = web, documents = 20k, heldout = 2%)\n\
        corpus b = world(register = textbook, documents = 20k)\n\
        corpus c = world(register = encyclopedic, documents = 20k)\n\
        mixture half = 50% * a + rest * b\n\
        let part = 30% * a\n\
        model m { width = 64; blocks = [attention(heads = 2)] }\n\
        recipe r { optimizer = adamw(lr = 1e-3); schedule = constant(warmup = 0) }\n";
    let shares = |data: &str| -> String {
        let grid = format!("grid g {{ data = {data}; tokens = 1Mi; model = m; recipe = r; evaluate = a.heldout }}\n");
        let compiled = check(&format!("{base}{grid}"));
        let plan = plan(&compiled);
        let part = |(corpus, share): &(CorpusId, Exact)| format!("{} {share}", plan.corpora[corpus.0].name);
        plan.mixtures[0].shares().iter().map(part).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(shares("c"), "c 1");
    assert_eq!(shares("half"), "a 1/2, b 1/2");
    assert_eq!(shares("20% * c + rest * half"), "a 2/5, b 2/5, c 1/5");
    assert_eq!(shares("part + 70% * c"), "a 3/10, c 7/10");
    assert_eq!(shares("(a + b + c) / 3"), "a 1/3, b 1/3, c 1/3");
    assert_eq!(shares("uniform([a, b, c])"), "a 1/3, b 1/3, c 1/3");
    assert_eq!(shares("1/2 * (rest * a + 10% * b) + 1/2 * a"), "a 19/20, b 1/20");
    assert_eq!(shares("if 1 < 2 then 0 * a + rest * b else a"), "b 1");
    assert_eq!(shares("sum([1/2 * x for x in [a, b]])"), "a 1/2, b 1/2");
    assert_eq!(shares("a * 0.25 + b * rest"), "a 1/4, b 3/4");
}

#[test]
fn equal_contents_under_two_names_are_one_corpus() {
    let source = "synx 1\n\
        corpus one { source = world(register = web, documents = 20k); heldout = 2% }\n\
        corpus two = world(register = web, documents = 20k, heldout = 2%)\n\
        model m { width = 64; blocks = [attention(heads = 2)] }\n\
        recipe r { optimizer = adamw(lr = 1e-3); schedule = constant(warmup = 0) }\n\
        grid g { axis data = [one, two]; tokens = 1Mi; model = m; recipe = r; evaluate = one.heldout }\n";
    let compiled = check(source);
    let plan = plan(&compiled);
    assert_eq!((plan.corpora.len(), plan.mixtures.len(), plan.grids[0].cells.len()), (1, 1, 2));
    assert_eq!(plan.grids[0].cell_name(&plan.grids[0].cells[1].values), "g[data=two]");
}

#[test]
fn facts_make_the_epochs_known() {
    let source = TOUR.split("grid model_arm").next().unwrap();
    let world = World { tokens: Some(3 << 20), ..World::default() };
    let compiled = compile("study.synx", source, &world, &Options::default());
    let codes: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["W0301"]);
    assert!(compiled.plan.is_some());
    let allowed = source.replace(
        "    evaluate = general\n",
        "    evaluate = general\n    allow W0301 because \"repetition is the question\"\n",
    );
    assert!(compile("study.synx", &allowed, &world, &Options::default()).diagnostics.is_empty());
}

#[test]
fn settings_hold_for_the_whole_study() {
    let source = "synx 1\n/// What it is about.\nstudy name { seed = 7; parameters = total; flops = six_nd; confidence = 90% }\n";
    let compiled = check(source);
    let study = &plan(&compiled).study;
    assert_eq!((study.name.as_str(), study.seed, study.parameters), ("name", 7, ParameterCount::Total));
    assert_eq!(study.documentation.as_deref(), Some("What it is about."));
    assert_eq!(study.confidence, Exact::ratio(9, 10).unwrap());
}

#[test]
fn machines_that_are_declared_are_part_of_the_plan_under_their_own_names() {
    let source = "synx 1\n\
        corpus web = world(register = web, documents = 20k, heldout = 2%)\n\
        hardware here { speed = 20e12 FLOP/s; power = 350 W }\n\
        hardware there = h100(reached = 30%)\n\
        grid g { data = web; model = tiny; recipe = standard(); tokens = 1Mi; evaluate = web.heldout }\n";
    let compiled = check(source);
    assert_eq!(findings(&compiled), [""; 0], "a machine needs nothing that names it");
    let names: Vec<&str> = plan(&compiled).hardware.iter().map(|hardware| hardware.name.as_str()).collect();
    assert_eq!(names, ["here", "there"]);
}

#[test]
fn files_of_tokens_are_planned_and_left_to_a_later_run() {
    let study = "synx 1
corpus ready { files = \"data/tokens.npy\"; heldout = 2% }
grid runs { data = ready; model = tiny; recipe = standard(); tokens = 1Mi; evaluate = ready.heldout }
";
    let plan = common::plan(study);
    let refused: Vec<String> = plan.not_carried_out().into_iter().map(|part| part.what).collect();
    assert_eq!(refused, ["corpus `ready`: files of tokens"]);
}

#[test]
fn a_model_beyond_this_machine_is_warned_of_at_every_grid_that_may_train_it() {
    // The machine of these tests has 64 GiB.
    let said = |models: &str, grids: &str| -> Vec<String> {
        let study = format!(
            "synx 1\ncorpus web = world(register = web, documents = 20k, heldout = 2%)\n\
             model tiny  {{ context = 128; width = 64; blocks = [attention(heads = 2), swiglu(ratio = 8/3)] * 2 }}\n{models}\
             recipe short {{ optimizer = adamw(lr = 1e-3); schedule = wsd(warmup = 256Ki tokens, decay = 20%); batch = 128Ki }}\n{grids}"
        );
        let compiled = check(&study);
        assert!(!compiled.has_errors(), "{:#?}", findings(&compiled));
        let told = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.code == "W0410");
        told.map(|diagnostic| format!("{} {}", &study[diagnostic.labels[0].range.clone()], diagnostic.headline))
            .collect()
    };
    let grid = |name: &str, model: &str| {
        format!("grid {name} {{ data = web; {model}; recipe = short; tokens = 1Mi; evaluate = web.heldout }}\n")
    };
    let giant =
        "model giant { context = 2048; width = 8192; blocks = [attention(heads = 64), swiglu(ratio = 8/3)] * 80 }\n";
    let grids = [grid("small", "model = tiny"), grid("a", "model = giant"), grid("b", "model = giant")].concat();
    let told = said(giant, &grids);
    let expected = |name: &str| format!("{name} training takes at least 960 GiB, and this machine has 64 GiB");
    assert_eq!(told, [expected("a"), expected("b")]);
    // A gigabyte of weights, and a sequence whose activations are beyond the machine.
    let long =
        "model long { context = 128Ki; width = 512; blocks = [attention(heads = 8), swiglu(ratio = 8/3)] * 24 }\n";
    assert_eq!(said(long, &grid("a", "model = long")).len(), 1);
    let shorter = long.replace("128Ki", "8Ki");
    assert_eq!(said(&shorter, &grid("a", "model = long")), Vec::<String>::new());
    let allowed = grid("a", "allow W0410 because \"for the cluster\"; model = giant");
    assert_eq!(said(giant, &allowed), Vec::<String>::new());
    assert_eq!(said("", &grid("a", "allow W0410 because \"for the cluster\"; model = tiny")), Vec::<String>::new());
}
