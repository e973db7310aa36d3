//! Paths and the names they get, each with the reason.

use super::*;
use proptest::prelude::*;

#[test]
fn identifiers_become_placeholders() {
    for (path, route, why) in [
        ("/orders/1234", "/orders/{id}", "an integer"),
        ("/orders/-1", "/orders/{id}", "a negative one"),
        ("/geo/52.5200", "/geo/{id}", "a decimal"),
        ("/hosts/10.0.0.1", "/hosts/{id}", "an address"),
        (
            "/orders/6fd8b1ce-0a2f-4c67-8e0a-0c1b7a8a9f10/lines",
            "/orders/{id}/lines",
            "a UUID",
        ),
        ("/u/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/u/{id}", "a ULID"),
        ("/k/AKIAIOSFODNN7EXAMPLE", "/k/{id}", "a key of AWS"),
        ("/n/V1StGXR8_Z5jdHi6B-myT", "/n/{id}", "a nanoid"),
        (
            "/customers/cus_9s6XKzkNRiz8i3",
            "/customers/{id}",
            "a key with its kind",
        ),
        (
            "/docs/507f1f77bcf86cd799439011",
            "/docs/{id}",
            "an object id",
        ),
        (
            "/commit/9fceb02d0ae598e95dc970b74767f19372d61af8",
            "/commit/{id}",
            "a hash",
        ),
        ("/commit/9fceb02d", "/commit/{id}", "a short hash"),
        ("/watch/dQw4w9WgXcQ", "/watch/{id}", "base64url"),
        (
            "/reset/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            "/reset/{id}",
            "the head of a JWT",
        ),
        (
            "/t/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "/t/{id}",
            "33 letters are no word",
        ),
        ("/orders/ORD-2024-0001", "/orders/{id}", "an order number"),
        ("/parts/sku-12345", "/parts/{id}", "a part number"),
        ("/day/2026-11-21", "/day/{date}", "a date"),
        ("/week/2026-W47", "/week/{date}", "an ISO week"),
        (
            "/2026/11/21/hello",
            "/{id}/{id}/{id}/hello",
            "a date in parts",
        ),
        ("/at/2026-11-21T10:00:00Z", "/at/{id}", "a time"),
        (
            "/users/ada@example.org/cart",
            "/users/{email}/cart",
            "an e-mail address",
        ),
        (
            "/users/ada%40example.org",
            "/users/{email}",
            "an encoded one",
        ),
        ("/call/+4915112345678", "/call/{id}", "a phone number"),
        ("/call/030-12345678", "/call/{id}", "one without a country"),
        (
            "/tags/caf%C3%A9",
            "/tags/{id}",
            "what must be encoded was typed by somebody",
        ),
        ("/tags/caf\u{e9}", "/tags/{id}", "or sent as it is"),
        ("/@ada", "/{id}", "a handle is no e-mail address"),
        (
            "/products/42.json",
            "/products/{id}",
            "an identifier with a format",
        ),
        (
            "/assets/app.3f2a9c.js",
            "/assets/{id}",
            "a file with a hash",
        ),
        (
            "/assets/index-BX3k9fQ2.js",
            "/assets/{id}",
            "a file with another hash",
        ),
        (
            "/img/1580910051074.jpg",
            "/img/{id}",
            "a file that is a number",
        ),
        (
            "/things/42:cancel",
            "/things/{id}",
            "an identifier with a verb",
        ),
    ] {
        assert_eq!(infer(path), route, "{path}: {why}");
    }
}

#[test]
fn words_stay() {
    for (path, why) in [
        ("/health/live", "words"),
        ("/en-US/about", "a locale"),
        ("/api/v2/web-vitals", "a version and a compound"),
        ("/api/v1.2/users", "a version with a minor one"),
        ("/v1.41/containers", "a longer one"),
        ("/oauth2/authorize", "a word with a digit"),
        ("/auth/oauth2Callback", "camel case with a digit"),
        ("/shop/iPhone15Pro", "a trade name"),
        ("/shop/iphone-15-pro-max-256gb", "a slug with numbers"),
        ("/sale/summer-sale-2024", "a slug with a year"),
        ("/specs/rfc-9110", "a number that is a name"),
        ("/js/jquery-3.6.0.min.js", "a file with a version"),
        ("/favicon.ico", "a file"),
        ("/.well-known/security.txt", "a name with a leading dot"),
        ("/group/-/issues", "a separator"),
        ("/pages/facade", "hexadecimal letters only"),
        ("/v1/users:search", "a verb on a collection"),
        (
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            "gRPC: each piece is short",
        ),
    ] {
        assert_eq!(infer(path), path, "{why}");
    }
}

#[test]
fn the_same_place_has_the_same_name() {
    for (path, route, why) in [
        ("", "/", "nothing is the root"),
        ("/", "/", "the root"),
        ("/?a=1", "/", "a query"),
        ("//", "/", "empty segments"),
        ("/a/", "/a", "a trailing slash"),
        ("//a///b", "/a/b", "doubled slashes"),
        ("/./a/.", "/a", "dots that lead nowhere"),
        (
            "/a/../b",
            "/a/{id}/b",
            "nobody resolved it, so nobody knows where it leads",
        ),
        ("/a/.../b", "/a/{id}/b", "nor this"),
        ("/cart;jsessionid=1A2B", "/cart", "a matrix parameter"),
        ("/cart;v=1/items;page=2?x", "/cart/items", "several"),
        ("/;a", "/", "nothing but one"),
        ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/*", "a deep path"),
        ("/a/b/c/d/e/f/g/h/", "/a/b/c/d/e/f/g/h", "just not too deep"),
        ("*", "/{id}", "OPTIONS of the whole server"),
    ] {
        assert_eq!(infer(path), route, "{path}: {why}");
    }
}

proptest! {
    #[test]
    fn a_route_is_bounded_and_names_itself(path in "(/[a-zA-Z0-9@.%;:~-]{0,80}){0,12}") {
        let route = infer(&path);
        prop_assert!(route.starts_with('/'));
        prop_assert!(route.len() <= (MAX_SEGMENTS + 1) * (MAX_LITERAL + 1));
        // Without the placeholders, which no path has, nothing is left to do.
        let words = route.replace("{id}", "x").replace("{email}", "x").replace("{date}", "x");
        if !words.ends_with('*') {
            prop_assert_eq!(infer(&words), words);
        }
    }
}
