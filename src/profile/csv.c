/* The profilers' CSV files. Columns differ between releases: they are found by their names. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "profile/inner.h"

/* --- columns ---------------------------------------------------------------------------------------------------------- */

enum role {
    NAME,
    KIND, /* OP TYPE: what is no device op is left out */
    KERNEL,
    LOC,
    OP,
    LINE,
    START_NS,
    HOST_NS,
    NS,
    NS_ELSE, /* where the column of NS is empty */
    GAP_NS,
    DEVICE,
    THREADS,
    READ,
    WRITTEN,
    FLOPS,
    LIVE,
    METADATA, /* {'loop_number': N, ...} */
    TRACED,   /* replayed from a trace: rows are in order */
    N_ROLES
};

struct column {
    const char *header;
    enum role role;
};

/* Headers of each format; the first `needed` of them tell it from others. */
static const struct layout {
    enum profile_format format;
    size_t needed;
    struct column columns[16];
} layouts[] = {
    {PROFILE_RUN_CSV,
     5,
     {{"op", OP},
      {"name", NAME},
      {"line", LINE},
      {"start_ns", START_NS},
      {"ns", NS},
      {"kernel", KERNEL},
      {"threads", THREADS},
      {"read", READ},
      {"written", WRITTEN},
      {"flops", FLOPS},
      {"live", LIVE},
      {"loc", LOC}}},
    {PROFILE_OPS_PERF,
     3,
     {{"OP CODE", NAME},
      {"OP TYPE", KIND},
      {"DEVICE FW DURATION [ns]", NS},
      {"DEVICE KERNEL DURATION [ns]", NS_ELSE},
      {"GLOBAL CALL COUNT", OP},
      {"DEVICE ID", DEVICE},
      {"CORE COUNT", THREADS},
      {"HOST START TS", HOST_NS},
      {"OP TO OP LATENCY [ns]", GAP_NS},
      {"OUTPUT_0_MEMORY", KERNEL},
      {"LOC", LOC},
      {"PROGRAM_METADATA", METADATA},
      {"METAL TRACE ID", TRACED}}},
    {PROFILE_DEVICE_PERF,
     2,
     {{"OP NAME", NAME},
      {"DEVICE FW DURATION [ns]", NS},
      {"DEVICE KERNEL DURATION [ns]", NS_ELSE},
      {"DEVICE ID", DEVICE},
      {"CORE COUNT", THREADS},
      {"OP TO OP LATENCY [ns]", GAP_NS}}},
    {PROFILE_TRACY_TIMES,
     4,
     {{"name", NAME}, {"zone_name", KERNEL}, {"ns_since_start", START_NS}, {"exec_time_ns", NS}}},
};
enum { N_LAYOUTS = sizeof layouts / sizeof *layouts, MOST_COLUMNS = 512 };

/* --- fields ----------------------------------------------------------------------------------------------------------- */

/* The next field at *p, which moves behind its comma or line break; quotes are taken off and doubled ones made single in
 * place of a copy. *last: the line ends behind it. .p NULL when out of memory. */
static str next_field(const char **p, const char *end, struct arena *a, bool *last) {
    const char *at = *p;
    str field;
    if (at < end && *at == '"') {
        const char *from = ++at;
        bool doubled = false;
        while (at < end && (*at != '"' || (at + 1 < end && at[1] == '"'))) {
            doubled |= *at == '"';
            at += *at == '"' ? 2 : 1;
        }
        field = str_of(from, (size_t)(at - from));
        if (doubled) {
            char *copy = arena_alloc(a, field.n + 1, 1);
            size_t n = 0;
            for (size_t i = 0; copy && i < field.n; i++) {
                copy[n++] = field.p[i];
                i += field.p[i] == '"';
            }
            field = copy ? str_of(copy, n) : (str){0};
        }
        while (at < end && *at != ',' && *at != '\n')
            at++;
    } else {
        const char *from = at;
        while (at < end && *at != ',' && *at != '\n')
            at++;
        field = str_of(from, (size_t)(at - from));
        if (field.n && field.p[field.n - 1] == '\r')
            field.n--;
    }
    *last = at >= end || *at == '\n';
    *p = at < end ? at + 1 : at;
    return field;
}

/* Which role each column of a header has; -1: none. Gives how many columns there are. */
static size_t read_header(const struct layout *l, const char **p, const char *end, struct arena *a, int8_t *roles) {
    bool last = false;
    size_t n = 0;
    while (!last) {
        str field = str_trim(next_field(p, end, a, &last));
        int8_t role = -1;
        for (size_t i = 0; i < 16 && l->columns[i].header; i++)
            if (str_eq(field, str_from_z(l->columns[i].header)))
                role = (int8_t)l->columns[i].role;
        if (n < MOST_COLUMNS)
            roles[n++] = role;
    }
    return n;
}

/* Whether the header has the columns that tell a format. */
static bool fits(const struct layout *l, str header) {
    for (size_t i = 0; i < l->needed; i++) {
        str rest = header, name = str_from_z(l->columns[i].header);
        bool found = false;
        while (rest.n && !found) {
            size_t comma = str_find_char(rest, ',');
            found = str_eq(str_trim(str_slice(rest, 0, comma)), name);
            rest = str_from(rest, comma + 1);
        }
        if (!found)
            return false;
    }
    return true;
}

enum profile_format profile_csv_format(str header) {
    for (size_t i = 0; i < N_LAYOUTS; i++)
        if (fits(&layouts[i], header))
            return layouts[i].format;
    return PROFILE_UNKNOWN;
}

/* --- rows ------------------------------------------------------------------------------------------------------------- */

static double number_of(str text) {
    char copy[64];
    char *rest;
    text = str_trim(text);
    if (text.n == 0 || text.n >= sizeof copy)
        return (double)NAN;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    double v = strtod(copy, &rest);
    return *rest ? (double)NAN : v;
}

static uint32_t count_of(str text) {
    double v = number_of(text);
    return v >= 0 && v < (double)UINT32_MAX ? (uint32_t)v : 0;
}

/* The number behind 'loop_number': in a Python dictionary. */
static uint32_t loop_of(str metadata) {
    size_t at = str_find(metadata, STR("loop_number"));
    str rest = str_from(metadata, at < metadata.n ? at + 11 : metadata.n);
    size_t from = 0, to;
    while (from < rest.n && (rest.p[from] < '0' || rest.p[from] > '9'))
        from++;
    for (to = from; to < rest.n && rest.p[to] >= '0' && rest.p[to] <= '9';)
        to++;
    return count_of(str_slice(rest, from, to));
}

/* A second for one op: the counters of the cores were not set to zero together (perf-artifacts.md section 1). */
static const double most_us = 1e6;

/* One line by its fields. False when out of memory. */
static bool take_row(struct profile *p, const str *f, struct profile_rows *rows) {
    struct profile_row r = profile_row_new();
    bool device = p->format == PROFILE_OPS_PERF || p->format == PROFILE_DEVICE_PERF;
    if (p->format == PROFILE_OPS_PERF && !str_eq(f[KIND], STR("tt_dnn_device"))) {
        *(str_eq(f[KIND], STR("signpost")) ? &p->signposts : &p->host) += 1;
        return true;
    }
    double ns = number_of(f[NS]);
    if (isnan(ns))
        ns = number_of(f[NS_ELSE]);
    r.op.us = ns / 1000;
    if (isnan(ns) || ns < 0 || (device && r.op.us > most_us)) {
        p->impossible++;
        return true;
    }
    r.op.name = arena_str(&p->arena, f[NAME]);
    r.op.kernel = arena_str(&p->arena, f[KERNEL]);
    r.op.loc = arena_str(&p->arena, profile_loc(f[LOC]));
    if (!r.op.name.p || !r.op.kernel.p || !r.op.loc.p)
        return false;
    r.op.op = p->format == PROFILE_RUN_CSV ? count_of(f[OP]) : 0;
    r.op.line = count_of(f[LINE]);
    r.op.threads = count_of(f[THREADS]);
    r.op.start_us = number_of(f[START_NS]) / 1000;
    r.op.read = number_of(f[READ]);
    r.op.written = number_of(f[WRITTEN]);
    r.op.flops = number_of(f[FLOPS]);
    r.op.live = number_of(f[LIVE]);
    r.host_us = number_of(f[HOST_NS]) / 1000;
    r.gap_us = number_of(f[GAP_NS]) / 1000;
    r.device = count_of(f[DEVICE]);
    r.loop = loop_of(f[METADATA]);
    rows->sorted |= f[TRACED].n != 0;
    return vec_push(&rows->list, r);
}

bool profile_read_csv(struct profile *p, str bytes, struct profile_rows *rows) {
    const struct layout *l = layouts;
    const char *at = bytes.p, *end = bytes.p + bytes.n;
    int8_t roles[MOST_COLUMNS];
    while (l->format != p->format)
        l++;
    size_t n = read_header(l, &at, end, &p->arena, roles);
    rows->consecutive = p->format == PROFILE_OPS_PERF || p->format == PROFILE_DEVICE_PERF;
    rows->sorted = p->format == PROFILE_DEVICE_PERF;
    while (at < end) {
        str fields[N_ROLES] = {{0}};
        bool last = false;
        for (size_t i = 0; !last; i++) {
            str field = next_field(&at, end, &p->arena, &last);
            if (i < n && roles[i] >= 0)
                fields[roles[i]] = field;
        }
        if (fields[NAME].n && !take_row(p, fields, rows))
            return false;
    }
    return true;
}
