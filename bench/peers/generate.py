#!/usr/bin/env python3
"""generate.py c|re2c: from kinds.txt, on standard output: what bench_peers.c includes (names, patterns for PCRE2, rules for
liblognorm), or the scanner for re2c. python_re.py takes its patterns from here, too."""
import collections, os, re, sys

Field = collections.namedtuple("Field", "name without text then")  # then: the text that follows, "" at the end of the line
Kind = collections.namedtuple("Kind", "name program parts")  # parts: str, Field, or a list of them that may be missing
HEADER = r"([A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]) ([^ ]+) ([^ \[:]+)(?:\[([0-9]+)\])?: "
TOKEN = re.compile(r"\$\{(\w+)(?:~(.)|=([^}]*))?\}|\{|\}\?")


def read_parts(tokens, inner=False):
    parts = []
    for token in tokens:
        if token == "{":
            parts.append(read_parts(tokens, True))
        elif token == "}?" and inner:
            break
        else:
            parts.append(token)
    for i, part in enumerate(parts):
        if isinstance(part, re.Match):
            then = next((p for p in parts[i + 1:] if isinstance(p, str)), "")
            parts[i] = Field(part[1], part[2] or then[:1], part[3], then)
    return parts


def tokens_of(text):
    at = 0
    for m in TOKEN.finditer(text):
        if m.start() > at:
            yield text[at:m.start()]
        yield m if m[1] else m[0]
        at = m.end()
    if at < len(text):
        yield text[at:]


def read_kinds():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "kinds.txt")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [Kind(name, program, read_parts(tokens_of(text))) for name, program, text in rows]


def fields_of(parts):
    return [f for p in parts if not isinstance(p, str) for f in ([p] if isinstance(p, Field) else fields_of(p))]


# ---- PCRE2, and Python's re ----

def pattern_of(parts):
    out = ""
    for p in parts:
        if isinstance(p, str):
            out += re.escape(p)
        elif isinstance(p, list):
            out += "(?:" + pattern_of(p) + ")?"
        elif p.text:
            out += "(" + re.escape(p.text) + ")"
        else:
            out += "([^" + (re.escape(p.without) if p.without else r"\n") + "]+)"
    return out


# ---- liblognorm: an optional part makes two rules; a program's name is text ----

def wholes_of(parts):
    for i, p in enumerate(parts):
        if isinstance(p, list):
            return wholes_of(parts[:i] + parts[i + 1:]) + wholes_of(parts[:i] + p + parts[i + 1:])
    return [parts]


def rule_field(f):
    if not f.then:
        return "%" + f.name + ":rest%"
    to = f.then[0]
    plain = to not in (f.text or "") and f.without in ("", to)
    kind, extra = ("char-to", to) if plain else ("string-to", f.then)
    return '%{"type":"' + kind + '","name":"' + f.name + '","extradata":"' + extra + '"}%'


def rules_of(kind):
    has_pid = not any(f.name == "pid" for f in fields_of(kind.parts)) and kind.program != "dovecot"
    head = "%stamp:date-rfc3164% %host:word% " + kind.program + ("[%pid:number%]" if has_pid else "") + ": "
    for parts in wholes_of(kind.parts):
        yield "rule=" + kind.name.replace(" ", "-") + ":" + head + "".join(
            p if isinstance(p, str) else rule_field(p) for p in parts)


# ---- re2c: two tags around each value ----

class Scanner:
    def __init__(self):
        self.tags = 0

    def quoted(self, text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def tagged(self, inner):
        self.tags += 2
        return f"@t{self.tags - 2} {inner} @t{self.tags - 1}"

    def value(self, f):
        return self.tagged(self.quoted(f.text) if f.text else "[^" + re.sub(r"([\]\\])", r"\\\1", f.without) + "\\n]+")

    def parts(self, parts):
        return " ".join(self.quoted(p) if isinstance(p, str) else
                        "(" + self.parts(p) + ")?" if isinstance(p, list) else self.value(p) for p in parts)

    def rule(self, number, kind):
        self.tags = 0
        head = [self.tagged('[A-Z][a-z][a-z] " " [ 0-9][0-9] " " [0-9][0-9] ":" [0-9][0-9] ":" [0-9][0-9]'),
                self.tagged("[^ \\n]+"), self.tagged(self.quoted(kind.program)) + ' ("[" ' + self.tagged("[0-9]+") + ' "]")? ":"']
        body = self.parts(kind.parts)
        takes = "".join(f" put(r, {i}, line, t{2 * i}, t{2 * i + 1});" for i in range(self.tags // 2))
        return '    ' + ' " " '.join(head + [body]) + ' "\\n" {' + f"{takes} r->kind = {number}; r->n = {self.tags // 2}; return YYCURSOR; }}\n"


def put_re2c(kinds):
    s = Scanner()
    rules = "".join(s.rule(i + 1, k) for i, k in enumerate(kinds))
    most = 2 * (4 + max(len(fields_of(k.parts)) for k in kinds))
    names = ", *".join(f"t{i}" for i in range(most))
    print(f"""/* made by generate.py */
#include "peers.h"

static void put(row *r, size_t i, const char *line, const char *begin, const char *end)
{{
    const span s = {{begin ? (uint32_t)(begin - line) : 0, begin ? (uint32_t)(end - begin) : 0}};
    r->f[i] = s;
}}

const char *scan_row(const char *line, const char *text_end, row *r)
{{
    (void)text_end;
    const char *YYCURSOR = line, *YYMARKER = line, *{names};
    /*!stags:re2c format = "const char *@@;"; */
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:yyfill:enable = 0;
{rules}    [^\\n]* "\\n" {{ r->kind = r->n = 0; return YYCURSOR; }}
    */
}}""")


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def put_c(kinds):
    print("/* made by generate.py */")
    print("const char peer_header_pattern[] = " + c_string(HEADER) + ";")
    print("const kind peer_kinds[] = {{NULL, NULL, NULL, 0, {NULL}},")
    for k in kinds:
        fields = [f.name for f in fields_of(k.parts)]
        print(f"    {{{c_string(k.name)}, {c_string(k.program)}, {c_string(pattern_of(k.parts))}, {len(fields)},")
        print("     {" + ", ".join(map(c_string, fields)) + "}},")
    print("};\nconst size_t peer_nkinds = sizeof peer_kinds / sizeof *peer_kinds;\nconst char peer_rules[] =")
    for line in ["version=2"] + [rule for k in kinds for rule in rules_of(k)]:
        print("    " + c_string(line + "\n").replace("\n", "\\n"))
    print(";")


if __name__ == "__main__":
    put = {"c": put_c, "re2c": put_re2c}.get(sys.argv[1] if len(sys.argv) == 2 else "")
    put(read_kinds()) if put else sys.exit(__doc__)
