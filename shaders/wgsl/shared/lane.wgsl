// What is loaded at a time: four numbers where head dimensions or widths divide by four, one where they do not.
#if VECTOR
alias Lane = vec4<f32>;

fn lane_exp(x: Lane) -> Lane {
    return exp4(x);
}

fn lane_sum(x: Lane) -> f32 {
    return (x.x + x.y) + (x.z + x.w);
}
#else
alias Lane = f32;

fn lane_exp(x: Lane) -> Lane {
    return exp1(x);
}

fn lane_sum(x: Lane) -> f32 {
    return x;
}
#end
