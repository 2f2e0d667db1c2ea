/* legal_setting.h - the overridable fields as a table, for legal_setting.c, legal_output.c, legal_arrange.c and
 * legal_config.c only. */
#ifndef TARGET_LEGAL_SETTING_H
#define TARGET_LEGAL_SETTING_H

#include "target/legal.h"

/* How a field's values are spelled and judged. */
typedef enum setting_kind {
    SETTING_DTYPE,
    SETTING_PAGE,
    SETTING_BUFFER,
    SETTING_MEMORY,
    SETTING_GRID,
    SETTING_FLAG,
    SETTING_NUMBER,
    SETTING_WORD /* one of `words` */
} setting_kind;

typedef struct setting_def {
    legal_group group;
    uint8_t kind; /* setting_kind */
    bool open;    /* "None" leaves the field unset */
    str key, help;
    const char *words; /* separated by blanks */
    int64_t min, max, step;
} setting_def;

extern const setting_def legal_settings[];
extern const uint32_t legal_n_settings;

/* The row of a setting, its operand number split off for reshards (*operand; -1 otherwise); NULL when there is no such
 * field. */
const setting_def *legal_setting_def(legal_group group, str key, int *operand);

/* "True", "false", ... False when it is neither. */
bool legal_read_flag(str text, bool *out);
/* Digits, optionally in brackets. */
bool legal_read_number(str text, int64_t *out);
/* "8x4", "[8x4]". */
bool legal_read_grid(str text, int64_t out[2]);

/* What is asked about: one op with its settings. */
typedef struct legal_question {
    const legal_env *e;
    struct arena *a;
    ir_op op;
    const legal_setting *set;
    uint32_t n_set;
    bool failed;
} legal_question;

/* The value a set gives to a field; empty .p when none does. The last one counts. */
str legal_given(const legal_question *q, legal_group group, str key);

/* Judges a value of a field given the other settings of the question: true, or false with a reason in *why. */
bool legal_output_value(legal_question *q, const setting_def *d, int operand, str value, struct buf *why);
bool legal_config_value(legal_question *q, const setting_def *d, str value, struct buf *why);

/* Whether the op has the field at all. */
bool legal_output_applies(const legal_question *q, int operand);
bool legal_config_applies(const legal_question *q, const setting_def *d);

/* The numbers a field takes: from `least` to `most` in steps, and if `divides` is not 0, divisors of it. */
typedef struct legal_range {
    int64_t least, most, step, divides;
    const char *why_most, *of; /* what is said of larger ones, and of those that do not divide */
} legal_range;
/* That of a field of kind SETTING_NUMBER, given the other settings of the question. False with a reason when none is legal. */
bool legal_config_range(legal_question *q, const setting_def *d, legal_range *r, struct buf *why);

/* What the op has now, as text in the arena; empty when unset. */
str legal_output_now(legal_question *q, const setting_def *d, int operand);
str legal_config_now(legal_question *q, const setting_def *d);

/* ---- layouts --------------------------------------------------------------------------------------------- */

/* The layout that the settings of the result (operand < 0) or of an operand stand for: what is left open is chosen, the present
 * layout first, then as many cores as possible that go together with the other tensors of the op as they lie, then what
 * goes together with them once they are moved too. False when there is none. */
bool legal_output_resolve(legal_question *q, int operand, ttnn_layout *out);
/* Whether the settings say anything about the result (or an operand)'s layout. */
bool legal_output_wished(const legal_question *q, int operand);
/* Whether a layout is what they ask for, and one that the kernel takes there. */
bool legal_output_takes(legal_question *q, int operand, const ttnn_layout *l);
/* Any layout of which that is true, the present one first. False when there is none. */
bool legal_output_any(legal_question *q, int operand, ttnn_layout *out);

/* Whether an op can be brought to have its result (lead < 0) or operand `lead` in `l`, with all that the settings ask for:
 * the arrangement with as little moved as that takes, from `start` (NULL: as the op stands). In `*moved` how many tensors
 * nobody asked to be moved are. Else false with a reason. */
bool legal_arrange_around(legal_question *q, int lead, const ttnn_layout *l, const legal_arrangement *start,
                          legal_arrangement *out, uint32_t *moved, struct buf *why);
/* How the tensors of the op lie now. False when it has more operands than an arrangement holds. */
bool legal_arrangement_now(const legal_question *q, legal_arrangement *out);

/* `now` in the same place and shards as `lead`: what is in it stays (data type, tiles). */
ttnn_layout legal_output_alike(const ttnn_layout *now, const ttnn_layout *lead);

/* The grids that are legal for the result (or an operand) given the other settings, as texts. */
uint32_t legal_output_grids(legal_question *q, int operand, str *out, uint32_t cap);

#endif
