//! The proxy's shared data, where workers meet.

/// Somebody else wrote, or the proxy has no shared data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWritten;

/// The proxy's shared data: values that all workers see, each with a number
/// that changes when it is written.
pub trait SharedData {
    /// The value, and its number.
    fn get(&mut self, key: &str) -> Option<(Vec<u8>, u32)>;
    /// Writes if the number is still this one; always where there is no value
    /// or the number is zero.
    fn set(&mut self, key: &str, value: &[u8], number: u32) -> Result<(), NotWritten>;

    /// Makes the value where there is none. If that fails there is no shared
    /// data, and whoever needs it does without.
    fn ensure(&mut self, key: &str, value: &[u8]) {
        if self.get(key).is_none() {
            let _ = self.set(key, value, 0);
        }
    }
}

/// The key of a service's record. The number is the form of the record.
pub fn record_key(namespace: Option<&str>, name: &str) -> String {
    ["sightline/3/", namespace.unwrap_or_default(), "/", name].concat()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::HashMap;

    type Rival = Box<dyn FnMut(&mut EnvoySharedData)>;

    /// Envoy's shared data: the number is not looked at for a key that does not
    /// exist and where it is zero
    /// ([`SharedData::set`](https://github.com/proxy-wasm/proxy-wasm-cpp-host/blob/main/src/shared_data.cc)).
    /// `rival` writes between a worker's reading and writing.
    #[derive(Default)]
    pub(crate) struct EnvoySharedData {
        pub(crate) values: HashMap<String, (Vec<u8>, u32)>,
        last: u32,
        pub(crate) rival: Option<Rival>,
    }

    impl SharedData for EnvoySharedData {
        fn get(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
            let value = self.values.get(key).cloned();
            if let Some(mut rival) = self.rival.take() {
                rival(self);
            }
            value
        }

        fn set(&mut self, key: &str, value: &[u8], number: u32) -> Result<(), NotWritten> {
            let known = self.values.get(key).map(|(_, number)| *number);
            if known.is_some_and(|known| number != 0 && number != known) {
                return Err(NotWritten);
            }
            self.last += 1;
            self.values
                .insert(key.to_owned(), (value.to_vec(), self.last));
            Ok(())
        }
    }
}
