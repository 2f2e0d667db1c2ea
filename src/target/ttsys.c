/* ttsys.c - system descriptors as files: a size-prefixed flatbuffer "TTSY" (ttnn-flatbuffer.md, "Common/types.fbs").
 *
 *   SystemDescRoot: 0 version, 1 schema hash, 2 git hash, 3 product, 4 system_desc
 *
 * Versions: fields are only ever appended, so an older file lacks the last ones: before 2026-05 the DRAM grid and the
 * workers next to the banks. The grid is then one row of all channels (target_device_make), the workers are unknown.
 * Files before 2025-03 have another table of a chip (physical core lists in the middle): they are refused and say so.
 * The schema hash is not compared: it also changes when nothing in these tables does.
 */

#include "base/flatbuf.h"
#include "target/device.h"
#include "target/system_read.h"

enum { DIM_BYTES = 8 }; /* struct Dim2d: y, x as i32 */

struct reader {
    struct flatbuf f;
    struct arena *a;
    struct diags *d;
    bool failed;
};

static bool fail(struct reader *r, const char *what) {
    if (!r->failed)
        diag_add(r->d, DIAG_ERROR, NULL, 0, 0, "system descriptor: %s", what);
    r->failed = true;
    return false;
}

static void read_dim(struct reader *r, uint32_t table, uint32_t id, int64_t out[2]) {
    uint32_t at = flatbuf_field(&r->f, table, id);
    out[0] = at ? (int32_t)flatbuf_u32(&r->f, at) : 0;
    out[1] = at ? (int32_t)flatbuf_u32(&r->f, at + 4) : 0;
}

static const uint32_t (*read_dims(struct reader *r, uint32_t table, uint32_t id, uint32_t *n))[2] {
    uint32_t at = flatbuf_vector(&r->f, table, id, DIM_BYTES, n);
    uint32_t(*out)[2] = target_system_room(r->a, *n, sizeof *out, r->d, &r->failed);
    for (uint32_t i = 0; out && i < *n; i++) {
        out[i][0] = flatbuf_u32(&r->f, at + i * DIM_BYTES);
        out[i][1] = flatbuf_u32(&r->f, at + i * DIM_BYTES + 4);
    }
    return (const uint32_t(*)[2])out;
}

static void read_chip(struct reader *r, uint32_t t, target_chip *k) {
    static const struct {
        uint8_t id;
        bool wide; /* u64 in the file */
        uint16_t offset;
    } numbers[] = {
        {3, true, offsetof(target_chip, l1_size)},
        {4, false, offsetof(target_chip, n_dram_channels)},
        {5, true, offsetof(target_chip, dram_channel_size)},
        {6, false, offsetof(target_chip, noc_l1_align)},
        {7, false, offsetof(target_chip, pcie_align)},
        {8, false, offsetof(target_chip, noc_dram_align)},
        {9, false, offsetof(target_chip, l1_unreserved_base)},
        {10, false, offsetof(target_chip, erisc_l1_unreserved_base)},
        {11, false, offsetof(target_chip, dram_unreserved_base)},
        {12, false, offsetof(target_chip, dram_unreserved_end)},
        {15, false, offsetof(target_chip, dst_tiles)},
        {16, false, offsetof(target_chip, n_cbs)},
        {17, false, offsetof(target_chip, n_compute_threads)},
        {18, false, offsetof(target_chip, n_datamovement_threads)},
    };
    uint32_t at = flatbuf_field(&r->f, t, 0), arch = at ? flatbuf_u32(&r->f, at) : 0;
    if (arch > 2)
        fail(r, "unknown architecture");
    k->arch = (target_arch)(arch + 1); /* the file counts from 0 */
    read_dim(r, t, 1, k->grid);
    read_dim(r, t, 2, k->coord_offset);
    read_dim(r, t, 19, k->dram_grid);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        at = flatbuf_field(&r->f, t, numbers[i].id);
        uint64_t v = !at ? 0 : numbers[i].wide ? flatbuf_u64(&r->f, at) : flatbuf_u32(&r->f, at);
        if (v > UINT32_MAX)
            fail(r, "a size of memory is beyond 4 GiB");
        *(uint32_t *)(void *)((char *)k + numbers[i].offset) = (uint32_t)v;
    }
    at = flatbuf_vector(&r->f, t, 13, 2, &k->n_dtypes);
    uint8_t *dtypes = target_system_room(r->a, k->n_dtypes, 1, r->d, &r->failed);
    for (uint32_t i = 0; dtypes && i < k->n_dtypes; i++) {
        uint32_t v = flatbuf_u16(&r->f, at + 2 * i);
        if (v > DTYPE_SI32)
            fail(r, "unknown data type");
        else
            dtypes[i] = (uint8_t)v;
    }
    k->dtypes = dtypes;
    k->tile_sizes = read_dims(r, t, 14, &k->n_tile_sizes);
    k->dram_worker[0] = read_dims(r, t, 20, &k->n_dram_worker[0]);
    k->dram_worker[1] = read_dims(r, t, 21, &k->n_dram_worker[1]);
    if (!r->failed && (k->grid[0] <= 0 || k->grid[1] <= 0 || k->l1_size <= k->l1_unreserved_base))
        fail(r, "a chip has no worker grid or no L1: the file is of another version");
}

static const uint32_t *read_words(struct reader *r, uint32_t table, uint32_t id, uint32_t *n) {
    uint32_t at = flatbuf_vector(&r->f, table, id, 4, n),
             *out = target_system_room(r->a, *n, sizeof *out, r->d, &r->failed);
    for (uint32_t i = 0; out && i < *n; i++)
        out[i] = flatbuf_u32(&r->f, at + 4 * i);
    return out;
}

bool target_system_read_ttsys(struct arena *a, str bytes, target_system *out, struct diags *d) {
    struct reader r = {.a = a, .d = d};
    uint32_t root;
    *out = (target_system){0};
    if (!flatbuf_open(&r.f, bytes, "TTSY", true, &root))
        return fail(&r, "this is no .ttsys file (or it is cut off)");
    uint32_t t = flatbuf_table(&r.f, root, 4);
    if (!t)
        return fail(&r, "the file has none of today's form: it is of a version before March 2025");
    uint32_t at = flatbuf_vector(&r.f, t, 0, 4, &out->n_cpus);
    target_cpu *cpus = target_system_room(r.a, out->n_cpus, sizeof *cpus, r.d, &r.failed);
    for (uint32_t i = 0; cpus && i < out->n_cpus; i++) {
        uint32_t cpu = flatbuf_follow(&r.f, at + 4 * i), role = flatbuf_field(&r.f, cpu, 0);
        cpus[i].device = role && flatbuf_u8(&r.f, role);
        cpus[i].triple = arena_str(a, flatbuf_string(&r.f, cpu, 1));
    }
    at = flatbuf_vector(&r.f, t, 1, 4, &out->n_chips);
    target_chip *chips = target_system_room(r.a, out->n_chips, sizeof *chips, r.d, &r.failed);
    for (uint32_t i = 0; chips && i < out->n_chips && !r.failed; i++)
        read_chip(&r, flatbuf_follow(&r.f, at + 4 * i), &chips[i]);
    out->chip_of = read_words(&r, t, 2, &out->n_devices);
    out->capabilities = read_words(&r, t, 3, &out->n_capabilities);
    at = flatbuf_vector(&r.f, t, 4, 16, &out->n_coords);
    uint32_t(*coords)[4] = target_system_room(r.a, out->n_coords, sizeof *coords, r.d, &r.failed);
    for (uint32_t i = 0; coords && i < 4 * out->n_coords; i++)
        coords[i / 4][i % 4] = flatbuf_u32(&r.f, at + 4 * i);
    enum { CHANNEL_BYTES = 24 };
    at = flatbuf_vector(&r.f, t, 5, CHANNEL_BYTES, &out->n_channels);
    target_channel *channels = target_system_room(r.a, out->n_channels, sizeof *channels, r.d, &r.failed);
    for (uint32_t i = 0; channels && i < out->n_channels; i++)
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t end = at + i * CHANNEL_BYTES + k * 12;
            channels[i].chip[k] = flatbuf_u32(&r.f, end);
            channels[i].core[k][0] = (int32_t)flatbuf_u32(&r.f, end + 4);
            channels[i].core[k][1] = (int32_t)flatbuf_u32(&r.f, end + 8);
        }
    out->cpus = cpus;
    out->chips = chips;
    out->coords = (const uint32_t(*)[4])coords;
    out->channels = channels;
    if (r.f.bad)
        fail(&r, "the file is damaged: something points outside of it");
    for (uint32_t i = 0; out->chip_of && i < out->n_devices; i++)
        if (out->chip_of[i] >= out->n_chips)
            fail(&r, "a chip index is out of range");
    if (out->n_devices > TARGET_MAX_CHIPS)
        fail(&r, "it has too many chips");
    if (!r.failed && !out->n_devices)
        fail(&r, "it has no chip");
    return !r.failed;
}
