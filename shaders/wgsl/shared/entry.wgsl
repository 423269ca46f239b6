// Where every kernel starts: `run` is its own, with the number of its workgroup, its slot and its place within the workgroup.
// The third dimension of a dispatch is the place in the list of slots that step; dispatches longer than one dimension allows (65,535 groups) are folded into x and y.

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;

#if COOPERATIVE
// Which of the workgroup's subgroups this is; where there are more than were counted on, the last ones do the same.
var<private> own_matrices: u32;
#end

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
#if SHUFFLES
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) within: u32,
) {
    // Subgroups are all full. How they lie in the workgroup is the driver's choice, so the place within it is counted by them.
    let lane = subgroup * ${SHUFFLES}u + within;
#else
    @builtin(local_invocation_index) lane: u32,
#if COOPERATIVE
    @builtin(subgroup_id) subgroup: u32,
#end
) {
#end
#if COOPERATIVE
    own_matrices = min(subgroup, ${SUBGROUPS}u - 1u);
#end
    run(group.x + group.y * groups.x, slots[group.z], lane);
}
