// Values of arguments for executions, of files: .npy, .npz, .safetensors, raw elements. Each model remembers which files its
// arguments have; what has none gets values of the seed.

import { computed, effect, signal } from '@preact/signals';

import { openPanel } from '../app/dock';
import { Icon } from '../app/icons';
import { complain, say } from '../app/notify';
import { dropTakers } from '../app/panels';
import { Problem, type GraphRef } from '../app/source';
import { activePane, server, source, type Wait } from '../app/store';
import { count } from '../app/values';
import { VirtualList } from '../app/virtual';
import { WaitCard } from '../app/wait';
import { chooseFiles } from './common';
import './features.css';
import { getArguments, uploadTensors, type Argument, type ExecutionInput, type TensorFile } from './runs';

const ENDINGS = '.npy,.npz,.safetensors,.bin,.raw';

/** A file, for one argument or for whatever its entries are called. */
interface Choice {
  file: TensorFile;
  argument: number | null;
}
const choices = signal<ReadonlyMap<string, readonly Choice[]>>(new Map());
/** While it lasts nothing is executed: the file would be left out. */
export const uploading = signal<Wait | null>(null);
const open = signal(false);

const here = computed(() => choices.value.get(activePane.value?.ref.value?.model ?? '') ?? []);
const set = (model: string, list: readonly Choice[]) => { choices.value = new Map(choices.peek()).set(model, list); };

/** The arguments of what the active pane shows; null: not known yet. */
const taken = signal<readonly Argument[] | null>(null);
const problem = signal<Problem | null>(null);
const where = computed(() => {
  const ref = activePane.value?.ref.value;
  return ref && server.value?.execution && source().kind === 'server' && (open.value || here.value.length) ? ref : null;
});
effect(() => {
  const ref = where.value;
  taken.value = null;
  problem.value = null;
  if (!ref) return;
  const abort = new AbortController();
  getArguments(ref, abort.signal).then((all) => { taken.value = all; }).catch((thrown: unknown) => { if (!abort.signal.aborted) problem.value = Problem.of(thrown); });
  return () => abort.abort();
});

/** What an execution of this model is given. */
export function inputsOf(model: string): ExecutionInput[] {
  return (choices.peek().get(model) ?? []).map(({ file, argument }) => ({ tensor: file.id, ...(argument === null ? {} : { argument }) }));
}

const isName = (name: string, a: Argument) => name === a.name || name === String(a.argument) || name === `arg${a.argument}` || name === `%arg${a.argument}`;
const typeOf = (t: { shape: readonly number[]; dtype: string }) => [...t.shape.map((n) => (n < 0 ? '?' : n)), t.dtype].join('x');
/** Whether a tensor of one type has the shape of another; an open dimension takes any length. */
const sameShape = (has: string, wanted: string) => {
  const [a, b] = [has, wanted].map((t) => t.split('x').slice(0, -1)) as [string[], string[]];
  return a.length === b.length && a.every((n, i) => b[i] === '?' || n === b[i]);
};

/** Which file each argument gets, and what of it; as exec_inputs_bind of the server does it: those that are named, then
 * the entries of an argument's name, then the others in order. */
function given(all: readonly Argument[], list: readonly Choice[]): Map<number, { choice: Choice; type: string }> {
  const out = new Map<number, { choice: Choice; type: string }>();
  for (const choice of list) {
    const a = all.find((x) => x.argument === choice.argument);
    if (!a) continue;
    const entry = choice.file.entries.length === 1 ? choice.file.entries[0] : choice.file.entries.find((e) => isName(e.name, a));
    out.set(a.argument, { choice, type: entry ? typeOf(entry) : '' });
  }
  for (const ordered of [false, true]) {
    for (const choice of list.filter((c) => c.argument === null)) {
      for (const entry of choice.file.entries.length ? choice.file.entries : [null]) {
        const named = entry && all.find((a) => isName(entry.name, a));
        if (!!named === ordered) continue;
        const a = named ?? all.find((x) => !out.has(x.argument));
        if (a) out.set(a.argument, { choice, type: entry ? typeOf(entry) : '' });
      }
    }
  }
  return out;
}

async function take(ref: GraphRef, files: readonly File[], argument: number | null): Promise<void> {
  if (!files.length) return;
  const abort = new AbortController();
  uploading.value = { text: `Uploading ${files.length === 1 ? files[0]!.name : count(files.length, 'file')}`, done: 0, total: files.length, cancel: () => abort.abort() };
  open.value = true;
  try {
    for (const [i, file] of files.entries()) {
      uploading.value = { ...uploading.peek()!, text: `Uploading ${file.name}`, done: i };
      const uploaded = await uploadTensors(ref.model, file, abort.signal);
      const rest = (choices.peek().get(ref.model) ?? []).filter((c) => (argument === null ? c.argument !== null || c.file.id !== uploaded.id : c.argument !== argument));
      set(ref.model, [...rest, { file: uploaded, argument }]);
    }
  } catch (thrown) {
    if (!abort.signal.aborted) throw thrown;
  } finally {
    uploading.value = null;
  }
}

const ask = async (ref: GraphRef, argument: number | null) => take(ref, await chooseFiles(ENDINGS, argument === null), argument);

/** Files dropped on an element are for one argument, or (null) for what they are called. */
const drops = (ref: GraphRef, argument: number | null) => ({
  onDragOver: (e: DragEvent) => { e.preventDefault(); },
  onDrop: (e: DragEvent) => {
    const files = [...(e.dataTransfer?.files ?? [])];
    if (!files.length) return;
    e.preventDefault();
    e.stopPropagation();
    void take(ref, argument === null ? files : files.slice(0, 1), argument).catch(complain);
  },
});

dropTakers.add({
  id: 'tensors', order: 30,
  accepts: (file) => /\.(npy|npz|safetensors)$/i.test(file.name),
  take: async (file, pane) => {
    openPanel('execute');
    const ref = pane?.ref.peek();
    if (!ref) say('Open the model first that takes these values.');
    else await take(ref, [file], null);
  },
});

function Row({ a, of, model }: { a: Argument; of: GraphRef; model: string }) {
  const all = taken.value ?? [], has = given(all, here.value).get(a.argument), type = typeOf(a);
  const drop = (choice: Choice) => set(model, (choices.peek().get(model) ?? []).filter((c) => c !== choice));
  return (
    <div class="tr inputs-row" role="option" aria-selected={false} aria-label={`Argument ${a.argument} ${a.name}`} {...drops(of, a.argument)}>
      <span class="num muted">{a.argument}</span><span class="clip" title={a.name}>{a.name}</span><span class="clip mono muted">{type}</span><span class="clip muted">{a.role}</span>
      {has
        ? <span class="clip" title={has.type && has.type !== type ? `It holds ${has.type}` : has.choice.file.name}>
            {has.choice.file.name}{has.type && has.type !== type && <span class={sameShape(has.type, type) ? 'muted' : 'error-text'}> holds {has.type}</span>}</span>
        : <span class="muted">seeded</span>}
      <button type="button" class="icon-button small" aria-label={`Choose values of argument ${a.argument}`} title="Choose a file, or drop one here" onClick={() => void ask(of, a.argument).catch(complain)}><Icon name="upload" size={12} /></button>
      {has
        ? <button type="button" class="icon-button small" aria-label={`No file for argument ${a.argument}`} title={has.choice.argument === null && has.choice.file.entries.length > 1 ? `Leaves out ${has.choice.file.name} with all its tensors` : 'Values of the seed'} onClick={() => drop(has.choice)}><Icon name="close" size={12} /></button>
        : <span />}
    </div>
  );
}

/** A part of the panel: closed until somebody wants it. */
export function Inputs() {
  const ref = activePane.value?.ref.value;
  if (!ref) return null;
  const all = taken.value, n = all ? given(all, here.value).size : here.value.length;
  return (
    <details class="execute-inputs" open={open.value} onToggle={(e) => { open.value = e.currentTarget.open; }} {...drops(ref, null)}>
      <summary>Inputs <span class="muted">{n ? `${all ? `${n} of ${count(all.length, 'argument')}` : count(n, 'file')} from files, the others seeded` : 'seeded values'}</span></summary>
      <div class="row-bar">
        <button type="button" onClick={() => void ask(ref, null).catch(complain)}><Icon name="upload" size={12} /> Choose files…</button>
        {here.value.length > 0 && <button type="button" onClick={() => set(ref.model, [])}>No files</button>}
        <span class="muted">.npy, .npz, .safetensors or raw elements: by the names in them, else in order. Drop a file on an argument for just that.</span>
      </div>
      {uploading.value && <WaitCard wait={uploading.value} />}
      {problem.value && <p class="error-text" role="alert">{problem.value.message}</p>}
      {open.value && all && <div class="inputs-list" style={{ height: `${Math.min(all.length, 7) * 24 + 2}px` }}>
        <VirtualList class="grow" label="Arguments" count={all.length} rowHeight={24} row={(i) => <Row a={all[i]!} of={ref} model={ref.model} />} rowKey={(i) => all[i]!.argument} /></div>}
    </details>
  );
}
