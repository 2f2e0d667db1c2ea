/* The OpenAPI 3.1 document, made of the route table and the schemas.
 *
 * The columns of a route:
 *   query     "NAME[!]:TYPE text; ..."; '!': it must be given
 *   request   a schema's name, object, any, or text for a file of text
 *   response  "[STATUS] SCHEMA", "STATUS" for an answer without body, "binary TYPE" for bytes; NULL for events; several
 *             separated by '|'
 */
#include <string.h>

#include "server/api_inner.h"

static void put(struct json_writer *w, const char *key, const char *value) {
    json_member_str(w, str_from_z(key), str_from_z(value));
}

static void begin(struct json_writer *w, const char *key) {
    json_key(w, str_from_z(key));
    json_object_begin(w);
}

/* The text up to one of `stops`, taken off *rest together with the stop. */
static str take(str *rest, char stop) {
    size_t n = str_find_char(*rest, stop);
    str word = str_slice(*rest, 0, n);
    *rest = str_from(*rest, n + 1);
    return word;
}

/* --- types -------------------------------------------------------------------------------------------------------- */

/* Writes the members of a type: see struct api_schema. */
static void write_type(struct json_writer *w, str type) {
    static const str plain[] = {STR_INIT("string"), STR_INIT("integer"), STR_INIT("number"), STR_INIT("boolean"),
                                STR_INIT("object")};
    bool list = str_ends_with(type, STR("[]")), map = str_ends_with(type, STR("{}"));
    bool nullable = str_ends_with(type, STR("|null"));
    type = str_slice(type, 0, type.n - (list || map ? 2 : nullable ? 5 : 0));
    if (list || map) {
        put(w, "type", list ? "array" : "object");
        begin(w, list ? "items" : "additionalProperties");
    }
    if (!str_eq(type, STR("any"))) {
        bool named = true;
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
            named &= !str_eq(type, plain[i]);
        if (named) {
            json_key(w, STR("$ref"));
            struct buf *out = w->out;
            struct mem m = {0};
            struct buf text;
            buf_init(&text, &m);
            buf_lit(&text, "#/components/schemas/");
            buf_put_str(&text, type);
            if (text.failed)
                out->failed = true;
            json_str(w, buf_str(&text));
            buf_free(&text);
        } else if (nullable) {
            json_key(w, STR("type"));
            json_array_begin(w);
            json_str(w, type);
            json_str(w, STR("null"));
            json_array_end(w);
        } else {
            json_member_str(w, STR("type"), type);
        }
    }
    if (list || map)
        json_object_end(w);
}

static void write_schema(struct json_writer *w, const struct api_schema *s) {
    begin(w, s->name);
    put(w, "type", "object");
    if (s->doc[0])
        put(w, "description", s->doc);
    begin(w, "properties");
    for (str rest = str_from_z(s->members); rest.n;) {
        str line = take(&rest, '\n'), name = take(&line, ' '), type = take(&line, ' ');
        if (str_ends_with(name, STR("?")))
            name.n--;
        json_key(w, name);
        json_object_begin(w);
        write_type(w, type);
        if (line.n)
            json_member_str(w, STR("description"), line);
        json_object_end(w);
    }
    json_object_end(w);
    json_key(w, STR("required"));
    json_array_begin(w);
    for (str rest = str_from_z(s->members); rest.n;) {
        str line = take(&rest, '\n'), name = take(&line, ' ');
        if (!str_ends_with(name, STR("?")))
            json_str(w, name);
    }
    json_array_end(w);
    if (!s->open)
        json_member_bool(w, STR("additionalProperties"), false);
    json_object_end(w);
}

/* --- routes ------------------------------------------------------------------------------------------------------- */

static void write_parameter(struct json_writer *w, str name, const char *in, bool required, str type, str doc) {
    json_object_begin(w);
    json_member_str(w, STR("name"), name);
    put(w, "in", in);
    json_member_bool(w, STR("required"), required);
    if (doc.n)
        json_member_str(w, STR("description"), doc);
    begin(w, "schema");
    write_type(w, type);
    json_object_end(w);
    json_object_end(w);
}

static void write_parameters(struct json_writer *w, const struct http_route *route) {
    json_key(w, STR("parameters"));
    json_array_begin(w);
    for (str rest = str_from_z(route->pattern); rest.n;) {
        take(&rest, '{');
        str name = rest.n ? take(&rest, '}') : rest;
        bool number = str_eq(name, STR("stage")) || str_eq(name, STR("job")) || str_eq(name, STR("overlay")) ||
                      str_eq(name, STR("set"));
        if (name.n)
            write_parameter(w, name, "path", true, number ? STR("integer") : STR("string"), STR(""));
    }
    for (str rest = str_from_z(route->query); rest.n;) {
        str one = str_trim(take(&rest, ';')), name = take(&one, ':'), type = take(&one, ' ');
        bool required = str_ends_with(name, STR("!"));
        name.n -= required;
        write_parameter(w, name, "query", required, type, one);
    }
    json_array_end(w);
}

static void write_content(struct json_writer *w, const char *type, str schema) {
    begin(w, type);
    begin(w, "schema");
    write_type(w, schema);
    json_object_end(w);
    json_object_end(w);
}

static void write_request(struct json_writer *w, const struct http_route *route) {
    bool upload = route->flags & ROUTE_UPLOAD;
    if (!upload && !route->request)
        return;
    begin(w, "requestBody");
    json_member_bool(w, STR("required"), true);
    begin(w, "content");
    if (upload) {
        write_content(w, "multipart/form-data", STR("object"));
        write_content(w, "application/octet-stream", STR("any"));
    } else if (strcmp(route->request, "text") == 0) {
        write_content(w, "text/plain", STR("string"));
    } else {
        write_content(w, "application/json", str_from_z(route->request));
    }
    json_object_end(w);
    json_object_end(w);
}

static void write_response(struct json_writer *w, const struct http_route *route, str rest) {
    str status = STR("200");
    if (rest.n >= 3 && rest.p[0] >= '1' && rest.p[0] <= '5')
        status = take(&rest, ' ');
    json_key(w, status);
    json_object_begin(w);
    put(w, "description", str_eq(status, STR("204")) ? "Done." : "The answer.");
    if (route->flags & ROUTE_EVENTS || rest.n) {
        begin(w, "content");
        if (route->flags & ROUTE_EVENTS) {
            write_content(w, "text/event-stream", STR("string"));
        } else if (str_starts_with(rest, STR("binary "))) {
            json_key(w, str_from(rest, 7));
            json_object_begin(w);
            json_object_end(w);
        } else {
            write_content(w, "application/json", rest);
        }
        json_object_end(w);
    }
    json_object_end(w);
}

static void write_operation(struct json_writer *w, const struct http_route *route) {
    str method = str_from_z(route->method);
    char name[8];
    size_t n = method.n < sizeof name ? method.n : sizeof name - 1;
    for (size_t i = 0; i < n; i++)
        name[i] = (char)(method.p[i] | 0x20);
    json_key(w, str_of(name, n));
    json_object_begin(w);
    put(w, "summary", route->doc);
    write_parameters(w, route);
    write_request(w, route);
    begin(w, "responses");
    str responses = str_from_z(route->response);
    do
        write_response(w, route, take(&responses, '|'));
    while (responses.n);
    begin(w, "default");
    put(w, "description", "What went wrong.");
    begin(w, "content");
    write_content(w, "application/json", STR("Error"));
    json_object_end(w);
    json_object_end(w);
    json_object_end(w);
    json_object_end(w);
}

void openapi_write(struct json_writer *w, const struct http_route *routes, size_t n) {
    json_object_begin(w);
    put(w, "openapi", "3.1.0");
    begin(w, "info");
    put(w, "title", "TT-Explorer");
    put(w, "version", TTX_VERSION);
    put(w, "description", "Models, their graphs and what belongs to them. docs/api.md explains it to people.");
    json_object_end(w);
    begin(w, "paths");
    for (size_t i = 0; i < n; i++) {
        bool seen = routes[i].flags & ROUTE_HIDDEN;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(routes[k].pattern, routes[i].pattern) == 0;
        if (seen)
            continue;
        begin(w, routes[i].pattern);
        for (size_t k = i; k < n; k++)
            if (strcmp(routes[k].pattern, routes[i].pattern) == 0 && !(routes[k].flags & ROUTE_HIDDEN))
                write_operation(w, &routes[k]);
        json_object_end(w);
    }
    json_object_end(w);
    begin(w, "components");
    begin(w, "schemas");
    for (size_t i = 0; i < api_n_schemas; i++)
        write_schema(w, &api_schemas[i]);
    json_object_end(w);
    json_object_end(w);
    json_object_end(w);
}
