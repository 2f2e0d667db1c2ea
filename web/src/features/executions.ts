// Executions: those of each model, which one is looked at, and starting one.

import { computed, effect, signal } from '@preact/signals';

import { cancelJob } from '../app/api';
import { goesOn, jobNews } from '../app/events';
import { openPanel } from '../app/dock';
import { say } from '../app/notify';
import { kept } from '../app/settings';
import { Problem, type Job } from '../app/source';
import { activePane, overlayChanged, runs, server, type Pane, type Wait } from '../app/store';
import { count, whole } from '../app/values';
import { inputsOf } from './inputs';
import { colourByLast } from './node_data_state';
import { setName } from './overrides';
import { addTrace, getExecution, getExecutions, getLog, makeTensorsAgain, overridesOf, startExecution, type Execution, type ExecutionSettings, type ExecutionSummary } from './runs';

export const repeat = kept('executeRepeat', 0);
export const threads = kept('executeThreads', 0);
export const numbers = kept('executeNumbers', 'as-written');
export const golden = kept('executeGolden', true);
export const seed = kept('executeSeed', 0);

export const lists = signal<ReadonlyMap<string, readonly ExecutionSummary[]>>(new Map());
export const loaded = signal<ReadonlyMap<number, Execution>>(new Map());
export const chosen = signal(0);
export const other = signal(0);
export const wait = signal<Wait | null>(null);
export const problem = signal<Problem | null>(null);
export const log = signal('');
export const logOpen = signal(false);

/** Whether tensors stay in the server's memory, and how many megabytes they may take. */
export const keep = kept('executeKeep', true);
export const keepMb = kept('executeKeepMb', 1024);

/** The execution whose accuracy and tensors are still being made. */
export const growing = signal(0);

/** Of the active pane. */
const modelNow = computed(() => activePane.value?.ref.value?.model);
export const here = computed(() => lists.value.get(modelNow.value ?? '') ?? []);

// What is wished for last is shown, whichever answer comes last. A wish is as old as what the user did, not as the answer
// that fulfils it: between the two another may be wished for.
let wishes = 0;
const granted = new Map<unknown, number>();
const wish = (): number => ++wishes;

/** Whether a wish still counts for something: none that is younger was granted there. */
function grant(what: unknown, order: number): boolean {
  if (order < (granted.get(what) ?? 0)) return false;
  granted.set(what, order);
  return true;
}

export async function refresh(model: string): Promise<void> {
  const order = wish();
  const list = (await getExecutions(model)).reverse();
  if (grant(model, order)) lists.value = new Map(lists.peek()).set(model, list);
}

/** Whether it is shown now: not when another was wished for since. */
export async function choose(n: number, which = chosen, order = wish()): Promise<boolean> {
  if (n && !loaded.peek().has(n)) {
    const execution = await getExecution(n);
    loaded.value = new Map(loaded.peek()).set(n, execution);
  }
  if (!grant(which, order)) return false;
  which.value = n;
  return true;
}

/** Shows a new one of this model, compared with the one that was shown. */
async function showNew(model: string, n: number, order: number): Promise<void> {
  await refresh(model);
  const before = chosen.peek();
  if (await choose(n, chosen, order) && before && before !== n) other.value = before;
}

effect(() => {
  const model = modelNow.value;
  // A trace that the command line names comes when the page is there already: with its overlays.
  void (overlayChanged.value?.model === model && overlayChanged.value);
  if (!model || !server.value) return;
  const list = lists.peek().get(model), order = wish();
  if (list?.length) {
    if (!list.some((x) => x.id === chosen.peek())) choose(list[0]!.id, chosen, order).catch(() => {}); // back from another model
    return;
  }
  refresh(model).then(() => { const last = lists.peek().get(model)?.[0]; return last && choose(last.id, chosen, order); }).catch(() => {});
});

/** Where an execution ran: the source, or after which pass. */
export function place(s: ExecutionSettings): string {
  if (s.trace) return s.trace;
  if (!s.stage || !s.run) return 'source';
  const run = runs.value.get(s.run);
  if (!run) return `stage ${s.stage}`;
  const set = overridesOf(run), n = Object.keys(set).length;
  return `stage ${s.stage} ${run.stages[s.stage]?.pass ?? ''}${n ? `, ${setName(run.model, set) ?? 'overrides'}` : ''}`;
}

async function execute(pane: Pane): Promise<void> {
  const ref = pane.ref.peek();
  if (!ref) return;
  const settings: ExecutionSettings = {
    repeat: repeat.peek(), threads: threads.peek(), numbers: numbers.peek(), golden: golden.peek(), seed: seed.peek(), inputs: inputsOf(ref.model),
    keep: keep.peek(), keep_memory: keepMb.peek() * 1e6,
    ...(ref.run ? { run: ref.run, stage: ref.stage } : { part: ref.part }),
  };
  const order = wish();
  // Times are shown as soon as they are there; accuracy and tensors follow.
  const done = await follow(() => startExecution(ref.model, settings), (n) => showNew(ref.model, n, order));
  if (done === null) return;
  if (!await again(done)) await showNew(ref.model, done, order);
  await refresh(ref.model);
  say('Executed. Times, memory and accuracy are node data now.', { title: 'Show on nodes', run: () => {
    colourByLast(ref.model, 'time (us)');
    openPanel('nodedata');
  } });
}

/** Asks again for one that was shown before it was whole; false when it was not. */
async function again(n: number): Promise<boolean> {
  if (!loaded.peek().has(n)) return false;
  const whole = await getExecution(n);
  loaded.value = new Map(loaded.peek()).set(n, whole);
  return true;
}

/** Shows a job until it ends; that it goes on is shown until the caller has dealt with what came of it. The execution's number, or null when it came to nothing; `early` is told of it when there is more
 * to do. */
async function follow(begin: () => Promise<Job>, early?: (n: number) => Promise<void>): Promise<number | null> {
  problem.value = null;
  log.value = '';
  let job = await begin();
  const cancel = () => { cancelJob(job.id).catch(() => {}); };
  let read = 0;
  const readLog = async () => {
    const { text, next } = await getLog(job.id, read);
    read = next;
    if (text) log.value = (log.peek() + text).replace(/\n\n+/g, '\n');
  };
  for await (job of jobNews(job)) {
    if (!goesOn(job)) break;
    const there = (job.result as { execution: number } | null)?.execution ?? 0;
    wait.value = { text: there ? `Accuracy and tensors follow: ${job.message}` : job.message || 'Executing', done: job.done, total: job.total, cancel };
    if (early && there && !growing.peek()) {
      growing.value = there;
      await early(there);
    }
    if (logOpen.peek() || !log.peek()) await readLog();
  }
  await readLog(); // what it said last
  if (job.state === 'failed') problem.value = new Problem(job.error ?? 'The execution failed.');
  return job.state === 'done' ? (job.result as { execution: number }).execution : null;
}

/** Runs an execution once more for its tensors, which are not in memory any longer: same settings, same numbers. */
export async function makeAgain(x: ExecutionSummary, model: string): Promise<void> {
  try {
    if (await follow(() => makeTensorsAgain(x.id)) !== null) await refresh(model);
  } catch (thrown) {
    problem.value = Problem.of(thrown);
  } finally {
    wait.value = null;
  }
}

export const start = (pane: Pane): Promise<void> => execute(pane).catch((thrown) => { problem.value = Problem.of(thrown); }).finally(() => { wait.value = null; growing.value = 0; });

/** Takes files of other tools' traces. */
export async function openTraces(pane: Pane, files: readonly File[]): Promise<void> {
  const ref = pane.ref.peek();
  if (!ref) return;
  for (const file of files) {
    const order = wish(), abort = new AbortController();
    wait.value = { text: `Reading ${file.name}`, done: 0, total: 0, cancel: () => abort.abort() };
    try {
      const told = await addTrace(ref, file, abort.signal);
      await showNew(ref.model, told.execution, order);
      say(`${file.name}: ${whole(told.bound)} of ${count(told.ops, 'op')} have a node.`);
    } finally {
      wait.value = null;
    }
  }
}

/** Whether an execution is of what the pane shows: the same file, or a stage with the same module. */
export function isOf(x: ExecutionSummary, pane: Pane): boolean {
  const ref = pane.ref.value;
  if (!ref) return false;
  const s = x.settings;
  if (!s.run || !s.stage) return !ref.run && ref.stage === 0 && ref.part === (s.part ?? 0);
  const module = (stage: number) => runs.value.get(s.run!)?.stages[stage]?.same_as ?? stage;
  return ref.run === s.run && module(ref.stage) === module(s.stage);
}

/** The execution whose tensors the active pane can look at: the chosen one, else the last. */
export const keeping = computed<ExecutionSummary | null>(() => {
  const pane = activePane.value;
  if (!pane) return null;
  const all = here.value.filter((x) => x.kept > 0 && isOf(x, pane));
  return all.find((x) => x.id === chosen.value) ?? all[0] ?? null;
});
