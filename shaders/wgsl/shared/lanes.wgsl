#if TILED
// What a workgroup's lanes have, brought together: of each SUMMED neighbours, in halves: a lane of the lower half takes what the one SUMMED / 2 further on has,
// then what the one SUMMED / 4 further on has, and so on.

var<workgroup> of_lanes: array<f32, ${WORKGROUP}>;

fn sum_of_lanes(lane: u32, value: f32) -> f32 {
    of_lanes[lane] = value;
    workgroupBarrier();
    for (var width = ${SUMMED}u / 2u; width > 0u; width = width / 2u) {
        if (lane % ${SUMMED}u < width) {
            of_lanes[lane] += of_lanes[lane + width];
        }
        workgroupBarrier();
    }
    let sum = of_lanes[lane / ${SUMMED}u * ${SUMMED}u];
    // The next to come may write at once.
    workgroupBarrier();
    return sum;
}

fn largest_of_lanes(lane: u32, value: f32) -> f32 {
    of_lanes[lane] = value;
    workgroupBarrier();
    for (var width = ${SUMMED}u / 2u; width > 0u; width = width / 2u) {
        if (lane % ${SUMMED}u < width) {
            of_lanes[lane] = max(of_lanes[lane], of_lanes[lane + width]);
        }
        workgroupBarrier();
    }
    let largest = of_lanes[lane / ${SUMMED}u * ${SUMMED}u];
    workgroupBarrier();
    return largest;
}
#end
