//! What is taken out of real-looking text, and what stays.

use super::*;
use proptest::prelude::*;

#[test]
fn urls_lose_what_is_secret_and_keep_what_is_useful() {
    for (from, to) in [
        (
            "https://shop.example/p/1?utm=x&token=abc#frag",
            "https://shop.example/p/1?utm=REDACTED&token=REDACTED",
        ),
        ("https://ada:pw@shop.example/a", "https://shop.example/a"),
        ("https://shop.example", "https://shop.example"),
        ("/cart?", "/cart"),
        ("/cart?empty&a=", "/cart?empty&a"),
        ("/reset/password%3Dhunter2/a%20b", "/reset/REDACTED/a%20b"),
        ("/to/https%3A%2F%2Fa.example%3Fsid%3Dx", "/to/REDACTED"),
        ("/a?Bearer%20abc.def", "/a?REDACTED"),
        ("/a/red%20shoes", "/a/red%20shoes"),
        ("/a/100%/%zz%F0", "/a/100%/%zz%F0"),
        (
            "/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "/reset/REDACTED",
        ),
        ("/u/ada@example.org/cart", "/u/REDACTED/cart"),
        ("/u/ada%40example.org", "/u/REDACTED"),
        ("/pay/4111111111111111", "/pay/REDACTED"),
        ("/pay/4111-1111-1111-1111/x", "/pay/REDACTED/x"),
        (
            "/hooks/ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "/hooks/REDACTED",
        ),
        (
            "/charge/sk_live_4eC39HqLyjWDarjtT1zdp7dc/x",
            "/charge/REDACTED/x",
        ),
        ("/s3/AKIAIOSFODNN7EXAMPLE/list", "/s3/REDACTED/list"),
        (
            "/reset-password/3f9a8b7c6d5e4f3a2b1c/new",
            "/reset-password/REDACTED/new",
        ),
        ("/auth/callback/2024", "/auth/callback/2024"),
        (
            "/session/550e8400-e29b-41d4-a716-446655440000",
            "/session/REDACTED",
        ),
        ("/bot/xoxb-123456789012-abcdefghijkl", "/bot/REDACTED"),
        (
            "/a?access_token=ya29.x&card=4111111111111111&b",
            "/a?access_token=REDACTED&card=REDACTED&b",
        ),
        (
            "/api_key=abc;session:xyz/a",
            "/api_key=REDACTED;session:REDACTED/a",
        ),
        (
            "https://shop.example/?ada@example.org",
            "https://shop.example/?REDACTED",
        ),
    ] {
        assert_eq!(url(from), to);
    }
}

#[test]
fn messages_lose_secrets() {
    for (from, to) in [
        ("no user ada@example.org here", "no user REDACTED here"),
        (
            "at Object.ghp_16C7e42F292c6912E7710c838347Ae178B4a (a.js:1:2)",
            "at REDACTED (a.js:1:2)",
        ),
        ("AKIAIOSFODNN7EXAMPLE: denied", "REDACTED denied"),
        ("sent to <ada@example.org>.", "sent to <REDACTED>."),
        (
            "Authorization: Bearer abc.def",
            "Authorization: Bearer REDACTED",
        ),
        (
            "authorization=Basic dXNlcjpwYXNz",
            "authorization=Basic REDACTED",
        ),
        ("password=hunter2, retry", "password=REDACTED, retry"),
        (
            "{\"api_key\":\"x\",\"a\":1}",
            "{\"api_key\":\"REDACTED\",\"a\":1}",
        ),
        (
            "{\"user\": {\"password\" : \"hunter2\"}}",
            "{\"user\": {\"password\" : \"REDACTED\"}}",
        ),
        ("password: hunter2", "password: REDACTED"),
        (
            "GET /reset/token=abc failed",
            "GET /reset/token=REDACTED failed",
        ),
        (
            "at f (https://a.example/x.js?dpl=1:12:34)",
            "at f (https://a.example/x.js?dpl=REDACTED:12:34)",
        ),
        (
            "at f (https://a.example/x.js?dpl=a1:12:34)",
            "at f (https://a.example/x.js?dpl=REDACTED:12:34)",
        ),
        ("access_token=abc", "access_token=REDACTED"),
        (
            "key is ghp_16C7e42F292c6912E7710c838347Ae178B4a.",
            "key is REDACTED",
        ),
        ("key:AKIAIOSFODNN7EXAMPLE", "REDACTED"),
        (
            "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "jwt REDACTED",
        ),
        (
            "card 4111 1111 1111 1111 declined",
            "card REDACTED declined",
        ),
        ("card 4111-1111-1111-1111.", "card REDACTED."),
        (
            "GET https://a.example/x?t=1 failed",
            "GET https://a.example/x?t=REDACTED failed",
        ),
    ] {
        assert_eq!(text(from), to);
    }
}

#[test]
fn leaves_what_is_harmless() {
    for kept in [
        "Cannot read properties of undefined (reading 'id')",
        "order 4111111111111112 is no card (Luhn)",
        "at render (https://shop.example/_next/static/chunks/app.js:12:34)",
        "1763800000004 ms, 1763800000004000000 ns (Luhn)",
        "at f (https://shop.example/_next/static/chunks/app/auth/page-3f9a8b7c6d5e4f3a.js:1:2)",
        "@scope/package",
        "ghp_short and AKIA are no keys",
        "/glpat/xoxb/AIzawa",
        "Unexpected token 'x' in JSON",
        "https://shop.example:8443/a:1:2",
        "caf\u{e9} \u{1f600}",
    ] {
        assert_eq!(text(kept), kept);
    }
}

#[test]
fn most_texts_are_seen_to_be_harmless_at_once() {
    for (text, harmless) in [
        ("/products/42/reviews.json", true),
        ("/api/v1/users/_all", true),
        ("/auth/123456789012", true),
        ("/auth/1234567890123", false),
        ("/a/4111-1111-1111-1111", false),
        ("4111 1111 1111 1111", false),
        ("/a?b", false),
        ("/a@b.c", false),
        ("/a=b", false),
        ("/caf\u{e9}", false),
        ("/3f9a8b7c6d5e4f3a", false),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.6478.127 Safari/537.36",
            true,
        ),
        ("curl/8.5.0", true),
        ("Basic abc", false),
        ("a Bearer b", false),
        ("a bearish based", true),
    ] {
        assert_eq!(is_harmless(text.as_bytes()), harmless, "{text}");
    }
}

proptest! {
    #[test]
    fn redacting_twice_changes_nothing_more(input in "[ -~\u{e9}]{0,60}") {
        let once = text(&input);
        prop_assert_eq!(text(&once), once.clone());
        let _ = url(&input);
    }

    #[test]
    fn what_is_called_harmless_stays_as_it_is(input in "([ /,;(-]?([a-z0-9._-]{0,17}|[0-9 -]{0,20}|token|auth|eyJa\\.b|ghp_|glpat-|[Bb]asic|BEARER|[?#=:@%]?)){0,8}") {
        if is_harmless(input.as_bytes()) {
            prop_assert_eq!(text(&input), input.clone());
            prop_assert_eq!(url(&input), input);
        }
    }

    #[test]
    fn no_address_survives(before in "[a-z ]{0,10}", name in "[a-z]{1,8}", after in "[a-z ]{0,10}") {
        let input = alloc::format!("{before} {name}@example.org {after}");
        prop_assert!(!text(&input).contains("example.org"));
    }
}

#[test]
fn every_name_of_a_secret_is_known_in_any_case_and_as_an_end() {
    let mut count = 0;
    for key in split(SECRET_KEYS, b' ') {
        let upper = key.to_ascii_uppercase();
        for name in [key, &upper, &alloc::format!("x-{key}")] {
            assert!(is_secret_key(name), "{name}");
        }
        assert!(!is_secret_key(&alloc::format!("{key}_")), "{key}");
        count += 1;
    }
    assert_eq!(count, 12);
    assert!(!is_secret_key(""));
}
