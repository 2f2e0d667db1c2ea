/* engine.c - the scene as exports of a WebAssembly reactor: what web/src/engine/wasm.ts calls.
 *
 * One graph and one scene per instance, which is what a view is; hence the only global state of the project. Pointers are
 * numbers there. A block that comes in is written by the page into memory it got from ttx_alloc; a pointer that goes out
 * is valid until the next call. Status codes are those of enum layout_status.
 */
#include "graph/graph_bin.h"
#include "scene/scene.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name))) name
#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#else /* read by lint only */
#define EXPORT(name) name
#define IMPORT(name)
#endif

/* Asked now and then during long work: 0 ends it. */
IMPORT(progress) int ttx_host_progress(double done);

static struct {
    struct mem mem;
    str bytes;
    graph *g;
    struct scene *scene;
    struct scene_view view;
    struct scene_lists lists;
    struct scene_change change;
    struct scene_hit hit;
    struct buf text;
    double numbers[8];
} e;

void *EXPORT(ttx_alloc)(size_t n);
void EXPORT(ttx_free)(void *p, size_t n);
int EXPORT(ttx_load)(char *bytes, size_t n);
int EXPORT(ttx_scene)(uint32_t root, bool flatten, bool dissolve, uint32_t quiet, const uint8_t *hidden, float op_font,
                      float layer_font, float edge_font);
void EXPORT(ttx_theme)(const struct scene_theme *theme);
void EXPORT(ttx_expand)(uint32_t layer, bool expanded, bool deep);
void EXPORT(ttx_expand_all)(bool expanded);
void EXPORT(ttx_expand_around)(uint32_t node);
bool EXPORT(ttx_is_expanded)(uint32_t layer);
uint32_t EXPORT(ttx_expanded)(uint32_t *out, uint32_t max);
void EXPORT(ttx_direction)(uint32_t layer, bool left_right);
bool EXPORT(ttx_is_left_right)(uint32_t layer);
int EXPORT(ttx_update)(uint32_t anchor);
const struct scene_change *EXPORT(ttx_change)(void);
void EXPORT(ttx_progress)(double t);
void EXPORT(ttx_view)(double x, double y, double zoom, double w, double h, bool no_chrome);
const struct scene_lists *EXPORT(ttx_draw)(void);
const char *EXPORT(ttx_text)(uint32_t source, uint32_t ref);
size_t EXPORT(ttx_text_bytes)(void);
const char *EXPORT(ttx_svg)(uint32_t background);
bool EXPORT(ttx_lines)(uint32_t node, const char *text, size_t n);
void EXPORT(ttx_clear_lines)(void);
uint32_t EXPORT(ttx_without_lines)(uint32_t *out, uint32_t max);
bool EXPORT(ttx_edge_labels)(const uint32_t *of_edge, uint32_t n, const uint32_t *ends, const char *text);
void EXPORT(ttx_styles)(const uint32_t *fill, const uint32_t *border, const uint32_t *text);
void EXPORT(ttx_clear_highlights)(void);
void EXPORT(ttx_highlight)(const uint32_t *nodes, uint32_t n, uint32_t color, uint32_t fill, float width, bool through);
void EXPORT(ttx_highlight_edges)(const uint32_t *edges, uint32_t n, uint32_t color);
void EXPORT(ttx_highlight_flow)(uint32_t node, bool inputs, uint32_t color, float width);
void EXPORT(ttx_finish_highlights)(void);
bool EXPORT(ttx_dim)(const uint8_t *keep);
void EXPORT(ttx_hover)(uint32_t node);
bool EXPORT(ttx_bars)(uint32_t n, const uint32_t *nodes, const uint32_t *start, const float *share,
                      const uint32_t *color);
bool EXPORT(ttx_extra_edges)(uint32_t n, const struct scene_extra_edge *edges, const char *text, size_t bytes);
const struct scene_hit *EXPORT(ttx_pick)(double x, double y);
const double *EXPORT(ttx_size)(void);
const double *EXPORT(ttx_box)(uint32_t node, bool stand_in);
uint32_t EXPORT(ttx_stand_in)(uint32_t node);
uint32_t EXPORT(ttx_nodes_in)(double x, double y, double w, double h, uint32_t *out, uint32_t max);
uint32_t EXPORT(ttx_neighbour)(uint32_t node, uint32_t direction);

void *ttx_alloc(size_t n) {
    return mem_alloc(&e.mem, n);
}

void ttx_free(void *p, size_t n) {
    mem_free(&e.mem, p, n);
}

/* Takes the bytes over; they come from ttx_alloc(n). */
int ttx_load(char *bytes, size_t n) {
    scene_free(e.scene);
    graph_free(e.g);
    mem_free(&e.mem, (void *)(uintptr_t)e.bytes.p, e.bytes.n);
    e.scene = NULL;
    e.g = NULL;
    e.bytes = str_of(bytes, n);
    e.view.zoom = 1;
    if (!e.text.mem)
        buf_init(&e.text, &e.mem);
    graph_status status = graph_bin_read(&e.mem, e.bytes, false, &e.g);
    return status == GRAPH_OK ? LAYOUT_OK : status == GRAPH_NO_MEMORY ? LAYOUT_NO_MEMORY : LAYOUT_BAD_INPUT;
}

/* On failure the scene before stays. */
int ttx_scene(uint32_t root, bool flatten, bool dissolve, uint32_t quiet, const uint8_t *hidden, float op_font,
              float layer_font, float edge_font) {
    struct scene_choice choice = {root, flatten, dissolve, quiet, hidden, {op_font, layer_font, edge_font}};
    struct scene *next;
    if (!e.g)
        return LAYOUT_BAD_INPUT;
    enum layout_status status = scene_new(&e.mem, e.g, &choice, &next);
    if (status == LAYOUT_OK) {
        scene_free(e.scene);
        e.scene = next;
    }
    return (int)status;
}

void ttx_theme(const struct scene_theme *theme) {
    scene_set_theme(e.scene, theme);
}

void ttx_expand(uint32_t layer, bool expanded, bool deep) {
    scene_set_expanded(e.scene, layer, expanded, deep);
}

void ttx_expand_all(bool expanded) {
    scene_set_all_expanded(e.scene, expanded);
}

void ttx_expand_around(uint32_t node) {
    scene_expand_around(e.scene, node);
}

bool ttx_is_expanded(uint32_t layer) {
    return scene_is_expanded(e.scene, layer);
}

uint32_t ttx_expanded(uint32_t *out, uint32_t max) {
    return scene_expanded_layers(e.scene, out, max);
}

void ttx_direction(uint32_t layer, bool left_right) {
    scene_set_direction(e.scene, layer, left_right);
}

bool ttx_is_left_right(uint32_t layer) {
    return scene_is_left_right(e.scene, layer);
}

static bool progress(void *user, double done) {
    (void)user;
    return ttx_host_progress(done) != 0;
}

int ttx_update(uint32_t anchor) {
    const struct layout_hooks hooks = {progress, NULL};
    return (int)scene_update(e.scene, &hooks, anchor, &e.change);
}

const struct scene_change *ttx_change(void) {
    return &e.change;
}

void ttx_progress(double t) {
    scene_set_progress(e.scene, t);
}

void ttx_view(double x, double y, double zoom, double w, double h, bool no_chrome) {
    e.view = (struct scene_view){x, y, zoom, w, h, no_chrome};
}

/* Lists cut short for want of memory are drawn as they are. */
const struct scene_lists *ttx_draw(void) {
    (void)scene_draw(e.scene, &e.view, &e.lists);
    return &e.lists;
}

const char *ttx_text(uint32_t source, uint32_t ref) {
    buf_free(&e.text);
    scene_put_text(e.scene, source, ref, &e.text);
    return e.text.p;
}

size_t ttx_text_bytes(void) {
    return e.text.n;
}

/* NULL: no memory. */
const char *ttx_svg(uint32_t background) {
    buf_free(&e.text);
    return scene_write_svg(e.scene, &e.view, background, &e.text) ? e.text.p : NULL;
}

bool ttx_lines(uint32_t node, const char *text, size_t n) {
    return scene_set_lines(e.scene, node, str_of(text, n));
}

void ttx_clear_lines(void) {
    scene_clear_lines(e.scene);
}

uint32_t ttx_without_lines(uint32_t *out, uint32_t max) {
    return scene_nodes_without_lines(e.scene, out, max);
}

/* Label i ends at ends[i] of the text; n == 0: none. */
bool ttx_edge_labels(const uint32_t *of_edge, uint32_t n, const uint32_t *ends, const char *text) {
    if (n == 0)
        return scene_set_edge_labels(e.scene, NULL, NULL, 0);
    str *labels = mem_alloc(&e.mem, n * sizeof *labels);
    if (!labels)
        return false;
    for (uint32_t i = 0; i < n; i++)
        labels[i] = str_of(text + (i ? ends[i - 1] : 0), ends[i] - (i ? ends[i - 1] : 0));
    bool ok = scene_set_edge_labels(e.scene, of_edge, labels, n);
    mem_free(&e.mem, labels, n * sizeof *labels);
    return ok;
}

void ttx_styles(const uint32_t *fill, const uint32_t *border, const uint32_t *text) {
    scene_set_styles(e.scene, fill, border, text);
}

void ttx_clear_highlights(void) {
    scene_clear_highlights(e.scene);
}

void ttx_highlight(const uint32_t *nodes, uint32_t n, uint32_t color, uint32_t fill, float width, bool through) {
    scene_highlight_nodes(e.scene, nodes, n, &(struct scene_highlight){color, fill, width, through});
}

void ttx_highlight_edges(const uint32_t *edges, uint32_t n, uint32_t color) {
    scene_highlight_edges(e.scene, edges, n, color);
}

void ttx_highlight_flow(uint32_t node, bool inputs, uint32_t color, float width) {
    scene_highlight_flow(e.scene, node, inputs, &(struct scene_highlight){color, 0, width, true});
}

void ttx_finish_highlights(void) {
    scene_finish_highlights(e.scene);
}

bool ttx_dim(const uint8_t *keep) {
    return scene_set_dim(e.scene, keep);
}

void ttx_hover(uint32_t node) {
    scene_set_hover(e.scene, node);
}

bool ttx_bars(uint32_t n, const uint32_t *nodes, const uint32_t *start, const float *share, const uint32_t *color) {
    return scene_set_bars(e.scene, n, nodes, start, share, color);
}

bool ttx_extra_edges(uint32_t n, const struct scene_extra_edge *edges, const char *text, size_t bytes) {
    return scene_set_extra_edges(e.scene, n, edges, str_of(text, bytes));
}

const struct scene_hit *ttx_pick(double x, double y) {
    scene_pick(e.scene, &e.view, x, y, &e.hit);
    return &e.hit;
}

/* Width and height of the whole drawing. */
const double *ttx_size(void) {
    scene_size(e.scene, &e.numbers[0], &e.numbers[1]);
    return e.numbers;
}

/* x, y, w, h; NULL when there is none. */
const double *ttx_box(uint32_t node, bool stand_in) {
    struct layout_box b;
    if (!scene_box(e.scene, node, stand_in, &b))
        return NULL;
    e.numbers[0] = b.x;
    e.numbers[1] = b.y;
    e.numbers[2] = b.w;
    e.numbers[3] = b.h;
    return e.numbers;
}

uint32_t ttx_stand_in(uint32_t node) {
    return scene_stand_in(e.scene, node);
}

uint32_t ttx_nodes_in(double x, double y, double w, double h, uint32_t *out, uint32_t max) {
    return scene_nodes_in(e.scene, x, y, w, h, out, max);
}

uint32_t ttx_neighbour(uint32_t node, uint32_t direction) {
    return scene_neighbour(e.scene, node, (enum scene_direction)direction);
}
