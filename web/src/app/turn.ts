// Long work on the page is cut into tasks, so that the browser draws and takes input in between; what would get into each
// other's way is done in turn.

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Resolves in a task of its own, after what the browser has to do by then. */
export function nextTask(): Promise<void> {
  return new Promise((done) => {
    waiting.push(done);
    channel.port2.postMessage(null);
  });
}

/** A queue: each that is given to it begins when those before have ended, well or not. Gives what it gives. */
export function queue(): <T>(act: () => Promise<T> | T) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const mine = last.then(act);
    last = mine.catch(() => {});
    return mine;
  };
}
