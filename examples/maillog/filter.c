/* filter.c: filters put together. */
#include "filter.h"

#include <string.h>

static bool has_type(const line_filter *f, uint16_t type)
{
    for (size_t i = 0; i < f->ntypes; i++)
        if (f->types[i] == type) return true;
    return false;
}

/* They stay ascending. */
static bool add_type(line_filter *f, uint16_t type)
{
    if (has_type(f, type)) return true;
    if (f->ntypes == FILTER_TYPES) return false;
    size_t i = f->ntypes++;
    for (; i > 0 && f->types[i - 1] > type; i--) f->types[i] = f->types[i - 1];
    f->types[i] = type;
    return true;
}

static void types_of_both(line_filter *f, const line_filter *other)
{
    size_t n = 0;
    for (size_t i = 0; i < f->ntypes; i++)
        if (has_type(other, f->types[i])) f->types[n++] = f->types[i];
    f->ntypes = n;
}

void filter_both(line_filter *f, const line_filter *other)
{
    if (other->by_daemon) {
        for (size_t i = 0; i < sizeof f->daemons; i++)
            f->daemons[i] = (uint8_t)((!f->by_daemon || f->daemons[i]) && other->daemons[i]);
        f->by_daemon = true;
    }
    if (other->by_type && f->by_type) {
        types_of_both(f, other);
    } else if (other->by_type) {
        memcpy(f->types, other->types, sizeof f->types);
        f->ntypes = other->ntypes;
        f->by_type = true;
    }
    if (other->len > f->len) f->text = other->text, f->len = other->len;
}

void filter_either(line_filter *f, const line_filter *other)
{
    f->by_daemon = f->by_daemon && other->by_daemon;
    for (size_t i = 0; i < sizeof f->daemons; i++) f->daemons[i] = f->daemons[i] || other->daemons[i];
    f->by_type = f->by_type && other->by_type;
    for (size_t i = 0; f->by_type && i < other->ntypes; i++) f->by_type = add_type(f, other->types[i]);
    f->text = NULL, f->len = 0;
}

bool filter_any(const line_filter *f) { return f->by_daemon || f->by_type || f->text; }
