/* What tt_adapter offers for editing, legal or not. */
#include "dialect/dialect.h"
#include "graph/attrs.h"

/* Every case of an enum, then None when the attribute may be left open. */
static bool enum_options(graph_edit *out, str name, bool open) {
    const enum_def *e = dialect_find_enum(name);
    const uint32_t room = sizeof out->own / sizeof *out->own;
    if (!e)
        return false;
    for (uint32_t i = 0; i < e->n && out->n_options + 1 < room; i++)
        out->own[out->n_options++] = dialect_text(dialect_enum_cases[e->first + i].text);
    if (open)
        out->own[out->n_options++] = STR("None");
    return true;
}

bool graph_edit_adapter(void *ctx, const graph *g, graph_node n, str key, str value, graph_edit *out) {
    (void)ctx, (void)g, (void)n, (void)value;
    static const struct {
        str key, of;
        bool open;
    } enums[] = {
        {STR_INIT("data_type"), STR_INIT("ttcore.DataType"), false},
        {STR_INIT("memory_layout"), STR_INIT("ttnn.Layout"), false},
        {STR_INIT("buffer_type"), STR_INIT("ttnn.BufferType"), false},
        {STR_INIT("tensor_memory_layout"), STR_INIT("ttnn.TensorMemoryLayout"), false},
        {STR_INIT("weights_dtype"), STR_INIT("ttcore.DataType"), true},
        {STR_INIT("shard_layout"), STR_INIT("ttnn.TensorMemoryLayout"), true},
        {STR_INIT("output_layout"), STR_INIT("ttnn.Layout"), true},
    };
    static const str flags[] = {
        STR_INIT("deallocate_activation"),
        STR_INIT("reallocate_halo_output"),
        STR_INIT("reshard_if_not_optimal"),
        STR_INIT("override_sharding_config"),
        STR_INIT("transpose_shards"),
        STR_INIT("enable_act_double_buffer"),
        STR_INIT("enable_weights_double_buffer"),
    };
    out->kind = GRAPH_EDIT_VALUE_LIST;
    out->options = out->own;
    out->n_options = 0;
    out->min = 0;
    out->max = -1;
    out->step = 0;
    for (size_t i = 0; i < sizeof enums / sizeof *enums; i++)
        if (str_eq(key, enums[i].key))
            return enum_options(out, enums[i].of, enums[i].open);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (str_eq(key, flags[i])) {
            out->own[out->n_options++] = STR("True");
            out->own[out->n_options++] = STR("False");
            return true;
        }
    if (str_eq(key, STR("activation"))) {
        out->own[out->n_options++] = STR("relu");
        out->own[out->n_options++] = STR("None");
        return true;
    }
    if (str_eq(key, STR("grid_shape"))) {
        out->kind = GRAPH_EDIT_GRID;
        out->min = 1;
        out->max = 100;
        out->step = 1;
        return true;
    }
    if (str_eq(key, STR("act_block_h_override")) || str_eq(key, STR("act_block_w_div"))) {
        bool height = str_eq(key, STR("act_block_h_override"));
        out->kind = GRAPH_EDIT_INT_LIST;
        out->min = height ? 0 : 1;
        out->step = height ? 32 : 1;
        return true;
    }
    return false;
}
