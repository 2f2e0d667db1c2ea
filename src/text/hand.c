/* hand.c - the table of hand-written bodies. A body that is not here is kept as text. */
#include "text/hand.h"

#include "dialect/ids.h"

const body_form *body_attr_form(uint32_t hand) {
    static const body_form forms[HANDATTR_N] = {
        [HANDATTR_chlo_ragged_dot] = {hlo_read_dims_struct, hlo_print_dims_struct},
        [HANDATTR_d2m_thread] = {tt_read_thread, tt_print_thread},
        [HANDATTR_sdy_dim_mapping] = {sdy_read_dim_mapping, sdy_print_dim_mapping},
        [HANDATTR_sdy_dimension_sharding] = {sdy_read_dimension_sharding, sdy_print_dimension_sharding},
        [HANDATTR_stablehlo_bounds] = {hlo_read_bounds, hlo_print_bounds},
        [HANDATTR_stablehlo_conv] = {hlo_read_conv, hlo_print_conv},
        [HANDATTR_stablehlo_dot] = {hlo_read_dims_struct, hlo_print_dims_struct},
        [HANDATTR_stablehlo_gather] = {hlo_read_dims_struct, hlo_print_dims_struct},
        [HANDATTR_stablehlo_result_accuracy] = {hlo_read_result_accuracy, hlo_print_result_accuracy},
        [HANDATTR_stablehlo_scatter] = {hlo_read_dims_struct, hlo_print_dims_struct},
        [HANDATTR_ttnn_memory_config] = {tt_read_memory_config, tt_print_memory_config},
    };
    return hand < HANDATTR_N && forms[hand].read ? &forms[hand] : NULL;
}

const body_form *body_type_form(uint32_t hand) {
    static const body_form forms[HANDTYPE_N] = {
        [HANDTYPE_emitc_array] = {emitc_read_array, emitc_print_array},
        [HANDTYPE_emitpy_dict] = {tt_read_dict_type, tt_print_dict_type},
        [HANDTYPE_gpu_async_token] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_gpu_sparse_dntensor_handle] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_gpu_sparse_spgemmop_handle] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_gpu_sparse_spmat_handle] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_llvm_label] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_llvm_metadata] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_llvm_struct] = {llvm_read_struct, llvm_print_struct},
        [HANDTYPE_llvm_token] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_llvm_void] = {body_read_nothing, body_print_nothing},
        [HANDTYPE_quant_any] = {quant_read_any, quant_print_any},
        [HANDTYPE_quant_calibrated] = {quant_read_calibrated, quant_print_calibrated},
        [HANDTYPE_quant_uniform] = {quant_read_uniform, quant_print_uniform},
    };
    return hand < HANDTYPE_N && forms[hand].read ? &forms[hand] : NULL;
}

bool body_read_nothing(body *b) {
    (void)b;
    return true;
}

void body_print_nothing(printer *p, ir_node n) {
    (void)p;
    (void)n;
}
