// What the browser tests share: cases that report in TAP, a server with a workspace of its own, Debian's Chromium, and
// helpers that open models and read positions and counts from the page.
//
//   import { test, equal } from "./harness.mjs";
//
//   test("a layer opens", async (t) => {
//     await t.openModel("examples/mnist.mlir");
//     equal((await t.graph()).boxes.length, 3);
//   });
//
// A file holds the cases of one group of features. All files share one browser and one server; every case has a page
// (and local storage) of its own. run.mjs loads the files and calls runAll.
//
// The page offers one object for tests, globalThis.ttxTest (web/src/app/test_hook.ts); what is read from it is structure:
// boxes with their places, counts, names. Pictures are for people: t.shot(name) writes one when --shots is given.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const PROGRAM = process.env.TTX_PROGRAM ?? join(ROOT, "build/tt-explorer");
export const CORPUS = process.env.TTX_CORPUS ?? resolve(ROOT, "../shared/corpus");
const BROWSER = process.env.TTX_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"];
const CASE_SECONDS = 30; // a case that takes longer hangs
const WAIT_MS = 6000; // for whatever a case waits for
const READY_MS = 15000; // from opening a model to its first frame, on a busy machine

const cases = [];

// ---- what a case says ----------------------------------------------------------------------------------------------

export class Skip extends Error {}

export function test(name, run, options = {}) {
  cases.push({ name, run, options });
}

export function fail(text) {
  throw new Error(text);
}

export function ok(value, text = "expected something") {
  if (!value) fail(text);
}

export function equal(found, expected, text = "") {
  const a = JSON.stringify(found), b = JSON.stringify(expected);
  if (a !== b) fail(`${text}${text && ": "}expected ${b}\n   found ${a}`);
}

export function near(found, expected, tolerance, text = "") {
  if (!(Math.abs(found - expected) <= tolerance)) fail(`${text}${text && ": "}expected ${expected} ± ${tolerance}, found ${found}`);
}

// Reads until what comes is as expected: for what follows a moment after what was done.
export async function eventually(read, expected, text = "", wait = WAIT_MS) {
  for (const until = Date.now() + wait; ;) {
    const found = await read();
    if (JSON.stringify(found) === JSON.stringify(expected)) return;
    if (Date.now() > until) equal(found, expected, text);
    await new Promise((done) => setTimeout(done, 30));
  }
}

// A file of the corpus; the case is skipped where it is not there.
export function corpus(name) {
  const path = join(CORPUS, name);
  if (!existsSync(path)) throw new Skip(`no ${name}`);
  return path;
}

// ---- the server ----------------------------------------------------------------------------------------------------

export class Server {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "tt-explorer-web-"));
    this.files = join(this.folder, "files");
    mkdirSync(this.files);
    this.next = 1; // number of the next file that a case writes
  }

  // Starts it on a free port; `roots` are folders that may be read besides its own.
  async start(roots = [], options = []) {
    const args = ["serve", "-q", "-p", "0", "--workspace", join(this.folder, "workspace"), "--root", this.files];
    for (const root of roots) args.push("--root", root);
    if (process.env.TTX_UI) args.push("--ui", process.env.TTX_UI); // a page built by hand: web/build.mjs
    this.process = spawn(PROGRAM, [...args, ...options], { env: { ...process.env, HOME: this.folder, TT_EXPLORER_TOKEN: "" } });
    this.log = "";
    this.process.stderr.on("data", (text) => (this.log += text));
    this.url = await new Promise((done, broken) => {
      let out = "";
      this.process.stdout.on("data", (text) => {
        out += text;
        if (out.includes("\n")) done(out.trim().replace(/\/$/, ""));
      });
      this.process.on("error", broken);
      this.process.on("exit", (code) => broken(new Error(`the server ended with ${code}: ${this.log}`)));
    });
    return this;
  }

  async stop() {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((done) => this.process.once("exit", done));
      this.process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  // An answer of the API as JSON; throws what it says when it refuses.
  async api(method, path, body) {
    const answer = await fetch(`${this.url}/api/ttx/v1${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) fail(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
}

// ---- a case's page -------------------------------------------------------------------------------------------------

class Case {
  constructor(shared, name, shots) {
    Object.assign(this, shared);
    this.name = name;
    this.shots = shots;
    this.problems = [];
  }

  // Opens a page. `size` [width, height], `dark`, `scale` (device pixels per CSS pixel).
  async open({ size = [1440, 900], dark = false, scale = 1 } = {}) {
    this.context = await this.browser.newContext({
      viewport: { width: size[0], height: size[1] },
      deviceScaleFactor: scale,
      colorScheme: dark ? "dark" : "light",
      acceptDownloads: true,
    });
    this.context.setDefaultTimeout(WAIT_MS);
    this.page = await this.context.newPage();
    if (this.slow > 1) await (await this.context.newCDPSession(this.page)).send("Emulation.setCPUThrottlingRate", { rate: this.slow });
    this.page.on("pageerror", (e) => this.problems.push(`error in the page: ${e.stack ?? e}`));
    this.page.on("console", (m) => {
      // The browser may still ask for the icon of a page that has been left.
      if (m.type() === "error" && !/icon-\w+\.svg' from origin 'null'/.test(m.text())) this.problems.push(`console: ${m.text()}`);
    });
    return this.page;
  }

  // Opens the page on models: files (from the project's folder or absolute), one pane each, and waits until they are drawn.
  async openModel(files, { query = "", ...options } = {}) {
    if (!this.page) await this.open(options);
    const ids = [];
    for (const file of [files].flat()) {
      const model = await this.server.api("POST", "/models", { path: resolve(ROOT, file) });
      ids.push(model.id);
    }
    this.models = ids;
    await this.page.goto(`${this.server.url}/?${ids.map((id) => `model=${id}`).join("&")}${query && "&" + query}`);
    await this.ready();
    return ids;
  }

  // The same for text of MLIR. Equal texts are different models, so that nothing of another case belongs to them.
  openText(name, text, options = {}) {
    return this.openTexts([[name, text]], options);
  }

  // Several, one pane each: [[name, text]].
  openTexts(texts, options = {}) {
    const paths = texts.map(([name, text]) => {
      const number = this.server.next++;
      const path = join(this.server.files, `${number}-${name}`);
      writeFileSync(path, `${text}// ${number}\n`);
      return path;
    });
    return this.openModel(paths, options);
  }

  // Waits until every pane shows its graph and nothing moves any more.
  async ready() {
    await this.page.waitForFunction(() => globalThis.ttxTest?.ready(), null, { timeout: READY_MS, polling: 30 });
  }

  // Runs a command of the registry by its id.
  async command(id, ...args) {
    await this.page.evaluate(([command, rest]) => globalThis.ttxTest.run(command, ...rest), [id, args]);
    await this.ready();
  }

  // What the pane shows: {nodes, visible, selection: [ids], expanded: [ids], camera, boxes: [{id, label, x, y, w, h,
  // expanded}]}, in pixels of the page. The first pane unless told.
  graph(pane = 0) {
    return this.page.evaluate((p) => globalThis.ttxTest.graph(p), pane);
  }

  // Waits for a selection, or for what a test of the graph says, and until nothing moves any more.
  async selects(ids, pane = 0) {
    await eventually(async () => (await this.graph(pane))?.selection, ids, "the selection");
    await this.ready();
  }

  async until(test, text, pane = 0) {
    await eventually(async () => !!test(await this.graph(pane)), true, text);
    await this.ready();
  }

  // Waits until the keyboard is in a part of the page: what is typed before goes elsewhere.
  keyboardIn(selector) {
    return eventually(() => this.page.evaluate((s) => !!document.activeElement?.closest(s), selector), true, `the keyboard is in ${selector}`);
  }

  // The box of one node on the screen, by id; null when it is not drawn.
  box(id, pane = 0) {
    return this.page.evaluate(([p, node]) => globalThis.ttxTest.box(p, node), [pane, id]);
  }

  // Calls a function in the page with the view of a pane (web/src/engine/view.ts) and arguments that are JSON.
  view(run, ...args) {
    return this.page.evaluate(`globalThis.ttxTest.withView(0, (view, args) => (${run})(view, ...args), ${JSON.stringify(args)})`);
  }

  // What a feature has marked in a pane: {keep, highlights, edges} by the ids of nodes; null: nothing.
  mark(feature, pane = 0) {
    return this.page.evaluate(([f, p]) => globalThis.ttxTest.mark(p, f), [feature, pane]);
  }

  // The colour that features give a node ("fill", "border", "text"), as "#rrggbbaa"; "" for none.
  style(part, id, pane = 0) {
    return this.page.evaluate(([x, node, p]) => globalThis.ttxTest.style(p, x, node), [part, id, pane]);
  }

  // The pieces of the bar on a node: [{share, color}].
  bars(id, pane = 0) {
    return this.page.evaluate(([node, p]) => globalThis.ttxTest.bars(p, node), [id, pane]);
  }

  async clickNode(id, options = {}) {
    await this.page.evaluate(([p, node]) => globalThis.ttxTest.reveal(p, node), [options.pane ?? 0, id]);
    await this.ready();
    // On a busy machine something may still move between looking and clicking: then it is looked at and clicked again.
    for (const end = Date.now() + WAIT_MS; ;) {
      const box = await this.box(id, options.pane ?? 0);
      ok(box, `${id} is not on the screen`);
      // An open layer is clicked on its head, beside its name and the lines that enter in the middle.
      await this.page.mouse.click(box.x + box.w * (box.expanded ? 0.7 : 0.5), box.y + (box.expanded ? 8 : box.h / 2), options);
      const until = Date.now() + WAIT_MS / 3;
      let selected = false;
      while (!(selected = (await this.graph(options.pane ?? 0)).selection.includes(id)) && Date.now() < until) continue;
      if (selected) break;
      if (Date.now() > end) fail(`${id} is not selected after a click`);
    }
    await this.ready();
  }

  async shot(name) {
    if (!this.shots || !this.page) return;
    mkdirSync(this.shots, { recursive: true });
    await this.page.screenshot({ path: join(this.shots, `${name}.png`) });
  }

  // Drops a file on the page.
  drop(name, content) {
    return this.page.evaluate(([file, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], file, { type: "application/json" }));
      for (const type of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }, [name, typeof content === "string" ? content : JSON.stringify(content)]);
  }

  // A docked panel by its id.
  panel(id) {
    return this.page.locator(`[data-panel="${id}"]`);
  }

  // The bytes of a download that `act` starts, with its name.
  async download(act) {
    const [file] = await Promise.all([this.page.waitForEvent("download", { timeout: 10000 }), act()]);
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    return { name: file.suggestedFilename(), bytes: Buffer.concat(chunks) };
  }

  // Errors the page is meant to have.
  forgive(pattern) {
    this.problems = this.problems.filter((p) => !pattern.test(p));
  }

  async close() {
    await this.context?.close();
  }
}

// ---- running -------------------------------------------------------------------------------------------------------

const indented = (text) => String(text).split("\n").map((line) => `# ${line}`).join("\n");

async function runOne(shared, one, shots) {
  const t = new Case(shared, one.name, shots);
  let timer;
  const seconds = one.options.seconds ?? CASE_SECONDS;
  const late = new Promise((_, no) => (timer = setTimeout(() => no(new Error(`no end after ${seconds} s`)), seconds * 1000)));
  try {
    await Promise.race([one.run(t), late]);
    if (t.problems.length) fail(t.problems.join("\n"));
  } catch (e) {
    if (!(e instanceof Skip)) {
      await t.shot(`failed-${one.name.replace(/\W+/g, "_")}`).catch(() => {});
      for (const problem of t.problems) if (!String(e.message).includes(problem)) e.stack += `\n${problem}`;
    }
    throw e;
  } finally {
    clearTimeout(timer);
    await t.close();
  }
}

// Runs all cases whose name contains one of `filters` (none: all), with pages `slow` times slower. Gives how many failed.
export async function runAll({ filters = [], shots = null, seconds = 240, slow = 1 } = {}) {
  const chosen = cases.filter((c) => !filters.length || filters.some((f) => c.name.includes(f)));
  const started = Date.now();
  let failed = 0, number = 0;
  console.log(`1..${chosen.length}`);
  if (!existsSync(BROWSER)) {
    for (const one of chosen) console.log(`ok ${++number} - ${one.name} # SKIP no ${BROWSER}`);
    return 0;
  }
  const server = new Server();
  let browser;
  try {
    await server.start([ROOT, CORPUS].filter(existsSync));
    browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
    for (const one of chosen) {
      const began = Date.now();
      number++;
      try {
        // On a machine that is busy with other work everything takes longer.
        const share = Math.max(1, loadavg()[0] / cpus().length);
        if (began - started > seconds * 1000 * share) fail(`no time left: the browser tests have ${seconds} s together`);
        await runOne({ server, browser, slow }, one, shots);
        console.log(`ok ${number} - ${one.name} # ${((Date.now() - began) / 1000).toFixed(1)} s`);
      } catch (e) {
        if (e instanceof Skip) {
          console.log(`ok ${number} - ${one.name} # SKIP ${e.message}`);
          continue;
        }
        failed++;
        console.log(`not ok ${number} - ${one.name}\n${indented(e.stack ?? e)}`);
      }
    }
  } finally {
    await browser?.close();
    await server.stop();
  }
  return failed;
}
