// The docking area: graph panes and side panels in dockview, each a small tree of Preact components. Panels of one side
// share a group at first; the user may drag them anywhere.

import { effect, signal } from '@preact/signals';
import type { DockviewApi, IDockviewPanel } from 'dockview-core';
import 'dockview.css';
import { render } from 'preact';

import { GraphPane } from './graph_pane';
import { complain } from './notify';
import { dockScript } from './platform';
import { panels, type PanelHandle, type PanelKind } from './panels';
import { kept } from './settings';
import { activePane, addPane, paneById, panes, removePane, type Pane } from './store';
import { nextTask } from './turn';

const PANEL = 'panel:';
let dock: DockviewApi | null = null;
let area: HTMLElement | null = null;

/** Grows when panels are opened, closed or moved. */
export const dockChanged = signal(0);

/** The side panels that were open last time, by id. */
const openBefore = kept<string[]>('panels', ['outline', 'inspector']);
const sizes = kept<Record<string, number>>('panelSizes', {});

function makeHandle(panel: { id: string }, seen: () => boolean): PanelHandle {
  return {
    id: panel.id,
    close: () => close(panel.id),
    setTitle: (title) => dock?.getPanel(panel.id)?.api.setTitle(title),
    visible: seen,
  };
}

export function isPanelOpen(kind: string): boolean {
  void dockChanged.value;
  return !!dock?.getPanel(PANEL + kind);
}

/** Whether a panel is open and its tab in front. */
export function isPanelSeen(kind: string): boolean {
  void dockChanged.value;
  return !!dock?.getPanel(PANEL + kind)?.api.isVisible;
}

function graphPanels(): IDockviewPanel[] {
  return dock?.panels.filter((p) => !p.id.startsWith(PANEL)) ?? [];
}

/** Where a panel of a side goes: to others of that side when there are some, else to an edge of the whole. */
function placeOf(kind: PanelKind): object {
  const neighbours = panels.all().filter((k) => k.side === kind.side && k.id !== kind.id);
  const neighbour = neighbours.map((k) => dock!.getPanel(PANEL + k.id)).find((p) => p?.api.location.type === 'grid');
  if (neighbour) return { position: { referencePanel: neighbour, direction: 'within' } };
  if (kind.side === 'beside') {
    const graph = (activePane.peek() && dock!.getPanel(activePane.peek()!.id)) ?? graphPanels()[0];
    return { position: graph ? { referencePanel: graph, direction: 'right' } : { direction: 'right' } };
  }
  const size = sizes.peek()[kind.side] ?? kind.size ?? (kind.side === 'bottom' ? 260 : 300);
  const graph = graphPanels()[0];
  if (kind.side === 'bottom')
    return { position: graph ? { referencePanel: graph, direction: 'below' } : { direction: 'below' }, initialHeight: size };
  return { position: { direction: kind.side }, initialWidth: size };
}

/** Groups of side panels keep their sizes while something is added: dockview shares the room out anew. `fit` sets other
 * sizes after that. */
function keepingSides<T>(add: () => T, fit?: () => void): T {
  const sides = (dock?.groups ?? []).filter((g) => g.api.location.type === 'grid' && g.panels.length > 0 &&
    g.panels.every((p) => ['left', 'right', 'bottom'].includes(panels.get(p.id.slice(PANEL.length))?.side ?? '')))
    .map((group) => ({ group, side: panels.get(group.panels[0]!.id.slice(PANEL.length))!.side, width: group.api.width, height: group.api.height }));
  const result = add();
  const restore = () => {
    for (const s of sides)
      if (dock?.groups.includes(s.group)) s.group.api.setSize(s.side === 'bottom' ? { height: s.height } : { width: s.width });
  };
  restore();
  if (!fit) return result;
  // Setting one size changes those of its neighbours: the second time they have only little to give.
  for (let i = 0; i < 3; i++) {
    fit();
    restore();
  }
  return result;
}

/** Opens a panel, or brings it to the front. */
export function openPanel(id: string, focus = true): void {
  const kind = panels.get(id);
  if (!dock || !kind) return;
  const open = dock.getPanel(PANEL + id);
  if (open) {
    open.api.setActive();
  } else {
    const place = placeOf(kind), into = dock;
    const panel = keepingSides(() => into.addPanel({ id: PANEL + id, component: 'panel', title: kind.title, minimumWidth: 160, minimumHeight: 80, inactive: !focus,
      ...place }));
    // A new group at an edge takes half of the room, whatever is said when it is added.
    const width = 'initialWidth' in place ? Number(place.initialWidth) : undefined;
    const height = 'initialHeight' in place ? Number(place.initialHeight) : undefined;
    if (width !== undefined || height !== undefined) panel.group.api.setSize({ width, height });
    // Beside others at the bottom it may need more room than these did.
    else if (kind.side === 'bottom' && kind.size && panel.api.location.type === 'grid' && panel.group.api.height < kind.size) panel.group.api.setSize({ height: kind.size });
  }
  if (focus) requestAnimationFrame(() => focusPanel(id));
}

/** Opens a panel, in front of others of its group; the keyboard stays where it is. */
export function showPanel(id: string): void {
  openPanel(id, false);
  dock?.getPanel(PANEL + id)?.api.setActive();
}

/** Puts the keyboard into a panel: on what it marks as its first, else on its first control. */
export function focusPanel(id: string): void {
  const element = document.querySelector<HTMLElement>(`[data-panel="${CSS.escape(id)}"]`);
  const target = element?.querySelector<HTMLElement>('[data-autofocus]') ??
    element?.querySelector<HTMLElement>('input, [tabindex="0"], button');
  target?.focus();
  // What was asked for before is written over by what is typed now.
  if (target instanceof HTMLInputElement && target.type === 'text') target.select();
}

/** What is left keeps its place: the room goes to the graphs. */
function close(id: string): void {
  keepingSides(() => dock?.getPanel(id)?.api.close());
}

export function closePanel(id: string): void {
  close(PANEL + id);
}

export function togglePanel(id: string): void {
  if (isPanelSeen(id)) closePanel(id);
  else openPanel(id);
}

/** The groups of graph panes that stand in one row (or column) with a panel. */
function lineOf(panel: IDockviewPanel, down: boolean): IDockviewPanel['group'][] {
  const place = (group: IDockviewPanel['group']) => {
    const r = group.element.getBoundingClientRect();
    return down ? `${r.left} ${r.width}` : `${r.top} ${r.height}`;
  };
  const groups = new Set(graphPanels().filter((p) => p.api.location.type === 'grid').map((p) => p.group));
  return [...groups].filter((g) => place(g) === place(panel.group));
}

/** A new graph pane: within the active one's group, or splitting it. */
export function dockPane(pane: Pane, where: 'within' | 'right' | 'below', beside: Pane | null): void {
  if (!dock) return;
  const into = dock;
  // The area is hidden behind the start page until the first graph: what is docked now must know its size.
  if (!into.width && area) into.layout(area.parentElement!.clientWidth, area.parentElement!.clientHeight);
  const reference = (beside && into.getPanel(beside.id)) ?? graphPanels().at(-1);
  // The panes beside (or below) each other share their room equally with the new one.
  const down = where === 'below', line = reference && where !== 'within' ? lineOf(reference, down) : [];
  const room = line.reduce((sum, g) => sum + (down ? g.api.height : g.api.width), 0) / (line.length + 1);
  keepingSides(() => into.addPanel({
    id: pane.id, component: 'graph', title: 'Graph', minimumWidth: 200, minimumHeight: 120,
    ...(reference ? { position: { referencePanel: reference, direction: where } } : {}),
  }), () => {
    if (line.length) for (const group of [...line, into.getPanel(pane.id)!.group]) group.api.setSize(down ? { height: room } : { width: room });
  });
}

export function closePane(pane: Pane): void {
  close(pane.id);
}

export function frontPane(pane: Pane): void {
  dock?.getPanel(pane.id)?.api.setActive();
}

export function maximizePane(pane: Pane): void {
  const panel = dock?.getPanel(pane.id);
  if (!dock || !panel) return;
  if (panel.api.isMaximized()) dock.exitMaximizedGroup();
  else panel.api.maximize();
}

/** The next or previous group of tabs gets the keyboard. */
export function cycleGroups(step: 1 | -1): void {
  const groups = dock?.groups ?? [];
  const at = groups.findIndex((g) => g.id === dock?.activeGroup?.id);
  const next = groups[(at + step + groups.length) % groups.length];
  next?.activePanel?.api.setActive();
  next?.activePanel?.view.content.element.querySelector<HTMLElement>('[tabindex="0"], input, button')?.focus();
}

/** How everything is docked, for links; panes are named as in store.panes. */
export function saveDock(): unknown {
  void dockChanged.value;
  return dock?.toJSON();
}

/** Docks as saveDock() said. The panes named there are made. False when it does not fit this page. */
export function restoreDock(saved: unknown): boolean {
  if (!dock || !saved) return false;
  try {
    dock.fromJSON(saved as Parameters<DockviewApi['fromJSON']>[0]);
    return true;
  } catch (thrown) {
    console.warn('the arrangement in the link cannot be used', thrown);
    dock.clear();
    return false;
  }
}

/** How many panels are still to be opened by openUsualPanels. */
let opening = 0;
export const isDocking = (): boolean => opening > 0;

let usual: Promise<void> = Promise.resolve();
/** Resolves when no usual panel is on its way any more: what splits the graphs' room waits for it. */
export const usualPanels = (): Promise<void> => usual;

/** Opens the side panels that were open last time, once there is a graph to show them beside; one per task. */
export function openUsualPanels(): void {
  if (!opening) usual = openUsual();
}

async function openUsual(): Promise<void> {
  if (!dock || dock.panels.some((p) => p.id.startsWith(PANEL))) return;
  const order = ['left', 'right', 'bottom', 'beside'];
  const kinds = openBefore.peek().map((id) => panels.get(id)).filter((k) => !!k).filter((k) => k.opensByItself?.() !== false)
    .sort((a, b) => order.indexOf(a.side) - order.indexOf(b.side));
  opening = kinds.length;
  for (const kind of kinds) {
    await nextTask();
    try {
      // The graph may have been closed meanwhile, and the panel opened by its command.
      if (graphPanels().length && !dock.getPanel(PANEL + kind.id)) openPanel(kind.id, false);
    } catch (thrown) {
      complain(thrown); // the others open all the same
    } finally {
      opening--;
    }
  }
  const active = activePane.peek();
  if (active) frontPane(active);
  sizeSides();
}

/** Sizes are worth remembering: until then they are dockview's guesses. */
let sized = false;

function sizeSides(): void {
  const shown = area?.clientWidth;
  if (!dock || !shown || dock.width !== shown) {
    // Sizes hold only once the area is on the page and has been laid out.
    if (panes.peek().length) requestAnimationFrame(sizeSides);
    return;
  }
  for (const panel of dock.panels) {
    const kind = panels.get(panel.id.slice(PANEL.length));
    if (!kind || kind.side === 'beside' || panel.api.location.type !== 'grid') continue;
    const size = sizes.peek()[kind.side] ?? kind.size ?? 300;
    panel.group.api.setSize(kind.side === 'bottom' ? { height: size } : { width: size });
  }
  sized = true;
}

function rememberPanels(): void {
  if (!dock || !graphPanels().length || !sized) return;
  openBefore.value = dock.panels.filter((p) => p.id.startsWith(PANEL)).map((p) => p.id.slice(PANEL.length));
  const next = { ...sizes.peek() };
  for (const p of dock.panels) {
    const side = panels.get(p.id.slice(PANEL.length))?.side;
    if (side && p.api.isVisible && p.api.location.type === 'grid') next[side] = side === 'bottom' ? p.api.height : p.api.width;
  }
  if (JSON.stringify(next) !== JSON.stringify(sizes.peek())) sizes.value = next;
}

/** Makes the docking area inside an element, when dockview's script is there. */
export async function startDock(host: HTMLElement): Promise<void> {
  const { createDockview } = await dockScript();
  area = host;
  dock = createDockview(host, {
    theme: { name: 'ttx', className: 'dockview-theme-ttx', dndTabIndicator: 'line' },
    noPanelsOverlay: 'emptyGroup',
    disableFloatingGroups: false,
    createComponent: ({ id, name }) => {
      const element = document.createElement('div');
      element.className = 'dock-content';
      let gone = false;
      let stop = () => {};
      return {
        element,
        init: ({ api }) => {
          if (name === 'graph') {
            // A pane restored from a link is not known yet.
            const pane = paneById(id) ?? addPane(id);
            stop = effect(() => api.setTitle(pane.title.value));
            api.onDidActiveChange((e) => { if (e.isActive) activePane.value = pane; });
            void nextTask().then(() => { if (!gone) render(<GraphPane pane={pane} />, element); });
          } else {
            const kind = panels.get(id.slice(PANEL.length));
            const seen = signal(api.isVisible);
            api.onDidVisibilityChange((e) => { seen.value = e.isVisible; });
            element.dataset['panel'] = kind?.id ?? id;
            if (kind) render(<kind.component panel={makeHandle({ id }, () => seen.value)} />, element);
            else element.textContent = 'This panel is not part of this version.';
          }
        },
        dispose: () => {
          gone = true;
          stop();
          render(null, element);
        },
      };
    },
  });
  dock.onDidRemovePanel((panel) => {
    const pane = paneById(panel.id);
    if (pane) removePane(pane);
  });
  dock.onDidActivePanelChange((e) => {
    const pane = e.panel && paneById(e.panel.id);
    if (pane) activePane.value = pane;
  });
  dock.onDidLayoutChange(() => {
    dockChanged.value++;
    rememberPanels();
  });
  effect(() => {
    // Without graphs there is nothing the side panels could show.
    if (panes.value.length === 0 && dock?.panels.length) dock.clear();
  });
}
