//! Regular expressions as far as our schema has them: from the beginning on,
//! characters and classes, each perhaps repeated. Anything else is a failure.

pub fn matches(pattern: &str, text: &str) -> bool {
    let rest = pattern.strip_prefix('^').expect("a pattern of a beginning");
    let pattern: Vec<char> = rest.chars().collect();
    let text: Vec<char> = text.chars().collect();
    here(&pattern, &text)
}

fn here(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => true,
        ['$'] => text.is_empty(),
        _ => {
            let (class, rest) = class(pattern);
            let (least, most, rest) = match rest {
                ['*', rest @ ..] => (0, usize::MAX, rest),
                ['+', rest @ ..] => (1, usize::MAX, rest),
                ['?', rest @ ..] => (0, 1, rest),
                rest => (1, 1, rest),
            };
            let fitting = text
                .iter()
                .take_while(|c| class.has(**c))
                .take(most)
                .count();
            (least..=fitting).any(|taken| here(rest, &text[taken..]))
        }
    }
}

struct Class {
    is_negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    fn has(&self, c: char) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&c))
            != self.is_negated
    }
}

fn class(pattern: &[char]) -> (Class, &[char]) {
    if pattern[0] == '.' {
        let (is_negated, ranges) = (true, vec![('\n', '\n')]);
        return (Class { is_negated, ranges }, &pattern[1..]);
    }
    if pattern[0] != '[' {
        let is_plain =
            pattern[0].is_ascii_alphanumeric() || matches!(pattern[0], '/' | '-' | '_' | ':');
        assert!(is_plain, "the test does not know {}", pattern[0]);
        let ranges = vec![(pattern[0], pattern[0])];
        let is_negated = false;
        return (Class { is_negated, ranges }, &pattern[1..]);
    }
    let end = pattern
        .iter()
        .position(|c| *c == ']')
        .expect("the end of a class");
    let mut inside = &pattern[1..end];
    let is_negated = inside.first() == Some(&'^');
    if is_negated {
        inside = &inside[1..];
    }
    let mut ranges = Vec::new();
    while let [first, rest @ ..] = inside {
        assert_ne!(*first, '\\', "the test does not know escapes");
        match rest {
            ['-', last, rest @ ..] => {
                ranges.push((*first, *last));
                inside = rest;
            }
            rest => {
                ranges.push((*first, *first));
                inside = rest;
            }
        }
    }
    (Class { is_negated, ranges }, &pattern[end + 1..])
}

#[test]
fn patterns_match_as_they_say() {
    let counter = "^[A-Za-z_][A-Za-z0-9_]*_total$";
    for (pattern, text, expected) in [
        ("^/", "/a", true),
        ("^/", "a/", false),
        ("^/.*[^/]$", "/a/b", true),
        ("^/.*[^/]$", "/a/", false),
        ("^/.*[^/]$", "/", false),
        (counter, "orders_total", true),
        (counter, "a_total_total", true),
        (counter, "_total", false),
        (counter, "9_total", false),
        (counter, "orders_total ", false),
        ("^[^ -]+$", "a-b", false),
        ("^ab?c$", "ac", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}
