//! What Envoy says of a request besides its status: a bit for each
//! [response flag](https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage#command-operator-response-flags),
//! at the place that `CoreResponseFlag` gives it in Envoy 1.40's
//! `envoy/stream_info/stream_info.h`; later versions only add at the end.

use sightline_core::names::error;

/// Short name of each flag, and the type of error that it makes of a request.
/// An empty type says nothing of failure, or nothing that the status does not.
const FLAGS: [(&str, &str); 30] = [
    ("LH", ""),
    ("UH", error::NO_HEALTHY_UPSTREAM),
    ("UT", error::TIMEOUT),
    ("LR", error::RESET),
    ("UR", error::RESET),
    ("UF", error::CONNECT_FAILURE),
    ("UC", error::RESET),
    ("UO", error::CIRCUIT_BREAKER),
    ("NR", error::NO_ROUTE),
    ("DI", ""),
    ("FI", error::FAULT_INJECTED),
    ("RL", error::RATE_LIMITED),
    ("UAEX", error::UNAUTHORIZED),
    ("RLSE", ""),
    ("DC", error::CLIENT_DISCONNECT),
    ("URX", ""),
    ("SI", error::TIMEOUT),
    ("IH", ""),
    ("DPE", error::PROTOCOL_ERROR),
    ("UMSDR", error::TIMEOUT),
    ("RFCF", ""),
    ("NFCF", ""),
    ("DT", error::TIMEOUT),
    ("UPE", error::PROTOCOL_ERROR),
    ("NC", error::NO_ROUTE),
    ("OM", error::OVERLOAD),
    ("DF", error::DNS_FAILURE),
    ("DO", error::OVERLOAD),
    ("DR", error::CLIENT_DISCONNECT),
    ("UDO", error::OVERLOAD),
];

/// Of several flags the first type here counts: the cause rather than its effect.
const CAUSES: [&str; 13] = [
    error::OVERLOAD,
    error::RATE_LIMITED,
    error::UNAUTHORIZED,
    error::FAULT_INJECTED,
    error::NO_ROUTE,
    error::DNS_FAILURE,
    error::NO_HEALTHY_UPSTREAM,
    error::CIRCUIT_BREAKER,
    error::TIMEOUT,
    error::CONNECT_FAILURE,
    error::PROTOCOL_ERROR,
    error::RESET,
    error::CLIENT_DISCONNECT,
];

/// The flags that are set, in Envoy's order.
fn set(bits: u64) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_set = move |at: usize| {
        bits.checked_shr(at as u32)
            .is_some_and(|bits| bits & 1 == 1)
    };
    let flags = FLAGS.iter().enumerate();
    flags
        .filter(move |(at, _)| is_set(*at))
        .map(|(_, flag)| *flag)
}

/// Short names of the flags that are set, such as `UF` and `URX`.
pub fn short_names(bits: u64) -> impl Iterator<Item = &'static str> {
    set(bits).map(|(name, _)| name)
}

/// What kind of failure a request with these flags and this status was: one
/// of [`error::TYPES`], or none.
pub fn error_type(bits: u64, status: Option<u16>) -> Option<&'static str> {
    // An upgraded connection ends when a peer closes it: that is no failure.
    let bits = if status == Some(101) { 0 } else { bits };
    let cause = |cause: &&'static str| set(bits).any(|(_, kind)| kind == *cause);
    if bits != 0
        && let Some(cause) = CAUSES.into_iter().find(|kind| cause(kind))
    {
        return Some(cause);
    }
    match status {
        None => Some(error::NO_RESPONSE),
        Some(429) => Some(error::RATE_LIMITED),
        Some(400..=499) => Some(error::CLIENT_ERROR),
        Some(500..) => Some(error::SERVER_ERROR),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(names: &[&str]) -> u64 {
        let flags = FLAGS.iter().enumerate();
        let set = flags.filter(|(_, (name, _))| names.contains(name));
        set.fold(0, |bits, (at, _)| bits | 1 << at)
    }

    #[test]
    fn names_stand_at_envoys_places() {
        for (name, place) in [
            ("LH", 0),
            ("UF", 5),
            ("NR", 8),
            ("DC", 14),
            ("SI", 16),
            ("UDO", 29),
        ] {
            assert_eq!(short_names(1 << place).collect::<Vec<_>>(), [name]);
        }
        assert_eq!(
            short_names(bits(&["UF", "URX"])).collect::<Vec<_>>(),
            ["UF", "URX"]
        );
        assert_eq!(short_names(1 << 63).count(), 0, "a later Envoy's flag");
    }

    #[test]
    fn every_failure_has_one_type() {
        for (flags, status, expected) in [
            (&[][..], Some(200), None),
            (&[], Some(304), None),
            (&[], Some(404), Some("4xx")),
            (&[], Some(429), Some("rate_limited")),
            (&[], Some(503), Some("5xx")),
            (&[], None, Some("no_response")),
            (&["UF", "URX"], Some(503), Some("connect_failure")),
            (&["UT"], Some(504), Some("timeout")),
            (&["UC"], Some(200), Some("reset")),
            (&["DC"], None, Some("client_disconnect")),
            (&["DC", "UT"], None, Some("timeout")),
            (&["DC"], Some(101), None),
            (&["NR"], Some(404), Some("no_route")),
            (&["RLSE"], Some(200), None),
            (&["DI"], Some(200), None),
            (&["DPE"], Some(400), Some("protocol_error")),
        ] {
            assert_eq!(
                error_type(bits(flags), status),
                expected,
                "{flags:?} {status:?}"
            );
        }
    }

    #[test]
    fn every_type_is_a_known_one() {
        let kinds = FLAGS.iter().map(|(_, kind)| kind);
        for kind in kinds.filter(|kind| !kind.is_empty()) {
            assert!(CAUSES.contains(kind), "{kind}");
            assert!(error::TYPES.contains(kind), "{kind}");
        }
    }
}
