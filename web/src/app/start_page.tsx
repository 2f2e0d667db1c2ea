// The start page: open by path, by choosing or dropping files, by pasting text; recent models, files of the folders the
// server was given, examples. Every load is a row with its progress, its cancel and its error.

import { computed, signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import * as api from './api';
import { runCommand } from './commands';
import { Icon } from './icons';
import { complain, place, sentence } from './notify';
import { dropModel, noteModel, openGraph, refOf, refreshModels } from './open';
import { isTyping, shortcutText } from './keys';
import { confirm, hasOverlay } from './overlay';
import { openPaste } from './paste';
import { PathField } from './path_field';
import { kept, welcome } from './settings';
import { isCancel, Problem, type Model } from './source';
import { models, onStartPage, panes, server } from './store';
import { bytes, when, whole } from './values';
import { VirtualList } from './virtual';

/** Something that is being opened, or could not be. */
interface Load {
  id: number;
  name: string;
  state: 'running' | 'failed';
  text: string;
  done: number;
  total: number;
  problem: Problem | null;
  cancel: () => void;
  again: () => void;
}
const loads = signal<readonly Load[]>([]);
let next = 1;

/** Paths that were opened, the last first. */
export const pathHistory = kept<string[]>('paths', []);
const HISTORY = 20;

function change(id: number, more: Partial<Load>): void {
  loads.value = loads.peek().map((l) => (l.id === id ? { ...l, ...more } : l));
}
function drop(id: number): void {
  loads.value = loads.peek().filter((l) => l.id !== id);
}

/** Runs an opening as a row; models that come of it are shown. */
async function load(name: string, work: (signal: AbortSignal, progress: (done: number, total: number) => void) => Promise<readonly Model[]>): Promise<void> {
  const abort = new AbortController();
  const id = next++;
  const again = () => { drop(id); void load(name, work); };
  loads.value = [...loads.peek(), { id, name, state: 'running', text: 'Opening', done: 0, total: 0, problem: null, cancel: () => abort.abort(), again }];
  try {
    const opened = await work(abort.signal, (done, total) => change(id, { text: 'Uploading', done, total }));
    for (const model of opened) noteModel(model);
    drop(id);
    opened.forEach((model, i) => openGraph(refOf(model.id), { where: i === 0 && !panes.peek().length ? 'here' : 'within' }));
  } catch (thrown) {
    if (isCancel(thrown)) drop(id);
    else change(id, { state: 'failed', problem: Problem.of(thrown) });
  }
}

/** Opens paths separated by commas. */
export function openPaths(text: string): void {
  for (const path of text.split(',').map((p) => p.trim()).filter(Boolean)) {
    pathHistory.value = [path, ...pathHistory.peek().filter((p) => p !== path)].slice(0, HISTORY);
    void load(path, async (signal) => [await api.openPath(path, { signal })]);
  }
}

export function openFiles(files: readonly File[]): void {
  for (const file of files)
    void load(file.name, async (signal, progress) => (await api.upload([file], { signal, progress })).models);
}

/** Opens a model that comes with the page, as a file of this name. */
function openExample(name: string): void {
  void load(name, async (signal, progress) => {
    const response = await fetch(new URL(`examples/${name}`, document.baseURI), { signal }).catch(() => null);
    signal.throwIfAborted();
    if (!response?.ok) throw new Problem('The server does not answer.', 'offline', { hint: 'Try again when it is there.' });
    return (await api.upload([new File([await response.text()], name)], { signal, progress })).models;
  });
}

/** What a new user cannot see. */
const HINTS: readonly { keys: string; text: string }[] = [
  { keys: 'Ctrl+K', text: 'All commands, and every node by its name' },
  { keys: 'Enter', text: 'Opens and closes the selected layer; arrow keys follow the edges' },
  { keys: 'Ctrl+F', text: 'Searches labels, attributes, shapes and weights' },
  { keys: 'C', text: 'Compiles the model, and shows what every pass made of it' },
  { keys: 'Space', text: 'Fits the graph into its pane' },
  { keys: '?', text: 'All shortcuts' },
];

function Welcome() {
  return (
    <section class="start-card welcome" aria-label="Welcome">
      <div class="row"><h2 class="grow">Welcome</h2>
        <button class="icon-button small" aria-label="Close the welcome card" title="Close; the settings bring it back" onClick={() => { welcome.value = false; }}><Icon name="close" size={13} /></button></div>
      <dl>{HINTS.map((h) => <div key={h.keys}><dt><kbd>{shortcutText(h.keys)}</kbd></dt><dd>{h.text}</dd></div>)}</dl>
    </section>
  );
}

function LoadRow({ row }: { row: Load }) {
  const share = row.total ? row.done / row.total : null;
  return (
    <li class={`load ${row.state}`} role={row.state === 'failed' ? 'alert' : 'status'}>
      {row.state === 'failed' ? <Icon name="error" /> : <span class="spinner" />}
      <div class="grow">
        <div class="load-name">{row.name}</div>
        {row.problem ? (
          <div class="error-text">{sentence(row.problem.message)}{place(row.problem) && <span class="mono"> ({place(row.problem)})</span>}
            {row.problem.detail.hint && <div class="muted">{sentence(row.problem.detail.hint)}</div>}</div>
        ) : (
          <div class={`bar ${share === null ? 'unknown' : ''}`} role="progressbar" aria-label={`Opening ${row.name}`}
            aria-valuenow={share === null ? undefined : Math.round(share * 100)}><div style={{ width: share === null ? undefined : `${share * 100}%` }} /></div>
        )}
      </div>
      {row.state === 'failed' && <button onClick={row.again}>Try again</button>}
      <button onClick={() => (row.state === 'failed' ? drop(row.id) : row.cancel())}>{row.state === 'failed' ? 'Dismiss' : 'Cancel'}</button>
    </li>
  );
}

const filter = signal('');
const shownModels = computed(() => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  return models.value.filter((m) => words.every((w) => `${m.name} ${m.path}`.toLowerCase().includes(w)));
});

async function forget(model: Model): Promise<void> {
  if (!(await confirm(`Forget ${model.name} and all that was kept with it?`, 'Forget'))) return;
  try {
    await api.deleteModel(model.id);
    dropModel(model.id);
  } catch (thrown) {
    complain(thrown);
  }
}

function Models() {
  const active = useSignal(-1);
  const list = shownModels.value;
  const open = (m: Model, beside: boolean) => openGraph(refOf(m.id), { where: beside ? 'right' : panes.peek().length ? 'within' : 'here' });
  if (!models.value.length) return <p class="empty">None yet. What you open stays here.</p>;
  return (
    <>
      {models.value.length > 8 && (
        <div class="field"><Icon name="filter" size={13} /><input type="text" placeholder="Filter" aria-label="Filter models" value={filter.value}
          onInput={(e) => { filter.value = e.currentTarget.value; }} /></div>
      )}
      <div class="start-list" style={{ height: `${Math.min(9, Math.max(1, list.length)) * 34}px` }}>
        <VirtualList count={list.length} rowHeight={34} label="Recent models" active={active.value} rowKey={(i) => list[i]!.id}
          onActive={(i) => { active.value = i; }} onTake={(i, e) => { if (list[i]) open(list[i], e.altKey); }}
          row={(i) => {
            const m = list[i]!;
            return (
              <div role="option" aria-selected={i === active.value} class={`option tall ${i === active.value ? 'active' : ''}`} title={m.path || m.id}
                onClick={(e) => open(m, e.altKey)}>
                <Icon name="graph" size={14} />
                <span class="option-text">{m.name}</span>
                <span class="muted option-path">{m.path ? m.path.slice(0, -m.name.length) : m.stored ? 'uploaded' : ''}</span>
                <span class="muted option-size">{bytes(m.size)}</span>
                <span class="muted option-when">{when(m.opened)}</span>
                {!server.value?.read_only && (
                  <button class="icon-button small" aria-label={`Forget ${m.name}`} title="Forget" onClick={(e) => { e.stopPropagation(); void forget(m); }}><Icon name="trash" size={13} /></button>
                )}
              </div>
            );
          }} />
      </div>
    </>
  );
}

function Folders() {
  const found = useSignal<Awaited<ReturnType<typeof api.getPreload>> | null>(null);
  const active = useSignal(-1);
  const text = useSignal('');
  useEffect(() => { api.getPreload().then((p) => { found.value = p; }, () => {}); }, []);
  const all = found.value?.files ?? [];
  if (!all.length) return null;
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = words.length ? all.filter((f) => words.every((w) => f.toLowerCase().includes(w))) : all;
  // What all paths begin with need not be read in every row.
  const roots = found.value!.roots;
  const short = (path: string) => {
    const root = roots.find((r) => path.startsWith(`${r}/`));
    return root ? path.slice(root.lastIndexOf('/') + 1) : path;
  };
  return (
    <section class="start-card">
      <h2>Models in your folders <span class="muted">{whole(all.length)}{found.value!.more ? '+' : ''}</span></h2>
      {all.length > 8 && (
        <div class="field"><Icon name="filter" size={13} /><input type="text" placeholder="Filter" aria-label="Filter files" value={text.value}
          onInput={(e) => { text.value = e.currentTarget.value; active.value = -1; }} /></div>
      )}
      <div class="start-list" style={{ height: `${Math.min(10, Math.max(1, list.length)) * 26}px` }}>
        <VirtualList count={list.length} rowHeight={26} label="Models in your folders" active={active.value} rowKey={(i) => list[i]!}
          onActive={(i) => { active.value = i; }} onTake={(i) => { if (list[i]) openPaths(list[i]); }}
          row={(i) => {
            const path = list[i]!, name = short(path), slash = name.lastIndexOf('/') + 1;
            return (
              <div role="option" aria-selected={i === active.value} class={`option ${i === active.value ? 'active' : ''}`} title={path} onClick={() => openPaths(path)}>
                <Icon name="file" size={13} /><span class="option-text"><span class="muted">{name.slice(0, slash)}</span>{name.slice(slash)}</span>
              </div>
            );
          }} />
      </div>
    </section>
  );
}

export function StartPage() {
  const file = useRef<HTMLInputElement>(null);
  const readOnly = server.value?.read_only ?? false;
  useEffect(() => { refreshModels().catch(complain); }, []);
  useEffect(() => {
    const paste = (e: ClipboardEvent) => {
      const text = e.clipboardData?.getData('text/plain') ?? '', files = [...(e.clipboardData?.files ?? [])];
      if (isTyping(e.target) || hasOverlay() || readOnly || (!text.trim() && !files.length)) return;
      e.preventDefault();
      if (files.length) openFiles(files);
      else openPaste(text);
    };
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  }, [readOnly]);
  return (
    <main class="start" aria-label="Start page">
      <div class="start-inner">
        <header class="start-head">
          <Logo />
          <div><h1>TT-Explorer</h1><p class="muted">Open a model, see it as a graph, compile it step by step.</p></div>
          <span class="grow" />
          {panes.value.length > 0 && <button onClick={() => { onStartPage.value = false; }}><Icon name="left" size={13} /> Back to the graphs</button>}
        </header>
        <section class="start-card">
          <h2>Open a model</h2>
          <PathField open={openPaths} />
          {!readOnly && (
            <div class="row wrap">
              <button onClick={() => file.current!.click()}><Icon name="upload" size={14} /> Choose files…</button>
              <button onClick={() => openPaste('')}><Icon name="paste" size={14} /> Paste MLIR…</button>
              <span class="muted">or drop files anywhere on this page</span>
              <input ref={file} type="file" multiple hidden aria-label="Files to upload"
                onChange={(e) => { openFiles([...(e.currentTarget.files ?? [])]); e.currentTarget.value = ''; }} />
            </div>
          )}
          {!readOnly && (
            <div class="row wrap examples"><span class="muted">Examples</span>
              {EXAMPLES.map(({ name, about }) => <button key={name} class="link" title={`${about} (${name})`} onClick={() => openExample(name)}>{about}</button>)}</div>
          )}
          {loads.value.length > 0 && <ul class="loads" aria-label="Opening">{loads.value.map((row) => <LoadRow key={row.id} row={row} />)}</ul>}
        </section>
        {welcome.value && <Welcome />}
        <div class="start-columns">
          <section class="start-card">
            <h2>Recent models</h2>
            <Models />
          </section>
          <Folders />
        </div>
        <footer class="start-foot muted">
          <button class="link" onClick={() => runCommand('app.help', { pane: null, node: null })}>Shortcuts</button>
          <button class="link" onClick={() => runCommand('app.settings', { pane: null, node: null })}>Settings</button>
          <a href="api/ttx/v1/openapi.json" target="_blank" rel="noreferrer">API</a>
          <span class="grow" />
          {server.value && <span>{server.value.name} {server.value.version}{readOnly && ', read-only'}</span>}
        </footer>
      </div>
    </main>
  );
}

export function Logo() {
  return (
    <svg class="logo" width="28" height="28" viewBox="0 0 16 16" aria-hidden="true">
      <rect x="1" y="1" width="6" height="4" rx="1" fill="var(--accent)" />
      <rect x="9" y="11" width="6" height="4" rx="1" fill="#e8711a" />
      <path d="M4 5v4q0 2 2 2h3" fill="none" stroke="var(--muted)" stroke-width="1.5" />
    </svg>
  );
}
