// The commands of the page as a whole, and one for every panel.

import { effect } from '@preact/signals';

import { commandById, registerCommands } from './commands';
import { isPanelSeen, togglePanel } from './dock';
import { openGraphSelector } from './graph_selector';
import { openHelp } from './help';
import { openPalette } from './palette';
import { openPaste } from './paste';
import { panels } from './panels';
import { openSettings } from './settings_dialog';
import { theme } from './settings';
import { openShowMenu } from './show_menu';
import { onStartPage, panes, server, source } from './store';
import { copyLink } from './url_state';

const writable = (): boolean => source().kind === 'server' && !server.value?.read_only;

registerCommands(
  { id: 'app.palette', title: 'All commands', group: 'Page', shortcut: ['Ctrl+K', 'Ctrl+Shift+P', 'F1'], icon: 'command', menus: ['app'],
    run: () => openPalette() },
  { id: 'app.start', title: 'Start page', group: 'Page', shortcut: ['Ctrl+O', 'Alt+Home'], icon: 'home', menus: ['app'], order: 1,
    when: () => source().kind === 'server', run: () => { onStartPage.value = true; } },
  { id: 'app.graphs', title: 'Back to the graphs', group: 'Page', icon: 'graph', when: () => onStartPage.value && panes.value.length > 0,
    run: () => { onStartPage.value = false; } },
  { id: 'app.paste', title: 'Paste MLIR', group: 'Page', icon: 'paste', menus: ['app'], order: 2, when: writable, run: () => openPaste('') },
  { id: 'app.link', title: 'Copy a link to this view', group: 'Page', shortcut: 'Ctrl+Shift+L', icon: 'link', menus: ['app'], order: 3,
    help: 'Models, panes, expansion and selection; uploaded models are only on this machine.',
    when: () => panes.value.length > 0 && source().kind === 'server', run: () => copyLink() },
  { id: 'app.theme', title: 'Light or dark', group: 'Page', shortcut: 'Alt+T', icon: 'moon', menus: ['app'], order: 100,
    run: () => { theme.value = document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark'; } },
  { id: 'app.themeSystem', title: 'Theme as the system', group: 'Page', icon: 'system', run: () => { theme.value = 'system'; } },
  { id: 'app.settings', title: 'Settings', group: 'Page', shortcut: 'Ctrl+,', icon: 'settings', menus: ['app'], order: 101, run: () => openSettings() },
  { id: 'app.help', title: 'Shortcuts', group: 'Page', shortcut: '?', icon: 'help', menus: ['app'], order: 102, run: () => openHelp() },
  { id: 'graph.choose', title: 'Choose the graph of the pane', group: 'Panes', shortcut: 'G', icon: 'graph', when: (c) => !!c.pane,
    run: (c) => {
      const anchor = document.querySelector<HTMLElement>(`[data-selector="${c.pane!.id}"]`);
      openGraphSelector(c.pane, anchor ?? { x: 80, y: 80 });
    } },
  { id: 'view.show', title: 'What to show on nodes and edges', group: 'View', shortcut: 'V', icon: 'eye', when: (c) => !!c.pane?.graph.value,
    run: (c) => openShowMenu(c.pane!, document.querySelector<HTMLElement>(`[data-show="${c.pane!.id}"]`) ?? { x: innerWidth / 2 - 140, y: 90 }) },
);

effect(() => {
  for (const panel of panels.all()) {
    const id = `panel.${panel.id}`;
    if (commandById(id)) continue;
    registerCommands({
      id, title: `Panel: ${panel.title}`, group: 'Panels', shortcut: panel.shortcut, icon: panel.icon, help: panel.help,
      when: () => panes.value.length > 0, checked: () => isPanelSeen(panel.id), run: () => togglePanel(panel.id),
    });
  }
});
