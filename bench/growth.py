#!/usr/bin/env python3
"""growth.py BUILD [--quick | --huge] [--again] [--write] [CURVE…]: see growth.sh, which builds what this needs."""
import os, subprocess, sys, tempfile

import process
from process import note

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "docs")
COMMANDS = {"summary": ["summary"], "one filter": ["events", "--where", "status=deferred"], "trace": ["trace"]}


class Results:
    """What was measured, kept in a file: (curve, line, x) → numbers."""

    def __init__(self, path, again):
        self.path, self.rows = path, {}
        if again and os.path.exists(path):
            os.remove(path)
        if os.path.exists(path):
            with open(path) as f:
                for row in f:
                    curve, line, x, *numbers = row.rstrip("\n").split("\t")
                    self.rows[curve, line, float(x)] = [float(n) for n in numbers]

    def get(self, curve, line, x, measure):
        key = (curve, line, float(x))
        if key not in self.rows:
            note(f"{curve}: {line}, {x}")
            self.rows[key] = list(measure())
            with open(self.path, "a") as f:
                f.write("\t".join(map(str, list(key) + self.rows[key])) + "\n")
        return self.rows[key]


class Growth:
    def __init__(self, build, results, how):
        self.maillog, self.make_log = build + "/maillog", build + "/bench/make_log"
        self.bench, self.results, self.how = build + "/bench/bench_parse", results, how
        self.work = tempfile.TemporaryDirectory()

    def choose(self, quick, usual, huge=None):
        return {"--quick": quick, "--huge": huge or usual}.get(self.how, usual)

    def log(self, *arguments):
        path = os.path.join(self.work.name, "log")
        with open(path, "wb") as f:
            subprocess.run([self.make_log, *arguments], stdout=f, check=True)
        return path

    def in_process(self, *arguments):
        """ns a line of the ways of bench_parse, and bytes a line."""
        rounds, size = self.choose(("5", "3M"), ("21", "10M"))
        text = process.output_of(self.bench, self.log(size, *arguments), rounds)
        return process.ways(text), float(text.split(" bytes a line")[0].split()[-1])

    # ---- the curves: each gives its lines, a list of (x, y) each ----

    def size(self):
        """Seconds of processor time for megabytes, which come through a pipe."""
        sizes = self.choose([10, 30, 100], [10, 30, 100, 300, 1000], [10, 30, 100, 300, 1000, 3000, 10000])
        out = {}
        for line, arguments in COMMANDS.items():
            for mb in sizes:
                def measure():
                    got = process.median_cost([self.maillog, *arguments, "-"], 3 if mb <= 100 else 1,
                                              source=[self.make_log, f"{mb}M"])
                    return got.cpu, got.peak / 1024
                out.setdefault(line, []).append((mb, self.results.get("size", line, mb, measure)[0]))
        return out

    def memory(self):
        """Megabytes of memory for those of the log; a little of it is allowed, so that it is soon used."""
        out = {}
        for line, arguments in COMMANDS.items():
            allowed = [] if arguments[0] == "events" else ["--memory", "8M"]
            for mb in self.choose([10, 30, 100], [10, 30, 100, 300], [10, 30, 100, 300, 1000, 3000, 10000]):
                def measure():
                    got = process.cost([self.maillog, *arguments, *allowed, "-"], source=[self.make_log, f"{mb}M"])
                    return got.cpu, got.peak / 1024
                out.setdefault(line, []).append((mb, self.results.get("memory", line, mb, measure)[1]))
        return out

    def width(self):
        """ns a line for bytes a line."""
        out = {}
        for pad in self.choose([0, 300, 900], [0, 50, 100, 200, 400, 600, 800, 1000]):
            def measure():
                ways, bytes_a_line = self.in_process(f"width={pad}")
                return bytes_a_line, ways["parse"][3], ways["header"][3]
            x, *values = self.results.get("width", "all", pad, measure)
            for line, y in zip(("all fields", "header only"), values):
                out.setdefault(line, []).append((x, y))
        return out

    def unknown(self):
        """ns a line for the share of lines in per cent that nobody knows."""
        out = {}
        for share in self.choose([0, 20, 100], [0, 5, 10, 20, 40, 60, 80, 100]):
            def measure():
                ways, _ = self.in_process(f"unknown={share}")
                return ways["parse"][3], ways["stream"][3]
            for line, y in zip(("batch", "callback"), self.results.get("unknown", "all", share, measure)):
                out.setdefault(line, []).append((share, y))
        return out

    def programs(self):
        """ns a line for the number of other programs that every second line is of."""
        out = {}
        for number in self.choose([1, 8, 24], [1, 2, 4, 8, 12, 16, 20, 24]):
            def measure():
                ways, _ = self.in_process(f"programs={number}")
                return ways["header"][3], ways["one"][3]
            for line, y in zip(("header only", "one daemon"), self.results.get("programs", "all", number, measure)):
                out.setdefault(line, []).append((number, y))
        return out

    def live(self):
        """Microseconds a line of trace for messages that are under way at the same time."""
        out = {}
        for number in self.choose([100, 1000, 10000], [10, 100, 1000, 10000, 100000], [10, 100, 1000, 10000, 100000, 1000000]):
            def measure():
                megabytes = max(self.choose(10, 50), number * 1500 // 1000000)
                log = self.log(f"{megabytes}M", f"live={number}")
                with open(log, "rb") as f:
                    lines = sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
                got = process.median_cost([self.maillog, "trace", "--memory", "4G", log], 3 if number < 100000 else 1)
                return got.cpu / lines * 1e6, got.peak / 1024
            out.setdefault("trace", []).append((number, self.results.get("live", "trace", number, measure)[0]))
        return out

    def threads(self):
        """Times as fast as one thread (by the clock) for the number of threads."""
        out, one = {}, {}
        for number in range(1, max(2, os.cpu_count()) + 1):
            for line, arguments in {"events": ["events"], **COMMANDS}.items():
                def measure():
                    log = self.log(self.choose("30M", "300M"))
                    got = process.median_cost([self.maillog, *arguments, "--threads", str(number), log], 3)
                    return got.wall, got.peak / 1024
                wall = self.results.get("threads", line, number, measure)[0]
                out.setdefault(line, []).append((number, one.setdefault(line, wall) / wall))
        return out


CURVES = {  # name: title, what is on the axes, is x logarithmic, is it the flat line that is wanted
    "size": ("Size of the log, through a pipe", "MB", "processor time, s", False, False),
    "memory": ("Memory of the command with --memory 8M", "MB of log", "memory, MB", True, True),
    "width": ("Length of lines", "bytes a line", "ns a line", False, False),
    "unknown": ("Lines that nobody knows", "per cent of all lines", "ns a line", False, False),
    "live": ("Messages under way at the same time", "messages", "µs a line of trace", True, True),
    "programs": ("Other programs in the log", "programs", "ns a line", False, True),
    "threads": ("Threads", "threads", "times as fast as one", False, False),
}


STRAIGHT = 0.1  # no point is further off the line than that


def fit(points):
    """(a, b) of y = a + b x with the least sum of squared relative errors."""
    w = [1 / (y * y) for _, y in points]
    total = sum(w)
    mx = sum(v * x for v, (x, _) in zip(w, points)) / total
    my = sum(v * y for v, (_, y) in zip(w, points)) / total
    spread = sum(v * (x - mx) ** 2 for v, (x, _) in zip(w, points))
    b = sum(v * (x - mx) * (y - my) for v, (x, y) in zip(w, points)) / spread if spread else 0
    return my - b * mx, b


def judge(points, flat):
    """What is said of a line: its fit, how far the points are from it, whether that is straight."""
    if len(points) < 3:
        return "-", "-", "-"
    a, b = (sum(y for _, y in points) / len(points), 0) if flat else fit(points)
    off = max(abs(y / (a + b * x) - 1) for x, y in points)
    return (f"{a:.3g}" if flat else f"{a:.3g} {b:+.3g} x"), f"{off:.0%}", "yes" if off <= STRAIGHT else "no"


def judge_all(curves):
    head = ["y", "x", "line", "from", "to", "y =", "furthest point", "straight"]
    rows = [head, ["---"] * len(head)]
    for name, lines in curves.items():
        _, x_title, y_title, _, flat = CURVES[name]
        for line, points in lines.items():
            if name == "memory":  # before that its tables are not full
                points = [p for p in points if p[0] >= 30]
            ends = [f"{y:.3g} at {x:.6g}" for x, y in (points[0], points[-1])]
            rows.append([y_title, x_title, line, *ends, *judge(points, flat)])
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def draw(name, lines):
    title, x_title, y_title, logarithmic, flat = CURVES[name]
    data = "".join(f"${chr(97 + i)} << EOD\n" + "".join(f"{x} {y}\n" for x, y in points) + "EOD\n"
                   for i, points in enumerate(lines.values()))
    plots = ", ".join(f"${chr(97 + i)} with linespoints pointtype 7 pointsize 0.5 title \"{line}\"" for i, line in enumerate(lines))
    log = "set logscale x\n" if logarithmic else ""
    script = (f"set terminal svg size 420,280 font 'sans,11' background 'white'\nset output '{DOCS}/growth-{name}.svg'\n"
              f"set title \"{title}\"\nset xlabel \"{x_title}\"\nset ylabel \"{y_title}\"\nset yrange [0:*]\nset key {'bottom right' if flat else 'top left'}\n"
              f"set grid\n{log}set format x '%g'\n{data}plot {plots}\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    options = set(sys.argv[2:])
    wanted = [name for name in CURVES if name in options or not options & set(CURVES)]
    if len(sys.argv) < 2 or options - {"--quick", "--huge", "--again", "--write"} - set(CURVES):
        sys.exit(__doc__ + "\nCurves: " + " ".join(CURVES))
    if os.getloadavg()[0] > os.cpu_count() / 2:
        note("other programs are at work here: figures will vary, and those of threads say nothing")
    how = next((o for o in ("--quick", "--huge") if o in options), "")
    kept = os.path.join(sys.argv[1], "growth-quick.tsv" if how == "--quick" else "growth.tsv")
    growth = Growth(sys.argv[1], Results(kept, "--again" in options), how)
    curves = {name: getattr(growth, name)() for name in wanted}
    text = judge_all(curves)
    print(text, end="")
    if "--write" in options:
        for name, lines in curves.items():
            draw(name, lines)
        images = "".join(f"![{CURVES[name][0]}](growth-{name}.svg)\n" for name in curves)
        process.write_between(os.path.join(DOCS, "performance.md"), "growth", text + "\n" + images)


if __name__ == "__main__":
    main()
