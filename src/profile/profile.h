/* profile.h - measurements that were made elsewhere, as ops with times, memory and accuracy.
 *
 *   file ──profile_read──▶ rows (one per event) ──merged──▶ struct profile: one entry per op, in order of time
 *
 * What is read (perf-artifacts.md has the formats of the vendor's tools):
 *
 *   trace of `tt-explorer run`    Chrome trace JSON, or CSV
 *   any Chrome trace JSON         complete events, and begin/end pairs
 *   ops_perf_results*.csv         of Tracy's post-processing, with the columns of ttrt where they are there
 *   cpp_device_perf_report.csv    of its C++ post-processing
 *   tracy_ops_times.csv           zones of the host
 *   memory_results.json           of ttrt run --memory
 *   golden_results.json           of ttrt run --enable-golden
 *
 * An op is known by the text of its location. Several device ops of one op are added up, devices run side by side (the
 * slowest counts; of collectives the mean, as tt-perf-report does), loops are runs: the median counts. Rows without a
 * location stay by themselves.
 */
#ifndef TTX_PROFILE_PROFILE_H
#define TTX_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

enum profile_format {
    PROFILE_UNKNOWN,
    PROFILE_CHROME,
    PROFILE_RUN_CSV,
    PROFILE_OPS_PERF,
    PROFILE_DEVICE_PERF,
    PROFILE_TRACY_TIMES,
    PROFILE_MEMORY,
    PROFILE_GOLDEN,
    PROFILE_N_FORMATS
};

/* "Chrome trace", "ops_perf_results", ...: for messages. */
extern const char *const profile_format_names[PROFILE_N_FORMATS];

/* Numbers that are not known are NAN. */
struct profile_op {
    str name;          /* "MatmulDeviceOperation", "ttir.add"; of several device ops the first */
    str kernel;        /* "matmul.dnnl", or the other device ops of it */
    str loc;           /* text of its location without loc( ); empty: none */
    uint32_t op, line; /* of a trace of ours: handle and line in the module that ran; 0: none */
    double start_us;   /* since the first one began */
    double us;         /* the median of all loops */
    double least_us, most_us;
    double last_us;              /* in the last loop */
    double read, written, flops; /* bytes, operations */
    double live;                 /* bytes in use when it was done; of memory_results.json per bank of DRAM */
    double pcc, absolute, relative;
    uint32_t rows;    /* how many rows it was made of */
    uint32_t threads; /* or cores; 0: not known */
};

struct profile {
    enum profile_format format;
    VEC(struct profile_op) ops; /* by start, or as in the file */
    uint32_t loops, devices;
    size_t n_rows;          /* that became ops */
    size_t host, signposts; /* rows of the host and signposts of ops_perf_results, which are left out */
    size_t impossible;      /* rows whose times cannot be: left out */
    struct arena arena;     /* of all texts */
    str error;              /* after a failure; .p NULL: out of memory */
};

/* How much of the beginning of a file tells what it is. */
enum { PROFILE_HEAD = 16384 };

/* What the beginning of a file looks like, behind a byte order mark and empty lines; whole files are not needed:
 * PROFILE_HEAD bytes are looked at. */
enum profile_format profile_sniff(str head);

/* Reads a file; the bytes need not outlive the call. False with p->error; free it in any case. */
bool profile_read(struct profile *p, str bytes, struct mem *m);
void profile_free(struct profile *p);

#endif
