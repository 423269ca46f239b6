//! What the host makes of a step's tokens.

/// Rows grouped by their token, for the gradient of the token table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grouped {
    /// `[slots, vocabulary + 1]`: the rows of token v are `order[starts[v]..starts[v + 1]]` of its slot.
    pub starts: Vec<u32>,
    /// `[slots, rows]`: rows by token, ascending within a token.
    pub order: Vec<u32>,
}

/// Groups `[slots, rows]` tokens, all below `vocabulary`.
pub fn group(tokens: &[u32], rows: usize, vocabulary: usize) -> Grouped {
    let slots = tokens.len() / rows.max(1);
    let mut starts = Vec::with_capacity(slots * (vocabulary + 1));
    let mut order = vec![0; tokens.len()];
    let mut next = vec![0u32; vocabulary];
    for (tokens, order) in tokens.chunks_exact(rows).zip(order.chunks_exact_mut(rows)) {
        next.fill(0);
        for &token in tokens {
            next[token as usize] += 1;
        }
        let mut start = 0;
        for count in &mut next {
            starts.push(start);
            let end = start + *count;
            *count = start;
            start = end;
        }
        starts.push(start);
        for (row, &token) in tokens.iter().enumerate() {
            let place = &mut next[token as usize];
            order[*place as usize] = row as u32;
            *place += 1;
        }
    }
    Grouped { starts, order }
}

#[cfg(test)]
mod tests {
    use super::group;

    #[test]
    fn rows_stand_by_token_and_in_order() {
        let grouped = group(&[2, 0, 2, 2, 0, 1, 1, 0], 4, 4);
        assert_eq!(grouped.starts, [0, 1, 1, 4, 4, 0, 2, 4, 4, 4]);
        assert_eq!(grouped.order, [1, 0, 2, 3, 0, 3, 1, 2]);
    }
}
