/* mutator.c: mutations that know what a log is: lines are moved, doubled and left out, values change places with other
 * values of the same input, and marks of the daemons' own get into values. The rest of the time libFuzzer mutates, with
 * the schema's dictionary. Engines that know no LLVMFuzzerCustomMutator() do without. */
#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

typedef struct piece {
    size_t at, len;
} piece;

static uint32_t draw(uint32_t *state, size_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return (uint32_t)(below ? *state % below : 0);
}

static int is_mark(uint8_t c) { return c == '\n' || memchr(" ,;:=<>[]()\"'", c, 13) != NULL; }

/* A line with its end, or what stands between two marks, around a place drawn. */
static piece around(const uint8_t *data, size_t size, uint32_t *state, int line)
{
    size_t from = draw(state, size), to = from;
    while (from > 0 && !(line ? data[from - 1] == '\n' : is_mark(data[from - 1]))) from--;
    while (to < size && !(line ? data[to] == '\n' : is_mark(data[to]))) to++;
    if (line && to < size) to++;
    return (piece){from, to - from};
}

/* `len` bytes of `what`, which may be of the data, instead of the piece; nothing when there is no room. */
static size_t put(uint8_t *data, size_t size, size_t max_size, piece old, const uint8_t *what, size_t len)
{
    uint8_t copy[4096];
    if (len > sizeof copy || size - old.len + len > max_size) return size;
    memcpy(copy, what, len);
    memmove(data + old.at + len, data + old.at + old.len, size - old.at - old.len);
    memcpy(data + old.at, copy, len);
    return size - old.len + len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static const char *const lies[] = {">",
                                       "> to=<",
                                       ", status=sent (250 ok)",
                                       "; from=<a@b> to=<c@d> proto=SMTP helo=<e>",
                                       "\"",
                                       "\\",
                                       "queued as 7F00C1A2B3",
                                       ", rip=192.0.2.1, lip=192.0.2.2",
                                       ")",
                                       "): ",
                                       "[192.0.2.1]",
                                       ", Queue-ID: 7F00C1A2B3",
                                       "#012",
                                       "7F00C1A2B3: ",
                                       "stored mail into mailbox 'INBOX'",
                                       "warning: "};
    uint32_t state = seed | 1;
    if (size > 0) switch (draw(&state, 8)) {
        case 0: { /* a line, or a value, somewhere else once more */
            const int line = draw(&state, 2) == 0;
            const piece p = around(data, size, &state, line), q = around(data, size, &state, line);
            return put(data, size, max_size, (piece){q.at, line ? 0 : q.len}, data + p.at, p.len);
        }
        case 1: /* a line less */
            return put(data, size, max_size, around(data, size, &state, 1), data, 0);
        case 2: { /* a line one further */
            const piece p = around(data, size, &state, 1);
            const size_t next = p.at + p.len;
            if (next >= size) break;
            const uint8_t *lf = memchr(data + next, '\n', size - next);
            const size_t end = lf ? (size_t)(lf - data) + 1 : size;
            const size_t grown = put(data, size, max_size, (piece){end, 0}, data + p.at, p.len);
            return grown == size ? size : put(data, grown, max_size, p, data, 0);
        }
        case 3: { /* a mark in a value */
            const piece p = around(data, size, &state, 0);
            const char *lie = lies[draw(&state, sizeof lies / sizeof *lies)];
            return put(data, size, max_size, (piece){p.at + draw(&state, p.len + 1), 0}, (const uint8_t *)lie,
                       strlen(lie));
        }
        default:
            break;
        }
    return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max_size) : size;
}
