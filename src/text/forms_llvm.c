/* forms_llvm.c - hand-written forms of the llvm dialect, and what lies inside its aggregate types. */
#include <string.h>

#include "dialect/ids.h"
#include "text/asm.h"
#include "text/dialect_text.h"
#include "text/forms.h"

/* ---- types ---------------------------------------------------------------------------------------------- */

ir_type llvm_element_type(const ir_context *c, ir_type t, int64_t index) {
    if (!t || index < 0)
        return 0;
    if (dialect_is_type(c, t, TYPE_llvm_array))
        return dialect_param(c, t, STR("elementType"));
    if (!dialect_is_type(c, t, TYPE_llvm_struct))
        return ir_kind_of(c, t) == IR_TYPE_VECTOR ? ir_element_type(c, t) : 0;
    ir_attr fields = dialect_param(c, t, STR("body"));
    if (!fields || ir_kind_of(c, fields) != IR_ATTR_ARRAY || index >= ir_count(c, fields))
        return 0;
    ir_attr item = ir_at(c, fields, (uint32_t)index);
    return ir_kind_of(c, item) == IR_ATTR_TYPE ? ir_at(c, item, 0) : 0;
}

static ir_type function_type(ir_context *c, ir_type result, const ir_attr *params, uint32_t n, bool variadic) {
    if (!result)
        result = dialect_make_type(c, TYPE_llvm_void, NULL);
    ir_node parts[3] = {result, ir_attr_array(c, params, n), variadic ? c->a_true : c->a_false};
    return dialect_make_type(c, TYPE_llvm_func, parts);
}

/* ---- enum words before a symbol ---------------------------------------------------------------------------- */

/* The enum that an attribute definition is made of: the one it wraps, or that of its only parameter. NULL if neither. */
static const enum_def *enum_of(const attr_type_def *d) {
    if (d->wraps != DIALECT_NONE)
        return &dialect_enums[d->wraps];
    return d->n_params == 1 && def_param(d, 0)->kind == PARAM_ENUM ? &dialect_enums[def_param(d, 0)->ref] : NULL;
}

/* The word in such an attribute; empty for any other. */
static str case_of(const ir_context *c, ir_attr a) {
    if (!a || ir_kind_of(c, a) != IR_ATTR_DIALECT || !enum_of(&dialect_attr_defs[ir_at(c, a, 0) - 1]))
        return (str){"", 0};
    return ir_str_of(c, dialect_param_at(c, a, 0));
}

/* Takes a case of such an attribute's enum, if one stands there, and sets `key` to it. */
static bool opt_case(reader *r, uint32_t def, str key) {
    const enum_def *e = enum_of(&dialect_attr_defs[def]);
    str word = rd_peek_id(r);
    if (!e || !word.n || !dialect_case_by_text(e, word))
        return true;
    ir_node keyword = dialect_keyword(r->ctx, word);
    ir_attr a = dialect_make_attr(r->ctx, def, &keyword);
    rd_take(r, (uint32_t)word.n);
    return a && rd_add_prop(r, key, a);
}

/* The same of an enum kept as integer. */
static bool opt_int_case(reader *r, str enum_name, str key) {
    const enum_def *e = dialect_find_enum(enum_name);
    str word = rd_peek_id(r);
    const enum_case *k = e && word.n ? dialect_case_by_text(e, word) : NULL;
    if (!k)
        return true;
    rd_take(r, (uint32_t)word.n);
    return rd_add_prop(r, key, ir_attr_int(r->ctx, r->ctx->t_i64, k->value));
}

/* "word " unless it is the default. */
static void print_case(printer *p, ir_op op, str key, str preset) {
    str word = case_of(p->c, ir_op_attr(p->m, op, key));
    if (word.n && !str_eq(word, preset)) {
        print_str(p, word);
        print_char(p, ' ');
    }
}

static void print_int_case(printer *p, ir_op op, str enum_name, str key) {
    const enum_def *e = dialect_find_enum(enum_name);
    ir_attr a = ir_op_attr(p->m, op, key);
    int64_t v = 0;
    char text[64];
    if (!e || !a || !ir_int_value(p->c, a, &v) || v == 0)
        return;
    size_t n = dialect_enum_text(e, v, text, sizeof text);
    if (n) {
        print_str(p, str_of(text, n));
        print_char(p, ' ');
    }
}

/* ---- icmp, fcmp, alloca ------------------------------------------------------------------------------------ */

/* "slt" %a, %b {..} : type */
static bool read_compare(reader *r, rd_op *op, str enum_name) {
    ir_context *c = r->ctx;
    const enum_def *e = dialect_find_enum(enum_name);
    uint32_t at = rd_pos(r);
    ir_str word;
    rd_use a, b;
    if (!rd_string(r, &word))
        return false;
    const enum_case *k = e ? dialect_case_by_text(e, ir_str_of(c, word)) : NULL;
    if (!k)
        return rd_error(r, at, "'%.*s' is an incorrect value of the 'predicate' attribute",
                        STR_ARG(ir_str_of(c, word)));
    if (!rd_value_use(r, &a) || !rd_expect(r, ',') || !rd_value_use(r, &b) || !rd_opt_attr_dict(r, op))
        return false;
    ir_type t = rd_colon_type(r);
    return t && rd_resolve_operand(r, a, t) && rd_resolve_operand(r, b, t) &&
           rd_add_prop(r, STR("predicate"), ir_attr_int(c, c->t_i64, k->value)) &&
           rd_add_result_type(r, asm_transform(c, TRANSFORM_I1_SAME_SHAPE, t));
}

static bool print_compare(printer *p, ir_op op, str enum_name) {
    const ir_op_data *o = ir_op_at(p->m, op);
    const enum_def *e = dialect_find_enum(enum_name);
    ir_attr predicate = ir_op_attr(p->m, op, STR("predicate"));
    char text[64];
    int64_t v;
    size_t n;
    if (o->n_operands != 2 || !e || !predicate || !ir_int_value(p->c, predicate, &v) ||
        !(n = dialect_enum_text(e, v, text, sizeof text)))
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_quoted(p, str_of(text, n));
    print_char(p, ' ');
    print_operands(p, op, 0, 2);
    str elided[2] = {STR("predicate"), STR("")};
    uint32_t n_elided = 1;
    ir_attr flags = ir_op_attr(p->m, op, STR("fastmathFlags"));
    if (flags && str_eq(case_of(p->c, flags), STR("none")))
        elided[n_elided++] = STR("fastmathFlags");
    form_print_attrs(p, op, elided, n_elided);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 1);
    return true;
}

bool form_read_llvm_icmp(reader *r, rd_op *op) {
    return read_compare(r, op, STR("llvm.ICmpPredicate"));
}

bool form_print_llvm_icmp(printer *p, ir_op op) {
    return print_compare(p, op, STR("llvm.ICmpPredicate"));
}

bool form_read_llvm_fcmp(reader *r, rd_op *op) {
    return read_compare(r, op, STR("llvm.FCmpPredicate"));
}

bool form_print_llvm_fcmp(printer *p, ir_op op) {
    return print_compare(p, op, STR("llvm.FCmpPredicate"));
}

/* inalloca? %n x type {..} : (type of n) -> ptr */
bool form_read_llvm_alloca(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    rd_use n;
    ir_type element;
    if (rd_accept_keyword(r, "inalloca") && !rd_add_prop(r, STR("inalloca"), c->a_unit))
        return false;
    if (!rd_value_use(r, &n) || !rd_expect_keyword(r, "x") || !(element = rd_type(r)) || !rd_opt_attr_dict(r, op) ||
        !rd_expect(r, ':'))
        return false;
    uint32_t at = rd_pos(r);
    ir_type f = rd_function_type(r);
    if (!f)
        return false;
    if (ir_at(c, f, 0) != 1 || ir_count(c, f) != 3)
        return rd_error(r, at, "expected function type with one operand and one result");
    return rd_resolve_operand(r, n, ir_at(c, f, 1)) && rd_add_result_type(r, ir_at(c, f, 2)) &&
           rd_add_prop(r, STR("elem_type"), ir_attr_type(c, element));
}

bool form_print_llvm_alloca(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr element = ir_op_attr(p->m, op, STR("elem_type")), alignment = ir_op_attr(p->m, op, STR("alignment"));
    int64_t v;
    if (o->n_operands != 1 || o->n_results != 1 || !element || ir_kind_of(p->c, element) != IR_ATTR_TYPE)
        return false;
    print_op_name(p, op);
    if (ir_op_attr(p->m, op, STR("inalloca")))
        print_lit(p, " inalloca");
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    print_lit(p, " x ");
    print_type(p, ir_at(p->c, element, 0));
    str elided[3] = {STR("elem_type"), STR("inalloca"), STR("alignment")};
    bool no_alignment = alignment && ir_int_value(p->c, alignment, &v) && v == 0;
    form_print_attrs(p, op, elided, no_alignment ? 3 : 2);
    print_lit(p, " : ");
    print_op_function_type(p, op);
    return true;
}

/* ---- call -------------------------------------------------------------------------------------------------- */

/* cconv? tail? @callee|%p (args) (vararg(type))? {..} : function type, or for pointers `: !llvm.ptr, function type` */
bool form_read_llvm_call(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    rd_use pointer;
    asm_list args;
    if (!opt_case(r, ATTR_llvm_cconv, STR("CConv")) || !opt_case(r, ATTR_llvm_tailcallkind, STR("TailCallKind")))
        return false;
    bool direct = rd_is_symbol(r);
    if (direct) {
        ir_attr callee = rd_symbol_ref(r);
        if (!callee || !rd_add_prop(r, STR("callee"), callee))
            return false;
    } else if (!rd_value_use(r, &pointer)) {
        return false;
    }
    if (!form_uses(r, '(', ')', &args))
        return false;
    if (rd_accept_keyword(r, "vararg")) {
        ir_type t;
        if (!rd_expect(r, '(') || !(t = rd_type(r)) || !rd_expect(r, ')') ||
            !rd_add_prop(r, STR("var_callee_type"), ir_attr_type(c, t)))
            return false;
    }
    if (!rd_opt_attr_dict(r, op) || !rd_expect(r, ':'))
        return false;
    if (!direct) {
        ir_type t = rd_type(r);
        if (!t || !rd_resolve_operand(r, pointer, t) || !rd_expect(r, ','))
            return false;
    }
    uint32_t at = rd_pos(r);
    ir_type f = rd_function_type(r);
    if (!f)
        return false;
    uint32_t n_in = ir_at(c, f, 0), types = rd_mark(r);
    for (uint32_t i = 0; i < n_in; i++)
        if (!rd_push(r, ir_at(c, f, 1 + i)))
            return false;
    if (!rd_resolve_list(r, args.mark, args.n, types, n_in, at))
        return false;
    for (uint32_t i = 1 + n_in; i < ir_count(c, f); i++)
        if (!dialect_is_type(c, ir_at(c, f, i), TYPE_llvm_void) && !rd_add_result_type(r, ir_at(c, f, i)))
            return false;
    uint32_t sizes[] = {args.n + !direct, 0};
    if (!rd_get_attr(r, op, STR("op_bundle_sizes")) &&
        !rd_add_prop(r, STR("op_bundle_sizes"), ir_attr_dense_array(c, c->t_i32, "", 0, true)))
        return false;
    return rd_add_segments(r, STR("operandSegmentSizes"), sizes, 2);
}

bool form_print_llvm_call(printer *p, ir_op op) {
    static const str elided[] = {STR_INIT("callee"),
                                 STR_INIT("CConv"),
                                 STR_INIT("TailCallKind"),
                                 STR_INIT("var_callee_type"),
                                 STR_INIT("operandSegmentSizes"),
                                 STR_INIT("op_bundle_sizes"),
                                 STR_INIT("fastmathFlags")};
    const ir_op_data *o = ir_op_at(p->m, op);
    asm_groups g;
    ir_attr callee = ir_op_attr(p->m, op, STR("callee")), variadic = ir_op_attr(p->m, op, STR("var_callee_type"));
    if (!asm_operand_groups(p->m, op, print_op_def(p, op), &g) || g.n[1] || (!callee && g.n[0] == 0))
        return false;
    uint32_t first = callee ? 0 : 1, n = g.n[0] - first;
    print_op_name(p, op);
    print_char(p, ' ');
    print_case(p, op, STR("CConv"), STR("ccc"));
    print_case(p, op, STR("TailCallKind"), STR("none"));
    if (callee)
        print_attr(p, callee);
    else
        print_operands(p, op, 0, 1);
    form_print_bracketed(p, op, '(', first, n, ')');
    if (variadic && ir_kind_of(p->c, variadic) == IR_ATTR_TYPE) {
        print_lit(p, " vararg(");
        print_type(p, ir_at(p->c, variadic, 0));
        print_char(p, ')');
    }
    ir_attr flags = ir_op_attr(p->m, op, STR("fastmathFlags"));
    form_print_attrs(p, op, elided, !flags || str_eq(case_of(p->c, flags), STR("none")) ? 7 : 6);
    print_lit(p, " : ");
    if (!callee) {
        print_operand_types(p, op, 0, 1);
        print_lit(p, ", ");
    }
    print_char(p, '(');
    print_operand_types(p, op, first, n);
    print_lit(p, ") -> ");
    if (o->n_results == 1)
        print_result_types(p, op, 0, 1);
    else
        print_lit(p, "()");
    return true;
}

/* ---- func --------------------------------------------------------------------------------------------------- */

/* One parameter: `%a: type {..}`, or `type {..}` of a declaration. Its type goes to *type, its dictionary to *attrs. */
static bool read_param(reader *r, rd_arg *a, bool *named) {
    *a = (rd_arg){.name = {.at = UINT32_MAX}};
    *named = rd_is_value(r);
    if (*named)
        return rd_argument(r, true, true, a);
    a->type = rd_type(r);
    if (!a->type)
        return false;
    return !rd_is(r, '{') || (a->attrs = rd_dict(r)) != 0;
}

/* linkage? visibility? unnamed_addr? cconv? @name(params) (-> type)? (attributes {..})? {..}? */
bool form_read_llvm_func(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    ir_str name;
    if (!opt_case(r, ATTR_llvm_linkage, STR("linkage")) ||
        !opt_int_case(r, STR("llvm.Visibility"), STR("visibility_")) ||
        !opt_int_case(r, STR("llvm.UnnamedAddr"), STR("unnamed_addr")) || !opt_case(r, ATTR_llvm_cconv, STR("CConv")) ||
        !rd_symbol_name(r, &name) || !rd_add_prop(r, STR("sym_name"), ir_attr_string(c, ir_str_of(c, name), false)) ||
        !rd_expect(r, '('))
        return false;
    uint32_t args = rd_mark(r), n = 0;
    bool variadic = false, named = false, any_attrs = false;
    if (!rd_is(r, ')')) {
        do {
            rd_arg a;
            if (rd_accept_text(r, "...")) {
                variadic = true;
                break;
            }
            if (!read_param(r, &a, &named) || !rd_push_arg(r, &a))
                return false;
            any_attrs |= a.attrs && ir_count(c, a.attrs);
            n++;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, ')'))
        return false;
    ir_type result = 0;
    ir_attr result_attrs = 0;
    if (rd_accept_text(r, "->")) {
        bool parens = rd_accept(r, '(');
        if (!(result = rd_type(r)) || (parens && rd_is(r, '{') && !(result_attrs = rd_dict(r))) ||
            (parens && !rd_expect(r, ')')))
            return false;
    }
    uint32_t mark = rd_mark(r);
    for (uint32_t i = 0; i < n; i++)
        if (!rd_push(r, ir_attr_type(c, rd_arg_at(r, args, i).type)))
            return false;
    ir_type f = function_type(c, result, rd_words(r, mark), n, variadic);
    if (!rd_add_prop(r, STR("function_type"), ir_attr_type(c, f)))
        return false;
    if (any_attrs) {
        mark = rd_mark(r);
        for (uint32_t i = 0; i < n; i++) {
            ir_attr d = rd_arg_at(r, args, i).attrs;
            if (!rd_push(r, d ? d : c->a_empty_dict))
                return false;
        }
        if (!rd_add_prop(r, STR("arg_attrs"), ir_attr_array(c, rd_words(r, mark), n)))
            return false;
    }
    if (result_attrs && !rd_add_prop(r, STR("res_attrs"), ir_attr_array(c, &result_attrs, 1)))
        return false;
    bool present;
    if (!rd_opt_attr_dict_keyword(r, op) || !rd_opt_region(r, op, args, named ? n : 0, &present))
        return false;
    if (!rd_get_attr(r, op, STR("unnamed_addr")) && !rd_add_prop(r, STR("unnamed_addr"), ir_attr_int(c, c->t_i64, 0)))
        return false;
    return present || rd_add_region(r, ir_region_new(r->m));
}

bool form_print_llvm_func(printer *p, ir_op op) {
    static const str elided[] = {STR_INIT("sym_name"),     STR_INIT("function_type"), STR_INIT("arg_attrs"),
                                 STR_INIT("res_attrs"),    STR_INIT("linkage"),       STR_INIT("CConv"),
                                 STR_INIT("unnamed_addr"), STR_INIT("visibility_")};
    const ir_module *m = p->m;
    const ir_context *c = p->c;
    const ir_op_data *o = ir_op_at(m, op);
    ir_attr type = ir_op_attr(m, op, STR("function_type")), name = ir_op_attr(m, op, STR("sym_name"));
    ir_type f = type && ir_kind_of(c, type) == IR_ATTR_TYPE ? ir_at(c, type, 0) : 0;
    ir_attr params = f && dialect_is_type(c, f, TYPE_llvm_func) ? dialect_param(c, f, STR("params")) : 0;
    if (o->n_regions != 1 || !name || ir_kind_of(c, name) != IR_ATTR_STRING || !params ||
        ir_kind_of(c, params) != IR_ATTR_ARRAY)
        return false;
    uint32_t n = ir_count(c, params);
    ir_block entry = ir_region_at(m, ir_op_region(m, op, 0))->first;
    if (entry && ir_block_at(m, entry)->n_args != n)
        return false;
    ir_attr dicts = ir_op_attr(m, op, STR("arg_attrs")), res = ir_op_attr(m, op, STR("res_attrs"));
    print_op_name(p, op);
    print_char(p, ' ');
    print_case(p, op, STR("linkage"), STR("external"));
    print_int_case(p, op, STR("llvm.Visibility"), STR("visibility_"));
    print_int_case(p, op, STR("llvm.UnnamedAddr"), STR("unnamed_addr"));
    print_case(p, op, STR("CConv"), STR("ccc"));
    print_symbol(p, ir_str_of(c, name));
    print_char(p, '(');
    for (uint32_t i = 0; i < n; i++) {
        ir_attr d = dicts && ir_kind_of(c, dicts) == IR_ATTR_ARRAY && i < ir_count(c, dicts) ? ir_at(c, dicts, i) : 0;
        if (i)
            print_lit(p, ", ");
        if (entry) {
            print_region_arg(p, ir_block_at(m, entry)->args + i, d, true);
        } else {
            print_type(p, ir_at(c, ir_at(c, params, i), 0));
            print_attr_dict(p, 0, d, NULL, 0, false);
        }
    }
    if (dialect_param(c, f, STR("varArg")) == c->a_true)
        print_str(p, n ? STR(", ...") : STR("..."));
    print_char(p, ')');
    ir_type result = dialect_param(c, f, STR("returnType"));
    if (!dialect_is_type(c, result, TYPE_llvm_void)) {
        ir_attr d = res && ir_kind_of(c, res) == IR_ATTR_ARRAY && ir_count(c, res) ? ir_at(c, res, 0) : 0;
        bool wrapped = d && ir_count(c, d);
        print_lit(p, " -> ");
        if (wrapped)
            print_char(p, '(');
        print_type(p, result);
        print_attr_dict(p, 0, d, NULL, 0, false);
        if (wrapped)
            print_char(p, ')');
    }
    print_attr_dict(p, o->props, o->attrs, elided, sizeof elided / sizeof *elided, true);
    if (entry) {
        print_char(p, ' ');
        print_region(p, ir_op_region(m, op, 0), PRINT_TERMINATORS);
    }
    return true;
}

/* ---- mlir.global -------------------------------------------------------------------------------------------- */

/* linkage? visibility? thread_local? unnamed_addr? constant? @name(value?) {..}? (: type)? {..}? */
bool form_read_llvm_mlir_global(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    ir_str name;
    ir_attr value = 0;
    if (!opt_case(r, ATTR_llvm_linkage, STR("linkage")) || !opt_int_case(r, STR("llvm.Visibility"), STR("visibility_")))
        return false;
    if (rd_accept_keyword(r, "thread_local") && !rd_add_prop(r, STR("thread_local_"), c->a_unit))
        return false;
    if (!opt_int_case(r, STR("llvm.UnnamedAddr"), STR("unnamed_addr")))
        return false;
    if (rd_accept_keyword(r, "constant") && !rd_add_prop(r, STR("constant"), c->a_unit))
        return false;
    if (!rd_symbol_name(r, &name) || !rd_add_prop(r, STR("sym_name"), ir_attr_string(c, ir_str_of(c, name), false)) ||
        !rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')') && (!(value = rd_attr(r, 0)) || !rd_add_prop(r, STR("value"), value)))
        return false;
    if (!rd_expect(r, ')') || !rd_opt_attr_dict(r, op))
        return false;
    ir_type t;
    if (rd_is(r, ':')) {
        if (!(t = rd_colon_type(r)))
            return false;
    } else if (value && ir_kind_of(c, value) == IR_ATTR_STRING) {
        ir_type i8 = c->t_i8;
        ir_node parts[2] = {i8, ir_attr_int(c, ir_type_integer(c, 64, IR_UNSIGNED), (int64_t)ir_str_of(c, value).n)};
        t = dialect_make_type(c, TYPE_llvm_array, parts);
    } else {
        return rd_error(r, op->at, "type can only be omitted for string globals");
    }
    bool present;
    if (!rd_add_prop(r, STR("global_type"), ir_attr_type(c, t)) || !rd_opt_region(r, op, rd_mark(r), 0, &present))
        return false;
    if (!rd_get_attr(r, op, STR("unnamed_addr")) && !rd_add_prop(r, STR("unnamed_addr"), ir_attr_int(c, c->t_i64, 0)))
        return false;
    return present || rd_add_region(r, ir_region_new(r->m));
}

bool form_print_llvm_mlir_global(printer *p, ir_op op) {
    static const str elided[] = {STR_INIT("sym_name"),    STR_INIT("global_type"),  STR_INIT("value"),
                                 STR_INIT("constant"),    STR_INIT("linkage"),      STR_INIT("unnamed_addr"),
                                 STR_INIT("visibility_"), STR_INIT("thread_local_")};
    const ir_context *c = p->c;
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr type = ir_op_attr(p->m, op, STR("global_type")), name = ir_op_attr(p->m, op, STR("sym_name"));
    ir_attr value = ir_op_attr(p->m, op, STR("value"));
    if (o->n_regions != 1 || !type || ir_kind_of(c, type) != IR_ATTR_TYPE || !name ||
        ir_kind_of(c, name) != IR_ATTR_STRING)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_case(p, op, STR("linkage"), STR(""));
    print_int_case(p, op, STR("llvm.Visibility"), STR("visibility_"));
    if (ir_op_attr(p->m, op, STR("thread_local_")))
        print_lit(p, "thread_local ");
    print_int_case(p, op, STR("llvm.UnnamedAddr"), STR("unnamed_addr"));
    if (ir_op_attr(p->m, op, STR("constant")))
        print_lit(p, "constant ");
    print_symbol(p, ir_str_of(c, name));
    print_char(p, '(');
    if (value)
        print_attr(p, value);
    print_char(p, ')');
    form_print_attrs(p, op, elided, sizeof elided / sizeof *elided);
    if (!value || ir_kind_of(c, value) != IR_ATTR_STRING) {
        print_lit(p, " : ");
        print_type(p, ir_at(c, type, 0));
    }
    if (ir_region_at(p->m, ir_op_region(p->m, op, 0))->first) {
        print_char(p, ' ');
        print_region(p, ir_op_region(p->m, op, 0), PRINT_TERMINATORS);
    }
    return true;
}
