/* inner.h - what the readers share; internal to the room. */
#ifndef TTX_PROFILE_INNER_H
#define TTX_PROFILE_INNER_H

#include <math.h>

#include "profile/profile.h"

/* One event. Numbers that are not known are NAN; texts live in the profile's arena. */
struct profile_row {
    struct profile_op op; /* start_us, us and what else the file says; least, most and last are filled by merging */
    uint32_t device, loop;
    double gap_us;  /* since the op before on the device */
    double host_us; /* when the host began it: decides the order */
};

struct profile_rows {
    VEC(struct profile_row) list;
    bool sorted;      /* rows are in order of time */
    bool consecutive; /* device rows that only know their durations and gaps: they follow each other */
};

/* All numbers unknown. */
struct profile_row profile_row_new(void);
/* Fails with a sentence; gives false. */
bool profile_fail(struct profile *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The text of a location without loc( ), or empty for what is unknown. A slice. */
str profile_loc(str text);

/* The readers: p->format is set. False with the error set. */
bool profile_read_csv(struct profile *p, str bytes, struct profile_rows *rows);
bool profile_read_chrome(struct profile *p, str bytes, struct profile_rows *rows);
bool profile_read_results(struct profile *p, str bytes, struct profile_rows *rows);

/* The format that a header line of CSV belongs to. */
enum profile_format profile_csv_format(str header);

/* Rows into ops. False when memory ran out. */
bool profile_merge(struct profile *p, struct profile_rows *rows);

#endif
