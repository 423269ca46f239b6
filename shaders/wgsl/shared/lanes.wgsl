#if TILED
// What a workgroup's lanes have, brought together: of each ${SUMMED} neighbours, in halves: a lane of the lower half takes what the one half of them further on has,
// then what the one a quarter further on has, and so on. Every lane is given the outcome.

#if SHUFFLES
// Lanes of one subgroup read each other's registers: after each exchange both of a pair have the pair's sum. What lies further apart than a subgroup is long
// goes through memory, where every lane adds up what its own place in a subgroup asks for. All are the sums of the same pairs as without subgroups.
#if LEVELS
var<workgroup> of_lanes: array<f32, ${WORKGROUP}>;

fn sum_of0(at: u32) -> f32 {
    return of_lanes[at];
}

fn largest_of0(at: u32) -> f32 {
    return of_lanes[at];
}
#end

#repeat e LEVELS
fn sum_of${e + 1}(at: u32) -> f32 {
    return sum_of${e}(at) + sum_of${e}(at + (${SUMMED}u >> ${e + 1}u));
}

fn largest_of${e + 1}(at: u32) -> f32 {
    return max(largest_of${e}(at), largest_of${e}(at + (${SUMMED}u >> ${e + 1}u)));
}

#end
fn sum_of_lanes(lane: u32, value: f32) -> f32 {
    var sum = value;
#if LEVELS
    of_lanes[lane] = value;
    workgroupBarrier();
    sum = sum_of${LEVELS}(lane / ${SUMMED}u * ${SUMMED}u + lane % ${SHUFFLES}u);
    // The next to come may write at once.
    workgroupBarrier();
#end
    #repeat e EXCHANGES
    sum += subgroupShuffleXor(sum, ${REACH}u >> ${e + 1}u);
    #end
    return sum;
}

fn largest_of_lanes(lane: u32, value: f32) -> f32 {
    var largest = value;
#if LEVELS
    of_lanes[lane] = value;
    workgroupBarrier();
    largest = largest_of${LEVELS}(lane / ${SUMMED}u * ${SUMMED}u + lane % ${SHUFFLES}u);
    workgroupBarrier();
#end
    #repeat e EXCHANGES
    largest = max(largest, subgroupShuffleXor(largest, ${REACH}u >> ${e + 1}u));
    #end
    return largest;
}
#else
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
#end
