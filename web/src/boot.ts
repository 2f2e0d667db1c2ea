// The first script of the page, small on purpose: it begins what takes long - the engine's worker and the graphs that the
// address names - while the browser still reads the page's own script. early.ts hands it over.

import { addressOf, graphQuery, stagePath } from './app/address';
import type { Early } from './app/early';
import { unpack } from './app/link';
import type { GraphRef } from './app/source';
import { storage } from './app/storage';

const early: Early = { worker: null, answers: new Map() };
globalThis.ttxEarly = early;

function begin(ref: GraphRef): void {
  const address = addressOf(document.baseURI, `${stagePath(ref)}/graph`, graphQuery(ref)), abort = new AbortController();
  const response = fetch(address, { signal: abort.signal });
  response.catch(() => {}); // whoever takes it is told
  early.answers.set(address, { response, abort });
}

const link = (id: string): string => document.querySelector<HTMLLinkElement>(`#${id}`)!.href;
early.worker = new Worker(link('ttx-worker'));
early.worker.onerror = () => { early.worker = null; }; // the page makes another one, and says what is wrong
early.worker.postMessage({ call: 'prepare', args: [link('ttx-wasm')], id: 0 });

if (location.hash.length > 1) {
  // A link that cannot be read is told by the page itself.
  unpack(location.hash.slice(1)).then((saved) => saved?.panes.forEach((pane) => begin(pane.ref)), () => {});
} else {
  const layers = storage.get('layers');
  for (const model of new URLSearchParams(location.search).getAll('model'))
    begin({ model, stage: 0, part: 0, layers: typeof layers === 'string' ? layers : 'auto' });
}
