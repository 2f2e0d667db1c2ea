/* plan.h - what the files that plan share; internal to the room. */
#ifndef TTX_EXEC_PLAN_H
#define TTX_EXEC_PLAN_H

#include "exec/inner.h"
#include "text/text.h"

/* Makes a slot; 0 (reported) when out of memory. */
exec_slot plan_slot(struct planner *p, const struct exec_type *t, enum slot_kind kind, ir_value v);
/* Which slot holds a value; 0 when none does. */
exec_slot plan_get(const struct planner *p, ir_value v);
bool plan_set(struct planner *p, ir_value v, exec_slot s);
/* Appends a step with room for its slots; NULL (reported) when out of memory. Valid until the next one. */
struct exec_step *plan_step(struct planner *p, ir_op op, const struct exec_row *row, uint32_t n_in, uint32_t n_out);
/* The same for a step that each device runs, with what its kernel wants to know (exec_step.params). */
struct exec_step *plan_step_with(struct planner *p, ir_op op, const struct exec_row *row, void *params, uint32_t n_in,
                                 uint32_t n_out);
/* Appends a step that copies a tensor into another of the same type. */
bool plan_copy(struct planner *p, ir_op op, exec_slot from, exec_slot to);

/* Counts the uses of all slots anew. */
void plan_count_uses(exec_plan *x);
/* Lets moves and kernels read through moves, calls the kernels' ready functions, takes out moves that nothing reads any more
 * and steps that have nothing to run. */
bool plan_look_through(struct planner *p);

/* A step of `op` that fills one slot with what a walk names of another. False (reported) when out of memory. */
bool plan_move(struct planner *p, ir_op op, exec_slot from, exec_slot to, const struct walk *w, struct exec_step *out);
/* plan_sink.c. Lets a step whose operands are permuted alike work on what they are permutations of; `move` then permutes the
 * result (move->op 0: nothing to do). */
bool plan_sink(struct planner *p, struct exec_step *s, struct exec_step *move);
/* Cuts a move that takes a part and turns it round in two: `first` takes the part as it lies, the step itself turns it
 * (first->op 0: it stays as it is). */
bool plan_settle(struct planner *p, struct exec_step *s, struct exec_step *first);

/* plan_shape.c: the type of result number `result` of an op whose type leaves dimensions open. False when nothing decides them. */
bool plan_open_shape(struct planner *p, ir_op op, uint32_t result, ir_type type, struct exec_type *out);

/* The ops of a block; what its terminator gives goes to *results. */
bool plan_block(struct planner *p, ir_block b, exec_slot **results, uint32_t *n);

/* Operands [first, first + n) of an op as slots; NULL (reported) when out of memory. */
exec_slot *plan_operands(struct planner *p, ir_op op, uint32_t first, uint32_t n);
/* Makes slots for an op's results, one for each device; 0 for what has no numbers. */
bool plan_results_of(struct planner *p, ir_op op, exec_slot *out);
/* The first block of region `i`; false (reported) when there is none. */
bool plan_region_block(struct planner *p, ir_op op, uint32_t i, ir_block *out);
bool plan_is_terminator(const struct planner *p, ir_op op);
/* Appends steps that copy n slots into others "at once". */
bool plan_assign(struct planner *p, ir_op op, const exec_slot *from, const exec_slot *to, uint32_t n);
/* Appends a jump that reads `on` (0: nothing); its target is still to be said. NULL (reported) when out of memory. */
struct exec_step *plan_jump(struct planner *p, ir_op op, enum step_kind kind, exec_slot on);
/* Appends the jump back to step `top`, lets the jump at step `leave` out of the loop go behind it, and notes the loop for the
 * planning of memory. False (reported) when out of memory. */
bool plan_end_loop(struct planner *p, ir_op op, uint32_t top, uint32_t leave);

/* A slot for what an op's result holds; 0 with *ok true for tokens, devices and other things without numbers. */
exec_slot plan_result_slot(struct planner *p, ir_op op, ir_value v, bool *ok);
/* The step at `at`, whose operands are there: results from number `first` on, and what its kernel wants. */
bool plan_made(struct planner *p, ir_op op, size_t at, uint32_t first);
/* An op with a kernel. */
bool plan_kernel(struct planner *p, ir_op op, const struct exec_row *row);
/* An op whose results are its operands. */
bool plan_forward(struct planner *p, ir_op op);

/* One op of a block. */
bool plan_op(struct planner *p, ir_op op);
/* The function a symbol attribute names; one without a body stands for the one of that name that has one, as functions
 * hoisted to the host have it in a module of their own. */
/* Notes that a value is handed on as another one; that the operands of an op are the arguments of a body, and what the body
 * ends with its results. False (reported) when out of memory. */
bool plan_flow(struct planner *p, ir_value from, ir_value to);
bool plan_flow_in(struct planner *p, ir_op op, ir_block body);
bool plan_flow_out(struct planner *p, ir_op op, ir_block body);
/* plan_channel.c: what devices of one mesh send each other. */
bool plan_send(struct planner *p, ir_op op);
bool plan_recv(struct planner *p, ir_op op);
/* plan_conv.c: stablehlo.convolution, with groups of the batch, too. */
bool plan_convolution(struct planner *p, ir_op op, const struct exec_row *row);

/* plan_elements.c. The region `body`, of numbers, on all elements of n_in tensors of one shape: argument i is the element of in[i].
 * out[0..n_out) are what it gives, as tensors of that shape. All false (0) and reported when it cannot be. */
bool plan_elements(struct planner *p, ir_op op, ir_block body, const exec_slot *in, uint32_t n_in, exec_slot *out,
                   uint32_t n_out);
/* The same for a region that makes n numbers of n and n others, of their types: of a reduction. out may be a or b. */
bool plan_combine(struct planner *p, ir_op op, ir_block body, uint32_t n, const exec_slot *a, const exec_slot *b,
                  exec_slot *out);
/* A slot of its own with what a walk names of another; one with the same numbers in another type (itself where it is that). */
exec_slot plan_moved(struct planner *p, ir_op op, exec_slot from, const struct exec_type *to, const struct walk *w,
                     bool per_device);
exec_slot plan_cast(struct planner *p, ir_op op, exec_slot from, enum tensor_dtype dtype);
/* What a row of one operand makes of a slot: as many numbers, of a type. 0 (reported) when it cannot be. */
exec_slot plan_as(struct planner *p, ir_op op, const struct exec_row *row, exec_slot from, enum tensor_dtype dtype);

/* plan_reduce.c: stablehlo.reduce with a region that no kernel stands for. */
bool plan_reduce_by_region(struct planner *p, ir_op op);
/* Checks what is reduced: n tensors of one shape and n first values. `in`, all of them, is changed to those in the types of the region's
 * numbers, which may be wider (spec.md, reduce, C6). */
bool plan_reduced(struct planner *p, ir_op op, ir_block body, exec_slot *in, uint32_t n);
/* plan_window.c, plan_scatter.c, plan_sort.c: the same of reduce_window, scatter, select_and_scatter and sort. */
bool plan_window_by_region(struct planner *p, ir_op op);
bool plan_scatter_by_region(struct planner *p, ir_op op);
bool plan_picks_by_region(struct planner *p, ir_op op);
bool plan_sort_by_region(struct planner *p, ir_op op);
/* Appends a step of a row on operands that are there, with one result that is a slot made for it. False (reported) when it cannot be. */
bool plan_step_into(struct planner *p, ir_op op, const struct exec_row *row, const exec_slot *in, uint32_t n,
                    exec_slot to);
/* plan_prepare.c: an op of quantised numbers by a kernel of real ones. *done is false, and nothing is planned, where there are none. */
bool plan_dequantised(struct planner *p, ir_op op, const struct exec_row *row, bool *done);
/* An elementwise op; the gradient of attention, or attention for training. */
bool plan_prepared(struct planner *p, ir_op op, const struct exec_row *row);
bool plan_attention_ranks(struct planner *p, ir_op op, const struct exec_row *row);
/* plan_complex.c: a product of operands of which some are complex; `in`: the operands, n of them. */
bool plan_product(struct planner *p, ir_op op, const struct exec_row *row, const exec_slot *in, uint32_t n);
/* The first block of a function; 0: it has no body here. */
ir_block plan_body(const struct planner *p, ir_op f);
ir_op plan_callee(const struct planner *p, ir_op op, const char *name);
/* Runs a function's body in place of a call; what it gives goes to *out. */
bool plan_called(struct planner *p, ir_op op, ir_op callee, const exec_slot *in, uint32_t n_in, exec_slot **out,
                 uint32_t *n_out);

/* plan_trace.c: traces of a device. */
/* The op that ends the trace that `op` begins: what stands between is not done here. */
bool plan_begin_trace(struct planner *p, ir_op op, ir_op *next);
bool plan_execute_trace(struct planner *p, ir_op op);
bool plan_capture_or_execute(struct planner *p, ir_op op);

/* How many operands each declared one of an op has: sizes[256]. False when they do not fit. */
bool plan_operand_groups(const struct planner *p, ir_op op, const op_def *d, uint32_t *sizes);

/* plan_call.c: stablehlo.custom_call. */
/* Whether an op is a call, what op it stands for (empty: none), and where that one's declared operands are among the call's: number + 1,
 * 0 for what is not there. */
enum { PLAN_MAX_PLACES = 16 };
bool plan_call_places(const struct planner *p, ir_op op, str *name, uint32_t places[PLAN_MAX_PLACES]);
bool plan_custom_call(struct planner *p, ir_op op);

/* plan_region.c: ops whose region is run as it is. */
bool plan_async_start(struct planner *p, ir_op op);
bool plan_async_done(struct planner *p, ir_op op);
bool plan_scan(struct planner *p, ir_op op);

/* plan_spmd.c: the mesh that Shardy or GSPMD mean (false: none), and their ops that cut tensors and join them. */
bool plan_spmd_mesh(const struct planner *p, int64_t shape[2]);
/* The mesh that the ops over devices need in a module that names none. */
bool plan_shard_mesh(struct planner *p, ir_op within, int64_t shape[2]);
bool plan_group_mesh(struct planner *p, int64_t shape[2]);
bool plan_manual_computation(struct planner *p, ir_op op);
bool plan_sdy_all_reduce(struct planner *p, ir_op op);
bool plan_spmd_call(struct planner *p, ir_op op, bool to_shards);

/* plan_tail.c. Lets kernels take in the elementwise ops behind them; none beyond a step that jumps lead to (targets[step]).
 * Slots' uses must be counted. */
bool plan_tails(struct planner *p, const uint8_t *targets);

/* plan_narrow.c. Lets moves of numbers that are made wider for them, and narrow again behind them, move narrow ones. */
bool plan_narrow(struct planner *p);

/* plan_blocks.c. Keeps tensors that only convolutions and the like work on in blocks of channels, where that spares putting
 * them in order and back. */
bool plan_blocks(struct planner *p);

/* Fuses, finds out what lives when, lays out memory and refuses what does not fit. */
bool plan_finish(struct planner *p);

/* Why an op without a kernel cannot run (refused.c). */
str exec_why_refused(str op);
/* Op i of those that planning itself deals with; false behind the last. */
bool exec_special(size_t i, const char **op, const char **what);

#endif
