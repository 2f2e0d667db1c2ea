// The data source that is a server. Addresses are relative to the page, so that it works below a prefix of a proxy.

import { readBody } from '../engine/body';
import { addressOf } from './address';
import { takeEarly } from './early';
import { Problem, type CallOptions, type DataSource, type Job, type Method, type Model, type SourceEvents } from './source';
import { nextTask } from './turn';

/** Pauses between attempts to reach a server that went away. */
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 5000;

interface ErrorBody {
  error?: { code?: string; message?: string; hint?: string; file?: string; line?: number; column?: number };
}

function offline(): Problem {
  return new Problem('The server does not answer.', 'offline', {
    hint: 'It may have been stopped. The page goes on by itself as soon as the server is there again.',
    status: 0,
  });
}

async function refused(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as ErrorBody | null;
  const error = body?.error;
  return new Problem(error?.message ?? `The server answered with status ${response.status}.`,
    error?.code ?? 'internal', {
      hint: error?.hint, file: error?.file, line: error?.line, column: error?.column, status: response.status,
    });
}

export class HttpSource implements DataSource {
  readonly kind = 'server';
  /** In this task. */
  private begun = false;

  constructor(private readonly base: string = document.baseURI) {}

  url(path: string): string {
    return addressOf(this.base, path);
  }

  /** To begin a request takes the browser some milliseconds: only one is begun in a task, the first at once. */
  private turn(): Promise<void> | null {
    if (this.begun) return nextTask();
    this.begun = true;
    void nextTask().then(() => { this.begun = false; });
    return null;
  }

  private async ask(method: Method, path: string, body: unknown, options: CallOptions): Promise<Response> {
    let response: Response;
    try {
      const turn = this.turn();
      if (turn) await turn;
      response = await fetch(addressOf(this.base, path, options.query), {
        method,
        signal: options.signal ?? null,
        ...(body === undefined ? {} : body instanceof Blob ? { body } : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      });
    } catch (thrown) {
      if (options.signal?.aborted) throw new DOMException('cancelled', 'AbortError');
      throw thrown instanceof DOMException ? thrown : offline();
    }
    if (!response.ok) throw await refused(response);
    return response;
  }

  async call<T>(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    const response = await this.ask(method, path, body, options);
    if (response.status === 204) return undefined as T;
    return this.rest(response.json() as Promise<T>, options);
  }

  /** The body of an answer: a connection that ends in the middle is the same as one that does not come about. */
  private async rest<T>(body: Promise<T>, options: CallOptions): Promise<T> {
    try {
      return await body;
    } catch (thrown) {
      if (options.signal?.aborted) throw new DOMException('cancelled', 'AbortError');
      throw thrown instanceof TypeError ? offline() : thrown;
    }
  }

  async bytes(path: string, options: CallOptions = {}): Promise<ArrayBuffer> {
    const early = await takeEarly(addressOf(this.base, path, options.query), options);
    if (early) return early;
    const response = await this.ask('GET', path, undefined, options);
    return this.rest(options.progress ? readBody(response, options.progress) : response.arrayBuffer(), options);
  }

  async compatible<T>(path: string): Promise<T> {
    let answer: T & { error?: string };
    try {
      answer = await (await fetch(new URL(`api/v1/${path}`, this.base))).json() as typeof answer;
    } catch {
      throw offline();
    }
    // It says what went wrong with status 200.
    if (answer.error) throw new Problem(answer.error.replace(/^\w+: /, ''), 'refused');
    return answer;
  }

  upload(files: readonly File[], options: CallOptions = {}): Promise<{ models: Model[] }> {
    const form = new FormData();
    for (const file of files) form.append('file', file, file.name);
    // fetch does not tell how much it has sent
    const request = new XMLHttpRequest();
    return new Promise((resolve, reject) => {
      request.open('POST', addressOf(this.base, '/models/upload', options.query));
      request.responseType = 'json';
      request.upload.onprogress = (e) => options.progress?.(e.loaded, e.lengthComputable ? e.total : 0);
      request.onload = () => {
        const body = request.response as ({ models: Model[] } & ErrorBody) | null;
        if (request.status < 300 && body) {
          resolve(body);
          return;
        }
        const error = body?.error;
        reject(new Problem(error?.message ?? `The server answered with status ${request.status}.`,
          error?.code ?? 'internal',
          { hint: error?.hint, file: error?.file, line: error?.line, column: error?.column, status: request.status }));
      };
      request.onerror = () => reject(offline());
      request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
      options.signal?.addEventListener('abort', () => request.abort());
      request.send(form);
    });
  }

  /** Listens; when the stream breaks, it is opened again, ever less often. */
  events(on: SourceEvents): () => void {
    let stream: EventSource | null = null;
    let timer = 0;
    let pause = RETRY_FIRST_MS;
    let there: boolean | null = null;
    const say = (now: boolean) => {
      if (there !== now && (there !== null || !now)) on.online?.(now);
      there = now;
    };
    const open = () => {
      stream = new EventSource(this.url('/events'));
      stream.onopen = () => {
        // What happened meanwhile was missed.
        if (there === false) on.lost?.();
        pause = RETRY_FIRST_MS;
        say(true);
      };
      stream.onerror = () => {
        stream?.close();
        say(false);
        timer = setTimeout(open, pause);
        pause = Math.min(pause * 1.6, RETRY_LAST_MS);
      };
      const listen = <T,>(name: string, take: ((data: T) => void) | undefined) =>
        stream!.addEventListener(name, (e) => take?.(JSON.parse((e as MessageEvent<string>).data) as T));
      listen<Job>('job', on.job);
      listen('file', on.file);
      listen('overlay', on.overlay);
      listen('overrides', on.overrides);
      listen('lost', on.lost && (() => on.lost!()));
    };
    open();
    return () => {
      clearTimeout(timer);
      stream?.close();
    };
  }
}
