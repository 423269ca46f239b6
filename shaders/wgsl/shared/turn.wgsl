// Queries and keys as attention takes them: as they stand in `qkv`, or with ROTARY turned by their position on the way, exactly as `rotary` does it in memory.

#if ROTARY
struct Turned {
    first: Lane,
    second: Lane,
}

// A pair of halves at one angle of a position, turned, or turned back where `turn` is -1.
fn turned(first: Lane, second: Lane, position: u32, i: u32, turn: f32) -> Turned {
    let angle = position * ${HALF}u + i;
    let cosine = angles[angle];
    let sine = angles[shape.context * ${HALF}u + angle] * turn;
    return Turned(first * cosine - second * sine, second * cosine + first * sine);
}
#end

// Lane d of the head of a query or key that starts at `begin`, of the token at `position`.
fn head_lane(begin: u32, position: u32, d: u32) -> Lane {
#if ROTARY
    let upper = d >= ${HALF}u;
    let i = select(d, d - ${HALF}u, upper);
    let pair = turned(qkv[begin + i], qkv[begin + i + ${HALF}u], position, i, 1.0);
    return select(pair.first, pair.second, upper);
#else
    return qkv[begin + d];
#end
}
