-- The vectors, pieces of any size, filter, errors. Usage: MAILLOG_LIBRARY=… luajit test.lua VECTORS | --bench LOG
local maillog = require "maillog"
local bit = require "bit"

local function utf8(u)
  if u < 0x80 then return string.char(u) end
  if u < 0x800 then return string.char(0xC0 + bit.rshift(u, 6), 0x80 + bit.band(u, 63)) end
  return string.char(0xE0 + bit.rshift(u, 12), 0x80 + bit.band(bit.rshift(u, 6), 63), 0x80 + bit.band(u, 63))
end

-- The bytes of the JSON string that begins at `at`, behind its quote.
local function decode(text, at)
  local out, plain = {}, { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f" }
  while true do
    local part, stop = text:match('^([^"\\]*)(["\\])', at)
    out[#out + 1] = part
    at = at + #part + 1
    if stop == '"' then return table.concat(out) end
    local escape = text:sub(at, at)
    at = at + 1
    if escape == "u" then
      local u = tonumber(text:sub(at, at + 3), 16)
      out[#out + 1] = u >= 0xDC80 and u <= 0xDCFF and string.char(u - 0xDC00) or utf8(u)
      at = at + 4
    else
      out[#out + 1] = plain[escape] or escape
    end
  end
end

-- An event in the form of the vectors.
local function vector(ev)
  local out = { '{"line":' .. maillog.json(ev.line) }
  for _, key in ipairs { "time", "daemon", "event", "match" } do
    local value = ev[key]
    if value then out[#out + 1] = ('"%s":"%s"'):format(key, value) end
  end
  if #ev.marks > 0 then out[#out + 1] = '"marks":["' .. table.concat(ev.marks, '","') .. '"]' end
  local list = {}
  for name, text in ev:each_field() do list[#list + 1] = ('["%s",%s]'):format(name, maillog.json(text)) end
  out[#out + 1] = '"fields":[' .. table.concat(list, ",") .. "]}"
  return table.concat(out, ",")
end

-- A source that gives `size` bytes at a time.
local function pieces(text, size)
  local at = 1
  return { read = function()
    local piece = text:sub(at, at + size - 1)
    at = at + size
    return piece ~= "" and piece or nil
  end }
end

local function bench(path)
  local text = assert(io.open(path, "rb")):read "*a"
  local best, events, ids, sent = 1e30
  for _ = 1, 3 do
    events, ids, sent = 0, 0, 0
    local start = os.clock()
    for ev in maillog.events(text) do
      events = events + 1
      if ev.queue_id then ids = ids + 1 end
      if ev.event == "delivery" and ev.status == "sent" then sent = sent + 1 end
    end
    best = math.min(best, (os.clock() - start) * 1e9 / events)
  end
  print(("%d %d %.1f"):format(events, sent, best))
end

if arg[1] == "--bench" then return bench(arg[2]) end

local want, lines = {}, {}
for v in io.lines(arg[1]) do
  want[#want + 1] = v
  lines[#lines + 1] = decode(v, 10)
end
local text = table.concat(lines, "\n") .. "\n"

local function compare(what, each)
  local n = 0
  each(function(ev)
    n = n + 1
    local got = vector(ev)
    assert(got == want[n], what .. "\n want " .. tostring(want[n]) .. "\n  got " .. got)
  end)
  assert(n == #want, what .. ": " .. n .. " of " .. #want)
end

compare("string", function(f) for ev in maillog.events(text) do f(ev) end end)
compare("pieces", function(f) for ev in maillog.events(pieces(text, 777)) do f(ev) end end)
compare("run", function(f) maillog.run(pieces(text, 777), f) end)

local line = "Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n"
local n = 0
for ev in maillog.events(line .. "Jul 19 07:59:11 mail postfix/smtpd[1]: connect from a[192.0.2.1]\n", { "connect" }) do
  assert(ev.event == "connect" and ev.client_addr == "192.0.2.1" and ev.to == nil)
  assert(not pcall(function() return ev.no_such_field end))
  n = n + 1
end
assert(n == 1, "filter")
n = 0
local ok, err = pcall(maillog.run, pieces(line:rep(5), 100), function()
  n = n + 1
  if n == 2 then error("mine", 0) end
end)
assert(not ok and err == "mine" and n == 2, "an error stops the run and is raised again")
print(#want .. " vectors\nok")
