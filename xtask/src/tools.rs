//! What a command gets after set-up: where each part is, and the variables in
//! which tests and demo find them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sightline_tests::parts;

use crate::part::{Found, Part};
use crate::site::Site;

pub struct Tools {
    /// The checkout.
    pub root: PathBuf,
    /// Cargo's build folder.
    pub target: PathBuf,
    /// What set-up spent time on, in seconds.
    pub seconds: Vec<(String, f64)>,
    pub(crate) node: PathBuf,
    pub(crate) found: BTreeMap<Part, Found>,
}

impl Tools {
    /// Before anything is set up.
    pub fn none(site: &Site) -> Self {
        Self {
            root: site.root.clone(),
            target: site.target.clone(),
            seconds: Vec::new(),
            node: PathBuf::new(),
            found: BTreeMap::new(),
        }
    }

    /// The `SIGHTLINE_*` variables of every part that is there.
    pub fn env(&self) -> Vec<(&str, PathBuf)> {
        let mut variables = vec![(parts::NODE, self.node.clone())];
        for (part, found) in &self.found {
            if let Some(variable) = part.variable() {
                variables.push((variable, found.path.clone()));
            }
            variables.extend(found.also.iter().cloned());
        }
        variables
    }

    /// Lets `sightline_tests` find every part in this process.
    pub fn provide(&self) {
        let variables = self.env().into_iter();
        parts::provide(
            variables
                .map(|(name, path)| (name.to_owned(), path))
                .collect(),
        );
    }
}
