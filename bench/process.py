"""process.py: what a process costs; for run.py and growth.py."""
import os, statistics, subprocess, sys, threading, time


def peak_of(pid):
    """Kilobytes of memory a process had at most until now."""
    try:
        with open(f"/proc/{pid}/status") as f:
            return next((int(line.split()[1]) for line in f if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


class Cost:
    def __init__(self, cpu, wall, peak):
        self.cpu, self.wall, self.peak = cpu, wall, peak  # seconds, seconds, kilobytes


def cost(command, source=None, out=os.devnull):
    """Processor time, time and memory of a command that reads what `source` (a command, too) writes."""
    feeder = subprocess.Popen(source, stdout=subprocess.PIPE) if source else None
    with open(out, "wb") as sink:
        start = time.monotonic()
        child = subprocess.Popen(command, stdin=feeder.stdout if feeder else subprocess.DEVNULL, stdout=sink)
        if feeder:
            feeder.stdout.close()
        peak, over = [0], threading.Event()

        def watch():
            while not over.wait(0.01):
                peak[0] = max(peak[0], peak_of(child.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        over.set()
        watcher.join()
        child.returncode = os.waitstatus_to_exitcode(status)
    if feeder and feeder.wait() not in (0, -13):  # -13: it was not read to its end
        sys.exit(f"{' '.join(source)}: failed")
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}: failed ({child.returncode})")
    return Cost(used.ru_utime + used.ru_stime, wall, peak[0])


def median_cost(command, runs, source=None, out=os.devnull):
    costs = [cost(command, source, out) for _ in range(runs)]
    return Cost(statistics.median(c.cpu for c in costs), statistics.median(c.wall for c in costs), max(c.peak for c in costs))


def ways(text):
    """What bench_parse and bench_peers print: way → (times memchr, p10, p90, ns/line)."""
    found = {}
    for line in text.splitlines():
        part = line.split()
        if len(part) == 8 and part[1][0].isdigit():
            found[part[0]] = tuple(map(float, part[1:5]))
    return found


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def note(what):
    print(f"... {what}", file=sys.stderr, flush=True)


def write_between(path, name, text):
    """Put text between the marks of that name in a file."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    with open(path) as f:
        old = f.read()
    head, rest = old.split(begin)
    tail = rest.split(end)[1]
    with open(path, "w") as f:
        f.write(head + begin + text + end + tail)
