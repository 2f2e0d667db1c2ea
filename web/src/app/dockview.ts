// dockview as a script of its own: it is half of the page's code, and what is read and run in one piece must be small.

export { createDockview } from 'dockview-core';
