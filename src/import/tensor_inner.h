/* What the files of the tensor formats share; internal to the room. */
#ifndef TTX_IMPORT_TENSOR_INNER_H
#define TTX_IMPORT_TENSOR_INNER_H

#include "import/tensor.h"

/* Reads one .npy. Looks into `bytes`, or owns memory of `m` when the order had to be changed. */
bool tensor_read_npy(struct tensor *t, str bytes, struct arena *a, struct mem *m, str *error);
bool tensor_read_npz(struct tensor_file *f, str bytes, struct arena *a, struct mem *m);
bool tensor_read_safetensors(struct tensor_file *f, str bytes, struct arena *a);

/* Appends a string as an error; gives false. */
bool tensor_error(str *error, struct arena *a, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
