/* Files of profilers: what becomes of their rows. Numbers are those of the files, added up by hand. */
#include <math.h>

#include "profile/profile.h"
#include "test.h"

static bool near(double a, double b) {
    return fabs(a - b) < 1e-9 * (1 + fabs(b));
}

static void read_text(struct profile *p, struct mem *m, const char *text, enum profile_format format) {
    assert_int_equal(profile_sniff(str_from_z(text)), format);
    bool good = profile_read(p, str_from_z(text), m);
    if (!good)
        fail_msg("%.*s", STR_ARG(p->error));
    assert_int_equal(p->format, format);
}

/* Two device ops of one location on two devices in two loops, a collective, a signpost, host work, an impossible time, a
 * quoted field with commas and quotes; columns in an order of their own. */
static const char ops_perf[] =
    "OP TYPE,OP CODE,LOC,DEVICE ID,DEVICE FW DURATION [ns],DEVICE KERNEL DURATION [ns],HOST START TS,"
    "OP TO OP LATENCY [ns],CORE COUNT,PROGRAM_METADATA,ATTRIBUTES,OUTPUT_0_MEMORY\r\n"
    "signpost,start,,,,,50,,,,,\r\n"
    "tt_dnn_device,Tilize,\"loc(\"\"a\"\")\",0,1000,900,100,,8,\"{'loop_number': 0, 'program_index': "
    "0}\",x,DEV_0_L1\r\n"
    "tt_dnn_device,Matmul,\"loc(\"\"a\"\")\",0,3000,2900,200,500,64,\"{'loop_number': 0}\",\"{'a': 'b, "
    "\"\"c\"\"'}\",\r\n"
    "tt_dnn_device,Tilize,\"loc(\"\"a\"\")\",1,1500,900,100,,8,{'loop_number': 0},x,\r\n"
    "tt_dnn_device,Matmul,\"loc(\"\"a\"\")\",1,2000,2900,200,500,64,{'loop_number': 0},x,\r\n"
    "tt_dnn_device,Matmul,\"loc(\"\"a\"\")\",0,2000,1900,700,,64,{'loop_number': 1},x,\r\n"
    "tt_dnn_device,AllGatherDeviceOperation,\"loc(\"\"g\"\")\",0,4000,,300,0,8,{'loop_number': 0},x,\r\n"
    "tt_dnn_device,AllGatherDeviceOperation,\"loc(\"\"g\"\")\",1,6000,,300,0,8,{'loop_number': 0},x,\r\n"
    "python_fallback,(torch) add,,,,,350,,,,,\r\n"
    "tt_dnn_device,Broken,,0,9000000000000,,400,,8,,x,\r\n"
    "tt_dnn_device,Unary,loc(unknown),0,,700,500,100,8,,x,\r\n"
    "tt_dnn_device,Unary,loc(unknown),0,,800,600,100,8,,x,\r\n";

static void ops_perf_results(void **state) {
    (void)state;
    struct mem m = {0};
    struct profile p;
    read_text(&p, &m, ops_perf, PROFILE_OPS_PERF);
    assert_int_equal(p.signposts, 1);
    assert_int_equal(p.host, 1);
    assert_int_equal(p.impossible, 1);
    assert_int_equal(p.loops, 2);
    assert_int_equal(p.devices, 2);
    assert_int_equal(p.n_rows, 9);
    assert_int_equal(p.ops.n, 4); /* two without location stay alone */
    const struct profile_op *a = &p.ops.v[0], *g = &p.ops.v[1];
    assert_str(a->loc, "\"a\"");
    assert_str(a->name, "Tilize");
    assert_int_equal(a->rows, 5);
    assert_int_equal(a->threads, 64);
    /* loop 0: device 0 took 4 us, device 1 3.5; loop 1: 2 us */
    assert_true(near(a->least_us, 2) && near(a->most_us, 4) && near(a->us, 3) && near(a->last_us, 2));
    assert_true(near(g->us, 5)); /* the mean of 4 and 6: they wait for each other */
    /* on device 0: Tilize 1 us, gap 0.5, Matmul 3 */
    assert_true(near(a->start_us, 0) && near(g->start_us, 4.5));
    assert_true(near(p.ops.v[2].us, 0.7) && near(p.ops.v[3].us, 0.8)); /* where the firmware's time is empty */
    assert_int_equal(p.ops.v[2].loc.n, 0);
    profile_free(&p);
    assert_int_equal(m.used, 0);
}

static void run_traces(void **state) {
    (void)state;
    struct mem m = {0};
    struct profile p;
    read_text(&p, &m,
              "op,name,line,kernel,start_ns,ns,fused,threads,read,written,flops,allocated,live,loc\n"
              "3,ttir.matmul,4,matmul.dnnl,1000,5000,0,2,10,20,30,20,99,\"\"\"fc\"\"\"\n"
              "5,ttir.relu,6,elementwise,7000,1000,0,1,1,2,3,4,5,\"\"\n"
              "5,ttir.relu,6,elementwise,9000,1500,0,1,1,2,3,4,6,\"\"\n",
              PROFILE_RUN_CSV);
    assert_int_equal(p.ops.n, 2);
    assert_true(near(p.ops.v[0].us, 5) && near(p.ops.v[0].start_us, 0) && near(p.ops.v[0].live, 99));
    assert_str(p.ops.v[0].loc, "\"fc\"");
    assert_int_equal(p.ops.v[1].op, 5);
    assert_int_equal(p.ops.v[1].line, 6);
    assert_true(near(p.ops.v[1].us, 2.5) && near(p.ops.v[1].start_us, 6) && near(p.ops.v[1].read, 2) &&
                near(p.ops.v[1].live, 6));
    profile_free(&p);
    read_text(
        &p, &m,
        "{\"displayTimeUnit\":\"ms\",\"traceEvents\":["
        "{\"name\":\"ttir.add\",\"cat\":\"elementwise\",\"ph\":\"X\",\"ts\":10.5,\"dur\":2.25,\"pid\":1,\"tid\":1,"
        "\"args\":{\"op\":7,\"line\":3,\"loc\":\"\\\"x\\\"\",\"read\":8,\"other\":[1,{\"a\":2}]}},"
        "{\"name\":\"memory\",\"ph\":\"C\",\"ts\":10.5,\"pid\":1,\"args\":{\"bytes\":4096}},"
        "{\"name\":\"outer\",\"ph\":\"B\",\"ts\":20,\"pid\":1,\"tid\":2},"
        "{\"name\":\"inner\",\"ph\":\"B\",\"ts\":21,\"pid\":1,\"tid\":2},"
        "{\"ph\":\"E\",\"ts\":22,\"pid\":1,\"tid\":2},{\"ph\":\"E\",\"ts\":25,\"pid\":1,\"tid\":2},"
        "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1}]}",
        PROFILE_CHROME);
    assert_int_equal(p.ops.n, 3);
    assert_true(near(p.ops.v[0].us, 2.25) && near(p.ops.v[0].read, 8) && near(p.ops.v[0].live, 4096));
    assert_str(p.ops.v[0].loc, "\"x\"");
    assert_int_equal(p.ops.v[0].op, 7);
    assert_str(p.ops.v[1].name, "outer");
    assert_true(near(p.ops.v[1].us, 5) && near(p.ops.v[1].start_us, 9.5));
    assert_true(near(p.ops.v[2].us, 1));
    profile_free(&p);
    assert_int_equal(m.used, 0);
}

static void results_of_ttrt(void **state) {
    (void)state;
    struct mem m = {0};
    struct profile p;
    read_text(&p, &m,
              "{\"0\":{\"loc\":\"loc(\\\"a\\\")\",\"debug_str\":\"%1 = \\\"ttnn.add\\\"(%0) : ...\","
              "\"dram\":{\"num_banks\":12,\"total_bytes_allocated_per_bank\":2048,\"block_table\":[{\"size\":1}]},"
              "\"l1\":{\"total_bytes_allocated_per_bank\":7}}}",
              PROFILE_MEMORY);
    assert_int_equal(p.ops.n, 1);
    assert_str(p.ops.v[0].name, "ttnn.add");
    assert_str(p.ops.v[0].loc, "\"a\"");
    assert_true(near(p.ops.v[0].live, 2048) && isnan(p.ops.v[0].us));
    profile_free(&p);
    /* by device, and as older files have it: the worst device counts */
    read_text(&p, &m,
              "{\"loc(\\\"a\\\")\":{\"0\":{\"expected_pcc\":0.99,\"actual_pcc\":0.999,\"max\":0.5},"
              "\"1\":{\"actual_pcc\":0.5,\"max\":2}},\"loc(\\\"b\\\")\":{\"actual_pcc\":1,\"atol\":0}}",
              PROFILE_GOLDEN);
    assert_int_equal(p.ops.n, 2);
    assert_true(near(p.ops.v[0].pcc, 0.5) && near(p.ops.v[0].absolute, 2) && near(p.ops.v[1].pcc, 1));
    assert_str(p.ops.v[1].loc, "\"b\"");
    profile_free(&p);
    assert_int_equal(m.used, 0);
}

static void what_is_none(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "module {\n}\n",
                                        "a,b,c\n1,2,3\n",
                                        "{\"graphs\":[]}",
                                        "{\"traceEvents\":[{\"name\":\"x\",\"ph\":\"X\",\"ts\":1}]}",
                                        "{\"traceEvents\":[{\"name\":\"x\"",
                                        "{\"traceEvents\":5}",
                                        "name,zone_name,ns_since_start,exec_time_ns\n"};
    struct mem m = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct profile p;
        assert_false(profile_read(&p, str_from_z(texts[i]), &m));
        assert_true(p.error.n > 0);
        profile_free(&p);
    }
    assert_int_equal(m.used, 0);
}

/* What spreadsheets save: a byte order mark, empty lines around, for both kinds of text. */
static void marks_and_empty_lines(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum profile_format format;
    } cases[] = {
        {"\xef\xbb\xbf"
         "name,zone_name,ns_since_start,exec_time_ns\r\na,z,0,2000\r\n",
         PROFILE_TRACY_TIMES},
        {"\r\n\n name,zone_name,ns_since_start,exec_time_ns\na,z,0,2000\n\n", PROFILE_TRACY_TIMES},
        {"\xef\xbb\xbf\n[{\"name\": \"a\", \"ph\": \"X\", \"ts\": 1, \"dur\": 2}]\n", PROFILE_CHROME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mem m = {0};
        struct profile p;
        read_text(&p, &m, cases[i].text, cases[i].format);
        assert_int_equal(p.ops.n, 1);
        assert_str(p.ops.v[0].name, "a");
        assert_true(near(p.ops.v[0].us, 2));
        profile_free(&p);
        assert_int_equal(m.used, 0);
    }
}

static bool sweep(struct mem *m, void *ctx) {
    struct profile p;
    bool good = profile_read(&p, str_from_z(ctx), m);
    profile_free(&p);
    return good;
}

static void out_of_memory(void **state) {
    (void)state;
    test_oom_sweep(sweep, (void *)(uintptr_t)ops_perf, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ops_perf_results),      cmocka_unit_test(run_traces),
                                       cmocka_unit_test(results_of_ttrt),       cmocka_unit_test(what_is_none),
                                       cmocka_unit_test(marks_and_empty_lines), cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
