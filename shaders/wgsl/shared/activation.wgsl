// Gates and their gradients, for the kernels of the operations and for products that end in them.

// silu(gate) * up, silu(g) = g / (1 + exp(-g)).
fn gated_of(gate: Lane, up: Lane) -> Lane {
    return (gate * (1.0 / (1.0 + lane_exp(-gate)))) * up;
}

// The gradients of gate and up from that of what comes out.
struct GatedGrad {
    gate: Lane,
    up: Lane,
}

fn gated_grad_of(gate: Lane, up: Lane, d: Lane) -> GatedGrad {
    let s = 1.0 / (1.0 + lane_exp(-gate));
    return GatedGrad((d * up) * (s * fma(gate, 1.0 - s, Lane(1.0))), d * (gate * s));
}

// 0.5 a (1 + tanh(u)), u = sqrt(2/pi) (a + 0.044715 a^3), written as a s with s = 1 / (1 + exp(-2u)), which is the same.
fn gelu_of(a: Lane) -> Lane {
    // 2u = a (c a^2 + 2 sqrt(2/pi))
    let twice = a * fma(a * a, Lane(0.0713548163), Lane(1.59576912));
    return a * (1.0 / (1.0 + lane_exp(-twice)));
}

// The derivative of that: 0.5 (1 + tanh u) = s and 1 - tanh^2 u = 4 s (1 - s), so it is s + a s (1 - s) (2u)'.
fn gelu_slope_of(a: Lane) -> Lane {
    let square = a * a;
    let twice = a * fma(square, Lane(0.0713548163), Lane(1.59576912));
    let slope = fma(square, Lane(0.214064449), Lane(1.59576912));
    let s = 1.0 / (1.0 + lane_exp(-twice));
    return fma((a * s) * (1.0 - s), slope, s);
}
