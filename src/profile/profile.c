/* Which reader a file belongs to. */
#include "profile/profile.h"

#include <stdarg.h>

#include "profile/inner.h"

const char *const profile_format_names[PROFILE_N_FORMATS] = {
    [PROFILE_UNKNOWN] = "unknown",
    [PROFILE_CHROME] = "Chrome trace",
    [PROFILE_RUN_CSV] = "trace of tt-explorer run",
    [PROFILE_OPS_PERF] = "ops_perf_results",
    [PROFILE_DEVICE_PERF] = "cpp_device_perf_report",
    [PROFILE_TRACY_TIMES] = "tracy_ops_times",
    [PROFILE_MEMORY] = "memory_results",
    [PROFILE_GOLDEN] = "golden_results",
};

struct profile_row profile_row_new(void) {
    return (struct profile_row){
        .op = {.start_us = (double)NAN,
               .us = (double)NAN,
               .read = (double)NAN,
               .written = (double)NAN,
               .flops = (double)NAN,
               .live = (double)NAN,
               .pcc = (double)NAN,
               .absolute = (double)NAN,
               .relative = (double)NAN,
               .rows = 1},
        .gap_us = (double)NAN,
        .host_us = (double)NAN,
    };
}

bool profile_fail(struct profile *p, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    p->error = arena_vprintf(&p->arena, fmt, ap);
    va_end(ap);
    return false;
}

str profile_loc(str text) {
    text = str_trim(text);
    if (str_starts_with(text, STR("loc(")) && str_ends_with(text, STR(")")))
        text = str_trim(str_slice(text, 4, text.n - 1));
    if (str_eq(text, STR("unknown")) || str_eq(text, STR("?")))
        return (str){0};
    return text;
}

/* A member name within the beginning of a JSON text. */
static bool has_member(str head, const char *name) {
    return str_find(head, str_from_z(name)) < head.n;
}

/* A text without what editors and spreadsheets put around it: a byte order mark, empty lines. */
static str content(str text) {
    str mark = STR("\xef\xbb\xbf");
    return str_trim(str_starts_with(text, mark) ? str_from(text, mark.n) : text);
}

enum profile_format profile_sniff(str head) {
    head = str_slice(content(head), 0, PROFILE_HEAD);
    if (head.n == 0)
        return PROFILE_UNKNOWN;
    if (head.p[0] != '{' && head.p[0] != '[')
        return profile_csv_format(str_slice(head, 0, str_find_char(head, '\n')));
    if (has_member(head, "\"traceEvents\"") ||
        (head.p[0] == '[' && has_member(head, "\"ph\"") && has_member(head, "\"ts\"")))
        return PROFILE_CHROME;
    if (has_member(head, "\"debug_str\"") && has_member(head, "\"total_bytes_allocated_per_bank\""))
        return PROFILE_MEMORY;
    if (has_member(head, "\"actual_pcc\""))
        return PROFILE_GOLDEN;
    return PROFILE_UNKNOWN;
}

bool profile_read(struct profile *p, str bytes, struct mem *m) {
    struct profile_rows rows = {.sorted = false};
    bytes = content(bytes);
    *p = (struct profile){.format = profile_sniff(bytes)};
    arena_init(&p->arena, m);
    vec_init(&p->ops, m);
    vec_init(&rows.list, m);
    bool good = false;
    switch (p->format) {
    case PROFILE_CHROME: good = profile_read_chrome(p, bytes, &rows); break;
    case PROFILE_MEMORY:
    case PROFILE_GOLDEN: good = profile_read_results(p, bytes, &rows); break;
    case PROFILE_RUN_CSV:
    case PROFILE_OPS_PERF:
    case PROFILE_DEVICE_PERF:
    case PROFILE_TRACY_TIMES: good = profile_read_csv(p, bytes, &rows); break;
    case PROFILE_UNKNOWN:
    case PROFILE_N_FORMATS:
        profile_fail(p, "it is no trace or measurement that is known: neither Chrome trace JSON, nor one of the "
                        "profilers' CSV files, nor results of ttrt");
        break;
    }
    p->n_rows = rows.list.n;
    if (good && rows.list.n == 0)
        good = profile_fail(p, "%s: there is no measured op in it", profile_format_names[p->format]);
    good = good && profile_merge(p, &rows);
    vec_free(&rows.list);
    return good;
}

void profile_free(struct profile *p) {
    vec_free(&p->ops);
    arena_free(&p->arena);
}
