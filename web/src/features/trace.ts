// Trace mode: all that feeds the selected node and all that it feeds stay, the rest is dimmed.

import { signal } from '@preact/signals';

import { registerCommands, type CommandContext } from '../app/commands';
import type { Pane } from '../app/store';
import { engineTheme } from '../app/theme';
import { getTrace, type Direction } from './analyses';
import { eachPane, following } from './common';

/** The direction in which a pane traces; panes that do not are not in it. */
const modes = signal<ReadonlyMap<Pane, Direction>>(new Map());

function setMode(pane: Pane, mode: Direction | null): void {
  const next = new Map(modes.peek());
  next.delete(pane);
  if (mode) next.set(pane, mode);
  modes.value = next;
}

eachPane((pane) => {
  const stop = following(
    () => {
      const direction = modes.value.get(pane), node = pane.selected.value, ref = pane.ref.value, graph = pane.graph.value;
      const theme = engineTheme.value;
      return direction && node !== null && ref && graph ? { direction, node, ref, graph, theme } : null;
    },
    async ({ direction, node, ref, graph, theme }, abort) => {
      const found = await getTrace(ref, node, direction, abort);
      if (pane.graph.peek() !== graph) return;
      const up = found.up ?? [], down = found.down ?? [];
      const itself: number[] = [];
      for (let n = node; n < graph.end[node]!; n++) itself.push(n);
      pane.mark('trace', {
        keep: [...up, ...itself, ...down],
        highlights: [{ nodes: up, color: theme.input, width: 1 }, { nodes: down, color: theme.output, width: 1 }],
      });
    },
    () => pane.mark('trace', null),
  );
  return () => {
    stop();
    setMode(pane, null);
  };
});

const drawn = (c: CommandContext): boolean => !!c.pane?.graph.value;

function command(direction: Direction, title: string, help: string, shortcut: string | undefined): Parameters<typeof registerCommands>[0] {
  return {
    id: direction === 'both' ? 'trace.toggle' : `trace.${direction}`, title, help, group: 'Selection', shortcut, icon: 'trace',
    menus: direction === 'both' ? ['toolbar', 'node', 'layer'] : ['node', 'layer'], order: 400 + (direction === 'both' ? 0 : direction === 'up' ? 1 : 2),
    when: drawn, checked: (c) => !!c.pane && modes.value.get(c.pane) === direction,
    run: (c) => {
      const on = modes.peek().get(c.pane!) === direction;
      setMode(c.pane!, on ? null : direction);
      if (!on && c.node !== null) c.pane!.select([c.node]);
    },
  };
}

registerCommands(
  command('both', 'Trace inputs and outputs', 'Dims all but what feeds the selected node and what it feeds, over any number of steps.', 'R'),
  command('up', 'Trace inputs only', 'Dims all but what feeds the selected node.', undefined),
  command('down', 'Trace outputs only', 'Dims all but what the selected node feeds.', undefined),
);
