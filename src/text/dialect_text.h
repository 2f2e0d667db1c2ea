/* dialect_text.h - bodies of dialect attributes and types, both directions; internal to the text room.
 *
 *   dialect_read.c   reads a body by its definition's assembly   dialect_print.c   prints one
 *   hand_tt.c, hand_stablehlo.c, hand_sdy.c, hand_upstream.c     forms and directives that upstream writes by hand
 *
 *   #ttnn.memory_config<#dram, <interleaved>>
 *                      '----------body------'     `<interleaved>` is a stripped body inside it
 *
 * A body that does not fit its definition is not an error of the file: the attribute is kept as text and a warning
 * says why (asm_read_attr). Inside a body such a misfit makes the whole body one; only what is wrong whatever the
 * definition (an unknown alias, a malformed builtin attribute) is an error: body.hard.
 */
#ifndef TEXT_DIALECT_TEXT_H
#define TEXT_DIALECT_TEXT_H

#include "dialect/dialect.h"
#include "dialect/params.h"
#include "text/printer.h"
#include "text/reader.h"

/* ---- for op forms ----------------------------------------------------------------------------------------- */

/* An attribute of known definition as op forms write it: the body alone, or in full, or an alias. 0 after an error. */
ir_attr dialect_read_stripped_attr(reader *r, const attr_type_def *d);
ir_type dialect_read_stripped_type(reader *r, const attr_type_def *d);
/* A case of an enum (several for bit enums) as keyword node. 0 after an error. */
ir_attr dialect_read_enum(reader *r, const enum_def *e);

/* ---- between the files of this part ------------------------------------------------------------------------ */

/* More parameters than any definition has: what a body needs while it is read lies on the stack, many times when
 * attributes nest. A definition with more is kept as text. */
enum { BODY_MAX_PARAMS = 32 };

/* A body being read. */
typedef struct body {
    reader *r;
    const attr_type_def *d;
    ir_node *params; /* in the order of the definition, 0 until read */
    bool hard;       /* an error that stays one even if the body is only kept as text */
} body;

/* What a hand-written form does: fill b->params, print after the mnemonic. False: misfit or error, reported. */
typedef bool (*body_read_fn)(body *b);
typedef void (*body_print_fn)(printer *p, ir_node n);
typedef struct body_form {
    body_read_fn read;
    body_print_fn print;
} body_form;

/* By HANDATTR_* and HANDTYPE_*; NULL when there is none. */
const body_form *body_attr_form(uint32_t hand);
const body_form *body_type_form(uint32_t hand);

/* Custom directives inside bodies, e[1..n] the parameters. RD_UNKNOWN: not of this file. */
rd_answer tt_body_directive(body *b, const asm_elem *e);
rd_answer sdy_body_directive(body *b, const asm_elem *e);
rd_answer upstream_body_directive(body *b, const asm_elem *e);
bool tt_body_directive_print(printer *p, ir_node n, const asm_elem *e);
bool sdy_body_directive_print(printer *p, ir_node n, const asm_elem *e);
bool upstream_body_directive_print(printer *p, ir_node n, const asm_elem *e);

/* Nested things of known definition: body alone, full or alias. `hard` as in body. 0 after an error. */
ir_attr body_nested_attr(body *b, const attr_type_def *d);
ir_type body_nested_type(body *b, const attr_type_def *d);
/* Any attribute or type. */
ir_attr body_any_attr(body *b);
ir_type body_any_type(body *b);
/* `[1, -2, ?]` or with other brackets as an array of integers; '?' only if allowed. 0 after an error. */
ir_attr body_int_list(body *b, char open, char close, bool allow_dynamic);
/* Number of words pushed since `mark` as an array attribute; pops them. */
ir_attr body_array(reader *r, uint32_t mark);

/* Prints one parameter value as its kind asks for. */
void body_print_param(printer *p, const param_def *d, ir_node value, bool qualified);
/* "1, 2, ?" of an array of integers; nothing for 0. */
void body_print_ints(printer *p, ir_node array, const char *separator);
/* A number node in decimal. */
void body_print_int(printer *p, ir_node number);

#endif
