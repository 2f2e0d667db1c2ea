/* Tensors that an execution kept: what is in them, a window of values, the whole as .npy. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "exec/exec.h"
#include "server/api_inner.h"
#include "server/jobs.h"
#include "server/kept.h"

enum { MOST_BINS = 512, MOST_ROWS = 1000, MOST_COLUMNS = 1000 };

/* What the query asks to look at. */
enum which { VALUE, GOLDEN, DIFFERENCE };

struct looked {
    struct kept_run *run;
    struct kept_look value, golden;
    bool has_golden;
    struct mem mem;
    struct tensor moved; /* the golden's numbers where the value's stand, if that is elsewhere */
    graph_node node;
    uint64_t out, device;
    enum which which;
};

static void looked_close(struct http_request *r, struct looked *l) {
    if (l->run) {
        kept_done(l->run, &l->value);
        kept_done(l->run, &l->golden);
    }
    kept_unref(r->server->kept, l->run);
    l->run = NULL;
    tensor_free(&l->moved);
}

static bool read_which(struct http_request *r, enum which *out) {
    static const char *const names[] = {"value", "golden", "difference"};
    str name = http_query(r, "which");
    *out = VALUE;
    for (int i = 0; name.n && i < 3; i++)
        if (str_eq(name, str_from_z(names[i]))) {
            *out = (enum which)i;
            return true;
        }
    if (name.n)
        api_error(r, 400, NULL, "which is value, golden or difference");
    return name.n == 0;
}

struct kept_run *api_kept_run(struct http_request *r) {
    uint64_t id;
    struct store_item item;
    struct store_error e;
    if (!api_number(r, "execution", &id))
        return NULL;
    struct kept_run *run = kept_find(r->server->kept, (int64_t)id);
    if (!run && store_item_get(r->server->store, STORE_RUN, (int64_t)id, r->arena, &item, &e))
        api_error(r, 404, "POST /executions/{n}/tensors makes them again",
                  "execution %llu keeps no tensors, or not any longer", (unsigned long long)id);
    else if (!run)
        api_error(r, 404, NULL, "there is no execution %llu", (unsigned long long)id);
    return run;
}

/* What takes no longer than this to make is answered at once, else a job is. Files are waited for. */
enum { ANSWER_MS = 200, LOOK_MS = 100 };

/* Waits for a job while the client does. False with the answer given. */
static bool wait_for(struct http_request *r, uint64_t job, bool file) {
    struct jobs *jobs = r->server->jobs;
    struct job_status status = {.state = JOB_DONE};
    char error[300] = "";
    bool ended = jobs_wait(jobs, job, ANSWER_MS);
    while (file && !ended && !http_gone(r))
        ended = jobs_wait(jobs, job, LOOK_MS);
    if (!ended && file)
        jobs_cancel(jobs, job);
    if (!ended)
        jobs_write(jobs, job, http_json(r, 202));
    else if (!jobs_status(jobs, job, &status, error, sizeof error) || status.state == JOB_DONE)
        return true;
    else
        api_error(r, 503, NULL, "%s", status.state == JOB_FAILED ? error : "cancelled");
    return false;
}

bool api_kept_ready(struct http_request *r, struct kept_run *run, const struct kept_value *v, size_t n, bool file,
                    str title) {
    struct kept_value *later = ARENA_ARRAY(r->arena, struct kept_value, n + 1);
    size_t k = 0;
    for (size_t i = 0; later && i < n; i++) {
        struct kept_look look;
        if (kept_look(run, &v[i], &look) == KEPT_LATER)
            later[k++] = v[i];
        kept_done(run, &look);
    }
    if (later && k == 0)
        return true;
    uint64_t job = later ? kept_make(r->server, run, later, k, title) : 0;
    if (job)
        return wait_for(r, job, file);
    api_error(r, 503, NULL, "no job can be started now");
    return false;
}

/* The value and, where the golden run has one, its golden, if they are there; else starts a job that makes them. False with the
 * answer given. */
static bool look_at_both(struct http_request *r, bool file, struct looked *l) {
    struct kept_value v[2];
    bool has = kept_value_of(l->run, l->node, (uint32_t)l->out, false, &v[0]);
    v[0].device = (unsigned)l->device;
    if (!has || kept_look(l->run, &v[0], &l->value) == KEPT_NONE) {
        api_error(r, 404, NULL, "the execution kept no result %llu of this node on device %llu",
                  (unsigned long long)l->out, (unsigned long long)l->device);
        return false;
    }
    kept_done(l->run, &l->value);
    bool golden = kept_value_of(l->run, l->node, (uint32_t)l->out, true, &v[1]);
    v[1].device = (unsigned)l->device;
    if (!api_kept_ready(r, l->run, v, golden ? 2 : 1, file, graph_label(l->run->g, l->node)))
        return false;
    if (kept_look(l->run, &v[0], &l->value) != KEPT_THERE) { /* made, and pushed out by others since */
        api_error(r, 503, NULL, "the value had to make room; ask again");
        return false;
    }
    l->has_golden = golden && kept_look(l->run, &v[1], &l->golden) == KEPT_THERE &&
                    tensor_count(&l->golden.t) == tensor_count(&l->value.t);
    if (l->has_golden || l->which == VALUE)
        return true;
    api_error(r, 404, NULL, "the golden run has no tensor of this node");
    return false;
}

/* Complex numbers are shown as what they are pairs of: one more dimension of two, the real part first. */
static void look_at_parts(struct tensor *t) {
    if (tensor_dtype_is_complex(t->dtype) && t->rank < TENSOR_MAX_RANK) {
        t->dtype = tensor_dtype_part(t->dtype);
        t->dims[t->rank++] = 2;
    }
}

/* To be shown beside the value, number by number, the golden has to be where that is. */
static bool move_golden(struct http_request *r, struct looked *l) {
    ir_op op = graph_op(l->run->g, l->node);
    if (!l->has_golden || !l->run->golden_moved[op])
        return true;
    if (!exec_move_golden(&l->value.t, &l->golden.t, &l->mem, &l->moved)) {
        api_error(r, 503, NULL, "out of memory");
        return false;
    }
    l->golden.t.rank = l->moved.rank;
    memcpy(l->golden.t.dims, l->moved.dims, sizeof l->moved.dims);
    l->golden.t.data = l->moved.data;
    return true;
}

/* Opens what the query names, for a file as it is, else to be shown. False with the answer given. */
static bool looked_open(struct http_request *r, bool file, struct looked *l) {
    *l = (struct looked){.out = 0};
    if (!http_query_u64(r, "out", UINT32_MAX, &l->out) || !http_query_u64(r, "device", UINT32_MAX, &l->device) ||
        !read_which(r, &l->which) || !(l->run = api_kept_run(r)))
        return false;
    if (api_node(r, l->run->g, &l->node) && look_at_both(r, file, l) && (file || move_golden(r, l))) {
        if (!file) {
            look_at_parts(&l->value.t);
            look_at_parts(&l->golden.t);
        }
        return true;
    }
    looked_close(r, l);
    return false;
}

static double element(const struct looked *l, int64_t i) {
    switch (l->which) {
    case GOLDEN: return tensor_get(&l->golden.t, i);
    case DIFFERENCE: return tensor_get(&l->value.t, i) - tensor_get(&l->golden.t, i);
    case VALUE: break;
    }
    return tensor_get(&l->value.t, i);
}

/* --- all about one ---------------------------------------------------------------------------------------------------- */

static void write_contents(struct json_writer *w, const struct tensor *t, uint64_t *bins, size_t n_bins) {
    exec_statistics s;
    exec_statistics_of(t, &s);
    exec_histogram(t, s.min, s.max, bins, n_bins);
    json_key(w, STR("statistics"));
    json_object_begin(w);
    json_member_i64(w, STR("count"), s.n);
    json_member_i64(w, STR("nans"), s.nans);
    json_member_i64(w, STR("infinities"), s.infinities);
    json_member_i64(w, STR("zeros"), s.zeros);
    json_member_double(w, STR("min"), s.min);
    json_member_double(w, STR("max"), s.max);
    json_member_double(w, STR("mean"), s.mean);
    json_member_double(w, STR("deviation"), s.deviation);
    json_object_end(w);
    json_key(w, STR("bins"));
    json_array_begin(w);
    for (size_t i = 0; i < n_bins; i++)
        json_u64(w, bins[i]);
    json_array_end(w);
}

static void write_shape(struct json_writer *w, const struct tensor *t) {
    json_key(w, STR("shape"));
    json_array_begin(w);
    for (int i = 0; i < t->rank; i++)
        json_i64(w, t->dims[i]);
    json_array_end(w);
}

/* Everything but values. */
static void write_tensor(struct http_request *r, const struct looked *l, const struct tensor *t, uint64_t *bins,
                         size_t n_bins) {
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_member_u64(w, STR("node"), l->node);
    json_member_u64(w, STR("out"), l->out);
    json_member_u64(w, STR("outs"), graph_n_results(l->run->g, l->node));
    json_member_u64(w, STR("device"), l->device);
    json_member_u64(w, STR("devices"), l->value.devices);
    json_member_str(w, STR("dtype"), tensor_dtype_name(t->dtype));
    write_shape(w, &l->value.t);
    json_member_u64(w, STR("bytes"), tensor_bytes(t));
    write_contents(w, t, bins, n_bins);
    if (l->has_golden) {
        exec_difference d;
        exec_compare(&l->value.t, &l->golden.t, &d);
        json_key(w, STR("accuracy"));
        json_object_begin(w);
        json_member_double(w, STR("pcc"), d.pcc);
        json_member_double(w, STR("absolute"), d.absolute);
        json_member_double(w, STR("relative"), d.relative);
        json_object_end(w);
    }
    json_object_end(w);
}

void api_tensor(struct http_request *r) {
    struct looked l;
    uint64_t n_bins = 64;
    if (!http_query_u64(r, "bins", MOST_BINS, &n_bins) || !looked_open(r, false, &l))
        return;
    uint64_t *bins = ARENA_ARRAY(r->arena, uint64_t, n_bins + 1);
    struct mem mem = {0};
    struct tensor made = {.dtype = TENSOR_NONE};
    bool good = bins != NULL;
    if (good && l.which == DIFFERENCE) {
        good = tensor_new(&made, &mem, TENSOR_F32, l.value.t.dims, l.value.t.rank);
        for (int64_t i = 0, n = good ? tensor_count(&made) : 0; i < n; i++)
            ((float *)made.data)[i] = (float)element(&l, i);
    }
    if (good)
        write_tensor(r, &l,
                     l.which == DIFFERENCE ? &made
                     : l.which == GOLDEN   ? &l.golden.t
                                           : &l.value.t,
                     bins, (size_t)n_bins);
    else
        api_error(r, 503, NULL, "out of memory");
    tensor_free(&made);
    looked_close(r, &l);
}

/* --- a window ---------------------------------------------------------------------------------------------------------- */

/* Reads ?index=: for each leading dimension which slice. False with the answer given. */
static bool read_slice(struct http_request *r, const struct tensor *t, int64_t *base) {
    str list = http_query(r, "index");
    int leading = t->rank > 2 ? t->rank - 2 : 0;
    *base = 0;
    for (int i = 0; i < leading; i++) {
        size_t comma = 0;
        uint64_t k = 0;
        while (comma < list.n && list.p[comma] != ',')
            comma++;
        str one = str_slice(list, 0, comma);
        list = str_from(list, comma + 1);
        if ((one.n && !num_parse_u64(one, &k)) || k >= (uint64_t)(t->dims[i] ? t->dims[i] : 1)) {
            api_error(r, 400, "a number for each dimension but the last two, separated by commas",
                      "index %d is not below %lld", i, (long long)t->dims[i]);
            return false;
        }
        *base = *base * t->dims[i] + (int64_t)k;
    }
    if (list.n) {
        api_error(r, 400, NULL, "index has more numbers than the tensor has leading dimensions: %d", leading);
        return false;
    }
    return true;
}

/* Numbers as such; what JSON has no numbers for as "NaN", "inf", "-inf". */
static void put_element(struct json_writer *w, double v) {
    if (isfinite(v))
        json_double(w, v);
    else
        json_str(w, isnan(v) ? STR("NaN") : v > 0 ? STR("inf") : STR("-inf"));
}

void api_tensor_values(struct http_request *r) {
    struct looked l;
    uint64_t row = 0, rows = 100, column = 0, columns = 100;
    int64_t base;
    if (!http_query_u64(r, "row", INT64_MAX, &row) || !http_query_u64(r, "rows", MOST_ROWS, &rows) ||
        !http_query_u64(r, "column", INT64_MAX, &column) || !http_query_u64(r, "columns", MOST_COLUMNS, &columns) ||
        !looked_open(r, false, &l))
        return;
    const struct tensor *t = &l.value.t;
    uint64_t height = t->rank > 1 ? (uint64_t)t->dims[t->rank - 2] : 1,
             width = t->rank > 0 ? (uint64_t)t->dims[t->rank - 1] : 1;
    if (tensor_count(t) == 0)
        height = 0;
    if (read_slice(r, t, &base)) {
        struct json_writer *w = http_json(r, 200);
        json_object_begin(w);
        json_member_u64(w, STR("height"), height);
        json_member_u64(w, STR("width"), width);
        json_member_u64(w, STR("row"), row);
        json_member_u64(w, STR("column"), column);
        json_key(w, STR("rows"));
        json_array_begin(w);
        for (uint64_t y = row; y < height && y - row < rows; y++) {
            json_array_begin(w);
            for (uint64_t x = column; x < width && x - column < columns; x++)
                put_element(w, element(&l, (base * (int64_t)height + (int64_t)y) * (int64_t)width + (int64_t)x));
            json_array_end(w);
        }
        json_array_end(w);
        json_object_end(w);
    }
    looked_close(r, &l);
}

/* --- the whole --------------------------------------------------------------------------------------------------------- */

/* What lives until its bytes are sent. In the request's arena, which outlives the answer. */
struct lent {
    struct kept *kept;
    struct kept_run *run;
    struct kept_look look;
};

static void lent_release(void *ctx) {
    struct lent *lent = ctx;
    kept_done(lent->run, &lent->look);
    kept_unref(lent->kept, lent->run);
}

void api_kept_bytes(struct http_request *r, struct kept_run *run, str head, struct kept_look *look, str name) {
    struct lent *lent = ARENA_ARRAY(r->arena, struct lent, 1);
    if (!lent || !name.p) {
        api_error(r, 503, NULL, "out of memory");
        kept_done(run, look);
        kept_unref(r->server->kept, run);
        return;
    }
    *lent = (struct lent){r->server->kept, run, *look};
    http_shared_behind(r, 200, "application/octet-stream", head, str_of(look->t.data, tensor_bytes(&look->t)),
                       lent_release, lent);
    http_download(r, name);
}

void api_tensor_npy(struct http_request *r) {
    struct looked l;
    struct buf head;
    struct mem mem = {0};
    if (!looked_open(r, true, &l))
        return;
    const struct tensor *t = l.which == GOLDEN ? &l.golden.t : &l.value.t;
    buf_init(&head, &mem);
    str name = arena_printf(r->arena, "%.*s_%llu%s.npy", STR_ARG(graph_label(l.run->g, l.node)),
                            (unsigned long long)l.out, l.which == GOLDEN ? "_golden" : "");
    if (l.which == DIFFERENCE) {
        api_error(r, 400, NULL, "a difference is no file: save value and golden");
        looked_close(r, &l);
    } else if (!tensor_write_npy_header(t, &head)) {
        api_error(r, 503, NULL, "out of memory");
        looked_close(r, &l);
    } else {
        struct kept_look *given = l.which == GOLDEN ? &l.golden : &l.value;
        kept_done(l.run, l.which == GOLDEN ? &l.value : &l.golden);
        api_kept_bytes(r, l.run, buf_str(&head), given, name);
    }
    buf_free(&head);
}

void api_tensors_drop(struct http_request *r) {
    struct kept_run *run = api_kept_run(r);
    if (!run)
        return;
    kept_drop(r->server->kept, run->execution);
    kept_unref(r->server->kept, run);
    http_empty(r, 204);
}

/* --- constants in the module ------------------------------------------------------------------------------------------ */

static enum tensor_dtype dtype_of(const ir_context *c, ir_type t) {
    if (ir_kind_of(c, t) == IR_TYPE_COMPLEX) {
        ir_type part = ir_element_type(c, t);
        bool is_float = ir_kind_of(c, part) == IR_TYPE_FLOAT;
        return is_float && ir_flags_of(c, part) == IR_F32   ? TENSOR_C64
               : is_float && ir_flags_of(c, part) == IR_F64 ? TENSOR_C128
                                                            : TENSOR_NONE;
    }
    if (ir_kind_of(c, t) == IR_TYPE_FLOAT)
        return tensor_dtype_find(str_from_z(ir_float_infos[ir_flags_of(c, t)].name));
    if (ir_kind_of(c, t) != IR_TYPE_INTEGER && ir_kind_of(c, t) != IR_TYPE_INDEX)
        return TENSOR_NONE;
    bool plain = ir_flags_of(c, t) != IR_UNSIGNED || ir_kind_of(c, t) == IR_TYPE_INDEX;
    switch (ir_kind_of(c, t) == IR_TYPE_INDEX ? 64 : ir_bit_width(c, t)) {
    case 1: return TENSOR_BOOL;
    case 8: return plain ? TENSOR_I8 : TENSOR_U8;
    case 16: return plain ? TENSOR_I16 : TENSOR_U16;
    case 32: return plain ? TENSOR_I32 : TENSOR_U32;
    case 64: return plain ? TENSOR_I64 : TENSOR_U64;
    default: return TENSOR_NONE;
    }
}

/* The digits of a resource's blob, behind four bytes that say its alignment. */
static str resource_digits(const ir_module *m, ir_str key) {
    for (uint32_t i = 0; i < m->n_resources; i++)
        if (m->resources[i].key == key && ir_kind_of(m->ctx, m->resources[i].value) == IR_ATTR_STRING) {
            str s = ir_str_of(m->ctx, m->resources[i].value);
            return str_starts_with(s, STR("0x")) ? str_from(s, 2 + 8) : s;
        }
    return (str){0};
}

static char hex_byte(const char *digits) {
    return (char)(num_hex_digit(digits[0]) << 4 | num_hex_digit(digits[1]));
}

/* The elements of a dense constant (ir_dense says how they are kept), `size` bytes each, to `out`. False when there are too few. */
static bool copy_elements(str data, ir_dense form, bool truth, size_t n, size_t size, char *out) {
    bool hex = form == IR_DENSE_HEX || form == IR_DENSE_HEX_SPLAT;
    bool splat = form == IR_DENSE_SPLAT || form == IR_DENSE_HEX_SPLAT, packed = truth && form == IR_DENSE_HEX && n > 1;
    size_t have = hex ? data.n / 2 : data.n, need = packed ? (n + 7) / 8 : splat ? size : n * size;
    if (n && have < need)
        return false;
    for (size_t i = 0; packed && i < n; i++)
        out[i] = hex_byte(data.p + i / 8 * 2) >> (i % 8) & 1;
    for (size_t i = 0; hex && !packed && i < (splat ? size : need) && n; i++)
        out[i] = hex_byte(data.p + 2 * i);
    if (!hex && n)
        memcpy(out, data.p, need);
    for (size_t i = 1; splat && i < n; i++)
        memcpy(out + i * size, out, size);
    for (size_t i = 0; truth && i < n; i++)
        out[i] = out[i] != 0;
    return true;
}

/* The value of a node that is a constant, in a tensor of `mem`. False with the answer given. */
static bool constant_open(struct http_request *r, const graph *g, graph_node *node, struct mem *mem, struct tensor *t) {
    *t = (struct tensor){.dtype = TENSOR_NONE};
    if (!api_node(r, g, node))
        return false;
    ir_op op = g->module && !graph_is_layer(g, *node) ? graph_op(g, *node) : 0;
    ir_attr value = op ? ir_op_attr(g->module, op, STR("value")) : 0;
    const ir_context *c = g->module ? g->module->ctx : NULL;
    ir_kind kind = value ? ir_kind_of(c, value) : IR_ATTR_UNIT;
    if (kind != IR_ATTR_DENSE && kind != IR_ATTR_RESOURCE) {
        api_error(r, 404, NULL, "the node has no constant value");
        return false;
    }
    ir_type type = ir_at(c, value, 0);
    enum tensor_dtype dtype = dtype_of(c, ir_element_type(c, type));
    int64_t dims[TENSOR_MAX_RANK];
    int rank = ir_rank(c, type);
    for (int i = 0; i < rank && i < TENSOR_MAX_RANK; i++)
        dims[i] = ir_dim(c, type, i);
    if (dtype == TENSOR_NONE || rank < 0 || rank > TENSOR_MAX_RANK) {
        api_error(r, 422, NULL, "elements of this type are no numbers that can be looked at");
        return false;
    }
    if (!tensor_new(t, mem, dtype, dims, rank)) {
        api_error(r, 503, NULL, "out of memory");
        return false;
    }
    str data = kind == IR_ATTR_DENSE ? ir_data(c, value) : resource_digits(g->module, ir_at(c, value, 1));
    ir_dense form = kind == IR_ATTR_DENSE ? (ir_dense)ir_flags_of(c, value) : IR_DENSE_HEX;
    if (copy_elements(data, form, dtype == TENSOR_BOOL, (size_t)tensor_count(t), tensor_dtype_size(dtype), t->data))
        return true;
    api_error(r, 422, NULL, "the value has fewer elements than its type says");
    tensor_free(t);
    return false;
}

void api_constant(struct http_request *r) {
    struct api_graph ag;
    struct mem mem = {0};
    struct looked l = {.out = 0};
    uint64_t n_bins = 64;
    if (!http_query_u64(r, "bins", MOST_BINS, &n_bins) || !api_graph_open(r, &ag))
        return;
    if (constant_open(r, ag.g, &l.node, &mem, &l.value.t)) {
        struct kept_run of = {.g = ag.g};
        uint64_t *bins = ARENA_ARRAY(r->arena, uint64_t, n_bins + 1);
        l.run = &of;
        l.value.devices = 1;
        look_at_parts(&l.value.t);
        if (bins)
            write_tensor(r, &l, &l.value.t, bins, (size_t)n_bins);
        else
            api_error(r, 503, NULL, "out of memory");
        tensor_free(&l.value.t);
    }
    api_graph_close(r, &ag);
}

void api_constant_npy(struct http_request *r) {
    struct api_graph ag;
    struct mem mem = {0};
    struct tensor t;
    graph_node node;
    if (!api_graph_open(r, &ag))
        return;
    if (constant_open(r, ag.g, &node, &mem, &t)) {
        struct buf out;
        buf_init(&out, &mem);
        str name = arena_printf(r->arena, "%.*s.npy", STR_ARG(graph_label(ag.g, node)));
        if (name.p && tensor_write_npy(&t, &out)) {
            http_download(r, name);
            http_text(r, 200, "application/octet-stream", buf_str(&out));
        } else {
            api_error(r, 503, NULL, "out of memory");
        }
        buf_free(&out);
        tensor_free(&t);
    }
    api_graph_close(r, &ag);
}
