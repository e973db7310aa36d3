//! Grafana's JSON: which part of it says what.

use super::{Annotation, Panel, Target};
use serde_json::Value;

pub fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn annotation(annotation: &Value) -> Annotation {
    Annotation {
        expr: text_of(&annotation["expr"]),
        title: text_of(&annotation["titleFormat"]),
        is_time: annotation["useValueForTime"] == true,
    }
}

pub fn panel(panel: &Value) -> Panel {
    let defaults = &panel["fieldConfig"]["defaults"];
    let targets = panel["targets"].as_array().into_iter().flatten();
    let target = |target: &Value| {
        let column = column(panel, &text_of(&target["refId"]));
        let own = |property: &str, default: &str| -> Value {
            let overrides = panel["fieldConfig"]["overrides"]
                .as_array()
                .into_iter()
                .flatten();
            let mut ours = overrides.filter(|over| over["matcher"]["options"] == column.as_str());
            let properties = ours.find_map(|over| over["properties"].as_array());
            let mut properties = properties.into_iter().flatten();
            let own = properties.find(|one| one["id"] == property);
            own.map_or(&defaults[default], |one| &one["value"]).clone()
        };
        let steps = own("thresholds", "thresholds");
        let steps = steps["steps"].as_array().into_iter().flatten();
        Target {
            expr: text_of(&target["expr"]),
            legend: text_of(&target["legendFormat"]),
            unit: text_of(&own("unit", "unit")),
            thresholds: steps
                .map(|step| (step["value"].as_f64(), text_of(&step["color"])))
                .collect(),
            has_exemplars: target["exemplar"] == true,
            is_instant: target["instant"] == true,
            least_step: seconds(&text_of(&target["interval"])),
            column,
        }
    };
    Panel {
        title: text_of(&panel["title"]),
        about: text_of(&panel["description"]),
        kind: text_of(&panel["type"]),
        datasource: text_of(&panel["datasource"]["type"]),
        width: panel["gridPos"]["w"].as_u64().unwrap_or_default(),
        labels: labels(panel),
        soft_max: defaults["custom"]["axisSoftMax"].as_f64(),
        is_stacked: defaults["custom"]["stacking"]["mode"] == "normal",
        targets: targets.map(target).collect(),
    }
}

/// What a table renames the values of a query to.
fn column(panel: &Value, id: &str) -> String {
    let steps = panel["transformations"].as_array().into_iter().flatten();
    let mut names = steps.map(|step| &step["options"]["renameByName"][format!("Value #{id}")]);
    text_of(names.find(|name| name.is_string()).unwrap_or(&Value::Null))
}

/// The columns of a table that are no values, in order.
fn labels(panel: &Value) -> Vec<String> {
    let steps = panel["transformations"].as_array().into_iter().flatten();
    let places = steps.filter_map(|step| step["options"]["indexByName"].as_object());
    let mut labels: Vec<_> = places
        .flatten()
        .filter(|(name, _)| !name.starts_with("Value"))
        .collect();
    labels.sort_by_key(|(_, place)| place.as_u64());
    labels.into_iter().map(|(name, _)| name.clone()).collect()
}

/// `5m` in seconds.
fn seconds(text: &str) -> f64 {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "m" => 60.0,
        "h" => 3600.0,
        _ => 1.0,
    };
    number.parse().unwrap_or(0.0) * factor
}
