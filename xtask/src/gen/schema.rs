//! The JSON Schema of the filter's configuration, from the type that reads it.
//! serde fills what a document leaves out, so the type says of no field that it
//! is required; what has no default and takes no null is. Defaults of whole
//! sections go: each of their fields says its own.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use sightline_filter::config::raw::Document;

use crate::site::Site;

const TITLE: &str = "Configuration of Sightline's filter";

/// The schema as a document, draft 2020-12.
pub fn make(_: &Site) -> Result<String> {
    Ok(serde_json::to_string_pretty(&schema()?)? + "\n")
}

/// The schema.
pub fn schema() -> Result<Value> {
    let mut root = schemars::schema_for!(Document).to_value();
    tidy(&mut root);
    root["title"] = TITLE.into();
    let definitions = root["$defs"].as_object().cloned().unwrap_or_default();
    if let Some(defs) = root["$defs"].as_object_mut() {
        for definition in defs.values_mut() {
            settle_defaults(definition, &definitions)?;
        }
    }
    // Once more for the root: by now it is known which sections have to be there.
    let definitions = root["$defs"].as_object().cloned().unwrap_or_default();
    settle_defaults(&mut root, &definitions)?;
    Ok(root)
}

/// What a reference points to; a value that is none stands for itself.
pub fn resolved<'a>(value: &'a Value, definitions: &'a Map<String, Value>) -> Result<&'a Value> {
    match reference(value) {
        Some(name) => definitions
            .get(name)
            .with_context(|| format!("no definition {name}")),
        None => Ok(value),
    }
}

/// The name of the definition that a value refers to.
pub fn reference(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.strip_prefix("#/$defs/")
}

/// One line for each description, and no formats: they are Rust's.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("format").is_some_and(Value::is_string) {
                members.remove("format");
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn settle_defaults(object: &mut Value, definitions: &Map<String, Value>) -> Result<()> {
    let mut required: Vec<String> = Vec::new();
    let properties = object.get_mut("properties");
    for (name, property) in properties
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        let target = resolved(property, definitions)?;
        let is_section = target["properties"].is_object();
        let has_required = target["required"].is_array();
        let takes_null = takes_null(target);
        let Some(members) = property.as_object_mut() else {
            continue;
        };
        let is_null = members.get("default").is_some_and(Value::is_null);
        if is_null || is_section {
            members.remove("default");
        }
        if (is_null && !takes_null) || (is_section && has_required) {
            required.push(name.clone());
        }
    }
    if !required.is_empty() {
        let listed = object.get("required").and_then(Value::as_array);
        let listed = listed.cloned().unwrap_or_default();
        let mut names: BTreeSet<String> = listed
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        names.extend(required);
        object["required"] = names.into_iter().collect();
    }
    Ok(())
}

fn takes_null(value: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null";
    match &value["type"] {
        Value::Array(kinds) => kinds.iter().any(is_null),
        kind if is_null(kind) => true,
        _ => value["anyOf"]
            .as_array()
            .is_some_and(|either| either.iter().any(takes_null)),
    }
}

#[cfg(test)]
mod tests;
