/* The route sets of the server, in the order they are tried. */
#include "server/api.h"
#include "server/me_protocol.h"
#include "server/server.h"
#include "server/static.h"

static const struct server_routes *const sets[] = {&api_routes, &me_routes, &static_routes};

size_t server_route_sets(const struct server_routes *const **out) {
    *out = sets;
    return sizeof sets / sizeof *sets;
}
