#!/usr/bin/env python3
"""usage: completion.py MAILLOG DIR: write the completions for bash, zsh and fish, as `maillog SUBCOMMAND --help` has it."""
import re
import subprocess
import sys

COMMANDS = {"trace": "the story of each message", "events": "one record for each line", "summary": "totals, rates, reasons, tables",
            "unmatched": "lines that are not understood", "export": "a table as Parquet or Arrow or in DuckDB"}
VERDICTS = "delivered|rejected|greylisted|bounced|deferred|discarded|quarantined|held|expired|partial|unfinished"
FILES = {"main-cf", "master-cf", "state", "html", "output", "duckdb-library"}


def options(maillog, command):
    text = subprocess.run([maillog, command, "--help"], capture_output=True, text=True, check=True).stdout
    for m in re.finditer(r"^  (?:-(\w), |    )--([\w-]+)(?: (\S+))? +(.*)$", text, re.M):
        letter, name, value, said = m.groups()
        # a flag's help begins where a value would stand
        if value and not (value.isupper() or "|" in value or value == "A,B,..."):
            value, said = None, (value + " " + said).strip()
        yield letter, name, VERDICTS if name == "verdict" else value, said


def words(value):
    return value.split("|") if value and "|" in value else []


def bash(all_options):
    out = ["# bash completion for maillog", "_maillog() {", "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}",
           "    COMPREPLY=()", "    if [ \"$COMP_CWORD\" = 1 ]; then",
           f"        COMPREPLY=($(compgen -W \"{' '.join(COMMANDS)} --help --version\" -- \"$cur\"))", "        return", "    fi", "    case $prev in"]
    seen = {}
    for opts in all_options.values():
        for _, name, value, _ in opts:
            if value:
                # an option that several have, with words of their own: all of them
                seen[name] = "|".join(dict.fromkeys((seen[name] + "|" + value).split("|"))) if words(seen.get(name)) else value
    for name, value in seen.items():
        if words(value):
            out.append(f"        --{name}) COMPREPLY=($(compgen -W \"{' '.join(words(value))}\" -- \"$cur\")); return ;;")
    out.append("        " + "|".join(f"--{n}" for n in sorted(FILES)) + ") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;")
    rest = [n for n, v in seen.items() if not words(v) and n not in FILES]
    out += ["        " + "|".join(f"--{n}" for n in rest) + ") return ;;", "    esac", "    if [[ $cur != -* ]]; then",
            "        COMPREPLY=($(compgen -f -- \"$cur\"))", "        return", "    fi", "    case ${COMP_WORDS[1]} in"]
    for command, opts in all_options.items():
        out.append(f"        {command}) COMPREPLY=($(compgen -W \"{' '.join('--' + o[1] for o in opts)}\" -- \"$cur\")) ;;")
    return "\n".join(out + ["    esac", "}", "complete -o filenames -F _maillog maillog", ""])


def quoted(text):
    return text.replace("'", "'\\''")


def zsh(all_options):
    out = ["#compdef maillog", "local -a commands", "commands=("] + [f"    '{c}:{t}'" for c, t in COMMANDS.items()] + [")",
           "if (( CURRENT == 2 )); then", "    _describe 'subcommand' commands", "    return", "fi", "case $words[2] in"]
    for command, opts in all_options.items():
        out.append(f"{command})\n    shift words; (( CURRENT-- ))\n    _arguments \\")
        for letter, name, value, said in opts:
            text = quoted(said).replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
            action = f":({' '.join(words(value))})" if words(value) else ":_files" if name in FILES else ": "
            end = f":{name}{action}" if value else ""
            eq = "=" if value else ""
            out.append(f"        '--{name}{eq}[{text}]{end}' \\")
            if letter:
                out.append(f"        '-{letter}[{text}]' \\")
        out.append("        '*:log:_files'\n    ;;")
    return "\n".join(out + ["esac", ""])


def fish(all_options):
    out = ["# fish completion for maillog", "set -l commands " + " ".join(COMMANDS)]
    for command, text in COMMANDS.items():
        out.append(f"complete -c maillog -f -n \"not __fish_seen_subcommand_from $commands\" -a {command} -d '{text}'")
    for command, opts in all_options.items():
        for letter, name, value, said in opts:
            more = f" -s {letter}" if letter else ""
            if words(value):
                more += f" -x -a '{' '.join(words(value))}'"
            elif value:
                more += " -r" + (" -F" if name in FILES else " -f")
            said = said.replace("\\", "\\\\").replace("'", "\\'")
            out.append(f"complete -c maillog -n \"__fish_seen_subcommand_from {command}\" -l {name}{more} -d '{said}'")
    return "\n".join(out + [""])


def main():
    maillog, target = sys.argv[1:]
    all_options = {c: list(options(maillog, c)) for c in COMMANDS}
    for name, write in (("maillog.bash", bash), ("_maillog", zsh), ("maillog.fish", fish)):
        with open(f"{target}/{name}", "w", encoding="utf-8") as f:
            f.write(write(all_options))


main()
