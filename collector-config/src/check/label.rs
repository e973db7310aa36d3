//! Labels that make too many series, or a new alert at every evaluation.

use promql_parser::parser::Expr;

use super::document::Rule;
use super::promql::{all, by, name, selectors};
use super::{Context, Found};

/// Labels whose values nobody can list, and what each has a value for.
const UNBOUNDED: [(&str, &str); 31] = [
    ("user", "user"),
    ("user_id", "user"),
    ("enduser_id", "user"),
    ("userid", "user"),
    ("user_email", "user"),
    ("email", "user"),
    ("username", "user"),
    ("customer_id", "customer"),
    ("account_id", "account"),
    ("session", "session"),
    ("session_id", "session"),
    ("sessionid", "session"),
    ("request_id", "request"),
    ("x_request_id", "request"),
    ("correlation_id", "request"),
    ("trace_id", "trace"),
    ("traceid", "trace"),
    ("span_id", "span"),
    ("transaction_id", "transaction"),
    ("order_id", "order"),
    ("client_ip", "client"),
    ("client_address", "client"),
    ("remote_addr", "client"),
    ("remote_ip", "client"),
    ("source_ip", "client"),
    ("url", "address, with its parameters"),
    ("full_url", "address, with its parameters"),
    ("query_string", "query"),
    ("referrer", "address"),
    ("user_agent", "version of every browser"),
    ("user_agent_original", "version of every browser"),
];

/// What this label has a value for each of, where it has no bounds.
pub fn unbounded(label: &str) -> Option<&'static str> {
    let found = UNBOUNDED.iter().find(|(known, _)| *known == label);
    found.map(|(_, each)| *each)
}

/// Finds labels without bounds in grouping and in the rule's own labels.
pub fn high_cardinality(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for inner in all(expr) {
        let Expr::Aggregate(aggregate) = inner else {
            continue;
        };
        // What a prober visits is a list that somebody wrote.
        let is_of_prober = selectors(expr).into_iter().filter_map(name).any(|name| {
            ["probe_", "httpcheck_", "ssl_", "endpoint_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        for label in by(aggregate) {
            if let Some(each) = unbounded(label).filter(|_| !(is_of_prober && label == "url")) {
                found.push((
                    rule.expr_line,
                    format!(
                        "groups by `{label}`, which has a value for every {each}: that many series"
                    ),
                ));
            }
        }
    }
    for (label, (line, _)) in &rule.labels {
        if let Some(each) = unbounded(label) {
            found.push((
                *line,
                format!(
                    "the label `{label}` has a value for every {each}: tell it in an annotation"
                ),
            ));
        }
    }
    found
}

/// Finds labels that hold the value.
pub fn value(_: &Context, rule: &Rule, _: &Expr) -> Found {
    let holds = |text: &str| {
        text.split("{{").skip(1).any(|piece| {
            let inside = piece.split("}}").next().unwrap_or_default().trim();
            // A comparison that chooses a word changes seldom.
            let chooses = ["if ", "else", "end"]
                .iter()
                .any(|word| inside.starts_with(word));
            !chooses && (inside.contains("$value") || inside.contains(".Value"))
        })
    };
    rule.labels
        .iter()
        .filter(|(_, (_, text))| holds(text))
        .map(|(label, (line, _))| {
            let message = format!(
                "the label `{label}` holds the value, so that each evaluation makes another \
                 alert: put it in an annotation"
            );
            (*line, message)
        })
        .collect()
}
