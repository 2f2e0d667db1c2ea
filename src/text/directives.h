/* directives.h - custom directives of declarative op forms: custom<SameOperandsAndResultType>(...), ...
 *
 * The op assembly interpreter (asm_read.c, asm_print.c) walks an op's elements; at an ASM_CUSTOM element it looks the
 * directive up by its CUSTOM_* number and calls it. The element's n arguments follow it: e[1] .. e[n], each ASM_VAR,
 * ASM_TYPE or ASM_STRING with `var` and `index` telling which operand, result, attribute, region of the op it stands for.
 *
 * A directive reads and prints text through the reader and the printer, and exchanges values with the interpreter
 * through the functions below, which asm_read.c and asm_print.c implement. An operand group is numbered as in the op
 * table (op_operand(d, i)), an attribute likewise (op_attribute(d, i)).
 *
 * directives_<dialect>.c hold the functions; directives.c the table.
 */
#ifndef TEXT_DIRECTIVES_H
#define TEXT_DIRECTIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "dialect/dialect.h"
#include "ir/ir.h"

struct asm_reader;
struct asm_printer;

/* Reads the text of a directive. False after an error was reported. */
typedef bool (*directive_read_fn)(struct asm_reader *a, const asm_elem *e);
/* Prints it. No space before the first token: that is the element's ASM_F_SPACE. */
typedef void (*directive_print_fn)(struct asm_printer *a, const asm_elem *e);

typedef struct directive {
    directive_read_fn read;
    directive_print_fn print;
} directive;

/* The directive of a CUSTOM_* number; NULL when nobody wrote it (the op is then kept as opaque text). */
const directive *directive_find(uint32_t custom);

/* ---- what the interpreter offers while reading (asm_read.c) ---------------------------------------------- */

struct reader *asm_reader_of(struct asm_reader *a);
const op_def *asm_reader_def(const struct asm_reader *a);
/* Whether an SSA name comes next. */
bool asm_at_operand(const struct asm_reader *a);
/* Reads %name or %name#k and appends it to an operand group, its type still open. */
bool asm_read_operand(struct asm_reader *a, uint32_t group);
/* How many operands of a group have been read so far. */
uint32_t asm_operand_count(const struct asm_reader *a, uint32_t group);
/* Gives the types of a whole operand or result group. The list is copied. False when out of memory. */
bool asm_set_operand_types(struct asm_reader *a, uint32_t group, const ir_type *t, uint32_t n);
bool asm_set_result_types(struct asm_reader *a, uint32_t group, const ir_type *t, uint32_t n);
/* Sets an inherent attribute; value 0 leaves it absent. */
void asm_set_attr(struct asm_reader *a, uint32_t attr, ir_attr value);
/* What has been set (or read) for an attribute so far, 0 if nothing: for ASM_F_REF arguments. */
ir_attr asm_get_attr(const struct asm_reader *a, uint32_t attr);
/* Reads "(%a: type loc?, ...) { ... }" into a region of the op: one block without a label. */
bool asm_read_region_with_args(struct asm_reader *a, uint32_t region);

/* ---- what it offers while printing (asm_print.c) ---------------------------------------------------------- */

struct printer *asm_printer_of(struct asm_printer *a);
const ir_module *asm_printer_module(const struct asm_printer *a);
ir_op asm_printer_op(const struct asm_printer *a);
const op_def *asm_printer_def(const struct asm_printer *a);
/* The values of an operand group: the op's operands [*first, *first + n). */
uint32_t asm_operand_group(const struct asm_printer *a, uint32_t group, uint32_t *first);
uint32_t asm_result_group(const struct asm_printer *a, uint32_t group, uint32_t *first);
/* An inherent attribute, 0 if absent. */
ir_attr asm_attr(const struct asm_printer *a, uint32_t attr);
/* Writes "%name" of operand i of the op. */
void asm_print_operand(struct asm_printer *a, uint32_t i);
/* Writes the op's "(operand types) -> result types". */
void asm_print_functional_type(struct asm_printer *a);
/* Writes "(%a: type loc?, ...) {...}" of a region. */
void asm_print_region_with_args(struct asm_printer *a, uint32_t region);

#endif
