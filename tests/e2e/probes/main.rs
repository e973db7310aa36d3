//! The shipped modules of blackbox_exporter and the shipped alerts on them, against
//! sites that are well, broken, slow, badly certified and badly named.

mod alerts;
mod certificates;
mod modules;
mod name_server;
mod sites;

use anyhow::Result;
use sightline_tests::parts;
use sites::Sites;
use tempfile::TempDir;

/// Nothing where a part is missing.
fn sites() -> Option<(Sites, TempDir)> {
    let needed = [parts::BLACKBOX, parts::ENVOY, parts::FILTER];
    if !parts::all_present(&needed) {
        return None;
    }
    let start = || -> Result<_> {
        let folder = TempDir::new()?;
        Ok((Sites::start(folder.path())?, folder))
    };
    Some(start().expect("sites"))
}
