#include "base/base64.h"

static int digit(char c) {
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

bool base64_decode(struct arena *a, str text, str *out) {
    while (text.n && text.p[text.n - 1] == '=' && text.n % 4 != 1)
        text.n--;
    size_t n = text.n / 4 * 3 + (text.n % 4 ? text.n % 4 - 1 : 0), done = 0;
    unsigned char *p = arena_alloc(a, n + 1, 1);
    *out = str_of((char *)p, p ? n : 0);
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; p && i < text.n; i++) {
        int d = digit(text.p[i]);
        if (d < 0)
            return false;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            p[done++] = (unsigned char)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    return p && text.n % 4 != 1 && !bits;
}
