//! The syntax tree: an arena that owns its text.

use std::ops::Range;

use crate::SyntaxKind;

/// A node's place in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// The node as far after `to` as this one is after `from`.
    pub(crate) fn moved(self, from: u32, to: u32) -> Self {
        Self(self.0 - from + to)
    }
}

/// No node: ends a list of siblings, or stands for the root's parent.
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
struct NodeData {
    start: u32,
    end: u32,
    parent: u32,
    first_child: u32,
    next_sibling: u32,
    kind: SyntaxKind,
    has_error: bool,
}

/// A lossless syntax tree with its source text. Its leaves, joined, are the source, byte for byte.
///
/// It borrows nothing and can be sent between threads. Equal trees are equal node by node, in the same places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    source: Box<str>,
    nodes: Vec<NodeData>,
    root: NodeId,
}

impl Tree {
    /// The whole text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The node of kind [`SyntaxKind::File`] that covers everything.
    pub fn root(&self) -> Node<'_> {
        self.node(self.root)
    }

    /// The node with this id, which must come from this tree.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, id }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true: the root is always there.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The innermost node that holds the byte at `offset`; at the end of the text the last node.
    ///
    /// Where two nodes meet, it is the one that begins there.
    pub fn at(&self, offset: usize) -> Node<'_> {
        let mut node = self.root();
        loop {
            let inner = node.children().filter(|child| {
                let range = child.range();
                range.contains(&offset) || (offset == self.source.len() && range.end == offset)
            });
            match inner.last() {
                Some(child) => node = child,
                None => return node,
            }
        }
    }
}

/// A node of a tree; cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl<'t> Node<'t> {
    fn data(self) -> &'t NodeData {
        &self.tree.nodes[self.id.0 as usize]
    }

    /// Its place in the tree.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The tree that it belongs to.
    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    /// What it is.
    pub fn kind(self) -> SyntaxKind {
        self.data().kind
    }

    /// The bytes of the source that it covers; composite nodes neither begin nor end with trivia
    /// (the root, blocks' insides and errors aside).
    pub fn range(self) -> Range<usize> {
        let data = self.data();
        data.start as usize..data.end as usize
    }

    /// Its text, as written.
    pub fn text(self) -> &'t str {
        &self.tree.source[self.range()]
    }

    /// Whether it is a mistake or holds one.
    pub fn has_error(self) -> bool {
        self.data().has_error
    }

    /// Whether it has no children: a leaf of the tree.
    pub fn is_leaf(self) -> bool {
        self.data().first_child == NONE
    }

    /// The node that it is a child of; none for the root.
    pub fn parent(self) -> Option<Node<'t>> {
        let parent = self.data().parent;
        (parent != NONE).then(|| self.tree.node(NodeId(parent)))
    }

    /// Its children in the order of the text, trivia and errors included.
    pub fn children(self) -> Children<'t> {
        Children { tree: self.tree, next: self.data().first_child }
    }

    /// Its first child of this kind.
    pub fn child(self, kind: SyntaxKind) -> Option<Node<'t>> {
        self.children().find(|child| child.kind() == kind)
    }

    /// Its leaves in the order of the text, however deep: joined, they are its text.
    pub fn leaves(self) -> impl Iterator<Item = Node<'t>> {
        self.descendants().filter(|node| node.is_leaf())
    }

    /// Itself and all nodes under it, each before what it holds.
    pub fn descendants(self) -> Descendants<'t> {
        Descendants { top: self, next: Some(self) }
    }

    fn next_sibling(self) -> Option<Node<'t>> {
        let next = self.data().next_sibling;
        (next != NONE).then(|| self.tree.node(NodeId(next)))
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.tree, other.tree)
    }
}

impl Eq for Node<'_> {}

impl std::fmt::Debug for Node<'_> {
    /// The subtree, a node a line: kind, range and a leaf's text. Trivia is left out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut depth = 0_usize;
        let mut node = *self;
        loop {
            if !node.kind().is_trivia() {
                let range = node.range();
                write!(f, "{:width$}{:?}", "", node.kind(), width = 2 * depth)?;
                write!(f, " {}..{}", range.start, range.end)?;
                if node.is_leaf() && !range.is_empty() {
                    write!(f, " {:?}", node.text())?;
                }
                writeln!(f)?;
            }
            if let Some(child) = node.children().next() {
                node = child;
                depth += 1;
                continue;
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let Some(parent) = node.parent() else {
                    return Ok(());
                };
                node = parent;
                depth -= 1;
            }
        }
    }
}

/// The children of a node. See [`Node::children`].
#[derive(Clone)]
pub struct Children<'t> {
    tree: &'t Tree,
    next: u32,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        if self.next == NONE {
            return None;
        }
        let node = self.tree.node(NodeId(self.next));
        self.next = node.data().next_sibling;
        Some(node)
    }
}

/// A node and everything under it. See [`Node::descendants`].
#[derive(Clone)]
pub struct Descendants<'t> {
    top: Node<'t>,
    next: Option<Node<'t>>,
}

impl<'t> Iterator for Descendants<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let node = self.next?;
        self.next = node.children().next().or_else(|| {
            let mut climb = node;
            loop {
                if climb == self.top {
                    return None;
                }
                if let Some(next) = climb.next_sibling() {
                    return Some(next);
                }
                climb = climb.parent()?;
            }
        });
        Some(node)
    }
}

/// Builds a tree from its leaves upwards.
#[derive(Debug)]
pub(crate) struct TreeBuilder {
    source: Box<str>,
    nodes: Vec<NodeData>,
    /// How high the tree under each node is; nothing goes down into errors, so these are flat.
    heights: Vec<u16>,
}

impl TreeBuilder {
    /// A builder for a tree over this source, which must be shorter than 4 GiB.
    pub(crate) fn new(source: &str) -> Self {
        Self {
            source: source.into(),
            nodes: Vec::with_capacity(source.len() / 2 + 16),
            heights: Vec::with_capacity(source.len() / 2 + 16),
        }
    }

    /// A node without children.
    pub(crate) fn leaf(&mut self, kind: SyntaxKind, range: Range<usize>) -> NodeId {
        self.push(kind, range)
    }

    /// A node of these children, which must be adjacent in the text; without children it is empty and stands at `at`.
    pub(crate) fn node(&mut self, kind: SyntaxKind, children: &[NodeId], at: usize) -> NodeId {
        let range = match (children.first(), children.last()) {
            (Some(first), Some(last)) => self.range(*first).start..self.range(*last).end,
            _ => at..at,
        };
        let id = self.push(kind, range);
        self.adopt(id, children);
        id
    }

    fn push(&mut self, kind: SyntaxKind, range: Range<usize>) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(NodeData {
            start: range.start as u32,
            end: range.end as u32,
            parent: NONE,
            first_child: NONE,
            next_sibling: NONE,
            kind,
            has_error: kind.is_error(),
        });
        self.heights.push(0);
        id
    }

    fn adopt(&mut self, parent: NodeId, children: &[NodeId]) {
        let mut last: Option<NodeId> = None;
        for child in children {
            self.nodes[child.0 as usize].parent = parent.0;
            let has_error = self.nodes[child.0 as usize].has_error;
            self.nodes[parent.0 as usize].has_error |= has_error;
            match last {
                Some(last) => self.nodes[last.0 as usize].next_sibling = child.0,
                None => self.nodes[parent.0 as usize].first_child = child.0,
            }
            last = Some(*child);
        }
        if !self.nodes[parent.0 as usize].kind.is_error() {
            self.heights[parent.0 as usize] = self.height_over(children);
        }
    }

    /// How high a node of these children would be.
    pub(crate) fn height_over(&self, children: &[NodeId]) -> u16 {
        let highest = children.iter().map(|child| self.heights[child.0 as usize]).max();
        highest.map_or(0, |height| height.saturating_add(1))
    }

    /// The last child of a node.
    pub(crate) fn last_child(&self, id: NodeId) -> Option<NodeId> {
        let mut last = None;
        let mut next = self.nodes[id.0 as usize].first_child;
        while next != NONE {
            last = Some(NodeId(next));
            next = self.nodes[next as usize].next_sibling;
        }
        last
    }

    /// Cuts the white space from the end of a node whose last child is a leaf, and gives its range.
    pub(crate) fn trim_end(&mut self, id: NodeId) -> Option<Range<usize>> {
        let leaf = self.last_child(id)?;
        let range = self.range(leaf);
        let end = range.start + self.source[range.clone()].trim_end_matches([' ', '\t', '\r']).len();
        if end == range.end || end == range.start || self.nodes[leaf.0 as usize].first_child != NONE {
            return None;
        }
        self.nodes[leaf.0 as usize].end = end as u32;
        self.nodes[id.0 as usize].end = end as u32;
        Some(end..range.end)
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Copies nodes of another tree, with all that they hold and are held by but its root; `shift` is added to where
    /// they stand. Pushes those that the root held onto `top`, from `first` on.
    pub(crate) fn copy(
        &mut self,
        other: &Tree,
        nodes: Range<usize>,
        shift: usize,
        first: NodeId,
        top: &mut Vec<NodeId>,
    ) {
        let from = nodes.start as u32;
        let to = self.nodes.len() as u32;
        let moved = |id: u32| if id == NONE { NONE } else { id.wrapping_sub(from).wrapping_add(to) };
        let place = |at: u32| at.wrapping_add(shift as u32);
        for data in &other.nodes[nodes.clone()] {
            let is_top = data.parent == other.root.0;
            self.nodes.push(NodeData {
                start: place(data.start),
                end: place(data.end),
                parent: if is_top { NONE } else { moved(data.parent) },
                first_child: moved(data.first_child),
                next_sibling: if is_top { NONE } else { moved(data.next_sibling) },
                kind: data.kind,
                has_error: data.has_error,
            });
        }
        // Nothing but the root will hold them: how high they are matters no more.
        self.heights.resize(self.nodes.len(), 0);
        let mut next = first.0;
        while nodes.contains(&(next as usize)) {
            top.push(NodeId(moved(next)));
            next = other.nodes[next as usize].next_sibling;
        }
    }

    /// The bytes that a node covers.
    pub(crate) fn range(&self, id: NodeId) -> Range<usize> {
        let data = &self.nodes[id.0 as usize];
        data.start as usize..data.end as usize
    }

    /// What a node is.
    pub(crate) fn kind(&self, id: NodeId) -> SyntaxKind {
        self.nodes[id.0 as usize].kind
    }

    /// Whether a node is a mistake or holds one.
    pub(crate) fn has_error(&self, id: NodeId) -> bool {
        self.nodes[id.0 as usize].has_error
    }

    /// The text that a node covers.
    pub(crate) fn text(&self, id: NodeId) -> &str {
        &self.source[self.range(id)]
    }

    /// The finished tree; its root holds these children and covers the whole source.
    pub(crate) fn finish(mut self, children: &[NodeId]) -> Tree {
        let root = self.push(SyntaxKind::File, 0..self.source.len());
        self.adopt(root, children);
        self.nodes.shrink_to_fit();
        Tree { source: self.source, nodes: self.nodes, root }
    }
}
