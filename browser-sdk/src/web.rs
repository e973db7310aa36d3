//! What JavaScript sees of the engine: two functions over its memory, and one
//! narrow gate, because each further export costs bytes on both sides. Nothing
//! throws; a trap would reach the caller, which then turns the SDK off.

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use sightline_core::append;

use crate::device::Device;
use crate::input::{Input, Reader, call};
use crate::navigation::PHASES;
use crate::outbox::{Answer, Need};
use crate::page::PageStart;
use crate::session::{Options, Session};
use crate::session_id::Stored;

mod allocator;

#[global_allocator]
static ALLOCATOR: allocator::Blocks = allocator::Blocks::new();

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// The one session of the one page that this instance serves, and the bytes
/// that cross the border: those of a call first, then those of its answer.
struct Page {
    session: Option<Session>,
    room: Vec<u8>,
}

struct Cell(UnsafeCell<Page>);

// SAFETY: a page's engine has one thread; it is built without shared memory.
unsafe impl Sync for Cell {}

static PAGE: Cell = Cell(UnsafeCell::new(Page {
    session: None,
    room: Vec::new(),
}));

/// The address, a multiple of 8, of at least so many bytes: of those of the
/// last answer if it had as many. Good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    // SAFETY: JavaScript holds no reference, and no second call comes meanwhile.
    let page = unsafe { &mut *PAGE.0.get() };
    // Even an empty room has an address that doubles may lie at.
    while page.room.len() < bytes.max(8) {
        append::bytes(&mut page.room, &[0; 64]);
    }
    page.room.as_mut_ptr()
}

/// An input of this kind (`input.rs`), or one of its calls. In the room lie so
/// many numbers, and then so many bytes of texts (UTF-8, NUL between). What
/// comes back is a number, or the count of the bytes that the room now holds:
/// that depends on the call.
#[unsafe(no_mangle)]
pub extern "C" fn engine(kind: u8, numbers: usize, text_bytes: usize) -> usize {
    // SAFETY: as above.
    let page = unsafe { &mut *PAGE.0.get() };
    let given = core::mem::take(&mut page.room);
    let texts_at = numbers.wrapping_mul(8);
    let texts = given.get(texts_at..).unwrap_or_default();
    let texts = texts.get(..text_bytes).unwrap_or_default();
    // SAFETY: the room had been made for both; the allocator aligns to 16.
    let numbers = unsafe { core::slice::from_raw_parts(given.as_ptr().cast(), numbers) };
    if kind == call::RESTORE {
        if let ([signal, count], Some(session)) = (numbers, &mut page.session) {
            session.restore(*signal, *count as u32, texts);
        }
        return 0;
    }
    // SAFETY: `TextEncoder` makes valid UTF-8 of anything.
    let texts = unsafe { core::str::from_utf8_unchecked(texts) };
    let mut from = Reader::new(numbers, texts);
    match (kind, &mut page.session) {
        (call::PHASES, _) => page.room = append::owned(PHASES).into_bytes(),
        (call::START, session) => {
            let started = session.insert(start(&mut from));
            page.room = core::mem::take(&mut started.bad_routes).into_bytes();
        }
        (call::DEVICE, Some(session)) => session.on_device(&device(&mut from)),
        (call::SESSION, Some(session)) => page.room = join(session, &mut from),
        (call::WAITING, Some(session)) => return session.waiting_bytes(),
        (call::NEXT, Some(session)) => {
            let now_ms = from.number();
            page.room = session.next(Need::of(from.number()), now_ms, from.number() != 0.0);
        }
        (call::SETTLED, Some(session)) => {
            let (id, status, now_ms) = (from.number(), from.number(), from.number());
            let answer = Answer {
                status: status as u32,
                retry_after_ms: from.number(),
                chance: from.number(),
                rejected: from.number() as u32,
            };
            session.on_settled(id as u32, answer, now_ms);
        }
        (kind, Some(session)) => {
            if let Some(input) = Input::read(kind, &mut from) {
                session.on(input);
            }
        }
        _ => {}
    }
    page.room.len()
}
fn device<'a>(from: &mut Reader<'a>) -> Device<'a> {
    let [brands, platform, language, user_agent, network, ..] = from.texts;
    let mobile = from.number();
    Device {
        brands,
        platform,
        language,
        user_agent,
        network,
        mobile: (mobile < 2.0).then_some(mobile != 0.0),
        lacks_shifts: from.number() != 0.0,
    }
}

fn join(session: &mut Session, from: &mut Reader<'_>) -> Vec<u8> {
    let [id, ..] = from.texts;
    let now_ms = from.number();
    let stored = Stored {
        id,
        start_ms: from.number(),
        last_ms: from.number(),
    };
    let mut entropy = [0; 16];
    for byte in &mut entropy {
        *byte = from.number() as u8;
    }
    session.join(now_ms, &stored, entropy);
    append::owned(session.session_id()).into_bytes()
}

fn start(from: &mut Reader<'_>) -> Session {
    let [
        service_name,
        service_version,
        environment,
        routes,
        url,
        navigation_type,
        traceparent,
        parent,
    ] = from.texts;
    let options = Options {
        origin_unix_ms: from.number(),
        has_metrics: from.number() != 0.0,
        service_name,
        service_version,
        environment,
        routes,
    };
    let mut start = PageStart {
        activation_ms: from.number(),
        hidden_ms: from.number(),
        url,
        navigation_type,
        traceparent,
        parent,
        entropy: [0; 8],
    };
    for byte in &mut start.entropy {
        *byte = from.number() as u8;
    }
    Session::new(&options, &start)
}
