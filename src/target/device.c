/* device.c - from a system to the device that a module is compiled for. */
#include "target/device.h"

static bool fits(const target_system *s, const int64_t *mesh, uint32_t rank, uint32_t *n, struct diags *d) {
    int64_t volume = 1;
    if (rank > TARGET_MAX_MESH) {
        diag_add(d, DIAG_ERROR, NULL, 0, 0, "a mesh has at most %d dimensions", TARGET_MAX_MESH);
        return false;
    }
    for (uint32_t i = 0; i < rank; i++) {
        if (mesh[i] <= 0 || __builtin_mul_overflow(volume, mesh[i], &volume) || volume > TARGET_MAX_CHIPS) {
            diag_add(d, DIAG_ERROR, NULL, 0, 0,
                     "the mesh shape is impossible: every dimension must be at least 1 and "
                     "there are at most %d chips",
                     TARGET_MAX_CHIPS);
            return false;
        }
    }
    if (volume > s->n_devices) {
        diag_add(d, DIAG_ERROR, NULL, 0, 0, "the mesh needs %lld chips, the system descriptor has %u",
                 (long long)volume, s->n_devices);
        return false;
    }
    *n = (uint32_t)volume;
    return true;
}

bool target_device_make(const target_system *s, const int64_t *mesh, uint32_t rank, const uint8_t *topology,
                        target_device *out, struct diags *d) {
    uint32_t n;
    if (!fits(s, mesh, rank, &n, d))
        return false;
    const target_chip *first = &s->chips[s->chip_of[0]];
    *out = (target_device){.arch = first->arch,
                           .worker_grid = {first->grid[0], first->grid[1]},
                           .dram_grid = {first->dram_grid[0], first->dram_grid[1]},
                           .n_dram_channels = first->n_dram_channels,
                           .l1_size = first->l1_size,
                           .l1_unreserved_base = first->l1_unreserved_base,
                           .noc_l1_align = first->noc_l1_align,
                           .noc_dram_align = first->noc_dram_align,
                           .dst_tiles = first->dst_tiles,
                           .n_cbs = first->n_cbs,
                           .mesh_rank = rank,
                           .n_chips = n,
                           .has_topology = topology != NULL};
    if (!out->dram_grid[0] || !out->dram_grid[1]) { /* older descriptors: one row of all channels */
        out->dram_grid[0] = 1;
        out->dram_grid[1] = first->n_dram_channels;
    }
    uint64_t bank = first->dram_unreserved_end > first->dram_unreserved_base
                        ? first->dram_unreserved_end - first->dram_unreserved_base
                        : 0;
    out->dram_bytes = bank * first->n_dram_channels;
    for (uint32_t i = 0; i < rank; i++) {
        out->mesh[i] = mesh[i];
        out->topology[i] = topology ? topology[i] : TARGET_DISABLED;
    }
    for (uint32_t i = 0; i < n; i++) { /* a chip with more harvested rows limits them all */
        const target_chip *chip = &s->chips[s->chip_of[i]];
        for (int k = 0; k < 2; k++)
            if (chip->grid[k] < out->worker_grid[k])
                out->worker_grid[k] = chip->grid[k];
    }
    if (out->worker_grid[0] <= 0 || out->worker_grid[1] <= 0 || !out->n_dram_channels) {
        diag_add(d, DIAG_ERROR, NULL, 0, 0, "the system descriptor has a chip without worker cores or DRAM");
        return false;
    }
    return true;
}

uint64_t target_l1_budget(const target_device *d, double cap, uint64_t const_eval_usage) {
    if (d->l1_size <= d->l1_unreserved_base || !(cap > 0))
        return 0;
    double usable = cap * (d->l1_size - d->l1_unreserved_base);
    uint64_t whole = usable < 1e18 ? (uint64_t)usable : (uint64_t)1e18;
    return whole > const_eval_usage ? whole - const_eval_usage : 0;
}
