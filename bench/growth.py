#!/usr/bin/env python3
"""growth.py BUILD [--quick | --huge] [--again] [--write] [CURVE…]: see growth.sh, which builds what this needs."""
import functools, os, subprocess, sys, tempfile

import process
from process import note

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "docs")
COMMANDS = {"summary": ["summary"], "one filter": ["events", "--where", "status=deferred"], "trace": ["trace"]}


class Results:
    """What was measured, kept in a file: (curve, line, x, number of the run) → numbers."""

    def __init__(self, path, again):
        self.path, self.rows = path, {}
        if again and os.path.exists(path):
            os.remove(path)
        if os.path.exists(path):
            with open(path) as f:
                for row in f:
                    curve, line, x, run, *numbers = row.rstrip("\n").split("\t")
                    self.rows[curve, line, float(x), int(run)] = [float(n) for n in numbers]

    def get(self, curve, line, x, run, measure):
        key = (curve, line, float(x), run)
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
        self.work, self.made = tempfile.TemporaryDirectory(), None

    def choose(self, quick, usual, huge=None):
        return {"--quick": quick, "--huge": huge or usual}.get(self.how, usual)

    def runs(self, megabytes=0):
        """How often a point is measured: what takes long varies less."""
        return self.choose(1, 5 if megabytes < 300 else 3 if megabytes < 1000 else 2)

    def log(self, *arguments):
        path = os.path.join(self.work.name, "log")
        if self.made != arguments:
            with open(path, "wb") as f:
                subprocess.run([self.make_log, *arguments], stdout=f, check=True)
        self.made = arguments
        return path

    def least(self, curve, points):
        """(line, x) → numbers, for points of (line, x, runs, measure). Points take turns, and of a point's runs the least
        counts: other programs make each slower, none faster, and they disturb one run of some points, not all of one."""
        found = {}
        for run in range(max(runs for _, _, runs, _ in points)):
            for line, x, runs, measure in points:
                if run < runs:
                    got = self.results.get(curve, line, x, run, measure)
                    found[line, x] = list(map(min, got, found.get((line, x), got)))
        return found

    def curves(self, curve, commands, values, runs, measure):
        """line → [(x, numbers)], for what measure(arguments, x) says of commands."""
        found = self.least(curve, [(line, x, runs(x), functools.partial(measure, arguments, x))
                                   for x in values for line, arguments in commands.items()])
        return {line: [(x, found[line, x]) for x in values] for line in commands}

    def piped(self, arguments, megabytes):
        got = process.cost([self.maillog, *arguments, "-"], source=[self.make_log, f"{megabytes}M"])
        return got.cpu, got.peak / 1024

    def in_process(self, curve, option, values, ways):
        """line → [(x, ns a line)], of ways of bench_parse, for values of an option of make_log."""
        def measure(value):
            rounds, size = self.choose(("5", "3M"), ("9", "10M"))
            text = process.output_of(self.bench, self.log(size, f"{option}={value}"), rounds)
            found = process.ways(text)
            return float(text.split(" bytes a line")[0].split()[-1]), *(found[way][3] for way in ways.values())

        found = self.least(curve, [("all", value, self.runs(), functools.partial(measure, value)) for value in values])
        return {line: [(found["all", value][0] if curve == "width" else value, found["all", value][i]) for value in values]
                for i, line in enumerate(ways, 1)}

    # ---- the curves: each gives its lines, a list of (x, y) each ----

    def size(self):
        """Seconds of processor time for megabytes, which come through a pipe."""
        sizes = self.choose([10, 30, 100], [10, 30, 100, 300, 1000], [10, 30, 100, 300, 1000, 3000, 10000])
        found = self.curves("size", COMMANDS, sizes, self.runs, self.piped)
        return {line: [(x, numbers[0]) for x, numbers in points] for line, points in found.items()}

    def memory(self):
        """Megabytes of memory for those of the log; a little of it is allowed, so that it is soon used."""
        commands = {line: arguments + ([] if arguments[0] == "events" else ["--memory", "8M"])
                    for line, arguments in COMMANDS.items()}
        sizes = self.choose([10, 30, 100], [10, 30, 100, 300], [10, 30, 100, 300, 1000, 3000, 10000])
        found = self.curves("memory", commands, sizes, lambda _: 1, self.piped)
        return {line: [(x, numbers[1]) for x, numbers in points] for line, points in found.items()}

    def width(self):
        """ns a line for bytes a line."""
        values = self.choose([0, 300, 900], [0, 50, 100, 200, 400, 600, 800, 1000])
        return self.in_process("width", "width", values, {"all fields": "parse", "header only": "header"})

    def unknown(self):
        """ns a line for the share of lines in per cent that nobody knows."""
        values = self.choose([0, 20, 100], [0, 5, 10, 20, 40, 60, 80, 100])
        return self.in_process("unknown", "unknown", values, {"batch": "parse", "callback": "stream"})

    def programs(self):
        """ns a line for the number of other programs that every second line is of."""
        values = self.choose([1, 8, 24], [1, 2, 4, 8, 12, 16, 20, 24])
        return self.in_process("programs", "programs", values, {"header only": "header", "one daemon": "one"})

    def live(self):
        """Microseconds a line of trace for messages that are under way at the same time."""
        def megabytes(number):
            return max(self.choose(10, 50), number * 1500 // 1000000)

        def measure(arguments, number):
            log = self.log(f"{megabytes(number)}M", f"live={number}")
            with open(log, "rb") as f:
                lines = sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
            return [process.cost([self.maillog, *arguments, log]).cpu / lines * 1e6]

        values = self.choose([100, 1000, 10000], [10, 100, 1000, 10000, 100000], [10, 100, 1000, 10000, 100000, 1000000])
        commands = {"trace": ["trace", "--memory", "4G"]}
        found = self.curves("live", commands, values, lambda number: self.runs(megabytes(number)), measure)
        return {line: [(x, numbers[0]) for x, numbers in points] for line, points in found.items()}

    def threads(self):
        """Times as fast as one thread (by the clock) for the number of threads."""
        def measure(arguments, number):
            log = self.log(self.choose("30M", "300M"))
            return [process.cost([self.maillog, *arguments, "--threads", str(number), log]).wall]

        values = range(1, max(2, os.cpu_count()) + 1)
        found = self.curves("threads", {"events": ["events"], **COMMANDS}, values, lambda _: self.choose(1, 3), measure)
        return {line: [(x, points[0][1][0] / numbers[0]) for x, numbers in points] for line, points in found.items()}


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
    kept = os.path.join(sys.argv[1], "growth-runs-quick.tsv" if how == "--quick" else "growth-runs.tsv")
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
