// Whether panels still wait for answers; the tests in a browser wait until nobody does.

import { linesBusy } from './show';
import { searching } from './panels/search_state';
import { gathering } from './panels/op_table_state';

export function hasBusyPanels(): boolean {
  return linesBusy.peek() > 0 || searching.peek() || gathering.peek() !== null;
}
