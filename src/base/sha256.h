/* SHA-256 as text, by nettle, whose sha256_init and sha256_update take bytes piece by piece: fast where the processor has
 * instructions for it, and a user can check with sha256sum. Not in WebAssembly. */
#ifndef TTX_BASE_SHA256_H
#define TTX_BASE_SHA256_H

#include <nettle/sha2.h>

#include "base/str.h"

enum { SHA256_HEX = 2 * SHA256_DIGEST_SIZE };

/* Writes the digest of the bytes as 64 lower-case hexadecimal digits, without a zero byte. */
void sha256_hex(str bytes, char out[SHA256_HEX]);
/* The same of what was put into `sha`, which then is as after sha256_init. */
void sha256_end_hex(struct sha256_ctx *sha, char out[SHA256_HEX]);

#endif
