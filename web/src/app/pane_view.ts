// Joins a pane to its drawing: makes the view, passes what the user does in it to the store and what the store says to
// the view. The same for panes and for layer popups.

import { effect, untracked } from '@preact/signals';

import type { Bar, Hit, NodeStyles, ParameterEdges } from '../engine/types';
import { GraphView } from '../engine/view';
import { commandsOf, runCommand } from './commands';
import { complain } from './notify';
import { hiddenNodes } from './open';
import { showCommandMenu } from './menus';
import { engineWasm, makeWorker } from './platform';
import { styleLayers } from './panels';
import { dissolveSingles, fonts, highlightInputs, highlightLayers, highlightOutputs, motion, parameterEdges, renderer } from './settings';
import { followShows } from './show';
import { record } from './history';
import { activePane, type Pane, type PaneSnapshot } from './store';
import { engineTheme } from './theme';
import { showCallMenu, subgraphsOf } from './subgraph';

/** Layers of colours over each other: what is not 0 covers what is below. */
function cover(below: Uint32Array | undefined, above: Uint32Array | undefined): Uint32Array | undefined {
  if (!below || !above) return above ?? below;
  const both = below.slice();
  for (let i = 0; i < above.length; i++) if (above[i]) both[i] = above[i]!;
  return both;
}

/** A view that has not moved for so long is what undo goes back to. */
const SETTLE_MS = 150;

export interface AttachOptions {
  /** Popups are not the active pane. */
  popup?: boolean;
}

/** Makes the view of a pane in an element; gives the function that ends it. */
export function attachView(pane: Pane, host: HTMLElement, options: AttachOptions = {}): () => void {
  const view = new GraphView(host, {
    worker: makeWorker,
    wasm: engineWasm(),
    theme: untracked(() => engineTheme.value),
    renderer: renderer.peek() as 'auto' | 'webgl' | 'canvas',
    still: !motion.peek(),
    label: 'Graph',
  });
  const activate = () => { if (!options.popup) activePane.value = pane; };
  const context = (hit: Hit) => ({ pane, node: hit.region === 'empty' || hit.region === 'edge' ? null : hit.node });

  // The view opens and closes layers by itself when they are clicked, so what undo goes back to has to be known before.
  let known: PaneSnapshot | null = null;
  let timer = 0;
  const moved = () => {
    pane.moved.value++;
    clearTimeout(timer);
    timer = setTimeout(() => void pane.snapshot().then((now) => { known = now; }, () => {}), SETTLE_MS);
  };
  const toggled = (layer: number) => {
    const before = known, title = view.isExpanded(layer) ? 'Collapse layer' : 'Expand layer';
    void pane.snapshot().then((after) => {
      if (before && after) record({ title, undo: () => void pane.restore(before), redo: () => void pane.restore(after) });
      known = after;
    }, () => {});
  };

  const stops = [
    () => clearTimeout(timer),
    view.on('error', (e) => complain(new Error(e.message))),
    view.on('selection', (e) => {
      if (!e.byUser) return;
      activate();
      pane.select(e.nodes);
    }),
    view.on('click', (hit) => {
      activate();
      if (hit.region === 'menu') {
        const box = host.getBoundingClientRect();
        showCommandMenu({ x: box.left + hit.x, y: box.top + hit.y }, 'layer', context(hit));
      } else if (hit.region === 'subgraph') {
        const box = host.getBoundingClientRect();
        showCallMenu(pane, hit.node, { x: box.left + hit.x, y: box.top + hit.y }, hit.alt);
      } else if (hit.region === 'toggle') {
        toggled(hit.node);
      }
    }),
    view.on('dblclick', (hit) => {
      const graph = pane.graph.peek();
      if (hit.region !== 'node' || !graph) return;
      if (graph.isLayer(hit.node)) toggled(hit.node);
      else if (graph.callees(hit.node).length || subgraphsOf(pane, hit.node).length) runCommand('graph.enter', { pane, node: hit.node });
    }),
    view.on('contextmenu', (hit) => {
      activate();
      const graph = pane.graph.peek();
      const at = context(hit);
      const kind = at.node === null || !graph ? 'canvas' : graph.isLayer(at.node) ? 'layer' : 'node';
      // What the menu offers is about this node from the start.
      if (at.node !== null && !pane.selection.peek().includes(at.node)) pane.select([at.node]);
      const box = host.getBoundingClientRect();
      if (commandsOf(kind).length) showCommandMenu({ x: box.left + hit.x, y: box.top + hit.y }, kind, at);
    }),
    view.on('hover', (hit) => {
      pane.hovered.value = hit && hit.region !== 'empty' && hit.region !== 'edge' ? hit.node : null;
    }),
    view.on('camera', moved),
    view.on('expansion', moved),
    view.on('ready', moved),

    effect(() => view.setTheme(engineTheme.value)),
    followPorts(pane, view),
    effect(() => {
      const nodes = pane.selection.value;
      if (!pane.graph.value) return;
      const now = view.selection;
      if (nodes.length !== now.length || nodes.some((n, i) => n !== now[i])) view.select(nodes);
    }),
    followMarks(pane, view),
    effect(() => {
      if (!pane.graph.value) return;
      let styles = null as NodeStyles | null;
      const bars: Bar[] = [];
      for (const layer of styleLayers.all()) {
        const colours = layer.colours(pane);
        if (!colours) continue;
        styles = {
          fill: cover(styles?.fill, colours.fill), border: cover(styles?.border, colours.border), text: cover(styles?.text, colours.text),
        };
        bars.push(...(colours.bars ?? []));
      }
      view.setStyles(styles);
      view.setBars(bars);
    }),
    followHidden(pane, view),
  ];
  pane.view.value = view;
  stops.push(followShows(pane));
  return () => {
    for (const stop of stops) stop();
    if (pane.view.peek() === view) pane.view.value = null;
    view.destroy();
  };
}

/** Inputs and outputs of the selection: by the view itself, or, when some are switched off in the inspector, one by one. */
function followPorts(pane: Pane, view: GraphView): () => void {
  const stopReset = effect(() => {
    void pane.selection.value;
    if (pane.hiddenPorts.peek().size) pane.hiddenPorts.value = new Set();
  });
  const stopShow = effect(() => {
    const graph = pane.graph.value, node = pane.selected.value, hidden = pane.hiddenPorts.value;
    const inputs = highlightInputs.value, outputs = highlightOutputs.value, theme = engineTheme.value;
    if (!graph) return;
    const single = node !== null && hidden.size > 0;
    view.setSelectionEdges(single ? { inputs: false, outputs: false, layers: false } : { inputs, outputs, layers: highlightLayers.value });
    if (!single) {
      untracked(() => pane.mark('ports', null));
      return;
    }
    const into: number[] = [], from: number[] = [];
    for (let e = graph.inStart[node]!; e < graph.inStart[node + 1]!; e++) if (!hidden.has(`in ${graph.edgeIn[e]}`)) into.push(e);
    const { start, edges } = graph.out;
    for (let k = start[node]!; k < start[node + 1]!; k++) if (!hidden.has(`out ${graph.edgeOut[edges[k]!]}`)) from.push(edges[k]!);
    untracked(() => pane.mark('ports', { highlights: [
      { edges: into, nodes: into.map((e) => graph.edgeSource[e]!), color: theme.input },
      { edges: from, nodes: from.map((e) => graph.edgeTarget[e]!), color: theme.output },
    ] }));
  });
  return () => {
    stopReset();
    stopShow();
  };
}

/** Marks of features: highlights by name, what is dimmed, extra edges. */
function followMarks(pane: Pane, view: GraphView): () => void {
  let shown = new Map<string, unknown>();
  return effect(() => {
    const marks = pane.marks.value;
    if (!pane.graph.value) return;
    let keep: Set<number> | null = null;
    for (const [feature, mark] of marks) {
      for (const node of mark.keep ?? []) (keep ??= new Set()).add(node);
      if (mark.keep && !keep) keep = new Set();
      if (shown.get(feature) === mark) continue;
      view.setHighlights(feature, mark.highlights ? [...mark.highlights] : null);
      view.setExtraEdges(feature, mark.edges ? [...mark.edges] : null);
    }
    for (const feature of shown.keys()) {
      if (marks.has(feature)) continue;
      view.setHighlights(feature, null);
      view.setExtraEdges(feature, null);
    }
    view.setDim(keep);
    shown = new Map(marks);
  });
}

/** The settings that leave nodes out or change their sizes take effect at once. */
function followHidden(pane: Pane, view: GraphView): () => void {
  let first = true;
  const stopHidden = effect(() => {
    // Only when settings change: a new graph is loaded with what it hides.
    const graph = untracked(() => pane.graph.value);
    const hidden = graph ? hiddenNodes(graph, pane.looks.peek()) : (hiddenNodesOfNothing(), null);
    if (!first && hidden) view.setHidden(hidden).catch(complain);
  });
  const stopSingles = effect(() => {
    const on = dissolveSingles.value;
    if (!first && pane.graph.peek()) view.setDissolveSingles(on).catch(complain);
  });
  const stopParameters = effect(() => {
    const how = parameterEdges.value as ParameterEdges;
    if (!first && pane.graph.peek()) view.setParameterEdges(how).catch(complain);
  });
  const stopFonts = effect(() => {
    const sizes = fonts.value;
    if (!first && pane.graph.peek()) view.setFonts(sizes).catch(complain);
  });
  first = false;
  return () => {
    stopFonts();
    stopParameters();
    stopHidden();
    stopSingles();
  };
}

/** Makes an effect depend on the settings while there is no graph yet. */
function hiddenNodesOfNothing(): void {
  hiddenNodes({ n: 0 } as Parameters<typeof hiddenNodes>[0], null);
}
