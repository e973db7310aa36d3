//! The protobuf wire format, writing only
//! ([encoding](https://protobuf.dev/programming-guides/encoding/)).
//! Fields with their default value are left out, as proto3 does.

use alloc::vec::Vec;

use crate::append;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
pub(super) const LENGTH_DELIMITED: u32 = 2;
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

    /// What was written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
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
        append::bytes(&mut self.bytes, fields);
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            append::item(&mut self.bytes, value as u8 | 0x80);
            value >>= 7;
        }
        append::item(&mut self.bytes, value as u8);
    }

    pub(super) fn key(&mut self, field: u32, wire_type: u32) {
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
        let start = self.open(field);
        write(self);
        self.close(start);
    }

    // The two halves of `message` stand apart so that they exist once, and not
    // once for each closure.

    /// Leaves a byte for the length, which is enough for most.
    #[inline(never)]
    fn open(&mut self, field: u32) -> usize {
        self.key(field, LENGTH_DELIMITED);
        append::item(&mut self.bytes, 0);
        self.bytes.len()
    }

    /// Puts the length in the place that was left, and moves what is written
    /// behind it if it takes more.
    #[inline(never)]
    fn close(&mut self, start: usize) {
        let mut length = self.bytes.len().wrapping_sub(start);
        let mut at = start.wrapping_sub(1);
        while length >= 0x80 {
            self.put(at, length as u8 | 0x80);
            length >>= 7;
            at = at.wrapping_add(1);
            let mut carried = 0;
            for byte in self.bytes.get_mut(at..).unwrap_or_default() {
                core::mem::swap(byte, &mut carried);
            }
            append::item(&mut self.bytes, carried);
        }
        self.put(at, length as u8);
    }

    fn put(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.bytes.get_mut(at) {
            *place = byte;
        }
    }
}
