//! Every kernel in every variant is WGSL that naga takes, and binds what the table says.

use naga::valid::{Capabilities, ValidationFlags, Validator};

use crate::kernel::Access;
use crate::kernels::piece;
use crate::{Cooperative, Factors, Kernel, LargestHead, Set, Tile, Variant, all};

/// All variants of a kernel that an executor can ask for; of head dimensions, some that divide by four and some that do not.
fn variants(kernel: &'static Kernel) -> Vec<Variant> {
    let mut variants = Vec::new();
    for set in [Set::Direct, Set::Subgroup, Set::Tiled] {
        if kernel.name.starts_with("attention") {
            let rotary = kernel.fixed.contains(&"ROTARY");
            let beside = kernel.fixed.contains(&"BESIDE");
            let mut dimensions = vec![2, 4, 6, 32, 64, 128];
            dimensions.extend(beside.then_some(LargestHead::BESIDE));
            dimensions.retain(|&head_dim| !rotary || Variant::turns(head_dim));
            // Side by side is for tiles only.
            if set == Set::Tiled || !beside {
                variants.extend(dimensions.into_iter().map(|head_dim| Variant::attention(kernel, set, head_dim)));
            }
            continue;
        }
        for bits in 0..1u32 << kernel.options.len() {
            let options: Vec<bool> = (0..kernel.options.len()).map(|bit| bits >> bit & 1 == 1).collect();
            let variant = Variant::new(kernel, set, &options);
            if kernel.rounds() {
                variants.push(variant.clone().with_factors(Factors::F16));
            }
            if set == Set::Tiled && kernel.multiplies() {
                let sizes = [(8, 8), (8, 32), (16, 32), (16, 64)];
                let matrices = sizes.map(|(matrix, subgroup)| Factors::Matrices(Cooperative { matrix, subgroup }));
                variants.extend(matrices.map(|factors| variant.clone().with_factors(factors)));
            }
            variants.push(variant);
        }
    }
    let others: Vec<Variant> = variants.iter().flat_map(others_of).collect();
    variants.extend(others);
    variants
}

/// A variant with large tiles, with subgroups, and with both.
fn others_of(variant: &Variant) -> Vec<Variant> {
    let key = variant.key();
    // Products differ by the size of subgroups in one number alone.
    let sizes: &[u32] = if variant.kernel.pieces.contains(&"lanes") { &[4, 8, 16, 32, 64] } else { &[16] };
    let shuffled = |variant: &Variant| -> Vec<Variant> {
        sizes.iter().map(|subgroup| variant.clone().with_shuffles(*subgroup)).collect()
    };
    if variant.is_cooperative() {
        // Their tiles are always small, and their subgroups those of the adapter.
        return vec![variant.clone().with_shuffles(32)].into_iter().filter(|other| other.key() != key).collect();
    }
    let large = variant.clone().with_tile(Tile::Large);
    let others = shuffled(variant).into_iter().chain(shuffled(&large)).chain([large]);
    others.filter(|other| other.key() != key).collect()
}

fn validated(variant: &Variant) -> naga::Module {
    let source = variant.source();
    let module = naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{}: {}", variant.key(), error.emit_to_string(&source)));
    let subgroup = variant.uses_subgroups();
    let mut capabilities = if subgroup { Capabilities::SUBGROUP } else { Capabilities::empty() };
    if variant.is_cooperative() {
        capabilities |= Capabilities::SUBGROUP | Capabilities::SHADER_FLOAT16 | Capabilities::COOPERATIVE_MATRIX;
    }
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    if subgroup {
        validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
        validator.subgroup_operations(naga::valid::SubgroupOperationSet::all());
    }
    if let Err(error) = validator.validate(&module) {
        panic!("{}: {}", variant.key(), error.emit_to_string(&source));
    }
    module
}

#[test]
fn every_variant_is_valid_wgsl_and_only_subgroups_and_matrices_need_an_extension() {
    for variant in all().flat_map(variants) {
        validated(&variant);
    }
}

#[test]
fn bindings_and_shapes_are_those_of_the_table() {
    for variant in all().flat_map(variants) {
        let kernel = variant.kernel;
        let module = validated(&variant);
        let mut bound: Vec<(u32, String, naga::AddressSpace)> = module
            .global_variables
            .iter()
            .filter_map(|(_, v)| {
                let binding = v.binding?;
                assert_eq!(binding.group, 0);
                Some((binding.binding, v.name.clone()?, v.space))
            })
            .collect();
        bound.sort_by_key(|b| b.0);
        let read = naga::AddressSpace::Storage { access: naga::StorageAccess::LOAD };
        let write = naga::AddressSpace::Storage { access: naga::StorageAccess::LOAD | naga::StorageAccess::STORE };
        let mut expected = vec![(0, "shape".to_owned(), naga::AddressSpace::Uniform), (1, "slots".to_owned(), read)];
        for (i, binding) in kernel.bindings.iter().enumerate() {
            let space = if binding.access == Access::Read { read } else { write };
            expected.push((i as u32 + 2, binding.name.to_owned(), space));
        }
        assert_eq!(bound, expected, "{}", kernel.name);
        // Eight storage buffers are granted everywhere.
        assert!(kernel.bindings.len() <= 7, "{}", kernel.name);

        let shape = module.types.iter().find(|(_, t)| t.name.as_deref() == Some("Shape")).unwrap().1;
        let naga::TypeInner::Struct { members, .. } = &shape.inner else { panic!("Shape is a struct") };
        let names: Vec<&str> = members.iter().map(|m| m.name.as_deref().unwrap()).collect();
        assert_eq!(names, kernel.shape.concat(), "{}", kernel.name);
        assert!(members.iter().enumerate().all(|(i, m)| m.offset as usize == 4 * i));
    }
}

#[test]
fn workgroups_and_their_memory_keep_to_what_is_granted_everywhere() {
    for variant in all().flat_map(variants) {
        let module = validated(&variant);
        let entry = &module.entry_points[0];
        assert_eq!((entry.name.as_str(), module.entry_points.len()), ("main", 1));
        let invocations: u32 = entry.workgroup_size.iter().product();
        assert_eq!(invocations, variant.workgroup, "{}", variant.key());
        assert!(invocations <= 256, "{}", variant.key());
        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).unwrap();
        let memory: u32 = module
            .global_variables
            .iter()
            .filter(|(_, v)| v.space == naga::AddressSpace::WorkGroup)
            .map(|(_, v)| layouter[v.ty].size)
            .sum();
        let is_large = invocations == 256 && variant.kernel.pieces.contains(&"tile");
        let most = match () {
            () if variant.is_cooperative() => Cooperative::MEMORY,
            () if is_large => Tile::Large.memory(),
            () => Tile::Small.memory(),
        };
        assert!(memory <= most, "{}: {memory} bytes", variant.key());
        assert!(variant.set == Set::Tiled || memory == 0, "{}", variant.key());
    }
}

#[test]
fn equal_keys_are_equal_texts() {
    let mut texts = std::collections::BTreeMap::new();
    for variant in all().flat_map(variants) {
        let source = variant.source();
        assert_eq!(texts.entry(variant.key()).or_insert_with(|| source.clone()), &source, "{}", variant.key());
    }
}

#[test]
fn every_block_of_a_template_is_closed_in_its_own_file() {
    let pieces = all().flat_map(|kernel| kernel.pieces).filter_map(|name| piece(name));
    for text in all().map(|kernel| kernel.text).chain(pieces) {
        let depth = text.lines().fold(0i32, |depth, line| match line.split_whitespace().next() {
            Some("#if" | "#repeat") => depth + 1,
            Some("#end") => depth - 1,
            _ => depth,
        });
        assert_eq!(depth, 0, "{}", text.lines().next().unwrap_or_default());
    }
}

#[test]
#[should_panic(expected = "no member out_slot")]
fn a_shape_with_a_wrong_member_is_refused() {
    crate::kernel("gather").shape(&[("rows", 1), ("columns4", 1), ("table_slot", 1), ("slot", 1)]);
}
