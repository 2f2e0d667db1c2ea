/* alias.c - the aliases that the dialects suggest to the printer. */
#include "dialect/alias.h"

#include "dialect/dialect.h"
#include "dialect/ids.h"
#include "dialect/params.h"

/* Whether an alias goes by the case of the enum that the attribute wraps: #dram, #l1, #parallel. */
static bool is_named_by_case(uint32_t attr_def) {
    return attr_def == ATTR_ttcore_memory_space || attr_def == ATTR_ttcore_iterator_type ||
           attr_def == ATTR_ttnn_buffer_type;
}

str dialect_alias(const ir_context *c, ir_node n) {
    const attr_type_def *d = dialect_def_of_node(c, n);
    if (!d)
        return STR("");
    if (ir_kind_of(c, n) == IR_ATTR_DIALECT) {
        uint32_t def = (uint32_t)(d - dialect_attr_defs);
        if (is_named_by_case(def))
            return dialect_case_text(c, n);
        if (def == ATTR_ttcore_metal_layout)
            return STR("layout");
        if (def == ATTR_ttnn_ttnn_layout || def == ATTR_ttcore_system_desc)
            return dialect_text(d->mnemonic);
    }
    return d->alias ? dialect_text(d->mnemonic) : STR("");
}
