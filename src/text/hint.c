/* What may have happened to a file that cannot be read. */
#include <string.h>

#include "base/utf8.h"
#include "text/text.h"

enum { LOOKED_AT = 4096 }; /* bytes at the beginning that tell text from other files */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_text(str s) {
    str head = str_slice(s, 0, s.n < LOOKED_AT ? s.n : LOOKED_AT);
    for (size_t i = 0; i < head.n; i++)
        if ((unsigned char)head.p[i] < ' ' && !is_space(head.p[i]) && head.p[i] != '\f' && head.p[i] != '\v')
            return false;
    return head.n - utf8_valid_prefix(head) < 4; /* the last character may be cut */
}

/* What stands behind spaces, empty lines and comments. */
static str first_token(str s) {
    size_t i = 0;
    for (;;) {
        while (i < s.n && is_space(s.p[i]))
            i++;
        if (i + 1 >= s.n || s.p[i] != '/' || s.p[i + 1] != '/')
            break;
        while (i < s.n && s.p[i] != '\n')
            i++;
    }
    size_t begin = i;
    while (i < s.n && !is_space(s.p[i]))
        i++;
    return str_slice(s, begin, i);
}

/* module, func.func, "ttir.add", %0 = ..., #alias, !alias, {-# resources; or a graph as JSON, which begins with a
 * brace, too. */
static bool begins_like_a_model(str token) {
    if (token.n == 0)
        return false;
    if (strchr("\"%#!{", token.p[0]))
        return true;
    size_t n = 0;
    while (n < token.n && ((token.p[n] >= 'a' && token.p[n] <= 'z') || token.p[n] == '_' || token.p[n] == '.'))
        n++;
    str word = str_slice(token, 0, n);
    const char *dot = memchr(word.p, '.', word.n);
    return str_eq(word, STR("module")) || str_eq(word, STR("func")) || (dot && dot != word.p && dot + 1 < word.p + n);
}

const char *text_unreadable_hint(str text, size_t error) {
    size_t end = text.n;
    while (end > 0 && is_space(text.p[end - 1]))
        end--;
    if (!is_text(text))
        return "this is no text: open files of MLIR, of graphs as JSON, or what docs/ lists";
    if (!begins_like_a_model(first_token(text)))
        return "this does not look like MLIR, which begins with module, func.func, an op in quotes or an alias";
    /* A text that was cut ends in the middle of a line, and the error is in it; or behind all there is. */
    if (error >= end || (text.p[text.n - 1] != '\n' && !memchr(text.p + error, '\n', end - error)))
        return "the file ends here: it may be only a part of one; save or copy it again";
    return NULL;
}
