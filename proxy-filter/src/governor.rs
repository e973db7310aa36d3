//! What keeps the number of series in bounds when paths are made up: who is
//! asked for often enough to have a name, and whose newcomers found no room.
//! Everything here is of a fixed size.

/// So many requests earn a name in a crowded place, if they are ...
pub const EARNED_REQUESTS: u64 = 32;
/// ... at least this part of those that have no name there.
pub const EARNED_PART: u64 = 256;
/// How many parents of newcomers without room are kept.
const MAX_OFFENDERS: usize = 10;
/// Counters in a row of the sketch; a power of two.
const WIDTH: usize = 4096;

/// Counts how often each of any number of names was asked for lately: a
/// [count-min sketch](https://en.wikipedia.org/wiki/Count%E2%80%93min_sketch)
/// of two rows, halved from time to time. It never counts too little, and
/// names that are asked for once don't add up.
#[derive(Debug, Default)]
pub struct Newcomers {
    /// Both rows; nothing until the first name.
    counts: Vec<u8>,
    noted: u64,
}

impl Newcomers {
    /// A name is asked for. Says whether it has earned its place.
    pub fn note(&mut self, name: &str) -> bool {
        self.counts.resize(WIDTH.saturating_mul(2), 0);
        let hash = hash(name.as_bytes());
        let slot = |bits: u64| usize::try_from(bits).unwrap_or_default() % WIDTH;
        let slots = [slot(hash), slot(hash >> 32).saturating_add(WIDTH)];
        let mut least = u8::MAX;
        for slot in slots {
            if let Some(count) = self.counts.get_mut(slot) {
                *count = count.saturating_add(1);
                least = least.min(*count);
            }
        }
        self.noted = self.noted.saturating_add(1);
        if self.noted >= EARNED_REQUESTS.saturating_mul(EARNED_PART) {
            self.noted = 0;
            self.counts.iter_mut().for_each(|count| *count /= 2);
        }
        u64::from(least) >= EARNED_REQUESTS
    }
}

/// FNV-1a, its bits mixed once more.
fn hash(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash = bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (hash >> 32)
}

/// The parents whose newcomers found no room, with the requests that therefore
/// count as `_other`: the most frequent ones of any number, by
/// [Space-Saving](https://doi.org/10.1007/978-3-540-30570-5_27). A count may be
/// too high by what a parent that was forgotten had; never too low.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offenders(Vec<(Box<str>, u64)>);

impl Offenders {
    /// Requests below a parent found no room.
    pub fn add(&mut self, parent: &str, requests: u64) {
        let known = self.0.iter_mut().find(|(known, _)| **known == *parent);
        if let Some((_, count)) = known {
            *count = count.saturating_add(requests);
        } else if self.0.len() < MAX_OFFENDERS {
            self.0.push((Box::from(parent), requests));
        } else if let Some(least) = self.0.iter_mut().min_by_key(|(_, count)| *count) {
            *least = (Box::from(parent), least.1.saturating_add(requests));
        }
    }

    /// All of them.
    pub fn list(&self) -> &[(Box<str>, u64)] {
        &self.0
    }

    /// With the requests since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let more = |(parent, requests): &(Box<str>, u64)| {
            let before = earlier.0.iter().find(|(known, _)| known == parent);
            let before = before.map_or(0, |(_, before)| *before);
            (parent.clone(), requests.saturating_sub(before))
        };
        Self(self.0.iter().map(more).collect())
    }

    /// None any more.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_earned_by_requests_and_not_by_many_names() {
        let mut newcomers = Newcomers::default();
        let mut at = 0;
        let mut made_up = || {
            at += 1;
            format!("/made-up/{at}")
        };
        let earned = (0..100_000).filter(|_| newcomers.note(&made_up())).count();
        assert_eq!(earned, 0, "nobody asked twice");
        // One in a hundred is more than one in 256.
        let needed = (1..).find(|_| {
            (0..99).for_each(|_| assert!(!newcomers.note(&made_up())));
            newcomers.note("/cart")
        });
        assert!((20..=70).contains(&needed.unwrap()), "{needed:?}");
        // One in a thousand is not.
        let earned = (0..1000).any(|_| {
            (0..999).for_each(|_| assert!(!newcomers.note(&made_up())));
            newcomers.note("/help")
        });
        assert!(!earned);
        assert_eq!(newcomers.counts.len(), 2 * WIDTH);
    }

    #[test]
    fn the_worst_offenders_are_kept() {
        let mut offenders = Offenders::default();
        for at in 0..1000 {
            offenders.add("/users", 5);
            offenders.add("/search", 2);
            offenders.add(&format!("/{at}"), 1);
        }
        assert_eq!(offenders.list().len(), MAX_OFFENDERS);
        let count = |name: &str| {
            let found = offenders.list().iter().find(|(known, _)| &**known == name);
            found.map(|(_, count)| *count)
        };
        assert_eq!(
            (count("/users"), count("/search")),
            (Some(5000), Some(2000))
        );
    }
}
