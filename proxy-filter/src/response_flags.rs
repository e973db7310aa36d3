//! Envoy's response flags, which say more than a status does of how a request
//! ended. As the property `response.flags` they are a set of bits; people know
//! them by the short names of Envoy's access log
//! ([`%RESPONSE_FLAGS%`](https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage)).

/// The short name of each bit, from the lowest on: the order of Envoy's
/// [`CoreResponseFlag`](https://github.com/envoyproxy/envoy/blob/v1.40.0/envoy/stream_info/stream_info.h).
/// Bits behind them belong to flags that extensions register as they load.
pub const SHORT_NAMES: [&str; 30] = [
    "LH",    // failed local health check
    "UH",    // no healthy upstream
    "UT",    // upstream request timeout
    "LR",    // local reset
    "UR",    // upstream remote reset
    "UF",    // upstream connection failure
    "UC",    // upstream connection termination
    "UO",    // upstream overflow
    "NR",    // no route found
    "DI",    // delay injected
    "FI",    // fault injected
    "RL",    // rate limited
    "UAEX",  // unauthorized by an external service
    "RLSE",  // rate limit service error
    "DC",    // downstream connection termination
    "URX",   // upstream retry limit exceeded
    "SI",    // stream idle timeout
    "IH",    // invalid Envoy request headers
    "DPE",   // downstream protocol error
    "UMSDR", // upstream max stream duration reached
    "RFCF",  // response from cache filter
    "NFCF",  // no filter config found
    "DT",    // duration timeout
    "UPE",   // upstream protocol error
    "NC",    // no cluster found
    "OM",    // overload manager terminated
    "DF",    // DNS resolution failed
    "DO",    // drop overload
    "DR",    // downstream remote reset
    "UDO",   // unconditional drop overload
];

/// The short names of the flags that are set, the lowest bit first.
pub fn short_names(flags: u64) -> impl Iterator<Item = &'static str> {
    let bits = (0u32..).zip(SHORT_NAMES);
    bits.filter(move |(bit, _)| flags.checked_shr(*bit).is_some_and(|flags| flags & 1 == 1))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_have_the_names_that_envoy_prints() {
        for (flags, names) in [
            (0, &[][..]),
            (1 << 1, &["UH"]),
            (1 << 5 | 1 << 15, &["UF", "URX"]),
            (1 << 8, &["NR"]),
            (1 << 14, &["DC"]),
            (1 << 29, &["UDO"]),
            (1 << 63, &[]),
        ] {
            assert_eq!(short_names(flags).collect::<Vec<_>>(), names, "{flags:#x}");
        }
        assert_eq!(short_names(u64::MAX).count(), SHORT_NAMES.len());
    }
}
