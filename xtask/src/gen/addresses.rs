//! The pipeline's rule for a person's address: of what servers and pages send, its
//! network stays, as core's `client_address::truncate` has it for the edge.

use anyhow::Result;

use crate::site::Site;

/// Where spans have one: in all, and of whom a server was asked by. Their older names
/// are those of the semantic conventions, and of instrumentation that still has them.
const OF_SPANS: [&str; 3] = ["client.address", "client.socket.address", "http.client_ip"];
const OF_SERVERS: [&str; 3] = ["network.peer.address", "net.sock.peer.addr", "net.peer.ip"];
const OF_LOGS: [&str; 3] = ["source.address", "http.client_ip", "net.peer.ip"];

/// 24 bits of IPv4, also in IPv6's form and with a port.
const V4: [&str; 2] = [
    r"(?i)^\[?(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}\]?(?::\d+)?\z",
    "$$1.0",
];
/// 48 bits of IPv6, also with a zone or a port.
const V6: [&str; 2] = [
    r"(?i)^\[?(?:((?:[0-9a-f]{1,4}:){2,3})|([0-9a-f]{1,4}:):)[0-9a-f:.]*(?:%[^\]]*)?(?:\](?::\d+)?)?\z",
    "$$1$$2:",
];
/// The same, where these are 0.
const ZERO: [&str; 2] = [r"(?i)^\[?::[0-9a-f:.]*(?:%[^\]]*)?(?:\](?::\d+)?)?\z", "::"];
/// What one of them may still be in, such as a list of proxies; and what these leave.
const OTHER: &str = r"\d\.\d+\.\d+\.\d|:[0-9A-Fa-f]*:";
const LEFT: &str = r"^((\d{1,3}\.){3}0|[0-9A-Fa-f:]{0,15}::)\z";

/// Both kinds of statements, each behind the condition that the attribute is there.
pub fn make(_: &Site) -> Result<String> {
    let of_server = " and span.kind == SPAN_KIND_SERVER";
    // The edge has done so where its `logs.peer` says it.
    let of_others = r#" and log.event_name != "sightline.edge.request""#;
    let mut yaml = "    trace_statements:\n".to_owned();
    for (names, condition) in [(OF_SPANS, ""), (OF_SERVERS, of_server)] {
        for name in names {
            yaml += &group("span", name, condition);
        }
    }
    yaml += "    log_statements:\n";
    yaml += &group("log", "client.address", of_others);
    for name in OF_LOGS {
        yaml += &group("log", name, "");
    }
    Ok(yaml)
}

fn group(context: &str, name: &str, condition: &str) -> String {
    let value = format!("{context}.attributes[\"{name}\"]");
    let quoted = |pattern: &str| pattern.replace('\\', r"\\");
    let cut = [V4, V6, ZERO].map(|[pattern, network]| {
        let pattern = quoted(pattern);
        format!("          - 'replace_pattern({value}, \"{pattern}\", \"{network}\")'\n")
    });
    let (other, left) = (quoted(OTHER), quoted(LEFT));
    format!(
        "      - context: {context}\n        conditions: ['{value} != nil{condition}']\n        \
         statements:\n{}          - 'delete_key({context}.attributes, \"{name}\") where \
         IsMatch({value}, \"{other}\") and not IsMatch({value}, \"{left}\")'\n",
        cut.concat()
    )
}
