// Menus made of commands.

import { canRun, commandsOf, runCommand, type CommandContext, type MenuName } from './commands';
import { shortcutText } from './keys';
import { showMenu, type Anchor, type MenuItem } from './overlay';

/** The items of a menu: groups of hundreds are parted by lines; what cannot be run now is greyed. */
export function menuItems(menu: MenuName, context: CommandContext): MenuItem[] {
  const items: MenuItem[] = [];
  let group: number | null = null;
  for (const command of commandsOf(menu)) {
    const its = Math.floor((command.order ?? 0) / 100);
    if (group !== null && its !== group) items.push({ kind: 'line' });
    group = its;
    items.push({
      kind: 'item', text: command.title, icon: command.icon, hint: shortcutText(command.shortcut),
      checked: command.checked?.(context), off: !canRun(command, context), run: () => runCommand(command, context),
    });
  }
  return items;
}

export function showCommandMenu(anchor: Anchor, menu: MenuName, context: CommandContext): void {
  showMenu(anchor, menuItems(menu, context), 'Commands');
}
