/* mhd.h - libmicrohttpd, loaded when a server starts and not with the program.
 *
 * Its TLS library and what that needs take longer to load than `tt-explorer check` takes for most files, and only
 * `serve` needs them. So the program is not linked with it: mhd_load finds the functions by name.
 */
#ifndef SERVER_MHD_H
#define SERVER_MHD_H

#include <microhttpd.h>
#include <stdbool.h>

#define MHD_FUNCTIONS(F)                   \
    F(add_response_header)                 \
    F(create_response_from_buffer)         \
    F(create_response_from_callback)       \
    F(create_response_from_fd_at_offset64) \
    F(destroy_response)                    \
    F(get_connection_info)                 \
    F(lookup_connection_value_n)           \
    F(queue_response)                      \
    F(resume_connection)                   \
    F(start_daemon)                        \
    F(stop_daemon)                         \
    F(suspend_connection)

/* MHD_start_daemon and the others, by their names without "MHD_". NULL before mhd_load. */
#define MHD_MEMBER(name) __typeof__(&MHD_##name) name;
extern struct mhd_functions { MHD_FUNCTIONS(MHD_MEMBER) } mhd;
#undef MHD_MEMBER

/* Loads the library if it is not loaded yet; it stays for the life of the process. Call it before threads are
 * started. False, and *why a sentence with the cure that lives until the next dlopen, when it is not there or has
 * not all functions. */
bool mhd_load(const char **why);

#endif
