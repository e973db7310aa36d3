//! The family of a client by its `User-Agent`: few names, whatever is sent, so
//! that they can be counted by. Versions, systems and devices are left out.

/// Words of programs that are no browser in a person's hands, in lower case,
/// with the family's name. They stand before browsers because many programs
/// also claim to be one. The first that is found counts.
const PROGRAMS: [(&str, &str); 20] = [
    ("headlesschrome", "headless"),
    ("phantomjs", "headless"),
    ("bot", "bot"),
    ("crawl", "bot"),
    ("spider", "bot"),
    ("slurp", "bot"),
    ("facebookexternalhit", "bot"),
    ("kube-probe", "probe"),
    ("googlehc", "probe"),
    ("elb-healthchecker", "probe"),
    ("prometheus/", "probe"),
    ("blackbox", "probe"),
    ("curl/", "curl"),
    ("wget/", "wget"),
    ("python", "python"),
    ("go-http-client", "go"),
    ("okhttp", "okhttp"),
    ("java/", "java"),
    ("apache-httpclient", "java"),
    ("node", "node"),
];

/// Words of browsers, in lower case, with the family's name. Each claims to be
/// those after it as well, so the first that is found counts.
const BROWSERS: [(&str, &str); 16] = [
    ("edg/", "edge"),
    ("edga/", "edge"),
    ("edgios/", "edge"),
    ("edge/", "edge"),
    ("opr/", "opera"),
    ("opera", "opera"),
    ("samsungbrowser/", "samsung"),
    ("firefox/", "firefox"),
    ("fxios/", "firefox"),
    ("crios/", "chrome"),
    ("chrome/", "chrome"),
    ("chromium/", "chrome"),
    ("trident/", "ie"),
    ("msie ", "ie"),
    ("version/", "safari"),
    ("safari/", "safari"),
];

/// The family of what matches nothing.
pub const OTHER: &str = "other";
/// The family of who says nothing.
pub const NONE: &str = "none";

/// As much of the text as is looked at, in bytes.
const MAX_LEN: usize = 512;

/// The family that a `User-Agent` belongs to: one of the names in the two
/// lists, [`OTHER`] or [`NONE`]. Goes through the text once: it stands on the way
/// of every request that is logged.
pub fn family(user_agent: &[u8]) -> &'static str {
    let text = user_agent.get(..MAX_LEN).unwrap_or(user_agent);
    if text.is_empty() {
        return NONE;
    }
    // The words before the first one that was found.
    let mut wanted = u64::MAX;
    let mut family = OTHER;
    for (at, pair) in text.windows(2).enumerate() {
        let [first, second] = *pair else {
            break;
        };
        let mut candidates = BY_FIRST.with(first) & BY_SECOND.with(second) & wanted;
        while candidates != 0 {
            let place = candidates.trailing_zeros();
            if let Some((word, name)) = known(place)
                && let Some(start) = text.get(at..at.saturating_add(word.len()))
                && start.eq_ignore_ascii_case(word.as_bytes())
            {
                family = name;
                wanted = (1u64 << place).wrapping_sub(1);
                break;
            }
            candidates &= candidates.wrapping_sub(1);
        }
    }
    family
}

/// The word at a place of the two lists, one after the other.
fn known(place: u32) -> Option<(&'static str, &'static str)> {
    let place = usize::try_from(place).ok()?;
    let browser = || BROWSERS.get(place.checked_sub(PROGRAMS.len())?);
    PROGRAMS.get(place).or_else(browser).copied()
}

/// For each byte the words that have it at one place, as a letter of either
/// case: a bit for each word.
struct Words([u64; 256]);

/// By their first letter, and by their second: with both, few words are left to
/// be compared.
static BY_FIRST: Words = Words::by_letter(0);
static BY_SECOND: Words = Words::by_letter(1);

impl Words {
    fn with(&self, byte: u8) -> u64 {
        self.0.get(usize::from(byte)).copied().unwrap_or_default()
    }

    // Carried out by the compiler, which refuses what would panic.
    #[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
    const fn by_letter(at: usize) -> Self {
        assert!(PROGRAMS.len() + BROWSERS.len() < 64);
        let mut words = [0; 256];
        let mut place = 0;
        while place < PROGRAMS.len() + BROWSERS.len() {
            let word = match place < PROGRAMS.len() {
                true => PROGRAMS[place].0,
                false => BROWSERS[place - PROGRAMS.len()].0,
            };
            let letter = word.as_bytes()[at];
            assert!(letter.is_ascii_lowercase());
            words[letter as usize] |= 1 << place;
            words[letter.to_ascii_uppercase() as usize] |= 1 << place;
            place += 1;
        }
        Self(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn real_clients_have_the_family_that_people_call_them_by() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "chrome",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
                "chrome",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.68",
                "edge",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763",
                "edge",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0",
                "opera",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                "samsung",
            ),
            (
                "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
                "firefox",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15",
                "firefox",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                "safari",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
                "ie",
            ),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "bot",
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
                "bot",
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.1; +https://openai.com/gptbot)",
                "bot",
            ),
            (
                "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
                "bot",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
                "headless",
            ),
            ("curl/8.5.0", "curl"),
            ("Wget/1.21.4", "wget"),
            ("python-requests/2.32.3", "python"),
            ("Python-urllib/3.12", "python"),
            ("Go-http-client/2.0", "go"),
            ("okhttp/4.12.0", "okhttp"),
            ("Apache-HttpClient/4.5.14 (Java/17.0.11)", "java"),
            ("Java/17.0.11", "java"),
            (
                "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
                "node",
            ),
            ("node", "node"),
            ("kube-probe/1.30", "probe"),
            ("Prometheus/2.52.0", "probe"),
            ("Envoy/HC", "other"),
            ("Mozilla/5.0", "other"),
            ("\u{4f60}\u{597d}", "other"),
            ("", "none"),
        ] {
            assert_eq!(family(user_agent.as_bytes()), expected, "{user_agent}");
        }
        assert_eq!(family(b"\xff\xfecurl/8"), "curl", "not UTF-8");
        assert_eq!(
            family(&[b'x'; 100_000]),
            "other",
            "only the beginning is read"
        );
    }

    /// What the lists say, word by word.
    fn first_found(text: &[u8]) -> &'static str {
        let text = text.get(..MAX_LEN).unwrap_or(text);
        let has = |word: &str| {
            let mut windows = text.windows(word.len());
            windows.any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
        };
        let mut known = PROGRAMS.iter().chain(&BROWSERS);
        let found = known.find(|(word, _)| has(word));
        found.map_or(if text.is_empty() { NONE } else { OTHER }, |(_, name)| name)
    }

    proptest! {
        #[test]
        fn the_first_word_of_the_lists_that_is_there_counts(
            words in proptest::collection::vec((0u32..36, "[ -~]{0,3}", any::<bool>()), 0..8)
        ) {
            let text: String = words.into_iter().fold(String::new(), |text, (place, between, is_upper)| {
                let word = known(place).unwrap().0;
                let word = if is_upper { word.to_uppercase() } else { word.to_owned() };
                [text, between, word].concat()
            });
            prop_assert_eq!(family(text.as_bytes()), first_found(text.as_bytes()), "{}", text);
        }

        #[test]
        fn there_are_few_families_whatever_is_sent(user_agent in proptest::collection::vec(any::<u8>(), 0..600)) {
            let family = family(&user_agent);
            let known = PROGRAMS.iter().chain(&BROWSERS).any(|(_, name)| *name == family);
            prop_assert!(known || family == OTHER || family == NONE);
        }
    }
}
