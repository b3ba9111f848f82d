/* events.c: `maillog events`: lines, one by one, as JSON, CSV, TSV or logfmt. */
#include "column.h"
#include "sheet.h"
#include "text.h"
#include "where.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 128 };
static column columns[COLUMNS];
static size_t ncolumns;
static where *condition;
static int daemon_id;

static size_t write_event(const void *ev, const maillog_json_options *opt, char *buf, size_t cap)
{
    return maillog_event_json((const maillog_event *)ev, opt, buf, cap);
}

/* ---- forms ---- */

static void put_list(sheet *out, maillog_field_id field, maillog_str list)
{
    maillog_str item;
    size_t at = 0;
    const char *before = "";
    sheet_put_byte(out, '[');
    while (maillog_list_next(field, list, &at, &item)) {
        sheet_puts(out, before);
        sheet_put_json_string(out, item);
        before = ",";
    }
    sheet_put_byte(out, ']');
}

static void put_json(const command *c, const maillog_event *ev)
{
    char before = '{';
    for (size_t i = 0; i < ncolumns; i++) {
        const column *col = &columns[i];
        const maillog_str value = column_value(c, col, ev);
        if (!value.ptr) continue;
        sheet_put_byte(c->out, before);
        sheet_put_byte(c->out, '"');
        sheet_puts(c->out, col->name);
        sheet_puts(c->out, "\":");
        before = ',';
        if (col->kind == COLUMN_LINE)
            sheet_put(c->out, value.ptr, value.len);
        else if (col->kind == COLUMN_FIELD && maillog_field_kind((int)col->field) == MAILLOG_KIND_LIST)
            put_list(c->out, col->field, value);
        else
            sheet_put_json_string(c->out, value);
    }
    sheet_puts(c->out, before == '{' ? "{}\n" : "}\n");
}

/* RFC 4180: quotes where they are needed, doubled inside. */
static void put_csv_value(sheet *out, maillog_str value)
{
    bool quote = false;
    for (size_t i = 0; i < value.len && !quote; i++) quote = strchr(",\"\r\n", value.ptr[i]) != NULL;
    if (!quote) {
        sheet_put(out, value.ptr, value.len);
        return;
    }
    sheet_put_byte(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"') sheet_put_byte(out, '"');
        sheet_put_byte(out, value.ptr[i]);
    }
    sheet_put_byte(out, '"');
}

/* The tab, the line end and the backslash are written \t, \n, \\, as databases read them. */
static void put_tsv_value(sheet *out, maillog_str value)
{
    static const char plain[] = "\t\n\r\\", letters[] = "tnr\\";
    for (size_t i = 0; i < value.len; i++) {
        const char *special = value.ptr[i] ? strchr(plain, value.ptr[i]) : NULL;
        if (special) sheet_put_byte(out, '\\');
        sheet_put_byte(out, special ? letters[special - plain] : value.ptr[i]);
    }
}

static void put_row(const command *c, const maillog_event *ev)
{
    for (size_t i = 0; i < ncolumns; i++) {
        const maillog_str value = column_value(c, &columns[i], ev);
        if (i) sheet_put_byte(c->out, c->format == FORMAT_CSV ? ',' : '\t');
        if (c->format == FORMAT_CSV)
            put_csv_value(c->out, value);
        else
            put_tsv_value(c->out, value);
    }
    sheet_put_byte(c->out, '\n');
}

static void put_pair(sheet *out, const char *name, maillog_str value, const char **before)
{
    bool quote = value.len == 0;
    if (!value.ptr) return;
    for (size_t i = 0; i < value.len && !quote; i++)
        quote = (unsigned char)value.ptr[i] <= ' ' || strchr("=\"\\\x7f", value.ptr[i]) != NULL;
    sheet_puts(out, *before);
    sheet_puts(out, name);
    sheet_put_byte(out, '=');
    *before = " ";
    if (quote)
        sheet_put_json_string(out, value);
    else
        sheet_put(out, value.ptr, value.len);
}

/* Without --fields every field the line has; `message` repeats them, and stays out. */
static void put_logfmt(const command *c, const maillog_event *ev)
{
    const char *before = "";
    for (size_t i = 0; i < ncolumns; i++) put_pair(c->out, columns[i].name, column_value(c, &columns[i], ev), &before);
    for (uint32_t i = 0; i < ev->nfields && !c->fields; i++) {
        const maillog_str value = {ev->line + ev->field[i].off, ev->field[i].len};
        if (ev->field[i].id != MAILLOG_FIELD_MESSAGE || ev->match < MAILLOG_MATCH_DAEMON)
            put_pair(c->out, maillog_field_name(ev->field[i].id), value, &before);
    }
    sheet_put_byte(c->out, '\n');
}

static void put_event(const command *c, const maillog_event *ev)
{
    if (c->format == FORMAT_CSV || c->format == FORMAT_TSV) {
        put_row(c, ev);
    } else if (c->format == FORMAT_LOGFMT) {
        put_logfmt(c, ev);
    } else if (c->fields) {
        put_json(c, ev);
    } else {
        maillog_json_options opt = command_json_options(c, &ev->time);
        opt.line_number = c->line;
        sheet_put_json(c->out, write_event, ev, &opt);
    }
}

static sheet out; /* of lines that are printed one by one: what threads write they print themselves */

static int on_event(command *c, const maillog_event *ev)
{
    if (daemon_id && ev->daemon != daemon_id) return MAILLOG_CONTINUE;
    if (c->event && strcmp(c->event, maillog_event_name(ev->type)) != 0) return MAILLOG_CONTINUE;
    if (condition && !where_true(c, condition, ev)) return MAILLOG_CONTINUE;
    put_event(c, ev);
    if (c->out != &out) return MAILLOG_CONTINUE;
    fwrite(out.text, 1, out.len, stdout);
    out.len = 0;
    if (c->follow) return output_works() ? MAILLOG_CONTINUE : -1;
    return output_open() ? MAILLOG_CONTINUE : -1;
}

/* ---- options ---- */

static const char *daemon_word(size_t i, const void *list)
{
    (void)list;
    int id = maillog_daemon_next(0);
    for (; id && i > 0; i--) id = maillog_daemon_next(id);
    return id ? maillog_daemon_name(id) : NULL;
}

static const char *event_word(size_t i, const void *list)
{
    (void)list;
    int type = maillog_event_next(0);
    for (; type && i > 0; i--) type = maillog_event_next(type);
    return type ? maillog_event_name(type) : NULL;
}

static bool known(const command *c, const char *option, const char *word, const char *(*next)(size_t, const void *))
{
    const char *name;
    for (size_t i = 0; (name = next(i, NULL)) != NULL; i++)
        if (strcmp(name, word) == 0) return true;
    const char *meant = did_you_mean(word, next, NULL);
    if (meant)
        wrong_usage(c, "%s %s: did you mean %s?", option, word, meant);
    else
        wrong_usage(c, "%s %s: there is none of that name (SCHEMA.md lists them)", option, word);
    return false;
}

static bool read_columns(const command *c, const char *list)
{
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        const size_t n = strcspn(p, ",");
        if (ncolumns == COLUMNS) return wrong_usage(c, "--fields: at most %d", COLUMNS) == 0;
        if (column_find(p, n, &columns[ncolumns])) {
            ncolumns++;
            continue;
        }
        char *typed = must_strndup(p, n);
        known(c, "--fields", typed, column_name);
        free(typed);
        return false;
    }
    return true;
}

static bool setup(command *c)
{
    static const char row[] = "line,time,host,daemon,pid,event,queue_id,message",
                      pairs[] = "line,time,daemon,event,match";
    const bool rows = c->format == FORMAT_CSV || c->format == FORMAT_TSV;
    if (c->json && c->format != FORMAT_JSON) {
        wrong_usage(c, "--json and --format %s: one of them", rows ? "csv or tsv" : "logfmt");
        return false;
    }
    if (c->daemon && !known(c, "--daemon", c->daemon, daemon_word)) return false;
    if (c->event && !known(c, "--event", c->event, event_word)) return false;
    if (c->daemon) daemon_id = maillog_daemon_by_name(c->daemon, strlen(c->daemon));
    if (c->where && !(condition = where_parse(c, c->where))) return false;
    if (c->fields) return read_columns(c, c->fields);
    if (rows) return read_columns(c, row);
    return c->format != FORMAT_LOGFMT || read_columns(c, pairs);
}

static void set_filter(command *c)
{
    static line_filter only;
    line_filter names;
    memset(&names, 0, sizeof names);
    where_filter_names(c->daemon, c->event, &names);
    if (condition) where_filter(condition, &only);
    filter_both(&only, &names);
    if (filter_any(&only)) c->only = &only;
}

static void put_head(const command *c)
{
    if (c->format != FORMAT_CSV && c->format != FORMAT_TSV) return;
    for (size_t i = 0; i < ncolumns; i++)
        printf("%s%s", i == 0 ? "" : c->format == FORMAT_CSV ? "," : "\t", columns[i].name);
    putchar('\n');
}

int command_events(command *c)
{
    if (!setup(c)) return 2;
    put_head(c);
    set_filter(c);
    c->on_event = on_event;
    c->out = &out;
    command_read(c);
    where_free(condition);
    return c->status;
}
