#define _GNU_SOURCE /* realpath */
#include "server/static.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "server/http.h"
#include "server/parse.h"

/* Notebooks on this machine may show the page in a frame; others are named by --cors_host. */
#define FRAMES "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*"

static const char ours[] =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'self'; " FRAMES;
static const char theirs[] =
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: https://esm.sh; "
    "style-src 'self' 'unsafe-inline' https://fonts.googleapis.com https://esm.sh; "
    "font-src 'self' data: https://fonts.gstatic.com; img-src 'self' data: blob: https:; "
    "connect-src 'self' data: blob: https://esm.sh; worker-src 'self' blob:; "
    "base-uri 'self'; form-action 'self'; " FRAMES;

bool static_policy(const struct server_options *o, char *out, size_t size) {
    const char *host = o->cors_host ? o->cors_host : "";
    for (const char *c = host; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/*-_[]", *c))
            host = ""; /* no origin, and nothing that may stand in a policy */
    int n = snprintf(out, size, "%s%s%s", o->ui ? theirs : ours, *host ? " " : "", host);
    return n > 0 && (size_t)n < size;
}

/* The plain bytes, in the request's arena; .p is NULL when memory runs out. */
static str unpack(const struct static_file *f, struct arena *a) {
    char *to = ARENA_ARRAY(a, char, f->n_plain + 1);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)f->data, .avail_in = (uInt)f->n};
    if (!to || inflateInit2(&z, 15 + 16) != Z_OK)
        return (str){0};
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)f->n_plain + 1;
    int rc = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return rc == Z_STREAM_END ? str_of(to, f->n_plain) : (str){0};
}

static void answer_embedded(struct http_request *r, str path) {
    const struct static_file *f = NULL;
    for (size_t i = 0; i < n_static_files && !f; i++)
        if (str_eq(path, str_from_z(static_files[i].path)))
            f = &static_files[i];
    if (!f) {
        http_error(r, 404, "there is nothing at %.*s", STR_ARG(path));
        return;
    }
    http_add_header(r, "Cache-Control", f->lasting ? "public, max-age=31536000, immutable" : "no-cache");
    if (http_etag(r, f->etag))
        return;
    str accepted = http_header(r, "Accept-Encoding");
    if (accepted.p && parse_accepts(accepted, "gzip") && !http_header(r, "Range").p) {
        http_gzipped(r, 200, f->type, str_of((const char *)f->data, f->n));
        return;
    }
    str plain = unpack(f, r->arena);
    if (plain.p)
        http_shared(r, 200, f->type, plain, NULL, NULL);
    else
        http_error(r, 503, "out of memory");
}

/* A file below the folder, links followed only inside it; folders are not listed. */
static void answer_folder(struct http_request *r, const char *folder, str path) {
    char named[PATH_MAX], real[PATH_MAX], root[PATH_MAX];
    int n = snprintf(named, sizeof named, "%s%.*s", folder, STR_ARG(path));
    if (n > 0 && (size_t)n < sizeof named && realpath(folder, root) && realpath(named, real)) {
        str below = str_from_z(real), prefix = str_from_z(root);
        if (str_starts_with(below, prefix) && below.p[prefix.n] == '/') {
            http_file(r, real, NULL, STR(""));
            return;
        }
    }
    http_error(r, 404, "there is nothing at %.*s", STR_ARG(path));
}

static void get_static(struct http_request *r) {
    str path = r->path;
    if (!parse_path_is_clean(path)) {
        http_error(r, 404, "there is nothing here");
        return;
    }
    /* On all of them: a worker has the policy of its script. */
    http_add_header(r, "Content-Security-Policy", r->server->page_policy);
    if (str_eq(path, STR("/element.js"))) /* for pages of other origins: the page in their frame is what decides */
        http_add_header(r, "Cross-Origin-Resource-Policy", "cross-origin");
    if (str_eq(path, STR("/")))
        path = STR("/index.html");
    if (r->server->options.ui)
        answer_folder(r, r->server->options.ui, path);
    else
        answer_embedded(r, path);
}

static const struct http_route routes[] = {
    {.method = "GET",
     .pattern = "/{path*}",
     .handle = get_static,
     .flags = ROUTE_HIDDEN,
     .doc = "A file of the web page"},
};

const struct server_routes static_routes = {.routes = routes, .n = sizeof routes / sizeof *routes};
