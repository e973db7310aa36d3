//! The functions that the host offers, made safe: every status but success is
//! an absence, and bytes are bytes. The list of these imports is kept in
//! `imports/`; some hosts know only few.

use crate::call::NotStarted;
use crate::header_map;
use crate::shared_data::{NotWritten, SharedData};

/// A level of the host's log.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Level {
    /// Information.
    Info = 2,
    /// A warning.
    Warn = 3,
    /// An error.
    Error = 4,
}

/// A map of headers.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Map {
    /// Of the request.
    Request = 0,
    /// Of the response.
    Response = 2,
    /// Of the answer to a call of ours.
    CallResponse = 6,
}

const OK: u32 = 0;
const BAD_ARGUMENT: u32 = 2;
const BUFFER_CALL_RESPONSE_BODY: u32 = 4;
const BUFFER_PLUGIN_CONFIGURATION: u32 = 7;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_set_tick_period_milliseconds(millis: u32) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        bytes: *mut *mut u8,
        bytes_size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, bytes: *mut *mut u8, bytes_size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        bytes: *mut *mut u8,
        bytes_size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        bytes: *mut *mut u8,
        bytes_size: *mut usize,
    ) -> u32;
    #[cfg(feature = "statistics")]
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    #[cfg(feature = "statistics")]
    fn proxy_increment_metric(id: u32, more: i64) -> u32;
    #[cfg(feature = "stream-properties")]
    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        bytes: *mut *mut u8,
        bytes_size: *mut usize,
        number: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        number: u32,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout_millis: u32,
        token: *mut u32,
    ) -> u32;
}

/// Memory for what the host returns; [`returned`] takes it over.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    let bytes: Box<[u8]> = vec![0; size].into_boxed_slice();
    Box::into_raw(bytes).cast()
}

/// Calls for bytes that the host allocates.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let mut bytes = core::ptr::null_mut();
    let mut size = 0;
    if call(&mut bytes, &mut size) != OK {
        return None;
    }
    if bytes.is_null() || size == 0 {
        return Some(Vec::new());
    }
    // SAFETY: the host got this place and size from `proxy_on_memory_allocate`,
    // filled it, and forgets it.
    Some(unsafe { Box::from_raw(core::ptr::slice_from_raw_parts_mut(bytes, size)) }.into_vec())
}

/// Writes a line to the host's log.
pub fn log(level: Level, text: &str) {
    // SAFETY: the host reads the text during the call only. The same holds for
    // every pointer to something of ours in this file.
    unsafe { proxy_log(level as u32, text.as_ptr(), text.len()) };
}

/// Asks for a tick of the current context at this interval.
pub fn set_tick_period(millis: u64) {
    let millis = u32::try_from(millis).unwrap_or(u32::MAX);
    // SAFETY: no pointers.
    unsafe { proxy_set_tick_period_milliseconds(millis) };
}

/// The configuration that is offered.
pub fn plugin_configuration(size: usize) -> Option<Vec<u8>> {
    buffer(BUFFER_PLUGIN_CONFIGURATION, size)
}

/// The beginning of the body that answers our call.
pub fn call_response_body(size: usize) -> Option<Vec<u8>> {
    buffer(BUFFER_CALL_RESPONSE_BODY, size)
}

fn buffer(buffer: u32, size: usize) -> Option<Vec<u8>> {
    // SAFETY: see `log` and `returned`.
    returned(|bytes, bytes_size| unsafe {
        proxy_get_buffer_bytes(buffer, 0, size, bytes, bytes_size)
    })
}

/// All headers, serialized.
pub fn headers(map: Map) -> Option<Vec<u8>> {
    // SAFETY: see `returned`.
    returned(|bytes, size| unsafe { proxy_get_header_map_pairs(map as u32, bytes, size) })
}

/// The first line of a header.
pub fn header(map: Map, name: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: see `log` and `returned`.
    returned(|bytes, size| unsafe {
        proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), bytes, size)
    })
}

/// Leaves one line of a header, with this value.
pub fn set_header(map: Map, name: &str, value: &[u8]) {
    let (map, size) = (map as u32, name.len());
    // SAFETY: see `log`.
    unsafe {
        proxy_replace_header_map_value(map, name.as_ptr(), size, value.as_ptr(), value.len())
    };
}

/// Adds a line of a header.
pub fn add_header(map: Map, name: &str, value: &[u8]) {
    let (map, size) = (map as u32, name.len());
    // SAFETY: see `log`.
    unsafe { proxy_add_header_map_value(map, name.as_ptr(), size, value.as_ptr(), value.len()) };
}

/// Removes every line of a header.
pub fn remove_header(map: Map, name: &str) {
    // SAFETY: see `log`.
    unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) };
}

/// A property of the current stream. The parts of its path are separated by zero bytes.
pub fn property(path: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: see `log` and `returned`.
    returned(|bytes, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), bytes, size) })
}

/// A property that is a whole number or a duration in nanoseconds.
pub fn property_number(path: &[u8]) -> Option<i64> {
    read_number(&property(path)?)
}

/// As Envoy has them: eight bytes.
#[cfg(not(feature = "nginx"))]
fn read_number(value: &[u8]) -> Option<i64> {
    Some(i64::from_le_bytes(value.try_into().ok()?))
}

/// As nginx has them: a text. A duration is no whole number there, and the
/// filter's own clock stands in.
#[cfg(feature = "nginx")]
fn read_number(value: &[u8]) -> Option<i64> {
    core::str::from_utf8(value).ok()?.parse().ok()
}

/// Sets a property of the current stream.
#[cfg(feature = "stream-properties")]
pub fn set_property(path: &[u8], value: &[u8]) {
    let (path, size) = (path.as_ptr(), path.len());
    // SAFETY: see `log`.
    unsafe { proxy_set_property(path, size, value.as_ptr(), value.len()) };
}

/// Answers the request in place of the upstream, with what is not to be kept;
/// says whether the host will.
pub fn send_local_response(status: u32, content_type: &str, body: &[u8]) -> bool {
    let headers = [
        ("content-type", content_type.as_bytes()),
        ("cache-control", b"no-store"),
    ];
    answer(status, &headers, body)
}

/// Answers the request in place of the upstream; says whether the host will.
pub fn answer(status: u32, headers: &[(&str, &[u8])], body: &[u8]) -> bool {
    let headers = header_map::serialize(headers);
    const NO_GRPC_STATUS: i32 = -1;
    // SAFETY: see `log`.
    let sent = unsafe {
        proxy_send_local_response(
            status,
            core::ptr::null(),
            0,
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    };
    sent == OK
}

/// Sends a request; gives the number that its answer will carry.
pub fn http_call(
    cluster: &str,
    headers: &[(&str, &[u8])],
    body: &[u8],
    timeout_millis: u32,
) -> Result<u32, NotStarted> {
    let headers = header_map::serialize(headers);
    let trailers = header_map::serialize(&[]);
    let mut token = 0;
    // SAFETY: see `log`; the host writes four bytes to a place of four bytes.
    let started = unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout_millis,
            &mut token,
        )
    };
    match started {
        OK => Ok(token),
        BAD_ARGUMENT => Err(NotStarted::NoCluster),
        _ => Err(NotStarted::Failed),
    }
}

/// The number of a statistic of the host, made where it is missing.
#[cfg(feature = "statistics")]
pub fn define_metric(kind: u32, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: see `log` and `http_call`.
    let defined = unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &mut id) };
    (defined == OK).then_some(id)
}

/// Adds to a statistic of the host.
#[cfg(feature = "statistics")]
pub fn increment_metric(id: u32, more: i64) {
    // SAFETY: no pointers.
    unsafe { proxy_increment_metric(id, more) };
}

/// The host's shared data.
pub struct Shared;

impl SharedData for Shared {
    fn get(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        let mut number = 0;
        // SAFETY: see `log`, `returned` and `http_call`.
        let value = returned(|bytes, size| unsafe {
            proxy_get_shared_data(key.as_ptr(), key.len(), bytes, size, &mut number)
        });
        value.map(|value| (value, number))
    }

    fn set(&mut self, key: &str, value: &[u8], number: u32) -> Result<(), NotWritten> {
        let (key, size) = (key.as_ptr(), key.len());
        // SAFETY: see `log`.
        match unsafe { proxy_set_shared_data(key, size, value.as_ptr(), value.len(), number) } {
            OK => Ok(()),
            _ => Err(NotWritten),
        }
    }
}
