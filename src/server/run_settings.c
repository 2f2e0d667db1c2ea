/* The settings of a compile run: JSON to its canonical form, and to options. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/diag.h"
#include "base/num.h"
#include "server/http.h"
#include "server/runs_inner.h"
#include "target/device.h"

/* What a request may say. The canonical form has these in this order, without what has its default. */
struct wish {
    uint64_t part, level;
    str device, arch, mesh;
    str system_name, system; /* a system descriptor: the name of its file, and its bytes as base64 */
    str options, overrides;  /* raw JSON objects; .p NULL: not given */
};

/* A scalar as text: "32", "true", or a string's characters. */
static bool scalar(struct json_reader *r, enum json_kind kind, struct arena *a, str *out) {
    switch (kind) {
    case JSON_STRING: *out = json_unescape(r, a); return out->p != NULL;
    case JSON_NUMBER: *out = r->text; return true;
    case JSON_TRUE: *out = STR("true"); return true;
    case JSON_FALSE: *out = STR("false"); return true;
    default: return false;
    }
}

/* "1x2", "1,2" or [1, 2] as the vendor writes it: "1,2". */
static bool mesh_text(struct json_reader *r, enum json_kind kind, struct arena *a, str *out) {
    char text[80];
    size_t n = 0;
    if (kind == JSON_STRING) {
        str given = json_unescape(r, a);
        if (given.n >= sizeof text)
            return false;
        for (; n < given.n; n++)
            text[n] = given.p[n] == 'x' ? ',' : given.p[n];
    } else if (kind == JSON_ARRAY_BEGIN) {
        while ((kind = json_next(r)) == JSON_NUMBER && n + r->text.n + 1 < sizeof text) {
            if (n)
                text[n++] = ',';
            memcpy(text + n, r->text.p, r->text.n);
            n += r->text.n;
        }
        if (kind != JSON_ARRAY_END)
            return false;
    } else {
        return false;
    }
    *out = arena_str(a, str_of(text, n));
    return out->p != NULL;
}

/* The raw text of an object. */
static bool object_text(struct json_reader *r, enum json_kind kind, str *out) {
    if (kind != JSON_OBJECT_BEGIN)
        return false;
    const char *begin = r->begin + json_at(r);
    if (!json_skip(r, kind))
        return false;
    *out = str_of(begin, (size_t)(r->p - begin));
    return true;
}

/* {"name": "my.ttsys", "base64": "..."} */
static bool system_of(struct json_reader *r, enum json_kind kind, struct arena *a, struct wish *w) {
    if (kind != JSON_OBJECT_BEGIN)
        return false;
    while ((kind = json_next(r)) == JSON_KEY) {
        struct json_reader key = *r;
        str *to = json_key_is(&key, STR("name"))     ? &w->system_name
                  : json_key_is(&key, STR("base64")) ? &w->system
                                                     : NULL;
        if (!to || json_next(r) != JSON_STRING || !(*to = json_unescape(r, a)).p)
            return false;
    }
    return kind == JSON_OBJECT_END && w->system.n;
}

static bool read_wish(str json, struct arena *a, struct wish *w, struct model_error *e) {
    struct json_reader r;
    enum json_kind kind;
    json_reader_init(&r, json);
    if (json_next(&r) != JSON_OBJECT_BEGIN)
        return model_fail(e, 400, "settings are a JSON object");
    while ((kind = json_next(&r)) == JSON_KEY) {
        struct json_reader key = r;
        kind = json_next(&r);
        bool good = true;
        if (kind == JSON_NULL)
            continue;
        if (json_key_is(&key, STR("part")))
            good = kind == JSON_NUMBER && json_get_u64(&r, &w->part);
        else if (json_key_is(&key, STR("level")))
            good = kind == JSON_NUMBER && json_get_u64(&r, &w->level) && w->level <= 2;
        else if (json_key_is(&key, STR("device")))
            good = scalar(&r, kind, a, &w->device);
        else if (json_key_is(&key, STR("arch")))
            good = scalar(&r, kind, a, &w->arch);
        else if (json_key_is(&key, STR("mesh")))
            good = mesh_text(&r, kind, a, &w->mesh);
        else if (json_key_is(&key, STR("system")))
            good = system_of(&r, kind, a, w);
        else if (json_key_is(&key, STR("options")))
            good = object_text(&r, kind, &w->options);
        else if (json_key_is(&key, STR("overrides")))
            good = object_text(&r, kind, &w->overrides);
        else
            return model_fail(e, 400, "there is no setting \"%.*s\"", STR_ARG(str_slice(key.text, 0, 60)));
        if (!good)
            return model_fail(e, 400, "the setting \"%.*s\" has a value of the wrong kind", STR_ARG(key.text));
    }
    return kind == JSON_OBJECT_END || model_fail(e, 400, "the settings are not valid JSON");
}

/* Every member of "options" with its name and value as text; false when one is no scalar. */
static bool each_option(str options, struct arena *a, bool (*take)(void *ctx, str name, str value), void *ctx) {
    struct json_reader r;
    enum json_kind kind;
    if (!options.p)
        return true;
    json_reader_init(&r, options);
    json_next(&r);
    while ((kind = json_next(&r)) == JSON_KEY) {
        str name = json_unescape(&r, a), value;
        if (!name.p || !scalar(&r, json_next(&r), a, &value) || !take(ctx, name, value))
            return false;
    }
    return true;
}

static bool put_option(void *ctx, str name, str value) {
    json_key(ctx, name);
    json_str(ctx, value);
    return true;
}

bool run_settings_read(str json, struct arena *a, struct run_settings *out, struct model_error *e) {
    struct wish w = {0};
    struct buf b;
    if (!read_wish(json, a, &w, e))
        return false;
    buf_init(&b, a->mem);
    struct json_writer j = json_writer_to(&b);
    json_object_begin(&j);
    json_key(&j, STR("part"));
    json_u64(&j, w.part);
    json_key(&j, STR("level"));
    json_u64(&j, w.level);
    const struct {
        str key, value;
    } texts[] = {{STR("device"), w.device}, {STR("arch"), w.arch}, {STR("mesh"), w.mesh}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value.n) {
            json_key(&j, texts[i].key);
            json_str(&j, texts[i].value);
        }
    if (w.system.n) {
        json_key(&j, STR("system"));
        json_object_begin(&j);
        json_key(&j, STR("name"));
        json_str(&j, w.system_name);
        json_key(&j, STR("base64"));
        json_str(&j, w.system);
        json_object_end(&j);
    }
    bool good = true;
    if (w.options.p) {
        json_key(&j, STR("options"));
        json_object_begin(&j);
        good = each_option(w.options, a, put_option, &j) ||
               model_fail(e, 400, "the value of an option is text, a number or true or false");
        json_object_end(&j);
    }
    if (w.overrides.p) {
        json_key(&j, STR("overrides"));
        json_raw(&j, w.overrides);
    }
    json_object_end(&j);
    out->part = w.part;
    out->json = arena_str(a, buf_str(&b));
    if (good && (b.failed || !out->json.p))
        good = model_fail(e, 503, "out of memory");
    buf_free(&b);
    compile_options o;
    return good && run_options(out, a, &o, e);
}

void run_id_of(const struct run_settings *s, struct run_id *out) {
    struct mem mem = {0};
    struct buf b;
    struct store_hash hash;
    buf_init(&b, &mem);
    buf_printf(&b, "%s\n%s\n", TTX_VERSION, s->model.text);
    buf_write(&b, s->json.p, s->json.n);
    store_hash_bytes(buf_str(&b), &hash);
    buf_free(&b);
    memcpy(out->text, hash.text, RUN_ID_TEXT);
    out->text[RUN_ID_TEXT] = 0;
}

struct setter {
    compile_options *o;
    struct model_error *e;
};

static bool set_option(void *ctx, str name, str value) {
    struct setter *s = ctx;
    const char *why;
    return compile_option_set(s->o, name, value, &why) ||
           model_fail(s->e, 400, "option %.*s=%.*s: %s", STR_ARG(str_slice(name, 0, 100)),
                      STR_ARG(str_slice(value, 0, 100)), why);
}

static bool is_board(str name) {
    str board;
    for (uint32_t i = 0; (board = target_board_name(i)).n; i++)
        if (str_eq(board, name))
            return true;
    return false;
}

/* The bytes of a system descriptor, which must be one. */
static bool set_system(const struct wish *w, struct arena *a, compile_options *o, struct model_error *e) {
    str name = str_slice(w->system_name, 0, 100);
    target_system system;
    struct diags d;
    if (w->device.n || w->arch.n)
        return model_fail(e, 400, "a system descriptor says what the device is: give it or \"%s\", not both",
                          w->device.n ? "device" : "arch");
    if (!base64_decode(a, w->system, &o->system_desc))
        return o->system_desc.p
                   ? model_fail(e, 400, "the bytes of the system descriptor %.*s are no base64", STR_ARG(name))
                   : model_fail(e, 503, "out of memory");
    diags_init(&d, a->mem);
    bool good = target_system_read_ttsys(a, o->system_desc, &system, &d) ||
                model_fail(e, 400, "the file %.*s is no system descriptor (.ttsys): %.*s", STR_ARG(name),
                           STR_ARG(d.list.n ? d.list.v[0].message : STR("out of memory")));
    diags_free(&d);
    return good;
}

bool run_options(const struct run_settings *s, struct arena *a, compile_options *o, struct model_error *e) {
    static const str levels[] = {STR_INIT("0"), STR_INIT("1"), STR_INIT("2")};
    struct setter setter = {o, e};
    struct wish w = {0};
    compile_options_init(o);
    e->status = 0;
    if (!read_wish(s->json, a, &w, e) || !set_option(&setter, STR("optimization-level"), levels[w.level]) ||
        (w.arch.n && !set_option(&setter, STR("mock-system-desc-arch"), w.arch)) ||
        (w.mesh.n && !set_option(&setter, STR("mesh-shape"), w.mesh)))
        return false;
    o->board = w.device;
    if (w.device.n && !is_board(w.device))
        return model_fail(e, 400, "there is no built-in device %.*s; n150, n300, p100 and p150 are",
                          STR_ARG(str_slice(w.device, 0, 60)));
    if (w.system.n && !set_system(&w, a, o, e))
        return false;
    if (!each_option(w.options, a, set_option, &setter))
        return e->status ? false : model_fail(e, 503, "out of memory");
    return true;
}

str run_overrides_text(const struct run_settings *s) {
    return json_member(s->json, STR("overrides"));
}
