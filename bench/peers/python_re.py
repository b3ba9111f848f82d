#!/usr/bin/env python3
"""python_re.py FILE: nanoseconds of processor time a line with Python's re and the patterns of generate.py.
python_re.py --dump FILE: the values of every line, as `bench_peers --dump` writes them."""
import re, sys, time

import generate


def compiled():
    kinds = generate.read_kinds()
    of_program = {}
    for number, kind in enumerate(kinds, 1):
        pattern = re.compile(generate.pattern_of(kind.parts).encode())
        of_program.setdefault(kind.program.encode(), []).append((number, pattern))
    return re.compile(generate.HEADER.encode()), of_program


def rows(text, header, of_program):
    """For each line its kind and the matches of header and body."""
    for line in text.split(b"\n")[:-1]:
        head = header.match(line)
        for number, pattern in of_program.get(head[3], ()) if head else ():
            body = pattern.fullmatch(line, head.end())
            if body:
                yield number, head, body
                break
        else:
            yield 0, None, None


def spans(match):
    for i in range(1, match.re.groups + 1):
        begin, end = match.span(i)
        yield "%d+%d" % (max(begin, 0), end - begin)


def main():
    if len(sys.argv) not in (2, 3) or len(sys.argv) == 3 and sys.argv[1] != "--dump":
        sys.exit(__doc__)
    with open(sys.argv[-1], "rb") as f:
        text = f.read()
    text += b"" if text.endswith(b"\n") else b"\n"
    header, of_program = compiled()
    if len(sys.argv) == 3:
        for number, head, body in rows(text, header, of_program):
            print(number, *(list(spans(head)) + list(spans(body)) if number else []))
        return
    start = time.process_time()
    fields = sum(len(head.groups()) + len(body.groups()) for number, head, body in rows(text, header, of_program) if number)
    took = time.process_time() - start
    print(f"{took / text.count(10) * 1e9:.0f} ns/line, {fields} fields")


if __name__ == "__main__":
    main()
