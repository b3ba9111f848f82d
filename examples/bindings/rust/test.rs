//! The vectors through line, stream and batch; panics; pause. Usage: test VECTORS | test --bench LOG
use maillog::{event_types, field_id, json_string, Batch, Event, Line, Stream};
use std::os::raw::c_long;

/// The bytes of the JSON string that begins at `p`, behind its quote.
fn decode(p: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut c = p.chars();
    loop {
        match c.next().expect("an unfinished string") {
            '"' => return out,
            '\\' => match c.next().unwrap() {
                'u' => {
                    let hex: String = c.by_ref().take(4).collect();
                    match u32::from_str_radix(&hex, 16).unwrap() {
                        u @ 0xDC80..=0xDCFF => out.push((u - 0xDC00) as u8), // a byte that is no UTF-8
                        u => out.extend(char::from_u32(u).unwrap().to_string().bytes()),
                    }
                }
                'n' => out.push(b'\n'),
                'r' => out.push(b'\r'),
                't' => out.push(b'\t'),
                'b' => out.push(8),
                'f' => out.push(12),
                other => out.push(other as u8),
            },
            other => out.extend(other.to_string().bytes()),
        }
    }
}

fn stamp(ev: &Event) -> String {
    let t = &ev.time;
    let mut s = if t.year != 0 { format!("{:04}", t.year) } else { "-".into() };
    s += &format!("-{:02}-{:02}T{:02}:{:02}:{:02}", t.month, t.day, t.hour, t.minute, t.second);
    if t.digits > 0 {
        s += &format!(".{:09}", t.nsec)[..1 + t.digits as usize];
    }
    match t.utc_offset {
        i16::MIN => {}
        0 => s.push('Z'),
        east => s += &format!("{}{:02}:{:02}", if east < 0 { '-' } else { '+' }, east.abs() / 60, east.abs() % 60),
    }
    s
}

/// An event in the form of the vectors.
fn vector(ev: &Event) -> String {
    let mut out = format!("{{\"line\":{}", json_string(ev.line()));
    if ev.time.month != 0 {
        out += &format!(",\"time\":\"{}\"", stamp(ev));
    }
    for (key, name) in [("daemon", ev.daemon_name()), ("event", ev.name()), ("match", Some(ev.match_name()))] {
        if let Some(name) = name {
            out += &format!(",\"{key}\":\"{name}\"");
        }
    }
    let marks = ["truncated", "ambiguous", "fields_full", "continued", "oversized", "escaped"];
    let set: Vec<_> = (0..6).filter(|i| ev.flags & 1 << i != 0).map(|i| format!("\"{}\"", marks[i])).collect();
    if !set.is_empty() {
        out += &format!(",\"marks\":[{}]", set.join(","));
    }
    let fields: Vec<_> = ev.fields().map(|f| format!("[\"{}\",{}]", f.name(), json_string(f.text))).collect();
    out + &format!(",\"fields\":[{}]}}", fields.join(","))
}

fn vectors(path: &str) {
    let file = std::fs::read_to_string(path).unwrap();
    let want: Vec<&str> = file.lines().collect();
    let lines: Vec<Vec<u8>> = want.iter().map(|w| decode(&w[9..])).collect();
    for (line, want) in lines.iter().zip(&want) {
        assert_eq!(&vector(&Line::parse(line).unwrap().event()), want);
    }
    let text = lines.iter().flat_map(|l| l.iter().chain(b"\n")).copied().collect::<Vec<u8>>();
    let mut got = Vec::new();
    let mut stream = Stream::new(|ev: &Event| { got.push(vector(ev)); true }).unwrap();
    for piece in text.chunks(1000) {
        stream.feed(piece).unwrap();
    }
    stream.finish().unwrap();
    drop(stream);
    assert!(got.iter().eq(want.iter()), "stream");
    got.clear();
    let (mut batch, mut rest) = (Batch::new(100), &text[..]);
    while !rest.is_empty() {
        let (used, events) = batch.parse(rest, true).unwrap();
        got.extend(events.map(|ev| vector(&ev)));
        rest = &rest[used..];
    }
    assert!(got.iter().eq(want.iter()), "batch");
    println!("{} vectors", want.len());
}

fn behaviour() {
    let text = b"Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n".repeat(3);
    let mut seen = 0;
    std::panic::set_hook(Box::new(|_| {})); // it is meant to panic
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut s = Stream::new(|_: &Event| { seen += 1; assert!(seen < 2, "mine"); true }).unwrap();
        s.feed(&text).unwrap();
    }));
    let _ = std::panic::take_hook();
    assert!(panicked.is_err() && seen == 2, "a panic stops the run and goes on in Rust");
    let mut s = Stream::new(|ev: &Event| ev.get(field_id("queue_id").unwrap()) != Some(b"B8D5D20BDD")).unwrap();
    assert_eq!(s.feed(&text).unwrap(), text.len() / 3, "pause");
    assert_eq!(field_id("no such field"), None);
}

extern "C" {
    fn clock() -> c_long; // CPU time, microseconds
}

/// What bench_baseline.c does, with String.
fn bench(path: &str) {
    let text = std::fs::read(path).unwrap();
    let (queue_id, status) = (field_id("queue_id").unwrap(), field_id("status").unwrap());
    let delivery = event_types("delivery")[0];
    let (mut best, mut result) = (f64::MAX, (0u64, 0u64, 0u64));
    for _ in 0..3 {
        let (mut events, mut ids, mut sent) = (0u64, 0u64, 0u64);
        let (mut id, mut how) = (String::new(), String::new());
        let set = |to: &mut String, text: &[u8]| { to.clear(); to.push_str(std::str::from_utf8(text).unwrap_or("?")); };
        let start = unsafe { clock() };
        let mut s = Stream::new(|ev: &Event| {
            events += 1;
            if let Some(v) = ev.get(queue_id) { set(&mut id, v); ids += 1; }
            if ev.kind == delivery { set(&mut how, ev.get(status).unwrap_or(b"")); sent += (how == "sent") as u64; }
            true
        }).unwrap();
        s.feed(&text).unwrap();
        s.finish().unwrap();
        drop(s);
        best = best.min((unsafe { clock() } - start) as f64 * 1e3 / events as f64);
        result = (events, sent, ids);
    }
    println!("{} {} {:.1}", result.0, result.1, best);
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "--bench" {
        return bench(&args[2]);
    }
    vectors(&args[1]);
    behaviour();
    println!("ok");
}
