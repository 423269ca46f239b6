//! Which runs would teach most about a law's parameters: the choice that makes the determinant of their information largest.
//!
//! D-optimal design (Wald 1943; Fedorov 1972): a greedy choice, then exchanges of one chosen row for another while any gains.

/// The information of rows that are there already, as a lower triangle turned square; and what chosen rows add.
#[derive(Debug, Clone)]
pub struct Information {
    size: usize,
    /// Row by row.
    matrix: Vec<f64>,
}

/// A choice of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Rows of the candidates, in the order in which they were chosen.
    pub chosen: Vec<usize>,
    /// The logarithm of the determinant of the information per parameter, after all of them; minus infinity where parameters stay open.
    pub information: f64,
}

/// What is added to the diagonal while the information is not whole yet, as a part of its largest element: so that the first rows are chosen by what they
/// add, not at random.
const FOOTHOLD: f64 = 1e-9;

/// Exchanges that are tried before the choice counts as good. Arbitrary.
const EXCHANGES: usize = 100;

impl Information {
    pub fn new(size: usize) -> Information {
        Information { size, matrix: vec![0.0; size * size] }
    }

    /// Adds (or with a weight below zero takes away) a row whose prediction has these slopes.
    pub fn add(&mut self, slopes: &[f64], weight: f64) {
        for (i, a) in slopes.iter().enumerate() {
            for (j, b) in slopes.iter().enumerate() {
                self.matrix[i * self.size + j] += weight * a * b;
            }
        }
    }

    /// The Cholesky factor of the matrix with this on its diagonal; none where it is not positive.
    fn factor(&self, ridge: f64) -> Option<Vec<f64>> {
        let n = self.size;
        let mut factor = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|k| factor[i * n + k] * factor[j * n + k]).sum();
                let left = self.matrix[i * n + j] + if i == j { ridge } else { 0.0 } - sum;
                if i == j {
                    if left.is_nan() || left <= 1e-13 * (self.matrix[i * n + i] + ridge) {
                        return None;
                    }
                    factor[i * n + i] = left.sqrt();
                } else {
                    factor[i * n + j] = left / factor[j * n + j];
                }
            }
        }
        Some(factor)
    }

    /// The logarithm of the determinant; none where some direction is not told.
    fn log_determinant(&self, ridge: f64) -> Option<f64> {
        let factor = self.factor(ridge)?;
        Some((0..self.size).map(|i| 2.0 * libm::log(factor[i * self.size + i])).sum())
    }
}

/// x·A⁻¹·x for a Cholesky factor of A: how little is known in the direction of a row.
fn leverage(factor: &[f64], slopes: &[f64]) -> f64 {
    let n = slopes.len();
    let mut solved = vec![0.0; n];
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| factor[i * n + k] * solved[k]).sum();
        solved[i] = (slopes[i] - sum) / factor[i * n + i];
    }
    solved.iter().map(|v| v * v).sum()
}

/// The `count` candidates, each at most once, that add most to what `known` rows tell. A candidate is the slopes of its prediction by every parameter; those
/// with a slope that is not finite are never chosen.
///
/// Parameters are brought to one scale first, which changes no choice: a determinant's ratio does not depend on it.
pub fn d_optimal(known: &[Vec<f64>], candidates: &[Vec<f64>], count: usize) -> Design {
    let size = candidates.first().map_or(0, Vec::len);
    let scale: Vec<f64> = (0..size)
        .map(|k| {
            let all = known.iter().chain(candidates).map(|row| row[k].abs()).filter(|slope| slope.is_finite());
            all.fold(0.0, f64::max)
        })
        .map(|most| if most > 0.0 { 1.0 / most } else { 1.0 })
        .collect();
    let scaled = |row: &Vec<f64>| row.iter().zip(&scale).map(|(slope, scale)| slope * scale).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = candidates.iter().map(scaled).collect();
    let usable: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].iter().all(|slope| slope.is_finite())).collect();
    let mut information = Information::new(size);
    known
        .iter()
        .map(scaled)
        .filter(|row| row.iter().all(|slope| slope.is_finite()))
        .for_each(|row| information.add(&row, 1.0));
    let ridge = FOOTHOLD * (known.len() + count) as f64;
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < count.min(usable.len()) {
        let Some(factor) = information.factor(ridge) else { break };
        let open = usable.iter().copied().filter(|row| !chosen.contains(row));
        // Of equals the first.
        let best = open.fold(None, |best: Option<(usize, f64)>, row| {
            let gain = leverage(&factor, &rows[row]);
            if best.is_none_or(|(_, most)| gain > most) { Some((row, gain)) } else { best }
        });
        let Some((row, _)) = best else { break };
        information.add(&rows[row], 1.0);
        chosen.push(row);
    }
    exchange(&mut information, &mut chosen, &rows, &usable, ridge);
    let information = information.log_determinant(0.0).map_or(f64::NEG_INFINITY, |log| log / size.max(1) as f64);
    Design { chosen, information }
}

/// Exchanges a chosen row for one that is not, the best exchange first, while the determinant grows.
fn exchange(information: &mut Information, chosen: &mut [usize], rows: &[Vec<f64>], usable: &[usize], ridge: f64) {
    for _ in 0..EXCHANGES {
        let Some(now) = information.log_determinant(ridge) else { return };
        let mut best: Option<(usize, usize, f64)> = None;
        for place in 0..chosen.len() {
            information.add(&rows[chosen[place]], -1.0);
            if let (Some(factor), Some(without)) = (information.factor(ridge), information.log_determinant(ridge)) {
                for &row in usable.iter().filter(|row| !chosen.contains(row)) {
                    // The determinant after a row is added is that before times 1 + x·A⁻¹·x.
                    let with = without + libm::log1p(leverage(&factor, &rows[row]));
                    if with > now + 1e-9 && best.is_none_or(|(_, _, most)| with > most) {
                        best = Some((place, row, with));
                    }
                }
            }
            information.add(&rows[chosen[place]], 1.0);
        }
        let Some((place, row, _)) = best else { return };
        information.add(&rows[chosen[place]], -1.0);
        information.add(&rows[row], 1.0);
        chosen[place] = row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slopes of a + b·x.
    fn line(x: &[f64]) -> Vec<Vec<f64>> {
        x.iter().map(|x| vec![1.0, *x]).collect()
    }

    #[test]
    fn a_line_is_best_learnt_from_its_ends() {
        let mut chosen = d_optimal(&[], &line(&[-1.0, -0.5, 0.0, 0.5, 1.0]), 2).chosen;
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 4]);
    }

    #[test]
    fn a_parabola_is_best_learnt_from_ends_and_middle() {
        let x = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0f64];
        let rows: Vec<Vec<f64>> = x.iter().map(|x| vec![1.0, *x, x * x]).collect();
        let mut chosen = d_optimal(&[], &rows, 3).chosen;
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 4, 8]);
    }

    #[test]
    fn what_is_known_is_not_asked_again() {
        // Three runs at the low end tell nothing of the slope.
        let known = line(&[-1.0, -1.0, -1.0]);
        assert_eq!(d_optimal(&known, &line(&[-1.0, 0.0, 1.0]), 1).chosen, [2]);
    }

    #[test]
    fn units_of_parameters_change_no_choice() {
        let rows = line(&[0.3, 0.9, 0.1, 0.5, 0.7]);
        let grown: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[0] * 1e9, row[1] * 1e-6]).collect();
        assert_eq!(d_optimal(&[], &rows, 3).chosen, d_optimal(&[], &grown, 3).chosen);
    }

    #[test]
    fn too_few_rows_leave_parameters_open() {
        let design = d_optimal(&[], &line(&[0.5]), 3);
        assert_eq!((design.chosen, design.information), (vec![0], f64::NEG_INFINITY));
        assert_eq!(d_optimal(&[], &[vec![f64::NAN, 1.0]], 1).chosen, Vec::<usize>::new());
    }

    #[test]
    fn no_other_choice_of_a_small_design_is_better() {
        let x = [0.02, 0.11, 0.35, 0.47, 0.62, 0.8, 0.93f64];
        let rows: Vec<Vec<f64>> = x.iter().map(|x| vec![1.0, *x, x.exp()]).collect();
        let best = d_optimal(&[], &rows, 4).information;
        for mask in 0u32..128 {
            if mask.count_ones() == 4 {
                let mut information = Information::new(3);
                (0..7).filter(|i| mask >> i & 1 == 1).for_each(|i| information.add(&rows[i as usize], 1.0));
                let scale: f64 = [1.0, 0.93, 0.93f64.exp()].iter().map(|s: &f64| 2.0 * s.ln()).sum();
                let found = information.log_determinant(0.0).map_or(f64::NEG_INFINITY, |log| (log - scale) / 3.0);
                assert!(found <= best + 1e-6, "{mask:b}: {found} {best}");
            }
        }
    }
}
