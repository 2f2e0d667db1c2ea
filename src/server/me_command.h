/* me_command.h - the body of send_command, read.
 *
 * A command is {"cmdId","extensionId","modelPath","settings","deleteAfterConversion"}; members that nobody knows are
 * passed over. Knows nothing of the server, so that it is fuzzed alone.
 */
#ifndef TTX_SERVER_ME_COMMAND_H
#define TTX_SERVER_ME_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

/* Texts are unescaped and, like raw JSON, slices of the body or of the arena. What was not given has .p NULL. */
struct me_command {
    str cmd_id, extension_id, model_path;
    bool delete_after;
    /* of settings */
    str policy;        /* optimizationPolicy */
    str overrides;     /* raw JSON object */
    bool cpp_code;     /* generateCppCode */
    uint64_t elements; /* const_element_count_limit; 0 when it was not given or is no sensible number */
};

/* Reads it. False with a sentence ("JSONDecodeError: ...", "TypeError: ...") in `error` when it is no JSON or a member
 * has another type than it must; *syntax tells which of the two. */
bool me_command_read(str body, struct arena *a, struct me_command *out, char *error, size_t error_size, bool *syntax);

/* Checks an OverridesPerNode object, {"<location>":{"named_location","full_location","attributes":[{"key","value"}]}},
 * and writes it again without what does not belong there and without double quotes in its keys. Values are not judged.
 * False with a sentence as above. */
bool me_overrides_read(str raw, struct arena *a, struct json_writer *out, char *error, size_t error_size);

/* Whether tt_adapter takes this attribute as an override. */
bool me_override_key(str key);

/* Percent-encodes as Python's urllib.parse.quote does. */
void me_quote(str text, struct buf *out);

#endif
