/* Locations. */
#include "text/printer.h"

static void print_file_loc(printer *p, ir_loc l) {
    const ir_context *c = p->c;
    uint32_t line = ir_at(c, l, 1), column = ir_at(c, l, 2);
    uint32_t end_line = ir_at(c, l, 3), end_column = ir_at(c, l, 4);
    print_quoted(p, ir_str_of(c, ir_at(c, l, 0)));
    print_char(p, ':');
    print_u64(p, line);
    print_char(p, ':');
    print_u64(p, column);
    if ((!end_line && !end_column) || (end_line == line && end_column == column))
        return;
    print_lit(p, " to ");
    if (end_line != line)
        print_u64(p, end_line);
    print_char(p, ':');
    print_u64(p, end_column);
}

void print_loc_inner(printer *p, ir_loc l, bool top) {
    const ir_context *c = p->c;
    if (!l)
        l = c->l_unknown;
    if (!top && print_alias(p, l))
        return;
    if (!print_enter(p))
        return;
    switch (ir_kind_of(c, l)) {
    case IR_LOC_UNKNOWN: print_lit(p, "unknown"); break;
    case IR_LOC_FILE: print_file_loc(p, l); break;
    case IR_LOC_NAME: {
        ir_loc child = ir_at(c, l, 1);
        print_quoted(p, ir_str_of(c, ir_at(c, l, 0)));
        if (child && ir_kind_of(c, child) != IR_LOC_UNKNOWN) {
            print_char(p, '(');
            print_loc_inner(p, child, false);
            print_char(p, ')');
        }
        break;
    }
    case IR_LOC_CALLSITE:
        print_lit(p, "callsite(");
        print_loc_inner(p, ir_at(c, l, 0), false);
        print_lit(p, " at ");
        print_loc_inner(p, ir_at(c, l, 1), false);
        print_char(p, ')');
        break;
    case IR_LOC_FUSED:
        print_lit(p, "fused");
        if (ir_at(c, l, 0)) {
            print_char(p, '<');
            print_attr(p, ir_at(c, l, 0));
            print_char(p, '>');
        }
        print_char(p, '[');
        for (uint32_t i = 1; i < ir_count(c, l); i++) {
            if (i > 1)
                print_lit(p, ", ");
            print_loc_inner(p, ir_at(c, l, i), false);
        }
        print_char(p, ']');
        break;
    default: print_attr(p, l); break;
    }
    print_leave(p);
}

void print_trailing_loc(printer *p, ir_loc l, bool allow_alias) {
    if (!p->o.locations)
        return;
    if (!l)
        l = p->c->l_unknown;
    if (p->collecting) {
        print_note(p, l, false, false);
        return;
    }
    print_lit(p, " loc(");
    if (!allow_alias || !print_alias(p, l))
        print_loc_inner(p, l, true);
    print_char(p, ')');
}
