/* summary_json.c: the summary as one JSON object. */
#include "summary.h"

#include <string.h>

static void put_rates(FILE *out, const uint64_t rates[RATES])
{
    for (size_t r = 0; r < RATES; r++) fprintf(out, ",\"%s\":%llu", rate_names[r], (unsigned long long)rates[r]);
    fputc('}', out);
}

static void put_time(FILE *out, const char *key, const maillog_time *t, int year)
{
    if (!t->month) return;
    fprintf(out, "\"%s\":\"%04d-%02u-%02uT%02u:%02u:%02u\",", key, year, t->month, t->day, t->hour, t->minute,
            t->second);
}

static void put_row(FILE *out, const table_info *info, const tally_row *row)
{
    for (size_t k = 0; k < info->keys; k++) {
        fprintf(out, "%c\"%s\":", k ? ',' : '{', info->key[k]);
        print_json_string(out, row->key[k], strlen(row->key[k]));
    }
    fprintf(out, ",\"count\":%llu", (unsigned long long)row->count);
    if (info->has & HAS_BYTES) fprintf(out, ",\"bytes\":%llu", (unsigned long long)row->bytes);
    if (info->has & HAS_DELAY) {
        if (info->has & HAS_BYTES) fprintf(out, ",\"deferrals\":%llu", (unsigned long long)row->deferrals);
        fprintf(out, ",\"delay_average\":%.3f,\"delay_max\":%.3f", tally_average(row), (double)row->delay_max / 1e6);
    }
    fputc('}', out);
}

static void put_table(FILE *out, const summary *s, size_t t)
{
    const char *before = "";
    row_walk walk = {0, 0, NULL};
    const tally_row *row;
    fprintf(out, ",\"%s\":[", tables[t].name);
    while ((row = summary_next_row(s, t, &walk)) != NULL) {
        fputs(before, out);
        put_row(out, &tables[t], row);
        before = ",";
    }
    fputc(']', out);
}

void summary_json(FILE *out, summary *s)
{
    const char *name;
    fputc('{', out);
    put_time(out, "first_time", &s->first, s->first_year);
    put_time(out, "last_time", &s->last, s->last_year);
    fprintf(out, "\"lines\":%llu,\"understood\":%llu", (unsigned long long)s->lines, (unsigned long long)s->understood);
    uint64_t value = summary_value(s, 0, &name);
    for (size_t i = 0; name; value = summary_value(s, ++i, &name))
        fprintf(out, ",\"%s\":%llu", name, (unsigned long long)value);
    fputs(",\"per_day\":[", out);
    for (size_t i = 0; i < s->ndays; i++) {
        const uint32_t d = s->days[i].date;
        fprintf(out, "%s{\"date\":\"%04u-%02u-%02u\"", i ? "," : "", d / 10000, d / 100 % 100, d % 100);
        put_rates(out, s->days[i].rate);
    }
    fputs("],\"per_hour\":[", out);
    for (size_t h = 0; h < 24; h++) {
        fprintf(out, "%s{\"hour\":%zu", h ? "," : "", h);
        put_rates(out, s->hour[h]);
    }
    fputc(']', out);
    for (size_t t = 0; t < TABLES; t++) put_table(out, s, t);
    fputs("}\n", out);
}
