//! Dashboards as Grafana 10.4 and later read them. Data sources are variables, so
//! that a file fits every Grafana; numbers and places of panels are counted here.

use super::promql::{FIRST_SEEN, recorded};
use super::variable::{ALL, DATASOURCE};
use super::{Column, Dashboard, Kind, Link, Panel, Query, Table, Thresholds, Unit};
use serde_json::{Value, json};

/// Common to all, so that each can link to the others.
const TAG: &str = "sightline";
const GREEN: &str = "green";
const YELLOW: &str = "yellow";
const RED: &str = "red";

impl Dashboard {
    /// The file.
    pub fn json(&self) -> String {
        let panels = self.placed();
        let annotations = annotations();
        let mentioned = format!("{}{annotations}", json!(panels));
        // What only the queries of other variables mention comes after these.
        let mut chosen: Vec<&str> = Vec::new();
        let mut text = mentioned;
        for variable in ALL.iter().rev() {
            if variable.is_in(&text) {
                chosen.push(variable.name);
                text += &variable.query(self.services);
            }
        }
        let variables = ALL
            .iter()
            .filter(|one| one.name == DATASOURCE || chosen.contains(&one.name));
        let variables: Vec<_> = variables.map(|one| one.json(self.services)).collect();
        let dashboard = json!({
            "uid": self.page.uid,
            "title": self.page.title,
            "description": self.about,
            "tags": [TAG],
            "schemaVersion": 39,
            "editable": false,
            "graphTooltip": 1,
            "time": {"from": "now-3h", "to": "now"},
            "refresh": "1m",
            "timezone": "browser",
            "templating": {"list": variables},
            "annotations": {"list": annotations},
            "links": [{
                "type": "dashboards", "title": "Sightline", "tags": [TAG], "asDropdown": true,
                "keepTime": true, "includeVars": true, "icon": "external link",
            }],
            "panels": panels,
        });
        format!("{dashboard:#}\n")
    }

    /// The panels one after another in lines of 24 columns.
    fn placed(&self) -> Vec<Value> {
        let mut panels = Vec::new();
        let (mut x, mut y, mut line) = (0, 0, 0);
        for row in &self.rows {
            y += line;
            let place = json!({"x": 0, "y": y, "w": 24, "h": 1});
            let id = panels.len() + 1;
            panels.push(json!({"id": id, "type": "row", "title": row.title, "collapsed": false, "gridPos": place, "panels": []}));
            (x, y, line) = (0, y + 1, 0);
            for panel in &row.panels {
                if x + panel.width > 24 {
                    (x, y, line) = (0, y + line, 0);
                }
                let mut made = panel.json();
                made["id"] = json!(panels.len() + 1);
                made["gridPos"] = json!({"x": x, "y": y, "w": panel.width, "h": panel.height()});
                panels.push(made);
                x += panel.width;
                line = line.max(panel.height());
            }
        }
        debug_assert!(x <= 24);
        panels
    }
}

/// Releases by when they were first seen, and alerts while they fire.
fn annotations() -> Value {
    let datasource = source("prometheus", DATASOURCE);
    json!([
        {
            "name": "Releases", "enable": true, "iconColor": "blue", "datasource": datasource,
            "expr": format!("1000 * {}", recorded(FIRST_SEEN, "")),
            "useValueForTime": true, "step": "60s",
            "titleFormat": "{{job}} {{service_version}}", "textFormat": "first seen",
        },
        {
            "name": "Alerts", "enable": true, "iconColor": RED, "datasource": datasource,
            "expr": "group by (alertname, severity, job) (ALERTS{alertstate=\"firing\", severity!=\"heartbeat\", job=~\"$job\"})",
            "step": "60s", "titleFormat": "{{alertname}}", "textFormat": "{{job}}: {{severity}}",
        },
    ])
}

fn source(kind: &str, variable: &str) -> Value {
    json!({"type": kind, "uid": format!("${{{variable}}}")})
}

impl Panel {
    fn height(&self) -> u8 {
        match self.kind {
            Kind::Stat(_) => 4,
            Kind::TimeSeries { .. } | Kind::Heatmap(_) => 8,
            Kind::Table(_) | Kind::Logs(_) | Kind::LogTable { .. } => 9,
        }
    }

    fn json(&self) -> Value {
        let mut panel = match &self.kind {
            Kind::TimeSeries {
                queries,
                is_stacked,
            } => self.time_series(queries, *is_stacked),
            Kind::Stat(expr) => self.stat(expr),
            Kind::Heatmap(expr) => self.heatmap(expr),
            Kind::Table(table) => table.json(),
            Kind::Logs(expr) => json!({
                "type": "logs",
                "targets": [{"refId": "A", "expr": expr, "queryType": "range"}],
                "options": {"showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "sortOrder": "Descending"},
            }),
            Kind::LogTable { by, expr } => json!({
                "type": "table",
                "targets": [{"refId": "A", "expr": expr, "queryType": "instant"}],
                "transformations": [organized(&[], &[("Value #A".into(), by), ("Value".into(), by)])],
            }),
        };
        let is_of_logs = matches!(self.kind, Kind::Logs(_) | Kind::LogTable { .. });
        panel["datasource"] = match is_of_logs {
            true => source("loki", "logs"),
            false => source("prometheus", DATASOURCE),
        };
        panel["title"] = json!(self.title);
        panel["description"] = json!(self.description());
        let defaults = &mut panel["fieldConfig"]["defaults"];
        if defaults.is_null() {
            *defaults = json!({});
        }
        defaults["unit"] = json!(self.unit.id());
        if let Some(decimals) = decimals(self.unit, &self.kind) {
            defaults["decimals"] = json!(decimals);
        }
        if defaults["thresholds"].is_null() {
            defaults["thresholds"] = self.thresholds.json();
        }
        if panel["fieldConfig"]["overrides"].is_null() {
            panel["fieldConfig"]["overrides"] = json!([]);
        }
        panel
    }

    fn time_series(&self, queries: &[Query], is_stacked: bool) -> Value {
        let targets = queries.iter().zip('A'..).map(|(query, id)| {
            let mut target = json!({
                "refId": id.to_string(), "expr": query.expr, "legendFormat": query.legend,
                "range": true, "exemplar": query.has_exemplars,
            });
            if let Some(step) = query.least_step {
                target["interval"] = json!(step);
            }
            target
        });
        let targets: Vec<_> = targets.collect();
        let is_rated = !matches!(self.thresholds, Thresholds::None);
        let mut defaults = json!({"custom": {
            "drawStyle": "line", "lineWidth": 1, "fillOpacity": if is_stacked { 25 } else { 8 },
            "showPoints": "auto", "spanNulls": false,
            "stacking": {"mode": if is_stacked { "normal" } else { "none" }},
            "thresholdsStyle": {"mode": if is_rated { "dashed" } else { "off" }},
        }, "color": {"mode": "palette-classic"}});
        if !matches!(self.unit, Unit::Number) {
            defaults["min"] = json!(0);
        }
        // What is good is always in the picture.
        if let Some(good) = self.thresholds.good() {
            defaults["custom"]["axisSoftMax"] = json!(good);
        }
        json!({
            "type": "timeseries", "targets": targets,
            "fieldConfig": {"defaults": defaults},
            "options": {
                "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
        })
    }

    fn stat(&self, expr: &str) -> Value {
        json!({
            "type": "stat",
            "targets": [{"refId": "A", "expr": expr, "instant": true}],
            "options": {
                "reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value",
                "graphMode": "none", "textMode": "value",
            },
        })
    }

    fn heatmap(&self, expr: &str) -> Value {
        json!({
            "type": "heatmap",
            "targets": [{"refId": "A", "expr": expr, "legendFormat": "{{le}}", "format": "heatmap", "range": true}],
            "options": {
                "calculate": false, "yAxis": {"unit": self.unit.id()}, "cellGap": 1,
                "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
            },
        })
    }
}

/// Whole things have no decimals; a rate of them may.
fn decimals(unit: Unit, kind: &Kind) -> Option<u8> {
    let is_line = matches!(kind, Kind::TimeSeries { .. } | Kind::Heatmap(_));
    (unit == Unit::Count && !is_line).then_some(0)
}

impl Table {
    fn json(&self) -> Value {
        let targets = self.columns.iter().zip('A'..).map(|(column, id)| {
            json!({"refId": id.to_string(), "expr": column.expr, "format": "table", "instant": true})
        });
        let targets: Vec<_> = targets.collect();
        let mut names: Vec<_> = self
            .columns
            .iter()
            .zip('A'..)
            .map(|(column, id)| (format!("Value #{id}"), column.title))
            .collect();
        if let [only] = &self.columns[..] {
            names.push(("Value".to_owned(), only.title));
        }
        let mut overrides: Vec<_> = self.columns.iter().map(Column::json).collect();
        if let Some(first) = self.by.first().filter(|_| !self.links.is_empty()) {
            let links: Vec<_> = self.links.iter().map(Link::json).collect();
            overrides.push(json!({
                "matcher": {"id": "byName", "options": self.by.last().unwrap_or(first)},
                "properties": [{"id": "links", "value": links}],
            }));
        }
        json!({
            "type": "table", "targets": targets,
            "transformations": [{"id": "merge", "options": {}}, organized(self.by, &names)],
            "fieldConfig": {"defaults": {"thresholds": Thresholds::None.json()}, "overrides": overrides},
            "options": {"sortBy": [{"displayName": self.columns.first().map_or("", |first| first.title), "desc": true}]},
        })
    }
}

/// Labels first, then values, each by the title of its column.
fn organized(labels: &[&str], values: &[(String, &str)]) -> Value {
    let renamed = values.iter().map(|(from, to)| (from.clone(), json!(to)));
    let names = labels.iter().map(|label| (*label).to_owned());
    let names = names.chain(values.iter().map(|(from, _)| from.clone()));
    let ordered = names.enumerate().map(|(at, name)| (name, json!(at)));
    json!({"id": "organize", "options": {
        "excludeByName": {"Time": true},
        "renameByName": renamed.collect::<serde_json::Map<_, _>>(),
        "indexByName": ordered.collect::<serde_json::Map<_, _>>(),
    }})
}

impl Column {
    fn json(&self) -> Value {
        let mut properties = vec![json!({"id": "unit", "value": self.unit.id()})];
        if self.unit == Unit::Count {
            properties.push(json!({"id": "decimals", "value": 0}));
        }
        if !matches!(self.thresholds, Thresholds::None) {
            properties.push(json!({"id": "thresholds", "value": self.thresholds.json()}));
            properties.push(json!({"id": "custom.cellOptions", "value": {"type": "color-text"}}));
        }
        json!({"matcher": {"id": "byName", "options": self.title}, "properties": properties})
    }
}

impl Thresholds {
    /// The bound of what is good.
    pub(super) fn good(self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Below(good, _) | Self::Above(_, good) => Some(good),
        }
    }

    fn json(self) -> Value {
        let steps = match self {
            Self::None => vec![(None, GREEN)],
            Self::Below(good, fair) => vec![(None, GREEN), (Some(good), YELLOW), (Some(fair), RED)],
            Self::Above(bad, good) => vec![(None, RED), (Some(bad), YELLOW), (Some(good), GREEN)],
        };
        let steps = steps
            .into_iter()
            .map(|(value, color)| json!({"value": value, "color": color}));
        json!({"mode": "absolute", "steps": steps.collect::<Vec<_>>()})
    }
}

impl Link {
    fn json(&self) -> Value {
        let (title, url) = match self {
            Self::Traces { service, operation } => {
                let operation: Vec<_> = operation.iter().map(|label| field(label)).collect();
                let query = json!({
                    "refId": "A", "queryType": "search", "service": field(service),
                    "operation": operation.join(" "),
                });
                ("Traces", explore("traces", &query))
            }
            Self::Logs {
                service,
                attribute,
                label,
            } => {
                let expr = format!(
                    "{{service_name=`{}`}} | {attribute}=`{}`",
                    field(service),
                    field(label)
                );
                (
                    "Logs",
                    explore("logs", &json!({"refId": "A", "expr": expr})),
                )
            }
            Self::Dashboard(uid) => {
                let url = format!(
                    "/d/{uid}?var-job={}&${{environment:queryparam}}&${{__url_time_range}}",
                    field("job")
                );
                ("Requests by route", url)
            }
        };
        json!({"title": title, "url": url})
    }
}

fn field(label: &str) -> String {
    format!("${{__data.fields.{label}:percentencode}}")
}

/// Grafana's page for one's own queries, at the time that is shown.
fn explore(variable: &str, query: &Value) -> String {
    let panes = json!({"a": {
        "datasource": format!("${{{variable}}}"), "queries": [query],
        "range": {"from": "${__from}", "to": "${__to}"},
    }});
    format!(
        "/explore?schemaVersion=1&panes={}",
        encoded(&panes.to_string())
    )
}

/// Percent-encoded, but for what Grafana is to put in.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    let mut is_placeholder = false;
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        is_placeholder |= next == '$' && rest.peek() == Some(&'{');
        let is_plain = next.is_ascii_alphanumeric() || "-_.~:".contains(next);
        match is_placeholder || is_plain {
            true => encoded.push(next),
            false => {
                let mut bytes = [0; 4];
                let bytes = next.encode_utf8(&mut bytes).bytes();
                encoded.extend(bytes.map(|byte| format!("%{byte:02X}")));
            }
        }
        is_placeholder &= next != '}';
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encoded_around_what_grafana_puts_in() {
        let url = encoded(r#"{"a":"${traces} é"}"#);
        assert_eq!(url, "%7B%22a%22:%22${traces}%20%C3%A9%22%7D");
    }
}
