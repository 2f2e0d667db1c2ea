/* The context: the chunked node pool, the table that makes equal nodes one, op names, owned memory.
 *
 *   slots    {id, hash} pairs in groups of 8, at most 7/8 full. The top bits of the hash choose a group, so that growing
 *            moves the entries from front to back in both tables; a full group spills into the next one.
 *   tags     one word per group, one byte per slot: 0x80 and 7 more bits of the hash, 0 when the slot is free. Most
 *            nodes of a big module are new: to see that, a look at the tags is enough, and they fit the cache where
 *            the slots do not.
 *   names    old arrays stay alive when the array grows (the bytes arena holds them), so a reader in another thread
 *            never loses the one it looks at.
 */
#include "ir/ir.h"

#include "base/platform.h"

enum {
    FIRST_SLOT_BITS = 12,
    FIRST_NAMES = 64,
    NONE_WORDS = 16,
    NAME_WORD = 4,
    FOURFOLD_BITS = 20,
    STRING_WORDS = 5,
    GROUP_BITS = 3,
    GROUP = 1 << GROUP_BITS
};
#define EACH_BYTE 0x0101010101010101u
#define HIGH_BITS 0x8080808080808080u

struct ir_slot {
    uint32_t id;
    uint32_t hash;
};

struct ir_owned {
    struct ir_owned *next;
    void *what;
    void (*release)(void *what);
};

/* ---- chunks --------------------------------------------------------------------------------------------- */

/* The first chunks are allocated one by one, so that small modules stay small; later ones a huge page at a time. */
enum { SINGLE_CHUNKS = 4, CHUNK_BYTES = IR_CHUNK_WORDS * 4, GROUP_CHUNKS = MEM_HUGE / CHUNK_BYTES };

static uint32_t group_size(uint32_t chunks_before) {
    return chunks_before < SINGLE_CHUNKS ? 1 : GROUP_CHUNKS;
}

/* The bytes of a chunk that holds one node larger than a chunk, whose header tells its size; else CHUNK_BYTES. */
static size_t chunk_bytes(const uint32_t *chunk) {
    size_t words = (size_t)chunk[1] + 2;
    return (words > IR_CHUNK_WORDS ? words : IR_CHUNK_WORDS) * sizeof *chunk;
}

/* A new chunk of CHUNK_BYTES; NULL when out of memory. */
static uint32_t *plain_chunk(ir_context *c) {
    if (!c->spare_chunks) {
        uint32_t n = group_size(c->n_plain);
        c->spare = mem_huge_realloc(c->mem, NULL, 0, (size_t)n * CHUNK_BYTES);
        if (!c->spare)
            return NULL;
        if (n == 1 && c->n_plain > 0) /* a small module fills no more than a part of the first */
            mem_expect_writes(c->spare, CHUNK_BYTES);
        c->spare_chunks = n;
    }
    uint32_t *chunk = c->spare;
    c->spare += IR_CHUNK_WORDS;
    c->spare_chunks--;
    c->n_plain++;
    return chunk;
}

/* A new chunk with room for `words`; its first header is cleared so that chunk_bytes may read it. */
static uint32_t *new_chunk(ir_context *c, size_t words) {
    if (c->n_chunks == IR_MAX_CHUNKS)
        return NULL;
    uint32_t *chunk = words > IR_CHUNK_WORDS ? mem_alloc(c->mem, words * sizeof *chunk) : plain_chunk(c);
    if (!chunk)
        return NULL;
    chunk[0] = chunk[1] = 0;
    c->chunks[c->n_chunks++] = chunk;
    return chunk;
}

static void free_chunks(ir_context *c) {
    uint32_t n_plain = 0, left = 0;
    uint32_t *group = NULL;
    size_t group_bytes = 0;
    for (uint32_t i = 0; i < c->n_chunks; i++) {
        uint32_t *chunk = c->chunks[i];
        size_t bytes = chunk_bytes(chunk);
        if (bytes > CHUNK_BYTES) {
            mem_free(c->mem, chunk, bytes);
            continue;
        }
        if (!left) { /* the group before has been read to its end */
            mem_huge_free(c->mem, group, group_bytes);
            group = chunk;
            left = group_size(n_plain);
            group_bytes = (size_t)left * CHUNK_BYTES;
        }
        left--;
        n_plain++;
    }
    mem_huge_free(c->mem, group, group_bytes);
}

/* Room for a node of `n` payload words; its header is written. 0 when out of memory. */
static uint32_t *new_node(ir_context *c, ir_kind kind, uint32_t flags, uint32_t n, ir_node *id) {
    uint32_t *w;
    if (UNLIKELY(n > IR_CHUNK_WORDS - 2)) {
        w = new_chunk(c, (size_t)n + 2);
        if (!w)
            return NULL;
        *id = (c->n_chunks - 1) << IR_CHUNK_BITS;
    } else {
        if (UNLIKELY(c->used + n + 2 > IR_CHUNK_WORDS)) {
            if (!new_chunk(c, 0))
                return NULL;
            c->current = c->n_chunks - 1;
            c->used = 0;
        }
        w = c->chunks[c->current] + c->used;
        *id = c->current << IR_CHUNK_BITS | c->used;
        c->used += n + 2;
    }
    w[0] = (uint32_t)kind | flags << 8;
    w[1] = n;
    return w;
}

/* ---- the table ------------------------------------------------------------------------------------------ */

static inline size_t groups_of(uint32_t slot_bits) {
    return (size_t)1 << (slot_bits - GROUP_BITS);
}

static inline size_t first_group(const ir_context *c, uint32_t hash) {
    return (size_t)((uint64_t)hash >> (32 + GROUP_BITS - c->slot_bits));
}

static inline uint64_t tag_of(uint32_t hash) {
    return 0x80 | (hash & 0x7f);
}

/* The bytes of a group that may have this tag (never misses one): their high bits. */
static inline uint64_t tag_hits(uint64_t group, uint32_t hash) {
    uint64_t x = group ^ (tag_of(hash) * EACH_BYTE);
    return (x - EACH_BYTE) & ~x & HIGH_BITS;
}

static inline size_t slot_at(size_t group, uint64_t hits) {
    return group << GROUP_BITS | (size_t)__builtin_ctzll(hits) >> 3;
}

static void put_slot(ir_context *c, struct ir_slot slot) {
    size_t mask = groups_of(c->slot_bits) - 1, group = first_group(c, slot.hash);
    uint64_t free_bytes;
    while (!(free_bytes = ~c->tags[group] & HIGH_BITS))
        group = (group + 1) & mask;
    size_t at = slot_at(group, free_bytes);
    c->slots[at] = slot;
    c->tags[group] |= tag_of(slot.hash) << (at & (GROUP - 1)) * 8;
}

static void free_table(ir_context *c) {
    if (!c->slots)
        return;
    mem_free(c->mem, c->tags, groups_of(c->slot_bits) * sizeof *c->tags);
    mem_huge_free(c->mem, c->slots, ((size_t)1 << c->slot_bits) * sizeof *c->slots);
}

static bool grow_table(ir_context *c, uint32_t bits) {
    if (bits > 32)
        return false;
    uint64_t *tags = mem_alloc_zero(c->mem, groups_of(bits) * sizeof *tags);
    struct ir_slot *slots = mem_huge_realloc(c->mem, NULL, 0, ((size_t)1 << bits) * sizeof *slots);
    if (!tags || !slots) {
        mem_free(c->mem, tags, groups_of(bits) * sizeof *tags);
        mem_huge_free(c->mem, slots, ((size_t)1 << bits) * sizeof *slots);
        return false;
    }
    if (c->slots) { /* nodes are spread over all of it */
        mem_expect_writes(slots, ((size_t)1 << bits) * sizeof *slots);
        mem_expect_writes(tags, groups_of(bits) * sizeof *tags);
    }
    ir_context old = *c;
    c->tags = tags;
    c->slots = slots;
    c->slot_bits = bits;
    for (size_t g = 0; old.slots && g < groups_of(old.slot_bits); g++)
        for (uint64_t used = old.tags[g] & HIGH_BITS; used; used &= used - 1)
            put_slot(c, old.slots[slot_at(g, used)]);
    free_table(&old);
    return true;
}

/* Room for one more node in the table. A small one grows by four: it is gone over again less often. */
static inline bool table_room(ir_context *c) {
    size_t n = (size_t)1 << c->slot_bits;
    return LIKELY(c->n_nodes < n - n / 8) || grow_table(c, c->slot_bits + (c->slot_bits < FOURFOLD_BITS ? 2 : 1));
}

static inline uint32_t hash_words(uint32_t head, const uint32_t *w, uint32_t n) {
    uint64_t h = STR_HASH_B ^ ((uint64_t)n << 32 | head);
    uint32_t i = 0;
    for (; i + 2 <= n; i += 2)
        h = str_mix(h ^ (w[i] | (uint64_t)w[i + 1] << 32), STR_HASH_A);
    if (i < n)
        h = str_mix(h ^ w[i], STR_HASH_A);
    return (uint32_t)(str_mix(h, STR_HASH_B) >> 32);
}

static inline bool same_words(const uint32_t *a, const uint32_t *b, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static ir_node out_of_memory(ir_context *c) {
    c->failed = true;
    return 0;
}

ir_node ir_intern(ir_context *c, ir_kind kind, uint32_t flags, const uint32_t *words, uint32_t n) {
    uint32_t head = (uint32_t)kind | flags << 8;
    uint32_t hash = hash_words(head, words, n);
    size_t mask = groups_of(c->slot_bits) - 1;
    for (size_t group = first_group(c, hash);; group = (group + 1) & mask) {
        uint64_t tags = c->tags[group];
        for (uint64_t hits = tag_hits(tags, hash); hits; hits &= hits - 1) {
            struct ir_slot slot = c->slots[slot_at(group, hits)];
            if (slot.hash != hash)
                continue;
            const uint32_t *w = ir_words(c, slot.id);
            if (w[0] == head && w[1] == n && same_words(w + 2, words, n))
                return slot.id;
        }
        if (LIKELY(~tags & HIGH_BITS))
            break;
    }
    ir_node id;
    uint32_t *w;
    if (n > INT32_MAX || !table_room(c) || !(w = new_node(c, kind, flags, n, &id)))
        return out_of_memory(c);
    if (LIKELY(n <= 4))
        for (uint32_t i = 0; i < n; i++)
            w[2 + i] = words[i];
    else
        memcpy(w + 2, words, n * sizeof *words);
    put_slot(c, (struct ir_slot){id, hash});
    c->n_nodes++;
    return id;
}

void ir_intern_prefetch(const ir_context *c, ir_kind kind, uint32_t flags, const uint32_t *words, uint32_t n) {
    __builtin_prefetch(&c->slots[hash_words((uint32_t)kind | flags << 8, words, n) >> (32 - c->slot_bits)], 1);
}

/* ---- strings -------------------------------------------------------------------------------------------- */

static inline uint32_t hash_string(str s) {
    return (uint32_t)(str_hash(s) >> 32);
}

ir_str ir_string(ir_context *c, str s, bool copy) {
    return ir_string_hashed(c, s, copy, hash_string(s));
}

ir_str ir_string_hashed(ir_context *c, str s, bool copy, uint32_t hash) {
    size_t mask = groups_of(c->slot_bits) - 1;
    for (size_t group = first_group(c, hash);; group = (group + 1) & mask) {
        uint64_t tags = c->tags[group];
        for (uint64_t hits = tag_hits(tags, hash); hits; hits &= hits - 1) {
            struct ir_slot slot = c->slots[slot_at(group, hits)];
            if (slot.hash != hash)
                continue;
            const uint32_t *w = ir_words(c, slot.id);
            if (w[0] == IR_STRING && str_eq(ir_str_of(c, slot.id), s))
                return slot.id;
        }
        if (LIKELY(~tags & HIGH_BITS))
            break;
    }
    const char *p = s.p;
    if (copy || !s.n) {
        const char *bytes = s.n ? ir_context_copy(c, s.p, s.n) : "";
        if (!bytes)
            return 0;
        p = bytes;
    }
    ir_node id;
    uint32_t *w;
    if (!table_room(c) || !(w = new_node(c, IR_STRING, 0, STRING_WORDS, &id)))
        return out_of_memory(c);
    uint64_t n = s.n, address = (uintptr_t)p;
    w[2] = (uint32_t)n;
    w[3] = (uint32_t)(n >> 32);
    w[4] = (uint32_t)address;
    w[5] = (uint32_t)(address >> 32);
    w[2 + NAME_WORD] = 0;
    put_slot(c, (struct ir_slot){id, hash});
    c->n_nodes++;
    return id;
}

uint32_t ir_string_prefetch(const ir_context *c, str s) {
    uint32_t hash = hash_string(s);
    __builtin_prefetch(&c->slots[hash >> (32 - c->slot_bits)], 1);
    return hash;
}

str ir_held_str_of(const ir_context *c, ir_node n) {
    const uint32_t *w = ir_words(c, n);
    switch ((ir_kind)(w[0] & 0xff)) {
    case IR_ATTR_STRING:
    case IR_ATTR_KEYWORD:
    case IR_ATTR_SYMBOL: return (ir_words(c, w[2])[0] & 0xff) == IR_STRING ? ir_str_of(c, w[2]) : STR("");
    default: return STR("");
    }
}

/* ---- op names ------------------------------------------------------------------------------------------- */

static bool grow_names(ir_context *c) {
    uint32_t cap = c->cap_names ? c->cap_names * 2 : FIRST_NAMES;
    if (cap < c->cap_names)
        return false;
    ir_name_info *names = ir_context_alloc(c, (size_t)cap * sizeof *names);
    if (!names)
        return false;
    if (c->n_names)
        memcpy(names, c->names, (size_t)c->n_names * sizeof *names);
    c->names = names;
    c->cap_names = cap;
    return true;
}

ir_name ir_op_name(ir_context *c, str name) {
    ir_str text = ir_string(c, name, true);
    if (!text)
        return 0;
    /* The handle is kept in the string node: nobody but this function looks at that word. */
    uint32_t *w = c->chunks[text >> IR_CHUNK_BITS] + (text & (IR_CHUNK_WORDS - 1));
    if (LIKELY(w[2 + NAME_WORD]))
        return w[2 + NAME_WORD];
    if (c->n_names == c->cap_names && !grow_names(c))
        return out_of_memory(c);
    ir_name n = c->n_names++;
    str bytes = ir_str_of(c, text);
    c->names[n] = (ir_name_info){bytes, c->resolve ? c->resolve(bytes) : 0, text};
    w[2 + NAME_WORD] = n;
    return n;
}

/* ---- owned memory --------------------------------------------------------------------------------------- */

void *ir_context_alloc(ir_context *c, size_t n) {
    void *p = arena_alloc(&c->bytes, n ? n : 1, 8);
    if (!p)
        c->failed = true;
    return p;
}

void *ir_context_copy(ir_context *c, const void *bytes, size_t n) {
    void *p = ir_context_alloc(c, n);
    if (p && n)
        memcpy(p, bytes, n);
    return p;
}

bool ir_context_own(ir_context *c, void *what, void (*release)(void *what)) {
    struct ir_owned *o = ir_context_alloc(c, sizeof *o);
    if (!o)
        return false;
    *o = (struct ir_owned){c->owned, what, release};
    c->owned = o;
    return true;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static void make_common(ir_context *c) {
    c->t_index = ir_intern(c, IR_TYPE_INDEX, 0, NULL, 0);
    c->t_none = ir_intern(c, IR_TYPE_NONE, 0, NULL, 0);
    c->t_i1 = ir_type_integer(c, 1, IR_SIGNLESS);
    c->t_i8 = ir_type_integer(c, 8, IR_SIGNLESS);
    c->t_i32 = ir_type_integer(c, 32, IR_SIGNLESS);
    c->t_i64 = ir_type_integer(c, 64, IR_SIGNLESS);
    c->t_f32 = ir_type_float(c, IR_F32);
    c->t_f64 = ir_type_float(c, IR_F64);
    c->a_unit = ir_intern(c, IR_ATTR_UNIT, 0, NULL, 0);
    c->a_true = ir_attr_int(c, c->t_i1, 1);
    c->a_false = ir_attr_int(c, c->t_i1, 0);
    c->a_empty_dict = ir_intern(c, IR_ATTR_DICT, 0, NULL, 0);
    c->a_empty_array = ir_intern(c, IR_ATTR_ARRAY, 0, NULL, 0);
    c->l_unknown = ir_intern(c, IR_LOC_UNKNOWN, 0, NULL, 0);
}

static void free_context(ir_context *c) {
    for (struct ir_owned *o = c->owned; o; o = o->next)
        o->release(o->what);
    struct mem *m = c->mem;
    if (c->chunks) {
        free_chunks(c);
        mem_free(m, c->chunks, IR_MAX_CHUNKS * sizeof *c->chunks);
    }
    free_table(c);
    arena_free(&c->bytes);
    mem_free(m, c, sizeof *c);
}

ir_context *ir_context_new(struct mem *m, ir_resolve_fn resolve) {
    ir_context *c = mem_alloc_zero(m, sizeof *c);
    if (!c)
        return NULL;
    c->mem = m;
    c->resolve = resolve;
    c->refs = 1;
    arena_init(&c->bytes, m);
    c->chunks = mem_alloc_zero(m, IR_MAX_CHUNKS * sizeof *c->chunks);
    uint32_t *first = c->chunks ? new_chunk(c, 0) : NULL;
    if (!first || !grow_table(c, FIRST_SLOT_BITS) || !grow_names(c)) {
        free_context(c);
        return NULL;
    }
    memset(first, 0, NONE_WORDS * sizeof *first);
    c->used = NONE_WORDS;
    c->names[0] = (ir_name_info){STR(""), 0, 0};
    c->n_names = 1;
    make_common(c);
    if (c->failed) {
        free_context(c);
        return NULL;
    }
    return c;
}

ir_context *ir_context_ref(ir_context *c) {
    c->refs++;
    return c;
}

void ir_context_unref(ir_context *c) {
    if (c && --c->refs == 0)
        free_context(c);
}
