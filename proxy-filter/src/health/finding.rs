//! What a probe found.

use crate::call::NotStarted;
use crate::exporter::Answer;
use crate::leb128::{Input, put, put_text};
use std::borrow::Cow;

/// How a probe ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The dependency is well.
    Good,
    /// It did not answer in time.
    Timeout,
    /// It could not be connected to, or hung up.
    Unreachable,
    /// The proxy has no such cluster.
    NoCluster,
    /// It answered with a status that is not good.
    Status(u16),
}

/// What a probe found last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The probe.
    pub name: Box<str>,
    /// When, on the monotonic clock.
    pub at_nanos: u64,
    /// What.
    pub outcome: Outcome,
}

/// Where the proxy answers in a peer's place it says so by the body alone
/// ([Envoy](https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage)
/// has the flags of it, but not for calls like these).
const OF_THE_PROXY: [(u16, &[u8], Outcome); 3] = [
    (503, b"upstream connect error", Outcome::Unreachable),
    (503, b"no healthy upstream", Outcome::Unreachable),
    (504, b"upstream request timeout", Outcome::Timeout),
];

impl Outcome {
    /// What an answer, or that there was none, says.
    pub fn of_answer(answer: &Answer) -> Self {
        let Some(status @ 100..) = answer.status else {
            return Self::Unreachable;
        };
        if (200..=399).contains(&status) {
            return Self::Good;
        }
        let mut own = OF_THE_PROXY.iter();
        let own = own.find(|(of, text, _)| *of == status && answer.body.starts_with(text));
        own.map_or(Self::Status(status), |(_, _, outcome)| *outcome)
    }

    /// What it says that the call could not start.
    pub fn of_not_started(why: NotStarted) -> Self {
        match why {
            NotStarted::NoCluster => Self::NoCluster,
            NotStarted::Failed => Self::Unreachable,
        }
    }

    /// Why the dependency is not well; none if it is.
    pub fn reason(self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Good => return None,
            Self::Timeout => Cow::Borrowed("timeout"),
            Self::Unreachable => Cow::Borrowed("unreachable"),
            Self::NoCluster => Cow::Borrowed("no_cluster"),
            Self::Status(status) => Cow::Owned(format!("status_{status}")),
        })
    }

    /// Below 100 there is no status.
    fn code(self) -> u16 {
        match self {
            Self::Good => 0,
            Self::Timeout => 1,
            Self::Unreachable => 2,
            Self::NoCluster => 3,
            Self::Status(status) => status,
        }
    }

    fn from_code(code: u16) -> Option<Self> {
        Some(match code {
            0 => Self::Good,
            1 => Self::Timeout,
            2 => Self::Unreachable,
            3 => Self::NoCluster,
            100.. => Self::Status(code),
            _ => return None,
        })
    }
}

impl Finding {
    /// Adds it to bytes in shared data.
    pub fn write(&self, out: &mut Vec<u8>) {
        put_text(out, &self.name);
        put(out, self.at_nanos);
        put(out, u64::from(self.outcome.code()));
    }

    /// Reads what [`Finding::write`] wrote.
    pub fn read(input: &mut Input<'_>) -> Option<Self> {
        Some(Self {
            name: Box::from(input.text()?),
            at_nanos: input.number()?,
            outcome: Outcome::from_code(u16::try_from(input.number()?).ok()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_it_is() {
        for (status, body, reason) in [
            (Some(200), "", None),
            (Some(204), "no healthy upstream", None),
            (Some(302), "", None),
            (Some(399), "", None),
            (Some(400), "", Some("status_400")),
            (Some(503), "busy", Some("status_503")),
            (Some(503), "no healthy upstream", Some("unreachable")),
            (
                Some(503),
                "upstream connect error or disconnect/reset before headers",
                Some("unreachable"),
            ),
            (Some(504), "upstream request timeout", Some("timeout")),
            (Some(504), "", Some("status_504")),
            (Some(500), "upstream request timeout", Some("status_500")),
            (Some(101), "", Some("status_101")),
            (Some(42), "", Some("unreachable")),
            (None, "", Some("unreachable")),
        ] {
            let answer = Answer {
                status,
                body: body.as_bytes().into(),
                ..Answer::default()
            };
            let outcome = Outcome::of_answer(&answer);
            assert_eq!(outcome.reason().as_deref(), reason, "{status:?} {body}");
            let finding = Finding {
                name: "ä".into(),
                at_nanos: u64::MAX,
                outcome,
            };
            let mut bytes = Vec::new();
            finding.write(&mut bytes);
            let mut input = Input(&bytes);
            assert_eq!(Finding::read(&mut input), Some(finding));
            for end in 0..bytes.len() {
                assert_eq!(Finding::read(&mut Input(&bytes[..end])), None);
            }
        }
    }
}
