// The state of the page as a link holds it. Also part of the boot script: nothing big may be imported here.

import type { ViewState } from '../engine/types';
import type { GraphRef } from './source';
import type { Crumb } from './store';

export interface Saved {
  v: 1;
  panes: { id: string; ref: GraphRef; view: ViewState | null; crumbs: readonly Crumb[] }[];
  active: string | null;
  dock: unknown;
  features: Record<string, unknown>;
}

async function pipe(bytes: Uint8Array<ArrayBuffer>, through: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(through);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** State as the part of an address behind the "#". */
export async function pack(value: unknown): Promise<string> {
  const bytes = await pipe(new TextEncoder().encode(JSON.stringify(value)) as Uint8Array<ArrayBuffer>, new CompressionStream('deflate-raw'));
  let text = '';
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The state in such a part; null when it is of another version. Throws when it is none at all. */
export async function unpack(text: string): Promise<Saved | null> {
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  const found = JSON.parse(new TextDecoder().decode(await pipe(bytes, new DecompressionStream('deflate-raw')))) as Saved;
  return found.v === 1 && Array.isArray(found.panes) ? found : null;
}
