#define _GNU_SOURCE /* realpath, O_NOFOLLOW */
#include "server/security.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "server/parse.h"

struct root {
    str path; /* real */
    bool folder, listed;
};

struct security {
    struct mem *mem;
    struct security_options options;
    struct arena arena;
    VEC(struct root) roots;
};

struct security *security_new(struct mem *m, const struct security_options *o) {
    struct security *s = mem_alloc_zero(m, sizeof *s);
    if (!s)
        return NULL;
    s->mem = m;
    s->options = *o;
    arena_init(&s->arena, m);
    vec_init(&s->roots, m);
    return s;
}

void security_free(struct security *s) {
    if (!s)
        return;
    vec_free(&s->roots);
    arena_free(&s->arena);
    mem_free(s->mem, s, sizeof *s);
}

bool security_add_root(struct security *s, const char *path, bool listed) {
    char real[PATH_MAX];
    struct stat st;
    if (!realpath(path, real) || stat(real, &st) != 0)
        return false;
    str kept = arena_str(&s->arena, str_from_z(real));
    return kept.p && vec_push(&s->roots, (struct root){kept, S_ISDIR(st.st_mode), listed});
}

size_t security_roots(const struct security *s) {
    return s->roots.n;
}

str security_root(const struct security *s, size_t i, bool *listed) {
    *listed = s->roots.v[i].listed;
    return s->roots.v[i].path;
}

bool security_make_token(char out[SECURITY_TOKEN_TEXT + 1]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t bytes[SECURITY_TOKEN_TEXT];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        out[i] = digits[bytes[i] & 63];
    out[SECURITY_TOKEN_TEXT] = 0;
    return true;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static bool is_below_roots(const struct security *s, str real) {
    for (size_t i = 0; i < s->roots.n; i++) {
        const struct root *root = &s->roots.v[i];
        if (str_eq(real, root->path))
            return true;
        if (root->folder && str_starts_with(real, root->path) &&
            (real.p[root->path.n] == '/' || root->path.p[root->path.n - 1] == '/'))
            return true;
    }
    return false;
}

/* One text for what may not be seen and what is not there, unless it would lie below a root: otherwise the answer would
 * tell which files exist. */
static str refuse(const struct security *s, str path, struct arena *a, int *status, str *why) {
    char parent[PATH_MAX], real[PATH_MAX];
    *status = 403;
    if (path.n < sizeof parent) {
        memcpy(parent, path.p, path.n);
        parent[path.n] = 0;
        char *slash = strrchr(parent, '/');
        if (slash)
            slash[slash == parent] = 0;
        else
            strcpy(parent, ".");
        if (realpath(parent, real) && is_below_roots(s, str_from_z(real)))
            *status = 404;
    }
    if (*status == 404)
        *why = arena_printf(a, "there is no file %.*s", STR_ARG(path));
    else
        *why = arena_printf(
            a, "%.*s is not below a folder that this server may open; start it with --root FOLDER to allow one",
            STR_ARG(path));
    return (str){0};
}

str security_resolve(const struct security *s, str path, struct arena *a, int *status, str *why) {
    char named[PATH_MAX], real[PATH_MAX];
    *status = 200;
    if (path.n == 0 || path.n >= sizeof named || str_find_char(path, 0) != path.n) {
        *status = 400;
        *why = STR("the path is empty, too long or has a zero byte in it");
        return (str){0};
    }
    if (str_starts_with(path, STR("~/"))) {
        const char *home = getenv("HOME");
        int n = snprintf(named, sizeof named, "%s/%.*s", home ? home : "", STR_ARG(str_from(path, 2)));
        if (n < 0 || (size_t)n >= sizeof named)
            return refuse(s, path, a, status, why);
    } else {
        memcpy(named, path.p, path.n);
        named[path.n] = 0;
    }
    if (!realpath(named, real))
        return refuse(s, str_from_z(named), a, status, why);
    if (!is_below_roots(s, str_from_z(real)))
        return refuse(s, path, a, status, why);
    str kept = arena_str(a, str_from_z(real));
    if (!kept.p) {
        *status = 503;
        *why = STR("out of memory");
    }
    return kept;
}

int security_open(const struct security *s, str path, struct arena *a, str *real, int *status, str *why) {
    *real = security_resolve(s, path, a, status, why);
    if (!real->p)
        return -1;
    /* O_NONBLOCK: opening a pipe must not wait. */
    int fd = open(real->p, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        *status = errno == ENOENT ? 404 : 403;
        *why = arena_printf(a, "cannot open %.*s: %s", STR_ARG(path), strerror(errno));
        return -1;
    }
    /* Somebody may have put a link into the path after it was resolved: what was opened counts. */
    char link[64], opened[PATH_MAX];
    struct stat st;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, opened, sizeof opened);
    bool inside = n > 0 && (size_t)n < sizeof opened && is_below_roots(s, str_of(opened, (size_t)n));
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (inside && regular)
        return fd;
    close(fd);
    *status = 403;
    *why = arena_printf(a, "%.*s is %s", STR_ARG(path), inside ? "not a regular file" : "outside the allowed folders");
    return -1;
}

/* --- requests -------------------------------------------------------------------------------------------------------- */

bool security_equal(str a, str b) {
    unsigned char differ = a.n != b.n;
    for (size_t i = 0; i < a.n; i++)
        differ |= (unsigned char)(a.p[i] ^ (b.n ? b.p[i % b.n] : 1));
    return differ == 0;
}

/* The host of "host:port" or "[::1]:port". */
static str host_name(str host) {
    if (host.n && host.p[0] == '[')
        return str_slice(host, 0, str_find_char(host, ']') + 1);
    return str_slice(host, 0, str_find_char(host, ':'));
}

/* Names that only ever lead to this machine. Any port: it may be forwarded. */
static bool is_loopback_name(str name) {
    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (parse_same(name, "localhost") || parse_same(name, "[::1]"))
        return true;
    if (name.n > 10 && parse_same(str_from(name, name.n - 10), ".localhost"))
        return true;
    if (!str_starts_with(name, STR("127.")))
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] != '.' && (name.p[i] < '0' || name.p[i] > '9'))
            return false;
    return true;
}

static bool host_is_good(const struct security *s, str host) {
    if (s->options.token) /* a page that got here by rebinding has no token */
        return true;
    if (host.n == 0)
        return false;
    str name = host_name(host);
    return is_loopback_name(name) || (s->options.host && parse_same(name, s->options.host));
}

static bool origin_is_cors(const struct security *s, str origin) {
    const char *allowed = s->options.cors_host;
    if (!allowed)
        return false;
    size_t n = strlen(allowed);
    while (n && allowed[n - 1] == '/')
        n--;
    return strcmp(allowed, "*") == 0 || str_eq(origin, str_of(allowed, n));
}

static bool origin_is_good(const struct security *s, const struct security_request *r) {
    if (r->origin.p) {
        size_t scheme = str_find(r->origin, STR("://"));
        if (scheme < r->origin.n && str_eq(str_from(r->origin, scheme + 3), r->host))
            return true;
        return origin_is_cors(s, r->origin);
    }
    /* No Origin: not a browser, or a plain GET. Links and typed addresses are fine, images and scripts of other
     * sites are not. */
    if (!r->sec_fetch_site.p || !parse_same(r->sec_fetch_site, "cross-site"))
        return true;
    return str_eq(r->method, STR("GET")) && r->sec_fetch_mode.p && parse_same(r->sec_fetch_mode, "navigate");
}

/* Whether one of our cookies has the token. Cookies know no ports, so every server has its own name for it. */
static bool has_cookie(str header, str token) {
    bool found = false;
    while (header.n) {
        size_t end = str_find_char(header, ';');
        str pair = str_trim(str_slice(header, 0, end));
        header = str_from(header, end + 1);
        if (str_starts_with(pair, STR("ttx_token")))
            found |= security_equal(str_from(pair, str_find_char(pair, '=') + 1), token);
    }
    return found;
}

enum security_verdict security_check(const struct security *s, const struct security_request *r) {
    if (!host_is_good(s, r->host))
        return SECURITY_BAD_HOST;
    if (!origin_is_good(s, r))
        return SECURITY_BAD_ORIGIN;
    if (!s->options.token || r->public_route || str_eq(r->method, STR("OPTIONS")))
        return SECURITY_ALLOW;
    str token = str_from_z(s->options.token);
    if (r->cookie.p && has_cookie(r->cookie, token))
        return SECURITY_ALLOW;
    if (r->authorization.p) {
        str given = r->authorization;
        size_t space = str_find_char(given, ' ');
        if (parse_same(str_slice(given, 0, space), "bearer"))
            given = str_trim(str_from(given, space));
        if (security_equal(given, token))
            return SECURITY_ALLOW;
    }
    if (r->token_query.p && security_equal(r->token_query, token))
        return str_eq(r->method, STR("GET")) ? SECURITY_ALLOW_SET_COOKIE : SECURITY_ALLOW;
    return SECURITY_NO_TOKEN;
}
