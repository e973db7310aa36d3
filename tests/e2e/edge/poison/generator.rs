//! Requests that no well-behaved client sends, made of parts by a seed: the
//! same seed gives the same requests.

/// Numbers that look random and are not.
pub struct Seed(pub u64);

impl Seed {
    fn below(&mut self, limit: usize) -> usize {
        // SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        // No control bytes: Envoy refuses those before any filter sees them.
        let byte = |seed: &mut Self| match seed.below(256) as u8 {
            byte @ (..0x20 | 0x7f) => byte | 0x80,
            byte => byte,
        };
        (0..length).map(|_| byte(self)).collect()
    }
}

/// How it is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http10,
    Http11,
    Http2,
}

/// What follows the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    None,
    Whole,
    Chunked,
    Trailers,
    /// Less than was announced.
    Short,
}

/// How the client ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It reads the answer.
    Reads,
    /// It resets as soon as all is sent.
    Resets,
    /// It closes as soon as all is sent.
    Closes,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Poison {
    pub protocol: Protocol,
    pub method: Vec<u8>,
    pub path: Vec<u8>,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Body,
    pub end: End,
}

/// Headers that the filter, or Envoy, reads.
const READ: [&str; 22] = [
    "x-request-id",
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-b3-flags",
    "user-agent",
    "accept",
    "origin",
    "content-type",
    "cookie",
    "x-forwarded-for",
    "x-forwarded-proto",
    "authorization",
    "x-envoy-original-path",
    "te",
    "expect",
    "x-a",
    "referer",
];

/// Values on which parsers break.
const VALUES: [&[u8]; 16] = [
    b"",
    b" ",
    b",",
    b";=,;=",
    b"\xff",
    b"\xc3\x28\xa0\xa1",
    b"\xed\xa0\x80",
    b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what",
    b"ff-00000000000000000000000000000000-0000000000000000-ff",
    b"ot=th:;rv:;th:8,a=1,a=2",
    b"0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-d-b7ad6b7169203331",
    b"18446744073709551616",
    b"-1e400",
    b"{\"a\":\"\\u0000\"}",
    b"%00%ff%2e%2e%2f",
];

const PATHS: [&[u8]; 22] = [
    b"/e/ok",
    b"/e/ok?token=secret#f",
    b"/e/direct",
    b"/e/refused",
    b"/e/missing-cluster",
    b"/e/reset-before",
    b"/e/reset-mid",
    b"/e/short",
    b"/e/garbage",
    b"/e/trailers",
    b"/e/grpc-14",
    b"/e/upgrade",
    b"/e/status-204",
    b"/e/redirect",
    b"/e/\xff\xfe",
    b"/%00/%ff/%2e%2e",
    b"//..//.",
    b"/{id}/*",
    b"/sightline/v1/traces",
    b"*",
    b"http://other.example/e/ok",
    b"e/ok",
];

const METHODS: [&[u8]; 14] = [
    b"GET",
    b"GET",
    b"GET",
    b"POST",
    b"PUT",
    b"HEAD",
    b"OPTIONS",
    b"DELETE",
    b"BREW",
    b"get",
    b"CONNECT",
    b"TRACE",
    b"G\xc3\xa9T",
    b"PRI",
];

/// The next request.
pub fn next(seed: &mut Seed) -> Poison {
    let protocol = seed.one_of(&[
        Protocol::Http10,
        Protocol::Http11,
        Protocol::Http11,
        Protocol::Http2,
    ]);
    let mut path = seed.one_of(&PATHS).to_vec();
    match seed.below(12) {
        0 => path.extend(
            [&b"/"[..], &seed.bytes(40)]
                .concat()
                .iter()
                .map(|byte| match byte {
                    b' ' => b'_',
                    byte => *byte,
                }),
        ),
        1 => path.extend(vec![b'a'; 60_000]),
        2 => path.extend(b"/x".repeat(3000)),
        _ => {}
    }
    let mut headers = Vec::new();
    for _ in 0..seed.below(6) {
        let name = seed.one_of(&READ).as_bytes().to_vec();
        let value = match seed.below(4) {
            0 => seed.bytes(30),
            _ => seed.one_of(&VALUES).to_vec(),
        };
        headers.push((name, value));
    }
    let filler = |at: usize| (format!("x-{at}").into_bytes(), format!("{at}").into_bytes());
    match seed.below(14) {
        0 => headers.extend((0..1024).map(filler)),
        1 => headers.extend((0..900).map(filler)),
        2 => headers.push((seed.one_of(&READ).into(), vec![b'a'; 60_000])),
        3 => headers.push((seed.one_of(&READ).into(), [b'\xff'; 60_000].to_vec())),
        4 => headers.extend((0..40).map(|_| (b"traceparent".to_vec(), VALUES[7].to_vec()))),
        5 => headers
            .extend((0..40).map(|at| (b"tracestate".to_vec(), format!("k{at}=v").into_bytes()))),
        6 => {
            headers.extend((0..70).map(|at| (b"baggage".to_vec(), format!("k{at}=v").into_bytes())))
        }
        7 if protocol != Protocol::Http2 => headers.extend([
            (b"connection".to_vec(), b"upgrade".to_vec()),
            (
                b"upgrade".to_vec(),
                seed.one_of(&[&b"websocket"[..], b"h2c", b"\xff"]).to_vec(),
            ),
        ]),
        _ => {}
    }
    Poison {
        protocol,
        method: seed.one_of(&METHODS).to_vec(),
        path,
        headers,
        body: seed.one_of(&[
            Body::None,
            Body::None,
            Body::None,
            Body::Whole,
            Body::Chunked,
            Body::Trailers,
            Body::Short,
        ]),
        end: seed.one_of(&[End::Reads, End::Reads, End::Reads, End::Resets, End::Closes]),
    }
}
