// What surrounds the page: the files of the engine, and whether it is a page of a server or a single file. An exported
// page sets globalThis.ttxPage before this script runs.

import { takeEarlyWorker } from './early';
import { HttpSource } from './http';
import { Problem, type DataSource } from './source';

export interface PageData {
  source: DataSource;
  /** Text of the engine's worker. */
  worker: string;
  /** The engine. */
  wasm: ArrayBuffer;
  /** Text of the editors' script. */
  editor: string;
}

declare global {
  var ttxPage: PageData | undefined;
  /** What the script of dockview.ts leaves. */
  var ttxDockview: typeof import('./dockview') | undefined;
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
  const early = takeEarlyWorker();
  if (early) return early;
  if (!workerUrl) {
    const page = globalThis.ttxPage;
    workerUrl = page ? URL.createObjectURL(new Blob([page.worker], { type: 'text/javascript' })) : address('ttx-worker');
  }
  return new Worker(workerUrl);
}

/** The script of the editors, to be put into the page: with its text, or with the address where it is found. */
export function editorScript(): HTMLScriptElement {
  const script = document.createElement('script');
  if (globalThis.ttxPage) script.textContent = globalThis.ttxPage.editor;
  else script.src = address('ttx-editor');
  return script;
}

/** dockview, as soon as its script has run. Throws Problem. */
export async function dockScript(): Promise<typeof import('./dockview')> {
  await globalThis.ttxEarly?.dock;
  if (globalThis.ttxDockview) return globalThis.ttxDockview;
  throw new Problem('A part of the page could not be loaded.', 'offline', { hint: 'Reload the page when the server is there.' });
}

/** The drawing engine: its bytes, or where the worker finds it. */
export function engineWasm(): ArrayBuffer | string {
  return globalThis.ttxPage?.wasm ?? address('ttx-wasm');
}

/** Whether the page is shown inside another one, without bars of its own. */
export const embedded = new URLSearchParams(location.search).get('embed') === '1';
