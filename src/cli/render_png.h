/* render_png.h - a scene as a PNG file.
 *
 * Drawn by cairo, which is loaded when it is needed: it and the X11 libraries it brings would double the time the
 * program takes to start, and the other pictures need none of it.
 */
#ifndef TTX_CLI_RENDER_PNG_H
#define TTX_CLI_RENDER_PNG_H

#include "scene/scene.h"

/* Draws the part `view` at `pixels` pixels per screen pixel into the file `path` ("-": standard output). `background` 0:
 * transparent. `m` is for texts. False, and a sentence in *why (static) when it cannot. */
bool render_png(struct scene *s, const struct scene_view *view, double pixels, uint32_t background, struct mem *m,
                const char *path, const char **why);

#endif
