// test.cpp: the vectors through line, stream and batch; exceptions; messages. usage: test VECTORS LOG | test --bench
// LOG
#include "maillog.hpp"

#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>

static std::string read_all(const char *path)
{
    std::ifstream f(path, std::ios::binary);
    std::stringstream s;
    s << f.rdbuf();
    return s.str();
}

static void put_utf8(std::string &out, unsigned u)
{
    if (u < 0x80) {
        out += static_cast<char>(u);
    } else if (u < 0x800) {
        out += static_cast<char>(0xC0 | u >> 6);
        out += static_cast<char>(0x80 | (u & 63));
    } else {
        out += static_cast<char>(0xE0 | u >> 12);
        out += static_cast<char>(0x80 | (u >> 6 & 63));
        out += static_cast<char>(0x80 | (u & 63));
    }
}

// The bytes of the JSON string that begins at `p`, behind its quote.
static std::string decode(const char *p)
{
    std::string out;
    for (; *p != '"'; p++) {
        if (*p != '\\') {
            out += *p;
        } else if (*++p == 'u') {
            const unsigned u = static_cast<unsigned>(std::stoul(std::string(p + 1, 4), nullptr, 16));
            p += 4;
            if (u >= 0xDC80 && u <= 0xDCFF)
                out += static_cast<char>(u - 0xDC00); // a byte that is no UTF-8
            else
                put_utf8(out, u);
        } else {
            const std::string_view from = "nrtbf", to = "\n\r\t\b\f";
            const auto at = from.find(*p);
            out += at == from.npos ? *p : to[at];
        }
    }
    return out;
}

static std::string json(std::string_view text)
{
    std::string out(text.size() * 6 + 2, '\0');
    out.resize(maillog_json_string(text.data(), text.size(), out.data(), out.size()));
    return out;
}

static std::string stamp(const maillog_time &t)
{
    char buf[80], end[16] = "";
    std::string fraction =
        std::to_string(1000000000u + t.nsec).replace(0, 1, ".").substr(0, t.digits ? t.digits + 1u : 0);
    const int east = t.utc_offset < 0 ? -t.utc_offset : t.utc_offset;
    if (t.utc_offset != MAILLOG_NO_OFFSET)
        std::snprintf(end, sizeof end, east ? "%c%02d:%02d" : "Z", t.utc_offset < 0 ? '-' : '+', east / 60, east % 60);
    char year[8] = "-";
    if (t.year) std::snprintf(year, sizeof year, "%04d", t.year);
    std::snprintf(buf, sizeof buf, "%s-%02d-%02dT%02d:%02d:%02d%s%s", year, t.month, t.day, t.hour, t.minute, t.second,
                  fraction.c_str(), end);
    return buf;
}

static std::string vector(const maillog::event &ev)
{
    std::string out = "{\"line\":" + json(ev.line());
    if (ev.time().month) out += ",\"time\":\"" + stamp(ev.time()) + "\"";
    if (ev.daemon()) out += ",\"daemon\":" + json(ev.daemon_name());
    if (ev.type()) out += ",\"event\":" + json(ev.name());
    out += ",\"match\":\"" + std::string(maillog_match_name(ev.match())) + "\"";
    static const char *const marks[] = {"truncated", "ambiguous", "fields_full", "continued", "oversized", "escaped"};
    std::string list;
    for (unsigned i = 0; i < 6; i++)
        if (ev.flags() & 1u << i) list += std::string(list.empty() ? "" : ",") + "\"" + marks[i] + "\"";
    if (!list.empty()) out += ",\"marks\":[" + list + "]";
    out += ",\"fields\":[";
    const char *comma = "";
    for (const maillog::field f : ev) {
        out += comma + ("[" + json(f.name()) + "," + json(f.text) + "]");
        comma = ",";
    }
    return out + "]}";
}

static int failures;
static void expect(const std::string &got, const std::string &want, const char *what)
{
    if (got == want) return;
    if (failures++ < 3) std::cerr << what << "\n want " << want << "\n  got " << got << "\n";
}

static void vectors(const char *path)
{
    std::vector<std::string> want, lines;
    std::ifstream f(path);
    for (std::string v; std::getline(f, v);) want.push_back(v);
    std::string text;
    for (const auto &w : want) text += lines.emplace_back(decode(w.c_str() + 9)) + "\n";
    std::size_t i = 0;
    for (; i < want.size(); i++) expect(vector(maillog::line(lines[i]).get()), want[i], "line");
    i = 0;
    maillog::stream s([&](const maillog::event &ev) { expect(vector(ev), want.at(i++), "stream"); });
    for (std::size_t at = 0; at < text.size(); at += 1000)
        s.feed(std::string(text, at, 1000)); // another place each time
    s.finish();
    expect(std::to_string(i), std::to_string(want.size()), "stream: events");
    i = 0;
    maillog::batch b(100);
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t used = b.parse(rest);
        for (std::size_t k = 0; k < b.size(); k++) expect(vector(b[k]), want.at(i++), "batch");
        if (!used) break;
        rest.remove_prefix(used);
    }
    expect(std::to_string(i), std::to_string(want.size()), "batch: events");
    std::cout << want.size() << " vectors\n";
}

static void behaviour(const char *log)
{
    const std::string line = "Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n";
    int seen = 0;
    maillog::stream thrower([&](const maillog::event &) {
        if (++seen == 2) throw std::logic_error("mine");
    });
    try {
        thrower.feed(line + line + line);
        expect("nothing", "thrown", "exception");
    } catch (const std::logic_error &e) {
        expect(e.what() + std::to_string(seen), "mine2", "exception");
    }
    maillog::stream pauser([](const maillog::event &ev) { return ev["queue_id"] != "B8D5D20BDD"; });
    expect(std::to_string(pauser.feed(line + line)), std::to_string(line.size()), "pause");
    std::string got;
    maillog::join join([&](maillog_message &m) {
        char why[16384];
        maillog_explain(&m, nullptr, nullptr, why, sizeof why);
        got += std::string(maillog_verdict_name(m.verdict)) + " " + std::to_string(m.lines.len) +
               (maillog::view(m.why).find("INBOX") != std::string::npos ? " INBOX" : " ?");
    });
    std::istringstream in(read_all(log));
    for (std::string l; std::getline(in, l);) {
        maillog_event e;
        maillog_parse_line(nullptr, l.data(), l.size(), &e);
        join.push(e);
    }
    join.flush();
    expect(got, "delivered 19 INBOX", "message");
}

// What bench_baseline.c does, with std::string.
static void bench(const char *path)
{
    const std::string text = read_all(path);
    double best = 1e30;
    unsigned long events = 0, ids = 0, sent = 0;
    for (int round = 0; round < 3; round++) {
        events = ids = sent = 0;
        std::string id, status;
        maillog::stream s([&](const maillog::event &ev) {
            events++;
            if (const auto v = ev[MAILLOG_FIELD_QUEUE_ID]) id = *v, ids++;
            if (ev.type() == MAILLOG_EVENT_POSTFIX_DELIVERY)
                status = ev[MAILLOG_FIELD_STATUS].value_or(""), sent += status == "sent";
        });
        const std::clock_t start = std::clock(); // CPU time
        s.feed(text);
        s.finish();
        const double ns = static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC;
        best = std::min(best, ns / static_cast<double>(events));
    }
    std::printf("%lu %lu %.1f\n", events, sent, best);
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    if (std::string_view(argv[1]) == "--bench") return bench(argv[2]), 0;
    vectors(argv[1]);
    behaviour(argv[2]);
    std::cout << (failures ? "FAILED\n" : "ok\n");
    return failures != 0;
}
