//! How much each client may send, over all workers: token buckets in the
//! proxy's shared data. Their number is fixed, so that strangers can't make
//! them take memory. A client is known by a keyed hash of its address, so that
//! nobody can choose whom he shares a place with, and no address is kept.
//!
//! Where all places of a shard have clients that have used up something, a new
//! one takes over the place that has used least, with what was used of it: so
//! however many addresses somebody has, no more passes than the places allow.

use crate::config::Rate;
use crate::shared_data::SharedData;
use core::net::{IpAddr, Ipv6Addr};
use sightline_core::client_address;
use sightline_core::rate_limit::RateLimit;

/// Values in shared data. Each is read and written whole, so they are small,
/// and seldom two workers want the same.
const SHARDS: u64 = 256;
/// Clients in each.
const PLACES: usize = 32;
/// Two numbers of 64 bits.
const PLACE_BYTES: usize = 16;
/// How often a worker tries again when others come first.
const TRIES: usize = 16;

/// The limit as one worker has it.
#[derive(Debug, Default)]
pub struct ClientLimit {
    /// Addresses are hashed with it.
    pub key: [u8; 16],
    /// Where there is no shared data, each worker has a few places of its own.
    own: Shard,
}

#[derive(Clone, Copy, Debug, Default)]
struct Shard([Place; PLACES]);

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    client: u64,
    limit: RateLimit,
}

impl ClientLimit {
    /// Takes one request of what a client may send, or says in how many
    /// nanoseconds it may send again. Those whose address nobody knows are one
    /// client.
    pub fn take(
        &mut self,
        shared: &mut dyn SharedData,
        service: &str,
        client: Option<IpAddr>,
        rate: Rate,
        now_nanos: u64,
    ) -> Result<(), u64> {
        let client = self.hash(client);
        let key = key(service, client.checked_rem(SHARDS).unwrap_or_default());
        for _ in 0..TRIES {
            let Some((bytes, number)) = shared.get(&key) else {
                return self.own.take(client, rate, now_nanos);
            };
            let mut shard = Shard::read(&bytes);
            let taken = shard.take(client, rate, now_nanos);
            if taken.is_err() || shared.set(&key, &shard.bytes(), number).is_ok() {
                return taken;
            }
        }
        Err(rate.every_nanos)
    }

    /// Whoever has IPv6 has 64 bits of it to choose from.
    fn hash(&self, client: Option<IpAddr>) -> u64 {
        let client = match client.unwrap_or(Ipv6Addr::UNSPECIFIED.into()) {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
        };
        client_address::hash(client, self.key)
    }
}

/// Makes the places where there are none, before any worker needs them: at what
/// is there, no two workers write at the same time unnoticed.
pub fn ensure(shared: &mut dyn SharedData, service: &str) {
    for shard in 0..SHARDS {
        shared.ensure(&key(service, shard), &Shard::default().bytes());
    }
}

fn key(service: &str, shard: u64) -> String {
    format!("ingest/{shard}/{service}")
}

impl Shard {
    fn take(&mut self, client: u64, rate: Rate, now_nanos: u64) -> Result<(), u64> {
        let used_until = |place: &Place| place.limit.used_until_nanos;
        let Rate {
            every_nanos,
            burst_nanos,
        } = rate;
        let known = self.0.iter().position(|place| place.client == client);
        let place = match known.and_then(|at| self.0.get_mut(at)) {
            Some(place) => place,
            None => self
                .0
                .iter_mut()
                .min_by_key(|place| used_until(place))
                .ok_or(every_nanos)?,
        };
        place.limit.take(every_nanos, burst_nanos, now_nanos)?;
        place.client = client;
        Ok(())
    }

    fn read(bytes: &[u8]) -> Self {
        let mut shard = Self::default();
        for (place, bytes) in shard.0.iter_mut().zip(bytes.chunks_exact(PLACE_BYTES)) {
            let (client, used_until) = bytes.split_at_checked(8).unwrap_or_default();
            let number = |bytes: &[u8]| bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
            place.client = number(client).unwrap_or_default();
            place.limit.used_until_nanos = number(used_until).unwrap_or_default();
        }
        shard
    }

    fn bytes(&self) -> Vec<u8> {
        let numbers = self.0.iter();
        let numbers = numbers.flat_map(|place| [place.client, place.limit.used_until_nanos]);
        numbers.flat_map(u64::to_le_bytes).collect()
    }
}

#[cfg(test)]
mod tests;
