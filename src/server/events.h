/* events.h - the hub of server-sent events.
 *
 *   publisher ─▶ ring of the last messages ◀─ cursor of each connected client (parked while there is nothing new)
 *
 * A client costs a parked connection and a cursor, no queue: one that is too slow and falls off the ring's end is told so
 * with an event "lost" and goes on with what is there. Last-Event-ID continues where a broken connection was.
 */
#ifndef TTX_SERVER_EVENTS_H
#define TTX_SERVER_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

struct events;

/* A hub with its heartbeat thread. NULL when out of memory or threads. */
struct events *events_new(struct mem *m);
/* No client may be connected any more (events_close, then stop the HTTP server). NULL is allowed. */
void events_free(struct events *e);

/* Sends an event to all clients of `topic` ("" is one, too). `name` is its type, empty for the default one; `data` is one line, mostly JSON
 * (line breaks in it become several data lines, as the format wants). From any thread; never waits for a client.
 * When memory runs out the message is dropped. */
void events_publish(struct events *e, const char *topic, const char *name, str data);

/* Clients connected now. */
size_t events_clients(struct events *e);

/* Ends all streams, those to come too. */
void events_close(struct events *e);

#endif
