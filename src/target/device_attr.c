/* device_attr.c - #ttcore.device: the grids and the two address maps, as ttcore-register-device writes them
 * (tt-mlir DeviceAttr::get), and reading it back.
 *
 *   workerGrid  virtual core -> (device, y, x); for one device per program: (d0, d1) -> (0, d0, d1)
 *   l1Map       (y, x, offset)[base] -> (0, y, x, offset + base)
 *   dramMap     shard index and offset -> (0, 0, bank, address in it): pages go round the banks.
 *               symbols: grid y, grid x, shard y, shard x, page size, base address, element size
 */
#include "dialect/params.h"
#include "ids.h"
#include "target/device.h"

static ir_expr dim(ir_context *c, uint32_t i) {
    return ir_expr_dim(c, i);
}
static ir_expr sym(ir_context *c, uint32_t i) {
    return ir_expr_symbol(c, i);
}
static ir_expr num(ir_context *c, int64_t v) {
    return ir_expr_const(c, v);
}
static ir_expr op(ir_context *c, ir_kind kind, ir_expr a, ir_expr b) {
    return a && b ? ir_expr_binary(c, kind, a, b) : 0;
}

/* A map of expressions of which none may have failed. */
static ir_attr map_of(ir_context *c, uint32_t dims, uint32_t symbols, const ir_expr *e, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (!e[i])
            return 0;
    return ir_attr_affine_map(c, dims, symbols, e, n);
}

static ir_attr worker_grid(ir_context *c, const int64_t shape[2]) {
    ir_expr to_physical[3] = {num(c, 0), dim(c, 0), dim(c, 1)}, to_virtual[2] = {dim(c, 1), dim(c, 2)};
    ir_node p[3] = {dialect_ints(c, shape, 2), map_of(c, 2, 0, to_physical, 3), map_of(c, 3, 0, to_virtual, 2)};
    return p[0] && p[1] && p[2] ? dialect_make_attr(c, ATTR_ttcore_grid, p) : 0;
}

static ir_attr plain_grid(ir_context *c, const int64_t shape[2]) {
    ir_node p[3] = {dialect_ints(c, shape, 2), 0, 0};
    return p[0] ? dialect_make_attr(c, ATTR_ttcore_grid, p) : 0;
}

static ir_attr l1_map(ir_context *c) {
    ir_expr e[4] = {num(c, 0), dim(c, 0), dim(c, 1), op(c, IR_EXPR_ADD, sym(c, 0), dim(c, 2))};
    return map_of(c, 3, 1, e, 4);
}

static ir_attr dram_map(ir_context *c, int64_t banks) {
    enum { GRID_X = 1, SHARD_Y = 2, SHARD_X = 3, PAGE = 4, BASE = 5, ELEMENT = 6 };
    ir_expr shard = op(c, IR_EXPR_MUL, sym(c, SHARD_X), sym(c, ELEMENT));
    shard = op(c, IR_EXPR_MUL, sym(c, SHARD_Y), shard);
    /* As text reads, from the left: (row + column) + offset. */
    ir_expr row = op(c, IR_EXPR_MUL, op(c, IR_EXPR_MUL, dim(c, 0), sym(c, GRID_X)), shard);
    ir_expr flat = op(c, IR_EXPR_ADD, op(c, IR_EXPR_ADD, row, op(c, IR_EXPR_MUL, dim(c, 1), shard)), dim(c, 2));
    ir_expr page = op(c, IR_EXPR_FLOORDIV, flat, sym(c, PAGE));
    ir_expr in_bank = op(c, IR_EXPR_MUL, op(c, IR_EXPR_FLOORDIV, page, num(c, banks)), sym(c, PAGE));
    in_bank = op(c, IR_EXPR_ADD, in_bank, op(c, IR_EXPR_MOD, flat, sym(c, PAGE)));
    ir_expr e[4] = {num(c, 0), num(c, 0), op(c, IR_EXPR_MOD, page, num(c, banks)),
                    op(c, IR_EXPR_ADD, in_bank, sym(c, BASE))};
    return map_of(c, 3, 7, e, 4);
}

static const str topology_names[TARGET_N_TOPOLOGIES] = {
    [TARGET_RING] = STR_INIT("ring"),   [TARGET_LINEAR] = STR_INIT("linear"),     [TARGET_MESH] = STR_INIT("mesh"),
    [TARGET_TORUS] = STR_INIT("torus"), [TARGET_DISABLED] = STR_INIT("disabled"),
};

ir_attr target_device_attr(ir_context *c, const target_device *d) {
    int64_t ids[TARGET_MAX_CHIPS];
    ir_attr topology[TARGET_MAX_MESH];
    if (d->n_chips > TARGET_MAX_CHIPS || d->mesh_rank > TARGET_MAX_MESH)
        return 0;
    for (uint32_t i = 0; i < d->n_chips; i++)
        ids[i] = i;
    ir_node p[7] = {worker_grid(c, d->worker_grid),
                    plain_grid(c, d->dram_grid),
                    l1_map(c),
                    dram_map(c, d->n_dram_channels),
                    dialect_ints(c, d->mesh, d->mesh_rank),
                    dialect_ints(c, ids, d->n_chips),
                    0};
    if (d->has_topology && d->mesh_rank) {
        for (uint32_t i = 0; i < d->mesh_rank; i++)
            topology[i] = d->topology[i] < TARGET_N_TOPOLOGIES ? dialect_keyword(c, topology_names[d->topology[i]]) : 0;
        for (uint32_t i = 0; i < d->mesh_rank; i++)
            if (!topology[i])
                return 0;
        p[6] = ir_attr_array(c, topology, d->mesh_rank);
        if (!p[6])
            return 0;
    }
    for (int i = 0; i < 6; i++)
        if (!p[i])
            return 0;
    return dialect_make_attr(c, ATTR_ttcore_device, p);
}

/* ---- reading --------------------------------------------------------------------------------------------- */

static bool grid_shape(const ir_context *c, ir_attr grid, int64_t out[2]) {
    return grid && dialect_param_ints(c, grid, STR("shape"), out, 2) == 2 && out[0] > 0 && out[1] > 0;
}

static uint32_t chip_number(const ir_context *c, ir_attr chip, str name, uint32_t otherwise) {
    int64_t v;
    return dialect_param_int(c, chip, name, &v) && v >= 0 && v <= UINT32_MAX ? (uint32_t)v : otherwise;
}

/* What the device attribute does not say, from the first chip of the system. */
static void from_chip(const ir_context *c, ir_attr chip, target_device *out) {
    str arch = dialect_case_text(c, dialect_param(c, chip, STR("arch")));
    if (arch.n)
        out->arch = str_eq(arch, STR("blackhole")) ? TARGET_BLACKHOLE
                    : str_eq(arch, STR("quasar"))  ? TARGET_QUASAR
                                                   : TARGET_WORMHOLE_B0;
    out->n_dram_channels = chip_number(c, chip, STR("numDramChannels"), out->n_dram_channels);
    out->l1_size = chip_number(c, chip, STR("l1Size"), out->l1_size);
    out->l1_unreserved_base = chip_number(c, chip, STR("l1UnreservedBase"), out->l1_unreserved_base);
    out->noc_l1_align = chip_number(c, chip, STR("nocL1AddressAlignBytes"), out->noc_l1_align);
    out->noc_dram_align = chip_number(c, chip, STR("nocDRAMAddressAlignBytes"), out->noc_dram_align);
    out->dst_tiles = chip_number(c, chip, STR("dstPhysicalSizeTiles"), out->dst_tiles);
    out->n_cbs = chip_number(c, chip, STR("numCBs"), out->n_cbs);
    uint32_t base = chip_number(c, chip, STR("dramUnreservedBase"), 0);
    uint32_t end = chip_number(c, chip, STR("dramUnreservedEnd"), 0);
    if (end > base)
        out->dram_bytes = (uint64_t)(end - base) * out->n_dram_channels;
}

bool target_device_read(const ir_context *c, ir_attr device, ir_attr system, target_device *out) {
    *out = (target_device){0};
    if (!dialect_is_attr(c, device, ATTR_ttcore_device) ||
        !grid_shape(c, dialect_param(c, device, STR("workerGrid")), out->worker_grid))
        return false;
    bool has_dram = grid_shape(c, dialect_param(c, device, STR("dramGrid")), out->dram_grid);
    out->mesh_rank = dialect_param_ints(c, device, STR("meshShape"), out->mesh, TARGET_MAX_MESH);
    out->n_chips = dialect_param_ints(c, device, STR("chipIds"), NULL, 0);
    if (out->mesh_rank > TARGET_MAX_MESH)
        return false;
    ir_attr topology = dialect_param(c, device, STR("meshTopology"));
    out->has_topology = topology && ir_kind_of(c, topology) == IR_ATTR_ARRAY;
    for (uint32_t i = 0; i < out->mesh_rank; i++) {
        out->topology[i] = TARGET_DISABLED;
        for (uint8_t k = 0; out->has_topology && i < ir_count(c, topology) && k < TARGET_N_TOPOLOGIES; k++)
            if (str_eq(ir_str_of(c, ir_at(c, topology, i)), topology_names[k]))
                out->topology[i] = k;
    }
    out->arch = has_dram && out->dram_grid[1] <= 8 ? TARGET_BLACKHOLE : TARGET_WORMHOLE_B0;
    const target_chip *mock = target_mock_chip(out->arch);
    out->n_dram_channels = has_dram ? (uint32_t)(out->dram_grid[0] * out->dram_grid[1]) : mock->n_dram_channels;
    out->l1_size = mock->l1_size;
    out->l1_unreserved_base = mock->l1_unreserved_base;
    out->noc_l1_align = mock->noc_l1_align;
    out->noc_dram_align = mock->noc_dram_align;
    out->dst_tiles = mock->dst_tiles;
    out->n_cbs = mock->n_cbs;
    out->dram_bytes = (uint64_t)(mock->dram_unreserved_end - mock->dram_unreserved_base) * out->n_dram_channels;
    ir_attr chips =
        dialect_is_attr(c, system, ATTR_ttcore_system_desc) ? dialect_param(c, system, STR("chipDescs")) : 0;
    if (chips && ir_kind_of(c, chips) == IR_ATTR_ARRAY && ir_count(c, chips))
        from_chip(c, ir_at(c, chips, 0), out);
    if (!has_dram) {
        out->dram_grid[0] = 1;
        out->dram_grid[1] = out->n_dram_channels;
    }
    return true;
}

bool target_device_of_module(const ir_module *m, target_device *out) {
    ir_attr device = 0, system = 0;
    for (ir_op at = m->root; at; at = ir_walk_next(m, m->root, at)) {
        str name = ir_op_name_str(m, at);
        if (str_eq(name, STR("ttcore.device")))
            device = ir_op_attr(m, at, STR("device_attr"));
        else if (str_eq(name, STR("builtin.module"))) {
            ir_attr desc = ir_op_attr(m, at, STR("ttcore.system_desc"));
            if (desc)
                system = desc;
        }
        if (device && system)
            break;
    }
    return device && target_device_read(m->ctx, device, system, out);
}
