/* ttcore-register-device: the module gets its system descriptor and the device that it runs on. */
#include "compile/passes.h"
#include "target/device.h"

/* The sizes of the first of a module's ttcore.meshes; how many there are, 0 without one. */
static uint32_t mesh_of_module(const pass_context *p, ir_op module, int64_t *mesh) {
    ir_attr meshes = ir_op_attr(p->m, module, STR("ttcore.meshes"));
    ir_attr list = meshes && dialect_is_attr(p->c, meshes, ATTR_ttcore_meshes) ? dialect_param_at(p->c, meshes, 0) : 0;
    if (!list || ir_kind_of(p->c, list) != IR_ATTR_ARRAY || !ir_count(p->c, list))
        return 0;
    return dialect_param_ints(p->c, ir_at(p->c, list, 0), STR("shape"), mesh, TARGET_MAX_MESH);
}

/* The same of the first module inside that has a mesh of several devices: a file of several modules is one that holds them. */
static uint32_t mesh_of_inner(const pass_context *p, int64_t *mesh) {
    ir_block body = body_of(p->m, p->scope);
    for (ir_op op = body ? ir_block_at(p->m, body)->first : 0; op; op = ir_op_at(p->m, op)->next) {
        uint32_t n = op_is(p->m, op, OP_builtin_module) ? mesh_of_module(p, op, mesh) : 0;
        for (uint32_t i = 0; i < n && i < TARGET_MAX_MESH; i++)
            if (mesh[i] > 1)
                return n;
    }
    return 0;
}

/* The mesh of the option, else the first one of the module's ttcore.meshes; rank 0 when there is none. */
static bool find_mesh(pass_context *p, int64_t *mesh, uint32_t *rank) {
    *rank = p->o->n_mesh_shape;
    for (uint32_t i = 0; i < *rank; i++)
        mesh[i] = p->o->mesh_shape[i];
    int64_t of_module[TARGET_MAX_MESH];
    uint32_t n = mesh_of_module(p, p->scope, of_module);
    n = n ? n : mesh_of_inner(p, of_module);
    if (!n)
        return true;
    if (n > TARGET_MAX_MESH)
        return pass_error(p, p->scope, "has a mesh of more than %d dimensions", TARGET_MAX_MESH);
    if (*rank && (*rank != n || memcmp(mesh, of_module, n * sizeof *mesh) != 0))
        return pass_error(p, p->scope,
                          "has a mesh of another shape than the option mesh-shape: they should be identical");
    *rank = n;
    memcpy(mesh, of_module, n * sizeof *mesh);
    return true;
}

static target_arch arch_of(str name) {
    return str_eq(name, STR("blackhole")) ? TARGET_BLACKHOLE
           : str_eq(name, STR("quasar"))  ? TARGET_QUASAR
                                          : TARGET_WORMHOLE_B0;
}

/* As many built-in boards as the mesh needs: that of the option, or the module's when it has more chips than one board. */
static bool find_boards(pass_context *p, target_system *s) {
    int64_t mesh[TARGET_MAX_MESH], chips = 1;
    uint32_t rank;
    if (!find_mesh(p, mesh, &rank))
        return false;
    for (uint32_t i = 0; i < rank; i++)
        chips = mesh[i] > 0 && chips <= UINT32_MAX / mesh[i] ? chips * mesh[i] : 0;
    return (target_system_board(&p->scratch, p->o->board, p->o->mesh_shape, p->o->n_mesh_shape, s) &&
            (chips <= s->n_devices || target_system_board(&p->scratch, p->o->board, mesh, rank, s))) ||
           pass_error_plain(p, p->scope, "no board '%.*s'", STR_ARG(p->o->board));
}

/* The descriptor: that of the option, else the module's own, else boards, else the mock. The mock has as many chips as the
 * option's mesh; the module's meshes do not count for it. */
static bool find_system(pass_context *p, target_system *s) {
    ir_attr own = ir_op_attr(p->m, p->scope, STR("ttcore.system_desc"));
    if (p->o->system_desc.n || own) {
        bool read = p->o->system_desc.n ? target_system_read_ttsys(&p->scratch, p->o->system_desc, s, p->d)
                                        : target_system_read(&p->scratch, p->c, own, s, p->d);
        if (!read)
            pass_note(p, p->scope);
        return read;
    }
    if (p->o->board.n)
        return find_boards(p, s);
    return target_system_mock(&p->scratch, arch_of(p->o->arch), p->o->mesh_shape, p->o->n_mesh_shape, s) ||
           pass_error_plain(p, p->scope, "no mock of a %.*s system of this mesh", STR_ARG(p->o->arch));
}

static uint8_t topology_of(str name) {
    return str_eq(name, STR("ring")) ? TARGET_RING : str_eq(name, STR("linear")) ? TARGET_LINEAR : TARGET_DISABLED;
}

bool pass_register_device(pass_context *p) {
    target_system system;
    target_device device;
    int64_t mesh[TARGET_MAX_MESH];
    uint8_t topology[TARGET_MAX_MESH];
    uint32_t rank;
    if (!find_system(p, &system))
        return false;
    bool had = ir_op_attr(p->m, p->scope, STR("ttcore.system_desc")) != 0;
    if (p->o->system_desc.n || !had)
        ir_set_attr(p->e, p->scope, STR("ttcore.system_desc"), target_system_attr(p->c, &system));
    ir_block body = body_of(p->m, p->scope);
    if (!body || find_symbol(p->m, p->scope, STR("default_device")))
        return true;
    if (!find_mesh(p, mesh, &rank))
        return false;
    for (uint32_t i = 0; i < p->o->n_mesh_topology; i++)
        topology[i] = topology_of(p->o->mesh_topology[i]);
    /* The mock has the chips of the option's mesh only; when the module's own is larger, the device still is. */
    bool mock = !p->o->system_desc.n && !p->o->board.n && !had;
    if (mock && !target_system_mock(&p->scratch, arch_of(p->o->arch), mesh, rank, &system))
        return pass_error_plain(p, p->scope, "no mock of a %.*s system of this mesh", STR_ARG(p->o->arch));
    if (!target_device_make(&system, mesh, rank, p->o->n_mesh_topology ? topology : NULL, &device, p->d)) {
        pass_note(p, p->scope);
        return false;
    }
    ir_edit_at_start(p->e, body);
    ir_attr props = make_dict(p,
                              (attr_entry[]){{STR("sym_name"), ir_attr_string(p->c, STR("default_device"), false)},
                                             {STR("device_attr"), target_device_attr(p->c, &device)}},
                              2);
    ir_op op = ir_build(
        p->e, &(ir_op_spec){.name = op_name(p, OP_ttcore_device), .loc = p->m->ops[p->scope].loc, .props = props});
    return op || pass_out_of_memory(p);
}
