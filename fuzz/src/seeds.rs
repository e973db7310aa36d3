//! What the targets start from: the cases that the tests share, and a few
//! texts of each grammar.

use crate::plugin::configured;
use crate::shared_data::Shared;

const TRACE_CONTEXT: &str = include_str!("../../tests/cases/trace_context.txt");

const STACKS: &str = include_str!("../../tests/cases/stacks.txt");

fn of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The values of a header in the shared cases.
fn header(name: &str) -> Vec<Vec<u8>> {
    let lines = TRACE_CONTEXT
        .lines()
        .filter_map(|line| line.strip_prefix("> "));
    let lines = lines.filter_map(|line| line.split_once(": "));
    let values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let whole = |value: &str| {
        let value = value.replace("$T", "0af7651916cd43dd8448eb211c80319c");
        value.replace("$P", "b7ad6b7169203331").into_bytes()
    };
    values.map(|(_, value)| whole(value)).collect()
}

pub fn nothing() -> Vec<Vec<u8>> {
    Vec::new()
}

pub fn traceparents() -> Vec<Vec<u8>> {
    let mut all = of(&["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]);
    all.extend(header("traceparent"));
    all
}

pub fn tracestates() -> Vec<Vec<u8>> {
    let mut all = of(&["ot=th:8;rv:0123456789abcd;x:y,a=1\nb@c=2", "ot=p:8;r:62"]);
    all.extend(header("tracestate"));
    all
}

pub fn baggage() -> Vec<Vec<u8>> {
    of(&[
        "a=1,b=2;c;d=%20",
        "userId=alice,serverNode=DF%2028\nisProduction=false",
    ])
}

pub fn b3() -> Vec<Vec<u8>> {
    of(&[
        "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1-05e3ac9a4f6e3b90",
        "d",
        "0",
        "0af7651916cd43dd8448eb211c80319c\nb7ad6b7169203331\n1\n0",
        "8448eb211c80319c\nb7ad6b7169203331\ntrue",
    ])
}

pub fn header_maps() -> Vec<Vec<u8>> {
    let one = [
        &[1u8, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0][..],
        b":method\0GET\0",
    ];
    vec![one.concat(), vec![0; 4]]
}

pub fn addresses() -> Vec<Vec<u8>> {
    of(&[
        "10.0.0.0/8\n10.1.2.3:80\n10.1.2.3:0",
        "fd00::/8\n[fd00::1]:80",
        "::ffff:10.0.0.0/104\n[::ffff:10.1.2.3]:80",
    ])
}

pub fn paths() -> Vec<Vec<u8>> {
    of(&[
        "/products/7?a=b\n/products/{id}\n/assets/*",
        "/users/0af76519-16cd-43dd-8448-eb211c80319c/orders/2026-11-21",
        "/a%2Fb/%00/../..//x;y=z",
        "/v1/{any}/*\n/{a}/{b}/c",
    ])
}

pub fn secrets() -> Vec<Vec<u8>> {
    of(&[
        "Authorization: Bearer abc.def.ghi",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "https://ada:secret@shop.example/reset-password/3f9a8b7c6d5e4f3a2b1c?token=x#f",
        "ada@shop.example paid with 4111 1111 1111 1111",
        "AKIAIOSFODNN7EXAMPLE ghp_0123456789abcdefghijklmnopqrstuvwxyzAB password=hunter2",
    ])
}

/// The shared cases: the message, then the stack.
pub fn stacks() -> Vec<Vec<u8>> {
    let cases = STACKS.split("\n\n").skip(1);
    let seed = |case: &str| {
        let of = |mark: &str| {
            let lines = case.lines().filter_map(|line| line.strip_prefix(mark));
            lines.collect::<Vec<_>>().join("\n")
        };
        format!("{}\n{}", of("! "), of("> ")).into_bytes()
    };
    cases.map(seed).collect()
}

pub fn answers() -> Vec<Vec<u8>> {
    let mut all = of(&["12.5", "2xx", "404", "orders_placed_total"]);
    all.push(vec![0x0a, 2, 8, 5]);
    all.push(vec![
        0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1,
    ]);
    all.push((1u64 << 4).to_le_bytes().to_vec());
    all
}

pub fn documents() -> Vec<Vec<u8>> {
    let mut all = of(&[
        r#"{"service":{"name":"edge"}}"#,
        r#"{"service":{"name":"edge","version":"1"},"routes":["/a/{b}"],"exclude":["/x/*"],"use_route_name":true,
           "request_id":{"header":"x-id","keep":"any","format":"uuid_v7"},
           "trace":{"incoming":"restart","untrusted":"continue","trusted":["10.0.0.0/8"],"sample_ratio":0.5,"max_per_second":1.5,
           "routes":[{"route":"/a/*","sample_ratio":1e-3}],"slow_ms":9,"b3":"single","server_timing":"off"},
           "metrics":{"path":"/m","max_series":9,"counters":[{"name":"a_total","status":["2xx","404"],"sum_header":"x-t"}]},
           "logs":{"access":"both","success_ratio":0.1,"peer":"hash","headers":["x-a"]},
           "openapi":{"servers":[{"url":"https://a/b"}],"paths":{"/c/{d}":{}}},
           "export":{"cluster":"c","temporality":"delta","interval_ms":100}}"#,
        r#"{"service":{"name":""},"trace":{"sample_ratio":7},"exprt":[]}"#,
    ]);
    // A `Struct`: {"service": {"name": "e"}}.
    all.push(
        b"\x0a\x19\x0a\x07service\x12\x0e\x2a\x0c\x0a\x0a\x0a\x04name\x12\x02\x1a\x00".to_vec(),
    );
    all.push(b"\x0a\x0f\x0a\x06routes\x12\x05\x32\x03\x0a\x01\x0a".to_vec());
    all
}

pub fn openapi() -> Vec<Vec<u8>> {
    of(&[
        r#"{"servers":[{"url":"https://shop.example/api/v1"},{"url":"/x"}],"paths":{"/products/{id}":{},"/a.{ext}":{"get":{}}}}"#,
        r#"{"paths":{}}"#,
    ])
}

/// A record as a worker writes it.
pub fn records() -> Vec<Vec<u8>> {
    let mut worker = configured(Shared::default());
    for (stream, path) in [
        (10, "/products/7"),
        (11, "/a/b"),
        (12, "/a/c"),
        (13, "/\u{e9}"),
    ] {
        let lines = vec![
            (b":method".to_vec(), b"GET".to_vec()),
            (b":path".to_vec(), path.into()),
        ];
        worker.request(stream, &lines);
        worker.end(stream);
    }
    worker.tick(6000);
    worker.records()
}
