/* argument.h - what a function says of its arguments and of itself, in the attributes of TT dialects. */
#ifndef DIALECT_ARGUMENT_H
#define DIALECT_ARGUMENT_H

#include "ir/ir.h"

/* The dictionary of a block argument in its function's arg_attrs. 0: it has none, or is no argument of a function. */
ir_attr dialect_argument_attrs(const ir_module *m, ir_value arg);
/* Its ttcore.argument_type: "input", "parameter", "constant" or "default". Empty when it is not marked. */
str dialect_argument_type(const ir_module *m, ir_value arg);
/* Whether it is marked as one whose value is known before a run: a parameter or a constant. */
bool dialect_argument_is_known(const ir_module *m, ir_value arg);
/* tt.function_type of a function ("forward_device", "const_eval"). Empty when it has none. */
str dialect_function_kind(const ir_module *m, ir_op func);

#endif
