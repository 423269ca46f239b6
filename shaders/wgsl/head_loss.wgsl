// The loss of each row from its logits, and in training the logits' gradient in their place: loss[r] = log sum_v exp(logit[r, v]) - logit[r, target[r]],
// g[r, v] = (softmax(r)[v] - [v = target[r]]) * weight[r] * loss_scale, in f16 times the slot's scale: logits [rows of a piece, V], loss [R, 1], nats.
// The products around it (logits = x . head^T, dx = g . head, dhead = g^T . x) are the kernels of `linear`.
// direct: an invocation a row; tiled: a workgroup a row.

struct Shape {
    // Rows of this piece, and the first of them.
    rows: u32,
    row_begin: u32,
    // V, and in fours.
    vocabulary: u32,
    vocabulary4: u32,
    // Rows of a slot: targets, weights and losses have one number a row.
    tokens: u32,
    // Of a slot, in fours.
    logits_slot: u32,
}

@group(0) @binding(2) var<storage, read_write> logits: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read> controls: array<Control>;
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;
@group(0) @binding(7) var<storage, read> statuses: array<Status>;

const NOTHING: f32 = -3.0e38;

// Whether each of four columns exists.
fn there(column4: u32) -> vec4<bool> {
    return vec4<u32>(column4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.vocabulary);
}

fn run(number: u32, slot: u32, lane: u32) {
#if TILED
    let row = number;
    let first = lane;
    let step = ${WORKGROUP}u;
#else
    let row = number * ${WORKGROUP}u + lane;
    let first = 0u;
    let step = 1u;
#end
    if (row >= shape.rows) {
        return;
    }
    let start = slot * shape.logits_slot + row * shape.vocabulary4;
    var largest4 = vec4<f32>(NOTHING);
    for (var i = first; i < shape.vocabulary4; i += step) {
#if WHOLE
        largest4 = max(largest4, logits[start + i]);
#else
        largest4 = max(largest4, select(vec4<f32>(NOTHING), logits[start + i], there(i)));
#end
    }
    var largest = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
#if TILED
    largest = largest_of_lanes(lane, largest);
#end
    // Sums of at most 128 terms, then the sum of these: long vocabularies lose no digits.
    var sum4 = vec4<f32>(0.0);
    for (var chunk = first; chunk < shape.vocabulary4; chunk += 128u * step) {
        let end = min(chunk + 128u * step, shape.vocabulary4);
        var part = vec4<f32>(0.0);
        for (var i = chunk; i < end; i += step) {
            let e = exp4(logits[start + i] - largest);
#if WHOLE
            part += e;
#else
            part += select(vec4<f32>(0.0), e, there(i));
#end
        }
        sum4 += part;
    }
    var sum = (sum4.x + sum4.y) + (sum4.z + sum4.w);
#if TILED
    sum = sum_of_lanes(lane, sum);
#end
    let at = slot * shape.tokens + shape.row_begin + row;
    let target_column = targets[at];
    let log_sum = largest + log1(sum);
    if (first == 0u) {
        loss[at] = log_sum - logits[start + target_column / 4u][target_column % 4u];
    }
#if GRADIENT
#if TILED
    // The target's logit has been read before it is written over.
    workgroupBarrier();
#end
    let scale = controls[slot].loss_scale;
#if F16
    let weight = weights[at] * (scale * scale_of_losses(statuses[slot].loss_scale));
#else
    let weight = weights[at] * scale;
#end
    for (var i = first; i < shape.vocabulary4; i += step) {
        let columns = vec4<u32>(i * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
        let hit = select(vec4<f32>(0.0), vec4<f32>(1.0), columns == vec4<u32>(target_column));
        let g = (exp4(logits[start + i] - log_sum) - hit) * weight;
#if WHOLE
        logits[start + i] = g;
#else
        logits[start + i] = select(vec4<f32>(0.0), g, there(i));
#end
    }
#end
}
