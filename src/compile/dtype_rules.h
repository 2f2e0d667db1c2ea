/* dtype_rules.h - what casts between data types lose; internal to the room. */
#ifndef TTX_COMPILE_DTYPE_RULES_H
#define TTX_COMPILE_DTYPE_RULES_H

#include "target/dtype.h"

/* Whether a cast may lose something: `to` cannot hold every value of `from` (ttcore::isNarrowingConversion). When it cannot,
 * casting there and back changes nothing. */
bool dtype_narrows(target_dtype from, target_dtype to);

#endif
