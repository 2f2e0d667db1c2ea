/* The paths of the REST protocol of Model Explorer and of Tenstorrent's fork. */
#define _GNU_SOURCE /* pread */
#include "server/me_protocol.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "server/events.h"
#include "server/me_state.h"
#include "server/models.h"
#include "server/security.h"

enum {
    ME_COMMAND_BYTES = 64 << 20, /* `run` of newer pages carries a whole graph */
    ME_CONFIG_BYTES = 512 << 20, /* graphs made in a notebook come whole */
    ME_TEXT_BYTES = 512 << 20,   /* read_text_file */
};

/* --- answers ------------------------------------------------------------------------------------------------------ */

void me_headers(struct http_request *r) {
    http_add_header(r, "Cache-Control", "public, max-age=0");
}

static struct json_writer *me_json(struct http_request *r) {
    me_headers(r);
    return http_json(r, 200);
}

void me_error(struct http_request *r, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
    struct json_writer *w = me_json(r);
    json_object_begin(w);
    json_key(w, STR("error"));
    json_str(w, text.p ? text : STR("MemoryError: out of memory"));
    json_object_end(w);
}

/* An answer without body, which those servers give as an empty page. */
static void me_empty(struct http_request *r) {
    me_headers(r);
    http_text(r, 200, "text/html; charset=utf-8", STR(""));
}

/* --- start of a page ---------------------------------------------------------------------------------------------- */

static void check_health(struct http_request *r) {
    me_headers(r);
    http_text(r, 200, "text/html; charset=utf-8", STR("model_explorer_ok"));
}

static void write_extension(struct json_writer *w, const struct server *s, const struct me_adapter *a) {
    json_object_begin(w);
    json_member_str(w, STR("id"), str_from_z(a->id));
    json_member_str(w, STR("name"), str_from_z(a->name));
    json_member_str(w, STR("description"), str_from_z(a->description));
    json_member_str(w, STR("source_repo"), str_from_z(a->source_repo));
    json_key(w, STR("fileExts"));
    json_array_begin(w);
    for (str rest = str_from_z(a->extensions); rest.n;) {
        size_t space = str_find_char(rest, ' ');
        json_str(w, str_slice(rest, 0, space));
        rest = str_from(rest, space + 1);
    }
    json_array_end(w);
    json_member_str(w, STR("type"), STR("adapter"));
    json_key(w, STR("enableExecution"));
    json_bool(w, a->tt && !s->options.no_execution);
    if (a->tt) {
        json_key(w, STR("settings"));
        json_object_begin(w);
        json_key(w, STR("optimizationPolicies"));
        json_array_begin(w);
        for (size_t i = 0; i < me_n_policies; i++)
            json_str(w, str_from_z(me_policies[i]));
        json_array_end(w);
        json_key(w, STR("supportsPreload"));
        json_bool(w, true);
        json_object_end(w);
    }
    json_object_end(w);
}

static void get_extensions(struct http_request *r) {
    struct json_writer *w = me_json(r);
    json_array_begin(w);
    for (size_t i = 0; i < me_n_adapters; i++)
        write_extension(w, r->server, &me_adapters[i]);
    json_array_end(w);
}

static void check_new_version(struct http_request *r) {
    struct json_writer *w = me_json(r);
    json_object_begin(w);
    json_member_str(w, STR("version"), STR("")); /* up to date: nobody is asked */
    json_member_str(w, STR("runningVersion"), STR(TTX_VERSION));
    json_member_str(w, STR("releaseUrl"), STR(""));
    json_member_str(w, STR("desktopAppUrl"), STR(""));
    json_object_end(w);
}

static void server_director(struct http_request *r) {
    me_headers(r);
    if (!r->server->options.cors_host)
        http_add_header(r, "Access-Control-Allow-Origin", "*");
    http_events(r, r->server->events, ME_TOPIC, 1);
}

/* --- models ------------------------------------------------------------------------------------------------------- */

static void upload(struct http_request *r) {
    const struct http_upload *file = NULL;
    for (size_t i = 0; i < r->n_uploads && !file; i++)
        if (str_eq(r->uploads[i].field, STR("file")))
            file = &r->uploads[i];
    if (!file) {
        me_headers(r);
        http_error(r, 400, "the form has no field \"file\"");
        return;
    }
    struct store_model known;
    struct store_error se;
    bool fresh = !store_model_get(r->server->store, &file->hash, r->arena, &known, &se);
    struct model_error e;
    if (!models_open_upload(r->server->models, file->name, &file->hash, &e)) {
        me_headers(r);
        http_error(r, e.status, "%s", e.text);
        return;
    }
    me_state_uploaded(r->server, &file->hash, fresh);
    struct json_writer *w = me_json(r);
    json_object_begin(w);
    json_key(w, STR("path"));
    json_str(w, models_upload_path(&file->hash, file->name, r->arena));
    json_object_end(w);
}

static void run_command(struct http_request *r, str body) {
    struct me_command c;
    char error[400];
    bool syntax;
    if (me_command_read(body, r->arena, &c, error, sizeof error, &syntax)) {
        me_run(r, &c);
    } else if (syntax) {
        me_headers(r);
        http_error(r, 400, "%s", error);
    } else {
        me_error(r, "%s", error);
    }
}

static void send_command(struct http_request *r) {
    run_command(r, r->body);
}

static void send_command_get(struct http_request *r) {
    str json = http_query(r, "json");
    run_command(r, json.p ? json : STR("{}"));
}

/* An index parameter: false when there is none, or the answer 400 was given (*bad). */
static bool index_query(struct http_request *r, const char *name, uint64_t *out, bool *bad) {
    *bad = false;
    if (!http_query(r, name).p)
        return false;
    *bad = !http_query_u64(r, name, UINT32_MAX, out);
    return !*bad;
}

static void load_graphs_json(struct http_request *r) {
    uint64_t index = 0;
    bool bad;
    bool given = index_query(r, "graph_index", &index, &bad);
    if (bad)
        return;
    str text = given ? me_state_graphs(r->server, index, r->arena) : (str){0};
    me_headers(r);
    http_text(r, 200, "application/json", text.p ? text : STR("{}"));
}

static void load_node_data(struct http_request *r) {
    uint64_t index = 0;
    bool bad;
    bool given = index_query(r, "node_data_index", &index, &bad);
    if (bad)
        return;
    str text = given ? me_state_node_data(r->server, index, r->arena) : (str){0};
    struct json_writer *w = me_json(r);
    json_object_begin(w);
    if (text.p) {
        json_key(w, STR("content"));
        json_str(w, text);
    }
    json_object_end(w);
}

/* Appends the text of an open file as a JSON string, piece by piece. False when it is too large or cannot be read. */
static bool write_file_text(struct http_request *r, struct json_writer *w, int fd, str *why) {
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0 || size > ME_TEXT_BYTES) {
        *why = STR("the file is too large to be read as text");
        return false;
    }
    char *text = arena_alloc(r->arena, (size_t)size + 1, 1);
    if (!text) {
        *why = STR("out of memory");
        return false;
    }
    size_t n = 0;
    while (n < (size_t)size) {
        ssize_t got = pread(fd, text + n, (size_t)size - n, (off_t)n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *why = arena_printf(r->arena, "[Errno %d] %s", errno, strerror(errno));
            return false;
        }
        if (got == 0) /* somebody made it shorter meanwhile */
            break;
        n += (size_t)got;
    }
    json_object_begin(w);
    json_key(w, STR("content"));
    json_str(w, str_of(text, n));
    json_object_end(w);
    return true;
}

static void read_text_file(struct http_request *r) {
    str path = http_query(r, "path"), real, why = {0};
    if (!path.p) {
        me_error(r, "no file path provided");
        return;
    }
    str full = me_expand_home(path, r->arena);
    int status, fd = full.p ? security_open(r->server->security, full, r->arena, &real, &status, &why) : -1;
    if (fd < 0) {
        me_error(r, "%.*s", STR_ARG(why.p ? why : STR("out of memory")));
        return;
    }
    if (!write_file_text(r, me_json(r), fd, &why))
        me_error(r, "%.*s", STR_ARG(why.p ? why : STR("out of memory")));
    close(fd);
}

/* --- other processes steer the pages ------------------------------------------------------------------------------ */

void me_refresh_pages(struct server *s, str url) {
    struct mem m = {0};
    struct buf out;
    buf_init(&out, &m);
    struct json_writer w = json_writer_to(&out);
    json_object_begin(&w);
    json_member_str(&w, STR("name"), STR("refreshPage"));
    json_key(&w, STR("url"));
    json_str(&w, url);
    json_object_end(&w);
    if (!out.failed)
        events_publish(s->events, ME_TOPIC, "", buf_str(&out));
    buf_free(&out);
}

static void update_config(struct http_request *r) {
    char error[400];
    str url;
    if (!http_body_is_json(r))
        return;
    if (!me_state_update(r->server, r->body, r->arena, &url, error, sizeof error)) {
        me_headers(r);
        http_error(r, 400, "%s", error);
        return;
    }
    me_refresh_pages(r->server, url);
    me_empty(r);
}

static void refresh_page(struct http_request *r) {
    me_refresh_pages(r->server, STR(""));
    me_empty(r);
}

/* Pages send it before they convert a file. With --watch, files that were opened are watched, so it is opened. */
static void notify_path(struct http_request *r) {
    str path = http_query(r, "path");
    if (r->server->options.watch && path.n) {
        struct store_hash hash;
        struct model_error e;
        str full = me_expand_home(path, r->arena);
        if (full.p) /* what is wrong with it, the conversion will tell */
            (void)models_open_any(r->server->models, full, &hash, &e);
    }
    struct json_writer *w = me_json(r);
    json_object_begin(w);
    json_member_str(w, STR("status"), STR("ok"));
    json_object_end(w);
}

/* --- routes ------------------------------------------------------------------------------------------------------- */

static const struct http_route routes[] = {
    {"GET", "/check_health", check_health, ROUTE_PUBLIC | ROUTE_HIDDEN, .doc = "Says model_explorer_ok."},
    {"GET", "/api/v1/get_extensions", get_extensions, ROUTE_HIDDEN, .doc = "The adapters there are."},
    {"GET", "/api/v1/check_new_version", check_new_version, ROUTE_HIDDEN, .doc = "The version of the program."},
    {"GET", "/apistream/server_director", server_director, ROUTE_HIDDEN | ROUTE_EVENTS,
     .doc = "Events that tell pages to load another URL."},
    {"POST", "/apipost/v1/upload", upload, ROUTE_HIDDEN | ROUTE_UPLOAD | ROUTE_WORKER | ROUTE_WRITE,
     .doc = "Takes a model."},
    {"POST", "/apipost/v1/send_command", send_command, ROUTE_HIDDEN | ROUTE_BODY | ROUTE_WORKER,
     .doc = "Runs a command.", .max_body = ME_COMMAND_BYTES},
    {"GET", "/api/v1/send_command", send_command_get, ROUTE_HIDDEN | ROUTE_WORKER,
     .doc = "Runs a command, where POST cannot be used."},
    {"GET", "/api/v1/load_graphs_json", load_graphs_json, ROUTE_HIDDEN | ROUTE_WORKER,
     .doc = "Graphs that update_config brought."},
    {"GET", "/api/v1/load_node_data", load_node_data, ROUTE_HIDDEN | ROUTE_WORKER,
     .doc = "Node data that update_config brought."},
    {"GET", "/api/v1/read_text_file", read_text_file, ROUTE_HIDDEN | ROUTE_WORKER, .doc = "The text of a file."},
    {"POST", "/apipost/v1/update_config", update_config, ROUTE_HIDDEN | ROUTE_BODY | ROUTE_WORKER | ROUTE_WRITE,
     .doc = "Shows other models in all pages.", .max_body = ME_CONFIG_BYTES},
    {"POST", "/apipost/v1/refresh_page", refresh_page, ROUTE_HIDDEN | ROUTE_BODY | ROUTE_WRITE,
     .doc = "Reloads all pages."},
    {"GET", "/api/v1/notify_user_provided_model_path", notify_path, ROUTE_HIDDEN | ROUTE_WORKER,
     .doc = "Says that a file is about to be opened."},
};

const struct server_routes me_routes = {routes, sizeof routes / sizeof routes[0], me_state_start, me_state_end};
