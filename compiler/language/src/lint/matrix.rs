//! How well a matrix tells its columns apart: a QR decomposition, then the singular values of the small triangle.

/// Columns scaled to length 1, as a triangle that has their lengths and angles.
pub(super) struct Spectrum {
    /// Lengths of the columns before they were scaled.
    pub lengths: Vec<f64>,
    /// Singular values of the scaled columns, largest first, each with its direction.
    pub directions: Vec<(f64, Vec<f64>)>,
}

/// The spectrum of a matrix of `rows` with one number a column; nothing where a number is not finite.
pub(super) fn spectrum(rows: &[Vec<f64>], columns: usize) -> Option<Spectrum> {
    if rows.iter().flatten().any(|x| !x.is_finite()) {
        return None;
    }
    let mut vectors: Vec<Vec<f64>> = (0..columns).map(|k| rows.iter().map(|row| row[k]).collect()).collect();
    let mut lengths = Vec::with_capacity(columns);
    for vector in &mut vectors {
        // By the largest number first: squares of small derivatives would vanish.
        let largest = vector.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        if largest > 0.0 {
            for x in vector.iter_mut() {
                *x /= largest;
            }
        }
        let length = norm(vector);
        if length > 0.0 {
            for x in vector.iter_mut() {
                *x /= length;
            }
        }
        lengths.push(largest * length);
    }
    Some(Spectrum { lengths, directions: singular(triangle(vectors)) })
}

/// The upper triangle of the columns' QR decomposition, column by column: Householder reflections.
fn triangle(mut columns: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let rows = columns.first().map_or(0, Vec::len);
    let count = columns.len();
    for k in 0..count.min(rows) {
        let mut mirror: Vec<f64> = columns[k][k..].to_vec();
        let length = norm(&mirror);
        if length == 0.0 {
            continue;
        }
        mirror[0] += if mirror[0] < 0.0 { -length } else { length };
        let square = dot(&mirror, &mirror);
        for column in &mut columns[k..] {
            let part = 2.0 * dot(&mirror, &column[k..]) / square;
            column[k..].iter_mut().zip(&mirror).for_each(|(x, m)| *x -= part * m);
        }
    }
    for column in &mut columns {
        column.resize(count, 0.0);
    }
    columns
}

/// Singular values and right directions of a square matrix given by columns: one-sided rotations (Hestenes 1958), which find small
/// singular values as well as large ones.
fn singular(mut columns: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    /// Sweeps until nothing turns; six are usual.
    const SWEEPS: usize = 40;
    let count = columns.len();
    let mut turned: Vec<Vec<f64>> =
        (0..count).map(|k| (0..count).map(|l| f64::from(u8::from(k == l))).collect()).collect();
    for _ in 0..SWEEPS {
        let mut still = true;
        for p in 0..count {
            for q in p + 1..count {
                let (a, b) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
                let c = dot(&columns[p], &columns[q]);
                if c.abs() <= 1e-15 * (a * b).sqrt() || c == 0.0 {
                    continue;
                }
                still = false;
                let zeta = (b - a) / (2.0 * c);
                let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                rotate(&mut columns, p, q, cosine, cosine * tangent);
                rotate(&mut turned, p, q, cosine, cosine * tangent);
            }
        }
        if still {
            break;
        }
    }
    let mut directions: Vec<(f64, Vec<f64>)> = columns.iter().map(|column| norm(column)).zip(turned).collect();
    directions.sort_by(|a, b| b.0.total_cmp(&a.0));
    directions
}

fn rotate(columns: &mut [Vec<f64>], p: usize, q: usize, cosine: f64, sine: f64) {
    let (before, after) = columns.split_at_mut(q);
    for (x, y) in before[p].iter_mut().zip(&mut after[0]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_columns_are_not_told_apart() {
        let rows: Vec<Vec<f64>> = (0..7).map(|i| vec![f64::from(i), 1.0, 3.0 * f64::from(i)]).collect();
        let found = spectrum(&rows, 3).unwrap();
        let (smallest, direction) = &found.directions[2];
        assert!(*smallest < 1e-14, "{smallest}");
        assert!(direction[1].abs() < 1e-12 && (direction[0] + direction[2]).abs() < 1e-12, "{direction:?}");
    }

    #[test]
    fn singular_values_are_those_of_the_textbook() {
        // Columns of length 1 at an angle of 60 degrees: 1 ± cos 60°, and their roots.
        let rows = vec![vec![1.0, 0.5], vec![0.0, 0.75f64.sqrt()]];
        let found = spectrum(&rows, 2).unwrap();
        assert!((found.directions[0].0 - 1.5f64.sqrt()).abs() < 1e-14);
        assert!((found.directions[1].0 - 0.5f64.sqrt()).abs() < 1e-14);
    }

    #[test]
    fn fewer_rows_than_columns_leave_a_direction_flat() {
        let found = spectrum(&[vec![1.0, 2.0, 4.0], vec![1.0, 3.0, 9.0]], 3).unwrap();
        assert!(found.directions[1].0 > 1e-3 && found.directions[2].0 < 1e-14);
        assert!(spectrum(&[vec![f64::NAN]], 1).is_none());
    }

    #[test]
    fn small_singular_values_are_found_beside_large_ones() {
        let rows = vec![vec![1.0, 1.0], vec![1e-9, -1e-9], vec![0.0, 0.0]];
        let found = spectrum(&rows, 2).unwrap();
        assert!((found.directions[1].0 / (2f64.sqrt() * 1e-9) - 1.0).abs() < 1e-6, "{}", found.directions[1].0);
    }
}
