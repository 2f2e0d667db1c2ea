/* api.h - our own API, which our web page and Python package use: /api/ttx/v1, described by docs/api.md for people and
 * by the OpenAPI document at /api/ttx/v1/openapi.json for programs. */
#ifndef TTX_SERVER_API_H
#define TTX_SERVER_API_H

#include "server/server.h"

#define API_PREFIX "/api/ttx/v1"

extern const struct server_routes api_routes;

/* Writes the one shape of errors, {"error":{"code","message","hint"?,"file"?,"line"?,"column"?}}, for `status`. The
 * HTTP core uses it too, for what it refuses below API_PREFIX. */
void api_error_body(struct json_writer *w, int status, str message);

/* Writes the OpenAPI document of a route table. */
void openapi_write(struct json_writer *w, const struct http_route *routes, size_t n);

#endif
