/* security.h - who may ask, and for which files.
 *
 * Loopback without a token: only requests whose Host is a loopback name are answered (DNS rebinding), and requests that
 * a page of another origin sent are refused (CSRF). With a token: it must come in the cookie, the Authorization header
 * or once as ?token=. Files named by clients must lie, after all links are followed, below one of the roots.
 */
#ifndef TTX_SERVER_SECURITY_H
#define TTX_SERVER_SECURITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"

enum { SECURITY_TOKEN_TEXT = 43 };

struct security;

struct security_options {
    const char *host;      /* the address served */
    bool loopback;         /* it is a loopback address */
    const char *token;     /* the token asked for; NULL: none */
    const char *cors_host; /* the origin that may use the server from its pages; NULL: none; "*": any */
};

/* The options' texts must outlive it. NULL when out of memory. */
struct security *security_new(struct mem *m, const struct security_options *o);
void security_free(struct security *s);

/* Lets clients open `path`: a folder with all below it, or one file. False when it does not exist or memory runs out.
 * Call before serving. `listed`: it belongs to the preload list. */
bool security_add_root(struct security *s, const char *path, bool listed);
/* The roots, for the preload list; those not listed are left out. */
size_t security_roots(const struct security *s);
str security_root(const struct security *s, size_t i, bool *listed);

/* A random token as text (43 characters of base64url). False when the system gives no random bytes. */
bool security_make_token(char out[SECURITY_TOKEN_TEXT + 1]);

/* Opens a regular file that a client named, for reading. Gives its descriptor and, in the arena, its real path; -1 and a sentence with
 * `status` 403 or 404 otherwise. What lies outside the roots looks the same whether it exists or not. */
int security_open(const struct security *s, str path, struct arena *a, str *real, int *status, str *why);
/* The real path of a file or folder that a client named; .p is NULL (with status and why) when it may not be seen. */
str security_resolve(const struct security *s, str path, struct arena *a, int *status, str *why);

/* What the checks look at. Absent headers have p NULL. */
struct security_request {
    str method, host, origin, sec_fetch_site, sec_fetch_mode, authorization, cookie, token_query;
    bool public_route;
};
enum security_verdict {
    SECURITY_ALLOW,
    SECURITY_ALLOW_SET_COOKIE, /* the token came in the URL: set the cookie and redirect to the URL without it */
    SECURITY_BAD_HOST,
    SECURITY_BAD_ORIGIN,
    SECURITY_NO_TOKEN,
};
enum security_verdict security_check(const struct security *s, const struct security_request *r);

/* Whether two texts are equal, in time that depends on their lengths only. */
bool security_equal(str a, str b);

#endif
