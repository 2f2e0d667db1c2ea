/* parse.h - the small grammars of HTTP that we read ourselves: targets, queries, headers, ranges, multipart bodies.
 *
 * Nothing here knows a socket or allocates beyond the arena it is given; everything is fuzzed (fuzz/fuzz_http.c).
 */
#ifndef TTX_SERVER_PARSE_H
#define TTX_SERVER_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* --- targets and queries (parse.c) -------------------------------------------------------------------------------- */

/* Percent-decodes into the arena; `plus` turns '+' into a space (queries). A '%' without two hexadecimal digits stays as it
 * is. .p is NULL when out of memory. The result has a zero byte after it and may have some inside. */
str parse_decode(str s, bool plus, struct arena *a);

/* The path and the query (without '?') of a request target; a fragment is dropped, of an absolute URL the scheme and host.
 * False when it does not begin with '/'. */
bool parse_target(str target, str *path, str *query);

/* The next `name=value` pair of a query, undecoded; false at the end. *rest starts as the query. */
bool parse_query_next(str *rest, str *name, str *value);

/* A decoded path as one below a folder: false when it has "..", a zero byte or a backslash in it, or is absolute twice ("//"). */
bool parse_path_is_clean(str path);

/* --- headers ------------------------------------------------------------------------------------------------------ */

/* The next element of a list header ("a, b;q=0.5"), trimmed; false at the end. */
bool parse_list_next(str *rest, str *element);
/* The value of parameter `name` of a header such as `form-data; name="x"`: unquoted into the arena; .p is NULL when it is
 * not there. Names are compared without case. */
str parse_parameter(str header, const char *name, struct arena *a);
/* Whether `coding` is acceptable by an Accept-Encoding header (q above 0), counting "*". */
bool parse_accepts(str header, const char *coding);
/* Equal without regard to ASCII case. */
bool parse_same(str a, const char *b);
/* Whether an If-None-Match or If-Range header names the ETag `tag` (without quotes), weakly compared. */
bool parse_etag_matches(str header, str tag);

enum parse_range { RANGE_NONE, RANGE_PART, RANGE_IMPOSSIBLE };
/* A Range header over `size` bytes: RANGE_PART gives bytes [*first, *end). Several ranges, other units and malformed headers
 * count as none (the whole is a right answer to them). RANGE_IMPOSSIBLE: 416. */
enum parse_range parse_range(str header, uint64_t size, uint64_t *first, uint64_t *end);

/* The last component of a file name that a client gave, without control characters; "upload" when nothing is left. */
str parse_file_name(str name, struct arena *a);

/* --- multipart/form-data (multipart.c) -------------------------------------------------------------------------------- */

enum { MULTIPART_BOUNDARY = 200, MULTIPART_HEADERS = 8 << 10, MULTIPART_PARTS = 1000 };

/* What comes out, in order: for each part begin, data (as often as need be), end. Each returns false to stop. */
struct multipart_calls {
    /* `file_name` has p NULL when the part is a plain field. Both live until the next begin. */
    bool (*begin)(void *ctx, str name, str file_name);
    bool (*data)(void *ctx, const char *p, size_t n);
    bool (*end)(void *ctx);
};

/* A push parser: bytes in as they come, in pieces of any size. It keeps no more of them than one boundary or one part's
 * headers. */
struct multipart {
    const struct multipart_calls *calls;
    void *ctx;
    struct mem *mem;
    char delimiter[MULTIPART_BOUNDARY + 8]; /* CR LF -- boundary */
    size_t delimiter_n;
    uint8_t state;
    unsigned parts;
    size_t matched; /* bytes of the delimiter seen so far */
    char *headers;  /* MULTIPART_HEADERS bytes: of the part being begun */
    size_t headers_n;
    const char *error; /* what is wrong, a sentence; NULL while all is well */
};

/* For a Content-Type header's value. False (with error set) when it names no boundary or memory runs out. Free it in any case. */
bool multipart_init(struct multipart *m, struct mem *mem, str content_type, const struct multipart_calls *calls,
                    void *ctx);
void multipart_free(struct multipart *m);
/* False when the body is malformed (error set) or a callback stopped it (error NULL). */
bool multipart_feed(struct multipart *m, const char *p, size_t n);
/* Whether the closing boundary has come. */
bool multipart_complete(const struct multipart *m);

#endif
