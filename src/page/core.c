/* core.c - page.h as exports of a WebAssembly reactor: what web/src/page/core.ts calls.
 *
 * One model per instance, hence the global state. Blocks that come in are written into memory from core_alloc; the answer is
 * valid until the next call.
 */
#include "page/page.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name))) name
#else
#define EXPORT(name) name /* for tools that read the code; it is of use in a page only */
#endif

static struct {
    struct mem mem;
    struct page *page;
    struct buf answer;
} core;

void *EXPORT(core_alloc)(size_t n);
void EXPORT(core_free)(void *p, size_t n);
bool EXPORT(core_open)(const char *text, size_t n, const char *name, size_t name_n);
int EXPORT(core_ask)(const char *request, size_t n);
const char *EXPORT(core_answer)(void);
size_t EXPORT(core_answer_bytes)(void);

void *core_alloc(size_t n) {
    return mem_alloc(&core.mem, n);
}

void core_free(void *p, size_t n) {
    mem_free(&core.mem, p, n);
}

/* The text, which a zero byte follows, stays where it is. */
bool core_open(const char *text, size_t n, const char *name, size_t name_n) {
    buf_init(&core.answer, &core.mem);
    core.page = page_open(&core.mem, str_of(text, n), str_of(name, name_n));
    return core.page != NULL;
}

int core_ask(const char *request, size_t n) {
    buf_clear(&core.answer);
    core.answer.failed = false;
    return page_ask(core.page, str_of(request, n), &core.answer);
}

const char *core_answer(void) {
    return core.answer.p;
}

size_t core_answer_bytes(void) {
    return core.answer.n;
}
