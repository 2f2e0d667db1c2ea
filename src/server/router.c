/* From method and path to the row of a route table. */
#include <string.h>

#include "server/http_inner.h"

/* Whether a pattern fits a raw path. Fills undecoded parameters. */
static bool pattern_fits(const char *pattern, str path, str params[HTTP_MAX_PARAMS]) {
    str rest = str_from_z(pattern);
    size_t n = 0;
    while (rest.n) {
        if (rest.p[0] != '{') {
            if (path.n == 0 || path.p[0] != rest.p[0])
                return false;
            rest = str_from(rest, 1);
            path = str_from(path, 1);
            continue;
        }
        size_t close = str_find_char(rest, '}');
        bool all = close > 0 && close < rest.n && rest.p[close - 1] == '*';
        size_t end = all ? path.n : str_find_char(path, '/');
        if ((end == 0 && !all) || n == HTTP_MAX_PARAMS)
            return false;
        params[n++] = str_slice(path, 0, end);
        rest = str_from(rest, close + 1);
        path = str_from(path, end);
    }
    return path.n == 0;
}

bool router_find(struct req *r) {
    const struct http *h = r->http;
    str params[HTTP_MAX_PARAMS], path = r->pub.path;
    char allowed[64] = "";
    for (size_t i = 0; i < h->n_routes; i++) {
        const struct http_route *route = h->routes[i];
        memset(params, 0, sizeof params);
        if (!pattern_fits(route->pattern, path, params))
            continue;
        bool last_resort = str_eq(str_from_z(route->pattern), STR("/{path*}"));
        if (!str_eq(r->pub.method, str_from_z(route->method))) {
            if (last_resort)
                continue;
            size_t n = strlen(allowed);
            if (!strstr(allowed, route->method) && n + strlen(route->method) + 3 < sizeof allowed) {
                if (n)
                    strcat(allowed, ", ");
                strcat(allowed, route->method);
            }
            continue;
        }
        /* The page of last resort answers only where no other method was meant. */
        if (allowed[0] && last_resort)
            break;
        r->pub.route = route;
        for (size_t k = 0; k < HTTP_MAX_PARAMS; k++)
            r->pub.params[k] = params[k].n ? parse_decode(params[k], false, &r->arena) : STR("");
        return true;
    }
    if (allowed[0]) {
        http_error(&r->pub, 405, "%.*s does not take %.*s, only %s", STR_ARG(path), STR_ARG(r->pub.method), allowed);
        char *kept = arena_strdup(&r->arena, allowed);
        if (kept)
            http_add_header(&r->pub, "Allow", kept);
    } else {
        http_error(&r->pub, 404, "there is nothing at %.*s", STR_ARG(path));
    }
    return false;
}

str http_param(const struct http_request *r, const char *name) {
    const char *p = r->route ? r->route->pattern : "";
    size_t n = strlen(name);
    for (size_t i = 0; (p = strchr(p, '{')); i++) {
        p++;
        if (strncmp(p, name, n) == 0 && (p[n] == '}' || p[n] == '*'))
            return r->params[i];
    }
    return STR("");
}
