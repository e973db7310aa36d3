//! The routes made of segments that have a name, as a tree, and with it the
//! name that a newcomer gets: its own while there is room among its siblings,
//! else the one that they share. Operator's templates are not in it: they never
//! give way.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The segment that stands for all that have no name of their own. No path has
/// it: braces are what the segment rules replace.
pub const ANY: &str = "{any}";

/// The tree.
#[derive(Debug)]
pub struct RouteTree {
    /// The first is the root.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<Box<str>, usize>,
}

/// The name for a route.
#[derive(Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The name.
    pub name: Cow<'a, str>,
    /// How much of the route, in bytes, ends with the first segment that lost
    /// its name; none if none did.
    pub lost_at: Option<usize>,
    /// How much of the name, in bytes, the tree knows.
    pub known: usize,
}

impl Placed<'_> {
    /// The part of the name that the tree knows; below it there was no name.
    pub fn parent(&self) -> &str {
        match self.name.get(..self.known) {
            None | Some("") => "/",
            Some(parent) => parent,
        }
    }
}

impl Default for RouteTree {
    fn default() -> Self {
        let nodes = vec![Node::default()];
        Self { nodes }
    }
}

impl RouteTree {
    /// The name for a route where a parent has names for `max_siblings`. Who
    /// has earned a name gets it in a crowded place, too, if there is room.
    pub fn place<'a>(&self, route: &'a str, max_siblings: usize, mut earned: bool) -> Placed<'a> {
        let mut placed = Placed {
            name: Cow::Borrowed(route),
            lost_at: None,
            known: 0,
        };
        let mut node = self.nodes.first();
        let mut end = 0usize;
        for segment in segments(route) {
            let before = end;
            end = before.saturating_add(1).saturating_add(segment.len());
            let Some(parent) = node else {
                push(&mut placed.name, segment);
                continue;
            };
            // The page at the root is the only one that ends in nothing.
            let is_known = segment.is_empty() || parent.children.contains_key(segment);
            let name = match is_known {
                true => segment,
                false if parent.has_room(max_siblings, earned) => {
                    earned = false;
                    segment
                }
                false => {
                    if placed.lost_at.is_none() {
                        placed.lost_at = Some(end);
                        let kept = route.get(..before).unwrap_or_default();
                        placed.name = Cow::Owned(kept.to_owned());
                    }
                    ANY
                }
            };
            push(&mut placed.name, name);
            let child = parent.children.get(name);
            node = child.and_then(|child| self.nodes.get(*child));
            if node.is_some() {
                placed.known = match &placed.name {
                    Cow::Borrowed(_) => end,
                    Cow::Owned(name) => name.len(),
                };
            }
        }
        placed
    }

    /// Puts a name in. Says what of it, in bytes, is the place that has just
    /// become crowded, if one has.
    pub fn insert(&mut self, name: &str) -> Option<usize> {
        let mut crowded = None;
        let (mut at, mut end) = (0usize, 0usize);
        for segment in segments(name) {
            let next = self.nodes.len();
            let node = self.nodes.get_mut(at)?;
            at = match node.children.get(segment) {
                Some(child) => *child,
                None => {
                    if segment == ANY && !node.children.is_empty() {
                        crowded = Some(end);
                    }
                    node.children.insert(Box::from(segment), next);
                    self.nodes.push(Node::default());
                    next
                }
            };
            end = end.saturating_add(1).saturating_add(segment.len());
        }
        crowded
    }

    /// How many segments it holds.
    pub fn len(&self) -> usize {
        self.nodes.len().saturating_sub(1)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Node {
    fn has_room(&self, max_siblings: usize, earned: bool) -> bool {
        let is_crowded = self.children.contains_key(ANY);
        let names = self.children.len().saturating_sub(usize::from(is_crowded));
        names < max_siblings && (earned || !is_crowded)
    }
}

/// Nothing is copied before a name differs from the route.
fn push(name: &mut Cow<'_, str>, segment: &str) {
    if let Cow::Owned(name) = name {
        name.push('/');
        name.push_str(segment);
    }
}

fn segments(route: &str) -> impl Iterator<Item = &str> {
    route.strip_prefix('/').unwrap_or(route).split('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tree(names: &[&str]) -> RouteTree {
        let mut tree = RouteTree::default();
        for name in names {
            tree.insert(name);
        }
        tree
    }

    #[test]
    fn newcomers_share_a_name_where_siblings_are_many() {
        let tree = tree(&["/users/ada", "/users/bob", "/users/eve/cart", "/cart"]);
        for (route, name, lost_at, known, why) in [
            ("/users/ada", "/users/ada", None, 10, "it has its name"),
            ("/users/zoe", "/users/{any}", Some(10), 6, "three have one"),
            (
                "/users/zoe/cart",
                "/users/{any}/cart",
                Some(10),
                6,
                "its children stay apart",
            ),
            (
                "/users/ada/cart",
                "/users/ada/cart",
                None,
                10,
                "ada has no children yet",
            ),
            ("/help", "/help", None, 0, "the root has room for a third"),
        ] {
            let placed = tree.place(route, 3, false);
            let seen = (&*placed.name, placed.lost_at, placed.known);
            assert_eq!(seen, (name, lost_at, known), "{why}");
        }
    }

    #[test]
    fn the_root_itself_always_has_its_name() {
        let tree = tree(&["/{any}"]);
        assert_eq!(tree.place("/", 0, false).name, "/");
    }

    #[test]
    fn a_crowded_place_has_names_only_for_who_earned_one() {
        let tree = tree(&["/users/ada", "/users/{any}", "/users/{any}/cart"]);
        for (route, earned, name, why) in [
            (
                "/users/zoe",
                false,
                "/users/{any}",
                "there is room, but it is crowded",
            ),
            ("/users/zoe", true, "/users/zoe", "it earned its name"),
            (
                "/users/zoe/cart",
                false,
                "/users/{any}/cart",
                "children are known",
            ),
            ("/users/ada", false, "/users/ada", "it has its name"),
        ] {
            assert_eq!(tree.place(route, 2, earned).name, name, "{why}");
        }
        let name = tree.place("/users/zoe", 1, true).name;
        assert_eq!(name, "/users/{any}", "no room at all");
    }

    #[test]
    fn inserting_says_which_place_is_crowded_now() {
        let mut tree = tree(&["/users/ada", "/users/bob"]);
        assert_eq!(tree.insert("/users/eve"), None);
        assert_eq!(tree.insert("/users/{any}/cart"), Some(6));
        assert_eq!(tree.insert("/users/{any}/orders"), None, "it was before");
        assert_eq!(tree.len(), 7);
    }

    proptest! {
        #[test]
        fn a_place_is_stable_and_has_as_many_segments(
            names in proptest::collection::vec("(/[a-c]{0,2}){1,4}", 0..40),
            route in "(/[a-d]{0,2}){1,5}",
            siblings in 0usize..4,
        ) {
            let mut tree = RouteTree::default();
            for name in &names {
                let name = tree.place(name, siblings, false).name.into_owned();
                tree.insert(&name);
            }
            let name = tree.place(&route, siblings, false).name.into_owned();
            prop_assert_eq!(name.split('/').count(), route.split('/').count());
            prop_assert_eq!(&*tree.place(&name, siblings, false).name, name.as_str());
            tree.insert(&name);
            prop_assert_eq!(&*tree.place(&route, siblings, false).name, name.as_str());
        }
    }
}
