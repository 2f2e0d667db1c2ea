// The requests of docs/api.md, typed. On top of the data source, so that they work in single-file pages, too.

import { graphQuery, stagePath } from './address';
import type {
  CallOptions, DataSource, GraphRef, Hit, Job, Model, NodeInfo, Run, RunSettings, RunSummary, SearchTerm, ServerInfo, Stage,
} from './source';
import { runs, source } from './store';

const id = encodeURIComponent;

function get<T>(path: string, options: CallOptions = {}): Promise<T> {
  return source().call<T>('GET', path, undefined, options);
}

export const getServer = () => get<ServerInfo>('/server');
export const getModels = async () => (await get<{ models: Model[] }>('/models')).models;
export const getModel = (model: string) => get<Model>(`/models/${id(model)}`);
export const openPath = (path: string, options?: CallOptions) =>
  source().call<Model>('POST', '/models', { path }, options);
export const openText = (text: string, name: string, options?: CallOptions) =>
  source().call<Model>('POST', '/models', { text, name }, options);
export const upload: DataSource['upload'] = (files, options) => source().upload(files, options);
export const deleteModel = (model: string) => source().call<void>('DELETE', `/models/${id(model)}`);
export const loadModel = (model: string) => source().call<Job>('POST', `/models/${id(model)}/load`);
export const getStages = async (model: string, options?: CallOptions) =>
  (await get<{ stages: Stage[] }>(`/models/${id(model)}/stages`, options)).stages;
export const getPreload = () => get<{ roots: string[]; files: string[]; more: boolean }>('/preload');

export interface FileEntry {
  name: string;
  path: string;
  folder: boolean;
  size: number;
}
export const getFiles = (path: string, options: CallOptions = {}) =>
  get<{ files: FileEntry[]; more: boolean }>('/files', { ...options, query: { path } });

export const getGraph = (ref: GraphRef, options: CallOptions = {}) =>
  source().bytes(`${stagePath(ref)}/graph`, { ...options, query: { ...graphQuery(ref) } });

/** Most nodes of a selection that are followed through a run. */
const FOLLOWED = 500;
/** Which module of its file a graph is of, or the one that its run compiled. */
const partOf = (ref: GraphRef): number => (ref.run ? runs.peek().get(ref.run)?.settings.part ?? 0 : ref.part);

/** The nodes of `to` that nodes of `from` came from or became, when both are stages of one run (the source belongs to each);
 * null when they are not. */
export async function followNodes(from: GraphRef, to: GraphRef, nodes: readonly number[], options: CallOptions = {}): Promise<number[] | null> {
  const run = from.run ?? to.run;
  if (!run || from.model !== to.model || partOf(from) !== partOf(to) || (from.run && to.run && from.run !== to.run)) return null;
  const answer = await get<{ stages: { nodes: number[] }[] }>(`/models/${id(from.model)}/runs/${id(run)}/follow`,
    { ...options, query: { layers: graphQuery(from).layers, stage: from.stage, nodes: nodes.slice(0, FOLLOWED).join(','), to: String(to.stage) } });
  return answer.stages.flatMap((s) => s.nodes);
}

/** How graph JSON says that it is to be shown. */
export interface Looks {
  styles: { node: number; fill?: string; border?: string; text?: string }[];
  leftRight: number[];
  hidden: number[];
  overlays: unknown[];
  subgraphs: { node: number; graphs: string[] }[];
}
export const getLooks = (ref: GraphRef, options: CallOptions = {}) =>
  get<Looks>(`${stagePath(ref)}/looks`, { ...options, query: { ...graphQuery(ref) } });

export const getNode = (ref: GraphRef, node: number, options: CallOptions = {}) =>
  get<NodeInfo>(`${stagePath(ref)}/node`, { ...options, query: { node, ...graphQuery(ref) } });

/** All about several nodes. The server takes 1000 at once; more are asked for in pieces. */
export async function getNodes(ref: GraphRef, nodes: readonly number[], options: CallOptions = {}): Promise<NodeInfo[]> {
  const all: NodeInfo[] = [];
  for (let at = 0; at < nodes.length; at += 1000) {
    const piece = await source().call<{ nodes: NodeInfo[] }>('POST', `${stagePath(ref)}/nodes`,
      { nodes: nodes.slice(at, at + 1000) }, { ...options, query: { ...graphQuery(ref) } });
    all.push(...piece.nodes);
  }
  return all;
}

export const search = (ref: GraphRef, request: { terms: SearchTerm[]; within?: number; limit?: number },
  options: CallOptions = {}) =>
  source().call<{ total: number; hits: Hit[] }>('POST', `${stagePath(ref)}/search`, request,
    { ...options, query: { ...graphQuery(ref) } });

export interface TextRange {
  begin: number;
  end: number;
  line: number;
  column: number;
  total: number;
  total_lines?: number;
  first: number;
  text: string;
}
export const getText = (ref: GraphRef, range: { from?: number; to?: number; line?: number; lines?: number; count?: boolean },
  options: CallOptions = {}) =>
  get<TextRange>(`${stagePath(ref)}/text`, { ...options, query: { ...range, part: ref.part || undefined, run: ref.run } });

export interface OpOfLines {
  node: number;
  op: string;
  begin: number;
  end: number;
  line: number;
  end_line: number;
}
export const getOpsOfLines = (ref: GraphRef, from: number, to: number, options: CallOptions = {}) =>
  get<{ ops: OpOfLines[]; around: number | null }>(`${stagePath(ref)}/ops`,
    { ...options, query: { from, to, ...graphQuery(ref) } });

export interface LinesOfOp {
  node: number;
  begin: number;
  end: number;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  first: number;
}
export const getLinesOfOp = (ref: GraphRef, node: number, options: CallOptions = {}) =>
  get<LinesOfOp>(`${stagePath(ref)}/lines`, { ...options, query: { node, ...graphQuery(ref) } });

export interface UserSource {
  file: string;
  line: number;
  column: number;
  readable: boolean;
  path?: string;
  first_line?: number;
  text?: string;
}
export const getUserSource = (ref: GraphRef, node: number, around: number, options: CallOptions = {}) =>
  get<UserSource>(`${stagePath(ref)}/user-source`, { ...options, query: { node, around, ...graphQuery(ref) } });

/** An operand or result of an op's table. */
export interface OpValue {
  name?: string;
  arity: 'one' | 'optional' | 'variadic' | 'variadic of variadic';
  type?: string;
}
export interface OpAttribute {
  name: string;
  type?: string;
  optional: boolean;
  default?: string;
  cases?: string[];
}
/** What the tables of the dialects know of an op. */
export interface OpDoc {
  op: string;
  dialect: string;
  help?: string;
  dialect_help?: string;
  traits: string[];
  operands: OpValue[];
  results: OpValue[];
  attributes: OpAttribute[];
  regions: { name?: string; arity: string }[];
  rules: string[];
}
export const getOpDoc = (op: string, options?: CallOptions) => get<OpDoc>(`/ops/${id(op)}`, options);

/** Compiles; the answer is the run, or the job when that takes longer. */
export const startRun = (model: string, settings: RunSettings, options?: CallOptions) =>
  source().call<Run | Job>('POST', `/models/${id(model)}/runs`, settings, options);
export const getRuns = async (model: string) => (await get<{ runs: RunSummary[] }>(`/models/${id(model)}/runs`)).runs;
export const getRun = (model: string, run: string, options?: CallOptions) =>
  get<Run>(`/models/${id(model)}/runs/${id(run)}`, options);
export const getJob = (job: number, options?: CallOptions) => get<Job>(`/jobs/${job}`, options);

export const getJobs = async () => (await get<{ jobs: Job[] }>('/jobs')).jobs;
export const cancelJob = (job: number) => source().call<Job>('DELETE', `/jobs/${job}`);

/** State of the user interface kept by the server; scope "global" or a model's id. Undefined when there is none. */
export async function getUi<T>(scope: string, key: string): Promise<T | undefined> {
  // All of the scope: asking for a key that is not there would be an error in the browser's console.
  const all = await get<Record<string, unknown>>(`/ui/${id(scope)}`);
  return all[key] as T | undefined;
}
export const putUi = (scope: string, key: string, value: unknown) =>
  source().call<void>('PUT', `/ui/${id(scope)}/${id(key)}`, value);
