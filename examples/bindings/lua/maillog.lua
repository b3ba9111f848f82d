--- maillog for LuaJIT, through its FFI. No other module is needed.
--
--   local maillog = require "maillog"
--   for ev in maillog.events(io.open("/var/log/mail.log", "rb")) do
--     if ev.event == "delivery" then print(ev.queue_id, ev.to, ev.status) end
--   end
--
-- Strings are made when a field is asked for. Names and ids come from the library.
local ffi = require "ffi"
local bit = require "bit"

ffi.cdef [[
typedef struct { int16_t year; uint8_t month, day, hour, minute, second, digits; uint32_t nsec; int16_t utc_offset;
                 uint16_t reserved; } maillog_time;
typedef struct { uint16_t id, word; uint32_t off, len; } maillog_field;
typedef struct { uint32_t off, len, field, nfields, flags; uint16_t type; uint8_t daemon, match; maillog_time time; }
        maillog_batch_event;
typedef struct { maillog_batch_event *event; maillog_field *field; uint32_t event_cap, field_cap, nevents, nfields;
                 uint64_t lines; const uint8_t *daemons; const uint16_t *types; uint32_t ntypes, final; } maillog_batch;
typedef struct { const char *line; uint32_t len; uint16_t type; uint8_t daemon, match; uint32_t flags, nfields;
                 maillog_time time; maillog_field field[64]; } maillog_event;
typedef int (*maillog_event_cb)(void *user, const maillog_event *ev);
size_t maillog_sizeof(int what);
const char *maillog_strerror(int error);
int maillog_batch_parse(const void *opt, const char *buf, size_t len, maillog_batch *inout, size_t *consumed);
void maillog_callbacks_init(void *cb);
int maillog_stream_init(void *s, const void *cb, void *user, void *carry, size_t carry_len);
int maillog_stream_feed(void *s, const void *data, size_t len, size_t *consumed);
int maillog_stream_finish(void *s);
const char *maillog_daemon_name(int id); const char *maillog_event_name(int id); const char *maillog_field_name(int id);
const char *maillog_match_name(int id); const char *maillog_word_name(int id);
int maillog_daemon_next(int id); int maillog_event_next(int id); int maillog_field_next(int id);
size_t maillog_json_string(const char *text, size_t len, char *buf, size_t cap);
]]

local C = ffi.load(os.getenv "MAILLOG_LIBRARY" or "maillog")
for what, type in pairs { [2] = "maillog_time", [3] = "maillog_field", [4] = "maillog_event", [8] = "maillog_batch",
                          [9] = "maillog_batch_event" } do
  assert(C.maillog_sizeof(what) == ffi.sizeof(type), "libmaillog has another layout than this binding")
end

local maillog = { C = C }

local function names(next, name)
  local by_id, id = {}, next(0)
  while id ~= 0 do
    by_id[id] = ffi.string(name(id))
    id = next(id)
  end
  return by_id
end

maillog.daemons = names(C.maillog_daemon_next, C.maillog_daemon_name)
maillog.types = names(C.maillog_event_next, C.maillog_event_name)
maillog.fields = names(C.maillog_field_next, C.maillog_field_name)
maillog.ids = {}
for id, name in pairs(maillog.fields) do maillog.ids[name] = id end
local ids, fields, types, daemons = maillog.ids, maillog.fields, maillog.types, maillog.daemons
local marks = { "truncated", "ambiguous", "fields_full", "continued", "oversized", "escaped" }

local function check(code)
  if code < 0 then error(ffi.string(C.maillog_strerror(code)), 3) end
  return code
end

--- What an event can be asked, besides its fields.
local methods = {}
function methods.line(ev) return ffi.string(ev._base + ev._row.off, ev._row.len) end
function methods.daemon(ev) return daemons[ev._row.daemon] end
function methods.event(ev) return types[ev._row.type] end
function methods.type(ev) return ev._row.type end
function methods.match(ev) return ffi.string(C.maillog_match_name(ev._row.match)) end

function methods.marks(ev)
  local set = {}
  for i, name in ipairs(marks) do
    if bit.band(ev._row.flags, bit.lshift(1, i - 1)) ~= 0 then set[#set + 1] = name end
  end
  return set
end

function methods.time(ev)
  local t = ev._row.time
  if t.month == 0 then return nil end
  local text = ("%s-%02d-%02dT%02d:%02d:%02d"):format(t.year ~= 0 and ("%04d"):format(t.year) or "-", t.month, t.day,
                                                      t.hour, t.minute, t.second)
  if t.digits > 0 then text = text .. "." .. ("%09d"):format(t.nsec):sub(1, t.digits) end
  if t.utc_offset == -32768 then return text end
  local east = math.abs(t.utc_offset)
  if east == 0 then return text .. "Z" end
  return text .. ("%s%02d:%02d"):format(t.utc_offset < 0 and "-" or "+", math.floor(east / 60), east % 60)
end

--- Iterate over (name, text) of the fields, in the order of the line.
local function each_field(ev)
  local i, base, row, field = -1, ev._base, ev._row, ev._fields
  return function()
    i = i + 1
    if i >= row.nfields then return nil end
    local f = field[row.field + i]
    return fields[f.id], ffi.string(base + f.off, f.len)
  end
end

--- Index of the first field `id` of an event from a batch, or nil. All fields with the id are looked up once for the
-- batch, in one long loop, which is what LuaJIT is good at; then it goes along with the events.
local function find(ev, id)
  local column = ev._columns[id]
  if not column then
    column = { at = ffi.new("uint32_t[?]", ev._cap + 1), turn = 0, next = 0 }
    ev._columns[id] = column
  end
  local at, next = column.at, column.next
  if column.turn ~= ev._turn then
    local n, field = 0, ev._fields
    for i = 0, ev._nfields - 1 do
      at[n] = i
      if field[i].id == id then n = n + 1 end
    end
    at[n] = 0xffffffff
    column.turn, next = ev._turn, 0
  end
  local first = ev._row.field
  while at[next] < first do next = next + 1 end
  column.next = next
  if at[next] < first + ev._row.nfields then return at[next] end
end

--- ev.queue_id, ev.to …: the first such field, nil if it is absent. A name that is not in the schema is an error.
local Event = {}
function Event.__index(ev, key)
  local method = methods[key]
  if method then return method(ev) end
  if key == "each_field" then return each_field end
  local id = ids[key] or error("no such field: " .. tostring(key), 2)
  local row, field = ev._row, ev._fields
  if ev._columns then
    local i = find(ev, id)
    return i and ffi.string(ev._base + field[i].off, field[i].len)
  end
  for i = row.field, row.field + row.nfields - 1 do
    if field[i].id == id then return ffi.string(ev._base + field[i].off, field[i].len) end
  end
end

--- Filter: event names to keep; the others do not leave C.
local function filter(batch, wanted)
  if not wanted then return end
  local set, list = {}, {}
  for _, name in ipairs(wanted) do set[name] = true end
  for id, name in pairs(maillog.types) do
    if set[name] then list[#list + 1] = id end
  end
  table.sort(list)
  local types = ffi.new("uint16_t[?]", math.max(#list, 1), list)
  batch.types, batch.ntypes = types, #list
  return types
end

--- The events of a file (opened "rb") or a string; `types` (nil: all) are names of events. The event is the same table
-- for every turn of the loop: take the texts you want to keep.
function maillog.events(source, types)
  local rows, nfields = 8192, 8192 * 16
  local row = ffi.new("maillog_batch_event[?]", rows)
  local field = ffi.new("maillog_field[?]", nfields)
  local batch = ffi.new("maillog_batch", { event = row, field = field, event_cap = rows, field_cap = nfields })
  local keep, used = filter(batch, types), ffi.new "size_t[1]"
  local text, at, i, final = type(source) == "string" and source or "", 0, 0, type(source) == "string"
  local ev = setmetatable({ _fields = field, _keep = { row, keep }, _columns = {}, _cap = nfields, _turn = 0 }, Event)

  local function fill()
    while true do
      local base = ffi.cast("const char *", text)
      batch.final = final and 1 or 0
      check(C.maillog_batch_parse(nil, base + at, #text - at, batch, used))
      ev._turn, ev._nfields = ev._turn + 1, batch.nfields
      ev._base, ev._text = base + at, text -- the string must live as long as its address is used
      at = at + tonumber(used[0])
      if batch.nevents > 0 then return true end
      if used[0] == 0 then
        if final then return false end
        local piece = source:read(1048576)
        final = piece == nil
        text, at = text:sub(at + 1) .. (piece or ""), 0
      end
    end
  end

  return function()
    if i >= batch.nevents then
      i = 0
      if not fill() then
        batch.nevents = 0
        return nil
      end
    end
    ev._row = row[i]
    i = i + 1
    return ev
  end
end

--- Call `on_event(ev)` for each line from inside the parser. An error in it stops the run and is raised again here. A
-- callback from C is slow in LuaJIT: events() is the better way, unless each line must be acted on at once.
function maillog.run(source, on_event)
  local failed
  local cb = ffi.cast("maillog_event_cb", function(_, e)
    local row = { off = 0, len = e.len, field = 0, nfields = e.nfields, flags = e.flags, type = e.type,
                  daemon = e.daemon, match = e.match, time = e.time }
    local ok, err = pcall(on_event, setmetatable({ _base = e.line, _row = row, _fields = e.field }, Event))
    if not ok then failed = { err } end
    return ok and 0 or -1
  end)
  local stream = ffi.new("uint64_t[?]", C.maillog_sizeof(7) / 8ULL)
  local callbacks, carry, used = ffi.new("void *[?]", C.maillog_sizeof(6) / 8ULL), ffi.new "char[65536]", ffi.new "size_t[1]"
  C.maillog_callbacks_init(callbacks)
  callbacks[1] = ffi.cast("void *", cb) -- on_event, behind `size`
  check(C.maillog_stream_init(stream, callbacks, nil, carry, 65536))
  local code = 0
  for piece in function() return source:read(65536) end do
    code = C.maillog_stream_feed(stream, piece, #piece, used)
    if code ~= 0 then break end
  end
  if code == 0 then code = C.maillog_stream_finish(stream) end
  cb:free()
  if failed then error(failed[1], 0) end
  check(code)
end

jit.off(maillog.run) -- compiled code must not call C that calls Lua

--- A JSON string with its quotes, as the library writes it.
function maillog.json(text)
  local cap = #text * 6 + 2
  local buf = ffi.new("char[?]", cap)
  return ffi.string(buf, C.maillog_json_string(text, #text, buf, cap))
end

return maillog
