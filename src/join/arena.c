/* arena.c: hashes, and the cells that all else is made of. */
#include "table.h"

uint64_t maillog__hash(const maillog_join *j, uint64_t salt, const void *p, size_t n)
{
    return ml_hash(ml_hasher_of(j), salt, (const char *)p, n);
}

uint64_t maillog__key(const maillog_join *j, unsigned kind, uint64_t scope, maillog_str value)
{
    const uint64_t h = ml_hash(ml_hasher_of(j), ml_key_salt(kind, scope), value.ptr, value.len);
    return h ? h : 1;
}

/* ---- cells ---- */

/* push() made sure that there is one. */
uint32_t maillog__new_cell(maillog_join *j)
{
    uint32_t cell = j->free_cell;
    if (cell) {
        j->free_cell = ml_next_cell(j, cell);
        if (j->free_cell) ml_prefetch_node(j, j->free_cell); /* it is the next to be taken */
    } else {
        cell = j->fresh_cell++;
        memset(ml_cell(j, cell), 0, ML_CELL); /* a sealed block must not tell what its memory held before */
    }
    j->used_cells++;
    j->turnover++;
    return cell;
}

void maillog__free_cell(maillog_join *j, uint32_t cell)
{
    memcpy(ml_cell(j, cell) + ML_CELL_DATA, &j->free_cell, sizeof cell);
    j->free_cell = cell;
    j->used_cells--;
}
