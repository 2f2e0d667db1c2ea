// Whether commands are under way or panels still wait for answers; the tests in a browser wait until nobody does.

import { commandsRunning } from './commands';
import { isDocking } from './dock';
import { linesBusy } from './show';
import { searching } from './panels/search_state';
import { gathering, tabulating } from './panels/op_table_state';

export function hasBusyPanels(): boolean {
  return isDocking() || commandsRunning() > 0 || linesBusy.peek() > 0 || searching.peek() || gathering.peek() !== null || tabulating.peek();
}
