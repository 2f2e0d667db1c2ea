// The start page comes up without errors, and the server behind it answers.
import { equal, ok, test } from "./harness.mjs";

test("start page: opens without errors", async (t) => {
  await t.open();
  const answer = await t.page.goto(t.server.url);
  equal(answer.status(), 200);
  ok(/explorer/i.test(await t.page.title()), "the title names the program");
  equal((await t.server.api("GET", "/server")).name, "tt-explorer");
});
