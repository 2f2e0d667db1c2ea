/* Tensors in blocks of channels.
 *
 *   conv ─▶ [order, blocks] ─▶ Winograd ─▶ [order] ─▶ conv       the fastest convolutions want blocks of 16 channels,
 *   conv ──────blocks──────▶ Winograd ──────blocks──▶ conv       [channels/16][positions][16], within each image
 *
 * A tensor can stay in blocks from the step that makes it to those that read it when all of them say that they could work on
 * it so (kernels' `images`), and mean the same images. Steps like sums want two of their tensors to lie alike; a
 * convolution that has blocks on one side only puts the other in order itself. So tensors that convolutions connect are
 * decided on together: they become blocks when fewer elements are put in another order at each run then.
 *
 * Where values can be looked at (plan_alone) all tensors lie as their types say.
 */
#include "exec/onednn.h"
#include "exec/plan.h"

struct place {
    uint32_t up;        /* towards the one that stands for all that are decided on together; itself: this one */
    bool out;           /* something else reads or writes it */
    bool made;          /* a step that could write blocks makes it */
    struct images seen; /* what all steps see in it */
    int64_t spared;     /* elements that are not put in another order, if it and all with it are in blocks */
};

static uint32_t top(struct place *places, uint32_t i) {
    while (places[i].up != i)
        i = places[i].up = places[places[i].up].up;
    return i;
}

static void together(struct place *places, uint32_t a, uint32_t b) {
    a = top(places, a);
    b = top(places, b);
    places[b].up = a;
    places[a].out |= places[b].out;
}

/* The step's operand i, or its result. */
static exec_slot root_of(const exec_plan *x, const struct exec_step *s, uint32_t i) {
    return x->slots.v[i < s->n_in ? s->in[i] : s->out[i - s->n_in]].root;
}

/* Distances of dimensions of one do not count. */
static bool same_images(const struct images *a, const struct images *b) {
    return a->batch == b->batch && a->channels == b->channels && a->positions == b->positions &&
           (a->batch == 1 || a->batch_step == b->batch_step) &&
           (a->channels == 1 || a->channel_step == b->channel_step) &&
           (a->positions == 1 || a->position_step == b->position_step);
}

/* Steps that run: those that others do as well stand behind them. */
static bool works(const struct exec_step *s) {
    return s->kind != STEP_KERNEL || !s->skip;
}

static bool in_images(const struct planner *p, const struct exec_step *s, uint32_t i, struct images *out) {
    return s->kind == STEP_KERNEL && s->n_out == 1 && s->row->kernel->images && s->row->kernel->images(p, s, i, out);
}

/* What a step sees in its tensors. */
static void look_at(const struct planner *p, const struct exec_step *s, struct place *places) {
    const exec_plan *x = p->x;
    int64_t block = dnnl_block(x);
    for (uint32_t i = 0; i < s->n_in + s->n_out; i++) {
        exec_slot root = root_of(x, s, i);
        struct place *at = &places[root];
        struct images images;
        bool first = at->seen.channels == 0;
        if (!in_images(p, s, i, &images) || images.channels % block || type_count(slot_type(x, root)) == 0 ||
            images.batch * images.channels * images.positions != type_count(slot_type(x, root)) ||
            (!first && !same_images(&images, &at->seen))) {
            at->out = true;
            continue;
        }
        if (first)
            at->seen = images;
        at->made |= i >= s->n_in;
    }
}

/* What has to lie alike, then (`sides`) what convolutions connect. */
static void connect(const struct planner *p, const struct exec_step *s, struct place *places, bool sides) {
    exec_slot result = root_of(p->x, s, s->n_in);
    struct images images;
    for (uint32_t i = 0; i < s->n_in; i++) {
        exec_slot root = root_of(p->x, s, i);
        if (!in_images(p, s, i, &images))
            continue;
        if (sides ? !places[top(places, root)].out && !places[top(places, result)].out : images.with_result)
            together(places, result, root);
    }
}

static void count_spared(const struct planner *p, const struct exec_step *s, struct place *places) {
    exec_slot sides[2] = {root_of(p->x, s, 0), root_of(p->x, s, s->n_in)};
    for (int i = 0; i < 2; i++) {
        struct place *at = &places[top(places, sides[i])], *other = &places[top(places, sides[1 - i])];
        struct images images;
        if (!in_images(p, s, i ? s->n_in : 0, &images))
            continue;
        if (!at->out)
            at->spared += (int64_t)images.moved;
        else if (!other->out)
            other->spared -= (int64_t)images.border - (int64_t)images.moved;
    }
}

static bool is_kept(struct place *places, exec_slot root) {
    const struct place *at = &places[top(places, root)];
    return !at->out && at->spared > 0;
}

/* Tells the steps before `end`; false: one of them, *failed, cannot. */
static bool tell(struct planner *p, struct place *places, bool kept, size_t end, size_t *failed) {
    exec_plan *x = p->x;
    for (size_t i = 0; i < end; i++) {
        struct exec_step *s = &x->steps.v[i];
        if (s->kind != STEP_KERNEL || s->skip || !s->row->kernel->blocks || s->n_out != 1 || !s->n_in)
            continue;
        bool operand = is_kept(places, root_of(x, s, 0)), result = is_kept(places, root_of(x, s, s->n_in));
        *failed = i + 1;
        if ((operand || result) && !s->row->kernel->blocks(p, s, kept && operand, kept && result))
            return false;
    }
    return true;
}

bool plan_blocks(struct planner *p) {
    exec_plan *x = p->x;
    size_t n = x->slots.n, bytes = n * sizeof(struct place), failed = 0;
    if (plan_alone(x) || !dnnl_block(x))
        return true;
    struct place *places = mem_alloc_zero(x->mem, bytes);
    if (!places)
        return plan_no_memory(p);
    for (size_t i = 0; i < n; i++) {
        const struct slot *s = &x->slots.v[i];
        places[i].up = (uint32_t)i;
        places[i].out =
            i == 0 || s->kind != SLOT_PLANNED || s->written || s->type.format != FORMAT_PLAIN || s->type.quant;
    }
    for (size_t i = 0; i < x->n_results; i++)
        places[x->slots.v[x->results[i]].root].out = true;
    for (size_t i = 0; i < x->steps.n; i++)
        if (works(&x->steps.v[i]))
            look_at(p, &x->steps.v[i], places);
    for (size_t i = 0; i < n; i++)
        places[i].out |= !places[i].made;
    for (int sides = 0; sides < 2; sides++)
        for (size_t i = 0; i < x->steps.n; i++)
            if (works(&x->steps.v[i]) && x->steps.v[i].n_out == 1)
                connect(p, &x->steps.v[i], places, sides);
    for (size_t i = 0; i < x->steps.n; i++)
        if (works(&x->steps.v[i]) && x->steps.v[i].n_out == 1 && x->steps.v[i].n_in)
            count_spared(p, &x->steps.v[i], places);
    bool ok = tell(p, places, true, x->steps.n, &failed) || tell(p, places, false, failed, &failed);
    mem_free(x->mem, places, bytes);
    return ok || plan_no_memory(p);
}
