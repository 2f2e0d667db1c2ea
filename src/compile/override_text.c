/* override_text.c - overrides as option strings: the vendor's four options and our own form. Grammar and error messages:
 * overrides.md, sections 3 and 5.
 */
#include <stdio.h>

#include "base/num.h"
#include "compile/compile.h"
#include "compile/override.h"

struct reader {
    override_set *s;
    struct diags *d;
    bool ok;
};

static void bad(struct reader *r, const char *what, str text) {
    diag_add(r->d, DIAG_ERROR, NULL, 0, 0, "%s: %.*s", what, STR_ARG(text));
    r->ok = false;
}

static void put(struct reader *r, str name, legal_group group, str key, str value) {
    if (!override_add(r->s, OVERRIDE_BY_NAME, name, group, key, value)) {
        diag_out_of_memory(r->d);
        r->ok = false;
    }
}

/* The next piece up to `separator`; false at the end. */
static bool piece(str *rest, char separator, str *out) {
    if (!rest->p)
        return false;
    size_t end = str_find_char(*rest, separator);
    *out = str_slice(*rest, 0, end);
    *rest = end < rest->n ? str_from(*rest, end + 1) : (str){0};
    return true;
}

/* name=rest with exactly one "=". */
static bool named(str entry, str *name, str *rest) {
    size_t eq = str_find_char(entry, '=');
    *name = str_slice(entry, 0, eq);
    *rest = str_from(entry, eq + 1);
    return eq < entry.n && name->n && rest->n && str_find_char(*rest, '=') == rest->n;
}

/* ---- output layouts -------------------------------------------------------------------------------------- */

static bool is_grid(str s, bool *well) {
    size_t x = str_find_char(s, 'x');
    int64_t rows, cols;
    *well = false;
    if (x == s.n || x == 0 || s.p[0] < '0' || s.p[0] > '9')
        return false;
    *well =
        num_parse_i64(str_slice(s, 0, x), &rows) && num_parse_i64(str_from(s, x + 1), &cols) && rows > 0 && cols > 0;
    return true;
}

/* The field that a part of an output layout is, tried in the vendor's order; empty when it is none. */
static str classify(str part) {
    bool well;
    if (is_grid(part, &well))
        return STR("grid_shape");
    if (ttnn_buffer_by_name(part) != TTNN_N_BUFFERS)
        return STR("buffer_type");
    if (ttnn_memory_by_name(part) != TTNN_N_MEMORIES)
        return STR("tensor_memory_layout");
    if (str_eq(part, STR("row_major")) || str_eq(part, STR("tile")) || str_eq(part, STR("invalid")))
        return STR("memory_layout");
    if (target_dtype_by_name(part) != DTYPE_NONE)
        return STR("data_type");
    return STR("");
}

static const struct {
    str key;
    const char *twice;
} layout_parts[] = {
    {STR_INIT("grid_shape"), "Multiple grid parameters provided"},
    {STR_INIT("buffer_type"), "Multiple buffer type parameters provided"},
    {STR_INIT("tensor_memory_layout"), "Multiple tensor memory layout parameters provided"},
    {STR_INIT("memory_layout"), "Multiple memory layout parameters provided"},
    {STR_INIT("data_type"), "Multiple data type parameters provided"},
};
enum { N_PARTS = sizeof layout_parts / sizeof *layout_parts };

static void read_output(struct reader *r, str list) {
    str entry, name, rest, part;
    while (piece(&list, ',', &entry)) {
        bool seen[N_PARTS] = {false}, well;
        if (!named(entry, &name, &rest)) {
            bad(r, "Invalid format for override", entry);
            continue;
        }
        while (piece(&rest, ':', &part)) {
            str key = classify(part);
            if (is_grid(part, &well) && !well) {
                bad(r, "Invalid grid size", part);
                continue;
            }
            if (!key.n) {
                bad(r, "Invalid layout parameter", part);
                continue;
            }
            for (int i = 0; i < N_PARTS; i++) {
                if (!str_eq(layout_parts[i].key, key))
                    continue;
                if (seen[i])
                    bad(r, layout_parts[i].twice, part);
                else
                    put(r, name, LEGAL_OUTPUT, key, part);
                seen[i] = true;
            }
        }
    }
}

/* ---- configurations -------------------------------------------------------------------------------------- */

static void read_config(struct reader *r, str list, legal_group group) {
    str entry, name, rest, param;
    while (piece(&list, ',', &entry)) {
        if (!named(entry, &name, &rest)) {
            bad(r, "Invalid override format", entry);
            continue;
        }
        while (piece(&rest, ':', &param)) {
            if (!param.n)
                continue; /* the vendor passes over empty ones too */
            size_t hash = str_find_char(param, '#');
            str key = str_slice(param, 0, hash);
            if (hash == param.n || !legal_find_field(group, key))
                bad(r, "Invalid override parameter", key);
            else
                put(r, name, group, key, str_from(param, hash + 1));
        }
    }
}

static void read_memreconfig(struct reader *r, str list) {
    str entry, name, rest, index;
    while (piece(&list, ',', &entry)) {
        if (!named(entry, &name, &rest)) {
            bad(r, "Invalid format for input layouts override", entry);
            continue;
        }
        while (piece(&rest, ':', &index)) {
            uint64_t n;
            char key[32];
            if (!num_parse_u64(index, &n) || n > UINT16_MAX) {
                bad(r, "Invalid operand index", index);
                continue;
            }
            snprintf(key, sizeof key, "%u.match", (unsigned)n);
            put(r, name, LEGAL_RESHARD, str_from_z(key), STR("result"));
        }
    }
}

/* ---- our form -------------------------------------------------------------------------------------------- */

/* The group that stands in front of a key ("group.key"), which is taken off it; LEGAL_N_GROUPS when none does. */
static legal_group take_group(str *key) {
    size_t dot = str_find_char(*key, '.');
    for (int g = 0; g < LEGAL_N_GROUPS && dot < key->n; g++)
        if (str_eq(str_slice(*key, 0, dot), legal_group_names[g])) {
            *key = str_from(*key, dot + 1);
            return (legal_group)g;
        }
    return LEGAL_N_GROUPS;
}

/* TARGET:group.key=value[,[group.]key=value...]; false when the text is not of this form at all. */
static bool read_own(struct reader *r, str text) {
    size_t colon = text.n;
    legal_group group = LEGAL_N_GROUPS;
    str list = {0};
    while (group == LEGAL_N_GROUPS && colon-- > 1) {
        list = str_from(text, colon + 1);
        if (text.p[colon] == ':')
            group = take_group(&list);
    }
    if (group == LEGAL_N_GROUPS)
        return false;
    str target = str_slice(text, 0, colon), item, key, value;
    override_bind bind = target.p[0] == '@'   ? OVERRIDE_BY_IDENTITY
                         : target.p[0] == '?' ? OVERRIDE_BY_QUERY
                                              : OVERRIDE_BY_NAME;
    if (bind == OVERRIDE_BY_QUERY)
        target = str_from(target, 1);
    while (piece(&list, ',', &item)) {
        if (!named(item, &key, &value)) {
            diag_add(r->d, DIAG_ERROR, NULL, 0, 0, "Invalid override format: %.*s; a field is set by KEY=VALUE",
                     STR_ARG(item));
            r->ok = false;
            continue;
        }
        legal_group other = take_group(&key);
        group = other == LEGAL_N_GROUPS ? group : other;
        if (!override_add(r->s, bind, target, group, key, value)) {
            diag_out_of_memory(r->d);
            r->ok = false;
        }
    }
    return true;
}

/* What is neither of our form nor an option of the vendor. */
static void bad_form(struct reader *r, str text) {
    char groups[256] = "";
    size_t n = 0;
    for (int g = 0; g < LEGAL_N_GROUPS && n < sizeof groups; g++)
        n += (size_t)snprintf(groups + n, sizeof groups - n, "%s%.*s", g ? ", " : "", STR_ARG(legal_group_names[g]));
    diag_add(r->d, DIAG_ERROR, NULL, 0, 0,
             "Invalid override format: %.*s; TARGET:GROUP.KEY=VALUE sets a field, where GROUP is one of %s",
             STR_ARG(text), groups);
    r->ok = false;
}

/* ---- options --------------------------------------------------------------------------------------------- */

static void read_option(struct reader *r, str text) {
    size_t eq = str_find_char(text, '=');
    str name = str_slice(text, 0, eq), value = str_from(text, eq + 1);
    const char *why;
    compile_options o;
    if (str_starts_with(name, STR("--")))
        name = str_from(name, 2);
    if (str_eq(name, STR("override-output-layout"))) {
        read_output(r, value);
    } else if (str_eq(name, STR("override-conv2d-config"))) {
        read_config(r, value, LEGAL_CONV2D);
    } else if (str_eq(name, STR("override-conv3d-config"))) {
        read_config(r, value, LEGAL_CONV3D);
    } else if (str_eq(name, STR("insert-memreconfig"))) {
        read_memreconfig(r, value);
    } else if (!read_own(r, text)) {
        compile_options_init(&o);
        if (eq < text.n && compile_option_set(&o, name, value, &why))
            diag_add(r->d, DIAG_WARNING, NULL, 0, 0, "%.*s is an option of the compilation, not an override: left out",
                     STR_ARG(name));
        else
            bad_form(r, text);
    }
}

bool override_read_options(override_set *s, str text, struct diags *d) {
    struct reader r = {s, d, true};
    str word;
    text = str_trim(text);
    /* A query has blanks of its own: such a text is one override. */
    if (text.n && text.p[0] == '?') {
        if (!read_own(&r, text))
            bad_form(&r, text);
        return r.ok;
    }
    while (piece(&text, ' ', &word))
        if (word.n)
            read_option(&r, word);
    return r.ok;
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static bool plain_name(str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '=' || s.p[i] == ',' || s.p[i] == ':' || s.p[i] == ' ')
            return false;
    return s.n != 0;
}

static str find(const override_entry *e, legal_group group, str key) {
    for (size_t i = 0; i < e->settings.n; i++)
        if (e->settings.v[i].group == group && str_eq(e->settings.v[i].key, key))
            return e->settings.v[i].value;
    return STR("");
}

static str unbracket(str s) {
    return s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']' ? str_slice(s, 1, s.n - 1) : s;
}

/* Starts an option, or goes on with it. */
static void lead(struct buf *out, bool *started, const char *option, str name) {
    if (!*started)
        buf_printf(out, "%s%s=", out->n ? " " : "", option);
    else
        buf_putc(out, ',');
    *started = true;
    buf_printf(out, "%.*s=", STR_ARG(name));
}

/* True and False are lower case in option strings. */
static void put_value(struct buf *out, str v) {
    v = unbracket(v);
    if (str_eq(v, STR("True")) || str_eq(v, STR("False")))
        buf_puts(out, v.p[0] == 'T' ? "true" : "false");
    else if (str_eq(v, STR("None")))
        buf_puts(out, "none");
    else
        buf_put_str(out, v);
}

static void write_configs(const override_set *s, legal_group group, const char *option, struct buf *out) {
    bool started = false;
    for (size_t i = 0; i < s->entries.n; i++) {
        const override_entry *e = &s->entries.v[i];
        bool any = false;
        if (e->bind != OVERRIDE_BY_NAME || !plain_name(e->target))
            continue;
        for (size_t k = 0; k < e->settings.n; k++) {
            if (e->settings.v[k].group != group)
                continue;
            if (!any)
                lead(out, &started, option, e->target);
            else
                buf_putc(out, ':');
            any = true;
            buf_printf(out, "%.*s#", STR_ARG(e->settings.v[k].key));
            put_value(out, e->settings.v[k].value);
        }
    }
}

static bool is_match(const legal_setting *set) {
    return set->group == LEGAL_RESHARD && str_ends_with(set->key, STR(".match"));
}

bool override_write_options(const override_set *s, struct buf *out, struct buf *left_out) {
    bool started = false;
    for (size_t i = 0; i < s->entries.n; i++) {
        const override_entry *e = &s->entries.v[i];
        bool any = false;
        if (e->bind != OVERRIDE_BY_NAME || !plain_name(e->target))
            continue;
        for (int k = 0; k < N_PARTS; k++) { /* in the order the vendor prints: grid, buffer, memory, layout, type */
            str v = find(e, LEGAL_OUTPUT, layout_parts[k].key);
            if (!v.n)
                continue;
            if (!any)
                lead(out, &started, "override-output-layout", e->target);
            else
                buf_putc(out, ':');
            any = true;
            put_value(out, v);
        }
    }
    write_configs(s, LEGAL_CONV2D, "override-conv2d-config", out);
    write_configs(s, LEGAL_CONV3D, "override-conv3d-config", out);
    started = false;
    for (size_t i = 0; i < s->entries.n; i++) {
        const override_entry *e = &s->entries.v[i];
        bool any = false;
        for (size_t k = 0; k < e->settings.n; k++) {
            if (e->bind != OVERRIDE_BY_NAME || !plain_name(e->target) || !is_match(&e->settings.v[k]))
                continue;
            if (!any)
                lead(out, &started, "insert-memreconfig", e->target);
            else
                buf_putc(out, ':');
            any = true;
            buf_put_str(out, str_slice(e->settings.v[k].key, 0, str_find_char(e->settings.v[k].key, '.')));
        }
    }
    for (size_t i = 0; left_out && i < s->entries.n; i++) {
        const override_entry *e = &s->entries.v[i];
        bool sayable = e->bind == OVERRIDE_BY_NAME && plain_name(e->target);
        for (size_t k = 0; k < e->settings.n; k++) {
            const legal_setting *set = &e->settings.v[k];
            if (sayable && (set->group == LEGAL_OUTPUT || set->group == LEGAL_CONV2D || set->group == LEGAL_CONV3D ||
                            is_match(set)))
                continue;
            buf_printf(left_out, "%s%.*s:%.*s.%.*s=%.*s\n", e->bind == OVERRIDE_BY_QUERY ? "?" : "", STR_ARG(e->target),
                       STR_ARG(legal_group_names[set->group]), STR_ARG(set->key), STR_ARG(set->value));
        }
    }
    return !out->failed && !(left_out && left_out->failed);
}
