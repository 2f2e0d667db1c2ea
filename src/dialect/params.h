/* params.h - the parameters of dialect attributes and types, by name or position.
 *
 * A node of kind IR_ATTR_DIALECT or IR_TYPE_DIALECT holds the definition's index + 1 and then one node per parameter,
 * in the order of the definition. An attribute that wraps an enum (#ttnn.buffer_type<dram>) has exactly one, the case.
 * What the node of a parameter is:
 *
 *   parameter                     node
 *   PARAM_INT                     ATTR_INTEGER of type i64 (ui64 when it is unsigned and 64 bits wide)
 *   PARAM_BOOL                    ATTR_INTEGER i1: the context's a_true or a_false
 *   PARAM_STRING                  ATTR_STRING without type
 *   PARAM_FLOAT                   ATTR_FLOAT of type f64
 *   PARAM_ENUM, wrapped enum      ATTR_KEYWORD with the case's text; of a bit enum the names with its separator, as
 *                                 printed ("nnan,ninf"); dialect_param_enum() gives the number
 *   PARAM_AFFINE_MAP, _MAP_ATTR   ATTR_AFFINE_MAP
 *   PARAM_TYPE, PARAM_*_TYPE      the type itself (not wrapped in ATTR_TYPE)
 *   any other attribute           that attribute
 *   array of any of these         ATTR_ARRAY of such nodes; types inside are wrapped in ATTR_TYPE
 *   dimension lists               an array of PARAM_INT like any other; '?' is IR_DYNAMIC
 *
 * 0 stands for: an optional parameter that is absent, one that has its default value (param_def.preset, which the
 * printer leaves out too), and an optional array that is empty. An array that is not optional is never 0. So equal
 * attributes have equal nodes, however they were written.
 */
#ifndef DIALECT_PARAMS_H
#define DIALECT_PARAMS_H

#include <stdbool.h>

#include "dialect/dialect.h"
#include "ir/ir.h"

/* The definition of a dialect attribute or type; NULL when the node is of another kind (opaque, builtin, 0). */
const attr_type_def *dialect_def_of_node(const ir_context *c, ir_node n);
/* Whether a node is an attribute or type with this definition: dialect_is(c, a, ATTR_ttnn_ttnn_layout, false). */
bool dialect_is_attr(const ir_context *c, ir_node n, uint32_t attr_def);
bool dialect_is_type(const ir_context *c, ir_node n, uint32_t type_def);

/* How many parameter nodes a node of this definition has. */
static inline uint32_t dialect_n_params(const attr_type_def *d) {
    return d->wraps != DIALECT_NONE ? 1 : d->n_params;
}
/* Parameter number i. The node must be of kind IR_ATTR_DIALECT or IR_TYPE_DIALECT and i in range. */
static inline ir_node dialect_param_at(const ir_context *c, ir_node n, uint32_t i) {
    return ir_at(c, n, i + 1);
}
/* The parameter of this name; 0 when absent, default, or when the definition has no such parameter. */
ir_node dialect_param(const ir_context *c, ir_node n, str name);
/* The same as a number. False when it is absent or no integer; *out is then unchanged. */
bool dialect_param_int(const ir_context *c, ir_node n, str name, int64_t *out);
/* The same as text: of a keyword, a string or a symbol. Empty when absent. */
str dialect_param_text(const ir_context *c, ir_node n, str name);
/* The case text of an attribute that wraps an enum ("dram"); empty for anything else. */
str dialect_case_text(const ir_context *c, ir_node n);
/* The value of the enum case that an enum-wrapping attribute holds. False for anything else. */
bool dialect_case_value(const ir_context *c, ir_node n, int64_t *out);
/* Numbers of an array parameter: writes at most cap of them and returns how many there are; 0 when absent. */
uint32_t dialect_param_ints(const ir_context *c, ir_node n, str name, int64_t *out, uint32_t cap);
/* The same of an array attribute that is at hand. */
uint32_t dialect_ints_of(const ir_context *c, ir_node array, int64_t *out, uint32_t cap);

/* Makes a node from parameters in the order of the definition (dialect_n_params of them). 0 when out of memory. */
ir_attr dialect_make_attr(ir_context *c, uint32_t attr_def, const ir_node *params);
ir_type dialect_make_type(ir_context *c, uint32_t type_def, const ir_node *params);
/* The attribute with another value (0: none) for the parameter of this name; itself when its definition has none of that
 * name. 0 when out of memory. */
ir_attr dialect_with_param(ir_context *c, ir_attr a, str name, ir_node value);
/* An attribute that wraps an enum, by the case's text: dialect_make_case(c, ATTR_ttnn_buffer_type, STR("dram")). */
ir_attr dialect_make_case(ir_context *c, uint32_t attr_def, str text);
/* A keyword node (PARAM_ENUM). */
ir_attr dialect_keyword(ir_context *c, str text);
/* A PARAM_INT of a parameter that is not 64 bits unsigned. */
ir_attr dialect_int(ir_context *c, int64_t v);
/* An array of those, for dimension lists. */
ir_attr dialect_ints(ir_context *c, const int64_t *v, uint32_t n);

/* A parameter's value as the canonical node: 0 when it equals the definition's default or is an empty optional array. */
ir_node dialect_canonical_param(const ir_context *c, const param_def *p, ir_node value);

#endif
