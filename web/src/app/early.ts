// What the boot script (boot.ts) has begun before this one was there: the script of the docking area, and the first
// worker, which also reads the graphs of the address, so that the page's thread has nothing to do with their megabytes.

import type { CallOptions } from './source';

export interface Early {
  worker: Worker | null;
  /** Graphs on their way, by address. On the port: EarlyNews from the worker; any message to it cancels. */
  graphs: Map<string, MessagePort>;
  /** The docking area's script has run, or could not be loaded. */
  dock: Promise<unknown>;
}

export interface EarlyNews {
  done: number;
  total: number;
  /** The last news: null when nothing came of it. */
  bytes?: ArrayBuffer | null;
}

declare global {
  var ttxEarly: Early | undefined;
}

/** The graph that is under way already, if it is; once. Null: it is to be asked for, also to learn what went wrong. */
export function takeEarly(address: string, { signal, progress }: CallOptions): Promise<ArrayBuffer | null> | null {
  const graphs = globalThis.ttxEarly?.graphs, port = graphs?.get(address);
  if (!port) return null;
  graphs!.delete(address);
  return new Promise((resolve, reject) => {
    const cancel = () => {
      port.postMessage(null);
      reject(new DOMException('cancelled', 'AbortError'));
    };
    if (signal?.aborted) {
      cancel();
      return;
    }
    signal?.addEventListener('abort', cancel);
    // The worker has been ended with what it did for a graph before.
    port.addEventListener('close', () => resolve(null));
    port.onmessage = ({ data }: MessageEvent<EarlyNews>) => {
      if (data.bytes === undefined) {
        progress?.(data.done, data.total);
        return;
      }
      signal?.removeEventListener('abort', cancel);
      port.close();
      resolve(data.bytes);
    };
  });
}

/** The first worker, once. */
export function takeEarlyWorker(): Worker | null {
  const early = globalThis.ttxEarly, worker = early?.worker ?? null;
  if (early) early.worker = null;
  return worker;
}
