package maillog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

const line = "Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n"

type vector struct {
	Line                       string
	Time, Daemon, Event, Match string
	Marks                      []string
	Fields                     [][2]string
}

// The vectors write a byte that is no UTF-8 as \udcXX. encoding/json would make U+FFFD of it: here it becomes a private
// character first, and then the byte.
const private = 0xE000

func escape(s string) string {
	for i := 0x80; i < 0x100; i++ {
		s = strings.ReplaceAll(s, "\\udc"+strconv.FormatInt(int64(i), 16), "\\ue0"+strconv.FormatInt(int64(i), 16))
	}
	return s
}

func raw(s string) []byte {
	var b []byte
	for _, r := range s {
		if r >= private+0x80 && r <= private+0xFF {
			b = append(b, byte(r-private))
		} else {
			b = append(b, string(r)...)
		}
	}
	return b
}

func read(t *testing.T) (want []vector, text []byte) {
	f, err := os.Open(os.Getenv("MAILLOG_VECTORS"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var v vector
		if err := json.Unmarshal([]byte(escape(in.Text())), &v); err != nil {
			t.Fatal(err)
		}
		v.Line = string(raw(v.Line))
		for i := range v.Fields {
			v.Fields[i][1] = string(raw(v.Fields[i][1]))
		}
		want = append(want, v)
		text = append(append(text, v.Line...), '\n')
	}
	return want, text
}

func compare(t *testing.T, in io.Reader, want []vector) {
	i := 0
	r := NewReader(in)
	for ; r.Next(); i++ {
		ev := r.Event()
		got := vector{string(ev.Bytes()), ev.Time().String(), ev.Daemon(), ev.Name(), ev.Match(), ev.Marks(), [][2]string{}}
		for _, f := range ev.Fields() {
			got.Fields = append(got.Fields, [2]string{FieldName(f.ID), ev.Text(f)})
		}
		if i >= len(want) || !reflect.DeepEqual(got, want[i]) {
			t.Fatalf("%d:\nwant %q\n got %q", i, want[i], got)
		}
	}
	if r.Err() != nil || i != len(want) {
		t.Fatalf("%d of %d, %v", i, len(want), r.Err())
	}
}

func TestVectors(t *testing.T) {
	want, text := read(t)
	compare(t, bytes.NewReader(text), want)
	compare(t, iotest.HalfReader(bytes.NewReader(text)), want)
	t.Logf("%d vectors", len(want))
}

func TestSmallReads(t *testing.T) {
	r := NewReader(iotest.OneByteReader(strings.NewReader(line + line + strings.TrimSuffix(line, "\n"))))
	n := 0
	for r.Next() {
		if id, ok := r.Event().Get(FieldID("queue_id")); !ok || id != "B8D5D20BDD" {
			t.Fatal(id)
		}
		n++
	}
	if n != 3 {
		t.Fatal(n)
	}
}

func TestOnly(t *testing.T) {
	r := NewReader(strings.NewReader(line + "Jul 19 07:59:11 mail postfix/smtpd[1]: connect from a[192.0.2.1]\n"))
	r.Only(EventTypes("connect")...)
	if !r.Next() || r.Event().Name() != "connect" || r.Next() {
		t.Fatal("filter")
	}
	if _, ok := r.rowField("to"); ok {
		t.Fatal("absent field")
	}
}

func (r *Reader) rowField(name string) (string, bool) { return Event{r, &r.rows[0]}.Get(FieldID(name)) }

func TestError(t *testing.T) {
	broken := errors.New("broken disk")
	r := NewReader(io.MultiReader(strings.NewReader(line), iotest.ErrReader(broken)))
	if !r.Next() || r.Next() || r.Err() != broken {
		t.Fatal(r.Err())
	}
}

// Nanoseconds of CPU time.
func cpu() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)
}

// What bench_baseline.c does; prints its line.
func TestBench(t *testing.T) {
	path := os.Getenv("MAILLOG_BENCH")
	if path == "" {
		t.Skip("MAILLOG_BENCH is not set")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	id, status, delivery := FieldID("queue_id"), FieldID("status"), EventTypes("delivery")[0]
	best, events, ids, sent := 1e30, 0, 0, 0
	for round := 0; round < 3; round++ {
		events, ids, sent = 0, 0, 0
		start := cpu()
		for r := NewReader(bytes.NewReader(text)); r.Next(); events++ {
			ev := r.Event()
			if _, ok := ev.Get(id); ok {
				ids++
			}
			if ev.Type() == delivery {
				if s, _ := ev.Get(status); s == "sent" {
					sent++
				}
			}
		}
		if ns := float64(cpu()-start) / float64(events); ns < best {
			best = ns
		}
	}
	os.Stdout.WriteString(strconv.Itoa(events) + " " + strconv.Itoa(sent) + " " + strconv.FormatFloat(best, 'f', 1, 64) + "\n")
}
