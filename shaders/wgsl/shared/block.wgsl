// A part of one parameter that a workgroup takes: where it begins in slot 0, the distance between slots and its length, in fours, and whether weights decay.
struct Block {
    begin: u32,
    slot: u32,
    count: u32,
    decay: u32,
}
