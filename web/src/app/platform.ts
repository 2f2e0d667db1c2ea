// What surrounds the page: the files of the engine, and whether it is a page of a server or a single file. An exported
// page sets globalThis.ttxPage before this script runs.

import { HttpSource } from './http';
import { Problem, type DataSource } from './source';

export interface PageData {
  source: DataSource;
  /** Text of the engine's worker. */
  worker: string;
  /** The engine. */
  wasm: ArrayBuffer;
}

declare global {
  var ttxPage: PageData | undefined;
}

export function makeSource(): DataSource {
  return globalThis.ttxPage?.source ?? new HttpSource();
}

function address(id: string): string {
  const link = document.getElementById(id);
  if (!(link instanceof HTMLLinkElement)) throw new Problem(`The page has no ${id}.`);
  return link.href;
}

let workerUrl: string | null = null;
/** A worker of the drawing engine. */
export function makeWorker(): Worker {
  if (!workerUrl) {
    const page = globalThis.ttxPage;
    workerUrl = page ? URL.createObjectURL(new Blob([page.worker], { type: 'text/javascript' })) : address('ttx-worker');
  }
  return new Worker(workerUrl);
}

let compiled: Promise<WebAssembly.Module> | null = null;
/** The drawing engine, compiled once for all panes. */
export function engineModule(): Promise<WebAssembly.Module> {
  compiled ??= (async () => {
    const page = globalThis.ttxPage;
    if (page) return WebAssembly.compile(page.wasm);
    try {
      return await WebAssembly.compileStreaming(fetch(address('ttx-wasm')));
    } catch (thrown) {
      compiled = null;
      throw new Problem('The drawing engine could not be loaded.', 'engine', {
        hint: `Reload the page. (${thrown instanceof Error ? thrown.message : String(thrown)})`,
      });
    }
  })();
  return compiled;
}

/** Whether the page is shown inside another one, without bars of its own. */
export const embedded = new URLSearchParams(location.search).get('embed') === '1';
