//! Resident memory of each further worker, with and without the filter.

use anyhow::Result;
use serde_json::{Value, json};

use super::load::Connection;
use super::stage::Stage;
use super::variant::{Kind, VARIANTS, Variant};

const WORKERS: u32 = 4;
const SERIES: usize = 500;
/// So many connections that each worker has had some.
const CONNECTIONS: usize = 64;

pub struct Memory {
    name: &'static str,
    /// With one worker, in bytes.
    one: u64,
    /// Of each further one.
    further: u64,
}

/// Of the Envoy without the filter and of the one with it, for the difference.
pub fn measure(stage: &Stage) -> Result<Vec<Memory>> {
    let wanted = VARIANTS
        .iter()
        .filter(|variant| variant.kind == Kind::Bare || variant.name == "filter, 100 %");
    wanted.map(|variant| of(stage, variant)).collect()
}

fn of(stage: &Stage, variant: &Variant) -> Result<Memory> {
    let [one, many] = [1, WORKERS].map(|workers| resident(stage, variant, workers));
    let (one, many) = (one?, many?);
    Ok(Memory {
        name: variant.name,
        one,
        further: many.saturating_sub(one) / u64::from(WORKERS - 1),
    })
}

fn resident(stage: &Stage, variant: &Variant, workers: u32) -> Result<u64> {
    let edge = stage.edge_of(variant, workers)?;
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(edge.port)?;
        for at in 0..SERIES {
            connection.get_path(&format!("/{}/{}", word(at / 25), word(at % 25)))?;
        }
    }
    edge.resident()
}

/// A name that no rule takes for an identifier.
fn word(number: usize) -> String {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).unwrap_or_default());
    format!("page{}{}", letter(number / 26), letter(number))
}

pub fn text(memory: &[Memory]) -> String {
    let mut text = format!(
        "{:<16}{:>14}{:>18}\n",
        "resident MB", "one worker", "further worker"
    );
    for one in memory {
        let [first, further] = [one.one, one.further].map(|bytes| bytes as f64 / 1e6);
        text += &format!("{:<16}{first:>14.1}{further:>18.2}\n", one.name);
    }
    text
}

pub fn json(memory: &[Memory]) -> Value {
    memory
        .iter()
        .map(|one| json!({"variant": one.name, "one": one.one, "further": one.further}))
        .collect()
}
