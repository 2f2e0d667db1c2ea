/* input.h - whether a module can be compiled at all, and between passes whether to go on. */
#ifndef TTX_COMPILE_INPUT_H
#define TTX_COMPILE_INPUT_H

#include "compile/pass.h"

/* False with an error when an op has operands that its table does not know, or a type is kept as text. */
bool check_input(pass_context *p);

/* False with an error when a function's return does not fit its type: passes change both, and what comes after one that
 * changed only one would complain of something else. */
bool check_returns(pass_context *p);

#endif
