//! What a kernel is: its text, its uniform and its bindings.

/// How a kernel uses a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// `var<storage, read>`.
    Read,
    /// `var<storage, read_write>`: also what is only read, where it lies in one arena with what is written.
    ReadWrite,
}

/// A storage buffer of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub name: &'static str,
    pub access: Access,
}

/// A kernel before its constants are fixed.
///
/// Binding 0 is the uniform `Shape`, binding 1 the list of the slots that step (`slots[group.z]` is a workgroup's slot), binding 2 and on are `bindings`.
#[derive(Debug)]
pub struct Kernel {
    /// The file's name, without `.wgsl`, or with what this kernel does beside it: `linear_add`.
    pub name: &'static str,
    pub(crate) text: &'static str,
    /// Shared pieces that stand before it, behind `entry`.
    pub(crate) pieces: &'static [&'static str],
    /// Invocations of a workgroup in the direct and in the tiled set.
    pub(crate) workgroup: [u32; 2],
    /// Neighbouring invocations whose numbers are brought together in the tiled set; 0 where there are none.
    pub(crate) summed: u32,
    /// Whether the two sets differ by more than the workgroup's size.
    pub(crate) tiled: bool,
    /// Conditions that always hold: what tells kernels of one file apart.
    pub(crate) fixed: &'static [&'static str],
    /// Conditions that the caller sets: 0 or 1.
    pub options: &'static [&'static str],
    /// Members of `Shape`, each of four bytes, in order: those of each shared piece, and its own.
    pub shape: &'static [&'static [&'static str]],
    pub bindings: &'static [Binding],
}

impl Kernel {
    /// Whether it multiplies matrices.
    pub fn multiplies(&self) -> bool {
        self.pieces.contains(&"factor")
    }

    /// Whether it knows a slot's scale of losses.
    fn scales(&self) -> bool {
        self.pieces.contains(&"control")
    }

    /// Whether its text depends on what the factors of products are rounded to.
    pub fn rounds(&self) -> bool {
        self.multiplies() || self.scales()
    }

    /// The uniform's bytes, as words. Every member must be named once, in any order.
    ///
    /// # Panics
    /// Where a member is missing or unknown: a mistake of the caller that every use of the kernel shows.
    pub fn shape(&self, members: &[(&str, u32)]) -> Vec<u32> {
        let names = self.shape.concat();
        assert_eq!(members.len(), names.len(), "{}: members of its shape", self.name);
        let word = |name: &&str| {
            let found = members.iter().find(|(member, _)| member == name);
            found.unwrap_or_else(|| panic!("{}: no member {name} in its shape", self.name)).1
        };
        names.iter().map(word).collect()
    }
}
