//! A request at its end, as a proxy would tell of it.

use super::NOW;
use crate::plugin::StreamInfo;

#[derive(Default)]
pub struct Info {
    pub status: Option<u16>,
    pub duration_nanos: Option<u64>,
    pub headers: Vec<u8>,
    pub lines: String,
}

impl StreamInfo for Info {
    fn status(&mut self) -> Option<u16> {
        self.status
    }
    fn duration_nanos(&mut self) -> Option<u64> {
        self.duration_nanos
    }
    fn route_name(&mut self) -> Vec<u8> {
        Vec::new()
    }
    fn protocol(&mut self) -> Vec<u8> {
        b"HTTP/1.1".to_vec()
    }
    fn request_headers(&mut self) -> Vec<u8> {
        self.headers.clone()
    }
    fn now_unix_nanos(&mut self) -> u64 {
        NOW.unix_nanos + 30_000_000
    }
    fn response_flags(&mut self) -> u64 {
        0
    }
    fn request_bytes(&mut self) -> u64 {
        10
    }
    fn response_bytes(&mut self) -> u64 {
        20
    }
    fn response_header(&mut self, name: &str) -> Option<Vec<u8>> {
        (name == "x-total").then(|| b"12.5".to_vec())
    }
    fn source_address(&mut self) -> Vec<u8> {
        b"203.0.113.77:5".to_vec()
    }
    fn log_line(&mut self, line: &str) {
        self.lines.push_str(line);
    }
}
