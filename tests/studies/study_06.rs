//! Model collapse: rounds of training on what the rounds before wrote, in one grid.

use synx_plan::corpus::{Content, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::grid::CellId;

use super::support::{Folder, Grid, Llama, MI, assert_grids, assert_lists, planned};

const HUMAN: u64 = 24_000_000;
const MADE: u64 = 8_000_000;

#[test]
fn replacing_against_accumulating() {
    let plan = planned("06_model_collapse.synx", &Folder::default().scanned("human", HUMAN));
    let model = Llama { width: 128, depth: 4, context: 256 };
    let tokens = 2 * 6 * 8 * MI;
    assert_grids(
        &plan,
        &[Grid { name: "collapse", cells: 2 * 6, left_out: 0, tokens, flops: tokens * model.flops_per_token() }],
    );
    // Human text, and for either policy what rounds 0 to 4 write; the last round writes for nobody. Round 0 of both policies is the same
    // mixture, each later round has its own.
    assert_lists(&plan, &[("corpora", 1 + 2 * 5), ("mixtures", 1 + 2 * 5), ("models", 1)]);

    // Of a cell the rounds of its own policy whose text it trains on. Cells stand by policy, then by round.
    let written_by = |cell: u32| -> Vec<u32> {
        let shares = plan.mixture(&plan.grids[0].cells[cell as usize]).shares();
        let mut rounds: Vec<u32> = shares
            .iter()
            .filter_map(|(CorpusId(id), _)| match plan.corpora[*id].content {
                Content::Sampled { cell: CellId { grid: 0, cell: writer }, tokens: MADE } => {
                    assert_eq!(writer / 6, cell / 6, "of the same policy");
                    Some(writer % 6)
                }
                _ => None,
            })
            .collect();
        rounds.sort_unstable();
        rounds
    };
    for round in 0..6u32 {
        let replaced: Vec<u32> = round.checked_sub(1).into_iter().collect();
        assert_eq!(written_by(round), replaced, "replace, round {round}");
        assert_eq!(written_by(6 + round), (0..round).collect::<Vec<u32>>(), "accumulate, round {round}");
    }
    // In proportion: after `round` rounds human text is 24 of 24 + 8 × round.
    for round in 0..6u64 {
        let shares = plan.mixture(&plan.grids[0].cells[6 + round as usize]).shares();
        let human = shares.iter().find(|(CorpusId(id), _)| plan.corpora[*id].name == "human");
        assert_eq!(human.unwrap().1, Exact::ratio(3, 3 + round as i64).unwrap());
    }
}
