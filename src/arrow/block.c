/* block.c: memory in blocks, each counted by those who use it, and who releases what: a consumer may keep a child and
 * release its parent, so each part of a schema or of a record batch holds the block it is in. */
#include <string.h>

#include "arrow.h"

ml_block *maillog__block_get(const maillog_arrow_memory *memory, size_t bytes, ml_block *keeps)
{
    ml_block *const b = (ml_block *)memory->get(memory->user, bytes);
    if (!b) return NULL;
    memset(b, 0, bytes);
    atomic_init(&b->held, 1);
    b->memory = *memory;
    b->keeps = keeps;
    if (keeps) ml_block_hold(keeps);
    return b;
}

void maillog__block_drop(ml_block *b)
{
    while (b && atomic_fetch_sub_explicit(&b->held, 1, memory_order_acq_rel) == 1) {
        ml_block *const keeps = b->keeps;
        const maillog_arrow_memory memory = b->memory;
        memory.put(memory.user, b);
        b = keeps;
    }
}

static void release_schema(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++)
        if (s->children[i]->release) s->children[i]->release(s->children[i]);
    if (s->dictionary && s->dictionary->release) s->dictionary->release(s->dictionary);
    s->release = NULL;
    maillog__block_drop((ml_block *)s->private_data);
}

void maillog__schema_set(struct ArrowSchema *s, ml_block *b, const char *format, const char *name, int64_t flags)
{
    memset(s, 0, sizeof *s);
    s->format = format;
    s->name = name;
    s->flags = flags;
    s->release = release_schema;
    s->private_data = b;
    ml_block_hold(b);
}

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release) array->children[i]->release(array->children[i]);
    if (array->dictionary && array->dictionary->release) array->dictionary->release(array->dictionary);
    array->release = NULL;
    maillog__block_drop((ml_block *)array->private_data);
}

void maillog__array_set(struct ArrowArray *array, ml_block *b, int64_t length, const void **buffers, int64_t n)
{
    memset(array, 0, sizeof *array);
    array->length = length;
    array->buffers = buffers;
    array->n_buffers = n;
    array->release = release_array;
    array->private_data = b;
    ml_block_hold(b);
}
