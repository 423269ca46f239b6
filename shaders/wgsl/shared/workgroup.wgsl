// The number of this workgroup: dispatches longer than one dimension allows (65,535 groups) are folded into x and y.
// The z dimension is the place in the list of slots that step.
fn workgroup_number(id: vec3<u32>, count: vec3<u32>) -> u32 {
    return id.x + id.y * count.x;
}
