/* static.h - the pages: built in, or somebody's folder. */
#ifndef TTX_SERVER_STATIC_H
#define TTX_SERVER_STATIC_H

#include "server/server.h"

/* A file that is part of the program (made by tools/embed.py). */
struct static_file {
    const char *path; /* "/index.html" */
    const char *type;
    const char *etag;
    const unsigned char *data; /* gzip */
    size_t n;                  /* bytes of it */
    size_t n_plain;            /* bytes when unpacked */
    bool lasting;              /* its name changes with its content */
};
extern const struct static_file static_files[];
extern const size_t n_static_files;

/* The route of last resort: GET of a file. Stands last in the list of route sets. */
extern const struct server_routes static_routes;

/* The Content-Security-Policy of pages: strict for ours; for a folder of today's Model Explorer, which loads its fonts and
 * its editor from elsewhere, what that needs. Pages of this machine and of --cors_host may hold it in a frame. False when it does
 * not fit. */
bool static_policy(const struct server_options *o, char *out, size_t size);

#endif
