//! The least and the greatest value of each number, both included, and the
//! most of what has a length: for the check and the schema alike.

/// `trace.slow_ms`.
pub const SLOW_MS: (u64, u64) = (1, 3_600_000);
/// `trace.max_per_second`.
pub const MAX_PER_SECOND: (f64, f64) = (0.01, 1_000_000.0);
/// `metrics.max_series`.
pub const MAX_SERIES: (u64, u64) = (1, 100_000);
/// `metrics.max_siblings`.
pub const MAX_SIBLINGS: (u64, u64) = (1, 10_000);
/// `metrics.expire_after_s`.
pub const EXPIRE_AFTER_S: (u64, u64) = (10, 31_536_000);
/// `export.interval_ms`.
pub const INTERVAL_MS: (u64, u64) = (100, 3_600_000);
/// `export.timeout_ms`.
pub const TIMEOUT_MS: (u64, u64) = (100, 600_000);
/// `export.max_queue_bytes`.
pub const MAX_QUEUE_BYTES: (u64, u64) = (16 << 10, 64 << 20);
/// `ingest.max_body_bytes`.
pub const MAX_BODY_BYTES: (u64, u64) = (1 << 10, 16 << 20);
/// `ingest.per_client.requests_per_minute`.
pub const REQUESTS_PER_MINUTE: (u64, u64) = (1, 60_000);
/// `ingest.per_client.burst`.
pub const BURST: (u64, u64) = (1, 10_000);
/// The number of `ingest.origins`.
pub const ORIGINS: usize = 64;
/// The number of `metrics.counters`.
pub const COUNTERS: usize = 64;
/// The number of `logs.headers`.
pub const LOG_HEADERS: usize = 16;
/// The length of `request_id.header`.
pub const HEADER_NAME_LEN: usize = 64;
/// `health.interval_ms`.
pub const PROBE_INTERVAL_MS: (u64, u64) = (500, 300_000);
/// `health.probes[].timeout_ms`.
pub const PROBE_TIMEOUT_MS: (u64, u64) = (100, 60_000);
/// The number of `health.probes`.
pub const PROBES: usize = 16;
/// The length of `health.probes[].name`, in bytes.
pub const PROBE_NAME_LEN: usize = 128;
