//! A case as a data file: a configuration, steps, and what is expected of
//! each. Fields that are not known are refused, so that no expectation is
//! misspelt away.

use crate::expectation::Expectation;
use crate::fault::Fault;
use crate::host::{CallAnswer, Pairs, Shared};
use crate::script::ROOT;
use crate::vm::{Module, Vm};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub shows: String,
    /// The filter's configuration; a text is taken as it is.
    configuration: Value,
    /// What happens, in order.
    steps: Vec<Step>,
}

/// One thing that the host does, and what is expected then. Nothing to do is
/// something, too: only to look.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Step {
    /// From now on these functions fail so; an empty list ends all failures.
    faults: Option<HashMap<String, Fault>>,
    /// Only these clusters exist.
    clusters: Option<Vec<String>>,
    /// Another VM of the same host gets the turn.
    vm: Option<usize>,
    /// A new configuration of the context.
    configure: Option<Value>,
    /// Headers of a request, as name and value.
    request: Option<Lines>,
    /// Headers of its response.
    response: Option<Lines>,
    /// The request ends, with these properties besides those given before.
    end: Option<Properties>,
    /// A request that the filter never saw before its end: its headers.
    unseen: Option<Lines>,
    /// What the host knows of the request.
    properties: Properties,
    /// So many milliseconds pass, then it ticks.
    tick_after_ms: Option<u64>,
    /// The oldest call is answered with these headers.
    answer: Option<Lines>,
    /// The answer's body in hexadecimal digits.
    answer_body: String,
    /// The context is deleted.
    delete: bool,
    /// What is to be seen now.
    expect: Expectation,
}

/// Header lines. A text stands for bytes as Latin-1 has them, so that `\xff`
/// is a byte that is no UTF-8.
type Lines = Vec<(String, String)>;

/// Properties by dotted path: a whole number crosses as eight bytes, a text as
/// it is.
type Properties = HashMap<String, Value>;

/// The stream of a case: one at a time.
pub(crate) const STREAM: u32 = 7;

impl Case {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Self> {
        Ok(serde_saphyr::from_str(text)?)
    }

    /// Runs it; an error says at which step what was not as expected.
    pub fn run(&self, module: &Module) -> Result<()> {
        let shared = Shared::default();
        let mut vms = vec![self.start(module, &shared, 1)?];
        let mut turn = 0;
        for (at, step) in self.steps.iter().enumerate() {
            if let Some(next) = step.vm {
                turn = next;
                if next == vms.len() {
                    vms.push(self.start(module, &shared, next as u64 + 1)?);
                }
            }
            let vm = vms.get_mut(turn).context("VMs are numbered as they come")?;
            let done = step.run(vm);
            done.with_context(|| format!("step {} of “{}”", at + 1, self.shows))?;
        }
        Ok(())
    }

    fn start(&self, module: &Module, shared: &Shared, random: u64) -> Result<Vm> {
        let mut vm = module.vm(shared.clone())?;
        vm.host().random = random;
        vm.configure(ROOT, &document(&self.configuration))?;
        Ok(vm)
    }
}

impl Step {
    fn run(&self, vm: &mut Vm) -> Result<()> {
        let host = vm.host();
        host.host_calls.clear();
        let log_before = host.log.len();
        if let Some(faults) = &self.faults {
            host.faults.clone_from(faults);
        }
        if let Some(clusters) = &self.clusters {
            host.clusters = Some(clusters.clone());
        }
        let mut goes_on = None;
        if let Some(configuration) = &self.configure {
            goes_on = Some(vm.configure(ROOT, &document(configuration))?);
        }
        if let Some(headers) = &self.request {
            vm.create(ROOT, STREAM)?;
            goes_on = Some(vm.request(STREAM, lines(headers)?, properties(&self.properties)?)?);
        }
        if let Some(headers) = &self.response {
            goes_on = Some(vm.response(STREAM, lines(headers)?)?);
        }
        if let Some(headers) = &self.unseen {
            vm.create(ROOT, STREAM)?;
            vm.host().streams.entry(STREAM).or_default().request = lines(headers)?;
            vm.end(STREAM, properties(&self.properties)?)?;
        }
        if let Some(more) = &self.end {
            vm.end(STREAM, properties(more)?)?;
        }
        if let Some(millis) = self.tick_after_ms {
            vm.host().advance_millis(millis);
            vm.tick(ROOT)?;
        }
        if let Some(headers) = &self.answer {
            let body = hex(&self.answer_body)?;
            vm.answer(
                ROOT,
                CallAnswer {
                    headers: lines(headers)?,
                    body,
                },
            )?;
        }
        if self.delete {
            vm.delete(ROOT)?;
        }
        self.expect.check(vm.host(), goes_on, log_before)
    }
}

fn document(configuration: &Value) -> Vec<u8> {
    match configuration {
        Value::String(text) => text.clone().into_bytes(),
        value => value.to_string().into_bytes(),
    }
}

fn lines(lines: &Lines) -> Result<Pairs> {
    let lines = lines.iter();
    lines
        .map(|(name, value)| Ok((latin1(name)?, latin1(value)?)))
        .collect()
}

fn latin1(text: &str) -> Result<Vec<u8>> {
    let bytes = text.chars().map(|letter| u8::try_from(u32::from(letter)));
    bytes
        .collect::<Result<_, _>>()
        .with_context(|| format!("no Latin-1: {text:?}"))
}

fn properties(given: &Properties) -> Result<HashMap<String, Vec<u8>>> {
    let bytes = |value: &Value| match value {
        Value::String(text) => latin1(text),
        value => match value.as_i64() {
            Some(number) => Ok(number.to_le_bytes().to_vec()),
            None => bail!("neither text nor whole number: {value}"),
        },
    };
    let given = given.iter();
    given
        .map(|(path, value)| Ok((path.clone(), bytes(value)?)))
        .collect()
}

fn hex(digits: &str) -> Result<Vec<u8>> {
    let pair = |at: usize| Some(u8::from_str_radix(digits.get(at..at + 2)?, 16));
    let bytes = (0..digits.len())
        .step_by(2)
        .map(|at| pair(at).context("half a byte"));
    bytes.map(|byte| Ok(byte??)).collect()
}
