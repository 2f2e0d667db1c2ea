/* hand.h - the hand-written bodies of attributes and types, by file; hand.c has the table. */
#ifndef TEXT_HAND_H
#define TEXT_HAND_H

#include "text/dialect_text.h"

/* hand_tt.c */
bool tt_read_memory_config(body *b);
void tt_print_memory_config(printer *p, ir_node n);
bool tt_read_thread(body *b);
void tt_print_thread(printer *p, ir_node n);
bool tt_read_dict_type(body *b);
void tt_print_dict_type(printer *p, ir_node n);

/* hand_stablehlo.c: bodies of the form <name = [1, 2], name = 3>, which leave out empty lists and zeros. */
bool hlo_read_dims_struct(body *b);
void hlo_print_dims_struct(printer *p, ir_node n);
bool hlo_read_conv(body *b);
void hlo_print_conv(printer *p, ir_node n);
bool hlo_read_result_accuracy(body *b);
void hlo_print_result_accuracy(printer *p, ir_node n);
/* `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]` without the angle brackets, for convolution's own form too. */
bool hlo_read_conv_dims(body *b);
void hlo_print_conv_dims(printer *p, ir_node n);

/* hand_sdy.c */
bool sdy_read_dimension_sharding(body *b);
void sdy_print_dimension_sharding(printer *p, ir_node n);
bool sdy_read_dim_mapping(body *b);
void sdy_print_dim_mapping(printer *p, ir_node n);
void sdy_normalize_mesh(body *b);

/* `#stablehlo.bounds<3, ?>` */
bool hlo_read_bounds(body *b);
void hlo_print_bounds(printer *p, ir_node n);
/* The long form of the same, #stablehlo.type_extensions<bounds = [3, ?]>. */
bool hlo_read_type_extensions(reader *r, ir_attr *out);

/* hand_upstream.c */
bool llvm_read_struct(body *b);
void llvm_print_struct(printer *p, ir_node n);
bool emitc_read_array(body *b);
void emitc_print_array(printer *p, ir_node n);
bool quant_read_any(body *b);
void quant_print_any(printer *p, ir_node n);
bool quant_read_calibrated(body *b);
void quant_print_calibrated(printer *p, ir_node n);
bool quant_read_uniform(body *b);
void quant_print_uniform(printer *p, ir_node n);

/* hand.c: types without a body. */
bool body_read_nothing(body *b);
void body_print_nothing(printer *p, ir_node n);

#endif
