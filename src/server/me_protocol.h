/* me_protocol.h - the REST protocol of Model Explorer and of Tenstorrent's fork of it, as their web pages, the Python
 * package's "reuse server", ttnn-visualizer and users' scripts speak it: docs/model-explorer.md.
 *
 * Errors of commands are HTTP 200 with {"error":"ExceptionType: text"}, for that is what those clients look at.
 *
 * Uses server.extra[SERVER_EXTRA_ME] for what update_config sent.
 */
#ifndef TTX_SERVER_ME_PROTOCOL_H
#define TTX_SERVER_ME_PROTOCOL_H

#include "server/server.h"

enum { SERVER_EXTRA_ME = 0 };

/* Its routes: /check_health, /api/v1/..., /apipost/v1/..., /apistream/server_director. */
extern const struct server_routes me_routes;

/* The topic of the hub that server_director listens to. */
#define ME_TOPIC "server_director"

/* Asks the pages of today's tools to load `url` ("" : to reload). */
void me_refresh_pages(struct server *s, str url);

#endif
