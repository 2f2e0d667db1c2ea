/* SHA-256 (FIPS 180-4) of bytes in memory, for rooms that must also compile where no crypto library is; the workspace,
 * which hashes big files, uses nettle (store/blob.c). */
#ifndef TTX_BASE_SHA256_H
#define TTX_BASE_SHA256_H

#include <stdint.h>

#include "base/str.h"

enum { SHA256_HEX = 64 };

/* Writes the digest as 64 lower-case hexadecimal digits, without a zero byte. */
void sha256_hex(str bytes, char out[SHA256_HEX]);
/* The same on any processor: what the other is tested against. */
void sha256_hex_plain(str bytes, char out[SHA256_HEX]);

#endif
