/* Files on their way from a request to the workspace: never in memory, complete or not there at all. */
#include "base/vec.h"
#include "server/http_inner.h"

enum { UPLOAD_FILES = 64, UPLOAD_FIELD_BYTES = 64 << 10, UPLOAD_FIELDS_BYTES = 1 << 20 };

struct upload_file {
    struct store_writer *writer; /* NULL once it is a blob */
    struct http_upload info;
};

struct upload {
    struct multipart multipart;
    bool form;
    bool in_file; /* the part being received is a file */
    struct buf field;
    str field_name;
    size_t fields_bytes;
    VEC(struct upload_file) files;
    VEC(struct http_field) fields;
    VEC(struct http_upload) done;
};

static bool add_file(struct req *r, str field, str name) {
    struct upload *u = r->upload;
    struct store_error e;
    if (u->files.n == UPLOAD_FILES) {
        http_error(&r->pub, 413, "more than %d files in one upload", UPLOAD_FILES);
        return false;
    }
    struct upload_file f = {.info = {.field = arena_str(&r->arena, field), .name = parse_file_name(name, &r->arena)}};
    f.writer = store_writer_begin(r->http->server->store, &e);
    if (!f.writer) {
        http_store_error(&r->pub, &e);
        return false;
    }
    if (f.info.field.p && f.info.name.p && vec_push(&u->files, f))
        return true;
    store_writer_abort(f.writer);
    r->reply.oom = true;
    return false;
}

static bool add_data(struct req *r, const char *p, size_t n) {
    struct upload *u = r->upload;
    struct store_error e;
    if (store_writer_add(vec_last(&u->files).writer, p, n, &e))
        return true;
    http_store_error(&r->pub, &e);
    return false;
}

static bool part_begin(void *ctx, str name, str file_name) {
    struct req *r = ctx;
    struct upload *u = r->upload;
    u->in_file = file_name.p != NULL;
    if (u->in_file)
        return add_file(r, name, file_name);
    buf_clear(&u->field);
    u->field_name = arena_str(&r->arena, name);
    return true;
}

static bool part_data(void *ctx, const char *p, size_t n) {
    struct req *r = ctx;
    struct upload *u = r->upload;
    if (u->in_file)
        return add_data(r, p, n);
    u->fields_bytes += n;
    if (u->field.n + n > UPLOAD_FIELD_BYTES || u->fields_bytes > UPLOAD_FIELDS_BYTES) {
        http_error(&r->pub, 413, "a field of the form is too long");
        return false;
    }
    buf_write(&u->field, p, n);
    return true;
}

static bool part_end(void *ctx) {
    struct req *r = ctx;
    struct upload *u = r->upload;
    if (u->in_file)
        return true;
    struct http_field f = {u->field_name, arena_str(&r->arena, buf_str(&u->field))};
    if (f.name.p && f.value.p && !u->field.failed && vec_push(&u->fields, f))
        return true;
    r->reply.oom = true;
    return false;
}

static const struct multipart_calls upload_calls = {part_begin, part_data, part_end};

bool upload_begin(struct req *r) {
    struct upload *u = ARENA_NEW(&r->arena, struct upload);
    if (!u) {
        r->reply.oom = true;
        return false;
    }
    r->upload = u;
    buf_init(&u->field, &r->mem);
    vec_init(&u->files, &r->mem);
    vec_init(&u->fields, &r->mem);
    vec_init(&u->done, &r->mem);
    str type = http_header(&r->pub, "Content-Type");
    u->form = parse_same(str_trim(str_slice(type, 0, str_find_char(type, ';'))), "multipart/form-data");
    if (!u->form) {
        str name = http_query(&r->pub, "name");
        return add_file(r, STR("file"), name.p ? name : STR("upload"));
    }
    if (multipart_init(&u->multipart, &r->mem, type, &upload_calls, r))
        return true;
    http_error(&r->pub, 400, "%s", u->multipart.error);
    return false;
}

bool upload_feed(struct req *r, const char *p, size_t n) {
    struct upload *u = r->upload;
    if (!u->form)
        return add_data(r, p, n);
    if (multipart_feed(&u->multipart, p, n))
        return true;
    if (u->multipart.error)
        http_error(&r->pub, 400, "%s", u->multipart.error);
    return false;
}

bool upload_finish(struct req *r) {
    struct upload *u = r->upload;
    if (u->form && !multipart_complete(&u->multipart)) {
        http_error(&r->pub, 400, "the multipart body ends before its last boundary");
        return false;
    }
    for (size_t i = 0; i < u->files.n; i++) {
        struct upload_file *f = &u->files.v[i];
        struct store_error e;
        f->info.size = store_writer_size(f->writer);
        bool good = store_writer_commit(f->writer, &f->info.hash, &e);
        f->writer = NULL;
        if (!good) {
            http_store_error(&r->pub, &e);
            return false;
        }
        if (!vec_push(&u->done, f->info)) {
            r->reply.oom = true;
            return false;
        }
    }
    r->pub.uploads = u->done.v;
    r->pub.n_uploads = u->done.n;
    r->pub.fields = u->fields.v;
    r->pub.n_fields = u->fields.n;
    return true;
}

void upload_abort(struct req *r) {
    struct upload *u = r->upload;
    if (!u)
        return;
    for (size_t i = 0; i < u->files.n; i++)
        store_writer_abort(u->files.v[i].writer);
    if (u->form)
        multipart_free(&u->multipart);
    buf_free(&u->field);
    vec_free(&u->files);
    vec_free(&u->fields);
    vec_free(&u->done);
    r->upload = NULL;
}
