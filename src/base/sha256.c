#include "base/sha256.h"

void sha256_end_hex(struct sha256_ctx *sha, char out[SHA256_HEX]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
}

void sha256_hex(str bytes, char out[SHA256_HEX]) {
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, bytes.n, (const uint8_t *)bytes.p);
    sha256_end_hex(&sha, out);
}
