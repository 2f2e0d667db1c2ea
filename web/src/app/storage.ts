// The browser's local storage: what it holds for this page stands behind "ttx.".

/** Local storage that never throws. */
export const storage = {
  get(key: string): unknown {
    try {
      const text = localStorage.getItem(`ttx.${key}`);
      return text === null ? undefined : (JSON.parse(text) as unknown);
    } catch {
      return undefined;
    }
  },
  set(key: string, value: unknown): void {
    try {
      if (value === undefined) localStorage.removeItem(`ttx.${key}`);
      else localStorage.setItem(`ttx.${key}`, JSON.stringify(value));
    } catch {
      // Full or forbidden: the value lasts as long as the page.
    }
  },
};
