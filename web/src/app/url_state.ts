// Links: what the page shows as part of its address, so that a link, Back and a reload bring it back. Models stand in
// the query (?model=ID, one pane each, as people write them); the rest, compressed, behind the "#".

import { computed, effect, signal, untracked } from '@preact/signals';

import * as api from './api';
import { dockChanged, restoreDock, saveDock, showPanel, usualPanels } from './dock';
import { complain, say } from './notify';
import { noteModel, openGraph, openQuietly, refOf, showGraph } from './open';
import { copy } from './graph_commands';
import { urlStates } from './panels';
import { Problem } from './source';
import { readUrlData } from './url_data';
import { pack, unpack, type Saved } from './link';
import { activePane, models, onStartPage, paneById, panes, source } from './store';

/** Addresses longer than this are cut by some servers and messengers: then the expansion is left out. */
const LONGEST = 16000;
const SETTLE_MS = 400;

/** What the page shows now. */
export async function saveState(): Promise<Saved> {
  const shown = panes.peek().filter((p) => p.ref.peek());
  const views = await Promise.all(shown.map((p) => (p.graph.peek() ? p.view.peek()?.saveState() : undefined)));
  const features: Record<string, unknown> = {};
  for (const s of urlStates.all()) {
    const state = s.save();
    if (state !== undefined) features[s.id] = state;
  }
  return {
    v: 1, active: activePane.peek()?.id ?? null, dock: saveDock(), features,
    panes: shown.map((p, i) => ({
      id: p.id, ref: p.ref.peek()!, view: views[i] ?? null,
      // The views along the bread crumbs stay with this page; a link leads to the last.
      crumbs: p.crumbs.peek().map((c) => ({ ...c, view: null })),
    })),
  };
}

function queryOf(saved: Saved): string {
  const query = new URLSearchParams();
  for (const p of saved.panes) query.append('model', p.ref.model);
  // What else was asked for stays: embed=1 and the like.
  for (const [key, value] of new URLSearchParams(location.search))
    if (key !== 'model' && key !== 'path' && key !== 'token' && key !== 'data') query.append(key, value);
  const text = query.toString();
  return text ? `?${text}` : '';
}

async function addressOf(saved: Saved): Promise<string> {
  if (!saved.panes.length) return location.pathname + queryOf(saved);
  let hash = await pack(saved);
  if (hash.length > LONGEST)
    hash = await pack({ ...saved, panes: saved.panes.map((p) => ({ ...p, view: p.view && { ...p.view, expanded: p.view.expanded === 'all' ? 'all' : [] } })) });
  return `${location.pathname}${queryOf(saved)}#${hash}`;
}

const restoring = signal(true);
/** The address names graphs that are not on the page yet. */
export const arriving = computed(() => restoring.value && (location.hash.length > 1 || /[?&](model|data)=/.test(location.search)));
/** Whether what the address says is on the page. */
export const urlShown = (): boolean => !restoring.peek();
/** The same as a signal. */
export const urlRestored = computed(() => !restoring.value);
let written = '';

/** Puts the page's state into the address, from now on, whenever it has changed and settled. */
function follow(): void {
  let timer = 0;
  effect(() => {
    for (const p of panes.value) {
      void p.ref.value;
      void p.moved.value;
      void p.selection.value;
      void p.root.value;
      void p.graph.value;
    }
    void activePane.value;
    void dockChanged.value;
    for (const s of urlStates.all()) s.save();
    const start = onStartPage.value;
    if (restoring.value) return;
    clearTimeout(timer);
    timer = setTimeout(() => void write(start), SETTLE_MS);
  });
}

async function write(start: boolean): Promise<void> {
  const address = start && !panes.peek().length ? location.pathname + location.search.replace(/[?&](model|path|data)=[^&]*/g, '').replace(/^&/, '?') : await addressOf(await saveState());
  if (address === written) return;
  written = address;
  try {
    history.replaceState({ start }, '', address);
  } catch {
    // Some frames do not let their address be changed, and browsers limit how often it may be.
  }
}

/** The browser's Back leads to the start page, Forward to the graphs again. */
function followBack(): void {
  let before = untracked(() => onStartPage.value);
  effect(() => {
    const start = onStartPage.value;
    if (start === before || restoring.value) return;
    before = start;
    if (!start) {
      try {
        history.pushState({ start: false }, '');
      } catch {
        // As above.
      }
    }
  });
  addEventListener('popstate', () => {
    const start = panes.peek().length === 0 || !onStartPage.peek();
    before = start;
    onStartPage.value = start;
  });
}

async function restore(saved: Saved): Promise<void> {
  // Models that are gone are told, the rest is shown.
  const ids = [...new Set(saved.panes.map((p) => p.ref.model))];
  const there = new Set<string>();
  await Promise.all(ids.map(async (id) => {
    try {
      noteModel(await api.getModel(id));
      there.add(id);
    } catch (thrown) {
      complain(Problem.of(thrown).detail.status === 404
        ? new Problem('A model of this link is not known here.', 'not_found', { hint: 'Uploaded models are only on the machine they were uploaded to. Open the file again.' }) : thrown);
    }
  }));
  const wanted = saved.panes.filter((p) => there.has(p.ref.model));
  if (!wanted.length) return;
  onStartPage.value = false;
  const docked = wanted.length === saved.panes.length && restoreDock(saved.dock);
  for (const p of wanted) {
    const pane = docked ? paneById(p.id) : null;
    if (pane) void showGraph(pane, p.ref, { state: p.view ?? undefined, crumbs: p.crumbs });
    else openGraph(p.ref, { where: panes.peek().length ? 'right' : 'here', state: p.view ?? undefined, crumbs: p.crumbs });
  }
  activePane.value = (saved.active && paneById(saved.active)) || panes.peek()[0] || null;
  for (const s of urlStates.all()) {
    const state = saved.features[s.id];
    if (state !== undefined) await s.restore(state);
  }
}

/** Shows what the address says. */
export async function startUrl(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const hash = location.hash.slice(1);
  try {
    let saved: Saved | null = null;
    if (hash) {
      try {
        saved = await unpack(hash);
      } catch {
        say('The rest of the link could not be read; the models are shown from their start.');
      }
    }
    if (saved?.panes.length) {
      await restore(saved);
    } else {
      const asked = [
        ...query.getAll('model').map((id) => ({ id, state: undefined })), ...query.getAll('path').map((path) => ({ path, state: undefined })),
        ...(readUrlData(location.search)?.models ?? []).map(({ url, state }) => ({ path: url, state })),
      ];
      for (const one of asked) {
        const id = 'id' in one ? one.id : await openQuietly(one.path);
        await usualPanels();
        if (id) openGraph(refOf(id), { where: panes.peek().length ? 'right' : 'here', state: one.state });
      }
      if (!asked.length && source().kind === 'page') {
        models.value = await api.getModels();
        for (const { id } of models.peek()) {
          await usualPanels();
          openGraph(refOf(id), { where: panes.peek().length ? 'right' : 'here' });
        }
        await usualPanels();
        if ((await Promise.all(models.peek().map((m) => api.getRuns(m.id)))).some((runs) => runs.length)) showPanel('compile');
      }
    }
  } catch (thrown) {
    complain(thrown);
  } finally {
    restoring.value = false;
  }
  follow();
  followBack();
}

/** Copies a link to what the page shows. */
export async function copyLink(): Promise<void> {
  const saved = await saveState();
  await copy(new URL(await addressOf(saved), location.href).href, 'The link was');
}
