/* directives.c - the table of custom directives of StableHLO, CHLO, Shardy and Tenstorrent ops. */
#include "text/directives_impl.h"

#include "dialect/ids.h"

const directive *directive_find(uint32_t custom) {
    static const struct entry {
        uint32_t custom;
        directive d;
    } table[] = {
        {CUSTOM_SameOperandsAndResultType, {read_same_type, print_same_type}},
        {CUSTOM_VariadicSameOperandsAndResultType, {read_variadic_same_type, print_variadic_same_type}},
        {CUSTOM_ComplexOpType, {read_complex_type, print_complex_type}},
        {CUSTOM_SelectOpType, {read_select_type, print_select_type}},
        {CUSTOM_TupleOpType, {read_tuple_type, print_tuple_type}},
        {CUSTOM_PairwiseOpType, {read_pairwise_type, print_pairwise_type}},
        {CUSTOM_VariadicOperandWithAttribute, {read_operands_with_commas, print_operands_with_commas}},
        {CUSTOM_ConvolutionDimensions, {read_convolution_dimensions, print_convolution_dimensions}},
        {CUSTOM_WindowAttributes, {read_window_attributes, print_window_attributes}},
        {CUSTOM_DotDimensionNumbers, {read_dot_dimension_numbers, print_dot_dimension_numbers}},
        {CUSTOM_PrecisionConfig, {read_precision_config, print_precision_config}},
        {CUSTOM_PrecisionConfigAndAlgorithm, {read_precision_and_algorithm, print_precision_and_algorithm}},
        {CUSTOM_SliceRanges, {read_slice_ranges, print_slice_ranges}},
        {CUSTOM_CustomCallTarget, {read_custom_call_target, print_custom_call_target}},
        {CUSTOM_ExponentMantissa, {read_exponent_mantissa, print_exponent_mantissa}},
        {CUSTOM_SingleBlockRegionNoBlockId, {read_region_without_label, print_region_without_label}},
        {CUSTOM_StrippedTensorShardingPerValueAttr, {read_shardings_per_value, print_shardings_per_value}},
        {CUSTOM_EmitPyGlobalOpInitialValue, {read_emitpy_initial_value, print_emitpy_initial_value}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].custom == custom)
            return &table[i].d;
    }
    return NULL;
}
