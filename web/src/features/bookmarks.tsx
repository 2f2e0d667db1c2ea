// Bookmarks: views of a graph to come back to, with a picture each; keys 1 to 9.

import { computed, signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { getUi, putUi } from '../app/api';
import { registerCommands } from '../app/commands';
import { openPanel } from '../app/dock';
import { Icon } from '../app/icons';
import { complain, say } from '../app/notify';
import { showGraph } from '../app/open';
import { panels } from '../app/panels';
import { shown, shownKeys } from '../app/show';
import { sameRef, type GraphRef } from '../app/source';
import { activePane, type Pane } from '../app/store';
import type { ViewState } from '../engine/types';
import { eachPane, following } from './common';
import './features.css';

interface Bookmark {
  key: number;
  name: string;
  ref: GraphRef;
  view: ViewState;
  /** What was shown on nodes. */
  shown: string[];
  shownKeys: string[];
  /** Data URL of a small picture. */
  picture: string;
}

const KEYS = 9;
const PICTURE = { width: 480, height: 300 };
const UI_KEY = 'bookmarks';

/** By model. */
const bookmarksOf = signal<ReadonlyMap<string, readonly Bookmark[]>>(new Map());
const here = computed(() => {
  const model = activePane.value?.ref.value?.model;
  return (model && bookmarksOf.value.get(model)) || [];
});

function set(model: string, list: readonly Bookmark[], write = true): void {
  bookmarksOf.value = new Map(bookmarksOf.peek()).set(model, list);
  if (write) putUi(model, UI_KEY, list).catch(() => say('The bookmarks stay only as long as this page: the workspace does not take them.'));
}

const asked = new Set<string>();
eachPane((pane) => following(
  () => pane.ref.value?.model ?? null,
  async (model) => {
    if (asked.has(model)) return;
    asked.add(model);
    const before = await getUi<Bookmark[]>(model, UI_KEY).catch(() => undefined);
    if (Array.isArray(before) && !bookmarksOf.peek().has(model)) set(model, before, false);
  },
  () => {},
));

/** A small picture of what a pane shows. */
async function picture(pane: Pane): Promise<string> {
  const view = pane.view.peek()!;
  const width = view.host.clientWidth || 1, height = view.host.clientHeight || 1;
  const scale = Math.min(1, Math.max(PICTURE.width / width, PICTURE.height / height));
  const image = await createImageBitmap(await view.png({ area: 'view', scale }));
  const canvas = document.createElement('canvas');
  canvas.width = PICTURE.width;
  canvas.height = PICTURE.height;
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  const fit = Math.max(PICTURE.width / image.width, PICTURE.height / image.height);
  context.drawImage(image, (PICTURE.width - image.width * fit) / 2, (PICTURE.height - image.height * fit) / 2, image.width * fit, image.height * fit);
  image.close();
  return canvas.toDataURL('image/webp', 0.8);
}

async function add(pane: Pane): Promise<void> {
  const ref = pane.ref.peek(), view = pane.view.peek(), graph = pane.graph.peek();
  if (!ref || !view || !graph) return;
  const state = await view.saveState();
  state.selection = pane.selection.peek().map((n) => graph.id(n));
  const selected = pane.selected.peek(), root = pane.root.peek();
  const list = bookmarksOf.peek().get(ref.model) ?? [];
  const bookmark: Bookmark = {
    key: Math.max(0, ...list.map((b) => b.key)) + 1, ref, view: state, shown: shown.peek(), shownKeys: shownKeys.peek(),
    name: selected !== null ? graph.label(selected) : root ? graph.label(root) : `View ${list.length + 1}`,
    picture: await picture(pane).catch(() => ''),
  };
  set(ref.model, [...list, bookmark]);
  say(list.length < KEYS ? `Bookmarked. Key ${list.length + 1} leads back.` : 'Bookmarked.', { title: 'Show', run: () => openPanel('bookmarks') });
}

async function go(pane: Pane, bookmark: Bookmark): Promise<void> {
  const ref = pane.ref.peek();
  shown.value = bookmark.shown;
  shownKeys.value = bookmark.shownKeys;
  if (!ref || !sameRef(ref, bookmark.ref)) {
    await showGraph(pane, bookmark.ref, { state: bookmark.view });
    return;
  }
  const graph = pane.graph.peek();
  if (!graph) return;
  await pane.change('Go to a bookmark', async () => {
    await pane.restore({
      ref, crumbs: [], view: bookmark.view,
      selection: (bookmark.view.selection ?? []).map((id) => graph.find(id)).filter((n) => n !== undefined),
    });
  });
}

function Card({ pane, bookmark, index }: { pane: Pane; bookmark: Bookmark; index: number }) {
  const renaming = useSignal(false);
  const model = bookmark.ref.model, list = bookmarksOf.value.get(model) ?? [];
  const change = (more: Partial<Bookmark>) => set(model, list.map((b) => (b.key === bookmark.key ? { ...b, ...more } : b)));
  const input = useSignal<HTMLInputElement | null>(null);
  useEffect(() => { if (renaming.value) input.value?.select(); }, [renaming.value]);
  return (
    <li class="bookmark">
      <button class="picture" title={`Go to ${bookmark.name}`} onClick={() => go(pane, bookmark).catch(complain)}>
        {bookmark.picture ? <img src={bookmark.picture} alt="" width={PICTURE.width} height={PICTURE.height} /> : <Icon name="bookmark" size={32} />}
        {index < KEYS && <kbd>{index + 1}</kbd>}
      </button>
      <div class="row-bar">
        {renaming.value ? (
          <input ref={(e) => { input.value = e; }} type="text" class="grow" value={bookmark.name} aria-label="Name of the bookmark"
            onBlur={(e) => { change({ name: e.currentTarget.value.trim() || bookmark.name }); renaming.value = false; }}
            onKeyDown={(e) => { if (e.key === 'Enter' || e.key === 'Escape') { e.stopPropagation(); e.currentTarget.blur(); } }} />
        ) : <span class="grow clip" title={bookmark.name}>{bookmark.name}</span>}
        <button class="icon-button small" title="Rename" aria-label={`Rename ${bookmark.name}`} onClick={() => { renaming.value = true; }}><Icon name="edit" size={12} /></button>
        <button class="icon-button small" title="Delete" aria-label={`Delete ${bookmark.name}`}
          onClick={() => set(model, list.filter((b) => b.key !== bookmark.key))}><Icon name="trash" size={12} /></button>
      </div>
    </li>
  );
}

function Bookmarks() {
  const pane = activePane.value;
  return (
    <div class="panel bookmarks">
      <div class="panel-bar">
        <button disabled={!pane?.graph.value} onClick={() => pane && void add(pane).catch(complain)}><Icon name="camera" size={13} /> Bookmark this view</button>
      </div>
      {here.value.length === 0 && <p class="muted empty">A bookmark keeps what is expanded, selected and shown, and the place. Keys 1 to 9 lead back.</p>}
      <ul class="plain bookmark-list">{pane && here.value.map((b, i) => <Card key={b.key} pane={pane} bookmark={b} index={i} />)}</ul>
    </div>
  );
}

panels.add({ id: 'bookmarks', title: 'Bookmarks', icon: 'bookmark', side: 'right', size: 280, order: 50, help: 'Views to come back to.', component: Bookmarks });

registerCommands(
  { id: 'bookmarks.add', title: 'Bookmark this view', group: 'Bookmarks', icon: 'bookmark', shortcut: 'B', menus: ['toolbar', 'canvas'], order: 210,
    help: 'Keeps place, expansion, selection and what is shown.', when: (c) => !!c.pane?.graph.value, run: (c) => add(c.pane!) },
  ...Array.from({ length: KEYS }, (_, i) => ({
    id: `bookmarks.go${i + 1}`, title: `Go to bookmark ${i + 1}`, group: 'Bookmarks', shortcut: String(i + 1),
    when: (c: { pane: Pane | null }) => !!c.pane && !!here.value[i], run: (c: { pane: Pane | null }) => go(c.pane!, here.peek()[i]!),
  })),
);
