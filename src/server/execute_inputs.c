/* Values of an execution's arguments that come from uploaded files. */
#include <stdio.h>

#include "exec/exec.h"
#include "server/execute_inner.h"
#include "server/http.h"
#include "server/jobs.h"

enum { MOST_INPUTS = 4096 };

/* --- settings -------------------------------------------------------------------------------------------------------- */

static bool bad(struct model_error *e, const char *what) {
    e->status = 400;
    snprintf(e->text, sizeof e->text, "%s", what);
    return false;
}

/* One of the list: {"tensor": 3, "argument": "x"}. */
static bool read_one(str json, struct arena *a, struct execution_input *out, struct model_error *e) {
    str tensor = json_member(json, STR("tensor")), argument = json_member(json, STR("argument"));
    struct json_reader r;
    *out = (struct execution_input){.argument = STR("")};
    json_reader_init(&r, tensor.p ? tensor : STR(""));
    if (json_next(&r) != JSON_NUMBER || !json_get_u64(&r, &out->tensor))
        return bad(e, "tensor of an input is the number of an uploaded file");
    if (!argument.p)
        return true;
    json_reader_init(&r, argument);
    switch (json_next(&r)) {
    case JSON_STRING: out->argument = arena_str(a, json_unescape(&r, a)); break;
    case JSON_NUMBER: out->argument = arena_str(a, argument); break;
    default: return bad(e, "argument of an input is the name or the number of an argument");
    }
    return out->argument.p || bad(e, "out of memory");
}

bool execution_read_inputs(str json, struct arena *a, struct execution *out, struct model_error *e) {
    str list = json_member(json, STR("inputs"));
    struct json_reader r;
    out->n_inputs = 0;
    if (!list.p)
        return true;
    json_reader_init(&r, list);
    if (json_next(&r) != JSON_ARRAY_BEGIN)
        return bad(e, "inputs is a list of objects with tensor and argument");
    out->inputs = ARENA_ARRAY(a, struct execution_input, MOST_INPUTS);
    if (!out->inputs)
        return bad(e, "out of memory");
    for (enum json_kind kind; (kind = json_next(&r)) == JSON_OBJECT_BEGIN;) {
        size_t begin = json_at(&r);
        if (out->n_inputs == MOST_INPUTS)
            return bad(e, "there are too many inputs");
        if (!json_skip(&r, kind))
            return bad(e, "inputs is not formed as JSON");
        str one = str_slice(list, begin, (size_t)(r.p - list.p));
        if (!read_one(one, a, &out->inputs[out->n_inputs++], e))
            return false;
    }
    return json_at(&r) + 1 >= list.n || bad(e, "inputs is a list of objects with tensor and argument");
}

/* --- files ------------------------------------------------------------------------------------------------------------ */

bool execution_input_find(struct server *s, const struct store_hash *model, uint64_t tensor, struct arena *a,
                          struct store_item *out, struct model_error *e) {
    struct store_error se;
    bool found = store_item_head(s->store, STORE_TENSOR, (int64_t)tensor, a, out, &se) &&
                 memcmp(out->model.text, model->text, sizeof model->text) == 0;
    if (found)
        return true;
    e->status = 404;
    snprintf(e->text, sizeof e->text, "the model has no uploaded file of tensors %llu, or not any longer",
             (unsigned long long)tensor);
    return false;
}

bool execute_open_inputs(struct work *w) {
    struct buf why;
    bool good = true;
    if (!w->x.n_inputs)
        return true;
    w->kept->inputs = exec_inputs_new(&w->kept->mem);
    if (!w->kept->inputs)
        return execute_failed(w, "out of memory", NULL);
    buf_init(&why, &w->mem);
    for (size_t i = 0; good && i < w->x.n_inputs; i++) {
        const struct execution_input *one = &w->x.inputs[i];
        struct store_item item;
        struct model_error e;
        good = execution_input_find(w->server, &w->x.model, one->tensor, &w->arena, &item, &e);
        if (!good) {
            buf_put_str(&why, str_from_z(e.text));
            break;
        }
        str path = store_blob_path(w->server->store, &item.blob, &w->arena);
        good = path.p && exec_inputs_add(w->kept->inputs, one->argument, item.name, path.p, &why);
        if (!path.p)
            buf_printf(&why, "the uploaded file %.*s is gone; upload it again", STR_ARG(item.name));
    }
    struct diags d;
    exec_options o = {.threads = 1};
    diags_init(&d, &w->mem);
    good = good && exec_inputs_shapes(w->kept->inputs, w->module, &o, &w->mem, &d, &why);
    w->shapes = o.shapes;
    w->n_shapes = o.n_shapes;
    if (!good && why.n)
        job_fail(w->job, "%.*s", STR_ARG(buf_str(&why)));
    else if (!good)
        execute_failed(w, "it cannot run", &d);
    diags_free(&d);
    buf_free(&why);
    return good;
}

static bool bind_files(struct work *w, exec_plan *plan) {
    struct buf why;
    buf_init(&why, &w->mem);
    bool good = exec_inputs_bind(w->kept->inputs, plan, &why);
    if (!good && !job_cancelled(w->job))
        job_fail(w->job, "%.*s", STR_ARG(buf_str(&why)));
    buf_free(&why);
    return good;
}

bool execute_bind(struct work *w, exec_plan *plan) {
    return !w->kept->inputs || execute_prepare(w, plan, bind_files);
}

/* --- what the document says -------------------------------------------------------------------------------------------- */

/* Inputs with numbers that stand for nothing. */
static bool note_doubts(struct work *w) {
    struct buf doubts;
    buf_init(&doubts, &w->mem);
    bool good = !w->kept->inputs || exec_inputs_doubts(w->kept->inputs, w->plan, &doubts);
    str rest = buf_str(&doubts);
    while (good && rest.n) {
        str line = str_slice(rest, 0, str_find_char(rest, '\n'));
        job_log(w->job, "%.*s", STR_ARG(line));
        rest = str_from(rest, line.n + 1);
    }
    buf_free(&doubts);
    return good || execute_failed(w, "out of memory", NULL);
}

bool execute_note_inputs(struct work *w) {
    size_t n = exec_n_arguments(w->plan);
    w->given = ARENA_ARRAY(&w->arena, struct given, n + 1);
    for (size_t i = 0; w->given && w->kept->inputs && i < n; i++) {
        str file = exec_inputs_source(w->kept->inputs, i);
        if (!file.n)
            continue;
        struct given *g = &w->given[w->n_given++];
        g->argument = i;
        g->name = arena_str(&w->arena, exec_argument(w->plan, i).name);
        g->file = arena_str(&w->arena, file);
        if (!g->name.p || !g->file.p)
            return execute_failed(w, "out of memory", NULL);
        job_log(w->job, "argument %zu %.*s: %.*s", i, STR_ARG(g->name), STR_ARG(g->file));
    }
    if (w->n_given < n)
        job_log(w->job, "%zu of %zu arguments have values of seed %llu", n - w->n_given, n,
                (unsigned long long)w->x.seed);
    return w->given ? note_doubts(w) : execute_failed(w, "out of memory", NULL);
}

void execution_write_inputs(const struct execution *x, struct json_writer *j) {
    json_key(j, STR("inputs"));
    json_array_begin(j);
    for (size_t i = 0; i < x->n_inputs; i++) {
        json_object_begin(j);
        json_member_u64(j, STR("tensor"), x->inputs[i].tensor);
        if (x->inputs[i].argument.n)
            json_member_str(j, STR("argument"), x->inputs[i].argument);
        json_object_end(j);
    }
    json_array_end(j);
}

void execute_write_given(const struct work *w, struct json_writer *j) {
    json_key(j, STR("inputs"));
    json_array_begin(j);
    for (size_t i = 0; i < w->n_given; i++) {
        json_object_begin(j);
        json_member_u64(j, STR("argument"), w->given[i].argument);
        json_member_str(j, STR("name"), w->given[i].name);
        json_member_str(j, STR("file"), w->given[i].file);
        json_object_end(j);
    }
    json_array_end(j);
}
