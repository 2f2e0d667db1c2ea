/* input.h - whether a module can be compiled at all. */
#ifndef TTX_COMPILE_INPUT_H
#define TTX_COMPILE_INPUT_H

#include "compile/pass.h"

/* False with an error when an op has operands that its table does not know, or a type is kept as text. */
bool check_input(pass_context *p);

#endif
