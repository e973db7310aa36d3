//! Whether the alerts that are shipped are there, and lead whoever is woken somewhere.

use super::plan::is_http;
use super::watch::some_of;
use super::{Asked, Said};
use crate::http::Client;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sightline_core::redact;
use sightline_rules::check::{Source, Tests};
use sightline_rules::links::RUNBOOK_URL;
use sightline_rules::rule_file::RuleFile;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long one runbook may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Where the groups are that a cluster often has of its own.
const OF_CLUSTER: &str = "deploy/kubernetes/cluster-rules/rules.yaml";

/// The alerts of a group, and by each where its runbooks are.
type Alerts = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

pub fn told(asked: &Asked) -> Result<Said> {
    let ours = &asked.plan.ours;
    let shipped = shipped(&ours.join("rules"))?;
    let tests = tests(&ours.join("tests"))?;
    let (mut bad, mut untold) = (BTreeSet::new(), BTreeSet::new());
    let mut loaded = Alerts::new();
    let (mut count, mut others) = (0, 0);
    let groups = asked.prometheus()?.ask("rules", &[("type", "alert")])?;
    for group in groups["groups"].as_array().into_iter().flatten() {
        let of_group = group["name"].as_str().unwrap_or_default();
        for rule in group["rules"].as_array().into_iter().flatten() {
            let name = rule["name"].as_str().unwrap_or_default();
            let known = shipped.get(of_group);
            // Others' are for those to look after who load them.
            if !known.is_some_and(|alerts| alerts.contains(name)) {
                others += 1;
                continue;
            }
            count += 1;
            match rule["health"].as_str() {
                Some("ok") => false,
                Some("unknown") => untold.insert(format!("{name} was not evaluated yet")),
                _ => bad.insert(format!("{name} can't be evaluated")),
            };
            if !tests.see_firing(name) {
                bad.insert(format!("no test here sees {name} fire"));
            }
            let url = rule["annotations"][RUNBOOK_URL].as_str();
            let alerts = loaded.entry(of_group.to_owned()).or_default();
            let urls = alerts.entry(name.to_owned()).or_default();
            match url.filter(|url| is_http(url)) {
                Some(url) => urls.insert(url.to_owned()),
                None => bad.insert(format!("{name} has no runbook")),
            };
        }
    }
    if count == 0 {
        return Ok((
            Some(false),
            format!("no alert of ours is loaded, {others} of others"),
        ));
    }
    let mut found = format!("{count} alerts");
    if others > 0 {
        found += &format!(", and {others} of others");
    }
    let of_cluster = of_cluster(&ours.join(OF_CLUSTER))?;
    for (group, alerts) in &shipped {
        let there = loaded.get(group);
        if there.is_none() && others > 0 && of_cluster.contains(group) {
            found += &format!("; none of group {group}, which a cluster may have of its own");
            continue;
        }
        let is_there = |name: &String| there.is_some_and(|there| there.contains_key(name));
        let missing = alerts.iter().filter(|name| !is_there(name));
        bad.extend(missing.map(|name| format!("{name} is not loaded")));
    }
    let urls = loaded.values().flat_map(BTreeMap::values).flatten();
    ask_runbooks(urls.collect(), &mut bad, &mut untold);
    Ok(match (bad.is_empty(), untold.is_empty()) {
        (true, true) => (Some(true), found),
        (true, false) => (None, some_of(&Vec::from_iter(untold))),
        (false, _) => (Some(false), some_of(&Vec::from_iter(bad))),
    })
}

/// Asks for each page once; where nobody answers, for no other beside it.
fn ask_runbooks(
    urls: BTreeSet<&String>,
    bad: &mut BTreeSet<String>,
    untold: &mut BTreeSet<String>,
) {
    let client = Client::default().with_limit(LIMIT);
    let mut silent = BTreeSet::new();
    for url in urls {
        let folder = url.rsplit_once('/').map_or("", |(folder, _)| folder);
        if silent.contains(folder) {
            continue;
        }
        match client.get(url, &[]) {
            Ok(answer) if answer.status == 200 => (),
            Ok(answer) => {
                bad.insert(format!("{} answers {}", redact::url(url), answer.status));
            }
            Err(why) => {
                silent.insert(folder);
                untold.insert(format!("{why:#}"));
            }
        }
    }
}

/// The alerts of each group of these files.
fn shipped(folder: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut groups = BTreeMap::new();
    for source in sources(folder)? {
        let file = RuleFile::parse(&source.text).context(source.name)?;
        for group in file.groups {
            let alerts: BTreeSet<_> = group
                .rules
                .into_iter()
                .filter_map(|rule| rule.alert)
                .collect();
            if !alerts.is_empty() {
                groups.insert(group.name, alerts);
            }
        }
    }
    Ok(groups)
}

fn tests(folder: &Path) -> Result<Tests> {
    let mut unreadable = Vec::new();
    let tests = Tests::read(Some(&sources(folder)?), &mut unreadable);
    ensure!(unreadable.is_empty(), "{}", unreadable.join("; "));
    Ok(tests)
}

fn of_cluster(file: &Path) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let resources: Vec<Value> = serde_saphyr::from_multiple(&text)?;
    let groups = resources
        .iter()
        .flat_map(|one| one["spec"]["groups"].as_array());
    let names = groups.flatten().filter_map(|group| group["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

fn sources(folder: &Path) -> Result<Vec<Source>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(Source {
                name: path.display().to_string(),
                text: fs::read_to_string(&path)?,
            });
        }
    }
    Ok(files)
}
