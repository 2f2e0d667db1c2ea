// What is kept as text because nobody knows its form is refused, not passed over.
// error: 'vhlo.func_v1' op is kept as text because its custom form is unknown
vhlo.func_v1 @main(%arg0: !vhlo.tensor_v1<4x!vhlo.f32_v1>) -> (!vhlo.tensor_v1<4x!vhlo.f32_v1>) {
}
