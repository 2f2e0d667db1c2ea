// The data source of a page without a server: the paths of docs/api.md, answered by the C core in WebAssembly
// (src/page/page.h) from the models inside the page. What the user adds stays in the browser's storage or in memory.

import { Problem, type CallOptions, type DataSource, type Method, type Model, type Run, type ServerInfo } from '../app/source';
import { followOps, type Origins } from './follow';

interface CoreExports {
  memory: WebAssembly.Memory;
  _initialize?: () => void;
  core_alloc(n: number): number;
  core_free(p: number, n: number): void;
  core_open(text: number, n: number, name: number, nameN: number): number;
  core_ask(model: number, other: number, request: number, n: number): number;
  core_answer(): number;
  core_answer_bytes(): number;
}

/** The core. Models have numbers from 1. */
class Core {
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder();

  private constructor(private readonly x: CoreExports) {}

  static async start(wasm: BufferSource): Promise<Core> {
    // The C library asks for a few calls of the system, which nothing here makes.
    const missing = new Proxy({}, { get: () => () => 52 /* ENOSYS */ });
    const { instance } = await WebAssembly.instantiate(wasm, { wasi_snapshot_preview1: missing as WebAssembly.ModuleImports, env: {} });
    const x = instance.exports as unknown as CoreExports;
    x._initialize?.();
    return new Core(x);
  }

  /** Takes a model in; gives its number. */
  open(model: Uint8Array, name: string): number {
    const title = this.encoder.encode(name), text = this.put(model, true);
    const number = this.x.core_open(text, model.length, this.put(title, false), title.length);
    if (!number) throw new Problem(`${name} does not fit into memory.`);
    return number;
  }

  private put(bytes: Uint8Array, zero: boolean): number {
    const at = this.x.core_alloc(bytes.length + (zero ? 1 : 0));
    if (!at) throw new Problem('Out of memory.');
    const memory = new Uint8Array(this.x.memory.buffer);
    memory.set(bytes, at);
    if (zero) memory[at + bytes.length] = 0;
    return at;
  }

  /** The answer's bytes; throws Problem. `other` is the model that one is compared with. */
  ask(model: number, request: object, other = 0): Uint8Array<ArrayBuffer> {
    const bytes = this.encoder.encode(JSON.stringify(request));
    const at = this.put(bytes, false);
    const status = this.x.core_ask(model, other, at, bytes.length);
    this.x.core_free(at, bytes.length);
    const begin = this.x.core_answer();
    const answer = new Uint8Array(this.x.memory.buffer.slice(begin, begin + this.x.core_answer_bytes()));
    if (status === 200) return answer;
    const { error } = JSON.parse(this.decoder.decode(answer)) as { error: { code: string; message: string } };
    throw new Problem(error.message, error.code, { status });
  }

  json<T>(model: number, request: object, other = 0): T {
    return JSON.parse(this.decoder.decode(this.ask(model, request, other))) as T;
  }
}

/** What the exporter says. */
export interface PageInfo {
  version: string;
  exported: number;
  models: {
    name: string;
    /** SHA-256 of the bytes. */
    id: string;
    /** Compilations: the stages that differ from the one before are in the page. */
    runs?: { created: number; run: Run }[];
    data?: { name: string; graph: string }[];
    executions?: { id: number }[];
  }[];
}

/** Unpacks a part of the page; each once. */
export type Unpack = (part: string) => Promise<Uint8Array>;

interface KeptOverlay {
  id: number;
  of: Held;
  name: string;
  graph: string;
  data: unknown;
  created: number;
}

/** The text of one module of the file. */
interface PartText {
  bytes: Uint8Array;
  /** Where each line begins. */
  lines: Uint32Array;
  /** Line breaks at its begin that stand for the parts before it. */
  first: number;
}

type Query = Record<string, unknown>;

const RULES = ['auto', 'slash', 'nested', 'fused', 'file', 'adapter', 'function', 'flat'];
const CHUNK = 65536;

/** Line and column of a byte, both from 1. */
function placeOf(lines: Uint32Array, byte: number): { line: number; column: number } {
  let low = 0, high = lines.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (lines[middle]! <= byte) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: byte - lines[low]! + 1 };
}

function notFound(what: string): never {
  throw new Problem(what, 'not_found', { status: 404 });
}

/** A model of the page. */
class Held {
  readonly texts = new Map<number, PartText>();
  readonly places = new Map<string, Uint32Array>();

  constructor(private readonly core: Core, private readonly number: number, readonly bytes: Uint8Array, readonly name: string, readonly id: string) {}

  ask(request: object): Uint8Array<ArrayBuffer> {
    return this.core.ask(this.number, request);
  }

  json<T>(request: object): T {
    return this.core.json<T>(this.number, request);
  }

  diff(other: Held, request: object): unknown {
    return this.core.json(this.number, { ...request, what: 'diff' }, other.number);
  }
}

export class PageSource implements DataSource {
  readonly kind = 'page';
  private overlays: KeptOverlay[] = [];
  private nextOverlay = 1;
  private readonly ui = new Map<string, unknown>();

  /** Stages that were looked at, and where their ops come from, by the name of their part. */
  private readonly stages = new Map<string, Promise<Held>>();
  private readonly origins = new Map<string, Promise<Origins>>();

  /** Executions that were looked at: a part can be unpacked once. */
  private readonly executions = new Map<number, Promise<unknown>>();

  private constructor(private readonly core: Core, private readonly models: readonly Held[], private readonly info: PageInfo, private readonly unpack: Unpack) {}

  static async open(wasm: BufferSource, info: PageInfo, unpack: Unpack): Promise<PageSource> {
    const core = await Core.start(wasm);
    const bytes = await Promise.all(info.models.map((_, i) => unpack(`model-${i}`)));
    const page = new PageSource(core, info.models.map(({ name, id }, i) => new Held(core, core.open(bytes[i]!, name), bytes[i]!, name, id)), info, unpack);
    for (const [i, model] of info.models.entries())
      for (const [k, { name, graph }] of (model.data ?? []).entries())
        page.overlays.push({ id: page.nextOverlay++, of: page.models[i]!, graph, name, created: info.exported,
          data: JSON.parse(new TextDecoder().decode(await unpack(`data-${i}-${k}`))) });
    return page;
  }

  private held(id: unknown): Held {
    return this.models.find((m) => m.id === id) ?? notFound('This page does not hold this model.');
  }

  /** A run, with the numbers that its parts have. */
  private runOf(model: Held, id: unknown): { run: Run; created: number; at: string } {
    const i = this.models.indexOf(model), runs = this.info.models[i]!.runs ?? [], k = runs.findIndex((r) => r.run.id === id);
    return k < 0 ? notFound('This page does not hold this compilation.') : { ...runs[k]!, at: `${i}-${k}` };
  }

  /** What a stage of a run is shown as, and which part of it: of stages that changed nothing the one before. */
  private async stageOf(model: Held, query: Query): Promise<{ held: Held; query: Query }> {
    if (query['run'] === undefined) return { held: model, query };
    const { run, at } = this.runOf(model, query['run']), stage = run.stages[Number(query['stage'] ?? 0)];
    if (!stage) return notFound('The compilation has no such stage.');
    const maker = stage.same_as;
    if (!maker) return { held: model, query: { ...query, part: run.settings.part ?? 0 } };
    const name = `run-${at}-${maker}`;
    let held = this.stages.get(name);
    if (!held) {
      held = this.unpack(name).then((bytes) => {
        const title = `${model.name} after ${run.stages[maker]!.pass}`;
        return new Held(this.core, this.core.open(bytes, title), bytes, title, model.id);
      });
      this.stages.set(name, held);
    }
    return { held: await held, query: { ...query, part: 0 } };
  }

  private originsOf(at: string, stage: number): Promise<Origins> {
    const name = `origins-${at}-${stage}`;
    let origins = this.origins.get(name);
    if (!origins) {
      origins = this.unpack(name).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Origins, () => null); // none: op for op
      this.origins.set(name, origins);
    }
    return origins;
  }

  /** The nodes of stages that nodes of a stage came from or became. */
  private async follow(model: Held, id: string | undefined, query: Query) {
    const { run, at } = this.runOf(model, id);
    const from = await this.stageOf(model, { ...query, run: id }), answers: { stage: number; nodes: number[] }[] = [];
    const given = from.held.json<{ ops: number[]; arguments: string[] }>({
      what: 'ops', layers: query['layers'], part: from.query['part'], nodes: String(query['nodes']).split(',').map(Number),
    });
    for (const stage of String(query['to']).split(',').map(Number)) {
      const to = await this.stageOf(model, { ...query, run: id, stage });
      const ops = await followOps(run.stages, given.ops, Number(query['stage'] ?? 0), stage, (n) => this.originsOf(at, n));
      answers.push({ stage, ...to.held.json<{ nodes: number[] }>({ what: 'nodes-of', layers: query['layers'], part: to.query['part'], ops, ids: given.arguments }) });
    }
    return { stages: answers };
  }

  async call<T>(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    return await this.answer(method, path.split('/').slice(1).map(decodeURIComponent), (options.query ?? {}) as Query, body) as T;
  }

  async bytes(path: string, options: CallOptions = {}): Promise<ArrayBuffer> {
    options.signal?.throwIfAborted();
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    const held = this.held(parts[1]);
    if (parts[2] === 'file') return held.bytes.slice().buffer as ArrayBuffer;
    const shown = await this.stageOf(held, { ...options.query, stage: parts[3] });
    return shown.held.ask({ ...shown.query, what: parts.at(-1) }).buffer;
  }

  async upload(): Promise<never> {
    throw new Problem('This page has no server to take files.', 'forbidden', { hint: 'Run tt-explorer to open other models.' });
  }

  async compatible(): Promise<never> {
    throw new Problem('This page has no server to read files.', 'forbidden');
  }

  url(): null {
    return null;
  }

  events(): () => void {
    return () => {};
  }

  // ---- paths

  private async answer(method: Method, path: string[], query: Query, body: unknown): Promise<unknown> {
    const [first, second, third] = path;
    switch (first) {
      case 'server': {
        const server: ServerInfo = {
          name: 'tt-explorer', version: this.info.version, api: 1, read_only: true, execution: false, watch: false, max_upload: 0, layers: RULES,
        };
        return server;
      }
      case 'models': {
        if (second === undefined) return { models: this.models.map((m) => this.model(m)) };
        const held = this.held(second);
        if (third === undefined) return this.model(held);
        if (third === 'stages' && path.length === 3) return { stages: [this.stage(held)] };
        if (third === 'stages') {
          const shown = await this.stageOf(held, { ...query, stage: path[3] });
          return this.ofStage(shown.held, path[4] ?? '', shown.query, body);
        }
        if (third === 'overlays') return method === 'POST' ? this.addOverlay(held, query, body) : { overlays: this.listOverlays(held) };
        if (third === 'executions' && method === 'GET') return { executions: [...this.info.models[this.models.indexOf(held)]!.executions ?? []] };
        if (third === 'overrides') return { overrides: [] };
        if (third === 'runs' && method === 'GET') return this.ofRuns(held, path.slice(3), query);
        break;
      }
      case 'diff': {
        const [left, right] = await Promise.all((['left', 'right'] as const).map((side) => this.stageOf(this.held(query[side]),
          { part: query[`${side}_part`], stage: query[`${side}_stage`], run: query[`${side}_run`] })));
        return left!.held.diff(right!.held,
          { form: query['form'], limit: query['limit'], layers: query['layers'], part: left!.query['part'], other_part: right!.query['part'] });
      }
      case 'ops': return this.models[0]!.json({ what: 'op', id: second });
      case 'overlays': return this.ofOverlay(method, Number(second), third, query);
      case 'executions': if (method === 'GET' && !third) return this.execution(Number(second));
        break;
      case 'ui': return this.ofUi(method, `${second}/${third}`, body);
      case 'jobs': return { jobs: [] };
      case 'preload': return { roots: [], files: [], more: false };
      case 'files': return { files: [], more: false };
    }
    return notFound('This page cannot do that: it has no server.');
  }

  private model(held: Held): Model {
    const { parts, json } = held.json<{ parts: Model['parts']; json: boolean }>({ what: 'model' });
    return {
      id: held.id, name: held.name, path: '', format: json ? 'graph-json' : 'mlir', size: held.bytes.length, stored: true,
      added: this.info.exported, opened: this.info.exported, loaded: true, parts, diagnostics: [],
    };
  }

  private stage(held: Held) {
    const model = this.model(held);
    return { stage: 0, name: 'source', format: model.format, bytes: model.size, parts: model.parts, diagnostics: [] };
  }

  private ofStage(held: Held, what: string, query: Query, body: unknown): unknown {
    switch (what) {
      case 'text': return this.textRange(held, query);
      case 'ops': return this.opsOfLines(held, query);
      case 'lines': return this.linesOfOp(held, query);
      case 'user-source': return { file: '', line: 0, column: 0, readable: false };
      case 'graph.json': return held.json({ ...query, what: 'json' });
      default: return held.json({ ...query, ...(body as object | undefined), what });
    }
  }

  // ---- text

  private partText(held: Held, query: Query): PartText {
    const part = Number(query['part'] ?? 0);
    let text = held.texts.get(part);
    if (!text) {
      const bytes = held.ask({ what: 'text', part });
      const { parts } = held.json<{ parts: { first: number }[] }>({ what: 'model' });
      const starts = [0];
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
      text = { bytes, lines: Uint32Array.from(starts), first: parts[part]?.first ?? 0 };
      held.texts.set(part, text);
    }
    return text;
  }

  private textRange(held: Held, query: Query) {
    const { bytes, lines, first } = this.partText(held, query), total = bytes.length;
    let begin = Math.min(Number(query['from'] ?? 0), total), end = Math.min(Number(query['to'] ?? begin + CHUNK), total);
    if (query['line'] !== undefined) {
      const line = Math.max(1, Number(query['line']));
      begin = lines[line - 1] ?? total;
      end = query['lines'] === undefined ? Math.min(begin + CHUNK, total) : lines[line - 1 + Number(query['lines'])] ?? total;
    }
    // Whole characters.
    while (begin > 0 && begin < total && (bytes[begin]! & 0xc0) === 0x80) begin--;
    while (end > begin && end < total && (bytes[end]! & 0xc0) === 0x80) end--;
    return { begin, end, ...placeOf(lines, begin), total, total_lines: lines.length, first, text: new TextDecoder().decode(bytes.subarray(begin, end)) };
  }

  /** Node, first and last byte of each op of a graph, by place. */
  private placesOf(held: Held, query: Query): Uint32Array {
    const request = { layers: query['layers'], part: query['part'] }, key = JSON.stringify(request);
    let places = held.places.get(key);
    if (!places) {
      const flat = held.json<{ places: number[] }>({ ...request, what: 'places' }).places;
      const order = Array.from({ length: flat.length / 3 }, (_, i) => i).sort((a, b) => flat[3 * a + 1]! - flat[3 * b + 1]!);
      places = Uint32Array.from(order.flatMap((i) => flat.slice(3 * i, 3 * i + 3)));
      held.places.set(key, places);
    }
    return places;
  }

  private opsOfLines(held: Held, query: Query) {
    const places = this.placesOf(held, query), { bytes, lines } = this.partText(held, query);
    const begin = lines[Number(query['from'] ?? 1) - 1] ?? bytes.length, end = lines[Number(query['to'] ?? 1)] ?? bytes.length;
    const found: { node: number; begin: number; end: number }[] = [];
    let around: number | null = null;
    for (let i = 0; i < places.length && places[i + 1]! < end; i += 3) {
      const op = { node: places[i]!, begin: places[i + 1]!, end: places[i + 2]! };
      if (op.begin >= begin) found.push(op);
      else if (op.end > begin) around = op.node;
    }
    const names = found.length
      ? held.json<{ nodes: { label: string }[] }>({ ...query, from: undefined, to: undefined, what: 'nodes', nodes: found.map((f) => f.node) }).nodes : [];
    return {
      ops: found.map((f, i) => ({ ...f, op: names[i]!.label, line: placeOf(lines, f.begin).line, end_line: placeOf(lines, Math.max(f.begin, f.end - 1)).line })),
      around,
    };
  }

  private linesOfOp(held: Held, query: Query) {
    const { src, node } = held.json<{ node: number; src?: [number, number] }>({ ...query, what: 'node' });
    if (!src) return notFound('The node stands nowhere in the text.');
    const { lines, first } = this.partText(held, query);
    const from = placeOf(lines, src[0]), to = placeOf(lines, src[1]);
    return { node, begin: src[0], end: src[1], line: from.line, column: from.column, end_line: to.line, end_column: to.column, first };
  }

  // ---- what the user adds

  private listOverlays(held: Held) {
    return this.overlays.filter((o) => o.of === held)
      .map(({ id, name, graph, created }) => ({ id, name, graph, created, changed: created, bytes: 0, model: held.id }));
  }

  private addOverlay(held: Held, query: Query, body: unknown) {
    const data = body as { results?: { results?: unknown }; name?: string };
    const one = data.results !== undefined && !data.results?.results;
    const runs = one ? [['', data] as const] : Object.entries(body as Record<string, unknown>);
    for (const [graph, run] of runs) {
      held.ask({ what: 'values', data: run }); // refuses what is no node data
      this.overlays.push({
        id: this.nextOverlay++, of: held, graph, data: run, created: Date.now(), name: String(query['name'] ?? (run as { name?: string }).name ?? 'overlay'),
      });
    }
    return { overlays: this.listOverlays(held) };
  }

  private ofRuns(held: Held, path: string[], query: Query): unknown {
    const runs = this.info.models[this.models.indexOf(held)]!.runs ?? [], [id, what] = path;
    if (id === undefined)
      return { runs: runs.map(({ run, created }) => ({ id: run.id, state: run.ok ? 'compiled' : 'failed', created, settings: run.settings })) };
    if (what === undefined) return this.runOf(held, id).run;
    return what === 'follow' ? this.follow(held, id, query) : notFound('This page cannot do that: it has no server.');
  }

  private async ofOverlay(method: Method, id: number, what: string | undefined, query: Query): Promise<unknown> {
    const overlay = this.overlays.find((o) => o.id === id);
    if (!overlay) return notFound(`There is no overlay ${id}.`);
    if (method === 'DELETE') {
      this.overlays = this.overlays.filter((o) => o !== overlay);
      return undefined;
    }
    if (what === undefined) return overlay.data;
    const shown = await this.stageOf(overlay.of, query);
    const answer = shown.held.json<Record<string, unknown>>({ ...shown.query, what, data: overlay.data });
    return what === 'values' ? { ...answer, name: overlay.name } : answer;
  }

  private execution(id: number): Promise<unknown> {
    let found = this.executions.get(id);
    for (const [i, { executions }] of this.info.models.entries()) {
      const k = executions?.findIndex((x) => x.id === id) ?? -1;
      if (!found && k >= 0) this.executions.set(id, found = this.unpack(`execution-${i}-${k}`).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as unknown));
    }
    return found ?? notFound(`There is no execution ${id}.`);
  }

  private ofUi(method: Method, key: string, body: unknown): unknown {
    const name = `ttx.page.${this.models.map((m) => m.id.slice(0, 16)).join('.')}.${key}`;
    if (method === 'GET') {
      if (this.ui.has(key)) return this.ui.get(key);
      try {
        const text = localStorage.getItem(name);
        if (text !== null) return JSON.parse(text) as unknown;
      } catch {
        // Storage may be forbidden to files.
      }
      return notFound('Nothing is kept.');
    }
    this.ui.set(key, method === 'DELETE' ? null : body);
    try {
      if (method === 'DELETE') localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify(body));
    } catch {
      // Then it lasts as long as the page.
    }
    return undefined;
  }
}
