/* message.c: building a record: its parts, lines, legs. */
#include "mta.h"

/* ---- parts ---- */

static bool belongs(const ml_part *p, const ml_entry *e)
{
    if (p->kind != ML_NODE_SESSION) return true;
    if (p->own == ML_UNLISTED) return !(e->cut & ML_CUT_LISTED);
    if (p->own == ML_ATTEMPT) return !e->segment || (e->segment == p->segment && !(e->cut & ML_CUT_LISTED));
    return e->segment == p->segment || (e->segment == 0 && !p->own);
}

/* A report that came in several lines: the last of them becomes the whole, the others say nothing. */
static void put_together(ml_build *b, ml_part *p, const char *tape, const char *end)
{
    maillog_event ev;
    ml_entry *last = NULL;
    for (size_t i = 0; i < p->n; i++)
        if (p->entry[i].cut & ML_CUT_PIECE) last = &p->entry[i];
    if (!last || !maillog__whole_report(tape, end, b->top, b->limit, &ev)) return;
    b->top += ev.len;
    ml_field *f = (ml_field *)ml_reserve(b, ev.nfields, sizeof *f);
    char *as = (char *)ml_reserve(b, ev.nfields, 1);
    if (!f || !as) return;
    for (size_t i = 0; i < p->n; i++)
        if (p->entry[i].cut & ML_CUT_PIECE && &p->entry[i] != last) p->entry[i].cut |= ML_CUT_REPEATS;
    last->type = ev.type;
    last->raw = as;
    last->field = f;
    last->mask = last->ids = 0; /* all are looked through */
    last->nfields = 0;
    for (uint32_t i = 0; i < ev.nfields; i++) {
        const maillog_field *v = &ev.field[i];
        const unsigned id = maillog__kept(v->id);
        if (!id || id == ML_K_HOST || id == ML_K_MESSAGE) continue;
        const ml_field one = {ev.line + v->off, v->len, (uint16_t)id, v->word};
        as[last->nfields] = (char)id;
        f[last->nfields++] = one;
        last->mask |= ml_bit(id);
    }
}

/* Lines that changed places stand in the order of their numbers again. */
static void sort_entries(ml_build *b, ml_part *p)
{
    size_t i = 1;
    while (i < p->n && p->entry[i - 1].line <= p->entry[i].line) i++;
    if (i >= p->n) return;
    char *const top = b->top;
    ml_sorted *v = (ml_sorted *)ml_reserve(b, p->n, sizeof *v);
    ml_entry *copy = (ml_entry *)ml_reserve(b, p->n, sizeof *copy);
    if (v && copy) {
        memcpy(copy, p->entry, p->n * sizeof *copy);
        for (i = 0; i < p->n; i++) {
            v[i].key = copy[i].line;
            v[i].index = i;
        }
        maillog__sort(v, p->n);
        for (i = 0; i < p->n; i++) p->entry[i] = copy[v[i].index];
    }
    b->top = top;
}

/* What stands on a tape once. */
static void read_first(ml_part *p, const char *tape, const char *end)
{
    ml_entry other;
    const ml_entry *e = p->entry;
    /* the first entry may be none of the part's */
    if (!p->n || e->raw > tape + ML_MOST_HEAD) {
        if (!maillog__entry(&tape, end, &other)) return;
        ml_read_fields(&other);
        e = &other;
    }
    p->host = maillog__entry_get(e, ML_K_HOST);
    p->queue_id = maillog__entry_get(e, ML_K_QUEUE_ID);
}

/* The entries of a tape that belong to the part; their fields are yet to be read. */
static bool read_entries(ml_build *b, ml_part *p, const char *at, const char *end, size_t listed)
{
    p->entry = (ml_entry *)ml_reserve(b, 0, sizeof *p->entry);
    ml_entry *e = p->entry;
    for (; e && (char *)(e + 1) <= b->limit && maillog__entry(&at, end, e); b->top = (char *)e) {
        if (listed) {
            e->cut |= ML_CUT_LISTED;
            listed--;
        }
        e += belongs(p, e);
    }
    if (!e || at != end) return false;
    p->n = (size_t)(e - p->entry);
    return true;
}

/* Copy the tape, and read it: entries, then their fields. */
static void read_tape(ml_build *b, ml_part *p, const ml_node *n)
{
    if (n->bytes > (size_t)(b->limit - b->top)) {
        b->m->truncated++;
        return;
    }
    const char *at = b->top;
    const char *const end = maillog__tape_copy(b->j, n, b->top);
    b->top += n->bytes;
    if (!read_entries(b, p, at, end, n->group ? 0 : n->group_next)) {
        p->n = 0;
        return;
    }
    for (size_t i = 0; i < p->n; i++) ml_read_fields(&p->entry[i]);
    read_first(p, at, end);
    sort_entries(b, p);
    if (p->kind == ML_NODE_RUN) put_together(b, p, at, end);
}

static ml_part *new_part(ml_build *b, uint32_t node, ml_kind kind)
{
    ml_part *p = &b->part[b->nparts++];
    memset(p, 0, sizeof *p);
    p->node = node;
    p->kind = (uint8_t)kind;
    p->leg = ML_NO_LEG;
    return p;
}

static void add_session(ml_build *b, uint32_t session, uint16_t segment, uint8_t own, uint32_t leg)
{
    for (size_t i = 0; i < b->nparts; i++) {
        if (b->part[i].kind != ML_NODE_SESSION || b->part[i].node != session) continue;
        if (b->part[i].segment == segment) return;
        own = 1;
    }
    ml_part *p = new_part(b, session, ML_NODE_SESSION);
    p->segment = segment;
    p->own = own;
    const char *const tape = b->top;
    read_tape(b, p, ml_at_node(b->j, session));
    const ml_apart a = maillog__apart(b->j, session, leg, tape, tape + ml_at_node(b->j, session)->bytes);
    size_t n = 0;
    for (size_t i = 0; a.sender && i < p->n; i++)
        if (!maillog__is_apart(&a, p->entry[i])) p->entry[n++] = p->entry[i];
    if (a.sender) p->n = n;
}

static void add_group(ml_build *b, uint32_t leader)
{
    uint32_t i = leader;
    do {
        const ml_node *n = ml_at_node(b->j, i);
        if (n->head) read_tape(b, new_part(b, i, (ml_kind)n->kind), n);
        i = n->group_next;
    } while (i != leader);
    do {
        const ml_node *n = ml_at_node(b->j, i);
        if (n->session) add_session(b, n->session, n->segment, 0, i);
        i = n->group_next;
    } while (i != leader);
}

/* Entries that repeat another of the same part are lines of the message, but say nothing new. */
static bool mark_few(ml_part *p)
{
    bool any = false;
    for (size_t i = 1; i < p->n; i++)
        for (size_t k = 0; k < i; k++)
            if (p->entry[k].content == p->entry[i].content) {
                p->entry[i].cut |= ML_CUT_REPEATS;
                any = true;
            }
    return any;
}

static bool mark_many(ml_build *b, ml_part *p)
{
    bool any = false;
    size_t size = 64;
    while (size < p->n * 2) size *= 2;
    char *const top = b->top;
    uint64_t *set = (uint64_t *)ml_take(b, size, sizeof *set);
    for (size_t i = 0; set && i < p->n; i++) {
        const uint64_t value = (uint64_t)1 << 32 | p->entry[i].content;
        size_t k = p->entry[i].content & (size - 1);
        while (set[k] && set[k] != value) k = (k + 1) & (size - 1);
        if (set[k]) p->entry[i].cut |= ML_CUT_REPEATS;
        any |= set[k] != 0;
        set[k] = value;
    }
    b->top = top; /* the set is not needed any more */
    return any;
}

/* Those that count keep their order. */
static void put_repeats_last(ml_part *p)
{
    size_t n = 0;
    while (n < p->n && !(p->entry[n].cut & ML_CUT_REPEATS)) n++;
    for (size_t i = n + 1; i < p->n; i++) {
        if (p->entry[i].cut & ML_CUT_REPEATS) continue;
        const ml_entry t = p->entry[n];
        p->entry[n++] = p->entry[i];
        p->entry[i] = t;
    }
    p->telling = n;
}

static void mark_repeats(ml_build *b)
{
    for (size_t i = 0; i < b->nparts; i++) {
        ml_part *p = &b->part[i];
        p->telling = p->n;
        if ((p->n < 24 ? mark_few(p) : mark_many(b, p)) || p->kind == ML_NODE_RUN) put_repeats_last(p);
    }
}

/* ---- lines ---- */

static maillog_lines part_lines(ml_build *b, const ml_part *parts, size_t n)
{
    maillog_lines none = {NULL, 0};
    size_t total = 0, k = 0;
    for (size_t i = 0; i < n; i++) total += parts[i].n;
    uint64_t *line = (uint64_t *)ml_reserve(b, total, sizeof *line);
    if (!line) return none;
    for (size_t i = n; i > 0; i--) { /* sessions, which begin before all else, are the last parts */
        const ml_entry *e = parts[i - 1].entry;
        for (const ml_entry *const end = e + parts[i - 1].n; e < end; e++) line[k++] = e->line;
    }
    return maillog__sorted_lines(b, line, total);
}

/* ---- legs ---- */

static uint64_t number(maillog_str s)
{
    uint64_t n = 0;
    if (!s.len || s.len > 18) return MAILLOG_NO_NUMBER;
    for (size_t i = 0; i < s.len; i++) {
        if (!ml_is_digit(s.ptr[i])) return MAILLOG_NO_NUMBER;
        n = n * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    return n;
}

/* Where a leg went from here: the last delivery counts, and one that succeeded more than one that did not. */
static void leg_relay(maillog_message_leg *leg, const ml_entry *e, bool *sent)
{
    if (!ml_has_any(e, ML_BIT(RELAY))) return;
    const bool now =
        (ml_is_mta(e->daemon) ? maillog__mta_status(e) : maillog__entry_word(e, ML_K_STATUS)) == MAILLOG_STATUS_SENT;
    if (*sent && !now) return;
    *sent = now;
    leg->relay = maillog__entry_get(e, ML_K_RELAY);
    leg->delay = maillog__entry_get(e, ML_K_DELAY);
    leg->reply = maillog__entry_get(e, ML_K_REPLY);
    leg->relay_line = e->line;
}

/* sendmail, OpenSMTPD, Exim: the line of the arrival says all; others may say the sender, too. */
static void mta_leg(maillog_message_leg *leg, const ml_entry *e)
{
    const ml_role role = maillog__role(e->type);
    if (role == ML_ROLE_ARRIVAL || role == ML_ROLE_DELIVERY) ml_keep_value(&leg->from, e, ML_K_FROM);
    if (role != ML_ROLE_ARRIVAL) return;
    leg->from = maillog__entry_get(e, ML_K_FROM);
    leg->size = number(maillog__entry_get(e, ML_K_SIZE));
    leg->nrcpt = number(maillog__entry_get(e, ML_K_NRCPT));
    ml_keep_value(&leg->client_name, e, ML_K_CLIENT_NAME);
    ml_keep_value(&leg->client_addr, e, ML_K_CLIENT_ADDR);
    ml_keep_value(&leg->message_id, e, ML_K_MESSAGE_ID);
}

/* smtpd's and cleanup's word on the message, which may never come to the queue manager. */
static bool is_check(const ml_entry *e)
{
    return (e->daemon == MAILLOG_DAEMON_POSTFIX_SMTPD || e->daemon == MAILLOG_DAEMON_POSTFIX_CLEANUP) &&
           ml_has_any(e, ML_BIT(ACTION));
}

static void fill_leg(ml_build *b, const ml_part *p, maillog_message_leg *leg)
{
    size_t at = 0;
    bool sent = false;
    const ml_entry *e;
    leg->size = leg->nrcpt = MAILLOG_NO_NUMBER;
    leg->host = p->host;
    leg->queue_id = p->queue_id;
    leg->removed = !!(ml_at_node(b->j, p->node)->flags & ML_F_REMOVED);
    while ((e = ml_next(p, &at)) != NULL) {
        if (!leg->daemon && (e->daemon <= MAILLOG_DAEMON_POSTFIX_FILES || ml_is_mta(e->daemon)))
            leg->daemon = e->daemon;
        if (e->daemon < MAILLOG_DAEMON_DOVECOT_LDA) ml_keep_value(&leg->instance, e, ML_K_INSTANCE);
        leg_relay(leg, e, &sent);
        if (ml_is_mta(e->daemon)) mta_leg(leg, e);
        switch (e->type) {
        case MAILLOG_EVENT_POSTFIX_CLIENT:
            ml_keep_value(&leg->client_name, e, ML_K_CLIENT_NAME);
            ml_keep_value(&leg->client_addr, e, ML_K_CLIENT_ADDR);
            break;
        case MAILLOG_EVENT_POSTFIX_MESSAGE_ID:
            ml_keep_value(&leg->message_id, e, ML_K_MESSAGE_ID);
            break;
        case MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE:
            leg->from = maillog__entry_get(e, ML_K_FROM);
            leg->size = number(maillog__entry_get(e, ML_K_SIZE));
            leg->nrcpt = number(maillog__entry_get(e, ML_K_NRCPT));
            break;
        default:
            if (e->daemon == MAILLOG_DAEMON_POSTFIX_PICKUP || e->daemon == MAILLOG_DAEMON_POSTFIX_QMGR || is_check(e))
                ml_keep_value(&leg->from, e, ML_K_FROM);
            break;
        }
    }
    leg->lines = part_lines(b, p, 1);
}

uint32_t maillog__leg_index(const ml_build *b, maillog_str queue_id)
{
    for (size_t i = 0; queue_id.len && i < b->m->nlegs; i++)
        if (ml_same(b->m->legs[i].queue_id, queue_id)) return (uint32_t)i;
    return ML_NO_LEG;
}

/* Legs in the order of their first lines: the way of the message. */
static void build_legs(ml_build *b)
{
    size_t n = 0;
    ml_sorted *order = (ml_sorted *)ml_reserve(b, b->nparts, sizeof *order);
    for (size_t i = 0; order && i < b->nparts; i++) {
        if (b->part[i].kind != ML_NODE_LEG) continue;
        order[n].index = 0;
        order[n].key = (uint64_t)ml_at_node(b->j, b->part[i].node)->first ^ (uint64_t)1 << 63;
        size_t at = 0;
        const ml_entry *e;
        if ((e = ml_next(&b->part[i], &at)) != NULL) order[n].index = e->line << 24;
        order[n].index |= i;
        n++;
    }
    if (!n) return;
    maillog__sort(order, n);
    b->m->legs = (maillog_message_leg *)ml_take(b, n, sizeof *b->m->legs);
    b->leg_part = (uint32_t *)ml_reserve(b, n, sizeof *b->leg_part);
    if (!b->m->legs || !b->leg_part) return;
    b->m->nlegs = n;
    for (size_t i = 0; i < n; i++) {
        ml_part *p = &b->part[order[i].index & 0xffffff];
        b->leg_part[i] = (uint32_t)(p - b->part);
        p->leg = (uint32_t)i;
        fill_leg(b, p, &b->m->legs[i]);
    }
}

/* ---- the whole ---- */

enum { NANO = 1000000000 };

/* Most records end on the day of the one before. */
static void set_day(maillog_join *j, int64_t days, maillog_time *t)
{
    if (!j->civil.month || j->civil_days != days) {
        int64_t year;
        unsigned month, day;
        maillog_civil_from_days(days, &year, &month, &day);
        j->civil_days = days;
        j->civil.year = (int16_t)year;
        j->civil.month = (uint8_t)month;
        j->civil.day = (uint8_t)day;
    }
    t->year = j->civil.year;
    t->month = j->civil.month;
    t->day = j->civil.day;
}

static maillog_time broken_down(maillog_join *j, int64_t ns, const ml_node *form)
{
    maillog_time t;
    memset(&t, 0, sizeof t);
    t.utc_offset = MAILLOG_NO_OFFSET;
    if (form->quarters != -128) t.utc_offset = (int16_t)(form->quarters * 15);
    const int64_t offset = form->quarters == -128 ? j->config.utc_offset : form->quarters * 900;
    int64_t s = ns / NANO, frac = ns % NANO;
    if (frac < 0) {
        frac += NANO;
        s--;
    }
    s += offset;
    const int64_t days = s / 86400 - (s % 86400 < 0);
    const uint32_t rest = (uint32_t)(s - days * 86400);
    set_day(j, days, &t);
    if (!(form->digits & 128) && !j->config.reference) t.year = 0;
    t.hour = (uint8_t)(rest / 3600);
    t.minute = (uint8_t)(rest / 60 % 60);
    t.second = (uint8_t)(rest % 60);
    t.nsec = (uint32_t)frac;
    t.digits = form->digits & 127;
    return t;
}

static void build_times(ml_build *b)
{
    const ml_node *first = NULL, *last = NULL;
    for (size_t i = 0; i < b->nparts; i++) {
        const ml_node *n = ml_at_node(b->j, b->part[i].node);
        if (!(n->flags & ML_F_TIMED)) continue;
        if (!first || n->first < first->first) first = n;
        if (!last || n->last > last->last) last = n;
    }
    if (!first) return;
    b->m->first_time = broken_down(b->j, first->first, first);
    b->m->last_time = broken_down(b->j, last->last, last);
}

static bool is_empty_id(maillog_str id) { return id.len <= 2; }

static void build_head(ml_build *b)
{
    maillog_message *m = b->m;
    const ml_entry *e;
    for (size_t i = 0; i < m->nlegs; i++) {
        const maillog_message_leg *leg = &m->legs[i];
        if (leg->notification) continue;
        if (!m->from.ptr) m->from = leg->from;
        if (m->bytes == MAILLOG_NO_NUMBER) m->bytes = leg->size;
        if (m->nrcpt == MAILLOG_NO_NUMBER) m->nrcpt = leg->nrcpt;
        if (!m->message_id.ptr || (is_empty_id(m->message_id) && leg->message_id.ptr)) m->message_id = leg->message_id;
    }
    for (size_t i = 0; i < b->nparts; i++) {
        size_t at = 0;
        ml_keep_first(&m->host, b->part[i].host);
        while (!(m->nlegs && m->daemon.ptr) && (e = ml_next(&b->part[i], &at)) != NULL) {
            if (e->daemon && !m->daemon.ptr) m->daemon = ml_text(maillog_daemon_name(e->daemon));
            if (m->nlegs || (e->daemon >= MAILLOG_DAEMON_DOVECOT_LDA && !ml_is_mta(e->daemon))) continue;
            ml_keep_value(&m->from, e, ML_K_FROM);
        }
    }
    if (m->nlegs && m->legs[0].host.ptr) m->host = m->legs[0].host;
}

static void begin(ml_build *b, maillog_join *j, maillog_message *m, size_t nodes)
{
    memset(b, 0, sizeof *b);
    memset(m, 0, sizeof *m);
    b->j = j;
    b->m = m;
    b->top = ml_scratch(j);
    b->limit = b->top + j->scratch_size;
    m->size = sizeof *m;
    m->bytes = m->nrcpt = MAILLOG_NO_NUMBER;
    b->part = (ml_part *)ml_reserve(b, nodes, sizeof *b->part);
}

static void finish(ml_build *b)
{
    mark_repeats(b);
    b->m->lines = part_lines(b, b->part, b->nparts);
    build_times(b);
    build_legs(b);
    maillog__build_client(b);
    if (b->m->record == MAILLOG_RECORD_MESSAGE) {
        maillog__build_links(b);
        maillog__build_checks(b);
        maillog__build_fate(b);
    }
    build_head(b);
}

void maillog__build_group(maillog_join *j, ml_build *b, maillog_message *m, uint32_t leader, maillog_record record)
{
    begin(b, j, m, (size_t)ml_at_node(j, leader)->u.g.nodes * 2);
    m->record = record;
    if (!b->part) return;
    add_group(b, leader);
    finish(b);
}

void maillog__build_attempt(maillog_join *j, ml_build *b, maillog_message *m, uint32_t session, uint16_t segment,
                            maillog_record record)
{
    begin(b, j, m, 1);
    m->record = record;
    if (!b->part) return;
    add_session(b, session, segment, record == MAILLOG_RECORD_MESSAGE ? ML_ATTEMPT : ML_UNLISTED, 0);
    finish(b);
}
