/* Overrides beside a compile run: what an op may be given, sets in all their forms, and estimates. */
#include <string.h>

#include "base/num.h"
#include "compile/estimates.h"
#include "compile/override.h"
#include "compile/suggest.h"
#include "server/api_inner.h"
#include "server/parse.h"
#include "server/runs.h"
#include "target/cost.h"
#include "target/legal.h"

/* --- the fields of an op ---------------------------------------------------------------------------------------------- */

enum { MAX_OPS = 16 }; /* a node may have become several; more than these are not listed */

static void write_option(struct json_writer *w, const legal_option *o) {
    json_object_begin(w);
    json_member_str(w, STR("value"), o->value);
    json_member_bool(w, STR("legal"), o->legal);
    if (!o->legal)
        json_member_str(w, STR("why"), o->why);
    json_object_end(w);
}

static void write_field(struct json_writer *w, const legal_field *f) {
    static const char *const controls[] = {"choice", "number", "grid"};
    json_object_begin(w);
    json_member_str(w, STR("group"), legal_group_names[f->group]);
    json_member_str(w, STR("key"), f->key);
    json_member_str(w, STR("help"), f->help);
    json_member_str(w, STR("control"), str_from_z(controls[f->control]));
    json_member_str(w, STR("value"), f->value);
    json_key(w, STR("options"));
    json_array_begin(w);
    for (uint32_t i = 0; i < f->n_options; i++)
        write_option(w, &f->options[i]);
    json_array_end(w);
    if (f->control == LEGAL_NUMBER) {
        json_member_i64(w, STR("min"), f->min);
        json_member_i64(w, STR("max"), f->max);
        json_member_i64(w, STR("step"), f->step);
        if (f->why.n)
            json_member_str(w, STR("why"), f->why);
    }
    json_object_end(w);
}

/* The settings that the entries of a set have for this op. */
static const legal_setting *settings_of(const override_set *set, const ir_module *m, ir_op op, str identity,
                                        struct arena *a, uint32_t *n) {
    size_t at = 0, most = 0;
    for (size_t i = 0; i < set->entries.n; i++)
        most += set->entries.v[i].settings.n;
    legal_setting *out = ARENA_ARRAY(a, legal_setting, most + 1);
    str function = str_from(identity, 1);
    size_t slash = 0, hash = identity.n;
    while (slash < function.n && function.p[slash] != '/')
        slash++;
    while (hash > 0 && identity.p[hash - 1] != '#')
        hash--;
    uint64_t ordinal = 0;
    num_parse_u64(str_from(identity, hash), &ordinal);
    for (size_t i = 0; out && i < set->entries.n; i++)
        if (override_matches(&set->entries.v[i], m, op, str_slice(function, 0, slash), (uint32_t)ordinal))
            for (size_t k = 0; k < set->entries.v[i].settings.n; k++)
                out[at++] = set->entries.v[i].settings.v[k];
    *n = (uint32_t)at;
    return out;
}

static bool write_op(struct json_writer *w, const struct run *run, const legal_env *env, ir_op op, struct arena *a) {
    const ir_module *m = env->m;
    struct buf identity;
    bool failed = false;
    uint32_t n = 0, n_set = 0;
    buf_init(&identity, a->mem);
    override_identity(m, op, &identity);
    const legal_setting *set = settings_of(run_overrides(run), m, op, buf_str(&identity), a, &n_set);
    const legal_field *fields = set ? legal_fields(env, a, op, set, n_set, &n, &failed) : NULL;
    json_object_begin(w);
    json_member_str(w, STR("identity"), buf_str(&identity));
    json_member_str(w, STR("name"), graph_loc_name(m->ctx, ir_op_at(m, op)->loc));
    json_member_str(w, STR("op"), ir_op_name_str(m, op));
    json_key(w, STR("fields"));
    json_array_begin(w);
    for (uint32_t i = 0; i < n; i++)
        write_field(w, &fields[i]);
    json_array_end(w);
    json_object_end(w);
    bool good = set && !failed && !identity.failed;
    buf_free(&identity);
    return good;
}

void api_run_fields(struct http_request *r) {
    struct api_run_node at;
    uint32_t judged;
    if (!api_run_node_open(r, &at))
        return;
    if (!run_judged(at.run, &judged)) {
        api_error(r, 409, "see the diagnostics of the run",
                  "the run ended before overrides are applied, so there is nothing to choose yet");
        api_run_node_close(r, &at);
        return;
    }
    legal_env env;
    ir_op ops[MAX_OPS];
    uint32_t n = run_ops(at.run, at.stage, at.g, at.node, judged, ops, MAX_OPS);
    const compile_stage *stage = &run_compiled(at.run)->stages[judged];
    if (n == UINT32_MAX || !legal_env_init(&env, stage->module->m, LEGAL_L1_CAP)) {
        api_error(r, 503, NULL, n == UINT32_MAX ? "out of memory" : "the module has no device");
        api_run_node_close(r, &at);
        return;
    }
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_member_u64(w, STR("stage"), judged);
    json_member_u64(w, STR("total"), n);
    json_key(w, STR("ops"));
    json_array_begin(w);
    bool good = true;
    for (uint32_t i = 0; good && i < n && i < MAX_OPS; i++)
        good = write_op(w, at.run, &env, ops[i], r->arena);
    json_array_end(w);
    json_object_end(w);
    if (!good)
        api_error(r, 503, NULL, "out of memory");
    api_run_node_close(r, &at);
}

/* --- suggestions -------------------------------------------------------------------------------------------------------- */

enum { MAX_SUGGESTIONS = 20 };

static void write_suggestion(struct json_writer *w, const ir_module *m, const override_suggestion *s, struct arena *a) {
    struct buf identity;
    buf_init(&identity, a->mem);
    override_identity(m, s->op, &identity);
    json_object_begin(w);
    json_member_str(w, STR("identity"), buf_str(&identity));
    json_member_str(w, STR("name"), graph_loc_name(m->ctx, ir_op_at(m, s->op)->loc));
    json_member_str(w, STR("op"), ir_op_name_str(m, s->op));
    json_key(w, STR("before_us"));
    json_double(w, s->before_ns / 1000);
    json_key(w, STR("after_us"));
    json_double(w, s->after_ns / 1000);
    json_member_bool(w, STR("changes_numbers"), s->changes_numbers);
    json_key(w, STR("settings"));
    json_array_begin(w);
    for (uint32_t i = 0; i < s->n_set; i++) {
        json_object_begin(w);
        json_member_str(w, STR("group"), legal_group_names[s->set[i].group]);
        json_member_str(w, STR("key"), s->set[i].key);
        json_member_str(w, STR("value"), s->set[i].value);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
    buf_free(&identity);
}

void api_run_suggest(struct http_request *r) {
    const struct run *run = api_run_open(r);
    override_suggestion found[MAX_SUGGESTIONS];
    legal_env env;
    uint32_t judged;
    if (!run)
        return;
    if (run_judged(run, &judged) && legal_env_init(&env, run_compiled(run)->stages[judged].module->m, LEGAL_L1_CAP)) {
        uint32_t n = override_suggest(&env, r->arena, found, MAX_SUGGESTIONS);
        struct json_writer *w = http_json(r, 200);
        json_object_begin(w);
        json_key(w, STR("suggestions"));
        json_array_begin(w);
        for (uint32_t i = 0; i < n && i < MAX_SUGGESTIONS; i++)
            write_suggestion(w, env.m, &found[i], r->arena);
        json_array_end(w);
        json_object_end(w);
    } else {
        api_error(r, 409, "see the diagnostics of the run", "the run ended before overrides are applied");
    }
    run_unref(run);
}

/* --- runs side by side -------------------------------------------------------------------------------------------------- */

enum { MOST_ROWS = 10000 };

struct compared {
    const struct run *runs[ESTIMATES_MAX_RUNS];
    const compile_run *compiled[ESTIMATES_MAX_RUNS];
    uint32_t judged[ESTIMATES_MAX_RUNS], n;
};

/* The runs of ?runs=. False with the answer given; what is in *out is the caller's to give back in any case. */
static bool open_runs(struct http_request *r, struct compared *out) {
    struct store_hash hash;
    struct model_error e;
    str list = http_query(r, "runs"), one;
    if (!api_hash(r, http_param(r, "id"), &hash))
        return false;
    while (parse_list_next(&list, &one)) {
        if (out->n == ESTIMATES_MAX_RUNS) {
            api_error(r, 400, NULL, "at most %d runs are compared at once", ESTIMATES_MAX_RUNS);
            return false;
        }
        const struct run *run = runs_find(r->server->runs, &hash, one, NULL, &e);
        if (!run) {
            api_model_error(r, &e);
            return false;
        }
        out->runs[out->n] = run;
        out->compiled[out->n] = run_compiled(run);
        if (!run_compiled(run)->ok || !run_judged(run, &out->judged[out->n++])) {
            api_error(r, 409, "see the diagnostics of that run", "the run %s failed, there is nothing to estimate",
                      run_name(run)->text);
            return false;
        }
    }
    if (!out->n)
        api_error(r, 400, NULL, "which runs? Say runs=ID,ID");
    return out->n != 0;
}

static void write_us(struct json_writer *w, str key, double ns) {
    json_key(w, key);
    json_double(w, ns / 1000);
}

static void write_row(struct json_writer *w, const struct compared *k, const estimate_row *row) {
    const ir_module *m = k->compiled[row->run]->stages[k->judged[row->run]].module->m;
    json_object_begin(w);
    json_member_str(w, STR("identity"), row->identity);
    json_member_str(w, STR("name"), graph_loc_name(m->ctx, row->loc));
    json_member_str(w, STR("op"), row->op);
    json_key(w, STR("us"));
    json_array_begin(w);
    for (uint32_t i = 0; i < k->n; i++)
        json_double(w, row->ns[i] / 1000);
    json_array_end(w);
    json_key(w, STR("l1"));
    json_array_begin(w);
    for (uint32_t i = 0; i < k->n; i++)
        json_u64(w, row->l1_bytes[i]);
    json_array_end(w);
    json_object_end(w);
}

static void write_compared(struct json_writer *w, const struct compared *k, const estimates *all, uint64_t limit) {
    json_object_begin(w);
    json_key(w, STR("runs"));
    json_array_begin(w);
    for (uint32_t i = 0; i < k->n; i++) {
        json_object_begin(w);
        json_member_str(w, STR("id"), str_from_z(run_name(k->runs[i])->text));
        write_us(w, STR("us"), all->total_ns[i]);
        write_us(w, STR("rest_us"), all->rest_ns[i]);
        json_member_u64(w, STR("peak_l1"), all->peak_l1[i]);
        json_object_end(w);
    }
    json_array_end(w);
    json_member_u64(w, STR("total"), all->n);
    json_key(w, STR("ops"));
    json_array_begin(w);
    for (uint32_t i = 0; i < all->n && i < limit; i++)
        write_row(w, k, &all->v[i]);
    json_array_end(w);
    json_object_end(w);
}

void api_runs_compare(struct http_request *r) {
    struct compared k = {.n = 0};
    uint64_t limit = 100;
    estimates all;
    if (http_query_u64(r, "limit", MOST_ROWS, &limit) && open_runs(r, &k)) {
        if (estimates_compare(k.compiled, k.judged, k.n, LEGAL_L1_CAP, r->arena, &all))
            write_compared(http_json(r, 200), &k, &all, limit);
        else
            api_error(r, 503, NULL, "out of memory");
    }
    for (uint32_t i = 0; i < k.n; i++)
        run_unref(k.runs[i]);
}

/* --- sets in all their forms -------------------------------------------------------------------------------------------- */

void api_overrides_convert(struct http_request *r) {
    struct mem mem = {0};
    struct diags d;
    override_set set;
    str options, json;
    if (!api_body_object(r) || !api_body_str(r, STR("options"), &options))
        return;
    json = json_member(r->body, STR("overrides"));
    diags_init(&d, &mem);
    override_set_init(&set, &mem);
    bool good = (!options.p || override_read_options(&set, options, &d)) &&
                (!json.p || override_read_json(&set, json, NULL, &d));
    if (good) {
        struct buf text, left;
        buf_init(&text, &mem);
        buf_init(&left, &mem);
        override_write_options(&set, &text, &left);
        struct json_writer *w = http_json(r, 200);
        json_object_begin(w);
        json_key(w, STR("overrides"));
        override_write_json(&set, true, w);
        json_key(w, STR("adapter"));
        override_write_json(&set, false, w);
        json_member_str(w, STR("options"), buf_str(&text));
        json_member_str(w, STR("left_out"), buf_str(&left));
        json_object_end(w);
        buf_free(&text);
        buf_free(&left);
    } else if (set.failed || !d.list.n) {
        api_error(r, 503, NULL, "out of memory");
    } else {
        api_error(r, 422, NULL, "%.*s", STR_ARG(d.list.v[0].message));
    }
    override_set_free(&set);
    diags_free(&d);
}
