/* Tensor files: what is written reads back, bytes made by NumPy and safetensors are understood, damage is an error. */
#include "test.h"

#include "import/tensor.h"

static struct mem mem;
static struct arena arena;

/* Sample values that every element type holds. */
static void fill(struct tensor *t) {
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_set(t, i, t->dtype == TENSOR_BOOL ? (double)(i & 1) : (double)(i % 7));
}

static void same(const struct tensor *a, const struct tensor *b) {
    assert_int_equal(a->dtype, b->dtype);
    assert_int_equal(a->rank, b->rank);
    for (int i = 0; i < a->rank; i++)
        assert_int_equal(a->dims[i], b->dims[i]);
    assert_memory_equal(a->data, b->data, tensor_bytes(a));
}

static void round_trips(void **state) {
    static const int64_t dims[][3] = {{2, 3, 5}, {1, 1, 1}, {4, 0, 2}};
    (void)state;
    for (unsigned t = TENSOR_BOOL; t < TENSOR_N_DTYPES; t++)
        for (int rank = 0; rank <= 3; rank++)
            for (size_t d = 0; d < 3; d++) {
                struct tensor_entry e[2] = {{.name = STR("first")}, {.name = STR("a\"b")}};
                struct tensor_file f;
                assert_true(tensor_new(&e[0].tensor, &mem, (enum tensor_dtype)t, dims[d], rank));
                fill(&e[0].tensor);
                e[1].tensor = e[0].tensor;
                for (int format = 0; format < 3; format++) {
                    struct buf out;
                    bool small = tensor_dtype_is_small(t); /* NumPy has no name for them */
                    bool nameless = t == TENSOR_C128 ||
                                    (small && t != TENSOR_F8E4M3 && t != TENSOR_F8E5M2 && t != TENSOR_F8E8M0FNU);
                    if (format < 2 && small)
                        continue;
                    buf_init(&out, &mem);
                    if (format == 2 && nameless) { /* safetensors has none for them, or for two in a byte */
                        assert_false(tensor_write_safetensors(e, 2, &out));
                        assert_int_equal(out.n, 0);
                        continue;
                    }
                    assert_true(format == 0   ? tensor_write_npy(&e[0].tensor, &out)
                                : format == 1 ? tensor_write_npz(e, 2, &out, &mem)
                                              : tensor_write_safetensors(e, 2, &out));
                    assert_true(tensor_file_read(&f, buf_str(&out), &arena, &mem));
                    assert_int_equal(f.n, format ? 2 : 1);
                    for (size_t i = 0; i < f.n; i++)
                        same(&f.entries[i].tensor, &e[0].tensor);
                    if (format)
                        assert_str(f.entries[1].name, "a\"b");
                    /* No beginning of it crashes the reader. */
                    for (size_t n = 0; n < out.n; n += out.n / 64 + 1) {
                        struct tensor_file cut;
                        if (tensor_file_read(&cut, str_of(out.p, n), &arena, &mem))
                            tensor_file_free(&cut);
                    }
                    tensor_file_free(&f);
                    buf_free(&out);
                }
                tensor_free(&e[0].tensor);
            }
}

/* numpy.save of np.array([[1, 2, 3], [4, 5, 6]], order='F') as big-endian int16, by hand from the format's description. */
static void foreign_order(void **state) {
    static const char text[] = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }          \n";
    static const uint8_t data[] = {0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6};
    char file[200];
    size_t n = sizeof text - 1;
    struct tensor_file f;
    (void)state;
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (char)n;
    file[9] = 0;
    memcpy(file + 10, text, n);
    memcpy(file + 10 + n, data, sizeof data);
    assert_true(tensor_file_read(&f, str_of(file, 10 + n + sizeof data), &arena, &mem));
    for (int i = 0; i < 6; i++)
        assert_true(tensor_get(&f.entries[0].tensor, i) == i + 1);
    tensor_file_free(&f);
}

/* numpy.save of np.array([1.5 + 2.5j, -3 + 0.25j], dtype='>c16'), and of '<c16': each part is turned by itself. */
static void complex_numbers(void **state) {
    static const char big[] = "{'descr': '>c16', 'fortran_order': False, 'shape': (2,), }            \n";
    static const char little[] = "{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }            \n";
    static const uint8_t first[4][2] = {{0x3f, 0xf8}, {0x40, 0x04}, {0xc0, 0x08}, {0x3f, 0xd0}};
    static const double want[] = {1.5, 2.5, -3, 0.25};
    (void)state;
    for (int turned = 0; turned < 2; turned++) {
        char file[200] = "\x93NUMPY\x01\x00";
        size_t n = sizeof big - 1, at = 10 + n;
        struct tensor_file f;
        file[8] = (char)n;
        memcpy(file + 10, turned ? little : big, n);
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 2; k++)
                file[at + 8 * (size_t)i + (size_t)(turned ? 7 - k : k)] = (char)first[i][k];
        assert_true(tensor_file_read(&f, str_of(file, at + 32), &arena, &mem));
        const struct tensor *t = &f.entries[0].tensor;
        assert_int_equal(t->dtype, TENSOR_C128);
        assert_memory_equal(t->data, want, sizeof want);
        assert_true(tensor_get(t, 0) == 1.5 && tensor_get(t, 1) == -3);
        tensor_file_free(&f);
    }
}

static void errors(void **state) {
    struct tensor_file f;
    struct tensor t;
    int64_t dims[2] = {2, 2};
    (void)state;
    assert_false(tensor_file_read(&f, STR("what is this"), &arena, &mem));
    assert_str(f.error, "not a .npy, .npz or safetensors file");
    assert_false(tensor_raw(&t, STR("12345"), TENSOR_I8, dims, 2));
    assert_true(tensor_raw(&t, STR("1234"), TENSOR_I8, dims, 2));
    dims[0] = INT64_MAX;
    assert_false(tensor_new(&t, &mem, TENSOR_F32, dims, 2));
}

static void saturates(void **state) {
    int8_t bytes[4];
    struct tensor t = {.dtype = TENSOR_I8, .rank = 1, .dims = {4}, .data = bytes};
    static const double in[] = {1e9, -1e9, 2.5, -0.4};
    static const int8_t want[] = {127, -128, 2, 0};
    (void)state;
    for (int i = 0; i < 4; i++)
        tensor_set(&t, i, in[i]);
    assert_memory_equal(bytes, want, 4);
}

static int begin(void **state) {
    (void)state;
    mem_init(&mem);
    arena_init(&arena, &mem);
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_free(&arena);
    return mem.used != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips), cmocka_unit_test(foreign_order),
                                       cmocka_unit_test(complex_numbers), cmocka_unit_test(errors),
                                       cmocka_unit_test(saturates)};
    return cmocka_run_group_tests(tests, begin, end);
}
