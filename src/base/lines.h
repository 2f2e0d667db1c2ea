/* Byte offset to line and column.
 *
 * Holds the start of every 64th line only, so that a file of a gigabyte costs little; the table is built at the
 * first question. Lines and columns count from 1, columns in bytes, as MLIR counts them.
 */
#ifndef TTX_BASE_LINES_H
#define TTX_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

struct lines {
    str text;
    VEC(size_t) starts; /* of lines 1, 65, 129, ... */
    bool built;
    size_t last_start, last_line; /* of the last answer: most questions go forward */
};

struct lines_pos {
    size_t line, column;
    size_t line_start; /* byte offset of the line */
};

/* Nothing is read yet; `text` must outlive the table. */
void lines_init(struct lines *l, struct mem *m, str text);
void lines_free(struct lines *l);

/* Where byte `offset` of the text is; offsets beyond the end mean the end. Without memory for the table it still
 * answers, slowly. */
struct lines_pos lines_find(struct lines *l, size_t offset);

#endif
