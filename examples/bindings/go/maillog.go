// Package maillog reads mail logs with libmaillog: one C call for thousands of lines. C sees the Go buffers during the
// call only, and what comes back are numbers: no C pointer is kept, and none is in the structs.
//
//	r := maillog.NewReader(file)
//	for r.Next() {
//		ev := r.Event()
//		fmt.Println(ev.Get(maillog.FieldID("queue_id")))
//	}
//	if r.Err() != nil { … }
package maillog

/*
#cgo LDFLAGS: -lmaillog
#include <maillog/maillog.h>
#include <string.h>

// The arrays in arguments of their own, so that Go's checks see no Go pointer inside of Go memory.
static int parse(const char *buf, size_t len, maillog_batch_event *event, uint32_t event_cap, maillog_field *field,
	uint32_t field_cap, const uint8_t *daemons, const uint16_t *types, uint32_t ntypes, uint32_t final,
	uint32_t *nevents, size_t *used)
{
	maillog_batch b;
	memset(&b, 0, sizeof b);
	b.event = event;
	b.field = field;
	b.event_cap = event_cap;
	b.field_cap = field_cap;
	b.daemons = daemons;
	b.types = types;
	b.ntypes = ntypes;
	b.final = final;
	const int rc = maillog_batch_parse(NULL, buf, len, &b, used);
	*nevents = b.nevents;
	return rc;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"unsafe"
)

// Time as the log shows it. Month 0: none; Year 0: the log has none; UTCOffset in minutes, NoOffset: none.
type Time struct {
	Year                                     int16
	Month, Day, Hour, Minute, Second, Digits uint8
	Nsec                                     uint32
	UTCOffset                                int16
	_                                        uint16
}

// NoOffset is the UTCOffset of a stamp that names no zone.
const NoOffset = -32768

func (t Time) String() string {
	if t.Month == 0 {
		return ""
	}
	s := "-"
	if t.Year != 0 {
		s = fmt.Sprintf("%04d", t.Year)
	}
	s += fmt.Sprintf("-%02d-%02dT%02d:%02d:%02d", t.Month, t.Day, t.Hour, t.Minute, t.Second)
	if t.Digits > 0 {
		s += fmt.Sprintf(".%09d", t.Nsec)[:1+t.Digits]
	}
	switch east := t.UTCOffset; {
	case east == NoOffset:
	case east == 0:
		s += "Z"
	case east < 0:
		s += fmt.Sprintf("-%02d:%02d", -east/60, -east%60)
	default:
		s += fmt.Sprintf("+%02d:%02d", east/60, east%60)
	}
	return s
}

type row struct {
	off, length, field, nfields, flags uint32
	kind                               uint16
	daemon, match                      uint8
	time                               Time
}

// Field is a slice of the line. Word: the number of a known word, 0 = none.
type Field struct {
	ID, Word    uint16
	Off, Length uint32
}

// The schema's names by id; they come from the library.
var (
	daemons, events, fields, matches = map[int]string{}, map[int]string{}, map[int]string{}, [4]string{}
	fieldIDs                         = map[string]uint16{}
	flags                            = []string{"truncated", "ambiguous", "fields_full", "continued", "oversized", "escaped"}
)

func init() {
	if C.maillog_sizeof(C.MAILLOG_SIZEOF_BATCH_EVENT) != C.size_t(unsafe.Sizeof(row{})) ||
		C.maillog_sizeof(C.MAILLOG_SIZEOF_FIELD) != C.size_t(unsafe.Sizeof(Field{})) {
		panic("libmaillog has another layout than this package")
	}
	for id := C.maillog_daemon_next(0); id != 0; id = C.maillog_daemon_next(id) {
		daemons[int(id)] = C.GoString(C.maillog_daemon_name(id))
	}
	for id := C.maillog_event_next(0); id != 0; id = C.maillog_event_next(id) {
		events[int(id)] = C.GoString(C.maillog_event_name(id))
	}
	for id := C.maillog_field_next(0); id != 0; id = C.maillog_field_next(id) {
		fields[int(id)] = C.GoString(C.maillog_field_name(id))
		fieldIDs[fields[int(id)]] = uint16(id)
	}
	for i := range matches {
		matches[i] = C.GoString(C.maillog_match_name(C.int(i)))
	}
}

// FieldID of a name in the schema; 0 if there is none.
func FieldID(name string) uint16 { return fieldIDs[name] }

// EventTypes with this name: several families may have one.
func EventTypes(name string) (ids []uint16) {
	for id := C.maillog_event_next(0); id != 0; id = C.maillog_event_next(id) {
		if events[int(id)] == name {
			ids = append(ids, uint16(id))
		}
	}
	return ids
}

// Event is a line; valid until the next batch is read, that is: for one turn of the loop.
type Event struct {
	r   *Reader
	row *row
}

func (e Event) Daemon() string  { return daemons[int(e.row.daemon)] }
func (e Event) Name() string    { return events[int(e.row.kind)] }
func (e Event) Type() uint16    { return e.row.kind }
func (e Event) Match() string   { return matches[e.row.match] }
func (e Event) Time() Time      { return e.row.time }
func (e Event) Fields() []Field { return e.r.fields[e.row.field : e.row.field+e.row.nfields] }

// Bytes of the line; a slice of the reader's buffer.
func (e Event) Bytes() []byte { return e.r.text()[e.row.off : e.row.off+e.row.length] }

// Text of a field, as a string of its own.
func (e Event) Text(f Field) string { return string(e.r.text()[f.Off : f.Off+f.Length]) }

// Get is the first field with this id, and whether the event has it.
func (e Event) Get(id uint16) (string, bool) {
	for _, f := range e.Fields() {
		if f.ID == id {
			return e.Text(f), true
		}
	}
	return "", false
}

// Marks are the names of the event's flags.
func (e Event) Marks() (names []string) {
	for i, name := range flags {
		if e.row.flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// FieldName as in the schema.
func FieldName(id uint16) string { return fields[int(id)] }

// Reader reads events from an io.Reader, in batches.
type Reader struct {
	in         io.Reader
	buf        []byte
	from, to   int // bytes not parsed yet; those of the batch are before
	base, used int // the batch: buf[base : base+used]
	rows       []row
	fields     []Field
	n, at      int
	eof        bool
	err        error
	types      []uint16
}

// NewReader with a buffer of a megabyte; a longer line makes it grow.
func NewReader(in io.Reader) *Reader {
	return &Reader{in: in, buf: make([]byte, 1<<20), rows: make([]row, 8192), fields: make([]Field, 8192*16), at: -1}
}

// Only these event types: the others do not leave C.
func (r *Reader) Only(types ...uint16) *Reader {
	r.types = append(r.types, types...)
	for i := range r.types { // ascending, as the library wants it
		for k := i; k > 0 && r.types[k] < r.types[k-1]; k-- {
			r.types[k], r.types[k-1] = r.types[k-1], r.types[k]
		}
	}
	return r
}

func (r *Reader) text() []byte { return r.buf[r.base:] }

// Next goes to the next event; false at the end, or after an error.
func (r *Reader) Next() bool {
	for r.at++; r.at >= r.n; r.at = 0 {
		if r.err != nil || !r.batch() {
			return false
		}
	}
	return true
}

// Event that Next found.
func (r *Reader) Event() Event { return Event{r, &r.rows[r.at]} }

// Err that ended the loop, if it was not the end of the input.
func (r *Reader) Err() error { return r.err }

// batch parses what is there, or reads more; false when there is nothing more.
func (r *Reader) batch() bool {
	for {
		if r.from < r.to {
			if r.err = r.parse(); r.err != nil {
				return false
			}
			if r.used > 0 {
				return true
			}
		}
		if r.eof {
			return false
		}
		if r.from > 0 {
			r.to = copy(r.buf, r.buf[r.from:r.to])
			r.from = 0
		} else if r.to == len(r.buf) {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		n, err := io.ReadAtLeast(r.in, r.buf[r.to:], 1)
		r.to += n
		if r.eof = err == io.EOF; err != nil && !r.eof {
			r.err = err
			return false
		}
	}
}

func (r *Reader) parse() error {
	var n C.uint32_t
	var used C.size_t
	var types *C.uint16_t
	if len(r.types) > 0 {
		types = (*C.uint16_t)(&r.types[0])
	}
	final := C.uint32_t(0)
	if r.eof {
		final = 1
	}
	rc := C.parse((*C.char)(unsafe.Pointer(&r.buf[r.from])), C.size_t(r.to-r.from),
		(*C.maillog_batch_event)(unsafe.Pointer(&r.rows[0])), C.uint32_t(len(r.rows)),
		(*C.maillog_field)(unsafe.Pointer(&r.fields[0])), C.uint32_t(len(r.fields)),
		nil, types, C.uint32_t(len(r.types)), final, &n, &used)
	if rc != 0 {
		return errors.New(C.GoString(C.maillog_strerror(rc)))
	}
	r.base, r.used, r.n = r.from, int(used), int(n)
	r.from += int(used)
	return nil
}
