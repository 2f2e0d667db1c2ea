/* Base64 (RFC 4648, section 4): bytes in texts such as JSON. */
#ifndef TTX_BASE_BASE64_H
#define TTX_BASE_BASE64_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* The bytes that a text stands for, in the arena. Padding with '=' may be missing at the end. False when a character is none of the
 * alphabet, bits behind the last byte are set, or memory runs out (out->p is then NULL). */
bool base64_decode(struct arena *a, str text, str *out);

#endif
