/* top_senders.c: who sends most? Envelope senders of a Postfix log on standard input, by messages and bytes. */
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16, SHOWN = 10, LONGEST = 254 };

typedef struct sender {
    char from[LONGEST + 1]; /* slices die with their line: what is kept is copied */
    uint64_t messages, bytes;
} sender;

typedef struct tally {
    sender slot[SLOTS];
    size_t used;
    uint64_t left_out;
} tally;

/* The slot of this sender, or a new one; NULL if the table is full. Open addressing, FNV-1a. */
static sender *find(tally *t, maillog_str from)
{
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < from.len; i++) h = (h ^ (unsigned char)from.ptr[i]) * 1099511628211u;
    for (size_t i = h % SLOTS;; i = (i + 1) % SLOTS) {
        sender *s = &t->slot[i];
        if (s->messages && strlen(s->from) == from.len && memcmp(s->from, from.ptr, from.len) == 0) return s;
        if (s->messages) continue;
        if (t->used == SLOTS * 3 / 4) return NULL;
        t->used++;
        memcpy(s->from, from.ptr, from.len);
        return s;
    }
}

static int on_qmgr(void *user, const maillog_event *ev)
{
    tally *t = user;
    const maillog_str from = maillog_get(ev, MAILLOG_FIELD_FROM);
    uint64_t size;
    if (ev->type != MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE || !from.ptr) return MAILLOG_CONTINUE;
    sender *s = from.len <= LONGEST ? find(t, from) : NULL;
    if (!s) return t->left_out++, MAILLOG_CONTINUE;
    s->messages++;
    if (maillog_get_u64(ev, MAILLOG_FIELD_SIZE, &size) == MAILLOG_OK) s->bytes += size;
    return MAILLOG_CONTINUE;
}

static int by_messages(const void *a, const void *b)
{
    const sender *x = a, *y = b;
    if (x->messages != y->messages) return x->messages < y->messages ? 1 : -1;
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? 1 : -1) : strcmp(x->from, y->from);
}

int main(void)
{
    static char buf[65536], carry[65536];
    static tally t;
    maillog_callbacks cb;
    maillog_stream stream;
    size_t n, used;

    maillog_callbacks_init(&cb);
    cb.on_postfix_qmgr = on_qmgr; /* only the queue manager's lines are read beyond their header */
    maillog_stream_init(&stream, &cb, &t, carry, sizeof carry);
    while ((n = fread(buf, 1, sizeof buf, stdin)) > 0) maillog_stream_feed(&stream, buf, n, &used);
    maillog_stream_finish(&stream);

    qsort(t.slot, SLOTS, sizeof *t.slot, by_messages);
    for (size_t i = 0; i < SHOWN && t.slot[i].messages; i++)
        printf("%8llu %12llu <%s>\n", (unsigned long long)t.slot[i].messages, (unsigned long long)t.slot[i].bytes,
               t.slot[i].from);
    if (t.left_out) printf("%8llu messages of senders for whom there was no room\n", (unsigned long long)t.left_out);
    return 0;
}
