/* core.c - page.h as exports of a WebAssembly reactor: what web/src/page/core.ts calls.
 *
 * One page per instance, hence the global state. Its models have numbers from 1. Blocks that come in are written into memory from core_alloc; the answer is
 * valid until the next call.
 */
#include "base/vec.h"
#include "page/page.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name))) name
#else
#define EXPORT(name) name /* for tools that read the code; it is of use in a page only */
#endif

static struct {
    struct mem mem;
    VEC(struct page *) models;
    struct buf answer;
} core;

void *EXPORT(core_alloc)(size_t n);
void EXPORT(core_free)(void *p, size_t n);
size_t EXPORT(core_open)(const char *text, size_t n, const char *name, size_t name_n);
int EXPORT(core_ask)(size_t model, size_t other, const char *request, size_t n);
const char *EXPORT(core_answer)(void);
size_t EXPORT(core_answer_bytes)(void);

void *core_alloc(size_t n) {
    return mem_alloc(&core.mem, n);
}

void core_free(void *p, size_t n) {
    mem_free(&core.mem, p, n);
}

/* The model's number; 0 when memory runs out. The text, which a zero byte follows, stays where it is. */
size_t core_open(const char *text, size_t n, const char *name, size_t name_n) {
    if (!core.models.n) {
        buf_init(&core.answer, &core.mem);
        vec_init(&core.models, &core.mem);
    }
    struct page *page = page_open(&core.mem, str_of(text, n), str_of(name, name_n));
    if (!page || vec_push(&core.models, page))
        return page ? core.models.n : 0;
    page_free(page);
    return 0;
}

static struct page *model_of(size_t number) {
    return number && number <= core.models.n ? core.models.v[number - 1] : NULL;
}

/* `other` is 0 when the request is about one model. */
int core_ask(size_t model, size_t other, const char *request, size_t n) {
    buf_clear(&core.answer);
    core.answer.failed = false;
    return page_ask(model_of(model), model_of(other), str_of(request, n), &core.answer);
}

const char *core_answer(void) {
    return core.answer.p;
}

size_t core_answer_bytes(void) {
    return core.answer.n;
}
