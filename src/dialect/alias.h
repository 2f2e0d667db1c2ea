/* alias.h - which attributes and types the printer gives an alias, and what name it starts with. */
#ifndef DIALECT_ALIAS_H
#define DIALECT_ALIAS_H

#include "base/str.h"
#include "ir/ir.h"

/* The suggested alias of a dialect attribute or type: "ttnn_layout" for #ttnn.ttnn_layout<..>, "dram" for
 * #ttnn.buffer_type<dram>. Empty when it is always printed in place. Builtin nodes (maps, sets, locations) are the
 * printer's own business. */
str dialect_alias(const ir_context *c, ir_node n);

#endif
