#!/usr/bin/env python3
"""run.py BUILD [--quick] [--write] [library] [peers] [processes]: see run.sh, which builds what this needs."""
import os, re, subprocess, sys, tempfile

import process
from process import note, output_of

HERE = os.path.dirname(os.path.abspath(__file__))
MIXES = {"small": "one server for all", "inbound": "MX with postscreen", "outbound": "a relay", "imap": "Dovecot, mostly"}
FILTER, REGEX = "status=deferred", r"postfix/[a-z]+\[[0-9]+\]: [0-9A-F]+: .* status=deferred "


class Run:
    def __init__(self, build, quick, work):
        self.build, self.quick, self.work = build, quick, work
        self.maillog = build + "/maillog"

    def path(self, name):
        return os.path.join(self.work, name)

    def make(self, name, *command):
        with open(self.path(name), "wb") as f:
            subprocess.run(command, stdout=f, check=True)
        return self.path(name)


def table(head, rows):
    lines = [head, ["---"] * len(head)] + rows
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


# ---- in one process ----

def instructions(run):
    """mix → (SSE2, AVX2), as the gate counts them; empty where it cannot."""
    note("instructions (callgrind)")
    done = subprocess.run(["sh", HERE + "/gate.sh", run.build], stdout=subprocess.PIPE, text=True)
    found = {}
    for mix, path, count in re.findall(r"^(\w+) +(SSE2|AVX2) +(\d+) instructions", done.stdout, re.M):
        found.setdefault(mix, {})[path] = count
    return found


def of_library(run, logs):
    counts, rows = instructions(run), []
    for mix, title in MIXES.items():
        note(f"the library, {mix}")
        best = process.ways(output_of(run.build + "/bench/bench_parse", logs[mix], "9" if run.quick else "31"))
        plain = run.build + "/bench/bench_parse_sse2"
        sse2 = process.ways(output_of(plain, logs[mix], "9" if run.quick else "31")) if os.path.exists(plain) else best
        of = lambda ways, name: f"{ways[name][0]:.1f}"
        each = counts.get(mix, {})
        rows.append([f"{mix}: {title}", "{:.1f} ({:.1f} to {:.1f})".format(*best["parse"][:3]), of(best, "stream"),
                     of(best, "line"), of(best, "buffer"), of(best, "one"), of(best, "header"), of(sse2, "parse"), f"{best['parse'][3]:.0f}",
                     each.get("AVX2", "-"), each.get("SSE2", "-")])
    return table(["made-up log", "times `memchr`: batch (p10 to p90)", "by callback", "line by line",
                  "with a memo, in a buffer", "one daemon of all", "header only", "batch, SSE2", "ns a line, batch", "instructions a line: AVX2", "SSE2"], rows)


def python_re(run, log):
    """Nanoseconds a line; the values are those of maillog, or this ends."""
    script = HERE + "/peers/python_re.py"
    if output_of(sys.executable, script, "--dump", log) != output_of(run.build + "/bench/peers/bench_peers", "--dump", log):
        sys.exit(f"Python's re finds other values than maillog in {log}")
    return float(output_of(sys.executable, script, log).split()[0])


def of_peers(run, logs):
    names = {"maillog": "**maillog**, batch", "callback": "**maillog**, callback", "re2c": "re2c, tagged DFA",
             "pcre2": "PCRE2, JIT", "lognorm": "liblognorm 2", "python": "Python `re`"}
    rows = {name: [title] for name, title in names.items()}
    for mix in MIXES:
        note(f"peers, {mix}")
        said = subprocess.run([run.build + "/bench/peers/bench_peers", logs[mix], "5" if run.quick else "15"],
                              stdout=subprocess.PIPE, text=True)
        if said.returncode:
            sys.exit(f"bench_peers failed with {logs[mix]}")
        found = process.ways(said.stdout)
        slow = python_re(run, logs[mix])
        for name in names:
            rows[name].append(f"{slow / found['memchr'][3]:.0f}" if name == "python" else
                              "{:.1f} ({:.1f} to {:.1f})".format(*found[name]))
    return table(["times `memchr` (p10 to p90)"] + list(MIXES), list(rows.values()))


# ---- whole processes ----

def totals(text):
    return re.findall(r"^ +([\d,]+) +(received|delivered|deferred|bounced|rejected|senders|recipients)\b", text, re.M)


def pflogsumm(run, log):
    note("pflogsumm")
    theirs = process.median_cost(["pflogsumm", log], 1 if run.quick else 3, out=run.path("theirs"))
    process.cost([run.maillog, "summary", log], out=run.path("ours"))
    with open(run.path("theirs")) as a, open(run.path("ours")) as b:
        want, have = totals(a.read()), [(n.replace(",", ""), what) for n, what in totals(b.read())]
    if len(want) < 7 or want != have:
        sys.exit(f"pflogsumm and maillog summary count differently: {want} {have}")
    return theirs


def grep(run, log):
    note("grep")
    found = process.median_cost(["grep", "-cE", REGEX, log], 3, out=run.path("theirs"))
    process.cost([run.maillog, "events", "--where", FILTER, log], out=run.path("ours"))
    with open(run.path("theirs")) as a, open(run.path("ours"), "rb") as b:
        want, have = int(a.read()), sum(1 for _ in b)
    if want != have or want == 0:
        sys.exit(f"grep finds {want} lines, maillog events {have}")
    return found


def of_processes(run):
    day, big = ("30M", "100M") if run.quick else ("100M", "1G")
    note(f"logs of {day} and {big}")
    make_log = run.build + "/bench/make_log"
    log, large = run.make("day", make_log, day), run.make("large", make_log, big)
    peers = {"pflogsumm": pflogsumm(run, log), "grep": grep(run, large)}
    unit = lambda size: size[:-1] + " " + size[-1] + "B"
    commands = [("summary", ["summary"], log, day, "pflogsumm", "`pflogsumm`"), ("trace", ["trace"], log, day, None, ""),
                ("unmatched", ["unmatched"], log, day, None, ""), ("events", ["events"], log, day, None, ""),
                (f"events --where {FILTER}", ["events", "--where", FILTER], large, big, "grep", "`grep -cE`")]
    rows = []
    for name, arguments, path, size, peer, title in commands:
        note(f"maillog {name}")
        one, two = [process.median_cost([run.maillog, *arguments, "--threads", n, path], 3 if run.quick else 5) for n in "12"]
        other = peers.get(peer)
        rows.append([f"`maillog {name}`, {unit(size)}", f"{one.cpu:.2f} s", f"{one.wall:.2f} s", f"{two.wall:.2f} s",
                     f"{max(one.peak, two.peak) / 1024:.0f} MB",
                     f"{title}: {other.cpu:.2f} s, {other.cpu / one.cpu:.1f} ×" if other else ""])
    return table(["command", "processor time", "time", "`--threads 2`", "memory", "the same by"], rows)


def put_into_docs(name, text):
    for path in ("README.md", "docs/performance.md"):
        path = os.path.join(HERE, "..", path)
        with open(path) as f:
            marked = f"<!-- speed: {name} -->" in f.read()
        if marked:
            process.write_between(path, f"speed: {name}", text)


def main():
    parts = {"library": of_library, "peers": of_peers, "processes": lambda run, _: of_processes(run)}
    options = set(sys.argv[2:])
    wanted = options & set(parts) or set(parts)
    if len(sys.argv) < 2 or options - {"--quick", "--write"} - set(parts):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as work:
        run = Run(sys.argv[1], "--quick" in options, work)
        note("logs of mix.py")
        lines = "10000" if run.quick else "50000"
        logs = {mix: run.make(mix, sys.executable, HERE + "/mix.py", mix, lines) for mix in MIXES}
        for name in (p for p in parts if p in wanted):
            text = parts[name](run, logs)
            print(text, flush=True)
            if "--write" in options:
                put_into_docs(name, text)


if __name__ == "__main__":
    main()
