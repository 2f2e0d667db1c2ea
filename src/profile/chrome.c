/* Chrome trace JSON (the Trace Event Format): complete events, pairs of begin and end, and the counter of memory that
 * `tt-explorer run` writes behind each op. */
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "profile/inner.h"

enum { MOST_OPEN = 256 };

struct event {
    char phase;
    double ts, dur;
    uint64_t pid, tid;
    double bytes; /* of a counter */
    struct profile_row row;
};

static bool text_of(struct json_reader *r, enum json_kind kind, struct arena *a, str *out) {
    if (kind != JSON_STRING)
        return json_skip(r, kind);
    *out = arena_str(a, json_unescape(r, a));
    return out->p != NULL;
}

/* A number, or the text of one. */
static bool number(struct json_reader *r, enum json_kind kind, double *out) {
    if (kind == JSON_NUMBER)
        *out = json_get_double(r);
    return json_skip(r, kind);
}

/* Whole numbers; names of threads, which others write, are told apart by their hashes. */
static bool identity(struct json_reader *r, enum json_kind kind, uint64_t *out) {
    *out = 0;
    if (kind == JSON_NUMBER && !json_get_u64(r, out)) {
        double x = json_get_double(r);
        memcpy(out, &x, sizeof x); /* not whole, negative or huge: it only has to be told apart from others */
    }
    for (size_t i = 0; kind == JSON_STRING && i < r->text.n; i++)
        *out = *out * 31 + (unsigned char)r->text.p[i];
    return json_skip(r, kind);
}

static bool read_args(struct profile *p, struct json_reader *r, enum json_kind kind, struct event *e) {
    struct profile_op *o = &e->row.op;
    if (kind != JSON_OBJECT_BEGIN)
        return json_skip(r, kind);
    const struct {
        const char *key;
        double *to;
    } numbers[] = {{"read", &o->read}, {"written", &o->written}, {"flops", &o->flops}, {"bytes", &e->bytes}};
    double whole;
    bool good = true;
    while (good && (kind = json_next(r)) == JSON_KEY) {
        bool loc = json_key_is(r, STR("loc")), op = json_key_is(r, STR("op")), line = json_key_is(r, STR("line")),
             threads = json_key_is(r, STR("threads"));
        double *to = NULL;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (json_key_is(r, str_from_z(numbers[i].key)))
                to = numbers[i].to;
        kind = json_next(r);
        if (loc) {
            good = text_of(r, kind, &p->arena, &o->loc);
            o->loc = profile_loc(o->loc);
        } else if (to) {
            good = number(r, kind, to);
        } else {
            whole = 0;
            good = number(r, kind, &whole);
            uint32_t n = whole > 0 && whole < (double)UINT32_MAX ? (uint32_t)whole : 0;
            *(op ? &o->op : line ? &o->line : threads ? &o->threads : &(uint32_t){0}) = n;
        }
    }
    return good && kind == JSON_OBJECT_END;
}

static bool read_event(struct profile *p, struct json_reader *r, struct event *e) {
    enum json_kind kind;
    bool good = true;
    *e = (struct event){.ts = (double)NAN, .dur = (double)NAN, .bytes = (double)NAN, .row = profile_row_new()};
    while (good && (kind = json_next(r)) == JSON_KEY) {
        static const char *const keys[] = {"name", "cat", "ph", "ts", "dur", "pid", "tid", "args"};
        size_t k = 0;
        str phase = {0};
        while (k < 8 && !json_key_is(r, str_from_z(keys[k])))
            k++;
        kind = json_next(r);
        switch (k) {
        case 0: good = text_of(r, kind, &p->arena, &e->row.op.name); break;
        case 1: good = text_of(r, kind, &p->arena, &e->row.op.kernel); break;
        case 2:
            good = text_of(r, kind, &p->arena, &phase);
            e->phase = phase.n ? phase.p[0] : 0;
            break;
        case 3: good = number(r, kind, &e->ts); break;
        case 4: good = number(r, kind, &e->dur); break;
        case 5: good = identity(r, kind, &e->pid); break;
        case 6: good = identity(r, kind, &e->tid); break;
        case 7: good = read_args(p, r, kind, e); break;
        default: good = json_skip(r, kind); break;
        }
    }
    return good && kind == JSON_OBJECT_END;
}

static bool keep_event(struct profile *p, struct profile_rows *rows, const struct event *e, double us) {
    struct profile_row row = e->row;
    row.op.start_us = e->ts;
    row.op.us = us;
    if (isnan(e->ts) || isnan(us) || us < 0) {
        p->impossible++;
        return true;
    }
    return vec_push(&rows->list, row);
}

/* `open`: what has begun and not ended, one stack for all threads, searched from the top. */
static bool take_event(struct profile *p, struct profile_rows *rows, struct event *e, struct event *open,
                       size_t *n_open) {
    switch (e->phase) {
    case 'X': return keep_event(p, rows, e, e->dur);
    case 'B':
        if (*n_open < MOST_OPEN)
            open[(*n_open)++] = *e;
        else
            p->impossible++;
        return true;
    case 'E':
        for (size_t i = *n_open; i-- > 0;) {
            if (open[i].pid != e->pid || open[i].tid != e->tid)
                continue;
            struct event begun = open[i];
            memmove(&open[i], &open[i + 1], (*n_open - i - 1) * sizeof *open);
            (*n_open)--;
            return keep_event(p, rows, &begun, e->ts - begun.ts);
        }
        return true;
    case 'C':
        if (rows->list.n && str_eq(e->row.op.name, STR("memory")) && e->ts >= vec_last(&rows->list).op.start_us)
            vec_last(&rows->list).op.live = e->bytes;
        return true;
    default: return true;
    }
}

bool profile_read_chrome(struct profile *p, str bytes, struct profile_rows *rows) {
    struct json_reader r;
    enum json_kind kind;
    struct event e;
    size_t n_open = 0;
    struct event *open = ARENA_ARRAY(&p->arena, struct event, MOST_OPEN);
    json_reader_init(&r, bytes);
    kind = json_next(&r);
    if (kind == JSON_OBJECT_BEGIN) { /* to its traceEvents */
        while ((kind = json_next(&r)) == JSON_KEY && !json_key_is(&r, STR("traceEvents")))
            if (!json_skip(&r, kind))
                break;
        kind = kind == JSON_KEY ? json_next(&r) : JSON_ERROR;
    }
    bool good = open && kind == JSON_ARRAY_BEGIN;
    while (good && (kind = json_next(&r)) == JSON_OBJECT_BEGIN)
        good = read_event(p, &r, &e) && take_event(p, rows, &e, open, &n_open);
    if (good && kind == JSON_ARRAY_END)
        return true;
    if (!open || (!good && !r.error && rows->list.failed))
        return false;
    return profile_fail(p, "byte %zu: %s", r.error ? r.error_at : json_at(&r),
                        r.error ? r.error : "it is no list of events");
}
