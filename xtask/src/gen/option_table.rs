//! The table of the filter's options, from the schema: each leaf with its path,
//! its type and range, its default and what the schema says of it. A section
//! that may be left out, and a list of sections, have a row of their own too.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::schema;
use crate::site::Site;

/// Where the types are declared; a table follows the order of their fields.
const SOURCES: &str = "proxy-filter/src/config";

/// The table.
pub fn make(site: &Site) -> Result<String> {
    let mut sources = String::new();
    collect_sources(&site.path(SOURCES), &mut sources)?;
    table(&schema::schema()?, sources)
}

fn table(schema: &Value, sources: String) -> Result<String> {
    let definitions = schema["$defs"].as_object().cloned().unwrap_or_default();
    let mut table = Table {
        definitions,
        sources,
        explained: BTreeSet::new(),
        text: "| option | type | default | what it is |\n|---|---|---|---|\n".to_owned(),
    };
    table.section("Document", schema, "")?;
    Ok(table.text)
}

fn collect_sources(folder: &Path, into: &mut String) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("read {}", folder.display()))?
        .collect::<std::io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect_sources(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

struct Table {
    definitions: Map<String, Value>,
    sources: String,
    /// Enumerations whose variants a row before has explained.
    explained: BTreeSet<String>,
    text: String,
}

impl Table {
    /// A row for each field of a type, and for what lies in it.
    fn section(&mut self, type_name: &str, object: &Value, prefix: &str) -> Result<()> {
        let Some(properties) = object["properties"].as_object() else {
            return Ok(());
        };
        let required = object["required"].as_array().cloned().unwrap_or_default();
        let mut fields: Vec<_> = properties.iter().collect();
        // What is not found comes last, by name.
        let declared = declared_fields(&self.sources, type_name);
        fields.sort_by_key(|(name, _)| {
            declared
                .iter()
                .position(|known| known == name)
                .map_or(usize::MAX, |at| at)
        });
        for (name, property) in fields {
            let path = format!("{prefix}{name}");
            let is_required = required.contains(&Value::from(name.as_str()));
            self.field(&path, property, is_required)
                .with_context(|| path.clone())?;
        }
        Ok(())
    }

    fn field(&mut self, path: &str, property: &Value, is_required: bool) -> Result<()> {
        let (inner, is_optional) = without_null(property);
        let target = schema::resolved(inner, &self.definitions)?.clone();
        let name = schema::reference(inner).unwrap_or_default().to_owned();
        if target["properties"].is_object() {
            if is_optional {
                self.row(path, "section", "none", property, "")?;
            }
            return self.section(&name, &target, &format!("{path}."));
        }
        let kind = self.kind(&target)?;
        let default = match property.get("default") {
            _ if is_required => "required".to_owned(),
            Some(value) if *value != "" => format!("`{}`", plain(value)),
            _ => "none".to_owned(),
        };
        let meanings = match self.explained.insert(name) {
            true => meanings(&target),
            false => String::new(),
        };
        self.row(path, &kind, &default, property, &meanings)?;
        for (items, suffix) in [
            (&target["items"], "[]"),
            (&target["additionalProperties"], ".*"),
        ] {
            let object = schema::resolved(items, &self.definitions)?.clone();
            let name = schema::reference(items).unwrap_or_default().to_owned();
            self.section(&name, &object, &format!("{path}{suffix}."))?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        path: &str,
        kind: &str,
        default: &str,
        property: &Value,
        meanings: &str,
    ) -> Result<()> {
        let text = property["description"].as_str();
        let text = text.with_context(|| format!("{path} has no doc comment"))?;
        let text = format!("{text}{meanings}").replace('|', "\\|");
        let text = text.strip_suffix('.').unwrap_or(&text);
        self.text += &format!("| `{path}` | {kind} | {default} | {text} |\n");
        Ok(())
    }

    /// The type in words, with its range.
    fn kind(&self, value: &Value) -> Result<String> {
        let value = schema::resolved(value, &self.definitions)?;
        if let Some(variants) = variants(value) {
            let names: Vec<_> = variants.map(|(name, _)| format!("`{name}`")).collect();
            return Ok(names.join(", "));
        }
        for either in ["anyOf", "oneOf"] {
            if let Some(either) = value[either].as_array() {
                let kinds: Result<Vec<_>> = either.iter().map(|one| self.kind(one)).collect();
                return Ok(kinds?.join(" or "));
            }
        }
        let kind = match &value["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null"),
            kind => Some(kind),
        };
        let kind = kind.and_then(Value::as_str).context("it has no type")?;
        Ok(match kind {
            "string" => match value["maxLength"].as_u64() {
                Some(most) => format!("text, at most {most} characters"),
                None => "text".to_owned(),
            },
            "integer" | "number" => format!("{kind}{}", range(value)),
            "boolean" => "`true`, `false`".to_owned(),
            "array" => {
                let most = value["maxItems"].as_u64();
                let most = most.map_or(String::new(), |most| format!(", at most {most}"));
                format!("list of {}{most}", self.items(&value["items"])?)
            }
            "object" => match &value["additionalProperties"] {
                Value::Object(_) => {
                    format!("{} by name", self.items(&value["additionalProperties"])?)
                }
                _ => "section".to_owned(),
            },
            other => other.to_owned(),
        })
    }

    /// The type of several.
    fn items(&self, items: &Value) -> Result<String> {
        let items = schema::resolved(items, &self.definitions)?;
        Ok(match self.kind(items)?.as_str() {
            "section" => "sections".to_owned(),
            kind if variants(items).is_some() => format!("any of {kind}"),
            kind => match kind.split_once(", ") {
                Some((kind, range)) => format!("{kind}s ({range})"),
                None => format!("{kind}s"),
            },
        })
    }
}

/// What limits a number.
fn range(value: &Value) -> String {
    let limit = |keyword: &str| value.get(keyword).map(plain);
    let above = limit("exclusiveMinimum").map(|low| format!("more than {low}"));
    let below = limit("exclusiveMaximum").map(|high| format!("less than {high}"));
    match (limit("minimum"), limit("maximum")) {
        (Some(low), Some(high)) => format!(", {low} to {high}"),
        (low, high) => {
            let low = low.map(|low| format!("at least {low}"));
            let high = high.map(|high| format!("at most {high}"));
            let limits = [low, above, high, below].into_iter().flatten();
            limits.map(|limit| format!(", {limit}")).collect()
        }
    }
}

/// The fields of a type in the order of its declaration.
fn declared_fields<'a>(sources: &'a str, type_name: &str) -> Vec<&'a str> {
    let Some((_, declaration)) = sources.split_once(&format!("pub struct {type_name} {{")) else {
        return Vec::new();
    };
    let body = declaration.split("\n}").next().unwrap_or_default();
    body.lines()
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'))
        .map(|(name, _)| name)
        .collect()
}

/// The value without the alternative null, and whether there was one.
fn without_null(value: &Value) -> (&Value, bool) {
    let either = value["anyOf"].as_array();
    let other = either.and_then(|either| either.iter().find(|one| one["type"] != "null"));
    other.map_or((value, false), |other| (other, true))
}

/// Names and descriptions of an enumeration's variants; none if it is no mere
/// choice of names.
fn variants(value: &Value) -> Option<impl Iterator<Item = (&str, &str)>> {
    let list = value["oneOf"].as_array().or(value["enum"].as_array())?;
    let name = |variant: &'_ Value| variant.as_str().is_some() || variant["const"].is_string();
    list.iter().all(name).then(|| {
        list.iter().map(|variant| {
            let name = variant.as_str().or(variant["const"].as_str());
            let text = variant["description"].as_str();
            (name.unwrap_or_default(), text.unwrap_or_default())
        })
    })
}

/// What the variants of an enumeration mean, where it says so.
fn meanings(value: &Value) -> String {
    let meanings: Vec<_> = variants(value)
        .into_iter()
        .flatten()
        .filter(|(_, meaning)| !meaning.is_empty())
        .map(|(name, meaning)| format!("`{name}`: {meaning}"))
        .collect();
    match meanings.is_empty() {
        true => String::new(),
        false => format!(" {}", meanings.join("; ")),
    }
}

/// A default as an operator writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or(String::new(), |number| number.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sections_lists_and_variants_have_their_rows_in_declared_order() {
        let kind = json!({"oneOf": [{"const": "a", "description": "one way"}, {"const": "b", "description": "the other"}]});
        let schema = json!({
            "properties": {
                "counters": {"description": "Lists | pipes.", "type": "array", "maxItems": 9, "default": [], "items": {"$ref": "#/$defs/Counter"}},
                "limits": {"description": "By name.", "type": "object", "additionalProperties": {"$ref": "#/$defs/Counter"}},
                "beyond": {"description": "Optional.", "anyOf": [{"$ref": "#/$defs/Beyond"}, {"type": "null"}]},
            },
            "$defs": {
                "Counter": {"type": "object", "required": ["name"], "properties": {
                    "kind": {"description": "How.", "$ref": "#/$defs/Kind", "default": "a"},
                    "name": {"description": "Its name.", "type": "string"},
                }},
                "Beyond": {"type": "object", "properties": {
                    "share": {"description": "A share.", "type": ["number", "null"], "minimum": 0, "default": 1.0},
                    "rates": {"description": "By route.", "type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0}, "default": {}},
                    "either": {"description": "Both ways.", "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9}}], "default": "x"},
                    "kinds": {"description": "Several.", "type": "array", "items": {"$ref": "#/$defs/Kind"}, "default": ["b"]},
                }},
                "Kind": kind,
            },
        });
        let sources = "pub struct Document {\n    pub limits: X,\n    pub counters: Y,\n}\n\
                       pub struct Counter {\n    pub name: X,\n    pub kind: Y,\n}\n";
        let table = table(&schema, sources.to_owned()).expect("a table");
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| `limits` | sections by name | none | By name |",
                "| `limits.*.name` | text | required | Its name |",
                "| `limits.*.kind` | `a`, `b` | `a` | How. `a`: one way; `b`: the other |",
                "| `counters` | list of sections, at most 9 | `[]` | Lists \\| pipes |",
                "| `counters[].name` | text | required | Its name |",
                "| `counters[].kind` | `a`, `b` | `a` | How |",
                "| `beyond` | section | none | Optional |",
                "| `beyond.either` | text or list of integers (1 to 9) | `x` | Both ways |",
                "| `beyond.kinds` | list of any of `a`, `b` | `[\"b\"]` | Several |",
                "| `beyond.rates` | numbers (more than 0) by name | `{}` | By route |",
                "| `beyond.share` | number, at least 0 | `1` | A share |",
            ]
        );
    }

    #[test]
    fn an_option_that_says_nothing_of_itself_is_an_error() {
        let schema = json!({"properties": {"path": {"type": "string", "default": "/"}}});
        let error = table(&schema, String::new()).expect_err("no table");
        assert!(format!("{error:#}").contains("path has no doc comment"));
    }
}
