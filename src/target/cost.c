/* cost.c - the cost model without an IR: work and a device give a time.
 *
 * Shape of the model (device-model.md, sections 2 to 4):
 *
 *   compute   tiles of the busiest core x cycles a tile, or tile products x 16 cycles x fidelity phases / efficiency
 *   DRAM      bytes / bandwidth that many readers reach together
 *   NoC       a reader fetches interleaved tiles one after the other, so each costs a latency; readers and writers are two
 *             processors and run side by side; a sharded tensor is read in place
 *   dispatch  the least time of a kernel
 *   time      the largest of the first three + dispatch
 *
 * Constants marked (fit) come from the measured rows of ops_perf_results and the matmul sweeps; tests/target/test_cost.c
 * prints what they leave. The rest is from device-model.md with the section given.
 */
#include "target/cost.h"

#include <math.h>

const str cost_bound_names[COST_N_BOUNDS] = {[COST_COMPUTE] = STR_INIT("compute"),
                                             [COST_DRAM] = STR_INIT("dram"),
                                             [COST_NOC] = STR_INIT("l1"),
                                             [COST_DISPATCH] = STR_INIT("dispatch"),
                                             [COST_ETHERNET] = STR_INIT("ethernet")};

typedef struct machine {
    double ghz;      /* section 1 */
    double dram_gbs; /* many readers of interleaved tensors: section 4 (BH 67 % of 512; WH 91 % of 288) */
    double read_dram, read_l1, write_dram, write_l1; /* cycles a tile of 2 KB, one reader (fit) */
    double block_read, block_next; /* the same for the first and for each further tile of a matmul's block (fit) */
    double kernel_ns;              /* the least kernel: section 5 */
    double tile_cycles;            /* unpack, math and pack of the lightest tile (fit) */
    double efficiency;           /* of the matmul peak that ordinary programs reach: 52 to 57 % and 82 to 89 % (fit) */
    double ethernet_gbs, hop_ns; /* section 4 */
} machine;

static const machine wormhole = {1.0, 262, 600, 320, 560, 520, 400, 250, 1400, 80, 0.65, 12.0, 711};
static const machine blackhole = {1.35, 344, 700, 350, 600, 420, 750, 120, 600, 78, 0.8, 48.0, 515};

enum {
    CYCLES_PER_PHASE = 16, /* of a 32x32x32 tile product: section 2 */
    ROW_CYCLES = 2500,     /* start of a row in a row-wise kernel (fit) */
    RETILE_IN_PLACE = 260, /* a tile into rows or back on the core where it lies (fit) */
    GATHER_CYCLES = 60,    /* to gather and tilize a tile of an image for a convolution (fit) */
};
static const double conv_efficiency = 0.6; /* of the matmul peak, in convolutions (fit) */
static const double row_reads = 0.5;       /* of the latency of single reads, in row-wise kernels (fit) */
static const double move_kernel = 0.3;     /* of the least kernel, when there is no math in it (fit) */

static const machine *machine_of(const target_device *d) {
    return d->arch == TARGET_BLACKHOLE ? &blackhole : &wormhole;
}

static bool in_place(const cost_tensor *t) {
    return t->buffer == TTNN_L1 && ttnn_is_sharded(t->memory);
}

/* A tile's latency grows a little with its bytes. */
static double by_size(const cost_tensor *t) {
    double bytes = t->tiles > 0 ? (double)t->bytes / t->tiles : 2048;
    return 0.75 + bytes / 8192;
}

static double read_cycles(const machine *k, const cost_tensor *t) {
    return in_place(t) ? 0 : (t->buffer == TTNN_L1 ? k->read_l1 : k->read_dram) * by_size(t);
}

static double write_cycles(const machine *k, const cost_tensor *t) {
    return in_place(t) ? 0 : (t->buffer == TTNN_L1 ? k->write_l1 : k->write_dram) * by_size(t);
}

static void count_bytes(cost *c, const cost_work *w) {
    for (uint32_t i = 0; i <= w->n_in; i++) {
        const cost_tensor *t = i < w->n_in ? &w->in[i] : &w->out;
        if (t->buffer == TTNN_DRAM)
            c->dram_bytes += t->bytes;
        if (!in_place(t))
            c->noc_bytes += t->bytes;
    }
}

/* Tiles of the busiest core when `units` equal pieces of `tiles` go over the cores. */
static double busiest(double tiles, double units, int64_t cores, int64_t *used) {
    if (units < 1)
        units = 1;
    *used = units < (double)cores ? (int64_t)units : cores;
    return ceil(units / (double)*used) * (tiles / units);
}

/* Cores that may work: the device's, or those that a sharded tensor lies on. */
static int64_t cores_for(const target_device *d, const cost_work *w) {
    int64_t cores = w->cores ? w->cores : target_n_cores(d);
    if (w->kind == COST_MATMUL || w->kind == COST_CONV)
        return in_place(&w->out) && w->out.cores ? w->out.cores : cores;
    for (uint32_t i = 0; i <= w->n_in; i++) {
        const cost_tensor *t = i < w->n_in ? &w->in[i] : &w->out;
        if (in_place(t) && t->cores && t->cores < cores)
            cores = t->cores;
    }
    return cores > 0 ? cores : 1;
}

static void tiles_cost(const target_device *d, const machine *k, const cost_work *w, cost *c) {
    int64_t cores = cores_for(d, w);
    double tiles = w->out.tiles; /* a slice reads what it keeps, a concat a part from each */
    for (uint32_t i = 0; i < w->n_in; i++)
        if (w->kind == COST_ROWWISE && w->in[i].tiles > tiles)
            tiles = w->in[i].tiles;
    double units = w->kind == COST_ROWWISE && w->rows >= 1 ? w->rows : tiles;
    double mine = busiest(tiles, units, cores, &c->cores), share = tiles > 0 ? mine / tiles : 0;
    double weight =
        w->weight == COST_RETILE && w->n_in && in_place(&w->in[0]) && in_place(&w->out) ? RETILE_IN_PLACE : w->weight;
    double cycles = mine * (weight > k->tile_cycles ? weight : k->tile_cycles);
    if (w->kind == COST_ROWWISE)
        cycles += ceil(units / (double)c->cores) * ROW_CYCLES;
    double reads = 0, writes = share * w->out.tiles * write_cycles(k, &w->out);
    for (uint32_t i = 0; i < w->n_in; i++)
        reads += share * (w->in[i].tiles < tiles ? w->in[i].tiles : tiles) * read_cycles(k, &w->in[i]);
    if (w->kind == COST_ROWWISE)
        reads *= row_reads; /* a block at a time */
    c->ns[COST_COMPUTE] = cycles / k->ghz;
    c->ns[COST_NOC] = (reads > writes ? reads : writes) / k->ghz;
    c->flops = w->kind == COST_MOVE ? 0 : tiles * 1024;
}

static double in_tiles(double elements) {
    return ceil(elements / TARGET_TILE);
}

/* The output is cut over the cores as the vendor's programs do it: in two dimensions when there is enough of both, else in
 * the one there is more of; a sharded result says it itself. */
static void cut(const target_device *d, const cost_work *w, double mt, double nt, int64_t cores, double *per_m,
                double *per_n, int64_t *used) {
    double rows = (double)d->worker_grid[0], cols = (double)d->worker_grid[1];
    if (in_place(&w->out)) {
        double c = (double)(w->out.cores ? w->out.cores : 1);
        *used = (int64_t)c;
        if (w->out.memory == TTNN_HEIGHT_SHARDED || w->out.memory == TTNN_WIDTH_SHARDED) {
            bool height = w->out.memory == TTNN_HEIGHT_SHARDED;
            *per_m = height ? ceil(mt / c) : mt;
            *per_n = height ? nt : ceil(nt / c);
            return;
        }
        /* a block: as near to square as the device is */
        rows = c < rows ? 1 : floor(sqrt(c * rows / cols) + 0.5);
        cols = ceil(c / rows);
    } else if ((double)cores < rows * cols) {
        rows = floor(sqrt((double)cores * rows / cols) + 0.5);
        rows = rows < 1 ? 1 : rows;
        cols = floor((double)cores / rows);
    }
    if (mt < rows && nt > mt) { /* few rows: columns over all cores */
        *per_m = mt;
        *per_n = ceil(nt / (rows * cols));
    } else if (nt < cols && mt > nt) {
        *per_m = ceil(mt / (rows * cols));
        *per_n = nt;
    } else {
        *per_m = ceil(mt / rows);
        *per_n = ceil(nt / cols);
    }
    *used = (int64_t)(ceil(mt / *per_m) * ceil(nt / *per_n));
}

/* Cycles to read `across` tiles for each of kt steps. */
static double block_cycles(const machine *k, const cost_tensor *t, double across, double kt) {
    return in_place(t) ? 0 : kt * (k->block_read + (across - 1) * k->block_next) * by_size(t);
}

static void matmul_cost(const target_device *d, const machine *k, const cost_work *w, cost *c) {
    double mt = in_tiles(w->m), nt = in_tiles(w->n), kt = in_tiles(w->k), batch = w->batch < 1 ? 1 : w->batch;
    int64_t cores = cores_for(d, w);
    double per_m, per_n, rounds = 1;
    if (batch > 1) { /* rows of all the batch over the cores, weights read for each */
        double rows = batch * mt;
        c->cores = rows < (double)cores ? (int64_t)rows : cores;
        per_m = 1;
        per_n = nt;
        rounds = ceil(rows / (double)c->cores);
    } else {
        cut(d, w, mt, nt, cores, &per_m, &per_n, &c->cores);
    }
    double phases = (double)(w->fidelity ? w->fidelity : COST_HIFI4);
    double math = rounds * per_m * per_n * kt * CYCLES_PER_PHASE * phases /
                  (w->kind == COST_CONV ? conv_efficiency : k->efficiency);
    if (w->kind == COST_CONV)
        math += rounds * per_m * kt * GATHER_CYCLES;
    c->ns[COST_COMPUTE] = math / k->ghz;
    double left = block_cycles(k, &w->in[0], per_m, kt), right = block_cycles(k, &w->in[1], per_n, kt);
    double writes = per_m * per_n * write_cycles(k, &w->out);
    double reads = left > right && w->kind != COST_CONV ? left : right; /* of a convolution the image is in L1 */
    c->ns[COST_NOC] = rounds * (reads > writes ? reads : writes) / k->ghz;
    c->flops = 2 * w->m * w->n * w->k * batch;
}

cost cost_of_work(const target_device *d, const cost_work *w) {
    const machine *k = machine_of(d);
    cost c = {.known = true, .cores = 1};
    if (w->kind == COST_NOTHING)
        return c;
    count_bytes(&c, w);
    c.ns[COST_DISPATCH] = k->kernel_ns * (w->kind == COST_MOVE && w->weight <= 0 ? move_kernel : 1);
    c.ns[COST_DRAM] = (double)c.dram_bytes / k->dram_gbs;
    if (w->kind == COST_MATMUL || w->kind == COST_CONV)
        matmul_cost(d, k, w, &c);
    else if (w->kind == COST_SEND)
        c.ns[COST_ETHERNET] = (double)w->out.bytes / k->ethernet_gbs + w->hops * k->hop_ns;
    else
        tiles_cost(d, k, w, &c);
    c.bound = COST_DISPATCH;
    double most = 0;
    for (int i = 0; i < COST_N_BOUNDS; i++) {
        if (i != COST_DISPATCH && c.ns[i] > most) {
            most = c.ns[i];
            if (most > c.ns[COST_DISPATCH])
                c.bound = (cost_bound)i;
        }
    }
    c.total_ns = most + c.ns[COST_DISPATCH];
    return c;
}
