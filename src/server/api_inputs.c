/* What executions read and give: the arguments of a model, uploaded files of tensors for them, and the results. */
#include <string.h>

#include "base/file.h"
#include "exec/exec.h"
#include "server/api_inner.h"
#include "server/execute.h"
#include "server/jobs.h"
#include "server/kept.h"

static void write_shape(struct json_writer *w, const int64_t *dims, int rank) {
    json_key(w, STR("shape"));
    json_array_begin(w);
    for (int i = 0; i < rank; i++)
        json_i64(w, dims[i]);
    json_array_end(w);
}

/* Name, type and devices of an argument or a result. */
static void write_info(struct json_writer *w, const exec_value_info *info) {
    json_member_str(w, STR("name"), info->name);
    json_member_str(w, STR("dtype"), tensor_dtype_name(info->dtype));
    write_shape(w, info->dims, info->rank);
    json_member_u64(w, STR("devices"), info->copies);
}

/* --- arguments --------------------------------------------------------------------------------------------------------- */

static void write_arguments(struct http_request *r, const exec_plan *x) {
    static const char *const roles[] = {"input", "parameter", "constant"};
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("arguments"));
    json_array_begin(w);
    for (size_t i = 0; i < exec_n_arguments(x); i++) {
        exec_value_info info = exec_argument(x, i);
        if (info.dtype == TENSOR_NONE)
            continue; /* a device */
        json_object_begin(w);
        json_member_u64(w, STR("argument"), i);
        json_member_str(w, STR("role"), str_from_z(roles[info.role]));
        write_info(w, &info);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

void api_arguments(struct http_request *r) {
    struct api_graph at;
    struct mem mem = {0};
    struct diags d;
    if (!api_part_open(r, &at))
        return;
    if (!at.part->module) {
        api_error(r, 422, "open the MLIR text", "a graph without a module has no function to execute");
        api_graph_close(r, &at);
        return;
    }
    diags_init(&d, &mem);
    exec_plan *x = exec_plan_new(at.part->module, &(exec_options){.signature = true, .threads = 1}, &mem, &d);
    if (x)
        write_arguments(r, x);
    else if (d.list.n)
        api_error(r, 422, NULL, "%.*s", STR_ARG(d.list.v[0].message));
    else
        api_error(r, 503, NULL, "out of memory");
    exec_plan_free(x);
    diags_free(&d);
    api_graph_close(r, &at);
}

/* --- files of tensors ---------------------------------------------------------------------------------------------------- */

static const char *format_name(enum tensor_format f) {
    switch (f) {
    case TENSOR_FILE_NPY: return "npy";
    case TENSOR_FILE_NPZ: return "npz";
    case TENSOR_FILE_SAFETENSORS: return "safetensors";
    case TENSOR_FILE_UNKNOWN: return "raw";
    default: return "other"; /* one that is new: its entries say what is in it */
    }
}

/* What is in a file, as JSON, kept beside it. False with the answer given. */
static bool describe(struct http_request *r, const struct http_upload *u, struct buf *out) {
    struct mem mem = {0};
    struct file f;
    struct tensor_file t = {.n = 0};
    str path = store_blob_path(r->server->store, &u->hash, r->arena);
    if (!path.p || !file_open(&f, &mem, path.p)) {
        api_error(r, 503, "upload it again", "the uploaded file %.*s cannot be read", STR_ARG(u->name));
        return false;
    }
    enum tensor_format format = tensor_file_format(file_text(&f));
    bool good = format == TENSOR_FILE_UNKNOWN || tensor_file_read(&t, file_text(&f), r->arena, &mem);
    if (!good)
        api_error(r, t.error.p ? 422 : 503, NULL, "cannot read %.*s: %.*s", STR_ARG(u->name),
                  STR_ARG(t.error.p ? t.error : STR("out of memory")));
    struct json_writer w = json_writer_to(out);
    json_object_begin(&w);
    json_member_str(&w, STR("format"), str_from_z(format_name(format)));
    json_key(&w, STR("entries"));
    json_array_begin(&w);
    for (size_t i = 0; good && i < t.n; i++) {
        json_object_begin(&w);
        json_member_str(&w, STR("name"), t.entries[i].name);
        json_member_str(&w, STR("dtype"), tensor_dtype_name(t.entries[i].tensor.dtype));
        write_shape(&w, t.entries[i].tensor.dims, t.entries[i].tensor.rank);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    if (good && format != TENSOR_FILE_UNKNOWN)
        tensor_file_free(&t);
    file_close(&f);
    return good;
}

static void write_item(struct json_writer *w, const struct store_item *item) {
    json_object_begin(w);
    json_member_i64(w, STR("id"), item->id);
    json_member_str(w, STR("name"), item->name);
    json_member_u64(w, STR("bytes"), item->body_size);
    json_member_i64(w, STR("created"), item->created);
    json_key(w, STR("format"));
    json_raw(w, json_member(item->state, STR("format")));
    json_key(w, STR("entries"));
    json_raw(w, json_member(item->state, STR("entries")));
    json_object_end(w);
}

/* The same bytes under the same name are there once. */
static bool find_same(const struct store_items *all, const struct http_upload *u, int64_t *id) {
    for (size_t i = 0; i < all->list.n; i++)
        if (str_eq(all->list.v[i].name, u->name) && strcmp(all->list.v[i].blob.text, u->hash.text) == 0) {
            *id = all->list.v[i].id;
            return true;
        }
    return false;
}

/* Keeps one file with the model; *id is its number. False with the answer given. */
static bool keep_file(struct http_request *r, const struct store_hash *model, const struct store_items *all,
                      const struct http_upload *u, int64_t *id) {
    struct mem mem = {0};
    struct store_error e;
    struct buf what;
    if (find_same(all, u, id))
        return true;
    buf_init(&what, &mem);
    bool good = describe(r, u, &what);
    struct store_item item = {
        .model = *model, .name = u->name, .state = buf_str(&what), .blob = u->hash, .body_size = u->size};
    if (good && what.failed) {
        api_error(r, 503, NULL, "out of memory");
        good = false;
    } else if (good && !store_item_put(r->server->store, STORE_TENSOR, &item, id, &e)) {
        api_store_error(r, &e);
        good = false;
    }
    buf_free(&what);
    return good;
}

void api_tensors_upload(struct http_request *r) {
    struct store_items all;
    struct store_hash model;
    if (!api_hash(r, http_param(r, "id"), &model) || !api_model_items(r, STORE_TENSOR, &all))
        return;
    int64_t *ids = ARENA_ARRAY(r->arena, int64_t, r->n_uploads + 1);
    bool good = ids != NULL;
    if (!good)
        api_error(r, 503, NULL, "out of memory");
    if (good && r->n_uploads == 0) {
        api_error(r, 400, "send files as multipart/form-data, or one as the body with ?name=NAME",
                  "there is no file in the request");
        good = false;
    }
    for (size_t i = 0; good && i < r->n_uploads; i++)
        good = keep_file(r, &model, &all, &r->uploads[i], &ids[i]);
    vec_free(&all.list);
    if (!good)
        return;
    struct json_writer *w = http_json(r, 201);
    json_object_begin(w);
    json_key(w, STR("tensors"));
    json_array_begin(w);
    for (size_t i = 0; i < r->n_uploads; i++) {
        struct store_item item;
        struct store_error e;
        if (store_item_head(r->server->store, STORE_TENSOR, ids[i], r->arena, &item, &e))
            write_item(w, &item);
    }
    json_array_end(w);
    json_object_end(w);
}

void api_tensors_list(struct http_request *r) {
    struct store_items all;
    if (!api_model_items(r, STORE_TENSOR, &all))
        return;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("tensors"));
    json_array_begin(w);
    for (size_t i = 0; i < all.list.n; i++)
        write_item(w, &all.list.v[i]);
    json_array_end(w);
    json_object_end(w);
    vec_free(&all.list);
}

void api_tensors_delete(struct http_request *r) {
    uint64_t id;
    struct store_error e;
    if (!api_number(r, "tensor", &id))
        return;
    if (store_item_delete(r->server->store, STORE_TENSOR, (int64_t)id, &e))
        http_empty(r, 204);
    else
        api_store_error(r, &e);
}

/* --- results ------------------------------------------------------------------------------------------------------------- */

/* Whether the request may look at the results of this run; else the answer is given. */
static bool no_results(struct http_request *r, const struct kept_run *run) {
    if (exec_n_results(run->plan))
        return false;
    api_error(r, 404, NULL, "the function gives no results");
    return true;
}

void api_results(struct http_request *r) {
    struct kept_run *run = api_kept_run(r);
    if (!run)
        return;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("results"));
    json_array_begin(w);
    for (size_t i = 0; i < exec_n_results(run->plan); i++) {
        exec_value_info info = exec_result_info(run->plan, i);
        json_object_begin(w);
        json_member_u64(w, STR("result"), i);
        write_info(w, &info);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
    kept_unref(r->server->kept, run);
}

/* Name of a result's tensor in files: result_0, and where every device has its own result_0_device3. */
static str result_name(struct arena *a, size_t i, unsigned device, unsigned devices) {
    return devices > 1 ? arena_printf(a, "result_%zu_device%u", i, device) : arena_printf(a, "result_%zu", i);
}

/* All results on all devices, in one file; false with the answer given. */
static bool write_results(struct http_request *r, struct kept_run *run, const struct kept_value *v, size_t n) {
    struct tensor_entry *entries = ARENA_ARRAY(r->arena, struct tensor_entry, n);
    struct kept_look *looks = ARENA_ARRAY(r->arena, struct kept_look, n);
    struct mem mem = {0};
    bool good = entries && looks && api_kept_ready(r, run, v, n, true, STR("results"));
    size_t k = 0, at = 0;
    if (!entries || !looks)
        api_error(r, 503, NULL, "out of memory");
    if (!good)
        return false;
    for (size_t i = 0; i < exec_n_results(run->plan); i++) {
        unsigned devices = exec_result_info(run->plan, i).copies;
        for (unsigned d = 0; good && d < devices; d++)
            if (kept_look(run, &v[at++], &looks[k]) == KEPT_THERE) {
                entries[k].tensor = looks[k].t;
                entries[k].name = result_name(r->arena, i, d, devices);
                good &= entries[k++].name.p != NULL;
            }
    }
    good = good && tensor_write_npz(entries, k, http_body(r, 200, "application/octet-stream"), &mem);
    for (size_t i = 0; i < k; i++)
        kept_done(run, &looks[i]);
    if (!good)
        api_error(r, 503, NULL, "out of memory");
    return good;
}

void api_results_npz(struct http_request *r) {
    struct kept_run *run = api_kept_run(r);
    if (!run || no_results(r, run)) {
        kept_unref(r->server->kept, run);
        return;
    }
    size_t room = 0, n = 0;
    for (size_t i = 0; i < exec_n_results(run->plan); i++)
        room += exec_result_info(run->plan, i).copies;
    struct kept_value *v = ARENA_ARRAY(r->arena, struct kept_value, room);
    for (size_t i = 0; v && i < exec_n_results(run->plan); i++)
        for (unsigned d = 0; d < exec_result_info(run->plan, i).copies; d++)
            v[n++] = kept_result(run, i, d);
    if (!v)
        api_error(r, 503, NULL, "out of memory");
    else if (write_results(r, run, v, n))
        http_download(r, STR("results.npz"));
    kept_unref(r->server->kept, run);
}

void api_results_npy(struct http_request *r) {
    struct kept_run *run = api_kept_run(r);
    struct mem mem = {0};
    uint64_t i, device = 0;
    if (!run)
        return;
    if (api_number(r, "result", &i) && http_query_u64(r, "device", UINT32_MAX, &device)) {
        unsigned devices = i < exec_n_results(run->plan) ? exec_result_info(run->plan, (size_t)i).copies : 0;
        struct kept_value v = device < devices ? kept_result(run, (size_t)i, (unsigned)device) : (struct kept_value){0};
        struct kept_look look;
        struct buf head;
        buf_init(&head, &mem);
        if (device >= devices) {
            api_error(r, 404, NULL, "the execution has no result %llu on device %llu", (unsigned long long)i,
                      (unsigned long long)device);
        } else if (!api_kept_ready(r, run, &v, 1, true, STR("results"))) {
            /* the answer is given */
        } else if (kept_look(run, &v, &look) != KEPT_THERE) {
            api_error(r, 503, NULL, "the value had to make room; ask again");
        } else if (!tensor_write_npy_header(&look.t, &head)) {
            kept_done(run, &look);
            api_error(r, 503, NULL, "out of memory");
        } else {
            str name = result_name(r->arena, (size_t)i, (unsigned)device, devices);
            api_kept_bytes(r, run, buf_str(&head), &look, arena_printf(r->arena, "%.*s.npy", STR_ARG(name)));
            run = NULL;
        }
        buf_free(&head);
    }
    kept_unref(r->server->kept, run);
}

void api_trace_file(struct http_request *r) {
    char key[EXECUTION_TRACE_KEY];
    struct store_item item;
    struct store_error e;
    str path, format = http_query(r, "format");
    if (!api_execution(r, &item))
        return;
    bool csv = str_eq(format, STR("csv"));
    if (format.n && !csv && !str_eq(format, STR("chrome"))) {
        api_error(r, 400, NULL, "format is chrome or csv");
        return;
    }
    execution_trace_key(item.id, csv, key);
    if (!store_derived_get(r->server->store, str_from_z(key), r->arena, &path, &e)) {
        if (e.status == STORE_NOT_FOUND)
            api_error(r, 404, "execute it again", "the trace of execution %lld is not kept, or not any longer",
                      (long long)item.id);
        else
            api_store_error(r, &e);
        return;
    }
    http_file(r, path.p, csv ? "text/csv" : "application/json",
              arena_printf(r->arena, "execution_%lld.%s", (long long)item.id, csv ? "csv" : "json"));
}

/* --- making them again ---------------------------------------------------------------------------------------------------- */

void api_tensors_again(struct http_request *r) {
    struct execution x = {.model = {{0}}};
    struct store_item item;
    struct store_model m;
    struct store_error se;
    struct model_error e;
    if (!api_execution(r, &item))
        return;
    str settings = json_member(item.body, STR("settings"));
    if (r->server->options.no_execution) {
        api_error(r, 403, "start it without --no-model-execution", "this server does not execute models");
        return;
    }
    if (json_member(settings, STR("trace")).p) {
        api_error(r, 400, NULL, "a trace of another tool has no tensors");
        return;
    }
    x.model = item.model;
    if (!store_model_get(r->server->store, &x.model, r->arena, &m, &se)) {
        api_store_error(r, &se);
        return;
    }
    if (!execution_read(settings, r->arena, &x, &e)) {
        api_error(r, e.status, NULL, "%s", e.text);
        return;
    }
    x.again = item.id;
    x.keep = true;
    x.repeat = 1;
    uint64_t id = execution_start(r->server, &x, m.name);
    if (id)
        jobs_write(r->server->jobs, id, http_json(r, 202));
    else
        api_error(r, 503, NULL, "no job can be started now");
}
