/* State of the user interface: small JSON values by scope and key. */
#include "server/api_inner.h"

enum { KEY_BYTES = 200 };

/* The scope of the path: "global" is the empty one, anything else the id of a model. */
static bool scope_of(struct http_request *r, str *out) {
    struct store_hash hash;
    str scope = http_param(r, "scope");
    *out = STR("");
    if (str_eq(scope, STR("global")))
        return true;
    if (!store_hash_parse(scope, &hash)) {
        api_error(r, 404, "global, or the id of a model", "there is no scope %.*s", STR_ARG(str_slice(scope, 0, 80)));
        return false;
    }
    *out = scope;
    return true;
}

static bool key_of(struct http_request *r, str *out) {
    *out = http_param(r, "key");
    if (out->n && out->n <= KEY_BYTES)
        return true;
    api_error(r, 400, NULL, "keys have 1 to %d bytes", KEY_BYTES);
    return false;
}

void api_ui_list(struct http_request *r) {
    str scope;
    struct store_pairs pairs;
    struct store_error e;
    if (!scope_of(r, &scope))
        return;
    if (!store_ui_list(r->server->store, scope, r->arena, &pairs, &e)) {
        api_store_error(r, &e);
        return;
    }
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    for (size_t i = 0; i < pairs.list.n; i++) {
        json_key(w, pairs.list.v[i].key);
        json_raw(w, pairs.list.v[i].value);
    }
    json_object_end(w);
    vec_free(&pairs.list);
}

void api_ui_get(struct http_request *r) {
    str scope, key, value;
    struct store_error e;
    if (!scope_of(r, &scope) || !key_of(r, &key))
        return;
    if (store_ui_get(r->server->store, scope, key, r->arena, &value, &e))
        http_text(r, 200, "application/json", value);
    else if (e.status == STORE_NOT_FOUND)
        api_error(r, 404, NULL, "nothing is kept under %.*s", STR_ARG(key));
    else
        api_store_error(r, &e);
}

static void put(struct http_request *r, str value) {
    str scope, key;
    struct store_error e;
    if (!scope_of(r, &scope) || !key_of(r, &key))
        return;
    if (store_ui_put(r->server->store, scope, key, value, &e))
        http_empty(r, 204);
    else
        api_store_error(r, &e);
}

void api_ui_put(struct http_request *r) {
    if (http_body_is_json(r))
        put(r, r->body);
}

void api_ui_delete(struct http_request *r) {
    put(r, STR(""));
}
