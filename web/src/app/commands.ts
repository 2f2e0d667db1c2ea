// The commands of the page. Each is listed once, here, and from that come the command palette (Ctrl+K), the keyboard
// shortcuts, the help page, the tool bars and the menus. Features register theirs when their module is loaded.

import { signal } from '@preact/signals';

import type { IconName } from './icons';
import type { Pane } from './store';

/** What a command is run on. */
export interface CommandContext {
  /** The graph pane that is meant: the active one, or the one whose menu or tool bar was used. */
  pane: Pane | null;
  /** The node or layer under the menu, else the selected one; null when there is none. */
  node: number | null;
  /** The event behind it, when there is one. */
  event?: Event;
}

/** Where a command is offered besides the palette and the help page. "toolbar" is each graph pane's tool bar; "node",
 * "layer" and "canvas" are the context menus of the graph; "app" is the menu of the page; "tab" that of a pane's tab. */
export type MenuName = 'toolbar' | 'node' | 'layer' | 'canvas' | 'app' | 'tab';

export interface Command {
  /** "area.verb", unique: "graph.expandAll". */
  id: string;
  /** In the imperative, sentence case: "Expand all layers". */
  title: string;
  /** Heading in help and palette: "Graph", "Search", "View", ... */
  group: string;
  /** One sentence for help and tooltips. */
  help?: string;
  /** Like "Ctrl+Shift+E", "Space", "Alt+ArrowLeft", "?"; several where several do it. Ctrl means Cmd on a Mac. Those
   * without Ctrl or Alt do nothing while somebody types into a field. */
  shortcut?: string | readonly string[];
  icon?: IconName;
  menus?: readonly MenuName[];
  /** Order inside menus and tool bars; 0 unless told. Multiples of 100 begin a new group with a line. */
  order?: number;
  /** Whether it can be run now; commands that cannot are greyed in menus and left out of the palette. */
  when?: (context: CommandContext) => boolean;
  /** For switches: whether it is on. Read inside an effect, so read signals. */
  checked?: (context: CommandContext) => boolean;
  /** Does it. What it throws is shown to the user. */
  run: (context: CommandContext) => void | Promise<void>;
}

const table = new Map<string, Command>();

/** Grows with every registration; read it to be told of new commands. */
export const commandsVersion = signal(0);

/** Adds commands. An id that is taken already is a mistake in the program. */
export function registerCommands(...commands: Command[]): void {
  for (const command of commands) {
    if (table.has(command.id)) throw new Error(`command ${command.id} is registered twice`);
    table.set(command.id, command);
  }
  commandsVersion.value++;
}

export function commandById(id: string): Command | undefined {
  return table.get(id);
}

/** All commands in the order of registration. */
export function allCommands(): Command[] {
  return [...table.values()];
}

/** The commands of a menu, by order. */
export function commandsOf(menu: MenuName): Command[] {
  return allCommands().filter((command) => command.menus?.includes(menu))
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
}

export function canRun(command: Command, context: CommandContext): boolean {
  return !command.when || command.when(context);
}

let onProblem: (thrown: unknown) => void = (thrown) => console.error(thrown);
/** Who shows what commands throw. */
export function setCommandProblems(show: (thrown: unknown) => void): void {
  onProblem = show;
}

let running = 0;
/** How many commands are not done yet. */
export function commandsRunning(): number {
  return running;
}

/** Runs a command if it can be run now; tells whether it could. */
export function runCommand(command: Command | string, context: CommandContext): boolean {
  const found = typeof command === 'string' ? table.get(command) : command;
  if (!found || !canRun(found, context)) return false;
  try {
    const done = found.run(context);
    if (done) {
      running++;
      done.catch(onProblem).finally(() => { running--; });
    }
  } catch (thrown) {
    onProblem(thrown);
  }
  return true;
}
