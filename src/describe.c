/* describe.c: names and reflection, all expanded from schema.def. */
#include <maillog/batch.h>
#include <maillog/describe.h>
#include <maillog/json.h>
#include <maillog/parse.h>
#include <maillog/stream.h>

#include <string.h>

const char *maillog_strerror(int error)
{
    switch (error) {
#define X(name, value, text)                                                                                           \
    case value:                                                                                                        \
        return text;
        MAILLOG_ERROR_MAP(X)
#undef X
    default:
        return "unknown error";
    }
}

uint32_t maillog_version(void)
{
    return MAILLOG_VERSION_MAJOR * 10000 + MAILLOG_VERSION_MINOR * 100 + MAILLOG_VERSION_PATCH;
}

uint32_t maillog_schema_version(void) { return MAILLOG_SCHEMA_VERSION; }

size_t maillog_sizeof(int what)
{
    switch (what) {
    case MAILLOG_SIZEOF_STR:
        return sizeof(maillog_str);
    case MAILLOG_SIZEOF_TIME:
        return sizeof(maillog_time);
    case MAILLOG_SIZEOF_FIELD:
        return sizeof(maillog_field);
    case MAILLOG_SIZEOF_EVENT:
        return sizeof(maillog_event);
    case MAILLOG_SIZEOF_OPTIONS:
        return sizeof(maillog_options);
    case MAILLOG_SIZEOF_CALLBACKS:
        return sizeof(maillog_callbacks);
    case MAILLOG_SIZEOF_STREAM:
        return sizeof(maillog_stream);
    case MAILLOG_SIZEOF_BATCH:
        return sizeof(maillog_batch);
    case MAILLOG_SIZEOF_BATCH_EVENT:
        return sizeof(maillog_batch_event);
    case MAILLOG_SIZEOF_JSON_OPTIONS:
        return sizeof(maillog_json_options);
    case MAILLOG_SIZEOF_MEMO:
        return sizeof(maillog_memo);
    default:
        return 0;
    }
}

const char *maillog_daemon_name(int daemon)
{
    switch (daemon) {
#define MAILLOG_DAEMON(id, NAME, member, name, doc)                                                                    \
    case id:                                                                                                           \
        return name;
#include <maillog/schema.def>
    default:
        return "unknown";
    }
}

const char *maillog_daemon_doc(int daemon)
{
    switch (daemon) {
#define MAILLOG_DAEMON(id, NAME, member, name, doc)                                                                    \
    case id:                                                                                                           \
        return doc;
#include <maillog/schema.def>
    default:
        return "";
    }
}

const char *maillog_event_name(int type)
{
    switch (type) {
#define MAILLOG_EVENT(FAMILY, NAME, number, name, doc, fields)                                                         \
    case MAILLOG_EVENT_##FAMILY##_##NAME:                                                                              \
        return name;
#include <maillog/schema.def>
    default:
        return "unknown";
    }
}

const char *maillog_event_doc(int type)
{
    switch (type) {
#define MAILLOG_EVENT(FAMILY, NAME, number, name, doc, fields)                                                         \
    case MAILLOG_EVENT_##FAMILY##_##NAME:                                                                              \
        return doc;
#include <maillog/schema.def>
    default:
        return "";
    }
}

int maillog_event_family(int type) { return type / 1000; }

typedef struct field_row {
    const char *name;
    uint16_t id;
    uint8_t kind;
} field_row;

static const field_row fields[] = {
#define MAILLOG_FIELD(id, NAME, name, kind, doc) [id] = {name, id, MAILLOG_KIND_##kind},
#include <maillog/schema.def>
};
/* apart, so that a program that asks for none is linked without them */
static const char *const field_docs[] = {
#define MAILLOG_FIELD(id, NAME, name, kind, doc) [id] = doc,
#include <maillog/schema.def>
};
#define FIELD_COUNT ((int)(sizeof fields / sizeof *fields))

static const field_row *field_row_of(int id)
{
    return id > 0 && id < FIELD_COUNT && fields[id].name ? &fields[id] : NULL;
}

const char *maillog_field_name(int id)
{
    const field_row *r = field_row_of(id);
    return r ? r->name : "unknown";
}

const char *maillog_field_doc(int id) { return field_row_of(id) ? field_docs[id] : ""; }

int maillog_field_kind(int id)
{
    const field_row *r = field_row_of(id);
    return r ? r->kind : 0;
}

const char *maillog_family_name(int family)
{
    switch (family) {
#define MAILLOG_FAMILY(id, NAME, name, doc)                                                                            \
    case id:                                                                                                           \
        return name;
#include <maillog/schema.def>
    default:
        return "unknown";
    }
}

const char *maillog_family_doc(int family)
{
    switch (family) {
#define MAILLOG_FAMILY(id, NAME, name, doc)                                                                            \
    case id:                                                                                                           \
        return doc;
#include <maillog/schema.def>
    default:
        return "";
    }
}

const char *maillog_match_name(int match)
{
    static const char *const names[] = {"raw", "header", "daemon", "event"};
    return match >= 0 && match <= MAILLOG_MATCH_EVENT ? names[match] : "unknown";
}

const char *maillog_word_name(int word)
{
    switch (word) {
#define MAILLOG_WORD(id, SET, NAME, word)                                                                              \
    case id:                                                                                                           \
        return word;
#include <maillog/schema.def>
    default:
        return "unknown";
    }
}

const char *maillog_kind_name(int kind)
{
    static const char *const names[] = {"unknown", "text", "number", "decimal", "duration",
                                        "address", "ip",   "word",   "list",    "queue_id"};
    return kind > 0 && kind <= MAILLOG_KIND_QUEUE_ID ? names[kind] : names[0];
}

/* The fields of an event, 0-terminated. */
static const uint16_t *event_fields(int type)
{
    switch (type) {
#define F(NAME) MAILLOG_FIELD_##NAME,
#define MAILLOG_EVENT(FAMILY, NAME, number, name, doc, fields)                                                         \
    case MAILLOG_EVENT_##FAMILY##_##NAME: {                                                                            \
        static const uint16_t list[] = {fields 0};                                                                     \
        return list;                                                                                                   \
    }
#include <maillog/schema.def>
#undef F
    default:
        return NULL;
    }
}

static int is_header_field(int id)
{
    switch (id) {
    case MAILLOG_FIELD_HOST:
    case MAILLOG_FIELD_PROGRAM:
    case MAILLOG_FIELD_PID:
    case MAILLOG_FIELD_INSTANCE:
    case MAILLOG_FIELD_SEVERITY:
    case MAILLOG_FIELD_MESSAGE:
    case MAILLOG_FIELD_REST:
    case MAILLOG_FIELD_QUEUE_ID:
    case MAILLOG_FIELD_PRIORITY:
    case MAILLOG_FIELD_MSGID_5424:
    case MAILLOG_FIELD_STRUCTURED_DATA:
    case MAILLOG_FIELD_FACILITY:
    case MAILLOG_FIELD_CONTAINER:
    case MAILLOG_FIELD_STREAM:
        return 1;
    default:
        return 0;
    }
}

int maillog_event_may_have(int type, int field_id)
{
    if (is_header_field(field_id)) return 1;
    const uint16_t *list = event_fields(type);
    if (!list) return 0;
    for (; *list; list++)
        if (*list == field_id) return 1;
    return 0;
}

/* One number for a field of a family, or of an event. */
#define OF_FAMILY(family, field) ((uint32_t)(family)*65536 + (uint32_t)(field))
#define OF_EVENT(type, field) ((uint32_t)(type)*65536 + (uint32_t)(field))

int maillog_event_form(int type, int field_id)
{
    if (!maillog_event_may_have(type, field_id) || field_id >= 65536) return MAILLOG_FORM_NONE;
    switch (OF_EVENT(type, field_id)) {
#define MAILLOG_CONTROL_EVENT(FAMILY, EVENT, FIELD, FORM)                                                              \
    case OF_EVENT(MAILLOG_EVENT_##FAMILY##_##EVENT, MAILLOG_FIELD_##FIELD):                                            \
        return MAILLOG_FORM_##FORM;
#include <maillog/schema.def>
    default:
        break;
    }
    switch (OF_FAMILY(maillog_event_family(type), field_id)) {
#define MAILLOG_CONTROL(FAMILY, FIELD, FORM)                                                                           \
    case OF_FAMILY(MAILLOG_FAMILY_##FAMILY, MAILLOG_FIELD_##FIELD):                                                    \
        return MAILLOG_FORM_##FORM;
#include <maillog/schema.def>
    default:
        return MAILLOG_FORM_NONE;
    }
}

const char *maillog_form_name(int form)
{
    switch (form) {
#define MAILLOG_FORM(id, NAME, name, doc)                                                                              \
    case id:                                                                                                           \
        return name;
#include <maillog/schema.def>
    default:
        return "unknown";
    }
}

const char *maillog_form_doc(int form)
{
    switch (form) {
#define MAILLOG_FORM(id, NAME, name, doc)                                                                              \
    case id:                                                                                                           \
        return doc;
#include <maillog/schema.def>
    default:
        return "";
    }
}

int maillog_daemon_by_name(const char *name, size_t len)
{
    for (int id = 0; (id = maillog_daemon_next(id)) != 0;) {
        const char *n = maillog_daemon_name(id);
        if (strlen(n) == len && memcmp(n, name, len) == 0) return id;
    }
    return 0;
}

int maillog_field_by_name(const char *name, size_t len)
{
    for (int id = 0; (id = maillog_field_next(id)) != 0;) {
        const char *n = maillog_field_name(id);
        if (strlen(n) == len && memcmp(n, name, len) == 0) return id;
    }
    return 0;
}

static int is_known(const char *name) { return strlen(name) != 7 || memcmp(name, "unknown", 7) != 0; }

int maillog_daemon_next(int daemon)
{
    for (int id = daemon < 0 ? 1 : daemon + 1; id < 256; id++)
        if (is_known(maillog_daemon_name(id))) return id;
    return 0;
}

int maillog_event_next(int type)
{
    for (int id = type < 0 ? 1 : type + 1; id < 65536; id++)
        if (is_known(maillog_event_name(id))) return id;
    return 0;
}

int maillog_field_next(int id)
{
    for (int i = id < 0 ? 1 : id + 1; i < FIELD_COUNT; i++)
        if (fields[i].name) return i;
    return 0;
}

int maillog_family_next(int family)
{
    for (int id = family < 0 ? 1 : family + 1; id < 256; id++)
        if (is_known(maillog_family_name(id))) return id;
    return 0;
}
