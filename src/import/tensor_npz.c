/* The .npz format of NumPy: a zip archive of .npy files, stored or deflated.
 *
 * Read from the central directory at the end, as zip readers do; the 64-bit records are understood because numpy.savez
 * writes every entry with one. (APPNOTE.TXT of PKWARE has the field offsets.)
 */
#include <string.h>
#include <zlib.h>

#include "base/num.h"
#include "import/tensor_inner.h"

static uint64_t get(str s, size_t at, unsigned bytes) {
    uint64_t v = 0;
    if (at + bytes <= s.n)
        memcpy(&v, s.p + at, bytes);
    return v;
}

static void put(struct buf *b, uint64_t v, unsigned bytes) {
    buf_write(b, (const char *)&v, bytes);
}

/* Where the end record begins: the last "PK\5\6" within the largest comment. s.n when there is none. */
static size_t find_end(str s) {
    if (s.n < 22)
        return s.n;
    for (size_t back = 22; back <= s.n && back <= 22 + 65535; back++)
        if (memcmp(s.p + s.n - back, "PK\5\6", 4) == 0)
            return s.n - back;
    return s.n;
}

/* The 64-bit sizes and offset in the extra field of a directory entry, for those that are all ones in 32 bits. */
static void wide_fields(str extra, uint64_t *raw, uint64_t *packed, uint64_t *offset) {
    for (size_t at = 0; at + 4 <= extra.n;) {
        uint64_t id = get(extra, at, 2), n = get(extra, at + 2, 2);
        str field = str_slice(extra, at + 4, at + 4 + n);
        if (id == 1) {
            size_t k = 0;
            uint64_t *wanted[] = {raw, packed, offset};
            for (int i = 0; i < 3; i++)
                if (*wanted[i] == 0xffffffffu && k + 8 <= field.n) {
                    *wanted[i] = get(field, k, 8);
                    k += 8;
                }
        }
        at += 4 + n;
    }
}

/* Inflates `packed` into a tensor of raw bytes that owns them. */
static bool inflate_entry(struct tensor *to, str packed, uint64_t raw, struct mem *m) {
    int64_t n = (int64_t)raw;
    /* Deflate gains at most a factor of 1032. */
    if (raw / 1040 > packed.n || !tensor_new(to, m, TENSOR_U8, &n, 1))
        return false;
    z_stream z = {0};
    if (inflateInit2(&z, -15) != Z_OK) {
        tensor_free(to);
        return false;
    }
    /* avail_* have 32 bits. */
    size_t in = 0, out = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        size_t give = packed.n - in < 1u << 30 ? packed.n - in : 1u << 30;
        size_t room = raw - out < 1u << 30 ? raw - out : 1u << 30;
        z.next_in = (Bytef *)(uintptr_t)(packed.p + in);
        z.avail_in = (uInt)give;
        z.next_out = (Bytef *)to->data + out;
        z.avail_out = (uInt)room;
        status = inflate(&z, Z_NO_FLUSH);
        in += give - z.avail_in;
        out += room - z.avail_out;
        if (status == Z_OK && z.avail_in == give && z.avail_out == room)
            break;
    }
    inflateEnd(&z);
    if (status == Z_STREAM_END && out == raw)
        return true;
    tensor_free(to);
    return false;
}

bool tensor_read_npz(struct tensor_file *f, str s, struct arena *a, struct mem *m) {
    size_t end = find_end(s);
    if (end == s.n)
        return tensor_error(&f->error, a, "the archive has no directory");
    uint64_t count = get(s, end + 10, 2), at = get(s, end + 16, 4);
    if (end >= 20 && memcmp(s.p + end - 20, "PK\6\7", 4) == 0) {
        uint64_t wide = get(s, end - 20 + 8, 8);
        if (wide < s.n && s.n - wide >= 56 && memcmp(s.p + wide, "PK\6\6", 4) == 0) {
            count = get(s, wide + 32, 8);
            at = get(s, wide + 48, 8);
        }
    }
    if (count > s.n / 46)
        return tensor_error(&f->error, a, "the archive's directory is damaged");
    f->entries = ARENA_ARRAY(a, struct tensor_entry, count ? count : 1);
    if (!f->entries)
        return tensor_error(&f->error, a, "out of memory");
    for (uint64_t i = 0; i < count; i++) {
        if (at > s.n || s.n - at < 46 || memcmp(s.p + at, "PK\1\2", 4) != 0)
            return tensor_error(&f->error, a, "the archive's directory is damaged");
        uint64_t method = get(s, at + 10, 2), packed = get(s, at + 20, 4), raw = get(s, at + 24, 4);
        uint64_t name_n = get(s, at + 28, 2), extra_n = get(s, at + 30, 2), note_n = get(s, at + 32, 2);
        uint64_t offset = get(s, at + 42, 4);
        str name = str_slice(s, at + 46, at + 46 + name_n);
        wide_fields(str_slice(s, at + 46 + name_n, at + 46 + name_n + extra_n), &raw, &packed, &offset);
        at += 46 + name_n + extra_n + note_n;
        if (offset > s.n || s.n - offset < 30 || memcmp(s.p + offset, "PK\3\4", 4) != 0)
            return tensor_error(&f->error, a, "'%.*s': the archive is damaged", STR_ARG(name));
        uint64_t begin = offset + 30 + get(s, offset + 26, 2) + get(s, offset + 28, 2);
        if (begin > s.n || packed > s.n - begin)
            return tensor_error(&f->error, a, "'%.*s': the archive ends early", STR_ARG(name));
        if (!str_ends_with(name, STR(".npy")))
            continue;
        str bytes = str_slice(s, begin, begin + packed), why = {0};
        struct tensor_entry *e = &f->entries[f->n];
        e->name = str_slice(name, 0, name.n - 4);
        struct tensor unpacked = {0};
        if (method == 8) {
            if (!inflate_entry(&unpacked, bytes, raw, m))
                return tensor_error(&f->error, a, "'%.*s' cannot be unpacked", STR_ARG(name));
            bytes = str_of(unpacked.data, raw);
        } else if (method != 0) {
            return tensor_error(&f->error, a, "'%.*s' is compressed in a way that is not known (%u)", STR_ARG(name),
                                (unsigned)method);
        }
        bool ok = tensor_read_npy(&e->tensor, bytes, a, m, &why);
        if (ok && unpacked.mem && !e->tensor.mem) {
            /* It looks into what goes away. */
            struct tensor own;
            ok = tensor_new(&own, m, e->tensor.dtype, e->tensor.dims, e->tensor.rank);
            if (ok && tensor_bytes(&own))
                memcpy(own.data, e->tensor.data, tensor_bytes(&own));
            if (ok)
                e->tensor = own;
            else
                why = STR("out of memory");
        }
        tensor_free(&unpacked);
        if (!ok)
            return tensor_error(&f->error, a, "'%.*s': %.*s", STR_ARG(name), STR_ARG(why));
        f->n++;
    }
    return true;
}

/* One entry of the directory to be. */
struct member {
    uint64_t offset, size;
    uint32_t crc;
};

static uint32_t crc_of(str s, uint32_t crc) {
    for (size_t at = 0; at < s.n;) {
        size_t n = s.n - at < 1u << 30 ? s.n - at : 1u << 30;
        crc = (uint32_t)crc32(crc, (const Bytef *)s.p + at, (uInt)n);
        at += n;
    }
    return crc;
}

/* What a local header and a directory entry have in common. Sizes always stand in the 64-bit field. */
static void put_common(struct buf *b, const struct member *e, str name, uint64_t extra) {
    put(b, 45, 2);         /* version needed */
    put(b, 0, 2);          /* flags */
    put(b, 0, 2);          /* stored */
    put(b, 0x00210000, 4); /* 1 January 1980: the same bytes every time */
    put(b, e->crc, 4);
    put(b, 0xffffffffu, 4);
    put(b, 0xffffffffu, 4);
    put(b, name.n + 4, 2);
    put(b, extra, 2);
}

bool tensor_write_npz(const struct tensor_entry *entries, size_t n, struct buf *out, struct mem *m) {
    struct member *members = mem_alloc_zero(m, (n ? n : 1) * sizeof *members);
    if (!members) {
        out->failed = true;
        return false;
    }
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        str name = entries[i].name;
        const struct tensor *t = &entries[i].tensor;
        struct buf header;
        buf_init(&header, m);
        str elements = str_of(t->data, tensor_bytes(t));
        tensor_write_npy(t, &header);
        size_t header_n = header.n - elements.n;
        members[i] = (struct member){at, header.n, crc_of(buf_str(&header), 0)};
        buf_write(out, "PK\3\4", 4);
        put_common(out, &members[i], name, 20);
        buf_put_str(out, name);
        buf_lit(out, ".npy");
        put(out, 1, 2);
        put(out, 16, 2);
        put(out, members[i].size, 8);
        put(out, members[i].size, 8);
        buf_write(out, header.p, header_n);
        buf_put_str(out, elements);
        at += 30 + name.n + 4 + 20 + members[i].size;
        out->failed |= header.failed;
        buf_free(&header);
    }
    uint64_t directory = at;
    for (size_t i = 0; i < n; i++) {
        str name = entries[i].name;
        buf_write(out, "PK\1\2", 4);
        put(out, 45, 2);
        put_common(out, &members[i], name, 28);
        put(out, 0, 8); /* no comment, disk 0, no attributes */
        put(out, 0, 2);
        put(out, 0xffffffffu, 4);
        buf_put_str(out, name);
        buf_lit(out, ".npy");
        put(out, 1, 2);
        put(out, 24, 2);
        put(out, members[i].size, 8);
        put(out, members[i].size, 8);
        put(out, members[i].offset, 8);
        at += 46 + name.n + 4 + 28;
    }
    buf_write(out, "PK\6\6", 4);
    put(out, 44, 8);
    put(out, 45, 2);
    put(out, 45, 2);
    put(out, 0, 8);
    put(out, n, 8);
    put(out, n, 8);
    put(out, at - directory, 8);
    put(out, directory, 8);
    buf_write(out, "PK\6\7", 4);
    put(out, 0, 4);
    put(out, at, 8);
    put(out, 1, 4);
    buf_write(out, "PK\5\6", 4);
    put(out, 0, 4);
    put(out, n < 0xffff ? n : 0xffff, 2);
    put(out, n < 0xffff ? n : 0xffff, 2);
    put(out, 0xffffffffu, 4);
    put(out, 0xffffffffu, 4);
    put(out, 0, 2);
    mem_free(m, members, (n ? n : 1) * sizeof *members);
    return !out->failed;
}
