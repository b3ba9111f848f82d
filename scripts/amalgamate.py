#!/usr/bin/env python3
"""The library as two files, maillog.h and maillog.c, for those who copy it into their tree.

usage: amalgamate.py OUT-DIR

Includes of our own are put in place, each header once. Of the X-macro files, only the rows that are wanted at the place are
put in. File-scope names that two source files share (`find`, `rows`, …) get the file's name in front in both. The macros of
a source file end with it."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TOKEN = re.compile(r"""^\#include[^\n]*|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\d[\w.]*|->|\s+|.""", re.S | re.M)
INCLUDE = re.compile(r'^#include ([<"])([^>"]+)[>"].*$')
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
ROW_MACROS = ("MAILLOG_FAMILY", "MAILLOG_DAEMON", "MAILLOG_FIELD", "MAILLOG_WORD", "MAILLOG_EVENT", "MAILLOG_FORM", "MAILLOG_CONTROL",
              "MAILLOG_CONTROL_EVENT")


# inline functions of a header are in the source file itself here: clang would name those that nothing calls
UNUSED = """#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

"""


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def find_include(kind, name, here):
    """The path of an include of our own, or None."""
    places = [os.path.join(ROOT, "include"), os.path.join(ROOT, "src")]
    if kind == '"':
        places.insert(0, os.path.dirname(here))
    for place in places:
        path = os.path.normpath(os.path.join(place, name))
        if os.path.exists(path):
            return path
    return None


# ---- X-macro files ----

def schema_rows(path, wanted):
    """Rows of schema.def and what it includes whose macro is in `wanted`; its helper macros where events are wanted."""
    out, text = [], re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end]
        include = INCLUDE.match(line)
        if include:
            out.append(schema_rows(find_include(*include.groups(), path), wanted))
        elif line.startswith("#") and not re.match(r"#\w+ (%s)\b" % "|".join(ROW_MACROS), line):
            while text[at:end].rstrip("\n").endswith("\\"):
                end = text.find("\n", end) + 1
            if "MAILLOG_EVENT" in wanted and not line.startswith(("#ifndef", "#endif")):
                out.append(text[at:end])
        elif line.startswith(ROW_MACROS):
            depth, quoted = 0, False
            for end in range(at, len(text)):
                c = text[end]
                if c == '"' and text[end - 1] != "\\":
                    quoted = not quoted
                if quoted or c not in "()":
                    continue
                depth += 1 if c == "(" else -1
                if depth == 0:
                    break
            end += 1
            if line.split("(")[0] in wanted:
                out.append(re.sub(r"\s+", " ", text[at:end]) + "\n")
        at = end
    return "".join(out)


# ---- names of a source file ----

def top_level(text):
    """Declarations at file scope, without preprocessor lines and comments, as lists of tokens."""
    text = ATTRIBUTE.sub(" ", DIRECTIVE.sub("", re.sub(r"/\*.*?\*/", " ", text, flags=re.S)))
    tokens = [t for t in TOKEN.findall(text) if not t.isspace()]
    depth, chunk, is_body = 0, [], False
    for t in tokens:
        chunk.append(t)
        depth += (t in "({[") - (t in ")}]") if len(t) == 1 else 0
        if t == "{" and depth == 1:
            is_body = ")" in chunk and "=" not in chunk and chunk[0] != "typedef"
        if depth == 0 and (t == ";" or (t == "}" and is_body)):
            yield chunk
            chunk, is_body = [], False


def names_of(text):
    names = set()
    for chunk in top_level(text):
        if "(" in chunk and chunk[0] == "_Static_assert":
            continue
        braces = chunk.index("{") if "{" in chunk else len(chunk)
        head = chunk[:braces]
        if "enum" in head[:2] and braces < len(chunk):
            expects = True  # an enumerator stands behind { and ,
            for t in chunk[braces:]:
                if t in "{,":
                    expects = True
                elif expects and re.match(r"[A-Za-z_]", t):
                    names.add(t)
                    expects = False
                elif t == "}":
                    break
        for i, t in enumerate(head[:-1]):
            # the tag before the braces is what is defined; others are only named
            if t in ("struct", "enum", "union") and i + 2 == len(head) and re.match(r"[A-Za-z_]", head[i + 1]) and braces < len(chunk):
                names.add(head[i + 1])
        if chunk[0] == "typedef":
            pointer = re.search(r"\( \* (\w+) \)", " ".join(chunk))
            names.add(pointer.group(1) if pointer else [t for t in chunk if re.match(r"[A-Za-z_]", t)][-1])
        elif "(" in head and ("=" not in head or head.index("(") < head.index("=")):
            name = head[head.index("(") - 1]
            if not name.isupper():  # a macro that declares something
                names.add(name)
        elif chunk[0] in ("static", "const", "extern"):
            for stop in ("[", "=", ";"):
                # behind the braces of an anonymous struct comes the variable
                rest = chunk
                if "struct" in head and braces < len(chunk):
                    depth = 0
                    for i, t in enumerate(chunk):
                        depth += (t == "{") - (t == "}")
                        if t == "}" and depth == 0:
                            rest = chunk[i:]
                            break
                if stop in rest:
                    before = rest[rest.index(stop) - 1]
                    if re.match(r"[A-Za-z_]", before):
                        names.add(before)
                        break
    return {n for n in names if not n.startswith("maillog_")}


def rename(text, names, prefix):
    """Each of `names`, where it is no member of a struct, with the prefix."""
    tokens = TOKEN.findall(text)
    words = [(i, t) for i, t in enumerate(tokens) if not t.isspace() and not t.startswith(("/*", "//"))]
    struct_depths, depth = [], 0
    for n, (i, t) in enumerate(words):
        before, after = words[n - 1][1] if n else "", words[n + 1][1] if n + 1 < len(words) else ""
        if t == "{":
            depth += 1
            if before in ("struct", "union") or (n > 1 and words[n - 2][1] in ("struct", "union")):
                struct_depths.append(depth)
        elif t == "}":
            if struct_depths and struct_depths[-1] == depth:
                struct_depths.pop()
            depth -= 1
        elif t in names and before not in (".", "->") and not (n >= 4 and words[n - 4][1] == "offsetof"):
            in_struct = bool(struct_depths) and struct_depths[-1] == depth
            is_member = in_struct and after in (";", ",", "[", ":", ")") and before not in ("{", ";")
            if not is_member:
                tokens[i] = prefix + t
    return "".join(tokens)


# ---- put together ----

class Amalgamation:
    def __init__(self):
        self.done = set()

    def expand(self, path, text=None):
        """The text with our own includes in place."""
        out, wanted = [], []
        for line in (text if text is not None else read(path)).split("\n"):
            define = re.match(r"#define (%s)\(" % "|".join(ROW_MACROS), line)
            include = INCLUDE.match(line)
            if define:
                wanted.append(define.group(1))
            if not include:
                out.append(line)
                continue
            target = find_include(*include.groups(), path)
            if not target:
                out.append(line)
            elif target.endswith("schema.def"):
                out.append(schema_rows(target, wanted) + "".join("#undef %s\n" % w for w in wanted).rstrip())
                wanted = []
            elif target.endswith(".def"):
                out.append(self.expand(target))
            elif target not in self.done:
                self.done.add(target)
                out.append(self.expand(target))
        return "\n".join(out)

    def header(self):
        return self.expand(os.path.join(ROOT, "include/maillog/maillog.h"))

    def source(self):
        files = sorted(os.path.normpath(os.path.join(d, f)) for d, _, fs in os.walk(os.path.join(ROOT, "src")) for f in fs)
        # avx2.c is quick.c once more: in one file there is no choice at run time
        sources = [f for f in files if f.endswith(".c") and not f.endswith("avx2.c")]
        headers = [f for f in files if f.endswith((".h", ".def"))]
        owners = {}
        for path in sources + headers:
            for name in names_of(read(path)):
                owners.setdefault(name, []).append(path)
        header_macros = {m for path in headers for m in re.findall(r"^#define (\w+)", read(path), re.M)}
        clashes = {name for name, where in owners.items() if len(where) > 1}
        out = []
        for path in sources:
            text = read(path)
            # where macros get members by name, the file keeps what looks like one, and the others change
            members = re.findall(r"\b[A-Z_]{2,}\(([^()\n]*)", text) if "offsetof(" in text else []
            mine = {name for name in clashes if path in owners[name] and not any(re.search(r"\b%s\b" % name, args) for args in members)}
            text = rename(text, mine, os.path.splitext(os.path.basename(path))[0] + "_")
            macros = re.findall(r"^#define (\w+)", text, re.M)
            ended = re.findall(r"^#undef (\w+)", text, re.M)
            # a header that only files before this one include may have a macro of the same name
            own = [m for m in dict.fromkeys(macros) if m not in ended + list(ROW_MACROS)]
            undefine = "".join("#undef %s\n" % m for m in own)
            first = "".join("#undef %s\n" % m for m in own if m in header_macros)
            out.append("/* ---- %s ---- */\n" % os.path.relpath(path, ROOT) + first + self.expand(path, text) + undefine)
        return "\n".join(out)


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    version = re.search(r'VERSION_STRING "([^"]+)"', read(os.path.join(ROOT, "include/maillog/version.h"))).group(1)
    licence = read(os.path.join(ROOT, "LICENSE")).rstrip()
    both = Amalgamation()
    for name, make, first in (("maillog.h", both.header, ""), ("maillog.c", both.source, '#include "maillog.h"\n#define MAILLOG_NO_DISPATCH 1\n\n' + UNUSED)):
        with open(os.path.join(out, name), "w", encoding="utf-8") as f:
            f.write("/* maillog %s in two files: maillog.h, maillog.c. Made by scripts/amalgamate.py.\n *\n * %s */\n%s" % (
                version, licence.replace("\n", "\n * ").replace(" * \n", " *\n"), first))
            f.write(make())


main()
