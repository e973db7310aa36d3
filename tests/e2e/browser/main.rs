//! The SDK in a real Chromium.
