/* A compile run as JSON: what GET /models/ID/runs/RUN answers. */
#include "server/api_inner.h"
#include "server/runs.h"
#include "target/cost.h"
#include "target/legal.h"

static void write_stage(struct json_writer *w, const compile_run *c, uint32_t n, uint32_t *maker) {
    const compile_stage *s = &c->stages[n];
    if (s->changed || n == 0)
        *maker = n;
    json_object_begin(w);
    json_member_u64(w, STR("stage"), n);
    json_member_str(w, STR("pass"), str_from_z(s->pass));
    json_member_u64(w, STR("number"), s->number);
    json_member_bool(w, STR("changed"), s->changed);
    json_member_bool(w, STR("failed"), s->failed);
    json_member_u64(w, STR("same_as"), *maker);
    json_member_u64(w, STR("ops"), s->ops_after);
    json_key(w, STR("us"));
    json_double(w, (double)s->nanoseconds / 1000);
    json_object_end(w);
}

/* What the last module is estimated to take; nothing when it is not on a device yet. */
static void write_estimate(struct json_writer *w, const compile_run *c) {
    legal_env env;
    if (!c->ok || !legal_env_init(&env, compile_result(c), LEGAL_L1_CAP))
        return;
    cost_total total = cost_of_module(&env);
    json_key(w, STR("estimate"));
    json_object_begin(w);
    json_key(w, STR("us"));
    json_double(w, total.ns / 1000);
    for (int i = 0; i < COST_N_BOUNDS; i++) {
        json_key(w, cost_bound_names[i]);
        json_double(w, total.by_bound_ns[i] / 1000);
    }
    json_member_u64(w, STR("ops"), total.ops);
    json_member_u64(w, STR("unknown"), total.unknown);
    json_member_u64(w, STR("peak_l1"), total.peak_l1);
    json_object_end(w);
}

void run_json(struct json_writer *w, const struct run_id *id, const struct run_settings *s, const compile_run *c,
              const struct diags *d, const override_set *overrides, const char *unkept) {
    uint32_t maker = 0;
    json_object_begin(w);
    json_member_str(w, STR("id"), str_from_z(id->text));
    json_member_str(w, STR("model"), str_from_z(s->model.text));
    json_key(w, STR("settings"));
    json_raw(w, s->json);
    json_member_bool(w, STR("ok"), c->ok);
    json_key(w, STR("us"));
    json_double(w, (double)c->nanoseconds / 1000);
    json_key(w, STR("stages"));
    json_array_begin(w);
    for (uint32_t i = 0; i < c->n_stages; i++)
        write_stage(w, c, i, &maker);
    json_array_end(w);
    json_key(w, STR("diagnostics"));
    api_put_diags(w, d);
    json_key(w, STR("overrides"));
    override_results_json(overrides, w);
    write_estimate(w, c);
    if (unkept && unkept[0])
        json_member_str(w, STR("unkept"), str_from_z(unkept));
    json_object_end(w);
}
