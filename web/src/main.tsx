// The page's script.

import { render } from 'preact';

import './app/style/base.css';
import './app/style/controls.css';
import './app/style/graph.css';
import './app/style/panels.css';
import './app/style/start.css';

import { getServer } from './app/api';
import { App } from './app/app';
import { setCommandProblems } from './app/commands';
import { startDock } from './app/dock';
import { prepareEditors } from './app/editors';
import { startEvents } from './app/events';
import './app/graph_commands';
import { startKeys } from './app/keys';
import { complain } from './app/notify';
import './app/panels/compile';
import './app/panels/inspector';
import './app/panels/op_table';
import './app/panels/outline';
import './app/panels/search';
import './app/panels/text';
import './app/panels/user_source';
import { makeSource } from './app/platform';
import './app/shell_commands';
import { isCancel } from './app/source';
import { setSource, server } from './app/store';
import { startTestHook } from './app/test_hook';
import { followTheme } from './app/theme';
import { nextTask } from './app/turn';
import { startUrl } from './app/url_state';
import './features';

// Who does not wait for the end of something need not be told that it was cancelled.
addEventListener('unhandledrejection', (e) => { if (isCancel(e.reason)) e.preventDefault(); });

/** In steps, each a task of its own: the page is never busy for long, and what is there can be seen. */
async function start(): Promise<void> {
  await nextTask();
  setSource(makeSource());
  setCommandProblems(complain);
  followTheme();
  render(<App />, document.getElementById('app')!);
  await nextTask();
  await startDock(document.getElementById('dock')!);
  await nextTask();
  startKeys();
  startTestHook();
  startEvents();
  getServer().then((info) => { server.value = info; }, complain);
  await nextTask();
  await startUrl();
  prepareEditors();
}

start().catch(complain);
