//! The part of the configuration for telemetry that pages send. What is done
//! with it is [`crate::ingest`].

use super::problem::Problems;
use super::raw::{self, limits};
use super::{in_limits, path_like};

const MINUTE_NANOS: u64 = 60_000_000_000;

/// What pages may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingest {
    /// Where; it does not end in a slash.
    pub path: String,
    /// Origins beside the listener's own, as browsers write them.
    pub origins: Vec<String>,
    /// The most bytes of a body.
    pub max_body_bytes: u64,
    /// What one client may send.
    pub rate: Rate,
}

/// So many in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// One may pass in this time.
    pub every_nanos: u64,
    /// What this time allows may come at once.
    pub burst_nanos: u64,
}

/// Resolves it; `others` are the paths that the filter answers for something
/// else, with their options.
pub fn resolve(
    raw: Option<raw::Ingest>,
    others: [(&str, Option<&str>); 2],
    problems: &mut Problems,
) -> Option<Ingest> {
    let raw = raw?;
    path_like("ingest.path", &raw.path, problems);
    if raw.path.ends_with('/') {
        problems.add("ingest.path", "must not end with \"/\"");
    } else {
        let is_below = |path: &str| below(&raw.path, path.as_bytes()).is_some();
        for (option, _) in others.iter().filter(|(_, path)| path.is_some_and(is_below)) {
            problems.add(*option, "must not be below `ingest.path`");
        }
    }
    let count = raw.origins.len();
    if count > limits::ORIGINS {
        let message = format!("must be at most {} origins, got {count}", limits::ORIGINS);
        problems.add("ingest.origins", message);
    }
    for (at, origin) in raw.origins.iter().enumerate() {
        if let Some(problem) = problem_of(origin) {
            problems.add(format!("ingest.origins[{at}]"), problem);
        }
    }
    let bytes = raw.max_body_bytes;
    in_limits(
        "ingest.max_body_bytes",
        bytes,
        limits::MAX_BODY_BYTES,
        problems,
    );
    let raw::PerClient {
        requests_per_minute,
        burst,
    } = raw.per_client;
    in_limits(
        "ingest.per_client.requests_per_minute",
        requests_per_minute,
        limits::REQUESTS_PER_MINUTE,
        problems,
    );
    in_limits("ingest.per_client.burst", burst, limits::BURST, problems);
    let every_nanos = MINUTE_NANOS.checked_div(requests_per_minute)?;
    Some(Ingest {
        path: raw.path,
        origins: raw.origins,
        max_body_bytes: bytes,
        rate: Rate {
            every_nanos,
            burst_nanos: every_nanos.saturating_mul(burst),
        },
    })
}

impl Ingest {
    /// What a request's path names below this one: empty, or from a slash on.
    /// None if it lies elsewhere.
    pub fn below<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        below(&self.path, path)
    }
}

fn below<'p>(base: &str, path: &'p [u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(base.as_bytes())?;
    matches!(rest, [] | [b'/' | b'?' | b'#', ..]).then_some(rest)
}

/// Browsers write an origin in lower case and without the port that its scheme
/// has anyway; whatever is not written so would never match.
fn problem_of(origin: &str) -> Option<&'static str> {
    const FORM: &str =
        "must be an origin such as \"https://app.example.com\", in lower case and without a path";
    let Some((scheme, host)) = origin.split_once("://") else {
        return Some(FORM);
    };
    let in_scheme = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    let in_host =
        |c: char| c.is_ascii_graphic() && !c.is_ascii_uppercase() && !"/?#@*\\".contains(c);
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "/",
    };
    let is_scheme = !scheme.is_empty() && scheme.chars().all(in_scheme);
    let is_host = !host.is_empty() && host.chars().all(in_host);
    if !is_scheme || !is_host {
        Some(FORM)
    } else if host.ends_with(default_port) {
        Some("has the port of its scheme, which browsers leave out")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn settings(ingest: &str) -> Result<Settings, Vec<String>> {
        let document = format!(r#"{{"service": {{"name": "edge"}}, "ingest": {ingest}}}"#);
        Settings::from_document(document.as_bytes())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn it_is_off_by_default_and_an_empty_section_turns_it_on() {
        let off = Settings::from_document(br#"{"service": {"name": "edge"}}"#).unwrap();
        assert_eq!(off.ingest, None);
        let on = settings("{}").unwrap().ingest.unwrap();
        let expected = Ingest {
            path: "/sightline/v1".to_owned(),
            origins: Vec::new(),
            max_body_bytes: 65_536,
            rate: Rate {
                every_nanos: 500_000_000,
                burst_nanos: 30_000_000_000,
            },
        };
        assert_eq!(on, expected);
    }

    #[test]
    fn every_problem_is_told_with_its_path() {
        let bad = r#"{"path": "telemetry/", "max_body_bytes": 5, "color": 1, "origins": ["*"],
            "per_client": {"requests_per_minute": 0, "burst": 10001, "day": 1}}"#;
        let problems = settings(bad).unwrap_err().join("\n");
        for expected in [
            "ingest.path: must be a path",
            "ingest.max_body_bytes: must be between 1024 and 16777216, got 5",
            "ingest.color: unknown field",
            "ingest.origins[0]: must be an origin",
            "ingest.per_client.requests_per_minute: must be between 1 and 60000, got 0",
            "ingest.per_client.burst: must be between 1 and 10000, got 10001",
            "ingest.per_client.day: unknown field",
        ] {
            assert!(problems.contains(expected), "{expected}\n{problems}");
        }
        assert_eq!(problems.lines().count(), 7, "{problems}");
        let problems = settings(r#"{"path": "/t/"}"#).unwrap_err();
        assert_eq!(problems, ["ingest.path: must not end with \"/\""]);
        let many = vec!["\"https://a.example\""; limits::ORIGINS + 1].join(",");
        let problems = settings(&format!(r#"{{"origins": [{many}]}}"#)).unwrap_err();
        assert_eq!(
            problems,
            ["ingest.origins: must be at most 64 origins, got 65"]
        );
        for (path, page, refused) in [
            ("/t", "/t/metrics", true),
            ("/t", "/t", true),
            ("/t", "/tt", false),
        ] {
            let more = format!(r#"{{"path": "{path}"}}, "metrics": {{"path": "{page}"}}"#);
            let refusal = settings(&more).err();
            let expected = ["metrics.path: must not be below `ingest.path`".to_owned()];
            assert_eq!(refusal, refused.then(|| expected.to_vec()), "{page}");
        }
        let refusal = settings(r#"{"path": "/t"}, "health": {"path": "/t/health"}"#).unwrap_err();
        assert_eq!(refusal, ["health.path: must not be below `ingest.path`"]);
    }

    #[test]
    fn only_what_a_browser_writes_is_an_origin() {
        for (origin, good, why) in [
            ("https://app.example.com", true, "the usual one"),
            ("http://localhost:3000", true, "with a port"),
            ("http://[::1]:3000", true, "IPv6"),
            ("capacitor://localhost", true, "an app"),
            ("chrome-extension://abcdef", true, "an extension"),
            ("https://app.example.com/", false, "a path"),
            ("https://app.example.com/a", false, "a path"),
            (
                "https://App.example.com",
                false,
                "browsers write lower case",
            ),
            (
                "HTTPS://app.example.com",
                false,
                "browsers write lower case",
            ),
            (
                "https://app.example.com:443",
                false,
                "browsers leave it out",
            ),
            ("http://app.example.com:80", false, "browsers leave it out"),
            (
                "http://app.example.com:443",
                true,
                "not the one of its scheme",
            ),
            ("app.example.com", false, "no scheme"),
            ("://app.example.com", false, "no scheme"),
            ("https://", false, "no host"),
            ("https://*.example.com", false, "a pattern"),
            ("https://a b", false, "a blank"),
            ("https://ada@example.com", false, "a user"),
            ("null", false, "anybody in a sandbox"),
            ("*", false, "anybody"),
            ("", false, "nothing"),
        ] {
            assert_eq!(problem_of(origin).is_none(), good, "{origin}: {why}");
        }
    }

    #[test]
    fn below_is_what_a_slash_parts() {
        let ingest = settings(r#"{"path": "/t/v1"}"#).unwrap().ingest.unwrap();
        let below = |path: &'static str| ingest.below(path.as_bytes());
        for (path, rest) in [
            ("/t/v1/logs", Some("/logs")),
            ("/t/v1?a", Some("?a")),
            ("/t/v1#a", Some("#a")),
            ("/t/v1", Some("")),
            ("/t/v12", None),
            ("/t", None),
            ("/T/v1", None),
        ] {
            assert_eq!(below(path), rest.map(str::as_bytes), "{path}");
        }
    }
}
