/* convert_ttnn_ccl.c - meshes, collectives and mixtures of experts of convert-ttir-to-ttnn (multichip.md).
 *
 * TTNN has no collective_permute, collective_broadcast and all_to_all: they become copies and point-to-point transfers
 * between mesh coordinates.
 */
#include "compile/constant.h"
#include "compile/convert_ttnn.h"

/* ---- the mesh ------------------------------------------------------------------------------------------- */

/* The device's mesh as (y, x). */
static bool mesh_of(pass_context *p, ir_op op, int64_t mesh[2]) {
    target_device d;
    mesh[0] = mesh[1] = 1;
    if (!target_device_of_module(p->m, &d))
        return pass_error(p, op, "needs a registered device");
    if (d.mesh_rank == 1)
        mesh[1] = d.mesh[0];
    if (d.mesh_rank > 1) {
        mesh[0] = d.mesh[0];
        mesh[1] = d.mesh[1];
    }
    return true;
}

static ir_attr ui32_of(pass_context *p, int64_t v) {
    return ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), v);
}

/* #ttnn.mesh_mapper_config<placements = [<shard, 1 : i32>, <replicate, -1 : i32>], mesh_shape_override = [...]> */
static ir_attr mapper_config(pass_context *p, const int64_t *dims, uint32_t n, const int64_t mesh[2]) {
    ir_attr placements[PASS_MAX_RANK], sides[2] = {ui32_of(p, mesh[0]), ui32_of(p, mesh[1])};
    for (uint32_t i = 0; i < n; i++) {
        ir_node params[2] = {dialect_keyword(p->c, dims[i] >= 0 ? STR("shard") : STR("replicate")),
                             make_i32(p, dims[i])};
        placements[i] = dialect_make_attr(p->c, ATTR_ttnn_placement, params);
    }
    ir_attr a = tn_param_set(p, 0, ATTR_ttnn_mesh_mapper_config, STR("placements"), ir_attr_array(p->c, placements, n));
    return tn_param_set(p, a, ATTR_ttnn_mesh_mapper_config, STR("mesh_shape_override"), ir_attr_array(p->c, sides, 2));
}

static bool full_to_shard(pass_context *p, ir_op op, const int64_t *dims, uint32_t n, const int64_t mesh[2]) {
    ir_value v[2] = {ir_operand(p->m, op, 0), tn_device(p, op)};
    attr_entry props[] = {{STR("mapper_config"), mapper_config(p, dims, n, mesh)}};
    return convert_replace(p, op, OP_ttnn_distribute_tensor, &(convert_change){props, 1, v, 2, NULL, NULL, 0});
}

/* The last dimension that is neither sharded nor composed already, for a mesh axis that only replicates. */
static int64_t free_dim(int rank, const int64_t *dims, uint32_t n, const int64_t *composed, uint32_t n_composed) {
    for (int64_t d = rank - 1; d >= 0; d--) {
        bool taken = false;
        for (uint32_t i = 0; i < n; i++)
            taken |= dims[i] == d;
        for (uint32_t i = 0; i < n_composed; i++)
            taken |= composed[i] == d;
        if (!taken)
            return d;
    }
    return -1;
}

static bool shard_to_full(pass_context *p, ir_op op, const int64_t *dims, uint32_t n, const int64_t mesh[2],
                          bool replicate) {
    int64_t composed[PASS_MAX_RANK] = {0};
    ir_attr numbers[PASS_MAX_RANK], sides[PASS_MAX_RANK];
    int rank = ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0)));
    if (replicate)
        n = 1;
    for (uint32_t i = 0; i < n; i++) {
        bool sharded = !replicate && dims[i] >= 0;
        composed[i] = replicate ? 0 : sharded ? dims[i] : free_dim(rank, dims, n, composed, i);
        numbers[i] = make_i32(p, composed[i]);
        sides[i] = ui32_of(p, sharded && i < 2 ? mesh[i] : 1);
    }
    ir_attr a = tn_param_set(p, 0, ATTR_ttnn_mesh_composer_config, STR("dims"), ir_attr_array(p->c, numbers, n));
    a = tn_param_set(p, a, ATTR_ttnn_mesh_composer_config, STR("mesh_shape_override"), ir_attr_array(p->c, sides, n));
    ir_value v[2] = {ir_operand(p->m, op, 0), tn_device(p, op)};
    attr_entry props[] = {{STR("composer_config"), a}};
    return convert_replace(p, op, OP_ttnn_aggregate_tensor, &(convert_change){props, 1, v, 2, NULL, NULL, 0});
}

bool convert_mesh_shard(pass_context *p, ir_op op, uint32_t ttnn) {
    (void)ttnn; /* the direction decides */
    int64_t mesh[2], dims[PASS_MAX_RANK];
    if (!mesh_of(p, op, mesh))
        return false;
    uint32_t n = op_ints(p->m, op, STR("shard_dims"), dims, PASS_MAX_RANK);
    str type = dialect_case_text(p->c, ir_op_attr(p->m, op, STR("shard_type")));
    str direction = dialect_case_text(p->c, ir_op_attr(p->m, op, STR("shard_direction")));
    bool replicate = str_eq(type, STR("replicate"));
    if (n > PASS_MAX_RANK || (!replicate && !str_eq(type, STR("devices"))))
        return pass_error(p, op, "has a shard_type other than 'replicate' and 'devices'");
    if (replicate) {
        n = 2;
        dims[0] = dims[1] = -1;
    }
    return str_eq(direction, STR("full_to_shard")) ? full_to_shard(p, op, dims, n, mesh)
                                                   : shard_to_full(p, op, dims, n, mesh, replicate);
}

/* ---- transfers ------------------------------------------------------------------------------------------ */

static ir_attr mesh_coord(pass_context *p, int64_t id, const int64_t mesh[2]) {
    return make_i64s(p, (int64_t[]){id / mesh[1] % mesh[0], id % mesh[1]}, 2);
}

/* Sends v from one device to another, into `into`, whose other devices keep what they have. */
static ir_value transfer(pass_context *p, ir_op op, ir_value v, int64_t from, int64_t to, ir_value into,
                         const int64_t mesh[2]) {
    ir_value operands[2] = {v, into};
    attr_entry props[] = {{STR("sender_coord"), mesh_coord(p, from, mesh)},
                          {STR("receiver_coord"), mesh_coord(p, to, mesh)}};
    return build_value(p, OP_ttnn_point_to_point, ir_op_at(p->m, op)->loc, operands, 2, ir_value_type(p->m, into),
                       make_dict(p, props, 2));
}

static ir_value copy_of(pass_context *p, ir_op op, ir_value v, ir_type t) {
    return tn_unary(p, OP_ttnn_assign, ir_op_at(p->m, op)->loc, v, t);
}

/* Device groups or pairs: rows of a two-dimensional constant. Ids are those of the mesh. */
typedef struct id_table {
    dense_view ids;
    int64_t rows, columns;
} id_table;

static bool read_ids(pass_context *p, ir_op op, str key, int64_t n_devices, id_table *t) {
    ir_attr a = ir_op_attr(p->m, op, key);
    if (!a || !dense_read(p->c, a, &t->ids) || ir_rank(p->c, t->ids.type) != 2)
        return convert_refuse(p, op, "device groups must be a two-dimensional constant");
    t->rows = ir_dim(p->c, t->ids.type, 0);
    t->columns = ir_dim(p->c, t->ids.type, 1);
    for (int64_t i = 0; i < t->rows * t->columns; i++) {
        int64_t id = dense_int(&t->ids, i);
        if (id < 0 || id >= n_devices)
            return convert_refuse(p, op,
                                  "a device id is outside the mesh; the option mesh-shape says which mesh there is");
    }
    return true;
}

/* A tensor of zeros in v's layout: ttnn.zeros cannot say its alignment. */
static ir_value zeros_like(pass_context *p, ir_op op, ir_value v) {
    attr_entry props[] = {{STR("max"), make_f32(p, 0)}, {STR("min"), make_f32(p, 0)}};
    return build_value(p, OP_ttnn_clamp_scalar, ir_op_at(p->m, op)->loc, &v, 1,
                       ir_value_type(p->m, ir_result(p->m, op, 0)), make_dict(p, props, 2));
}

/* Devices that nobody sends to get zeros. */
bool convert_collective_permute(pass_context *p, ir_op op, uint32_t ttnn) {
    (void)ttnn;
    int64_t mesh[2];
    id_table pairs;
    if (!mesh_of(p, op, mesh))
        return false;
    int64_t n_devices = mesh[0] * mesh[1];
    if (!read_ids(p, op, STR("source_target_pairs"), n_devices, &pairs))
        return false;
    ir_value in = ir_operand(p->m, op, 0);
    if (!pairs.ids.n)
        return convert_done(p, op, zeros_like(p, op, in));
    ir_value v = copy_of(p, op, in, ir_value_type(p->m, ir_result(p->m, op, 0)));
    uint8_t *reached = ARENA_ARRAY(&p->scratch, uint8_t, (size_t)n_devices);
    if (!reached)
        return pass_out_of_memory(p);
    for (int64_t i = 0; i + 1 < pairs.ids.n; i += 2) {
        int64_t from = dense_int(&pairs.ids, i), to = dense_int(&pairs.ids, i + 1);
        reached[to] = 1;
        if (from != to)
            v = transfer(p, op, in, from, to, v, mesh);
    }
    ir_value zeros = 0;
    for (int64_t i = 0; i < n_devices; i++) {
        if (reached[i])
            continue;
        if (!zeros)
            zeros = zeros_like(p, op, in);
        v = transfer(p, op, zeros, i ? 0 : 1, i, v, mesh);
    }
    return convert_done(p, op, v);
}

bool convert_collective_broadcast(pass_context *p, ir_op op, uint32_t ttnn) {
    (void)ttnn;
    int64_t mesh[2];
    id_table groups;
    if (!mesh_of(p, op, mesh) || !read_ids(p, op, STR("replica_groups"), mesh[0] * mesh[1], &groups))
        return false;
    ir_value in = ir_operand(p->m, op, 0), v = copy_of(p, op, in, ir_value_type(p->m, in));
    for (int64_t g = 0; g < groups.rows; g++)
        for (int64_t i = 1; i < groups.columns; i++)
            v = transfer(p, op, in, dense_int(&groups.ids, g * groups.columns),
                         dense_int(&groups.ids, g * groups.columns + i), v, mesh);
    return convert_done(p, op, v);
}

/* Slices along the split dimension, exchanged within each group, joined along the other one. */
bool convert_all_to_all(pass_context *p, ir_op op, uint32_t ttnn) {
    int64_t mesh[2], split = 0, concat = 0;
    id_table groups;
    if (!mesh_of(p, op, mesh) || !read_ids(p, op, STR("replica_groups"), mesh[0] * mesh[1], &groups))
        return false;
    op_int(p->m, op, STR("split_dim"), &split);
    op_int(p->m, op, STR("concat_dim"), &concat);
    ir_value in = ir_operand(p->m, op, 0);
    shape s = tn_shape_of(p->m, in);
    int64_t n = groups.columns;
    if (s.n < 0 || split < 0 || split >= s.n || n < 1 || n > 64)
        return convert_refuse(p, op, "needs a static operand and at most 64 devices in a group");
    ir_value slices[64], parts[64];
    ir_loc loc = ir_op_at(p->m, op)->loc;
    int64_t size = s.d[split] / n;
    for (int64_t i = 0; i < n; i++)
        slices[i] = tn_slice_dim(p, loc, in, (int)split, i * size, (i + 1) * size);
    for (int64_t i = 0; i < n; i++)
        parts[i] = copy_of(p, op, slices[i], ir_value_type(p->m, slices[i]));
    for (int64_t g = 0; g < groups.rows; g++)
        for (int64_t from = 0; from < n; from++)
            for (int64_t to = 0; to < n; to++)
                if (from != to)
                    parts[from] = transfer(p, op, slices[to], dense_int(&groups.ids, g * n + from),
                                           dense_int(&groups.ids, g * n + to), parts[from], mesh);
    attr_entry props[] = {{STR("dim"), make_si32(p, concat)}};
    int32_t sizes[1] = {(int32_t)n};
    return convert_replace(p, op, ttnn, &(convert_change){props, 1, parts, (uint32_t)n, sizes, NULL, 0});
}

/* ---- mixtures of experts -------------------------------------------------------------------------------- */

/* The kernel takes the expert mapping as [D, E]; its buffers are bound later. */
bool convert_dispatch_metadata(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_value v[4];
    for (uint32_t i = 0; i < 4; i++)
        v[i] = ir_operand(p->m, op, i);
    shape s = tn_shape_of(p->m, v[3]);
    if (s.n == 4) {
        shape two = {.d = {s.d[2], s.d[3]}, .n = 2};
        v[3] = tn_reshape(p, ir_op_at(p->m, op)->loc, v[3], &two);
    }
    static const int32_t sizes[8] = {1, 1, 1, 1, 0, 0, 0, 0};
    return convert_replace(p, op, ttnn, &(convert_change){.operands = v, .n_operands = 4, .sizes = sizes});
}

static ir_attr u64_of(pass_context *p, int64_t v) {
    return ir_attr_int(p->c, ir_type_integer(p->c, 64, IR_UNSIGNED), v);
}

/* One multicast row of cores over the columns of B: as many of them as share the tiles evenly. */
static ir_attr sparse_config(pass_context *p, const target_device *d, int64_t rows, int64_t columns) {
    int64_t tiles = (columns + TARGET_TILE - 1) / TARGET_TILE, cores = d->worker_grid[1];
    if (cores > tiles)
        cores = tiles;
    for (; cores > 1; cores--) {
        int64_t per_core = (tiles + cores - 1) / cores;
        if ((tiles + per_core - 1) / per_core == cores)
            break;
    }
    int64_t per_m = rows / TARGET_TILE, per_n = cores ? (tiles + cores - 1) / cores : 1;
    ir_node grid[2] = {u64_of(p, cores), u64_of(p, d->worker_grid[0])};
    ir_node one = u64_of(p, 1), off = p->c->a_false;
    struct {
        str name;
        ir_node value;
    } fields[] = {
        {STR("compute_with_storage_grid_size"), dialect_make_attr(p->c, ATTR_ttnn_core_coord, grid)},
        {STR("in0_block_w"), one},
        {STR("out_subblock_h"), one},
        {STR("out_subblock_w"), one},
        {STR("out_block_h"), one},
        {STR("out_block_w"), one},
        {STR("per_core_m"), u64_of(p, per_m > 1 ? per_m : 1)},
        {STR("per_core_n"), u64_of(p, per_n > 1 ? per_n : 1)},
        {STR("fuse_batch"), off},
        {STR("mcast_in0"), p->c->a_true},
        {STR("gather_in0"), off},
        {STR("hop_cores"), ttnn_core_range_set(p->c, NULL, 0)},
        {STR("num_global_cb_receivers"), u64_of(p, 0)},
        {STR("untilize_out"), off},
    };
    ir_attr a = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        a = tn_param_set(p, a, ATTR_ttnn_matmul_multi_core_reuse_multi_cast_1d_program_config, fields[i].name,
                         fields[i].value);
    return a;
}

bool convert_sparse_matmul(pass_context *p, ir_op op, uint32_t ttnn) {
    target_device d;
    shape a = tn_shape_of(p->m, ir_operand(p->m, op, 0)), b = tn_shape_of(p->m, ir_operand(p->m, op, 1));
    if (!target_device_of_module(p->m, &d))
        return pass_error(p, op, "needs a registered device");
    if (a.n < 2 || b.n < 2)
        return convert_refuse(p, op, "operands need at least two static dimensions");
    attr_entry props[] = {{STR("program_config"), sparse_config(p, &d, a.d[a.n - 2], b.d[b.n - 1])}};
    return convert_weighted(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

/* Weights are packed by ops of their own; the types of these are placeholders that the device would refine. The fabric
 * multiplexer takes the 3x3 block of cores at (1,1). */
bool convert_moe_compute(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value device = tn_device(p, op), w0 = op_operand_named(p->m, op, STR("w0")),
             w1 = op_operand_named(p->m, op, STR("w1")), w2 = op_operand_named(p->m, op, STR("w2"));
    ir_value bias[3] = {op_operand_named(p->m, op, STR("bias_0")), op_operand_named(p->m, op, STR("bias_1")),
                        op_operand_named(p->m, op, STR("bias_2"))};
    shape s = tn_shape_of(p->m, w0);
    if (s.n != 4 || !w1 || !w2)
        return convert_refuse(p, op, "weights need four static dimensions");
    attr_entry sizes_props[] = {{STR("hidden_size"), ui32_of(p, s.d[2])},
                                {STR("intermediate_size"), ir_op_attr(p->m, op, STR("intermediate_size"))}};
    ir_value v[9] = {w0, w1};
    uint32_t n = 2;
    for (int i = 0; i < 2; i++)
        if (bias[i])
            v[n++] = bias[i];
    v[n++] = device;
    build_args first = {
        .op = OP_ttnn_prepare_moe_compute_w0_w1_weights,
        .loc = loc_suffix(p, loc, "_prepare_w0_w1"),
        .operands = v,
        .n_operands = n,
        .sizes = (int32_t[]){1, 1, bias[0] ? 1 : 0, bias[1] ? 1 : 0, 1},
        .types = (ir_type[]){ir_value_type(p->m, w0)},
        .n_types = 1,
        .props = make_dict(p, sizes_props, 2),
    };
    ir_op packed01 = build_op(p, &first);
    ir_value v2[3] = {w2};
    n = 1;
    if (bias[2])
        v2[n++] = bias[2];
    v2[n++] = device;
    build_args second = first;
    second.op = OP_ttnn_prepare_moe_compute_w2_weights;
    second.loc = loc_suffix(p, loc, "_prepare_w2");
    second.operands = v2;
    second.n_operands = n;
    second.sizes = (int32_t[]){1, bias[2] ? 1 : 0, 1};
    second.types = (ir_type[]){ir_value_type(p->m, w2)};
    ir_op packed2 = build_op(p, &second);
    if (!packed01 || !packed2)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < 4; i++)
        v[i] = ir_operand(p->m, op, i);
    v[4] = ir_result(p->m, packed01, 0);
    v[5] = ir_result(p->m, packed2, 0);
    v[6] = device;
    attr_entry props[] = {{STR("has_bias"), ir_attr_bool(p->c, bias[0] != 0)},
                          {STR("mux_core_range_set"), ttnn_core_range_set(p->c, (int64_t[1][4]){{1, 1, 3, 3}}, 1)}};
    static const int32_t sizes[9] = {1, 1, 1, 1, 1, 1, 0, 0, 1};
    return convert_replace(p, op, ttnn, &(convert_change){props, 2, v, 7, sizes, NULL, 0});
}
