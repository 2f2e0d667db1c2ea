// What overrides and executions need of the API, typed.

import { graphQuery } from '../app/address';
import { cancelJob } from '../app/api';
import { jobNews } from '../app/events';
import { Problem, type GraphRef, type Job, type Run } from '../app/source';
import { source, type Wait } from '../app/store';

const id = encodeURIComponent;

export interface FieldOption {
  value: string;
  legal: boolean;
  why?: string;
}
export interface Field {
  group: string;
  key: string;
  help: string;
  control: 'choice' | 'number' | 'grid';
  value: string;
  options: FieldOption[];
  min?: number;
  max?: number;
  step?: number;
  why?: string;
}
export interface FieldsOfOp {
  identity: string;
  name: string;
  op: string;
  fields: Field[];
}
export interface OverrideResult {
  target: string;
  key: string;
  value: string;
  state: 'applied' | 'unmatched' | 'conflict' | 'illegal' | 'impossible';
  op?: string;
  location?: string;
  why?: string;
  nearest?: string[];
}
/** A set of overrides, as settings of runs have it. */
export type OverrideSet = Record<string, OverrideEntry>;
export interface OverrideEntry {
  bind?: 'name' | 'identity' | 'query';
  target?: string;
  named_location?: string;
  attributes: { key: string; value: string }[];
}
export interface NamedSet {
  id: number;
  name: string;
  overrides: OverrideSet;
}
/** The named sets of a model, by name. */
export async function getNamedSets(model: string): Promise<NamedSet[]> {
  const { overrides } = await source().call<{ overrides: { id: number; state: string }[] }>('GET', `/models/${id(model)}/overrides`);
  // Those with a state are kept by today's protocol for itself.
  const all = await Promise.all(overrides.filter((o) => !o.state).map((o) => source().call<NamedSet>('GET', `/overrides/${o.id}`)));
  return all.sort((a, b) => a.name.localeCompare(b.name));
}
export const addNamedSet = (model: string, name: string, overrides: OverrideSet) =>
  source().call<NamedSet>('POST', `/models/${id(model)}/overrides`, { name, overrides });
export const changeNamedSet = (set: number, overrides: OverrideSet) => source().call<NamedSet>('PUT', `/overrides/${set}`, { overrides });
export const deleteNamedSet = (set: number) => source().call<void>('DELETE', `/overrides/${set}`);

export interface Estimate {
  us: number;
  unknown: number;
  peak_l1: number;
}

export const overridesOf = (run: Run): OverrideSet => (run.settings.overrides ?? {}) as unknown as OverrideSet;
export const resultsOf = (run: Run): readonly OverrideResult[] => (run as Run & { overrides?: OverrideResult[] }).overrides ?? [];
export const estimateOf = (run: Run): Estimate | undefined => (run as Run & { estimate?: Estimate }).estimate;

/** What overrides may set on the ops that a node became. */
export const getFields = (ref: GraphRef, node: number, signal?: AbortSignal) =>
  source().call<{ stage: number; total: number; ops: FieldsOfOp[] }>('GET', `/models/${id(ref.model)}/runs/${id(ref.run ?? '')}/fields`, undefined,
    { signal, query: { stage: ref.stage, node, layers: graphQuery(ref).layers } });

export interface Suggestion {
  identity: string;
  name: string;
  op: string;
  before_us: number;
  after_us: number;
  changes_numbers: boolean;
  settings: { group: string; key: string; value: string }[];
}
/** The single overrides that would save most by the cost model. */
export const getSuggestions = async (model: string, run: string) =>
  (await source().call<{ suggestions: Suggestion[] }>('GET', `/models/${id(model)}/runs/${id(run)}/suggest`)).suggestions;

export interface ComparedOp {
  identity: string;
  name: string;
  op: string;
  /** Per run. */
  us: number[];
  l1: number[];
}
export interface ComparedRuns {
  runs: { id: string; us: number; rest_us: number; peak_l1: number }[];
  total: number;
  ops: ComparedOp[];
}
/** What runs are estimated to take side by side; the ops that differ most come first. */
export const compareRuns = (model: string, runs: readonly string[], limit: number) =>
  source().call<ComparedRuns>('GET', `/models/${id(model)}/runs-compare`, undefined, { query: { runs: runs.join(','), limit } });

export interface Forms {
  overrides: OverrideSet;
  adapter: OverrideSet;
  options: string;
  left_out: string;
}
/** A set in all its forms, from JSON of either kind or the vendor's option string. */
export const convertOverrides = (from: { overrides?: unknown; options?: string }) => source().call<Forms>('POST', '/overrides-convert', from);

/** An uploaded file, for an argument by its number or for what its entries are called. */
export interface ExecutionInput {
  tensor: number;
  argument?: number;
}
export interface ExecutionSettings {
  part?: number;
  run?: string;
  stage?: number;
  threads?: number;
  seed?: number;
  /** 0: the server decides. */
  repeat?: number;
  numbers?: string;
  golden?: boolean;
  keep?: boolean;
  keep_memory?: number;
  inputs?: ExecutionInput[];
  /** The file of a trace that was read, and its format: nothing ran here. */
  trace?: string;
  format?: string;
}
/** What a trace does not say is absent. */
export interface ExecutedOp {
  /** Empty: no node of the graph. */
  id: string;
  op: string;
  kernel: string;
  start_us?: number;
  last_us?: number;
  us?: number;
  least_us?: number;
  most_us?: number;
  threads?: number;
  read?: number;
  written?: number;
  flops?: number;
  live?: number;
  pcc?: number;
  absolute?: number;
  relative?: number;
  /** How many devices have tensors of their own, and which of them agrees least; absent where one is for all. */
  devices?: number;
  device?: number;
  no_accuracy?: string;
  /** Of a trace: the text of its location, and of how many of its rows it was made. */
  loc?: string;
  rows?: number;
}
/** Where accuracy falls; ids of nodes. */
export interface Divergence {
  pcc: number;
  compared: number;
  bad: number;
  origins: number;
  first: string | null;
  origin: string | null;
  fall: string | null;
  fall_by: number;
}
export interface Execution {
  settings: ExecutionSettings;
  /** How many were timed. */
  runs?: number;
  us: number;
  least_us: number;
  most_us: number;
  memory: Record<string, number>;
  notes?: string[];
  divergence?: Divergence;
  kept?: { bytes: number; makes?: boolean; why?: string };
  /** Arguments that had values of files. */
  inputs?: { argument: number; name: string; file: string }[];
  ops: ExecutedOp[];
}
export interface ExecutionSummary {
  id: number;
  created: number;
  us: number;
  settings: ExecutionSettings;
  /** Bytes of tensors that can be looked at. */
  kept: number;
}
export const startExecution = (model: string, settings: ExecutionSettings) =>
  source().call<Job>('POST', `/models/${id(model)}/executions`, settings);
/** Makes the tensors that it kept again. */
export const makeTensorsAgain = (n: number) => source().call<Job>('POST', `/executions/${n}/tensors`);
export interface Argument {
  argument: number;
  role: string;
  name: string;
  dtype: string;
  shape: number[];
}
export interface TensorFile {
  id: number;
  name: string;
  bytes: number;
  format: string;
  entries: { name: string; dtype: string; shape: number[] }[];
}
/** What the function takes that an execution of this graph runs. */
export const getArguments = async (ref: GraphRef, signal?: AbortSignal) =>
  (await source().call<{ arguments: Argument[] }>('GET', `/models/${id(ref.model)}/stages/${ref.stage}/arguments`, undefined,
    { signal, query: { part: ref.part, ...(ref.run ? { run: ref.run } : {}) } })).arguments;
export const uploadTensors = async (model: string, file: File, signal?: AbortSignal) =>
  (await source().call<{ tensors: TensorFile[] }>('POST', `/models/${id(model)}/tensors`, file, { signal, query: { name: file.name } })).tensors[0]!;
export interface ResultInfo {
  result: number;
  name: string;
  dtype: string;
  shape: number[];
  devices: number;
}
export const getResults = async (n: number, signal?: AbortSignal) =>
  (await source().call<{ results: ResultInfo[] }>('GET', `/executions/${n}/results`, undefined, { signal })).results;
/** Where the browser saves the trace of an execution from. */
export const traceFile = (n: number, format: 'chrome' | 'csv'): string | null => {
  const url = source().url(`/executions/${n}/trace`);
  return url && `${url}${url.includes('?') ? '&' : '?'}format=${format}`;
};
/** Where the browser saves results from: one, or all. */
export const resultFile = (n: number, result: number | null): string | null => source().url(`/executions/${n}/results/${result === null ? 'npz' : `${result}/npy`}`);
export const getExecutions = async (model: string) =>
  (await source().call<{ executions: ExecutionSummary[] }>('GET', `/models/${id(model)}/executions`)).executions;
export const getExecution = (n: number) => source().call<Execution>('GET', `/executions/${n}`);
export const deleteExecution = (n: number) => source().call<void>('DELETE', `/executions/${n}`);
/** A trace of another tool, bound to what was measured. */
export const addTrace = (ref: GraphRef, file: File, signal?: AbortSignal) =>
  source().call<{ execution: number; format: string; ops: number; bound: number; notes: string[] }>('POST', `/models/${id(ref.model)}/traces`, file,
    { signal, query: { name: file.name, part: ref.part, ...(ref.run ? { run: ref.run, stage: ref.stage } : {}) } });
/** What a job's log has from byte `from` on, and where that ends. */
export const getLog = (job: number, from: number) => source().call<{ text: string; next: number }>('GET', `/jobs/${job}/log`, undefined, { query: { from } });

export type Which = 'value' | 'golden' | 'difference';
export interface TensorInfo {
  node: number;
  out: number;
  outs: number;
  device: number;
  devices: number;
  dtype: string;
  shape: number[];
  bytes: number;
  statistics: { count: number; nans: number; infinities: number; zeros: number; min: number; max: number; mean: number; deviation: number };
  bins: number[];
  accuracy?: { pcc: number; absolute: number; relative: number };
}
export interface TensorWindow {
  height: number;
  width: number;
  row: number;
  column: number;
  rows: (number | string)[][];
}
/** Which tensor of an execution. */
export interface TensorRef {
  execution: number;
  id: string;
  out: number;
  device: number;
  which: Which;
}
const tensorQuery = (t: TensorRef) => ({ id: t.id, out: t.out, device: t.device, which: t.which });
/** Asks again when the job that makes the value has ended; an abort ends the job, too. */
async function made<T extends object>(ask: () => Promise<T | Job>, signal?: AbortSignal, tell: (wait: Wait | null) => void = () => {}): Promise<T> {
  for (;;) {
    const told = await ask();
    if (!('state' in told)) return told;
    let job: Job = told;
    const cancel = () => { cancelJob(job.id).catch(() => {}); };
    signal?.addEventListener('abort', cancel);
    try {
      for await (job of jobNews(told, signal)) tell({ text: `Running up to ${job.title}`, done: job.done, total: job.total, cancel });
    } finally {
      signal?.removeEventListener('abort', cancel);
      tell(null);
    }
    if (job.state === 'cancelled') throw new Problem('Cancelled.', 'cancelled');
    if (job.state === 'failed') throw new Problem(job.error ?? 'The value could not be made.');
  }
}
/** `tell` is told of the wait when the value is made first. */
export const getTensor = (t: TensorRef, signal?: AbortSignal, tell?: (wait: Wait | null) => void) =>
  made(() => source().call<TensorInfo | Job>('GET', `/executions/${t.execution}/tensor`, undefined, { signal, query: tensorQuery(t) }), signal, tell);
export const getTensorWindow = (t: TensorRef, index: readonly number[], at: { row: number; rows: number; column: number; columns: number }, signal?: AbortSignal) =>
  made(() => source().call<TensorWindow | Job>('GET', `/executions/${t.execution}/tensor/values`, undefined, { signal, query: { ...tensorQuery(t), index: index.join(','), ...at } }), signal);
/** Where the browser saves it from. */
export const tensorFile = (t: TensorRef): string | null => {
  const url = source().url(`/executions/${t.execution}/tensor/npy`);
  return url && `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(Object.entries(tensorQuery(t)).map(([k, v]) => [k, String(v)]))}`;
};
