/* What ttrt leaves beside its binaries: memory_results.json and golden_results.json. */
#include "base/json.h"
#include "profile/inner.h"

/* The numbers of an object that are asked for; others are passed over. */
struct wanted {
    const char *key;
    double *to;
};

/* Reads an object, whose begin was read. Objects inside are looked into with what `inside` says (may be NULL). */
static bool read_numbers(struct json_reader *r, const struct wanted *w, size_t n) {
    enum json_kind kind;
    bool good = true;
    while (good && (kind = json_next(r)) == JSON_KEY) {
        double *to = NULL;
        for (size_t i = 0; i < n; i++)
            if (json_key_is(r, str_from_z(w[i].key)))
                to = w[i].to;
        kind = json_next(r);
        if (to && kind == JSON_NUMBER)
            *to = json_get_double(r);
        good = json_skip(r, kind);
    }
    return good && kind == JSON_OBJECT_END;
}

/* {loc, debug_str, dram: {total_bytes_allocated_per_bank, ...}, l1, ...} */
static bool read_memory(struct profile *p, struct json_reader *r, struct profile_row *row) {
    enum json_kind kind;
    bool good = true;
    while (good && (kind = json_next(r)) == JSON_KEY) {
        bool loc = json_key_is(r, STR("loc")), text = json_key_is(r, STR("debug_str")),
             dram = json_key_is(r, STR("dram"));
        const struct wanted wanted[] = {{"total_bytes_allocated_per_bank", &row->op.live}};
        kind = json_next(r);
        if ((loc || text) && kind == JSON_STRING) {
            str s = arena_str(&p->arena, json_unescape(r, &p->arena));
            good = s.p != NULL;
            *(loc ? &row->op.loc : &row->op.name) = loc ? profile_loc(s) : s;
        } else if (dram && kind == JSON_OBJECT_BEGIN) {
            good = read_numbers(r, wanted, 1);
        } else {
            good = json_skip(r, kind);
        }
    }
    return good && kind == JSON_OBJECT_END;
}

/* The name of the op in its printed form, %1 = "ttnn.add"(...): between the first quotes. */
static str name_in(str printed) {
    size_t from = str_find_char(printed, '"') + 1;
    if (from >= printed.n)
        return str_slice(printed, 0, 60);
    str rest = str_from(printed, from);
    return str_slice(rest, 0, str_find_char(rest, '"'));
}

/* Metrics of an op, or by device. Of several devices the worst counts. */
static bool read_golden(struct json_reader *r, struct profile_row *row, unsigned depth) {
    enum json_kind kind;
    bool good = true;
    double pcc = (double)NAN, absolute = (double)NAN, relative = (double)NAN;
    const struct wanted wanted[] = {{"actual_pcc", &pcc}, {"max", &absolute}, {"rtol", &relative}};
    while (good && (kind = json_next(r)) == JSON_KEY) {
        double *to = NULL;
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            if (json_key_is(r, str_from_z(wanted[i].key)))
                to = wanted[i].to;
        kind = json_next(r);
        if (to && kind == JSON_NUMBER)
            *to = json_get_double(r);
        good = kind == JSON_OBJECT_BEGIN && depth < 1 ? read_golden(r, row, depth + 1) : json_skip(r, kind);
    }
    if (!isnan(pcc) && !(row->op.pcc <= pcc)) {
        row->op.pcc = pcc;
        row->op.absolute = absolute;
        row->op.relative = relative;
    }
    return good && kind == JSON_OBJECT_END;
}

bool profile_read_results(struct profile *p, str bytes, struct profile_rows *rows) {
    struct json_reader r;
    enum json_kind kind;
    bool good = true;
    rows->sorted = true;
    json_reader_init(&r, bytes);
    if (json_next(&r) != JSON_OBJECT_BEGIN)
        return profile_fail(p, "it is no object");
    while (good && (kind = json_next(&r)) == JSON_KEY) {
        struct profile_row row = profile_row_new();
        str key = arena_str(&p->arena, json_unescape(&r, &p->arena));
        kind = json_next(&r);
        if (!key.p)
            return false;
        if (kind != JSON_OBJECT_BEGIN) {
            good = json_skip(&r, kind);
            continue;
        }
        if (p->format == PROFILE_MEMORY) {
            good = read_memory(p, &r, &row);
            row.op.name = name_in(row.op.name);
        } else {
            row.op.loc = row.op.name = profile_loc(key);
            good = read_golden(&r, &row, 0);
        }
        if (good && !vec_push(&rows->list, row))
            return false;
    }
    if (good && kind == JSON_OBJECT_END)
        return true;
    return profile_fail(p, "byte %zu: %s", r.error ? r.error_at : json_at(&r), r.error ? r.error : "it ends too soon");
}
