// What the boot script (boot.ts) has begun before this one was there: the first worker, and the graphs of the address.

export interface Early {
  worker: Worker | null;
  /** Answers on their way, by address. */
  answers: Map<string, { response: Promise<Response>; abort: AbortController }>;
}

declare global {
  var ttxEarly: Early | undefined;
}

/** The answer of a request that is under way already, if it is; once. */
export function takeEarly(address: string, signal?: AbortSignal): Promise<Response> | null {
  const answers = globalThis.ttxEarly?.answers, found = answers?.get(address);
  if (!found) return null;
  answers!.delete(address);
  if (signal?.aborted) found.abort.abort();
  signal?.addEventListener('abort', () => found.abort.abort());
  return found.response;
}

/** The first worker, once. */
export function takeEarlyWorker(): Worker | null {
  const early = globalThis.ttxEarly, worker = early?.worker ?? null;
  if (early) early.worker = null;
  return worker;
}
