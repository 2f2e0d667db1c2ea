/* analyze-mesh: the module's mesh has two axes, as devices are arranged in rows and columns. A mesh of one gets one of a
 * single device in front; what GSPMD's calls say of devices becomes a mesh of "x" and "y". Where the compiler is to choose what is
 * cut (enable-auto-sharding) and the module has no mesh, it is that of the option mesh-shape, named as in tt-mlir. */
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard.h"
#include "dialect/gspmd.h"

static ir_attr mesh_attr(pass_context *p, const str *names, const int64_t *sizes, uint32_t n) {
    ir_attr axes[SHARD_MAX_AXES];
    for (uint32_t i = 0; i < n; i++) {
        ir_node params[] = {ir_attr_string(p->c, names[i], true), dialect_int(p->c, sizes[i])};
        axes[i] = dialect_make_attr(p->c, ATTR_sdy_mesh_axis, params);
    }
    ir_node params[] = {ir_attr_array(p->c, axes, n), 0};
    return dialect_make_attr(p->c, ATTR_sdy_mesh, params);
}

/* Rows and columns of the devices that a sharding speaks of: of the iota that they are numbered by, or of its tiles. */
static bool rows_and_columns(const gspmd *g, int64_t *size) {
    int64_t from[GSPMD_MAX_DIMS];
    int n = 0;
    for (int i = 0; i < g->n_order; i++)
        if (g->order[i] > 1 && g->n_order > 1)
            from[n++] = g->order[i];
    for (int i = 0; !n && i < g->n_tiles; i++)
        if (g->tiles[i] > 1)
            size[0] = size[1], size[1] = g->tiles[i];
    if (n == 1 || n == 2) {
        size[0] = n == 2 ? from[0] : 1;
        size[1] = from[n - 1];
    }
    return size[0] * size[1] == g->devices && size[0] > 1;
}

/* The mesh that GSPMD's calls mean: the first two-dimensional one, else a row of all devices; false without such calls. */
static bool mesh_of_calls(pass_context *p, int64_t *size) {
    bool found = false;
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op)) {
        ir_attr a = op_is(p->m, op, OP_stablehlo_custom_call) ? ir_op_attr(p->m, op, STR("mhlo.sharding")) : 0;
        int64_t its[2] = {1, 1};
        gspmd g;
        if (!a || ir_kind_of(p->c, a) != IR_ATTR_STRING || !gspmd_read(ir_str_of(p->c, a), &g) || g.devices < 2)
            continue;
        bool both = rows_and_columns(&g, its);
        if (!found || both) {
            size[0] = both ? its[0] : 1;
            size[1] = both ? its[1] : g.devices;
        }
        found = true;
        if (both)
            break;
    }
    return found;
}

/* The mesh of the options, when one is to be cut over; false without. */
static bool mesh_of_options(const compile_options *o, int64_t *size) {
    if (!o->auto_sharding || !o->n_mesh_shape || o->n_mesh_shape > 2)
        return false;
    size[0] = o->n_mesh_shape == 2 ? o->mesh_shape[0] : 1;
    size[1] = o->mesh_shape[o->n_mesh_shape - 1];
    return size[0] > 1 || size[1] > 1;
}

static bool one_module(pass_context *p) {
    shard_mesh mesh;
    ir_block body = body_of(p->m, p->scope);
    if (!body)
        return true;
    if (!shard_find_mesh(p, p->scope, &mesh))
        return false;
    int64_t size[2] = {1, 1};
    if (mesh.n == 1 && mesh.devices > 1) {
        str names[] = {arena_printf(&p->scratch, "%.*s_aux", STR_ARG(mesh.axis[0])), mesh.axis[0]};
        size[1] = mesh.size[0];
        ir_set_prop(p->e, mesh.op, STR("mesh"), mesh_attr(p, names, size, 2));
        return !p->m->failed || pass_out_of_memory(p);
    }
    static const str of_calls[] = {STR_INIT("x"), STR_INIT("y")},
                     of_options[] = {STR_INIT("default"), STR_INIT("batch")};
    const str *names = mesh.n                        ? NULL
                       : mesh_of_calls(p, size)      ? of_calls
                       : mesh_of_options(p->o, size) ? of_options
                                                     : NULL;
    if (names) {
        attr_entry a[] = {{STR("mesh"), mesh_attr(p, names, size, 2)},
                          {STR("sym_name"), ir_attr_string(p->c, STR("mesh"), false)}};
        ir_edit_at_start(p->e, body);
        ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_sdy_mesh),
                                     .loc = ir_op_at(p->m, p->scope)->loc,
                                     .props = make_dict(p, a, 2)});
    }
    return !p->m->failed || pass_out_of_memory(p);
}

bool pass_shard_mesh(pass_context *p) {
    return !hlo_is_there(p) || pass_each_module(p, one_module);
}
