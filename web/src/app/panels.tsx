// What can be put on the page, by kind: panels that dock, sections of the inspector, layers of colours on nodes, lines of
// text on nodes, parts of the URL's state, takers of dropped files. The shell has its own of each; features add theirs
// by registering them when their module is loaded (features/index.ts imports the modules).

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

import type { Bar, NodeLine, NodeStyles } from '../engine/types';
import type { IconName } from './icons';
import type { NodeInfo } from './source';
import type { Pane } from './store';

/** A registry that says when it changes. */
export class Registry<T extends { id: string }> {
  private readonly table = new Map<string, T>();
  readonly version = signal(0);

  add(...items: T[]): void {
    for (const item of items) {
      if (this.table.has(item.id)) throw new Error(`${item.id} is registered twice`);
      this.table.set(item.id, item);
    }
    this.version.value++;
  }

  get(id: string): T | undefined {
    return this.table.get(id);
  }

  /** All, by order and then as registered. Reads `version`, so effects see later registrations. */
  all(): T[] {
    void this.version.value;
    return [...this.table.values()].sort((a, b) => order(a) - order(b));
  }
}

function order(item: object): number {
  return 'order' in item && typeof item.order === 'number' ? item.order : 0;
}

/** A panel that docks beside the graphs: search, outline, op table, text, ... A command "panel.ID" that shows and hides
 * it comes by itself. Side panels exist once and follow the active graph pane (store.activePane). */
export interface PanelKind {
  id: string;
  title: string;
  icon: IconName;
  /** Where it opens the first time. */
  side: 'left' | 'right' | 'bottom' | 'beside'; // beside: next to the active graph, sharing its room
  /** Width or height at first, in CSS pixels. */
  size?: number;
  order?: number;
  shortcut?: string | readonly string[];
  help?: string;
  component: ComponentType<{ panel: PanelHandle }>;
  /** False: it does not come by itself with the first graph. */
  opensByItself?: () => boolean;
}

/** What a panel's component may do with the panel it is in. */
export interface PanelHandle {
  readonly id: string;
  close(): void;
  setTitle(title: string): void;
  /** Whether it is seen: its tab is in front and it is not hidden. A signal's value; read inside effects. */
  visible(): boolean;
}

export const panels = new Registry<PanelKind>();

/** A button beside a result in the inspector. */
export interface ResultAction {
  id: string;
  component: ComponentType<{ pane: Pane; node: number; out: number }>;
}
export const resultActions = new Registry<ResultAction>();

/** A section of the inspector. */
export interface InspectorSection {
  id: string;
  title: string;
  order?: number;
  /** Folded at first. */
  folded?: boolean;
  /** Whether there is something to show. `node` is null when nothing is selected. */
  when: (context: InspectorContext) => boolean;
  component: ComponentType<InspectorContext>;
}
export interface InspectorContext {
  pane: Pane;
  /** The one selected node; null: none or several (pane.selection). */
  node: number | null;
  /** All about it, once it has come. */
  info: NodeInfo | null;
}
export const inspectorSections = new Registry<InspectorSection>();

/** Colours per node; arrays have one item per node of the graph or are absent. */
export interface NodeColours extends NodeStyles {
  /** Bars on nodes and collapsed layers. */
  bars?: readonly Bar[];
}
/** One layer of colours; layers of a higher order cover those below. */
export interface StyleLayer {
  id: string;
  title: string;
  order?: number;
  /** The colours for a pane, or null. Run inside an effect: reads signals, and is run again when they change. */
  colours: (pane: Pane) => NodeColours | null;
}
export const styleLayers = new Registry<StyleLayer>();

/** Extra lines of text that may be shown on nodes, each with a switch in "Show on nodes". */
export interface NodeLines {
  id: string;
  title: string;
  order?: number;
  when?: (pane: Pane) => boolean;
  /** Lines for each of the nodes, in their order. */
  lines: (pane: Pane, nodes: readonly number[]) => readonly NodeLine[][] | Promise<readonly NodeLine[][]>;
}
export const nodeLines = new Registry<NodeLines>();

/** State that goes into links and bookmarks: panes and features each keep theirs below their id. */
export interface UrlState {
  id: string;
  order?: number;
  /** JSON to keep, or undefined for nothing. Read inside an effect. */
  save: () => unknown;
  restore: (state: unknown) => void | Promise<void>;
}
export const urlStates = new Registry<UrlState>();

/** Takes files that were dropped on the page. The first that accepts gets it; what nobody accepts is opened as a
 * model. */
export interface DropTaker {
  id: string;
  order?: number;
  accepts: (file: File, head: string) => boolean;
  take: (file: File, pane: Pane | null) => void | Promise<void>;
}
export const dropTakers = new Registry<DropTaker>();
