/* symbols.h - which op a symbol name stands for. */
#ifndef TTX_IR_SYMBOLS_H
#define TTX_IR_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "ir/verify.h"

typedef struct ir_symbols {
    const ir_module *m;
    const uint8_t *traits;
    struct map_u64 map; /* symbol table op << 32 | string node -> op; the first op of a name wins */
} ir_symbols;

/* Collects the ops with a sym_name in every symbol table (an op name with IR_TRAIT_SYMBOL_TABLE) and reports names that
 * occur twice. r may be NULL: nothing is reported. `traits` must live as long as `out`. False when out of memory; out is
 * to be freed in any case. */
bool ir_symbols_build(const ir_module *m, const uint8_t *traits, const ir_report *r, ir_symbols *out);
void ir_symbols_free(ir_symbols *s);
/* The op of this name (a string node) directly in a symbol table; 0 if there is none. */
ir_op ir_symbol_in(const ir_symbols *s, ir_op table, ir_str name);
/* The symbol table that `op` stands in, not counting itself; 0 if there is none. */
ir_op ir_symbol_table_of(const ir_symbols *s, ir_op op);
/* What a symbol reference (IR_ATTR_SYMBOL, nested or not) on `from` means: looked up in the nearest symbol table around
 * `from`, then in the ones further out. 0 if it means nothing. */
ir_op ir_symbol_resolve(const ir_symbols *s, ir_op from, ir_attr symbol);

#endif
