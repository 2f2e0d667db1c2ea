/* Module to graph.
 *
 *   1. walk the ops once, in program order: give each its layer, making layers as they are needed; drafts gather in
 *      order of making, every layer before what lies in it
 *   2. count the drafts in each subtree, hand out places: pre-order numbers without a walk over the tree
 *   3. edges: the operands of each node in turn, so they come out sorted; outgoing ones by counting
 *   4. links from symbol references, ids
 */
#include <string.h>

#include "base/platform.h"
#include "dialect/params.h"
#include "graph/drafts.h"
#include "graph/graph_inner.h"
#include "graph/stored.h"

typedef struct builder {
    graph *g;
    const ir_module *m;
    struct mem *mem;
    const graph_options *o;
    graph_layers rule;
    drafts d;
    uint32_t *name_string; /* by ir_name: string + 1 */
    size_t n_name_string;
    struct { /* a cache: neighbours often share a location, and most locations are used once */
        uint32_t scope, loc, layer;
    } located[256];
    struct map_u64 counts; /* layer << 32 | string -> regions numbered so far */
    uint32_t *op_layer;    /* by op: draft of the layer for what is inside, for containers */
    uint32_t *op_draft;    /* by op: draft of its node */
    uint32_t *block_draft; /* by block: draft of its first argument */
    uint32_t *arg_base;    /* by region: number of arguments named in it and around it */
    adapter_view adapter;
    struct map_u64 adapter_args; /* ir_value -> number */
    uint32_t unnamed_modules;
    bool one_function; /* a lone function with a body needs no layer */
    uint32_t order;
} builder;

static const graph_options default_options;

/* ---- strings and layers ---------------------------------------------------------------------------------- */

static uint32_t string_number(builder *b, str s, bool copy) {
    return drafts_string(&b->d, s, copy);
}

static uint32_t op_label(builder *b, ir_op op) {
    uint32_t *known = &b->name_string[b->m->ops[op].name];
    if (!*known)
        *known = string_number(b, ir_op_name_str(b->m, op), false) + 1;
    return *known - 1;
}

static uint32_t inner_layer(builder *b, uint32_t parent, uint32_t label, graph_layer_kind kind, uint32_t ref) {
    return b->rule == GRAPH_LAYERS_FLAT ? 0 : drafts_layer(&b->d, parent, label, kind, ref);
}

/* A layer of its own for an op: "name_0", "name_1", ... inside `parent`. */
static uint32_t numbered_layer(builder *b, uint32_t parent, str name, graph_layer_kind kind, ir_op op) {
    if (b->rule == GRAPH_LAYERS_FLAT)
        return 0;
    uint32_t base = string_number(b, name, true);
    uint32_t *count = map_u64_put(&b->counts, (uint64_t)parent << 32 | base, 0, NULL);
    if (!count) {
        b->d.failed = true;
        return 0;
    }
    for (;;) {
        char number[16];
        size_t digits = 0;
        for (uint32_t v = (*count)++; digits == 0 || v; v /= 10)
            number[digits++] = (char)('0' + v % 10);
        struct arena_mark mark = arena_mark(&b->g->arena);
        str label = {arena_alloc(&b->g->arena, name.n + 1 + digits, 1), name.n + 1 + digits};
        if (!label.p) {
            b->d.failed = true;
            return 0;
        }
        char *to = (char *)(uintptr_t)label.p;
        if (name.n)
            memcpy(to, name.p, name.n);
        to[name.n] = '_';
        for (size_t i = 0; i < digits; i++)
            to[name.n + 1 + i] = number[digits - 1 - i];
        if (map_str_get(&b->d.string_of, label)) {
            uint32_t known = string_number(b, label, false);
            arena_reset(&b->g->arena, mark);
            if (map_u64_get(&b->d.layer_of, (uint64_t)parent << 32 | known))
                continue; /* a location made a layer of just this name */
            return inner_layer(b, parent, known, kind, op);
        }
        return inner_layer(b, parent, string_number(b, label, false), kind, op);
    }
}

/* How many leading parts of a path the location of the op around says already. */
static uint32_t common_parts(builder *b, ir_op around, const str *parts, uint32_t n) {
    const ir_module *m = b->m;
    if (!around || around == m->root || graph_is_function_op(dialect_def_of(m, around)) ||
        b->rule == GRAPH_LAYERS_ADAPTER)
        return 0;
    str outer[LAYER_PARTS];
    uint32_t k = layer_path(m, m->ops[around].loc, b->rule, &b->g->arena, outer), same = 0;
    if (k == GRAPH_NONE) {
        b->d.failed = true;
        return 0;
    }
    while (same < n && same < k && str_eq(parts[same], outer[same]))
        same++;
    return same;
}

/* The layer for an op at `loc` inside the layer `scope` of the op around it. */
static uint32_t located_layer(builder *b, uint32_t scope, ir_op around, ir_loc loc) {
    if (b->rule >= GRAPH_LAYERS_FUNCTION || !loc)
        return scope;
    uint32_t slot = (loc * 2654435761u + scope) >> 24;
    if (b->located[slot].loc == loc && b->located[slot].scope == scope)
        return b->located[slot].layer;
    str parts[LAYER_PARTS];
    uint32_t n = layer_path(b->m, loc, b->rule, &b->g->arena, parts), layer = scope;
    if (n == GRAPH_NONE) {
        b->d.failed = true;
        return scope;
    }
    for (uint32_t i = n ? common_parts(b, around, parts, n) : 0; i < n; i++)
        layer = inner_layer(b, layer, string_number(b, parts[i], true), GRAPH_LAYER_LOCATION, 0);
    b->located[slot].loc = loc;
    b->located[slot].scope = scope;
    b->located[slot].layer = layer;
    return layer;
}

/* ---- drafts ---------------------------------------------------------------------------------------------- */

bool graph_is_module_op(str name) {
    return adapter_is_module(name) || str_eq(name, STR("ttcore.cpu_module"));
}

/* Names of arguments count through a function, as MLIR prints them. */
static void count_arguments(builder *b, ir_op op, bool function) {
    const ir_module *m = b->m;
    ir_block in = m->ops[op].block;
    uint32_t base = in && !function ? b->arg_base[m->blocks[in].region] : 0;
    for (uint32_t i = 0; i < m->ops[op].n_regions; i++) {
        ir_region r = ir_op_region(m, op, i);
        uint32_t n = base;
        for (ir_block k = m->regions[r].first; k; k = m->blocks[k].next)
            n += m->blocks[k].n_args;
        b->arg_base[r] = n;
    }
}

/* What kind of argument it says it is, as flags of its node. */
static uint8_t argument_flags(const ir_module *m, ir_value v) {
    return dialect_argument_is_known(m, v)                     ? GRAPH_PARAMETER
           : str_eq(dialect_argument_type(m, v), STR("input")) ? GRAPH_INPUT
                                                               : 0;
}

static void add_arguments(builder *b, ir_op op, uint32_t layer, bool function) {
    const ir_module *m = b->m;
    bool shown = (b->adapter.flags[op] & ADAPTER_BODY) != 0;
    count_arguments(b, op, function);
    for (uint32_t i = 0; i < m->ops[op].n_regions; i++) {
        ir_region r = ir_op_region(m, op, i);
        uint32_t number = b->arg_base[r];
        for (ir_block k = m->regions[r].first; k; k = m->blocks[k].next)
            number -= m->blocks[k].n_args;
        for (ir_block k = m->regions[r].first; k; k = m->blocks[k].next) {
            uint32_t in = layer;
            if (function && k == m->regions[r].first && m->blocks[k].n_args)
                in = inner_layer(b, layer, string_number(b, STR("Inputs"), false), GRAPH_LAYER_GROUP, 0);
            b->block_draft[k] = m->blocks[k].n_args ? (uint32_t)b->d.list.n : 0;
            for (uint32_t j = 0; j < m->blocks[k].n_args && !b->d.failed; j++) {
                char text[16] = "%arg";
                size_t n = 4;
                char digits[12];
                size_t d = 0;
                for (uint32_t v = number++; d == 0 || v; v /= 10)
                    digits[d++] = (char)('0' + v % 10);
                while (d)
                    text[n++] = digits[--d];
                ir_value v = m->blocks[k].args + j;
                uint32_t *known = shown ? map_u64_get(&b->adapter_args, v) : NULL;
                drafts_add(&b->d, (draft){.parent = in,
                                          .label = string_number(b, str_of(text, n), true),
                                          .ref = v,
                                          .order = GRAPH_NONE,
                                          .adapter = known ? *known : 0,
                                          .kind = GRAPH_ARGUMENT,
                                          .flags = (uint8_t)((known ? GRAPH_ADAPTER : 0) |
                                                             (function ? argument_flags(m, v) : 0))});
            }
        }
    }
}

static graph_kind op_kind(const ir_module *m, ir_op op, const op_def *d) {
    if (!d)
        return GRAPH_OP;
    if (d->flags & OP_RETURN_LIKE || (d->flags & OP_TERMINATOR && m->ops[op].n_successors == 0))
        return GRAPH_RETURN;
    if (d->flags & (OP_CONSTANT_LIKE | OP_CREATION) && m->ops[op].n_results)
        return GRAPH_CONSTANT;
    return GRAPH_OP;
}

static void add_op(builder *b, ir_op op, uint32_t layer, uint8_t flags) {
    const ir_module *m = b->m;
    const op_def *d = dialect_def_of(m, op);
    uint8_t seen = b->adapter.flags[op];
    graph_kind kind = op_kind(m, op, d);
    if (adapter_hides(ir_op_name_str(m, op))) {
        flags |= GRAPH_HOUSEKEEPING;
        kind = GRAPH_OP;
    }
    if (seen & ADAPTER_SEEN && !(seen & ADAPTER_HIDDEN))
        flags |= GRAPH_ADAPTER;
    b->op_draft[op] = drafts_add(&b->d, (draft){.parent = layer,
                                                .label = op_label(b, op),
                                                .ref = op,
                                                .order = b->order++,
                                                .adapter = b->adapter.numbers[op],
                                                .kind = (uint8_t)kind,
                                                .flags = flags});
}

static void add_module(builder *b, ir_op op, uint32_t scope) {
    str name = graph_module_name(b->m, op), kind = ir_op_name_str(b->m, op);
    if (name.n)
        b->op_layer[op] = inner_layer(b, scope, string_number(b, name, true), GRAPH_LAYER_MODULE, op);
    else if (str_eq(kind, STR("ttcore.cpu_module")))
        b->op_layer[op] = numbered_layer(b, scope, STR("cpu_module"), GRAPH_LAYER_MODULE, op);
    else if (str_eq(kind, STR("builtin.module")) && b->unnamed_modules++ > 0)
        b->op_layer[op] = numbered_layer(b, scope, STR("module"), GRAPH_LAYER_MODULE, op);
    else
        b->op_layer[op] = scope;
}

static bool has_body(const ir_module *m, ir_op op) {
    return m->ops[op].n_regions && m->regions[ir_op_region(m, op, 0)].first;
}

static bool is_const_eval(str name) {
    return str_find(name, STR("const_eval")) < name.n;
}

static void add_function(builder *b, ir_op op, uint32_t scope) {
    str name = graph_symbol(b->m, op);
    uint32_t layer = scope;
    if (is_const_eval(name))
        layer = inner_layer(b, layer, string_number(b, STR("const_eval"), false), GRAPH_LAYER_GROUP, 0);
    if (is_const_eval(name) || !b->one_function)
        layer = name.n ? inner_layer(b, layer, string_number(b, name, true), GRAPH_LAYER_FUNCTION, op)
                       : numbered_layer(b, layer, STR("function"), GRAPH_LAYER_FUNCTION, op);
    b->op_layer[op] = layer;
    add_arguments(b, op, layer, true);
}

static bool has_inside(const ir_module *m, ir_op op) {
    for (uint32_t i = 0; i < m->ops[op].n_regions; i++)
        for (ir_block k = m->regions[ir_op_region(m, op, i)].first; k; k = m->blocks[k].next)
            if (m->blocks[k].first || m->blocks[k].n_args)
                return true;
    return false;
}

static bool cancelled(const builder *b) {
    return b->o->cancel && atomic_load_explicit(b->o->cancel, memory_order_relaxed);
}

static graph_status draft_all(builder *b) {
    const ir_module *m = b->m;
    b->op_layer[m->root] = 0;
    uint32_t steps = 0;
    for (ir_op op = ir_walk_next(m, m->root, m->root); op; op = ir_walk_next(m, m->root, op)) {
        if (b->d.failed)
            return GRAPH_NO_MEMORY;
        if ((++steps & 4095) == 0 && cancelled(b))
            return GRAPH_CANCELLED;
        ir_op around = ir_parent_op(m, op);
        uint32_t scope = b->op_layer[around];
        if (m->ops[op].n_regions) {
            const op_def *d = dialect_def_of(m, op);
            if (graph_is_module_op(ir_op_name_str(m, op))) {
                add_module(b, op, scope);
                continue;
            }
            if (graph_is_function_op(d)) {
                if (has_body(m, op))
                    add_function(b, op, scope);
                continue;
            }
        }
        uint32_t layer = located_layer(b, scope, around, m->ops[op].loc);
        if (!has_inside(m, op)) {
            add_op(b, op, layer, 0);
            continue;
        }
        b->op_layer[op] = numbered_layer(b, layer, ir_op_name_str(m, op), GRAPH_LAYER_REGION, op);
        add_op(b, op, b->op_layer[op], b->rule == GRAPH_LAYERS_FLAT ? 0 : GRAPH_PINNED);
        add_arguments(b, op, b->op_layer[op], false);
    }
    return b->d.failed ? GRAPH_NO_MEMORY : GRAPH_OK;
}

/* Whether one function alone has a body, functions of constants left out. */
static bool lone_function(const ir_module *m) {
    uint32_t n = 0;
    for (ir_op op = ir_walk_next(m, m->root, m->root); op && n < 2; op = ir_walk_next(m, m->root, op)) {
        const op_def *d = m->ops[op].n_regions ? dialect_def_of(m, op) : NULL;
        if (graph_is_function_op(d) && has_body(m, op) && !is_const_eval(graph_symbol(m, op)))
            n++;
    }
    return n < 2;
}

/* ---- numbering and edges --------------------------------------------------------------------------------- */

static bool number_nodes(builder *b) {
    graph *g = b->g;
    size_t n = b->d.list.n;
    uint32_t *place = drafts_number(&b->d);
    bool ok = place != NULL;
    for (size_t i = 0; ok && i < b->m->n_ops; i++) {
        g->node_of_op[i] = b->op_draft[i] ? place[b->op_draft[i]] : 0;
        if (b->op_layer[i] && b->d.list.v[b->op_layer[i]].ref == i)
            g->n_layer_of_op++;
    }
    for (size_t i = 0; ok && i < b->m->n_blocks; i++)
        g->block_args[i] = b->block_draft[i] ? place[b->block_draft[i]] : 0;
    if (ok && (g->layer_of_op = mem_alloc(b->mem, g->n_layer_of_op * 2 * sizeof *g->layer_of_op))) {
        uint32_t k = 0;
        for (uint32_t i = 0; i < b->m->n_ops; i++)
            if (b->op_layer[i] && b->d.list.v[b->op_layer[i]].ref == i) {
                g->layer_of_op[k++] = i;
                g->layer_of_op[k++] = place[b->op_layer[i]];
            }
    } else {
        ok = false;
    }
    mem_free(b->mem, place, n * sizeof *place);
    return ok;
}

/* Whether operands are edges of it. */
static bool has_operands(const graph *g, graph_node n) {
    return g->nodes[n].kind != GRAPH_LAYER && g->nodes[n].kind != GRAPH_ARGUMENT;
}

static graph_status make_edges(builder *b) {
    graph *g = b->g;
    const ir_module *m = b->m;
    uint64_t total = 0; /* operands that nothing defines are no edges */
    for (uint32_t n = 1; n < g->n_nodes; n++)
        for (uint32_t i = 0; has_operands(g, n) && i < m->ops[g->nodes[n].ref].n_operands; i++)
            total += graph_node_of_value(g, ir_operand(m, g->nodes[n].ref, i)) != 0;
    if (total >= (uint64_t)1 << 31)
        return GRAPH_TOO_BIG;
    g->n_edges = (uint32_t)total;
    g->edges = mem_alloc(b->mem, g->n_edges * sizeof *g->edges);
    g->out_edges = mem_alloc(b->mem, g->n_edges * sizeof *g->out_edges);
    if (!g->edges || !g->out_edges)
        return GRAPH_NO_MEMORY;
    uint32_t at = 0;
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        g->nodes[n].in = at;
        for (uint32_t i = 0; has_operands(g, n) && i < m->ops[g->nodes[n].ref].n_operands; i++) {
            ir_value v = ir_operand(m, g->nodes[n].ref, i);
            graph_node source = graph_node_of_value(g, v);
            if (source)
                g->edges[at++] = (graph_edge){
                    .source = source, .target = n, .out = ir_is_block_arg(m, v) ? 0 : ir_value_index(m, v), .in = i};
        }
    }
    g->nodes[g->n_nodes].in = at;
    graph_sort_out(g);
    return GRAPH_OK;
}

/* ---- links ----------------------------------------------------------------------------------------------- */

typedef struct linker {
    builder *b;
    struct map_u64 symbols; /* table op << 32 | name node -> op */
    VEC(graph_link) links;
} linker;

/* The string node of an op's own symbol name, 0 when it has none. */
static uint32_t symbol_node(const ir_module *m, ir_op op) {
    ir_attr name = ir_op_attr(m, op, STR("sym_name"));
    return name && ir_kind_of(m->ctx, name) == IR_ATTR_STRING ? ir_at(m->ctx, name, 0) : 0;
}

/* The op a reference means, seen from `op`: looked up in the modules around, the nearest first. */
static ir_op resolve(const linker *s, ir_op op, ir_attr ref) {
    const ir_module *m = s->b->m;
    for (ir_op up = op; up; up = up == m->root ? 0 : ir_parent_op(m, up)) {
        const uint32_t *hit = map_u64_get(&s->symbols, (uint64_t)up << 32 | ir_at(m->ctx, ref, 0));
        for (uint32_t i = 1; hit && i < ir_count(m->ctx, ref); i++)
            hit = map_u64_get(&s->symbols, (uint64_t)*hit << 32 | ir_at(m->ctx, ref, i));
        if (hit)
            return *hit;
    }
    return 0;
}

static void link_ref(linker *s, graph_node n, ir_op op, ir_attr ref) {
    graph *g = s->b->g;
    graph_node layer = graph_layer_of_op(g, resolve(s, op, ref));
    if (!layer || g->nodes[layer].layer_kind != GRAPH_LAYER_FUNCTION)
        return;
    g->nodes[n].flags |= GRAPH_CALL;
    vec_push(&s->links, (graph_link){n, layer});
}

static void link_dict(linker *s, graph_node n, ir_op op, ir_attr dict) {
    const ir_context *c = s->b->m->ctx;
    if (!dict || ir_kind_of(c, dict) != IR_ATTR_DICT) /* opaque ops have their text there */
        return;
    for (uint32_t i = 1; i < ir_count(c, dict); i += 2) {
        ir_attr value = ir_at(c, dict, i);
        ir_kind kind = ir_kind_of(c, value);
        if (kind == IR_ATTR_SYMBOL)
            link_ref(s, n, op, value);
        else if (kind == IR_ATTR_ARRAY)
            for (uint32_t j = 0; j < ir_count(c, value); j++)
                if (ir_kind_of(c, ir_at(c, value, j)) == IR_ATTR_SYMBOL)
                    link_ref(s, n, op, ir_at(c, value, j));
    }
}

static bool link_calls(builder *b) {
    graph *g = b->g;
    const ir_module *m = b->m;
    linker s = {.b = b};
    map_u64_init(&s.symbols, b->mem);
    vec_init(&s.links, b->mem);
    bool ok = true;
    for (uint32_t i = 0; ok && i < g->n_layer_of_op; i++) {
        ir_op op = g->layer_of_op[2 * i];
        uint32_t name = symbol_node(m, op);
        if (name && op != m->root)
            ok = map_u64_put(&s.symbols, (uint64_t)ir_parent_op(m, op) << 32 | name, op, NULL) != NULL;
    }
    for (graph_node n = 1; ok && s.symbols.n && n < g->n_nodes; n++) {
        if (g->nodes[n].kind == GRAPH_LAYER || g->nodes[n].kind == GRAPH_ARGUMENT)
            continue;
        ir_op op = g->nodes[n].ref;
        link_dict(&s, n, op, m->ops[op].props);
        link_dict(&s, n, op, m->ops[op].attrs);
    }
    ok = ok && !s.links.failed;
    if (ok && s.links.n) {
        g->links = mem_alloc(b->mem, s.links.n * sizeof *g->links);
        if (g->links) {
            memcpy(g->links, s.links.v, s.links.n * sizeof *g->links);
            g->n_links = (uint32_t)s.links.n;
        } else {
            ok = false;
        }
    }
    map_u64_free(&s.symbols);
    vec_free(&s.links);
    return ok;
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static bool start(builder *b) {
    const ir_module *m = b->m;
    graph *g = b->g;
    drafts_init(&b->d, g, b->mem);
    map_u64_init(&b->counts, b->mem);
    map_u64_init(&b->adapter_args, b->mem);
    b->n_name_string = m->ctx->n_names;
    b->name_string = mem_alloc_zero(b->mem, b->n_name_string * sizeof(uint32_t));
    b->op_layer = mem_alloc_zero(b->mem, m->n_ops * sizeof(uint32_t));
    b->op_draft = mem_alloc_zero(b->mem, m->n_ops * sizeof(uint32_t));
    b->block_draft = mem_alloc_zero(b->mem, m->n_blocks * sizeof(uint32_t));
    b->arg_base = mem_alloc_zero(b->mem, m->n_regions * sizeof(uint32_t));
    g->node_of_op = mem_alloc_zero(b->mem, m->n_ops * sizeof(uint32_t));
    g->block_args = mem_alloc_zero(b->mem, m->n_blocks * sizeof(uint32_t));
    bool viewed = adapter_view_make(&b->adapter, m, b->mem);
    for (size_t i = 0; viewed && i < b->adapter.args.n; i++)
        viewed = map_u64_put(&b->adapter_args, b->adapter.args.v[i].value, (uint32_t)i, NULL) != NULL;
    return viewed && b->name_string && b->op_layer && b->op_draft && b->block_draft && b->arg_base && g->node_of_op &&
           g->block_args && drafts_root(&b->d, m->root);
}

static void finish(builder *b) {
    const ir_module *m = b->m;
    mem_free(b->mem, b->name_string, b->n_name_string * sizeof(uint32_t));
    mem_free(b->mem, b->op_layer, m->n_ops * sizeof(uint32_t));
    mem_free(b->mem, b->op_draft, m->n_ops * sizeof(uint32_t));
    mem_free(b->mem, b->block_draft, m->n_blocks * sizeof(uint32_t));
    mem_free(b->mem, b->arg_base, m->n_regions * sizeof(uint32_t));
    adapter_view_free(&b->adapter);
    drafts_free(&b->d);
    map_u64_free(&b->counts);
    map_u64_free(&b->adapter_args);
}

static str last_part(str path) {
    size_t at = path.n;
    while (at && path.p[at - 1] != '/')
        at--;
    return str_from(path, at);
}

graph_status graph_build(struct mem *mem, const ir_module *m, const graph_options *o, graph **out) {
    *out = NULL;
    graph *g = mem_alloc_zero(mem, sizeof *g);
    if (!g)
        return GRAPH_NO_MEMORY;
    g->mem = mem;
    g->module = m;
    arena_init(&g->arena, mem);
    builder b = {.g = g, .m = m, .mem = mem, .o = o ? o : &default_options};
    b.rule = b.o->layers;
    g->layers = (uint8_t)b.rule;
    g->id = arena_str(&g->arena, b.o->id.n ? b.o->id : last_part(ir_str_of(m->ctx, m->source_name)));
    graph_status status = start(&b) && g->id.p ? GRAPH_OK : GRAPH_NO_MEMORY;
    if (status == GRAPH_OK) {
        b.one_function = lone_function(m);
        status = draft_all(&b);
    }
    if (status == GRAPH_OK && !number_nodes(&b))
        status = GRAPH_NO_MEMORY;
    if (status == GRAPH_OK)
        status = make_edges(&b);
    if (status == GRAPH_OK && !(link_calls(&b) && graph_index_build(g)))
        status = GRAPH_NO_MEMORY;
    finish(&b);
    if (status != GRAPH_OK) {
        graph_free(g);
        return status;
    }
    graph_measure_depth(g);
    graph_count_bytes(g);
    *out = g;
    return GRAPH_OK;
}

void graph_count_bytes(graph *g) {
    size_t module_ops = g->module ? g->module->n_ops : 0, module_blocks = g->module ? g->module->n_blocks : 0;
    g->bytes = sizeof *g + (g->n_nodes + (size_t)1) * sizeof *g->nodes +
               g->n_edges * (sizeof *g->edges + sizeof *g->out_edges) + g->n_strings * sizeof *g->strings +
               g->n_links * sizeof *g->links + (g->node_of_op ? module_ops * sizeof(uint32_t) : 0) +
               (g->block_args ? module_blocks * sizeof(uint32_t) : 0) +
               (size_t)g->n_layer_of_op * 2 * sizeof(uint32_t) + (g->index ? sizeof(uint32_t) << g->index_bits : 0);
    for (uint32_t i = 0; i < g->n_strings; i++)
        g->bytes += g->strings[i].n;
    if (g->stored)
        g->bytes += sizeof *g->stored + g->stored->n_rows * sizeof *g->stored->rows +
                    g->stored->n_layers * sizeof *g->stored->layers;
}

void graph_free(graph *g) {
    if (!g)
        return;
    struct mem *mem = g->mem;
    mem_free(mem, g->nodes, (g->n_nodes + (size_t)1) * sizeof *g->nodes);
    mem_free(mem, g->edges, g->n_edges * sizeof *g->edges);
    mem_free(mem, g->out_edges, g->n_edges * sizeof *g->out_edges);
    mem_free(mem, g->strings, g->n_strings * sizeof *g->strings);
    mem_free(mem, g->links, g->n_links * sizeof *g->links);
    if (g->node_of_op)
        mem_free(mem, g->node_of_op, g->module->n_ops * sizeof(uint32_t));
    if (g->block_args)
        mem_free(mem, g->block_args, g->module->n_blocks * sizeof(uint32_t));
    if (g->layer_of_op)
        mem_free(mem, g->layer_of_op, (size_t)g->n_layer_of_op * 2 * sizeof(uint32_t));
    if (g->index)
        mem_free(mem, g->index, sizeof(uint32_t) << g->index_bits);
    if (g->stored) {
        mem_free(mem, g->stored->rows, g->stored->n_rows * sizeof *g->stored->rows);
        mem_free(mem, g->stored->layers, g->stored->n_layers * sizeof *g->stored->layers);
        mem_free(mem, g->stored, sizeof *g->stored);
    }
    arena_free(&g->arena);
    mem_free(mem, g, sizeof *g);
}
