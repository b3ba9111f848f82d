//! maillog for Rust, without crates: `extern "C"` below, a safe layer with lifetimes above.
//!
//! ```ignore
//! maillog::Stream::new(|ev: &maillog::Event| { println!("{:?}", ev.get(queue_id)); true }).feed(bytes)?;
//! ```
//! A field borrows from its event, and the event from the callback: nothing can be kept by mistake. A panic in a callback
//! does not cross the C code: the run is stopped, and the panic goes on from `feed()`.
use std::any::Any;
use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::{c_char, c_int, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Time {
    pub year: i16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub digits: u8,
    pub nsec: u32,
    pub utc_offset: i16,
    reserved: u16,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawField {
    id: u16,
    word: u16,
    off: u32,
    len: u32,
}

#[repr(C)]
struct RawEvent {
    line: *const u8,
    len: u32,
    kind: u16,
    daemon: u8,
    matched: u8,
    flags: u32,
    nfields: u32,
    time: Time,
    field: [RawField; 64],
}

#[repr(C, align(8))]
#[derive(Clone, Copy, Default)]
struct RawRow {
    off: u32,
    len: u32,
    field: u32,
    nfields: u32,
    flags: u32,
    kind: u16,
    daemon: u8,
    matched: u8,
    time: Time,
}

#[repr(C)]
struct RawBatch {
    event: *mut RawRow,
    field: *mut RawField,
    event_cap: u32,
    field_cap: u32,
    nevents: u32,
    nfields: u32,
    lines: u64,
    daemons: *const u8,
    types: *const u16,
    ntypes: u32,
    last: u32,
}

type Callback = unsafe extern "C" fn(*mut c_void, *const RawEvent) -> c_int;

#[link(name = "maillog")]
extern "C" {
    fn maillog_strerror(code: c_int) -> *const c_char;
    fn maillog_sizeof(what: c_int) -> usize;
    fn maillog_parse_line(opt: *const c_void, line: *const u8, len: usize, out: *mut RawEvent) -> c_int;
    fn maillog_batch_parse(opt: *const c_void, buf: *const u8, len: usize, b: *mut RawBatch, used: *mut usize) -> c_int;
    fn maillog_callbacks_init(cb: *mut c_void);
    fn maillog_stream_init(s: *mut c_void, cb: *const c_void, user: *mut c_void, carry: *mut u8, len: usize) -> c_int;
    fn maillog_stream_feed(s: *mut c_void, data: *const u8, len: usize, used: *mut usize) -> c_int;
    fn maillog_stream_finish(s: *mut c_void) -> c_int;
    fn maillog_daemon_name(id: c_int) -> *const c_char;
    fn maillog_event_name(id: c_int) -> *const c_char;
    fn maillog_field_name(id: c_int) -> *const c_char;
    fn maillog_match_name(id: c_int) -> *const c_char;
    fn maillog_word_name(id: c_int) -> *const c_char;
    fn maillog_field_by_name(name: *const u8, len: usize) -> c_int;
    fn maillog_event_next(id: c_int) -> c_int;
    fn maillog_json_string(text: *const u8, len: usize, buf: *mut u8, cap: usize) -> usize;
}

/// An error of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error(c_int);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(constant(unsafe { maillog_strerror(self.0) }))
    }
}
impl std::error::Error for Error {}

fn check(code: c_int) -> Result<c_int, Error> {
    if code < 0 { Err(Error(code)) } else { Ok(code) }
}

/// The library's names are constants.
fn constant(p: *const c_char) -> &'static str {
    unsafe { CStr::from_ptr(p) }.to_str().unwrap_or("")
}

pub fn word_name(word: u16) -> &'static str {
    constant(unsafe { maillog_word_name(word.into()) })
}
/// The id of a field; `None` if the schema has no such name.
pub fn field_id(name: &str) -> Option<u16> {
    match unsafe { maillog_field_by_name(name.as_ptr(), name.len()) } {
        0 => None,
        id => Some(id as u16),
    }
}
/// All event types with this name: `delivery` may be an event of several families.
pub fn event_types(name: &str) -> Vec<u16> {
    let mut ids = Vec::new();
    let mut id = 0;
    loop {
        id = unsafe { maillog_event_next(id) };
        if id == 0 {
            return ids;
        }
        if constant(unsafe { maillog_event_name(id) }) == name {
            ids.push(id as u16);
        }
    }
}
/// A JSON string with its quotes; bytes that are not UTF-8 as lone surrogates.
pub fn json_string(text: &[u8]) -> String {
    let mut out = vec![0u8; text.len() * 6 + 2];
    let n = unsafe { maillog_json_string(text.as_ptr(), text.len(), out.as_mut_ptr(), out.len()) };
    out.truncate(n);
    String::from_utf8(out).unwrap_or_default()
}

/// A field: `text` is what the log says, `word` the number of a known word.
pub struct Field<'a> {
    pub id: u16,
    pub word: u16,
    pub text: &'a [u8],
}

impl Field<'_> {
    pub fn name(&self) -> &'static str {
        constant(unsafe { maillog_field_name(self.id.into()) })
    }
}

/// An event, borrowed from a callback, a `Line` or a `Batch`.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    text: &'a [u8],
    fields: &'a [RawField],
    line: (u32, u32),
    pub kind: u16,
    pub daemon: u8,
    pub matched: u8,
    pub flags: u32,
    pub time: Time,
}

impl<'a> Event<'a> {
    fn of(e: &'a RawEvent) -> Self {
        let text: &[u8] = if e.len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(e.line, e.len as usize) } };
        Event { text, fields: &e.field[..e.nfields as usize], line: (0, e.len), kind: e.kind, daemon: e.daemon,
                matched: e.matched, flags: e.flags, time: e.time }
    }
    fn cut(&self, off: u32, len: u32) -> &'a [u8] {
        &self.text[off as usize..off as usize + len as usize]
    }
    pub fn line(&self) -> &'a [u8] {
        self.cut(self.line.0, self.line.1)
    }
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + '_ {
        self.fields.iter().map(|f| Field { id: f.id, word: f.word, text: self.cut(f.off, f.len) })
    }
    /// The first such field: `None` if absent, empty if empty.
    #[inline]
    pub fn get(&self, id: u16) -> Option<&'a [u8]> {
        self.fields.iter().find(|f| f.id == id).map(|f| self.cut(f.off, f.len))
    }
    pub fn name(&self) -> Option<&'static str> {
        (self.kind != 0).then(|| constant(unsafe { maillog_event_name(self.kind.into()) }))
    }
    pub fn daemon_name(&self) -> Option<&'static str> {
        (self.daemon != 0).then(|| constant(unsafe { maillog_daemon_name(self.daemon.into()) }))
    }
    pub fn match_name(&self) -> &'static str {
        constant(unsafe { maillog_match_name(self.matched.into()) })
    }
}

/// One line, parsed.
pub struct Line<'a> {
    raw: Box<RawEvent>,
    text: std::marker::PhantomData<&'a [u8]>,
}

impl<'a> Line<'a> {
    pub fn parse(line: &'a [u8]) -> Result<Self, Error> {
        let mut raw: Box<RawEvent> = Box::new(unsafe { std::mem::zeroed() });
        check(unsafe { maillog_parse_line(std::ptr::null(), line.as_ptr(), line.len(), &mut *raw) })?;
        Ok(Line { raw, text: std::marker::PhantomData })
    }
    pub fn event(&self) -> Event<'_> {
        Event::of(&self.raw)
    }
}

/// Bytes in pieces of any size to a closure: it returns whether to go on.
pub struct Stream<F: FnMut(&Event) -> bool> {
    inner: Box<Inner<F>>, // does not move: the library keeps its address
}
struct Inner<F> {
    raw: Vec<u64>,
    carry: Vec<u8>,
    call: F,
    panic: Option<Box<dyn Any + Send>>,
}

unsafe extern "C" fn forward<F: FnMut(&Event) -> bool>(user: *mut c_void, ev: *const RawEvent) -> c_int {
    let call = std::ptr::addr_of_mut!((*user.cast::<Inner<F>>()).call);
    match catch_unwind(AssertUnwindSafe(|| (*call)(&Event::of(&*ev)))) {
        Ok(go_on) => c_int::from(!go_on),
        Err(panic) => {
            (*user.cast::<Inner<F>>()).panic = Some(panic);
            -1
        }
    }
}

impl<F: FnMut(&Event) -> bool> Stream<F> {
    pub fn new(call: F) -> Result<Self, Error> {
        assert_eq!(unsafe { (maillog_sizeof(4), maillog_sizeof(9)) }, (size_of::<RawEvent>(), size_of::<RawRow>()));
        let raw = vec![0; unsafe { maillog_sizeof(7) } / 8];
        let mut inner = Box::new(Inner { raw, carry: vec![0; 65536], call, panic: None });
        let mut cb = vec![0usize; unsafe { maillog_sizeof(6) } / size_of::<usize>()];
        unsafe {
            maillog_callbacks_init(cb.as_mut_ptr().cast());
            cb[1] = forward::<F> as Callback as usize; // on_event, behind `size`
            let user: *mut Inner<F> = &mut *inner;
            check(maillog_stream_init((*user).raw.as_mut_ptr().cast(), cb.as_ptr().cast(), user.cast(),
                                      (*user).carry.as_mut_ptr(), (*user).carry.len()))?;
        }
        Ok(Stream { inner })
    }
    fn done(&mut self, code: c_int) -> Result<(), Error> {
        if let Some(panic) = self.inner.panic.take() {
            resume_unwind(panic);
        }
        check(code).map(|_| ())
    }
    /// Returns the bytes taken: all, unless the closure returned false.
    pub fn feed(&mut self, data: &[u8]) -> Result<usize, Error> {
        let mut used = 0;
        let raw = self.inner.raw.as_mut_ptr();
        let code = unsafe { maillog_stream_feed(raw.cast(), data.as_ptr(), data.len(), &mut used) };
        self.done(code).map(|_| used)
    }
    /// A last line without its end.
    pub fn finish(&mut self) -> Result<(), Error> {
        let raw = self.inner.raw.as_mut_ptr();
        let code = unsafe { maillog_stream_finish(raw.cast()) };
        self.done(code)
    }
}

/// Thousands of lines per call; the arrays are used again.
pub struct Batch {
    rows: Vec<RawRow>,
    fields: Vec<RawField>,
}

impl Batch {
    pub fn new(events: usize) -> Self {
        Batch { rows: vec![RawRow::default(); events], fields: vec![RawField::default(); events * 16 + 64] }
    }
    /// The events of whole lines at the begin of `text`, and how many bytes they are.
    pub fn parse<'a>(&'a mut self, text: &'a [u8], last: bool) -> Result<(usize, impl Iterator<Item = Event<'a>>), Error> {
        let mut used = 0;
        let mut b = RawBatch { event: self.rows.as_mut_ptr(), field: self.fields.as_mut_ptr(), event_cap: self.rows.len() as u32,
                               field_cap: self.fields.len() as u32, nevents: 0, nfields: 0, lines: 0,
                               daemons: std::ptr::null(), types: std::ptr::null(), ntypes: 0, last: last.into() };
        check(unsafe { maillog_batch_parse(std::ptr::null(), text.as_ptr(), text.len(), &mut b, &mut used) })?;
        let fields = &self.fields;
        Ok((used, self.rows[..b.nevents as usize].iter().map(move |r| Event {
            text, fields: &fields[r.field as usize..(r.field + r.nfields) as usize], line: (r.off, r.len), kind: r.kind,
            daemon: r.daemon, matched: r.matched, flags: r.flags, time: r.time })))
    }
}
