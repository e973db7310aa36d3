//! The functions of `proxy-filter/imports/envoy.txt`, carried out on a [`Host`]:
//! arguments out of the module's memory, answers into memory that
//! `proxy_on_memory_allocate` gave.

use crate::fault::{Fault, Garbage};
use crate::host::{self, BAD_ARGUMENT, Call, Host, HostCall, LocalAnswer, NOT_FOUND, OK};
use anyhow::{Context, Result, bail, ensure};
use wasmi::{AsContext, AsContextMut, Caller, Memory, Val};

/// What a function gives back beside its status.
enum Given {
    /// Nothing.
    Status(u32),
    /// Bytes, to the two places of these addresses; a number to the third.
    Bytes(Vec<u8>, [u32; 2], Option<(u32, u32)>),
    /// Bytes written in place.
    InPlace(u32, Vec<u8>),
}

/// Whether there is such a function here.
pub fn is_known(name: &str) -> bool {
    OUTPUTS.iter().any(|(known, _)| *known == name)
}

/// Where the answer of each function belongs: the argument that is the address
/// of the place for bytes (its size follows), or for a number of so many bytes.
#[derive(Clone, Copy)]
enum Output {
    None,
    Bytes(usize),
    Number(usize, usize),
}

const OUTPUTS: [(&str, Output); 18] = [
    ("clock_time_get", Output::Number(2, 8)),
    ("proxy_add_header_map_value", Output::None),
    ("proxy_define_metric", Output::Number(3, 4)),
    ("proxy_get_buffer_bytes", Output::Bytes(3)),
    ("proxy_get_header_map_pairs", Output::Bytes(1)),
    ("proxy_get_header_map_value", Output::Bytes(3)),
    ("proxy_get_property", Output::Bytes(2)),
    ("proxy_get_shared_data", Output::Bytes(2)),
    ("proxy_http_call", Output::Number(9, 4)),
    ("proxy_increment_metric", Output::None),
    ("proxy_log", Output::None),
    ("proxy_remove_header_map_value", Output::None),
    ("proxy_replace_header_map_value", Output::None),
    ("proxy_send_local_response", Output::None),
    ("proxy_set_property", Output::None),
    ("proxy_set_shared_data", Output::None),
    ("proxy_set_tick_period_milliseconds", Output::None),
    ("random_get", Output::None),
];

/// Carries out one call; its status.
pub fn call(name: &str, caller: &mut Caller<'_, Host>, arguments: &[Val]) -> Result<u32> {
    let mut guest = Guest::new(caller, arguments)?;
    let subject = guest.subject(name).unwrap_or_default();
    guest.host().host_calls.push(HostCall {
        name: name.to_owned(),
        subject,
    });
    let fault = guest.host().faults.get(name).copied();
    let given = match fault {
        Some(Fault::Status(status)) => Given::Status(status),
        Some(Fault::Garbage(garbage)) => return guest.nonsense(name, garbage),
        None => guest.carry_out(name)?,
    };
    match given {
        Given::Status(status) => return Ok(status),
        Given::Bytes(bytes, places, number) => {
            guest.give(&bytes, places)?;
            if let Some((place, number)) = number {
                guest.write(place, &number.to_le_bytes())?;
            }
        }
        Given::InPlace(place, bytes) => guest.write(place, &bytes)?,
    }
    Ok(OK)
}

/// A module that calls.
struct Guest<'a, 'b> {
    caller: &'a mut Caller<'b, Host>,
    memory: Memory,
    arguments: Vec<u64>,
}

impl<'a, 'b> Guest<'a, 'b> {
    fn new(caller: &'a mut Caller<'b, Host>, arguments: &[Val]) -> Result<Self> {
        let memory = caller.get_export("memory");
        let memory = memory
            .and_then(|export| export.into_memory())
            .context("no memory")?;
        let arguments = arguments.iter().map(|value| match value {
            Val::I32(number) => Ok(u64::from(number.cast_unsigned())),
            Val::I64(number) => Ok(number.cast_unsigned()),
            other => bail!("an argument of {:?}", other.ty()),
        });
        let arguments = arguments.collect::<Result<_>>()?;
        Ok(Self {
            caller,
            memory,
            arguments,
        })
    }

    fn host(&mut self) -> &mut Host {
        self.caller.data_mut()
    }

    /// The argument at this position.
    fn number(&self, at: usize) -> Result<u32> {
        Ok(u32::try_from(self.arguments[at])?)
    }

    /// The bytes that two arguments name, address first.
    fn bytes(&self, at: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.number(at + 1)? as usize];
        let from = self.number(at)? as usize;
        let read = self.memory.read(self.caller.as_context(), from, &mut bytes);
        read.map_err(|_| anyhow::anyhow!("{} bytes at {from}: not the module's", bytes.len()))?;
        Ok(bytes)
    }

    fn text(&self, at: usize) -> Result<String> {
        String::from_utf8(self.bytes(at)?).context("a text of the filter's is no UTF-8")
    }

    fn pairs(&self, at: usize) -> Result<host::Pairs> {
        host::deserialize(&self.bytes(at)?).context("no header map")
    }

    fn write(&mut self, place: u32, bytes: &[u8]) -> Result<()> {
        let written = self
            .memory
            .write(self.caller.as_context_mut(), place as usize, bytes);
        written.map_err(|_| anyhow::anyhow!("{} bytes at {place}: not the module's", bytes.len()))
    }

    /// What a call is about, see [`HostCall`].
    fn subject(&self, name: &str) -> Option<String> {
        let at = match name {
            "proxy_get_property" | "proxy_set_property" => return self.path().ok(),
            "proxy_get_shared_data" | "proxy_set_shared_data" | "proxy_http_call" => 0,
            "proxy_define_metric" => 1,
            _ if name.ends_with("_header_map_value") => 1,
            _ => return None,
        };
        self.text(at).ok()
    }

    /// Hands bytes over in memory that the module gave for it.
    fn give(&mut self, bytes: &[u8], [place, size_place]: [u32; 2]) -> Result<()> {
        let mut address = 0;
        if !bytes.is_empty() {
            address = self.allocate(bytes.len())?;
            self.write(address, bytes)?;
        }
        self.write(place, &address.to_le_bytes())?;
        self.write(size_place, &u32::try_from(bytes.len())?.to_le_bytes())
    }

    fn allocate(&mut self, size: usize) -> Result<u32> {
        let function = self.caller.get_export("proxy_on_memory_allocate");
        let function = function
            .and_then(|export| export.into_func())
            .context("no allocator")?;
        let mut result = [Val::I32(0)];
        let size = Val::I32(i32::try_from(size)?);
        function.call(self.caller.as_context_mut(), &[size], &mut result)?;
        match result {
            [Val::I32(0)] => bail!("no memory given"),
            [Val::I32(address)] => Ok(address.cast_unsigned()),
            _ => bail!("no address given"),
        }
    }

    /// Says that all is well and gives nonsense.
    fn nonsense(&mut self, name: &str, garbage: Garbage) -> Result<u32> {
        let output = OUTPUTS.iter().find(|(known, _)| *known == name);
        match output.context("no such function")?.1 {
            Output::None => {}
            Output::Number(at, width) if garbage != Garbage::Untouched => {
                self.write(self.number(at)?, &[0xff; 8][..width])?;
            }
            Output::Number(..) => {}
            Output::Bytes(at) => {
                let places = [self.number(at)?, self.number(at + 1)?];
                match garbage.bytes() {
                    Some(bytes) if bytes.is_empty() => {
                        let address = self.allocate(1)?;
                        self.write(places[0], &address.to_le_bytes())?;
                        self.write(places[1], &0u32.to_le_bytes())?;
                    }
                    Some(bytes) => self.give(&bytes, places)?,
                    None if garbage == Garbage::NullWithSize => {
                        self.write(places[0], &0u32.to_le_bytes())?;
                        self.write(places[1], &77u32.to_le_bytes())?;
                    }
                    None => {}
                }
            }
        }
        Ok(OK)
    }

    fn carry_out(&mut self, name: &str) -> Result<Given> {
        let status = |found: bool| Given::Status(if found { OK } else { NOT_FOUND });
        Ok(match name {
            "proxy_log" => {
                let line = (self.number(0)?, self.text(1)?);
                self.host().log.push(line);
                status(true)
            }
            "proxy_set_tick_period_milliseconds" => {
                self.host().tick_millis = Some(self.number(0)?);
                status(true)
            }
            "proxy_get_buffer_bytes" => self.buffer()?,
            "proxy_get_header_map_pairs" => {
                let map = self.number(0)?;
                match self.host().map(map) {
                    None => Given::Status(BAD_ARGUMENT),
                    Some(pairs) => {
                        let bytes = host::serialize(pairs);
                        Given::Bytes(bytes, [self.number(1)?, self.number(2)?], None)
                    }
                }
            }
            "proxy_get_header_map_value" => {
                let (map, name) = (self.number(0)?, self.bytes(1)?);
                let value = self
                    .host()
                    .map(map)
                    .and_then(|pairs| host::value(pairs, &name));
                match value.map(<[u8]>::to_vec) {
                    None => status(false),
                    Some(value) => Given::Bytes(value, [self.number(3)?, self.number(4)?], None),
                }
            }
            "proxy_replace_header_map_value"
            | "proxy_add_header_map_value"
            | "proxy_remove_header_map_value" => self.change_header(name)?,
            "proxy_get_property" => {
                let path = self.path()?;
                let host = self.host();
                let stream = host.streams.get(&host.current);
                match stream
                    .and_then(|stream| stream.properties.get(&path))
                    .cloned()
                {
                    None => status(false),
                    Some(value) => Given::Bytes(value, [self.number(2)?, self.number(3)?], None),
                }
            }
            "proxy_set_property" => {
                let (path, value) = (self.path()?, self.bytes(2)?);
                let host = self.host();
                let stream = host.streams.get_mut(&host.current);
                let found = stream
                    .map(|stream| stream.properties.insert(path, value))
                    .is_some();
                status(found)
            }
            "proxy_get_shared_data" => {
                let key = self.bytes(0)?;
                let known = self.host().shared.borrow().get(&key).cloned();
                match known {
                    None => status(false),
                    Some((value, number)) => {
                        let places = [self.number(2)?, self.number(3)?];
                        Given::Bytes(value, places, Some((self.number(4)?, number)))
                    }
                }
            }
            "proxy_set_shared_data" => {
                let (key, value, number) = (self.bytes(0)?, self.bytes(2)?, self.number(4)?);
                let mut shared = self.caller.data().shared.borrow_mut();
                Given::Status(shared.set(&key, &value, number))
            }
            "proxy_define_metric" => {
                let statistic = (self.number(0)?, self.text(1)?, 0);
                let statistics = &mut self.host().statistics;
                let number = u32::try_from(statistics.len())?;
                statistics.push(statistic);
                Given::InPlace(self.number(3)?, number.to_le_bytes().to_vec())
            }
            "proxy_increment_metric" => {
                let (number, more) = (self.number(0)?, self.arguments[1].cast_signed());
                match self.host().statistics.get_mut(number as usize) {
                    Some(_) if more == 0 => Given::Status(BAD_ARGUMENT),
                    Some((_, _, value)) => {
                        *value += more;
                        status(true)
                    }
                    None => status(false),
                }
            }
            "proxy_send_local_response" => self.local_response()?,
            "proxy_http_call" => {
                let call = Call {
                    token: 0,
                    cluster: self.text(0)?,
                    headers: self.pairs(2)?,
                    body: self.bytes(4)?,
                    timeout_millis: self.number(8)?,
                };
                ensure!(self.pairs(6)?.is_empty(), "trailers");
                match self.host().call(call) {
                    Err(status) => Given::Status(status),
                    Ok(token) => Given::InPlace(self.number(9)?, token.to_le_bytes().to_vec()),
                }
            }
            "clock_time_get" => {
                let place = self.number(2)?;
                let nanos = match self.number(0)? {
                    0 => self.host().unix_nanos,
                    1 => self.host().monotonic_nanos,
                    other => bail!("clock {other}"),
                };
                Given::InPlace(place, nanos.to_le_bytes().to_vec())
            }
            "random_get" => {
                let mut bytes = vec![0; self.number(1)? as usize];
                self.host().fill_random(&mut bytes);
                Given::InPlace(self.number(0)?, bytes)
            }
            other => bail!("no function {other} here"),
        })
    }

    /// A path whose parts are separated by zero bytes, with dots.
    fn path(&self) -> Result<String> {
        Ok(self.text(0)?.replace('\0', "."))
    }

    fn buffer(&mut self) -> Result<Given> {
        let (buffer, start, size) = (self.number(0)?, self.number(1)?, self.number(2)?);
        let host = self.caller.data();
        let bytes = match buffer {
            4 => &host.call_answer.body,
            7 => &host.configuration,
            _ => return Ok(Given::Status(NOT_FOUND)),
        };
        let rest = bytes.iter().skip(start as usize).take(size as usize);
        let bytes = rest.copied().collect();
        Ok(Given::Bytes(
            bytes,
            [self.number(3)?, self.number(4)?],
            None,
        ))
    }

    fn change_header(&mut self, how: &str) -> Result<Given> {
        let (map, name) = (self.number(0)?, self.bytes(1)?);
        let is_removal = how == "proxy_remove_header_map_value";
        let value = if is_removal {
            Vec::new()
        } else {
            self.bytes(3)?
        };
        let Some(pairs) = self.host().map(map) else {
            return Ok(Given::Status(BAD_ARGUMENT));
        };
        match how {
            "proxy_add_header_map_value" => pairs.push((name, value)),
            "proxy_replace_header_map_value" => host::replace(pairs, &name, &value),
            _ => pairs.retain(|(known, _)| *known != name),
        }
        Ok(Given::Status(OK))
    }

    fn local_response(&mut self) -> Result<Given> {
        let answer = LocalAnswer {
            status: self.number(0)?,
            body: self.bytes(3)?,
            headers: self.pairs(5)?,
        };
        let host = self.host();
        match host.streams.get_mut(&host.current) {
            None => return Ok(Given::Status(BAD_ARGUMENT)),
            Some(stream) => stream.answer = Some(answer),
        }
        Ok(Given::Status(OK))
    }
}
