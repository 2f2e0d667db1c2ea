/* UTF-8: decoding with validation, and how wide a character is on a terminal. */
#ifndef TTX_BASE_UTF8_H
#define TTX_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define UTF8_INVALID UINT32_MAX

/* The character at the start of `s`, which is not empty: its code in *code, its bytes returned. Where the bytes are
 * not UTF-8 (over-long forms and surrogates included), *code is UTF8_INVALID and 1 is returned. */
size_t utf8_decode(str s, uint32_t *code);

/* Writes `code` (below 0x110000, not a surrogate) as 1 to 4 bytes; returns how many. */
size_t utf8_encode(char out[4], uint32_t code);

/* The length of the longest start of `s` that is valid UTF-8; s.n when all is. */
size_t utf8_valid_prefix(str s);

/* Columns a terminal uses for the character: 0 for combining marks, 2 for East Asian wide ones and emoji, else 1. */
int utf8_width(uint32_t code);

#endif
