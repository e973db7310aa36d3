//! A module in a VM, and the callbacks through which a host drives it.

use crate::host::{CallAnswer, Host, Pairs, Shared, Stream};
use crate::imports;
use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use std::path::Path;
use wasmi::{Engine, ExternType, Linker, Store, Val};

/// A compiled module; VMs are cheap to make of it.
pub struct Module {
    module: wasmi::Module,
    linker: Linker<Host>,
    engine: Engine,
}

impl Module {
    /// Reads a module, all of whose imports are known here.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        let engine = Engine::default();
        let module = wasmi::Module::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            let ExternType::Func(signature) = import.ty() else {
                anyhow::bail!("{} is no function", import.name());
            };
            let name = import.name().to_owned();
            ensure!(imports::is_known(&name), "no function {name} here");
            linker.func_new(
                import.module(),
                import.name(),
                signature.clone(),
                move |mut caller, arguments, results| {
                    let status = imports::call(&name, &mut caller, arguments);
                    let status =
                        status.map_err(|error| wasmi::Error::new(format!("{name}: {error:#}")))?;
                    results[0] = Val::I32(status.cast_signed());
                    Ok(())
                },
            )?;
        }
        Ok(Self {
            module,
            linker,
            engine,
        })
    }

    /// A VM that sees this shared data.
    pub fn vm(&self, shared: Shared) -> Result<Vm> {
        let mut store = Store::new(&self.engine, Host::new(shared));
        let instance = self
            .linker
            .instantiate_and_start(&mut store, &self.module)?;
        Ok(Vm { store, instance })
    }
}

/// A module that runs.
pub struct Vm {
    store: Store<Host>,
    instance: wasmi::Instance,
}

impl Vm {
    /// What its host knows.
    pub fn host(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    /// The module's memory in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let memory = self.instance.get_memory(&self.store, "memory");
        memory.map_or(0, |memory| memory.data_size(&self.store) as u64)
    }

    /// Calls back; an error is a trap. Gives what was returned.
    fn call(&mut self, name: &str, context: u32, arguments: &[u32]) -> Result<u32> {
        self.host().current = context;
        let function = self.instance.get_func(&self.store, name);
        let function = function.with_context(|| format!("the module has no {name}"))?;
        let arguments: Vec<_> = arguments
            .iter()
            .map(|number| Val::I32(number.cast_signed()))
            .collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let ended = function.call(&mut self.store, &arguments, &mut results);
        ended.with_context(|| format!("trap in {name}"))?;
        Ok(match results.first() {
            Some(Val::I32(number)) => number.cast_unsigned(),
            _ => 0,
        })
    }

    /// Asks the module for memory; its address.
    pub fn allocate(&mut self, size: u32) -> Result<u32> {
        self.call("proxy_on_memory_allocate", 0, &[size])
    }

    /// A context for a configuration comes to be and is configured; whether it
    /// took the document.
    pub fn configure(&mut self, root: u32, document: &[u8]) -> Result<bool> {
        self.host().configuration = document.to_vec();
        self.call("proxy_on_context_create", root, &[root, 0])?;
        let size = u32::try_from(document.len())?;
        Ok(self.call("proxy_on_configure", root, &[root, size])? == 1)
    }

    /// A request comes to be, without its headers.
    pub fn create(&mut self, root: u32, stream: u32) -> Result<()> {
        self.host().streams.insert(stream, Stream::default());
        self.call("proxy_on_context_create", stream, &[stream, root])?;
        Ok(())
    }

    /// Its headers are there; whether it goes on.
    pub fn request(
        &mut self,
        stream: u32,
        headers: Pairs,
        properties: HashMap<String, Vec<u8>>,
    ) -> Result<bool> {
        let count = u32::try_from(headers.len())?;
        let known = self
            .host()
            .streams
            .get_mut(&stream)
            .context("no such stream")?;
        known.request = headers;
        known.properties.extend(properties);
        Ok(self.call("proxy_on_request_headers", stream, &[stream, count, 1])? == 0)
    }

    /// The response headers are there; whether it goes on.
    pub fn response(&mut self, stream: u32, headers: Pairs) -> Result<bool> {
        let count = u32::try_from(headers.len())?;
        let known = self
            .host()
            .streams
            .get_mut(&stream)
            .context("no such stream")?;
        known.response = headers;
        Ok(self.call("proxy_on_response_headers", stream, &[stream, count, 1])? == 0)
    }

    /// It has ended. What is known of it then stays until the next request.
    pub fn end(&mut self, stream: u32, properties: HashMap<String, Vec<u8>>) -> Result<()> {
        let known = self
            .host()
            .streams
            .get_mut(&stream)
            .context("no such stream")?;
        known.properties.extend(properties);
        self.call("proxy_on_log", stream, &[stream])?;
        self.delete(stream)
    }

    /// A context is gone.
    pub fn delete(&mut self, context: u32) -> Result<()> {
        self.call("proxy_on_delete", context, &[context])?;
        Ok(())
    }

    /// Time for what is not urgent.
    pub fn tick(&mut self, root: u32) -> Result<()> {
        self.call("proxy_on_tick", root, &[root])?;
        Ok(())
    }

    /// The oldest call has its answer, or has none.
    pub fn answer(&mut self, root: u32, answer: CallAnswer) -> Result<()> {
        ensure!(!self.host().calls.is_empty(), "no call waits");
        let call = self.host().calls.remove(0);
        let headers = u32::try_from(answer.headers.len())?;
        let body = u32::try_from(answer.body.len())?;
        self.host().call_answer = answer;
        self.call(
            "proxy_on_http_call_response",
            root,
            &[root, call.token, headers, body, 0],
        )?;
        self.host().call_answer = CallAnswer::default();
        Ok(())
    }
}
