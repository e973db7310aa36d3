//! A document checked against a schema: the keywords of JSON Schema that our
//! schema uses, and no others. One that is not known here is a failure, so
//! that no rule is passed over in silence.

use serde_json::{Map, Value};

use super::super::resolved;
use super::pattern;

pub struct Check<'a> {
    schema: &'a Value,
    definitions: &'a Map<String, Value>,
}

impl<'a> Check<'a> {
    pub fn new(schema: &'a Value) -> Self {
        let definitions = schema["$defs"].as_object().expect("definitions");
        Self {
            schema,
            definitions,
        }
    }

    /// The paths of what is wrong.
    pub fn problems(&self, document: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        self.check(self.schema, document, "", &mut problems);
        problems.sort();
        problems.dedup();
        problems
    }

    fn check(&self, schema: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
        for (keyword, rule) in schema.as_object().expect("a schema is an object") {
            let holds = match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "default" => true,
                "$ref" => {
                    let target = resolved(schema, self.definitions).expect("a definition");
                    self.check(target, value, path, problems);
                    true
                }
                "type" => match rule {
                    Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
                    kind => is_of(kind, value),
                },
                "const" => rule == value,
                "enum" => list(rule).contains(value),
                "oneOf" => self.matching(rule, value, path) == 1,
                "anyOf" => {
                    // Something, or null: what is wrong with it says more than
                    // that it is not null.
                    match list(rule) {
                        [one, null] if null["type"] == "null" => {
                            if !value.is_null() {
                                self.check(one, value, path, problems);
                            }
                            true
                        }
                        _ => self.matching(rule, value, path) > 0,
                    }
                }
                "properties" => {
                    for (name, rule) in rule.as_object().expect("properties") {
                        if let Some(member) = value.get(name) {
                            self.check(rule, member, &member_path(path, name), problems);
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = schema.get("properties").and_then(Value::as_object);
                    let members = value.as_object().into_iter().flatten();
                    let others = members
                        .filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name)));
                    for (name, member) in others {
                        match rule {
                            Value::Bool(false) => problems.push(member_path(path, name)),
                            rule => self.check(rule, member, &member_path(path, name), problems),
                        }
                    }
                    true
                }
                "required" => {
                    let names = list(rule).iter().filter_map(Value::as_str);
                    let missing =
                        names.filter(|name| value.is_object() && value.get(name).is_none());
                    problems.extend(missing.map(|name| member_path(path, name)));
                    true
                }
                "items" => {
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{path}[{at}]"), problems);
                    }
                    true
                }
                "minimum" => number(value).is_none_or(|value| Some(value) >= rule.as_f64()),
                "maximum" => number(value).is_none_or(|value| Some(value) <= rule.as_f64()),
                "exclusiveMinimum" => number(value).is_none_or(|value| Some(value) > rule.as_f64()),
                "exclusiveMaximum" => number(value).is_none_or(|value| Some(value) < rule.as_f64()),
                "minLength" => length(value).is_none_or(|length| Some(length) >= rule.as_u64()),
                "maxLength" => length(value).is_none_or(|length| Some(length) <= rule.as_u64()),
                "minItems" => items(value).is_none_or(|length| Some(length) >= rule.as_u64()),
                "maxItems" => items(value).is_none_or(|length| Some(length) <= rule.as_u64()),
                "pattern" => {
                    let rule = rule.as_str().expect("a pattern");
                    value
                        .as_str()
                        .is_none_or(|text| pattern::matches(rule, text))
                }
                other => panic!("the test does not know the keyword {other}"),
            };
            if !holds {
                problems.push(path.to_owned());
            }
        }
    }

    fn matching(&self, rules: &Value, value: &Value, path: &str) -> usize {
        let matches = |rule: &&Value| {
            let mut problems = Vec::new();
            self.check(rule, value, path, &mut problems);
            problems.is_empty()
        };
        list(rules).iter().filter(matches).count()
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().expect("the name of a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("no type {other}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

fn length(value: &Value) -> Option<u64> {
    Some(value.as_str()?.chars().count() as u64)
}

fn items(value: &Value) -> Option<u64> {
    Some(value.as_array()?.len() as u64)
}

fn member_path(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
