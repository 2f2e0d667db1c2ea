/* Regular expressions; see regex.h. */
#include "graph/regex.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_PROGRAM = 4096, /* instructions */
    MAX_NESTING = 50,   /* of parentheses: the parser calls itself for each */
    MAX_REPEAT = 1000,
    MAX_TABLE = 1500, /* states of the DFA */
    SYMBOLS = 257,    /* bytes, and the end of the text */
    END_SYMBOL = 256
};

typedef enum opcode { OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_FINISH, OP_WORD, OP_NO_WORD, OP_MATCH } opcode;

typedef struct instruction {
    uint16_t op, x, y; /* SET: x class; SPLIT: both targets; JUMP: x */
} instruction;

typedef struct class {
    uint64_t bits[4];
} class;

/* What stood before the next byte. */
typedef enum preceding { BEFORE_START, BEFORE_WORD, BEFORE_OTHER } preceding;

typedef struct table_state {
    uint32_t first, n; /* of regex.members: its instructions, sorted as found */
    uint8_t before;
    uint8_t matched;        /* found: nothing more to do */
    uint16_t next[SYMBOLS]; /* state + 1, 0 not known yet */
} table_state;

struct regex {
    struct mem *mem;
    instruction program[MAX_PROGRAM];
    class classes[512];
    uint32_t n_program, n_classes;
    table_state *table; /* MAX_TABLE */
    uint16_t *members;
    uint32_t n_table, n_members, cap_members;
    uint16_t list[MAX_PROGRAM], stack[2 * MAX_PROGRAM], next_list[MAX_PROGRAM];
    uint32_t mark[MAX_PROGRAM], turn; /* mark[i] == turn: instruction i is in the list being made */
    bool fold;
    bool failed;
};

/* ---- parsing --------------------------------------------------------------------------------------------- */

typedef struct parser {
    regex *r;
    str text;
    size_t at;
    unsigned nesting;
    const char *error;
    size_t error_at;
} parser;

static bool wrong(parser *p, const char *what) {
    if (!p->error) {
        p->error = what;
        p->error_at = p->at;
    }
    return false;
}

static bool emit(parser *p, opcode op, uint32_t x, uint32_t y) {
    regex *r = p->r;
    if (r->n_program + 1 >= MAX_PROGRAM)
        return wrong(p, "the pattern is too large");
    r->program[r->n_program++] = (instruction){(uint16_t)op, (uint16_t)x, (uint16_t)y};
    return true;
}

/* Puts an instruction at `at`, moving the rest and its targets on. */
static bool insert(parser *p, uint32_t at, opcode op, uint32_t x, uint32_t y) {
    regex *r = p->r;
    if (!emit(p, OP_JUMP, 0, 0))
        return false;
    for (uint32_t i = at; i + 1 < r->n_program; i++) {
        instruction *in = &r->program[i];
        if (in->op == OP_SPLIT || in->op == OP_JUMP) {
            in->x = (uint16_t)(in->x + (in->x >= at));
            in->y = (uint16_t)(in->y + (in->op == OP_SPLIT && in->y >= at));
        }
    }
    memmove(&r->program[at + 1], &r->program[at], (r->n_program - 1 - at) * sizeof *r->program);
    r->program[at] = (instruction){(uint16_t)op, (uint16_t)x, (uint16_t)y};
    return true;
}

static bool class_has(const class *c, unsigned b) {
    return c->bits[b >> 6] >> (b & 63) & 1;
}

static void class_add(class *c, unsigned b) {
    c->bits[b >> 6] |= (uint64_t)1 << (b & 63);
}

static void class_range(class *c, unsigned from, unsigned to) {
    for (unsigned b = from; b <= to; b++)
        class_add(c, b);
}

static bool is_word(unsigned b) {
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '_' ||
           (b >= 0x80 && b < 256);
}

static bool emit_class(parser *p, class c) {
    regex *r = p->r;
    if (r->fold)
        for (unsigned b = 'a'; b <= 'z'; b++)
            if (class_has(&c, b) || class_has(&c, b - 32)) {
                class_add(&c, b);
                class_add(&c, b - 32);
            }
    uint32_t i = 0;
    while (i < r->n_classes && memcmp(&r->classes[i], &c, sizeof c) != 0)
        i++;
    if (i == r->n_classes) {
        if (i == sizeof r->classes / sizeof *r->classes)
            return wrong(p, "the pattern is too large");
        r->classes[r->n_classes++] = c;
    }
    return emit(p, OP_SET, i, 0);
}

/* The class of \d, \w, \s and their opposites; false when the letter is none of them. */
static bool escape_class(char letter, class *c) {
    class found = {{0}};
    char lower = (char)(letter | 0x20);
    if (lower == 'd')
        class_range(&found, '0', '9');
    else if (lower == 'w')
        for (unsigned b = 0; b < 256; b++) {
            if (is_word(b))
                class_add(&found, b);
        }
    else if (lower == 's') {
        class_range(&found, '\t', '\r');
        class_add(&found, ' ');
    } else
        return false;
    for (int i = 0; i < 4; i++)
        c->bits[i] |= letter == lower ? found.bits[i] : ~found.bits[i];
    return true;
}

static unsigned escape_byte(char letter) {
    return letter == 'n' ? '\n' : letter == 't' ? '\t' : letter == 'r' ? '\r' : (unsigned char)letter;
}

/* One byte of a class; at a backslash, what it stands for. */
static bool class_byte(parser *p, unsigned *b) {
    if (p->at == p->text.n)
        return wrong(p, "a class without its ]");
    *b = (unsigned char)p->text.p[p->at++];
    if (*b >= 0x80)
        return wrong(p, "only ASCII characters may stand in a class");
    if (*b != '\\')
        return true;
    if (p->at == p->text.n)
        return wrong(p, "nothing behind the backslash");
    *b = escape_byte(p->text.p[p->at++]);
    return true;
}

static bool parse_class(parser *p) {
    class c = {{0}};
    bool inverted = p->at < p->text.n && p->text.p[p->at] == '^';
    p->at += inverted;
    for (bool first = true;; first = false) {
        unsigned from, to;
        if (p->at < p->text.n && p->text.p[p->at] == ']' && !first)
            break;
        if (p->at + 1 < p->text.n && p->text.p[p->at] == '\\' && escape_class(p->text.p[p->at + 1], &c)) {
            p->at += 2;
            continue;
        }
        if (!class_byte(p, &from))
            return false;
        to = from;
        if (p->at + 1 < p->text.n && p->text.p[p->at] == '-' && p->text.p[p->at + 1] != ']') {
            p->at++;
            if (!class_byte(p, &to))
                return false;
            if (to < from)
                return wrong(p, "a range that ends before it begins");
        }
        class_range(&c, from, to);
    }
    p->at++;
    if (inverted) {
        if (p->r->fold) /* [^a] must not match A either */
            for (unsigned b = 'a'; b <= 'z'; b++)
                if (class_has(&c, b) || class_has(&c, b - 32)) {
                    class_add(&c, b);
                    class_add(&c, b - 32);
                }
        for (int i = 0; i < 4; i++)
            c.bits[i] = ~c.bits[i];
    }
    return emit_class(p, c);
}

/* Any character but a line break: its first byte, and those that continue it. */
static bool parse_dot(parser *p) {
    class first = {{0}}, rest = {{0}};
    class_range(&first, 0, 0x7f);
    class_range(&first, 0xc0, 0xff);
    first.bits[0] &= ~((uint64_t)1 << '\n');
    class_range(&rest, 0x80, 0xbf);
    uint32_t at = p->r->n_program + 1;
    return emit_class(p, first) && emit(p, OP_SPLIT, at + 1, at + 3) && emit_class(p, rest) && emit(p, OP_JUMP, at, 0);
}

static bool emit_byte(parser *p, unsigned b) {
    class c = {{0}};
    class_add(&c, b);
    return emit_class(p, c);
}

static bool parse_escape(parser *p) {
    class c = {{0}};
    if (p->at == p->text.n)
        return wrong(p, "nothing behind the backslash");
    char letter = p->text.p[p->at++];
    if (escape_class(letter, &c))
        return emit_class(p, c);
    if (letter == 'b' || letter == 'B')
        return emit(p, letter == 'b' ? OP_WORD : OP_NO_WORD, 0, 0);
    return emit_byte(p, escape_byte(letter));
}

static bool parse_alternatives(parser *p);

/* One thing that may be repeated. Always at least one instruction, so that repeating it soon meets the limit. */
static bool parse_atom(parser *p) {
    char c = p->text.p[p->at++];
    switch (c) {
    case '(':
        if (p->at + 1 < p->text.n && p->text.p[p->at] == '?' && p->text.p[p->at + 1] == ':')
            p->at += 2;
        if (++p->nesting > MAX_NESTING)
            return wrong(p, "too many parentheses in one another");
        if (!emit(p, OP_JUMP, p->r->n_program + 1, 0) || !parse_alternatives(p))
            return false;
        p->nesting--;
        if (p->at == p->text.n || p->text.p[p->at] != ')')
            return wrong(p, "a ( without its )");
        p->at++;
        return true;
    case '[': return parse_class(p);
    case '.': return parse_dot(p);
    case '^': return emit(p, OP_BEGIN, 0, 0);
    case '$': return emit(p, OP_FINISH, 0, 0);
    case '\\': return parse_escape(p);
    case '*':
    case '+':
    case '?': p->at--; return wrong(p, "nothing to repeat");
    default: return emit_byte(p, (unsigned char)c);
    }
}

/* {m}, {m,}, {m,n} at the '{'; anything else is the character itself: *is false. */
static bool parse_counts(parser *p, bool *is, uint32_t *least, uint32_t *most) {
    size_t at = p->at + 1, digits = 0;
    uint32_t v[2] = {0, 0};
    bool comma = false;
    *is = false;
    for (; at < p->text.n && p->text.p[at] != '}'; at++) {
        char c = p->text.p[at];
        if (c == ',' && !comma && digits) {
            comma = true;
            digits = 0;
        } else if (c >= '0' && c <= '9') {
            digits++;
            v[comma] = v[comma] * 10 + (uint32_t)(c - '0');
            if (v[comma] > MAX_REPEAT)
                return wrong(p, "repeated too often");
        } else {
            return true;
        }
    }
    if (at == p->text.n || (!comma && !digits))
        return true;
    *is = true;
    *least = v[0];
    *most = !comma ? v[0] : digits ? v[1] : UINT32_MAX;
    if (*most < *least)
        return wrong(p, "a range that ends before it begins");
    p->at = at + 1;
    return true;
}

static bool star(parser *p, uint32_t from) {
    return insert(p, from, OP_SPLIT, from + 1, p->r->n_program + 2) && emit(p, OP_JUMP, from, 0);
}

/* The atom at `from` of the program and `begin` of the text once more. */
static bool again(parser *p, size_t begin) {
    size_t behind = p->at;
    p->at = begin;
    bool ok = parse_atom(p);
    p->at = behind;
    return ok;
}

static bool repeat(parser *p, size_t begin, uint32_t from, uint32_t least, uint32_t most) {
    regex *r = p->r;
    if (most == 0) {
        r->n_program = from;
        return emit(p, OP_JUMP, from + 1, 0);
    }
    if (least == 0) { /* the one there is may be left out, and with it all others */
        if (most == UINT32_MAX)
            return star(p, from);
        if (!insert(p, from, OP_SPLIT, from + 1, r->n_program + 1))
            return false;
        least = 1;
    }
    for (uint32_t i = 1; i < least; i++)
        if (!again(p, begin))
            return false;
    uint32_t at = r->n_program;
    if (most == UINT32_MAX)
        return again(p, begin) && star(p, at);
    for (uint32_t i = least; i < most; i++) {
        at = r->n_program;
        if (!again(p, begin) || !insert(p, at, OP_SPLIT, at + 1, r->n_program + 1))
            return false;
    }
    return true;
}

static bool parse_repeated(parser *p) {
    regex *r = p->r;
    size_t begin = p->at;
    uint32_t from = r->n_program;
    if (!parse_atom(p))
        return false;
    for (bool first = true; p->at < p->text.n; first = false) {
        char c = p->text.p[p->at];
        if (c == '{' && first) {
            bool is;
            uint32_t least, most;
            if (!parse_counts(p, &is, &least, &most))
                return false;
            if (!is)
                return true;
            if (!repeat(p, begin, from, least, most))
                return false;
        } else if (c == '*' || c == '+' || c == '?') {
            p->at++;
            bool ok = c == '*'   ? star(p, from)
                      : c == '+' ? emit(p, OP_SPLIT, from, r->n_program + 1)
                                 : insert(p, from, OP_SPLIT, from + 1, r->n_program + 1);
            if (!ok)
                return false;
        } else {
            return true;
        }
        if (p->at < p->text.n && p->text.p[p->at] == '?')
            p->at++; /* a lazy mark (a*?) changes nothing when only finding counts */
    }
    return true;
}

static bool parse_sequence(parser *p) {
    while (p->at < p->text.n && p->text.p[p->at] != '|' && p->text.p[p->at] != ')')
        if (!parse_repeated(p))
            return false;
    return true;
}

/* a|b|c: split to a and the rest; a then jumps to the end. Jumps are chained by their targets until it is known. */
static bool parse_alternatives(parser *p) {
    regex *r = p->r;
    uint32_t chain = UINT16_MAX, from = r->n_program;
    if (!parse_sequence(p))
        return false;
    while (p->at < p->text.n && p->text.p[p->at] == '|') {
        p->at++;
        if (!insert(p, from, OP_SPLIT, from + 1, r->n_program + 2))
            return false;
        uint32_t jump = r->n_program;
        if (!emit(p, OP_MATCH, chain, 0)) /* an opcode that insert does not touch */
            return false;
        chain = jump;
        from = r->n_program;
        if (!parse_sequence(p))
            return false;
    }
    while (chain != UINT16_MAX) {
        uint32_t before = r->program[chain].x;
        r->program[chain] = (instruction){OP_JUMP, (uint16_t)r->n_program, 0};
        chain = before;
    }
    return true;
}

regex *regex_new(struct mem *mem, str pattern, bool plain, bool case_matters, char *error, size_t n) {
    if (n)
        error[0] = 0;
    regex *r = mem_alloc_zero(mem, sizeof *r);
    if (!r)
        return NULL;
    r->mem = mem;
    r->fold = !case_matters;
    parser p = {.r = r, .text = pattern};
    bool ok = true;
    if (plain)
        for (; ok && p.at < pattern.n; p.at++)
            ok = emit_byte(&p, (unsigned char)pattern.p[p.at]);
    else
        ok = parse_alternatives(&p) && (p.at == pattern.n || wrong(&p, "a ) without its ("));
    ok = ok && emit(&p, OP_MATCH, 0, 0);
    if (!ok) {
        snprintf(error, n, "%s (at character %zu of the pattern)", p.error, p.error_at + 1);
        regex_free(r);
        return NULL;
    }
    r->table = mem_alloc(mem, MAX_TABLE * sizeof *r->table);
    if (!r->table) {
        regex_free(r);
        return NULL;
    }
    return r;
}

void regex_free(regex *r) {
    if (!r)
        return;
    mem_free(r->mem, r->table, MAX_TABLE * sizeof *r->table);
    mem_free(r->mem, r->members, r->cap_members * sizeof *r->members);
    mem_free(r->mem, r, sizeof *r);
}

bool regex_failed(const regex *r) {
    return r->failed;
}

/* ---- matching -------------------------------------------------------------------------------------------- */

/* Whether an assertion holds between what stood before and the next symbol. */
static bool holds(opcode op, preceding prev, unsigned symbol) {
    bool word = (prev == BEFORE_WORD) != (symbol != END_SYMBOL && is_word(symbol));
    switch (op) {
    case OP_BEGIN: return prev == BEFORE_START;
    case OP_FINISH: return symbol == END_SYMBOL;
    case OP_WORD: return word;
    default: return !word;
    }
}

/* Follows everything that takes no byte from the list's members and from the beginning; true when it matches. Sets are
 * left in r->list. */
static bool follow(regex *r, const uint16_t *members, uint32_t n, preceding prev, unsigned symbol, uint32_t *n_out) {
    uint32_t depth = 0, found = 0;
    bool matched = false;
    r->turn++;
    for (uint32_t i = 0; i <= n; i++) {
        r->stack[depth++] = i < n ? members[i] : 0; /* the match may begin anywhere */
        while (depth) {
            uint32_t at = r->stack[--depth];
            if (r->mark[at] == r->turn)
                continue;
            r->mark[at] = r->turn;
            const instruction *in = &r->program[at];
            switch ((opcode)in->op) {
            case OP_SET: r->list[found++] = (uint16_t)at; break;
            case OP_MATCH: matched = true; break;
            case OP_SPLIT:
                r->stack[depth++] = in->y;
                r->stack[depth++] = in->x;
                break;
            case OP_JUMP: r->stack[depth++] = in->x; break;
            default:
                if (holds((opcode)in->op, prev, symbol))
                    r->stack[depth++] = (uint16_t)(at + 1);
            }
        }
    }
    *n_out = found;
    return matched;
}

/* The state with these members, made when it is not there. UINT32_MAX when memory ran out. */
static uint32_t find_state(regex *r, const uint16_t *members, uint32_t n, preceding prev, bool matched) {
    for (uint32_t i = 0; i < r->n_table; i++) {
        const table_state *t = &r->table[i];
        if (t->n == n && t->before == prev && t->matched == matched &&
            (n == 0 || memcmp(r->members + t->first, members, n * sizeof *members) == 0))
            return i;
    }
    if (r->n_table == MAX_TABLE)
        r->n_table = r->n_members = 0; /* begin anew */
    if (r->cap_members - r->n_members < n) {
        uint32_t cap = (r->cap_members + n) * 2;
        uint16_t *grown = mem_realloc(r->mem, r->members, r->cap_members * sizeof *grown, cap * sizeof *grown);
        if (!grown) {
            r->failed = true;
            return UINT32_MAX;
        }
        r->members = grown;
        r->cap_members = cap;
    }
    table_state *t = &r->table[r->n_table];
    memset(t, 0, sizeof *t);
    t->first = r->n_members;
    t->n = n;
    t->before = (uint8_t)prev;
    t->matched = matched;
    if (n)
        memcpy(r->members + r->n_members, members, n * sizeof *members);
    r->n_members += n;
    return r->n_table++;
}

static uint32_t next_state(regex *r, uint32_t from, unsigned symbol) {
    const table_state *t = &r->table[from];
    uint32_t n, taken = 0;
    bool matched = follow(r, t->n ? r->members + t->first : NULL, t->n, (preceding)t->before, symbol, &n);
    if (!matched && symbol != END_SYMBOL)
        for (uint32_t i = 0; i < n; i++)
            if (class_has(&r->classes[r->program[r->list[i]].x], symbol))
                r->next_list[taken++] = (uint16_t)(r->list[i] + 1);
    uint32_t held = r->n_table;
    uint32_t to = find_state(r, r->next_list, taken,
                             symbol != END_SYMBOL && is_word(symbol) ? BEFORE_WORD : BEFORE_OTHER, matched);
    if (to != UINT32_MAX && r->n_table >= held) /* `from` is gone when the table was begun anew */
        r->table[from].next[symbol] = (uint16_t)(to + 1);
    return to;
}

bool regex_find(regex *r, str text) {
    uint32_t state = find_state(r, NULL, 0, BEFORE_START, false);
    for (size_t i = 0; i <= text.n && state != UINT32_MAX; i++) {
        if (r->table[state].matched)
            return true;
        unsigned symbol = i < text.n ? (unsigned char)text.p[i] : END_SYMBOL;
        uint32_t next = r->table[state].next[symbol];
        state = next ? next - 1 : next_state(r, state, symbol);
    }
    return state != UINT32_MAX && r->table[state].matched;
}
