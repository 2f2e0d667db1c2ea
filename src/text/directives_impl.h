/* directives_impl.h - the directives by file; directives.c has the table. */
#ifndef TEXT_DIRECTIVES_IMPL_H
#define TEXT_DIRECTIVES_IMPL_H

#include "text/asm.h"
#include "text/directives.h"
#include "text/hand.h"

#define DIRECTIVE(name)                                        \
    bool read_##name(struct asm_reader *a, const asm_elem *e); \
    void print_##name(struct asm_printer *a, const asm_elem *e)

/* directives_types.c */
DIRECTIVE(same_type);
DIRECTIVE(variadic_same_type);
DIRECTIVE(complex_type);
DIRECTIVE(select_type);
DIRECTIVE(tuple_type);
DIRECTIVE(pairwise_type);
DIRECTIVE(operands_with_commas);

/* directives_attrs.c */
DIRECTIVE(convolution_dimensions);
DIRECTIVE(window_attributes);
DIRECTIVE(dot_dimension_numbers);
DIRECTIVE(precision_config);
DIRECTIVE(precision_and_algorithm);
DIRECTIVE(slice_ranges);
DIRECTIVE(custom_call_target);
DIRECTIVE(exponent_mantissa);
DIRECTIVE(region_without_label);
DIRECTIVE(shardings_per_value);
DIRECTIVE(emitpy_initial_value);

#undef DIRECTIVE

#endif
