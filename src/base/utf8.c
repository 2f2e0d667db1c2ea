#include "base/utf8.h"

size_t utf8_decode(str s, uint32_t *code) {
    unsigned char c = (unsigned char)s.p[0];
    if (c < 0x80) {
        *code = c;
        return 1;
    }
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    uint32_t v = c & (0x7fu >> n);
    *code = UTF8_INVALID;
    if (c < 0xc2 || c > 0xf4 || s.n < n)
        return 1;
    for (size_t i = 1; i < n; i++) {
        unsigned char more = (unsigned char)s.p[i];
        if ((more & 0xc0) != 0x80)
            return 1;
        v = v << 6 | (more & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 1;
    *code = v;
    return n;
}

size_t utf8_encode(char out[4], uint32_t code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf0u << (4 - n) & 0xffu) | code);
    return n;
}

size_t utf8_valid_prefix(str s) {
    size_t i = 0;
    while (i < s.n) {
        /* Eight plain bytes at a time. */
        uint64_t word;
        while (s.n - i >= 8 && (memcpy(&word, s.p + i, 8), (word & 0x8080808080808080u) == 0))
            i += 8;
        if (i == s.n)
            break;
        uint32_t code;
        size_t n = utf8_decode(str_from(s, i), &code);
        if (code == UTF8_INVALID)
            break;
        i += n;
    }
    return i;
}

int utf8_width(uint32_t c) {
    static const uint32_t zero[][2] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                                       {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
                                       {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
    static const uint32_t wide[][2] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},  {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6},
                                       {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (c < 0x300)
        return 1;
    for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++)
        if (c >= zero[i][0] && c <= zero[i][1])
            return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (c >= wide[i][0] && c <= wide[i][1])
            return 2;
    return 1;
}
