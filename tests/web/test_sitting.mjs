// The whole loop in one sitting, as a user goes through it: open a model, find an op, compile, follow the op through the
// passes, execute, override, compare, keep, close the server and start it again. Once by mouse, once wholly by keyboard, on
// an example and, where the corpus is there, on larger models. What each step took stands in the output ("# step").
import { copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { equal, eventually, ok, ROOT, Server, corpus, test } from "./harness.mjs";

// The op of which the third occurrence is meant (or the nth: others are fused with their neighbours, or their blocks do not
// fit into L1), and what it becomes.
const MODELS = {
  mnist: { file: () => join(ROOT, "examples/mnist.mlir"), op: "ttir.matmul", became: /^ttnn\.(matmul|linear)$/ },
  "transformer block": { file: () => join(ROOT, "examples/transformer_block.mlir"), op: "ttir.linear", became: /^ttnn\.(matmul|linear)$/ },
  "small resnet": { file: () => join(ROOT, "examples/resnet_small.mlir"), op: "ttir.conv2d", became: /^ttnn\.conv2d$/ },
  "two devices": { file: () => join(ROOT, "examples/tensor_parallel.mlir"), op: "ttir.matmul", nth: 1, became: /^ttnn\.(matmul|linear)$/ },
  resnet_hf: { file: () => corpus("mlir/ttir/models/resnet_hf.mlir"), op: "ttir.conv2d", nth: 2, became: /^ttnn\.conv2d$/ },
  "Llama decode block": { file: () => corpus("mlir/ttir/models/single_blocks_and_layers/llama_3_2_1b_decode_block.mlir"), op: "ttir.dot_general", nth: 8, became: /^ttnn\.(matmul|linear)$/ },
};

// A sitting: its own server, whose workspace outlives a restart, and a page.
class Sitting {
  constructor(t, name, hands) {
    Object.assign(this, { t, hands, model: MODELS[name], name: `${name}, ${hands}`, server: new Server() });
  }

  async begin() {
    const file = this.model.file();
    this.file = basename(file);
    copyFileSync(file, join(this.server.files, this.file));
    await this.server.start();
    this.page = await this.t.open();
    await this.t.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await this.page.goto(this.server.url);
  }

  async step(what, act) {
    const began = performance.now();
    await act();
    console.log(`# step ${this.name}: ${what} ${Math.round(performance.now() - began)} ms`);
    await this.t.shot(`sitting_${this.name}_${what}`.replace(/\W+/g, "_"));
  }

  panel(id) { return this.t.panel(id); }
  key(...keys) { return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve()); }
  type(text) { return this.page.keyboard.type(text); }
  button(id, name) { return this.panel(id).getByRole("button", { name, exact: true }); }
  selection(pane = 0) { return this.t.graph(pane).then((g) => g?.selection ?? []); }
  run() { return this.panel("compile").getByLabel("Run").inputValue(); }
  field(key) { return this.page.getByLabel(`output_layout ${key}`); }
  stages() { return this.panel("compile").locator('div[role="option"]'); }
  shown() { return this.panel("compile").locator(".option.active .option-text").allTextContents().then((all) => all.join()); }
  executed() { return this.panel("execute").getByLabel("Execution", { exact: true }).locator("option").count().catch(() => 0); }

  extremes() { return this.panel("execute").locator(".extremes").innerText(); }
  // Whether the execution that is shown has its accuracy.
  async grown() { return /lowest PCC/.test(await this.extremes()) && !(await this.panel("execute").locator(".growing").count()); }

  // The label of the one op that is selected, as the inspector shows it.
  async selected() {
    const title = this.panel("inspector").locator("h2, h3").first();
    return (await title.count()) ? (await title.textContent()).trim().replace(/(Op|Layer|Graph)$/, "") : "";
  }

  // A command of the palette, by what somebody would type.
  async palette(words) {
    await this.key("Control+k");
    await this.t.keyboardIn('[role=dialog][aria-label="Commands"] input');
    await this.type(words);
    await this.key("Enter");
  }

  async until(read, expected, what, wait) {
    await eventually(read, expected, what, wait);
    await this.t.ready();
  }
}

// ---- the two ways of doing each step ---------------------------------------------------------------------------------

// The row of a stage: the list is scrolled from its top until it is there.
async function stageRow(s, pass) {
  const row = s.stages().filter({ hasText: new RegExp(`^\\d+${pass}[\\d (]`) }).first();
  await s.stages().first().hover();
  await s.page.mouse.wheel(0, -10000);
  for (let i = 0; i < 40 && !(await row.isVisible()); i++) {
    await s.page.mouse.wheel(0, 120);
    await s.page.waitForTimeout(40);
  }
  return row;
}

const MOUSE = {
  open: async (s) => s.page.getByText(s.file).first().click(),
  find: async (s) => {
    await s.page.getByRole("button", { name: /^Search/ }).first().click();
    await s.page.getByLabel("Search the graph").fill(s.model.op);
    const rows = s.panel("search").getByRole("treeitem").filter({ has: s.page.getByText(s.model.op, { exact: true }) });
    await rows.nth((s.model.nth ?? 3) - 1).click();
  },
  compile: async (s) => {
    await s.page.getByRole("button", { name: /^Compile/ }).first().click();
    await s.button("compile", "Compile").click();
  },
  stage: async (s, pass) => s.step(`stage ${pass}`, async () => {
    await (await stageRow(s, pass)).click();
    await s.until(() => s.shown(), pass, "the stage");
  }),
  beside: async (s) => s.step("the source beside", async () => {
    const row = await stageRow(s, "input");
    await row.hover();
    await row.getByRole("button", { name: /beside/ }).click();
    await eventually(async () => (await s.t.graph(1))?.nodes > 0, true, "a second pane");
    await s.t.ready();
  }),
  front: async (s) => s.page.locator(".dv-default-tab, .tab").filter({ hasText: "ttnn-deallocate" }).first().click(),
  execute: async (s) => {
    if (!(await s.button("execute", "Execute").isVisible())) await s.page.getByRole("button", { name: /^Execute/ }).first().click();
    await s.button("execute", "Execute").click();
  },
  slowest: async (s) => s.panel("execute").locator(".extremes button").first().click(),
  nodes: async (s) => s.page.getByRole("button", { name: /^Node data/ }).first().click(),
  set: async (s, key, value) => s.field(key).selectOption(value),
  again: async (s, node) => s.t.clickNode(node),
  overrides: async (s) => s.page.getByRole("button", { name: /^Overrides/ }).first().click(),
  differences: async (s) => s.button("overrides", "Differences").click(),
  name: async (s, text) => {
    await s.panel("overrides").getByLabel("Name of the set").fill(text);
    await s.button("overrides", "Keep").click();
  },
  json: async (s) => s.button("overrides", "JSON").click(),
  options: async (s) => s.button("overrides", "Options").click(),
  undo: async (s) => s.page.getByRole("button", { name: /^Undo/ }).first().click(),
  redo: async (s) => s.page.getByRole("button", { name: /^(Redo|Do again)/ }).first().click(),
  link: async (s) => s.page.getByRole("button", { name: /link/i }).first().click(),
};

const KEYBOARD = {
  open: async (s) => {
    await s.page.getByLabel(/path/i).first().waitFor();
    await s.t.keyboardIn("input");
    await s.type(join(s.server.files, s.file));
    await s.key("Escape", "Enter");
  },
  find: async (s) => {
    await s.key("Control+f");
    await s.t.keyboardIn('[aria-label="Search the graph"]');
    await s.type(s.model.op);
    let found = 0;
    for (let last = ""; found < (s.model.nth ?? 3);) {
      await s.key("Enter");
      await eventually(async () => (await s.selection()).join() !== last && (await s.selection()).length === 1, true, "the next match");
      last = (await s.selection()).join();
      if (last.split(/[@#]/)[0].split("/").pop() === s.model.op) found++; // not the multiplication that names it
    }
  },
  compile: async (s) => {
    await s.key("F6", "c"); // out of the field
    await s.button("compile", "Compile").waitFor();
    await eventually(() => s.page.evaluate(() => document.activeElement?.textContent?.trim()), "Compile", "the keyboard is on Compile");
    await s.key("Enter");
  },
  // As quick as the fingers are: the stages between need not be drawn before the next is asked for.
  stage: async (s, pass) => s.step(`to stage ${pass}`, async () => {
    const names = await s.stages().locator(".option-text").allTextContents();
    let presses = 0, longest = 0;
    for (let at = names.indexOf(await s.shown()), to = names.indexOf(pass); at !== to; presses++) {
      const next = to === 0 ? 0 : at + Math.sign(to - at), began = performance.now();
      await s.key(to === 0 ? "Alt+Shift+ArrowLeft" : next < at ? "Alt+ArrowLeft" : "Alt+ArrowRight");
      await eventually(() => s.shown(), names[next], "the stage");
      longest = Math.max(longest, performance.now() - began);
      at = next;
    }
    await s.t.ready();
    console.log(`# ${presses} presses, the longest until its stage was shown ${Math.round(longest)} ms`); // of which up to 30 ms are this looking again
  }),
  beside: async (s) => {
    await s.step("split", async () => {
      await s.key("Control+\\");
      await eventually(async () => (await s.t.graph(1))?.nodes > 0, true, "a second pane");
      await s.t.ready();
    });
    await KEYBOARD.stage(s, "input");
  },
  front: async (s) => {
    for (let i = 0; i < 8 && (await s.shown()) !== LAST; i++) await s.key("F6");
  },
  execute: async (s) => s.key("Control+Enter"),
  slowest: async (s) => {
    await s.palette("locate the slowest");
  },
  nodes: async (s) => s.palette("panel node data"),
  set: async (s, key, value) => {
    const at = () => s.page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
    // After an edit the keyboard is still in the field, and goes on from there.
    if (!(await at()).startsWith("output_layout")) {
      await s.key("e");
      await eventually(at, "output_layout data_type", "the keyboard is on the first field");
    }
    for (let i = 0; i < 12 && (await at()) !== `output_layout ${key}`; i++) await s.key("Tab");
    await s.type(value);
    await s.key("Tab"); // Enter would open the list
  },
  again: async (s, node) => {
    await s.key("Control+f");
    await eventually(() => s.page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Search the graph", "the keyboard is in the field");
    await s.type(/ttnn\.\w+/.exec(node)[0]);
    const match = s.panel("search").locator(".count");
    await eventually(async () => /^\d+ match/.test(await match.innerText()), true, "matches");
    for (let i = 1; i < 100 && (i === 1 || (await s.selection()).join() !== node); i++) {
      await s.key("Enter");
      await s.until(async () => (await match.innerText()).startsWith(`${i} of`), true, "the next match");
    }
    await s.key("F6", "c"); // and the stages again
  },
  overrides: async (s) => s.palette("panel overrides"),
  differences: async (s) => s.palette("show what the overrides change"),
  name: async (s, text) => {
    await eventually(() => s.page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Name of the set", "the keyboard is on the name");
    await s.type(text);
    await s.key("Enter");
  },
  json: async (s) => s.palette("save the overrides as json"),
  options: async (s) => s.palette("copy the overrides as options"),
  undo: async (s) => s.key("Control+z"),
  redo: async (s) => s.key("Control+Shift+z"),
  link: async (s) => s.key("Control+Shift+l"),
};

const LAST = "ttnn-deallocate";
const EXECUTION_MS = 100000; // three runs and one in f32, on a machine that does other things

async function sit(t, name, hands) {
  const s = new Sitting(t, name, hands), by = hands === "mouse" ? MOUSE : KEYBOARD;
  try {
    await s.begin();
    await s.step("open", async () => {
      await by.open(s);
      await s.until(async () => !!(await t.graph()), true, "the graph");
    });
    await s.step("find the op", async () => {
      await by.find(s);
      await s.until(() => s.selected(), s.model.op, "the op is in the inspector");
    });
    const source = (await s.selection())[0];
    const inspector = s.panel("inspector");
    ok(/\[[\d, ]+\]|tensor</.test(await inspector.innerText()), "its shapes");
    ok(/full_location|loc\(/.test(await inspector.innerText()), "its location");
    ok(/matrix|convolution|product|contract|linear/i.test(await inspector.innerText()), "its documentation");

    await s.step("compile", async () => {
      await by.compile(s);
      await s.stages().first().waitFor();
      await s.until(() => s.shown(), LAST, "the last stage");
    });
    await s.until(async () => s.model.became.test(await s.selected()), true, "the op became one of TTNN, and is selected");
    const target = (await s.selection())[0];
    await by.stage(s, "convert-ttir-to-ttnn");
    await s.until(async () => (await s.selection()).length > 0, true, "the op is followed");
    await by.stage(s, LAST);
    equal((await s.selection())[0], target, "the op is still the one that is selected");
    await by.beside(s);
    await s.until(async () => (await s.selection(1)).includes(source), true, "the op in the other pane");
    await s.step("back to the last stage", async () => {
      await by.front(s);
      await s.until(() => s.shown(), LAST, "the pane of the last stage");
    });

    await s.step("execute: times and memory", async () => {
      await by.execute(s);
      await eventually(() => s.executed(), 1, "an execution", EXECUTION_MS); // the command goes on
      await eventually(async () => /slowest [\d.,]+ (ns|us|ms|s)/.test(await s.extremes()), true, "the slowest op");
    });
    await s.step("execute: accuracy", async () => s.until(() => s.grown(), true, "its accuracy", EXECUTION_MS));
    const told = await s.extremes();
    ok(/slowest [\d.,]+ (ns|us|ms|s)/.test(told) && /most memory/.test(told) && /lowest PCC/.test(told), told);
    await s.panel("execute").getByRole("img", { name: /^Timeline/ }).waitFor();
    await s.step("the slowest op", async () => {
      await by.slowest(s);
      await s.until(async () => (await s.selection()).length === 1, true, "it is selected");
    });
    await s.step("on the nodes", async () => {
      await by.nodes(s);
      await s.panel("nodedata").getByText(/time \(us\) after ttnn-deallocate [1-9]\d* nodes/).first().waitFor();
    });

    await by.again(s, target);
    await s.until(async () => (await s.selection())[0], target, "the op again");
    const plain = await s.run();
    for (const [key, value] of [["data_type", "bfp_bf8"], ["buffer_type", "l1"], ["tensor_memory_layout", "block_sharded"]]) {
      const before = await s.run();
      await s.field(key).waitFor();
      if ((await s.field(key).inputValue()) === value) continue;
      await s.step(`set ${key}`, async () => {
        await by.set(s, key, value);
        await s.until(async () => (await s.run()) !== before, true, "another run");
        await s.until(() => s.field(key).inputValue(), value, "its value");
        await s.until(() => s.shown(), LAST, "the same stage of it");
      });
    }
    await s.panel("inspector").getByText("Estimate:").first().waitFor();
    const changedRun = await s.run();
    ok(changedRun !== plain, "the overrides made a run of their own");
    await s.step("execute again, times compared", async () => {
      await by.execute(s);
      await eventually(() => s.executed(), 2, "two executions", EXECUTION_MS);
      await eventually(async () => /time .*→.*%/.test(await s.extremes()), true, "both times");
    });
    await s.step("execute again, accuracy compared", async () => s.until(() => s.grown(), true, "its accuracy", EXECUTION_MS));
    await eventually(async () => {
      const both = await s.extremes();
      return [/time .*→.*%/, /most memory .*→/, /lowest PCC .*→/].every((r) => r.test(both));
    }, true, "each beside the execution before");

    await s.step("the overrides", async () => {
      await by.overrides(s);
      await s.panel("overrides").getByText("applied", { exact: true }).first().waitFor();
    });
    await s.step("give them a name", async () => {
      await by.name(s, "sharded in L1");
      await s.panel("overrides").getByLabel("Named set").waitFor();
    });
    const file = await t.download(() => by.json(s));
    ok(/overrides.*\.json$/.test(file.name), file.name);
    const text = file.bytes.toString();
    for (const value of ["bfp_bf8", "block_sharded"]) ok(text.includes(value), `${value} is in ${text}`);
    await s.step("options", async () => {
      await by.options(s);
      await s.page.getByText(/option string is copied|Not expressible as options/).waitFor();
    });
    // Options bind by the names of locations: what has none is named as left out.
    if (!(await s.page.getByText(/Not expressible as options/).count()))
      ok((await s.page.evaluate(() => navigator.clipboard.readText())).startsWith("override-output-layout="), "an option string");
    await s.step("undo", async () => {
      await by.undo(s);
      await s.until(async () => (await s.run()) !== changedRun, true, "the run before");
    });
    await s.step("redo", async () => {
      await by.redo(s);
      await s.until(() => s.run(), changedRun, "the run again");
    });
    await s.step("differences", async () => {
      await by.differences(s);
      await s.panel("compare").getByText(/[1-9]\d* (changed|only)/).first().waitFor();
    });

    let link = "";
    await s.step("a link", async () => {
      await by.link(s);
      await eventually(async () => (link = await s.page.evaluate(() => navigator.clipboard.readText())).startsWith("http"), true, "a link on the clipboard");
    });
    const view = { panes: await t.page.locator(".graph-pane").count(), selection: await s.selection(), run: changedRun };
    await s.step("the server starts again", async () => {
      const port = new URL(s.server.url).port, ended = new Promise((done) => s.server.process.once("exit", done));
      s.server.process.kill("SIGTERM");
      await ended;
      await s.server.start([], ["-p", port]);
    });
    await s.step("the link opens the same view", async () => {
      await s.page.goto("about:blank");
      await s.page.goto(link);
      await t.ready();
      await eventually(async () => (await s.selection()).join(), view.selection.join(), "the selection");
    });
    equal(await t.page.locator(".graph-pane").count(), view.panes, "the panes");
    await s.until(() => s.run(), view.run, "the run");
    if (!(await s.panel("overrides").count())) await by.overrides(s);
    await s.panel("overrides").getByLabel("Named set").waitFor();
    await s.until(() => s.executed(), 2, "both executions");
  } finally {
    await s.page?.goto("about:blank"); // else it is told late what it still waits for
    await s.server.stop();
    t.forgive(/ERR_|Failed to load|Failed to fetch/); // while the server was away
  }
}

// The larger models take a minute each: with TTX_SITTINGS=all, as make bench ARGS=sitting does.
for (const name of Object.keys(MODELS).slice(0, process.env.TTX_SITTINGS === "all" ? undefined : 1))
  for (const hands of ["mouse", "keyboard"])
    test(`sitting: the whole loop by ${hands} on ${name}`, (t) => sit(t, name, hands), { seconds: 240 });
