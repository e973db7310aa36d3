//! Stacks of three browsers for one minified script, `fixture/build`, which
//! `esbuild --bundle --minify --sourcemap --format=iife --target=es2020` made of
//! `fixture/source`.

use std::fs;
use std::path::{Path, PathBuf};

use sightline_symbolicate::{Maps, symbolicate};

const SCRIPT: &str = "https://shop.example/_next/static/chunks/checkout-3f9a8b7c.js";

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture")
}

fn build() -> Maps {
    Maps::below(&[fixture().join("build")]).unwrap()
}

#[test]
fn each_browsers_stack_leads_to_the_source() {
    for (browser, frames, column) in [
        (
            "chromium",
            &[
                "TypeError: Cannot read properties of undefined (reading 'cents')",
                "    at centsOf (source/cart.ts:12:22)",
                "    at source/cart.ts:8:44",
                "    at Array.reduce (<anonymous>)",
                "    at totalOf (source/cart.ts:8:16)",
                "    at Checkout.submit (source/checkout.ts:7:19)",
                "    at pay (source/checkout.ts:14:30)",
            ][..],
            22,
        ),
        (
            "firefox",
            &[
                "    at centsOf (source/cart.ts:12:3)",
                "    at totalOf (source/cart.ts:8:44)",
                "    at totalOf (source/cart.ts:8:16)",
                "    at submit (source/checkout.ts:7:19)",
                "    at pay (source/checkout.ts:14:30)",
            ],
            3,
        ),
        (
            "webkit",
            &[
                "    at centsOf (source/cart.ts:12:15)",
                "    at source/cart.ts:8:44",
                "reduce@[native code]",
                "    at totalOf (source/cart.ts:8:16)",
                "    at submit (source/checkout.ts:7:19)",
                "    at pay (source/checkout.ts:14:30)",
            ],
            15,
        ),
    ] {
        let stack = fs::read_to_string(fixture().join(format!("{browser}.txt"))).unwrap();
        let symbolicated = symbolicate(&stack, &mut build()).unwrap();
        let excerpt = [
            "",
            "source/cart.ts",
            "    10 |",
            "    11 | function centsOf(item: Item): number {",
            ">   12 |   return item.price!.cents;",
            &format!("       | {}^", " ".repeat(column - 1)),
            "    13 | }",
        ];
        let expected = [frames, &excerpt].concat();
        let lines: Vec<_> = symbolicated.text.lines().collect();
        assert_eq!(lines, expected, "{browser}");
        assert_eq!((symbolicated.found, symbolicated.missing.len()), (5, 0));
    }
}

#[test]
fn what_is_not_found_is_said_and_stays_as_it_was() {
    for (frame, why) in [
        (
            "    at f (https://shop.example/other.js:1:2)",
            "no map of https://shop.example/other.js",
        ),
        (
            &format!("    at f ({SCRIPT}:9:2)"),
            &format!("the map of {SCRIPT} has nothing there"),
        ),
    ] {
        let symbolicated = symbolicate(frame, &mut build()).unwrap();
        assert_eq!(symbolicated.text, format!("{frame}\n"));
        let missing: Vec<_> = symbolicated.missing.iter().collect();
        assert_eq!(missing, [(&why.to_owned(), &1)]);
    }
    let native = "    at Array.map (<anonymous>)\nno frame at all";
    let symbolicated = symbolicate(native, &mut build()).unwrap();
    assert_eq!(
        (symbolicated.text, symbolicated.found),
        (format!("{native}\n"), 0)
    );
    assert!(symbolicated.missing.is_empty());
}

/// A folder with maps at these paths.
fn folder(maps: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in maps {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn map(source: &str) -> String {
    format!(r#"{{"version": 3, "sources": ["{source}"], "names": [], "mappings": "AAAA"}}"#)
}

#[test]
fn a_map_is_found_by_the_longest_end_of_its_path() {
    let (one, other) = (map("one.ts"), map("other.ts"));
    let folder = folder(&[
        ("a/app.js.map", &one),
        ("b/app.js.map", &other),
        ("c/a/app.js.map", &one),
    ]);
    let at = |url: &str| {
        let mut maps = Maps::below(&[folder.path().to_owned()]).unwrap();
        symbolicate(&format!("@{url}:1:1"), &mut maps).unwrap()
    };
    assert_eq!(
        at("https://cdn.example/v1/b/app.js?x=1").text,
        "    at other.ts:1:1\n"
    );
    assert_eq!(
        at("https://cdn.example/a/app.js").text,
        "    at one.ts:1:1\n",
        "two that are alike"
    );
    let ambiguous = at("https://cdn.example/app.js");
    assert_eq!(ambiguous.found, 0);
    let why = ambiguous.missing.keys().next().unwrap();
    assert!(
        why.starts_with("several maps fit https://cdn.example/app.js: "),
        "{why}"
    );
    assert!(
        at("https://cdn.example/a/ap.js")
            .missing
            .keys()
            .any(|why| why.starts_with("no map of"))
    );
}

#[test]
fn a_script_names_its_map() {
    let inline = "//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbImluLnRzIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiJBQUFBIn0=";
    let folder = folder(&[
        ("chunks/2buw.js", "f()\n\n//# sourceMappingURL=34zr.js.map"),
        ("chunks/34zr.js.map", &map("named.ts")),
        ("chunks/2buw.js.map", &map("beside.ts")),
        ("inline.js", inline),
        ("bare.js", "f()"),
        ("gone.js", "f()\n//# sourceMappingURL=nowhere.map"),
    ]);
    let mut maps = Maps::below(&[folder.path().to_owned()]).unwrap();
    for (script, text) in [
        ("chunks/2buw.js", "    at named.ts:1:1\n"),
        ("inline.js", "    at in.ts:1:1\n"),
        ("bare.js", "@https://shop.example/bare.js:1:1\n"),
        ("gone.js", "@https://shop.example/gone.js:1:1\n"),
    ] {
        let stack = format!("@https://shop.example/{script}:1:1");
        assert_eq!(symbolicate(&stack, &mut maps).unwrap().text, text);
    }
}

#[test]
fn maps_of_sections_are_read_and_what_is_no_map_is_named() {
    let sections = format!(
        r#"{{"version": 3, "sections": [{{"offset": {{"line": 0, "column": 0}}, "map": {}}}]}}"#,
        map("part.ts")
    );
    let folder = folder(&[("app.js.map", &sections), ("bad.js.map", "{")]);
    let mut maps = Maps::below(&[folder.path().to_owned()]).unwrap();
    let found = symbolicate("@https://shop.example/app.js:1:1", &mut maps).unwrap();
    assert_eq!(found.text, "    at part.ts:1:1\n");
    let error = symbolicate("@https://shop.example/bad.js:1:1", &mut maps).unwrap_err();
    assert!(
        format!("{error:#}").contains("bad.js.map: no source map"),
        "{error:#}"
    );
    let missing = Maps::below(&[folder.path().join("nowhere")]).unwrap_err();
    assert!(format!("{missing:#}").contains("nowhere"));
}

#[test]
fn a_debug_id_says_which_of_two_builds_it_is() {
    let folder = tempfile::TempDir::new().unwrap();
    let built = fixture().join("build/static/chunks/checkout-3f9a8b7c.js.map");
    let map = fs::read_to_string(built).unwrap();
    let ids = [
        "85314830-023f-4cf1-a267-535f4e37bb17",
        "00000000-1111-4222-8333-444444444444",
    ];
    for (at, id) in ids.iter().enumerate() {
        let release = folder.path().join(format!("release-{at}"));
        fs::create_dir(&release).unwrap();
        let source = format!("source/of-{at}/cart.ts");
        let map = map.replacen("../source/cart.ts", &source, 1);
        let map = map.replacen('{', &format!("{{\"debugId\":\"{id}\","), 1);
        fs::write(release.join("checkout-3f9a8b7c.js.map"), map).unwrap();
    }
    let maps = || Maps::below(&[folder.path().to_owned()]).unwrap();
    let stack = fs::read_to_string(fixture().join("webkit.txt")).unwrap();
    let unknown = symbolicate(&stack, &mut maps()).unwrap();
    assert_eq!(unknown.found, 0, "{}", unknown.text);
    for (at, id) in ids.iter().enumerate() {
        let told = format!("{stack}\n{} {SCRIPT}\n", id.to_uppercase());
        let text = symbolicate(&told, &mut maps()).unwrap().text;
        let source = format!("of-{at}/cart.ts:12:15");
        assert!(text.contains(&source), "{source}: {text}");
    }
}
