// Where the page has its data from: a server (http.ts), or the page itself, when it is a single exported file
// (features/export). Everything goes through call() and bytes(), with the paths of docs/api.md below /api/ttx/v1; the
// typed requests on top of them are in api.ts.

/** What went wrong, as a sentence for people, with the cure where one is known. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly code = 'internal',
    readonly detail: {
      hint?: string;
      file?: string;
      line?: number;
      column?: number;
      /** HTTP status; 0: no answer came. */
      status?: number;
    } = {},
  ) {
    super(message);
    this.name = 'Problem';
  }

  /** Any thrown thing as a Problem. */
  static of(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return new Problem('Cancelled.', 'cancelled');
    return new Problem(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Whether a thrown thing only says that somebody cancelled. */
export function isCancel(thrown: unknown): boolean {
  return (thrown instanceof Error && thrown.name === 'AbortError') ||
    (thrown instanceof Problem && thrown.code === 'cancelled');
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Bytes that came (or, for uploads, went) so far; total 0: not known. */
  progress?: (done: number, total: number) => void;
  /** Query parameters; undefined ones are left out. */
  query?: Record<string, string | number | boolean | undefined>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Server-sent events (docs/api.md), and what the connection itself says. */
export interface SourceEvents {
  job?: (job: Job) => void;
  file?: (event: { path: string; hash: string; old: string }) => void;
  overlay?: (event: { model: string; id: number; change: string }) => void;
  overrides?: (event: { model: string; id: number; change: string }) => void;
  /** Events were missed: ask again for whatever is shown. */
  lost?: () => void;
  /** The connection to the server was lost (false) or is there again (true). */
  online?: (online: boolean) => void;
}

export interface DataSource {
  readonly kind: 'server' | 'page';
  /** A request with JSON or a file as body (undefined: none), and JSON as answer (undefined for 204). Throws Problem. */
  call<T>(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<T>;
  /** GET of bytes. Throws Problem. */
  bytes(path: string, options?: CallOptions): Promise<ArrayBuffer>;
  /** Sends files; gives the models they became. Throws Problem. */
  upload(files: readonly File[], options?: CallOptions): Promise<{ models: Model[] }>;
  /** GET of Model Explorer's own protocol, below /api/v1 (docs/model-explorer.md). Throws Problem. */
  compatible<T>(path: string): Promise<T>;
  /** The address of a path for links and downloads; null where there is none (single-file pages). */
  url(path: string): string | null;
  /** Listens until the returned function is called. */
  events(on: SourceEvents): () => void;
}

/** Which graph. Part and layers as in docs/api.md. */
export interface GraphRef {
  model: string;
  stage: number;
  part: number;
  layers: string;
  /** The compile run whose stage it is; none: a stage of the file itself. */
  run?: string;
}

export function sameRef(a: GraphRef | null, b: GraphRef | null): boolean {
  return a === b || (!!a && !!b && a.model === b.model && a.stage === b.stage && a.part === b.part &&
    a.layers === b.layers && (a.run ?? '') === (b.run ?? ''));
}

// The objects of the API, as its OpenAPI document has them.

export interface ServerInfo {
  name: string;
  version: string;
  api: number;
  read_only: boolean;
  execution: boolean;
  watch: boolean;
  max_upload: number;
  layers: string[];
}

export interface Part {
  part: number;
  readable: boolean;
  collection: string;
  /** In files of several graphs: its id, and the ids of those that its nodes lead to. */
  graph?: string;
  subgraphs?: string[];
  ops?: number;
}

/** What a part is called among others of its file. */
export function partName(part: Part): string {
  return [part.collection, part.graph].filter(Boolean).join(': ') || `part ${part.part + 1}`;
}

export interface Diagnostic {
  severity: 'error' | 'warning' | 'note';
  message: string;
  file?: string;
  line?: number;
  column?: number;
}

export interface Model {
  id: string;
  name: string;
  path: string;
  format: string;
  size: number;
  stored: boolean;
  added: number;
  opened: number;
  loaded: boolean;
  parts?: Part[];
  diagnostics?: Diagnostic[];
  load_us?: number;
}

export interface Stage {
  stage: number;
  name: string;
  format: string;
  bytes: number;
  parts: Part[];
  diagnostics: Diagnostic[];
}

export interface Attribute {
  key: string;
  value: unknown;
  extra?: boolean;
  /** The value is a share from 0 to 1. */
  meter?: boolean;
  editable?: unknown;
}

export interface NodeInput {
  index: number;
  name: string;
  node: number;
  out: number;
  attrs: Attribute[];
}

export interface NodeOutput {
  index: number;
  name: string;
  readers: { node: number; in: number }[];
  attrs: Attribute[];
}

export interface NodeInfo {
  node: number;
  id: string;
  adapterId?: string;
  label: string;
  kind: 'layer' | 'op' | 'argument' | 'constant' | 'return';
  namespace: string;
  parent: number;
  order?: number;
  calls?: number[];
  op?: string;
  help?: string;
  src?: [number, number];
  attrs: Attribute[];
  inputs?: NodeInput[];
  outputs?: NodeOutput[];
  children?: number;
  descendants?: number;
}

export type SearchPlace = 'label' | 'attrs' | 'inputs' | 'outputs' | 'id' | 'namespace' | 'layers' | 'weights';

export interface SearchTerm {
  text: string;
  where?: SearchPlace[];
  plain?: boolean;
  case?: boolean;
  not?: boolean;
}

export interface Hit {
  node: number;
  id: string;
  label: string;
  /** Of a weight: what the model calls it. */
  name?: string;
  where: string[];
}

export interface Job {
  id: number;
  kind: string;
  title: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  done: number;
  total: number;
  message: string;
  error: string | null;
  result: unknown;
  started: number;
  ended: number;
}

/** A system descriptor (.ttsys), whole. */
export interface SystemFile {
  name: string;
  base64: string;
}

/** How to compile; what is left out is the compiler's default. */
export interface RunSettings {
  part?: number;
  level?: number;
  device?: string;
  arch?: string;
  mesh?: unknown;
  system?: SystemFile;
  options?: Record<string, unknown>;
  overrides?: Record<string, unknown>;
}

/** The module after a pass. */
export interface RunStage {
  stage: number;
  pass: string;
  number: number;
  changed: boolean;
  failed: boolean;
  same_as: number;
  ops: number;
  us: number;
}

export interface Run {
  id: string;
  model: string;
  settings: RunSettings;
  ok: boolean;
  us: number;
  stages: RunStage[];
  diagnostics: Diagnostic[];
  /** Why the workspace does not have it. */
  unkept?: string;
}

export interface RunSummary {
  id: string;
  state: 'compiled' | 'failed';
  created: number;
  settings: RunSettings;
}
