// The addresses of requests. Also part of the boot script: nothing big may be imported here.

import type { CallOptions, GraphRef } from './source';

const API = 'api/ttx/v1';

/** Path of a stage: "/models/ID/stages/0". */
export function stagePath(ref: GraphRef): string {
  return `/models/${encodeURIComponent(ref.model)}/stages/${ref.stage}`;
}

/** The query parameters that say which graph of a stage. */
export function graphQuery(ref: GraphRef): { part: number | undefined; layers: string | undefined; run: string | undefined } {
  return { run: ref.run, part: ref.part || undefined, layers: ref.layers && ref.layers !== 'auto' ? ref.layers : undefined };
}

/** The address of a path of the API, for a page at `base`. */
export function addressOf(base: string, path: string, query: CallOptions['query'] = {}): string {
  const url = new URL(API + path, base);
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(key, String(value));
  return url.href;
}
