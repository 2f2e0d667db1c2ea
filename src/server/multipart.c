/* The push parser of multipart bodies (RFC 2046, RFC 7578).
 *
 *   PREAMBLE ─delimiter─▶ AFTER ─CRLF─▶ HEADERS ─empty line─▶ DATA ─delimiter─▶ AFTER ─"--"─▶ DONE
 *
 * The first delimiter may lack its CRLF, so the parser begins as if a CRLF had just come. Since CR occurs in a delimiter
 * only as its first byte, a failed match can start anew only at the byte that broke it: no table is needed.
 */
#include <string.h>

#include "server/parse.h"

enum { MP_PREAMBLE, MP_AFTER, MP_AFTER_DASH, MP_AFTER_CR, MP_HEADERS, MP_DATA, MP_DONE, MP_STOPPED };

static bool fail(struct multipart *m, const char *why) {
    m->error = why;
    m->state = MP_STOPPED;
    return false;
}

bool multipart_init(struct multipart *m, struct mem *mem, str content_type, const struct multipart_calls *calls,
                    void *ctx) {
    *m = (struct multipart){.calls = calls, .ctx = ctx, .mem = mem, .state = MP_PREAMBLE, .matched = 2};
    struct arena scratch;
    arena_init(&scratch, mem);
    str boundary = parse_parameter(content_type, "boundary", &scratch);
    bool good = boundary.n > 0 && boundary.n <= MULTIPART_BOUNDARY && str_find_char(boundary, '\r') == boundary.n;
    if (good) {
        memcpy(m->delimiter, "\r\n--", 4);
        memcpy(m->delimiter + 4, boundary.p, boundary.n);
        m->delimiter_n = 4 + boundary.n;
    }
    arena_free(&scratch);
    if (!good)
        return fail(m, "the multipart body names no usable boundary");
    m->headers = mem_alloc(mem, MULTIPART_HEADERS);
    return m->headers || fail(m, "out of memory");
}

void multipart_free(struct multipart *m) {
    mem_free(m->mem, m->headers, MULTIPART_HEADERS);
    m->headers = NULL;
    m->state = MP_STOPPED;
}

bool multipart_complete(const struct multipart *m) {
    return m->state == MP_DONE;
}

static bool stopped(struct multipart *m) {
    m->state = MP_STOPPED;
    return false;
}

/* The headers of a part are complete: looks for Content-Disposition and begins the part. */
static bool begin_part(struct multipart *m) {
    struct arena scratch;
    arena_init(&scratch, m->mem);
    str rest = str_of(m->headers, m->headers_n), name = {0}, file = {0};
    bool found = false;
    while (rest.n) {
        size_t end = str_find_char(rest, '\n');
        str line = str_slice(rest, 0, end);
        rest = str_from(rest, end + 1);
        size_t colon = str_find_char(line, ':');
        if (!parse_same(str_trim(str_slice(line, 0, colon)), "content-disposition"))
            continue;
        str value = str_trim(str_from(line, colon + 1));
        found = true;
        name = parse_parameter(value, "name", &scratch);
        file = parse_parameter(value, "filename", &scratch);
    }
    if (!found) {
        arena_free(&scratch);
        return fail(m, "a part of the multipart body has no Content-Disposition");
    }
    if (++m->parts > MULTIPART_PARTS) {
        arena_free(&scratch);
        return fail(m, "the multipart body has too many parts");
    }
    bool good = m->calls->begin(m->ctx, name.p ? name : STR(""), file);
    arena_free(&scratch);
    m->state = MP_DATA;
    m->matched = 0;
    return good || stopped(m);
}

/* One more byte of headers. */
static bool feed_header(struct multipart *m, char c) {
    if (m->headers_n == MULTIPART_HEADERS)
        return fail(m, "the headers of a part of the multipart body are too long");
    m->headers[m->headers_n++] = c;
    if (c != '\n')
        return true;
    str text = str_of(m->headers, m->headers_n);
    if (str_eq(text, STR("\r\n")) || str_ends_with(text, STR("\r\n\r\n")))
        return begin_part(m);
    return true;
}

/* Passes on data of a part; in the preamble it is dropped. */
static bool give(struct multipart *m, const char *p, size_t n) {
    return n == 0 || m->state != MP_DATA || m->calls->data(m->ctx, p, n) || stopped(m);
}

/* Bytes of a part or the preamble, up to and with the next delimiter. Gives how many were taken, 0 after a failure. */
static size_t feed_data(struct multipart *m, const char *p, size_t n) {
    size_t i = 0;
    if (m->matched == 0) {
        const char *cr = memchr(p, '\r', n);
        size_t plain = cr ? (size_t)(cr - p) : n;
        if (!give(m, p, plain))
            return 0;
        i = plain;
    }
    while (i < n) {
        if (p[i] == m->delimiter[m->matched]) {
            i++;
            if (++m->matched < m->delimiter_n)
                continue;
            bool good = m->state != MP_DATA || m->calls->end(m->ctx);
            m->state = MP_AFTER;
            m->matched = 0;
            return good || stopped(m) ? i : 0;
        }
        /* It was no delimiter: what had matched is data. The byte is looked at again. */
        size_t back = m->matched;
        m->matched = 0;
        if (!give(m, m->delimiter, back))
            return 0;
        if (p[i] != '\r')
            break;
    }
    /* At least one byte was taken, or what had matched was given out and the caller comes again. */
    return i ? i : SIZE_MAX;
}

bool multipart_feed(struct multipart *m, const char *p, size_t n) {
    while (n) {
        size_t took = 1;
        switch (m->state) {
        case MP_PREAMBLE:
        case MP_DATA:
            took = feed_data(m, p, n);
            if (took == 0)
                return false;
            if (took == SIZE_MAX)
                took = 0;
            break;
        case MP_AFTER:
            if (*p == '-')
                m->state = MP_AFTER_DASH;
            else if (*p == '\r')
                m->state = MP_AFTER_CR;
            else if (*p != ' ' && *p != '\t')
                return fail(m, "a boundary of the multipart body is followed by other text");
            break;
        case MP_AFTER_DASH:
            if (*p != '-')
                return fail(m, "a boundary of the multipart body is followed by other text");
            m->state = MP_DONE;
            break;
        case MP_AFTER_CR:
            if (*p != '\n')
                return fail(m, "a boundary of the multipart body is followed by other text");
            m->state = MP_HEADERS;
            m->headers_n = 0;
            break;
        case MP_HEADERS:
            if (!feed_header(m, *p))
                return false;
            break;
        case MP_DONE: return true; /* the epilogue means nothing */
        default: return false;
        }
        p += took;
        n -= took;
    }
    return m->state != MP_STOPPED;
}
