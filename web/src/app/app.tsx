// The page: bar at the top, graphs and panels in the docking area or the start page, and what lies over them.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { canRun, commandById, commandsVersion, runCommand } from './commands';
import { togglePanel, isPanelSeen } from './dock';
import { canRedo, canUndo, redoTitle, undoTitle } from './history';
import { Icon, type IconName } from './icons';
import { shortcutText } from './keys';
import { showCommandMenu } from './menus';
import { complain, Notices } from './notify';
import { jobs } from './open';
import { Overlays } from './overlay';
import { dropTakers, panels } from './panels';
import { embedded } from './platform';
import { Popups } from './popup';
import { Logo, openFiles, StartPage } from './start_page';
import { activePane, onStartPage, online, panes, server, source } from './store';
import { isDark } from './theme';
import { arriving } from './url_state';

function CommandButton({ id, icon, title }: { id: string; icon?: IconName; title?: string }) {
  void commandsVersion.value;
  const command = commandById(id);
  if (!command) return null;
  const context = { pane: activePane.value, node: activePane.value?.selected.value ?? null };
  const text = title ?? command.title;
  return (
    <button class="icon-button" aria-label={text} disabled={!canRun(command, context)}
      title={`${text}${command.shortcut ? ` (${shortcutText(command.shortcut)})` : ''}`} onClick={() => runCommand(command, context)}>
      <Icon name={icon ?? command.icon ?? 'command'} />
    </button>
  );
}

/** What the server is at: by itself, for it is told of several times a second. */
function JobChip() {
  const running = [...jobs.value.values()].filter((j) => j.state === 'running');
  if (!running.length) return null;
  return <span class="job-chip" title={running.map((j) => `${j.title}: ${j.message}`).join('\n')}><span class="spinner" />{running[0]!.message || running[0]!.title}</span>;
}

function TopBar() {
  const graphs = panes.value.length > 0 && !onStartPage.value;
  return (
    <header class="top" role="banner">
      <button class="brand" aria-label="Start page" title="Start page (Ctrl+O)" disabled={source().kind === 'page'} onClick={() => { onStartPage.value = true; }}>
        <Logo /><span>TT-Explorer</span>
      </button>
      {graphs && (
        <nav class="panel-switches" aria-label="Panels">
          {panels.all().map((p) => {
            const on = isPanelSeen(p.id);
            return (
              <button key={p.id} class={`icon-button ${on ? 'on' : ''}`} aria-pressed={on} aria-label={p.title}
                title={`${p.title}${p.shortcut ? ` (${shortcutText(p.shortcut)})` : ''}${p.help ? `\n${p.help}` : ''}`} onClick={() => togglePanel(p.id)}>
                <Icon name={p.icon} />
              </button>
            );
          })}
        </nav>
      )}
      <span class="grow" />
      <JobChip />
      <button class="palette-button" aria-label="All commands" title="All commands (Ctrl+K)" onClick={() => runCommand('app.palette', { pane: activePane.peek(), node: null })}>
        <Icon name="search" size={14} /><span>Commands and nodes</span><kbd>{shortcutText('Ctrl+K')}</kbd>
      </button>
      {graphs && (
        <>
          <CommandButton id="view.undo" title={canUndo.value ? `Undo: ${undoTitle.value}` : 'Undo'} />
          <CommandButton id="view.redo" title={canRedo.value ? `Redo: ${redoTitle.value}` : 'Redo'} />
          <CommandButton id="app.link" />
        </>
      )}
      <CommandButton id="app.theme" icon={isDark.value ? 'sun' : 'moon'} />
      <CommandButton id="app.help" />
      <CommandButton id="app.settings" />
      <button class="icon-button" aria-label="Menu" aria-haspopup="menu" title="Menu"
        onClick={(e) => showCommandMenu(e.currentTarget, 'app', { pane: activePane.peek(), node: null })}><Icon name="menu" /></button>
    </header>
  );
}

/** How much of a dropped file its taker may look at. */
const HEAD = 4096;

async function dropped(files: readonly File[]): Promise<void> {
  const rest: File[] = [];
  for (const file of files) {
    const head = await file.slice(0, HEAD).text();
    const taker = onStartPage.peek() ? undefined : dropTakers.all().find((t) => t.accepts(file, head));
    if (taker) await taker.take(file, activePane.peek());
    else rest.push(file);
  }
  if (!rest.length) return;
  if (server.peek()?.read_only || source().kind === 'page') throw new Error('This page takes no uploads.');
  onStartPage.value = true;
  openFiles(rest);
}

export function App() {
  const dragging = useSignal(false);
  useEffect(() => {
    let inside = 0;
    const hasFiles = (e: DragEvent) => !!e.dataTransfer?.types.includes('Files');
    const enter = (e: DragEvent) => { if (hasFiles(e)) { inside++; dragging.value = true; e.preventDefault(); } };
    const over = (e: DragEvent) => { if (hasFiles(e)) e.preventDefault(); };
    const leave = (e: DragEvent) => { if (hasFiles(e) && --inside <= 0) dragging.value = false; };
    const drop = (e: DragEvent) => {
      if (!hasFiles(e)) return;
      e.preventDefault();
      inside = 0;
      dragging.value = false;
      dropped([...e.dataTransfer!.files]).catch(complain);
    };
    addEventListener('dragenter', enter);
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  const start = onStartPage.value || panes.value.length === 0;
  return (
    <>
      {!embedded && <TopBar />}
      {!online.value && (
        <div class="banner" role="alert"><Icon name="warning" /> The server does not answer. What is on the page stays; it goes on by itself when the server is back.</div>
      )}
      <div class="body">
        <div id="dock" class="dock dockview-theme-ttx" hidden={start} />
        {start && !arriving.value && (source().kind === 'server' ? <StartPage /> : <p class="empty">Loading…</p>)}
      </div>
      <Popups />
      <Overlays />
      <Notices />
      {dragging.value && <div class="drop-hint" aria-hidden="true"><div><Icon name="download" size={32} /><p>Drop to open</p></div></div>}
    </>
  );
}
