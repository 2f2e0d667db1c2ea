/* Paths of layers from locations.
 *
 * A location is a small tree; the candidates for a name are looked at in writing order: a name before what is inside
 * it, a fused one's parts from left to right, a callee before its caller. The first that gives a path wins.
 */
#include "base/num.h"
#include "graph/graph_inner.h"

const char *const graph_layers_names[GRAPH_LAYERS_N] = {
    "auto", "slash", "nested", "fused", "file", "adapter", "function", "flat",
};

graph_layers graph_layers_by_name(str name) {
    uint32_t i = 0;
    while (i < GRAPH_LAYERS_N && !str_eq(name, str_from_z(graph_layers_names[i])))
        i++;
    return (graph_layers)i;
}

typedef struct path {
    str *parts;
    uint32_t n;
    struct arena *arena;
    bool failed;
} path;

static void path_add(path *p, str part) {
    if (part.n && p->n < LAYER_PARTS)
        p->parts[p->n++] = part;
}

/* Cuts at every '/' outside parentheses. `whole`: the last part is a layer too. */
static void path_slashes(path *p, str name, bool whole) {
    size_t begin = 0;
    int depth = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c == '(')
            depth++;
        else if (c == ')')
            depth -= depth > 0;
        else if (c == '/' && depth == 0) {
            path_add(p, str_slice(name, begin, i));
            begin = i + 1;
        }
    }
    if (whole)
        path_add(p, str_from(name, begin));
}

/* A name that is a position in a file ("/home/me/model.py:12:id(3)"): its slashes are folders, not layers. */
static bool is_file_like(str name) {
    if (name.n == 0 || name.p[0] == '/')
        return true;
    static const str marks[] = {STR_INIT(".py:"), STR_INIT(".mlir:"), STR_INIT(".cpp:")};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (str_find(name, marks[i]) < name.n)
            return true;
    return false;
}

/* PyTorch/XLA: "Encoder[model.enc]|Layer[model.enc.layers[9]]|/x/y.py:389|forward|392|aten__view". The parts that name a
 * module are layers: what its path adds to the one before, then its class. */
static void path_bars(path *p, str name) {
    str outer = {"", 0};
    for (size_t begin = 0; begin < name.n;) {
        size_t end = begin + str_find_char(str_from(name, begin), '|');
        str part = str_slice(name, begin, end);
        begin = end + 1;
        size_t open = str_find_char(part, '[');
        if (open == 0 || open == part.n || part.p[part.n - 1] != ']' || str_find_char(part, '/') < part.n)
            continue;
        str class = str_slice(part, 0, open), module = str_slice(part, open + 1, part.n - 1), tail = module;
        if (outer.n && module.n > outer.n + 1 && str_starts_with(module, outer) && module.p[outer.n] == '.')
            tail = str_from(module, outer.n + 1);
        outer = module;
        str label = tail.n ? arena_printf(p->arena, "%.*s: %.*s", STR_ARG(tail), STR_ARG(class)) : class;
        if (!label.p) {
            p->failed = true;
            return;
        }
        path_add(p, label);
    }
}

static void path_auto(path *p, str name) {
    if (str_find_char(name, '|') < name.n)
        path_bars(p, name);
    else if (str_find_char(name, '/') < name.n && !is_file_like(name))
        path_slashes(p, name, false);
}

/* Calls `take` for names in writing order until it adds something. */
static void path_first_name(path *p, const ir_context *c, ir_loc l, void (*take)(path *p, str name)) {
    ir_loc stack[64];
    uint32_t n = 0, steps = 0;
    stack[n++] = l;
    while (n && !p->n && !p->failed && steps++ < 256) {
        l = stack[--n];
        if (!l)
            continue;
        switch (ir_kind_of(c, l)) {
        case IR_LOC_NAME:
            take(p, ir_str_of(c, ir_at(c, l, 0)));
            stack[n++] = ir_at(c, l, 1);
            break;
        case IR_LOC_CALLSITE:
            if (n + 2 <= 64) {
                stack[n++] = ir_at(c, l, 1);
                stack[n++] = ir_at(c, l, 0);
            }
            break;
        case IR_LOC_FUSED:
            for (uint32_t i = ir_count(c, l); i-- > 1;)
                if (n < 64 && i <= 64)
                    stack[n++] = ir_at(c, l, i);
            break;
        default: break;
        }
    }
}

static void take_slashes(path *p, str name) {
    path_slashes(p, name, false);
}

static void path_nested(path *p, const ir_context *c, ir_loc l) {
    while (l && ir_kind_of(c, l) == IR_LOC_NAME) {
        str name = ir_str_of(c, ir_at(c, l, 0));
        l = ir_at(c, l, 1);
        if (l && ir_kind_of(c, l) == IR_LOC_NAME)
            path_add(p, name);
    }
}

static void path_fused(path *p, const ir_context *c, ir_loc l) {
    if (!l || ir_kind_of(c, l) != IR_LOC_FUSED)
        return;
    str last = {"", 0};
    for (uint32_t i = 1; i < ir_count(c, l); i++) {
        ir_loc part = ir_at(c, l, i);
        if (ir_kind_of(c, part) != IR_LOC_NAME)
            continue;
        path_add(p, last);
        last = ir_str_of(c, ir_at(c, part, 0));
    }
}

/* "model.py:12" for each frame, the outermost caller first; of a lone one the file alone is a layer as well. */
static void path_file(path *p, const ir_module *m, ir_loc l) {
    const ir_context *c = m->ctx;
    ir_loc frames[LAYER_PARTS], stack[LAYER_PARTS];
    uint32_t n_frames = 0, n = 0, steps = 0;
    stack[n++] = l;
    while (n && n_frames < LAYER_PARTS && steps++ < 256) {
        l = stack[--n];
        if (!l)
            continue;
        switch (ir_kind_of(c, l)) {
        case IR_LOC_FILE: frames[n_frames++] = l; break;
        case IR_LOC_NAME: stack[n++] = ir_at(c, l, 1); break;
        case IR_LOC_CALLSITE:
            if (n + 2 <= LAYER_PARTS) {
                stack[n++] = ir_at(c, l, 0);
                stack[n++] = ir_at(c, l, 1);
            }
            break;
        case IR_LOC_FUSED:
            if (ir_count(c, l) > 1)
                stack[n++] = ir_at(c, l, 1);
            break;
        default: break;
        }
    }
    for (uint32_t i = 0; i < n_frames; i++) {
        str file = ir_str_of(c, ir_at(c, frames[i], 0));
        bool own = str_eq(file, ir_str_of(c, m->source_name));
        size_t slash = file.n;
        while (slash && file.p[slash - 1] != '/')
            slash--;
        file = str_from(file, slash);
        if (n_frames == 1)
            path_add(p, file);
        if (n_frames == 1 && own)
            return; /* every op of the text has a line of its own */
        str label = arena_printf(p->arena, "%.*s:%u", STR_ARG(file), ir_at(c, frames[i], 1));
        if (!label.p) {
            p->failed = true;
            return;
        }
        path_add(p, label);
    }
}

uint32_t layer_path(const ir_module *m, ir_loc l, graph_layers rule, struct arena *a, str parts[LAYER_PARTS]) {
    path p = {.parts = parts, .arena = a};
    switch (rule) {
    case GRAPH_LAYERS_AUTO: path_first_name(&p, m->ctx, l, path_auto); break;
    case GRAPH_LAYERS_SLASH: path_first_name(&p, m->ctx, l, take_slashes); break;
    case GRAPH_LAYERS_NESTED: path_nested(&p, m->ctx, l); break;
    case GRAPH_LAYERS_FUSED: path_fused(&p, m->ctx, l); break;
    case GRAPH_LAYERS_FILE: path_file(&p, m, l); break;
    case GRAPH_LAYERS_ADAPTER: path_slashes(&p, graph_loc_name(m->ctx, l), true); break;
    default: break;
    }
    return p.failed ? GRAPH_NONE : p.n;
}
