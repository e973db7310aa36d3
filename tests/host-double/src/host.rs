//! What the host knows: streams, shared data, statistics, calls, its log and
//! its clocks. Nothing in here knows WebAssembly.

use crate::fault::Fault;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Header lines in their order, names lower-case.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Statuses of the ABI that the host gives by itself.
pub const OK: u32 = 0;
/// What was asked for does not exist.
pub const NOT_FOUND: u32 = 1;
/// An argument makes no sense.
pub const BAD_ARGUMENT: u32 = 2;
/// Somebody else wrote.
pub const CAS_MISMATCH: u32 = 8;

/// Key-value pairs that all VMs of a host see.
pub type Shared = Rc<RefCell<SharedData>>;

/// As Envoy has it: the number is not looked at for a new key and where it is
/// zero.
#[derive(Debug, Default)]
pub struct SharedData {
    values: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    last: u32,
}

impl SharedData {
    /// The value and its number.
    pub fn get(&self, key: &[u8]) -> Option<&(Vec<u8>, u32)> {
        self.values.get(key)
    }

    /// Writes; the status.
    pub fn set(&mut self, key: &[u8], value: &[u8], number: u32) -> u32 {
        let known = self.values.get(key).map(|(_, number)| *number);
        if known.is_some_and(|known| number != 0 && number != known) {
            return CAS_MISMATCH;
        }
        self.last += 1;
        let value = (value.to_vec(), self.last);
        self.values.insert(key.to_vec(), value);
        OK
    }
}

/// A request.
#[derive(Debug, Default)]
pub struct Stream {
    /// Its headers, as the upstream gets them.
    pub request: Pairs,
    /// Headers of the response, as the client gets them.
    pub response: Pairs,
    /// By path, its parts separated by dots.
    pub properties: HashMap<String, Vec<u8>>,
    /// What the filter answered by itself.
    pub answer: Option<LocalAnswer>,
}

/// An answer of the filter's own.
#[derive(Debug)]
pub struct LocalAnswer {
    /// Its status.
    pub status: u32,
    /// Its headers.
    pub headers: Pairs,
    /// Its body.
    pub body: Vec<u8>,
}

/// A request that the filter sent.
#[derive(Debug)]
pub struct Call {
    /// The number that its answer carries.
    pub token: u32,
    /// Where it goes.
    pub cluster: String,
    /// Its headers.
    pub headers: Pairs,
    /// Its body.
    pub body: Vec<u8>,
    /// How long it may take, in milliseconds.
    pub timeout_millis: u32,
}

/// The answer to a call.
#[derive(Debug, Default)]
pub struct CallAnswer {
    /// None where there is no answer.
    pub headers: Pairs,
    /// Its body.
    pub body: Vec<u8>,
}

/// A call to the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostCall {
    /// The function.
    pub name: String,
    /// What it is asked about: the path of a property, the name of a header, a key.
    pub subject: String,
}

/// One VM's host.
#[derive(Debug)]
pub struct Host {
    /// Wall clock.
    pub unix_nanos: u64,
    /// Steady clock.
    pub monotonic_nanos: u64,
    /// State of the generator of random bytes.
    pub random: u64,
    /// What all VMs see.
    pub shared: Shared,
    /// What is offered to a context.
    pub configuration: Vec<u8>,
    /// The tick that was asked for, in milliseconds.
    pub tick_millis: Option<u32>,
    /// Level and text of every line.
    pub log: Vec<(u32, String)>,
    /// Kind, name and value of every statistic; the position is its number.
    pub statistics: Vec<(u32, String, i64)>,
    /// Calls that have no answer yet.
    pub calls: Vec<Call>,
    /// Clusters that exist; any, without.
    pub clusters: Option<Vec<String>>,
    /// The answer that is being told.
    pub call_answer: CallAnswer,
    /// Requests by their context.
    pub streams: BTreeMap<u32, Stream>,
    /// The context whose callback runs.
    pub current: u32,
    /// Functions that fail.
    pub faults: HashMap<String, Fault>,
    /// Every call to the host since this was last emptied, in order.
    pub host_calls: Vec<HostCall>,
    next_token: u32,
}

/// What time it is when a host starts: 14 November 2023.
const START_UNIX_NANOS: u64 = 1_700_000_000_000_000_000;

impl Host {
    /// A host of one VM.
    pub fn new(shared: Shared) -> Self {
        Self {
            unix_nanos: START_UNIX_NANOS,
            monotonic_nanos: 1_000_000_000,
            random: 1,
            shared,
            configuration: Vec::new(),
            tick_millis: None,
            log: Vec::new(),
            statistics: Vec::new(),
            calls: Vec::new(),
            clusters: None,
            call_answer: CallAnswer::default(),
            streams: BTreeMap::new(),
            current: 0,
            faults: HashMap::new(),
            host_calls: Vec::new(),
            next_token: 0,
        }
    }

    /// Time passes.
    pub fn advance_millis(&mut self, millis: u64) {
        self.unix_nanos += millis * 1_000_000;
        self.monotonic_nanos += millis * 1_000_000;
    }

    /// Random bytes: the same in every run.
    pub fn fill_random(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
            self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 56) as u8;
        }
    }

    /// A map of the current stream, or of the answer to a call.
    pub fn map(&mut self, map: u32) -> Option<&mut Pairs> {
        match map {
            0 => Some(&mut self.streams.get_mut(&self.current)?.request),
            2 => Some(&mut self.streams.get_mut(&self.current)?.response),
            6 => Some(&mut self.call_answer.headers),
            _ => None,
        }
    }

    /// Takes a call; its number, or the status that refuses it.
    pub fn call(&mut self, mut call: Call) -> Result<u32, u32> {
        let clusters = self.clusters.as_ref();
        let has = |name: &[u8]| call.headers.iter().any(|(known, _)| known == name);
        let is_whole = [&b":method"[..], b":path", b":authority"]
            .into_iter()
            .all(has);
        if !is_whole || clusters.is_some_and(|known| !known.contains(&call.cluster)) {
            return Err(BAD_ARGUMENT);
        }
        self.next_token += 1;
        call.token = self.next_token;
        self.calls.push(call);
        Ok(self.next_token)
    }
}

/// The first line of a name.
pub fn value<'a>(pairs: &'a Pairs, name: &[u8]) -> Option<&'a [u8]> {
    let line = pairs.iter().find(|(known, _)| known == name);
    line.map(|(_, value)| value.as_slice())
}

/// Leaves one line of a name, where the first was.
pub fn replace(pairs: &mut Pairs, name: &[u8], value: &[u8]) {
    match pairs.iter().position(|(known, _)| known == name) {
        None => pairs.push((name.to_vec(), value.to_vec())),
        Some(first) => {
            pairs[first].1 = value.to_vec();
            let mut at = 0;
            pairs.retain(|(known, _)| {
                at += 1;
                at - 1 == first || known != name
            });
        }
    }
}

/// The form in which headers cross, see the filter's `header_map.rs`.
pub fn serialize(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = size(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(size(name.len()));
        bytes.extend(size(value.len()));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text);
        bytes.push(0);
    }
    bytes
}

/// Reads that form; none where the bytes are not of it.
pub fn deserialize(bytes: &[u8]) -> Option<Pairs> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(four.try_into().ok()?) as usize)
    };
    let count = number(0)?;
    let mut data = 4 + count.checked_mul(8)?;
    let mut pairs = Pairs::new();
    for at in 0..count {
        let mut text = |size: usize| {
            let text = bytes.get(data..data + size)?.to_vec();
            data += size + 1;
            Some(text)
        };
        let name = text(number(4 + at * 8)?)?;
        pairs.push((name, text(number(8 + at * 8)?)?));
    }
    (data == bytes.len()).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(lines: &[(&str, &str)]) -> Pairs {
        lines
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn a_replaced_header_has_one_line() {
        let mut lines = pairs(&[("a", "1"), ("b", "2"), ("a", "3")]);
        replace(&mut lines, b"a", b"4");
        replace(&mut lines, b"c", b"5");
        assert_eq!(lines, pairs(&[("a", "4"), ("b", "2"), ("c", "5")]));
    }

    #[test]
    fn headers_cross_and_come_back() {
        let lines = pairs(&[("a", ""), ("", "b"), (":path", "/x")]);
        let bytes = serialize(&lines);
        assert_eq!(deserialize(&bytes), Some(lines));
        assert_eq!(deserialize(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn shared_data_takes_what_nobody_has_changed_meanwhile() {
        let mut shared = SharedData::default();
        assert_eq!(shared.set(b"k", b"1", 77), OK, "a new key");
        let (_, number) = *shared.get(b"k").unwrap();
        assert_eq!(shared.set(b"k", b"2", number), OK);
        assert_eq!(shared.set(b"k", b"3", number), CAS_MISMATCH);
        assert_eq!(shared.set(b"k", b"4", 0), OK, "whatever it is");
    }
}
