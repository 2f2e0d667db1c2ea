/* What an execution leaves in the workspace. */
#include <stdio.h>

#include "base/num.h"
#include "graph/overlays.h"
#include "server/events.h"
#include "server/execute_inner.h"

/* Why an op has no accuracy. */
static const char *const reasons[N_NOT_COMPARED] = {
    [COMPARED] = "",
    [NOT_ASKED] = "",
    [NOT_ENDED] = "the golden run did not come to its end",
    [NO_SOURCE] = "it comes from no op of the source, or from too many: a step that a pass made",
    [NOT_HEIR] = "another step gives the value of the op it comes from",
    [OTHER_ORDER] = "its numbers stand in another order than those of the op it comes from",
    [IN_PLACE] = "it writes into an operand and gives no value of its own to compare",
    [FILLS_CACHE] = "it writes whole tiles into the cache, as on the device: rows behind its input become zero",
    [OTHER_ARGUMENTS] =
        "arguments come in parts, each device's of its own: compile with argument-shard-status=unsharded",
    [NO_NUMBERS] = "there are no numbers to compare it with",
};

static void write_op(struct work *w, struct json_writer *j, struct measured *m, str id, enum not_compared why) {
    size_t n = w->n_timed;
    double least = m->us[0], most = m->us[0];
    for (size_t i = 1; i < n; i++) {
        least = m->us[i] < least ? m->us[i] : least;
        most = m->us[i] > most ? m->us[i] : most;
    }
    if (most == 0) /* made once, when it was warmed up */
        most = m->warm_up;
    json_object_begin(j);
    json_member_str(j, STR("id"), id);
    json_member_str(j, STR("op"), ir_op_name_str(w->module, m->op));
    json_member_str(j, STR("kernel"), m->kernel);
    json_member_double(j, STR("start_us"), m->start);
    json_member_double(j, STR("last_us"), m->runs == w->n_runs ? m->last : 0);
    json_member_double(j, STR("us"), num_median(m->us, n));
    json_member_double(j, STR("least_us"), least);
    json_member_double(j, STR("most_us"), most);
    json_member_u64(j, STR("threads"), m->threads);
    json_member_u64(j, STR("read"), m->read);
    json_member_u64(j, STR("written"), m->written);
    json_member_u64(j, STR("flops"), m->flops);
    json_member_u64(j, STR("live"), m->live);
    if (why == COMPARED) {
        json_member_double(j, STR("pcc"), m->difference.pcc);
        json_member_double(j, STR("absolute"), m->difference.absolute);
        json_member_double(j, STR("relative"), m->difference.relative);
        if (m->difference.devices > 1) {
            json_member_u64(j, STR("devices"), m->difference.devices);
            json_member_u64(j, STR("device"), m->difference.device);
        }
    } else if (why != NOT_ASKED) {
        json_member_str(j, STR("no_accuracy"), str_from_z(reasons[why]));
    }
    json_object_end(j);
}

static void write_settings(const struct execution *x, struct json_writer *j) {
    json_member_u64(j, STR("part"), x->part);
    json_member_u64(j, STR("stage"), x->stage);
    json_member_str(j, STR("run"), x->run);
    json_member_u64(j, STR("threads"), x->threads);
    json_member_u64(j, STR("seed"), x->seed);
    json_member_u64(j, STR("repeat"), x->repeat);
    json_member_str(j, STR("numbers"), x->numbers);
    json_member_bool(j, STR("golden"), x->golden);
    json_member_double(j, STR("pcc"), x->pcc);
    json_member_bool(j, STR("keep"), x->keep);
    json_member_u64(j, STR("keep_memory"), x->keep_memory);
    json_member_u64(j, STR("max_memory"), x->max_memory);
    execution_write_inputs(x, j);
}

static void put_node(struct work *w, struct json_writer *j, str key, ir_op op) {
    struct buf id;
    graph_node node = op ? graph_node_of_op(w->g, op) : 0;
    buf_init(&id, &w->mem);
    json_key(j, key);
    if (node) {
        graph_put_id(w->g, node, &id);
        json_str(j, buf_str(&id));
    } else {
        json_null(j);
    }
    buf_free(&id);
}

/* Where accuracy falls. */
static void write_divergence(struct work *w, struct json_writer *j) {
    const exec_divergence *v = &w->divergence;
    json_key(j, STR("divergence"));
    json_object_begin(j);
    json_member_double(j, STR("pcc"), w->x.pcc);
    json_member_u64(j, STR("compared"), v->compared);
    json_member_u64(j, STR("bad"), v->bad);
    json_member_u64(j, STR("origins"), v->origins);
    put_node(w, j, STR("first"), v->first);
    put_node(w, j, STR("origin"), v->origin);
    put_node(w, j, STR("fall"), v->fall);
    json_member_double(j, STR("fall_by"), v->fall_by);
    json_object_end(j);
}

static void write_kept(const struct work *w, struct json_writer *j, bool all) {
    bool stays = all && w->stays;
    json_key(j, STR("kept"));
    json_object_begin(j);
    json_member_u64(j, STR("bytes"), stays ? w->kept->bytes : 0);
    if (stays && w->kept->makes)
        json_member_bool(j, STR("makes"), true);
    if (!stays)
        json_member_str(j, STR("why"), str_from_z(w->stays ? "the execution did not come to its end" : w->kept_why));
    json_object_end(j);
}

bool execution_overlay(struct server *server, const struct store_hash *model, const overlay *o, str name,
                       struct store_error *e) {
    struct mem mem = {0};
    struct buf out;
    char id[160];
    buf_init(&out, &mem);
    struct json_writer j = json_writer_to(&out);
    overlay_write(o, &j);
    struct store_item item = {.model = *model, .name = name, .body = buf_str(&out)};
    int64_t number = 0;
    if (out.failed)
        *e = (struct store_error){.status = STORE_MEMORY, .text = "out of memory"};
    bool good = !out.failed && store_item_put(server->store, STORE_OVERLAY, &item, &number, e);
    buf_free(&out);
    if (good) {
        snprintf(id, sizeof id, "{\"model\":\"%s\",\"id\":%lld,\"change\":\"added\"}", model->text, (long long)number);
        events_publish(server->events, "api", "overlay", str_from_z(id));
    }
    return good;
}

static bool keep_overlay(struct work *w, const overlay *o, const char *what, struct store_error *e) {
    char name[120];
    if (w->run)
        snprintf(name, sizeof name, "%s after %s", what, run_compiled(w->run)->stages[w->x.stage].pass);
    else
        snprintf(name, sizeof name, "%s", what);
    return execution_overlay(w->server, &w->x.model, o, str_from_z(name), e);
}

/* The document and the overlays. */
bool execute_keep(struct work *w, bool all) {
    bool first = !w->number;
    struct store_error e = {0};
    struct buf out, id;
    overlay time, memory, accuracy;
    buf_init(&out, &w->mem);
    buf_init(&id, &w->mem);
    overlay_init(&time, &w->mem);
    overlay_init(&memory, &w->mem);
    overlay_init(&accuracy, &w->mem);
    bool good = overlay_perf_colours(&time) && overlay_perf_colours(&memory) && overlay_pcc_colours(&accuracy);
    struct json_writer j = json_writer_to(&out);
    json_object_begin(&j);
    json_key(&j, STR("settings"));
    json_object_begin(&j);
    write_settings(&w->x, &j);
    json_object_end(&j);
    json_member_u64(&j, STR("runs"), w->n_timed);
    json_member_double(&j, STR("us"), num_median(w->total_us, w->n_timed));
    json_member_double(&j, STR("least_us"), w->total_us[0]);
    json_member_double(&j, STR("most_us"), w->total_us[w->n_timed - 1]);
    json_key(&j, STR("memory"));
    json_object_begin(&j);
    json_member_u64(&j, STR("arguments"), w->memory.arguments);
    json_member_u64(&j, STR("constants"), w->memory.constants);
    json_member_u64(&j, STR("planned"), w->memory.planned);
    json_member_u64(&j, STR("cached"), w->memory.cached);
    json_member_u64(&j, STR("scratch"), w->memory.scratch);
    json_object_end(&j);
    if (all && w->diverged)
        write_divergence(w, &j);
    write_kept(w, &j, all);
    execute_write_given(w, &j);
    json_key(&j, STR("ops"));
    json_array_begin(&j);
    for (size_t i = 0; i < w->n_ops; i++) {
        struct measured *m = &w->ops[i];
        graph_node node = graph_node_of_op(w->g, m->op);
        id.n = 0;
        if (!node)
            continue;
        graph_put_id(w->g, node, &id);
        enum not_compared why = !w->x.golden ? NOT_ASKED : !all ? NOT_ENDED : m->why;
        write_op(w, &j, m, buf_str(&id), why);
        good = good && overlay_add_number(&time, buf_str(&id), num_median(m->us, w->n_timed)) &&
               overlay_add_number(&memory, buf_str(&id), (double)m->live) &&
               (why != COMPARED || overlay_add_number(&accuracy, buf_str(&id), m->difference.pcc));
    }
    json_array_end(&j);
    json_object_end(&j);
    struct store_item item = {.id = w->number,
                              .model = w->x.model,
                              .name = STR("execution"),
                              .state = STR("done"),
                              .rank = RANK_EXECUTED,
                              .body = buf_str(&out)};
    good = (good && !out.failed && !id.failed) || execute_failed(w, "out of memory", NULL);
    if (good && (!store_item_put(w->server->store, STORE_RUN, &item, &w->number, &e) ||
                 (first && (!keep_overlay(w, &time, "time (us)", &e) ||
                            !keep_overlay(w, &memory, "memory in use (bytes)", &e))) ||
                 (accuracy.values.n && !keep_overlay(w, &accuracy, "accuracy (PCC)", &e))))
        good = execute_failed(w, e.text, NULL);
    overlay_free(&time);
    overlay_free(&memory);
    overlay_free(&accuracy);
    buf_free(&out);
    buf_free(&id);
    return good;
}
