/* symbol_uses.h - the symbols that an op mentions. */
#ifndef TTX_COMPILE_SYMBOL_USES_H
#define TTX_COMPILE_SYMBOL_USES_H

#include "compile/pass.h"

/* Calls found(arg, name) with the root name of every symbol reference among the attributes of op (not of the ops in its
 * regions), wherever in them it stands; a name may come several times. False when out of memory. */
bool each_symbol_use(pass_context *p, ir_op op, void (*found)(void *arg, str root), void *arg);

#endif
