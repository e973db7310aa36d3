//! The protobuf wire format, writing only
//! ([encoding](https://protobuf.dev/programming-guides/encoding/)).
//! Fields with their default value are left out, as proto3 does.

use alloc::vec::Vec;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

/// Appends fields to a message.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty message.
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// An empty message with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// Goes on after what was written before.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many bytes were written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Fields that are encoded already.
    pub(super) fn raw(&mut self, fields: &[u8]) {
        self.bytes.extend_from_slice(fields);
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn key(&mut self, field: u32, wire_type: u32) {
        self.raw_varint(u64::from(field << 3 | wire_type));
    }

    pub(super) fn varint(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.set_varint(field, value);
        }
    }

    /// Written even where it is zero: members of a `oneof`.
    pub(super) fn set_varint(&mut self, field: u32, value: u64) {
        self.key(field, VARINT);
        self.raw_varint(value);
    }

    pub(super) fn fixed64(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.set_fixed64(field, value);
        }
    }

    /// Written even where it is zero: members of a `oneof`, and optional fields.
    pub(super) fn set_fixed64(&mut self, field: u32, value: u64) {
        self.key(field, FIXED64);
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, field: u32, value: u32) {
        if value != 0 {
            self.key(field, FIXED32);
            self.raw(&value.to_le_bytes());
        }
    }

    /// Written even where it is zero.
    pub(super) fn set_double(&mut self, field: u32, value: f64) {
        self.set_fixed64(field, value.to_bits());
    }

    pub(super) fn packed_fixed64(
        &mut self,
        field: u32,
        values: impl ExactSizeIterator<Item = u64>,
    ) {
        if values.len() == 0 {
            return;
        }
        self.key(field, LENGTH_DELIMITED);
        self.raw_varint((values.len() as u64).wrapping_mul(8));
        for value in values {
            self.raw(&value.to_le_bytes());
        }
    }

    pub(super) fn bytes(&mut self, field: u32, value: &[u8]) {
        if !value.is_empty() {
            self.set_bytes(field, value);
        }
    }

    /// Written even where it is empty: members of a `oneof`.
    pub(super) fn set_bytes(&mut self, field: u32, value: &[u8]) {
        self.key(field, LENGTH_DELIMITED);
        self.raw_varint(value.len() as u64);
        self.raw(value);
    }

    pub(super) fn string(&mut self, field: u32, value: &str) {
        self.bytes(field, value.as_bytes());
    }

    /// A message within this one; `write` adds its fields.
    pub(super) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.key(field, LENGTH_DELIMITED);
        let start = self.bytes.len();
        write(self);
        let length = self.bytes.len().saturating_sub(start);
        // The length goes before what is written already: append it, which
        // makes room, keep it aside, and move what is written behind it.
        let mut varint = [0; 10];
        self.raw_varint(length as u64);
        if let Some(written) = self.bytes.get_mut(start..) {
            let room = written.len().saturating_sub(length);
            if let Some((kept, appended)) = varint.get_mut(..room).zip(written.get(length..)) {
                kept.copy_from_slice(appended);
                written.copy_within(..length, room);
                if let Some(place) = written.get_mut(..room) {
                    place.copy_from_slice(kept);
                }
            }
        }
    }
}
