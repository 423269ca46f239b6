//! Maps whose keys are hashed quickly: names and cells are looked up a million times in a check. A hash is no order:
//! nothing is ever told in the order of a [`HashMap`].

use foldhash::fast::RandomState;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
pub(crate) type IndexMap<K, V> = indexmap::IndexMap<K, V, RandomState>;
