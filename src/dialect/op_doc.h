/* op_doc.h - the documentation of an op, from its table: for people. */
#ifndef DIALECT_OP_DOC_H
#define DIALECT_OP_DOC_H

#include "base/json.h"
#include "dialect/dialect.h"

/* Writes an object: op, dialect, help, dialect_help, traits (sentences), operands, results, attributes, regions, rules
 * (type rules in words). Operands and results have a name, an arity (one, optional, variadic, variadic of variadic) and
 * a type in words; attributes a name, a type in words, whether they are optional, and, where the table has them, their
 * default and the cases of their enum. Absent texts are left out. A full buffer is told by w->out->failed. */
void dialect_op_doc(const op_def *d, struct json_writer *w);

#endif
