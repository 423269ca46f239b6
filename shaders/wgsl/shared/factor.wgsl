// What the factors of products are rounded to: with F16 the nearest number of f16, ties to even, exactly as the CPU has it; what overflows becomes infinite.
fn factor(part: vec4<f32>) -> vec4<f32> {
#if F16
    let size = abs(part);
    let bits = bitcast<vec4<u32>>(size);
    let normal = (bits + vec4<u32>(0xfffu) + ((bits >> vec4<u32>(13u)) & vec4<u32>(1u))) & vec4<u32>(0xffffe000u);
    // Beyond 65,504; what is not-a-number stays.
    let limited = select(normal, max(bits, vec4<u32>(0x7f800000u)), normal > vec4<u32>(0x477fe000u));
    // Below 2^-14 numbers of f16 are 2^-24 apart.
    let small = bitcast<vec4<u32>>(round(size * 16777216.0) * 5.9604644775390625e-8);
    let rounded = select(limited, small, bits < vec4<u32>(0x38800000u));
    return bitcast<vec4<f32>>(rounded | (bitcast<vec4<u32>>(part) & vec4<u32>(0x80000000u)));
#else
    return part;
#end
}
