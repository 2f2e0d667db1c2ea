/* forms_func.h - the form that functions of several dialects share. */
#ifndef TEXT_FORMS_FUNC_H
#define TEXT_FORMS_FUNC_H

#include "text/printer.h"
#include "text/reader.h"

/* func.func and its like:
 *
 *   visibility? @name(%arg0: type {attrs}, ...) (-> type | -> (type {attrs}, ...))? (attributes {...})? region?
 *
 * with arguments without names for a declaration. Inherent attributes: sym_name, sym_visibility, function_type,
 * arg_attrs, res_attrs. */
bool form_read_func(reader *r, rd_op *op);
bool form_print_func(printer *p, ir_op op);

#endif
