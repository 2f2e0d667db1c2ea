// The first script of the page, small on purpose: it begins what takes long - the engine's worker and the graphs that the
// address names, and the docking area's script - while the browser still reads the page's own. early.ts hands it over.

import { addressOf, graphQuery, stagePath } from './app/address';
import type { Early } from './app/early';
import { unpack } from './app/link';
import type { GraphRef } from './app/source';
import { storage } from './app/storage';

const link = (id: string): string => document.querySelector<HTMLLinkElement>(`#${id}`)!.href;

/** Runs a script when it is there, in a task of its own. */
function load(address: string): Promise<unknown> {
  const script = document.createElement('script');
  script.src = address;
  document.head.append(script);
  return new Promise((done) => { script.onload = script.onerror = done; });
}

const early: Early = { worker: null, graphs: new Map(), dock: load(link('ttx-dock')) };
globalThis.ttxEarly = early;

function begin(ref: GraphRef): void {
  const address = addressOf(document.baseURI, `${stagePath(ref)}/graph`, graphQuery(ref)), { port1, port2 } = new MessageChannel();
  if (early.graphs.has(address) || !early.worker) return;
  early.graphs.set(address, port1);
  early.worker.postMessage({ call: 'read', args: [address, port2], id: 0 }, [port2]);
}

early.worker = new Worker(link('ttx-worker'));
early.worker.onerror = () => { // the page makes another one, and says what is wrong
  early.worker = null;
  early.graphs.clear();
};
early.worker.postMessage({ call: 'prepare', args: [link('ttx-wasm')], id: 0 });

if (location.hash.length > 1) {
  // A link that cannot be read is told by the page itself.
  unpack(location.hash.slice(1)).then((saved) => saved?.panes.forEach((pane) => begin(pane.ref)), () => {});
} else {
  const layers = storage.get('layers');
  for (const model of new URLSearchParams(location.search).getAll('model'))
    begin({ model, stage: 0, part: 0, layers: typeof layers === 'string' ? layers : 'auto' });
}
