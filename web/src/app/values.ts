// Attribute values as text.

const LIST_MOST = 4096;

/** A value of an attribute as one line or more. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) {
    const shown = value.slice(0, LIST_MOST).map(valueText).join(', ');
    return `[${shown}${value.length > LIST_MOST ? ', …' : ''}]`;
  }
  if (typeof value === 'object') {
    return Object.entries(value).filter(([, v]) => v !== null && v !== '').map(([k, v]) => `${k} = ${valueText(v)}`).join(', ');
  }
  return String(value);
}

/** A whole number with its thousands apart. Not by Intl: its first use takes 20 ms. */
export function whole(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${whole(n)} ${n === 1 ? one : many}`;
}

/** Bytes for people. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  for (const unit of ['kB', 'MB', 'GB', 'TB']) {
    n /= 1000;
    if (n < 1000 || unit === 'TB') return `${n < 10 ? n.toFixed(1) : Math.round(n)} ${unit}`;
  }
  return '';
}

/** A time for people, of microseconds, with three digits: "61.5 us", "4.04 ms". */
export function duration(us: number): string {
  const [n, unit] = us < 1 && us > 0 ? [us * 1000, 'ns'] : us < 999.5 ? [us, 'us'] : us < 999500 ? [us / 1000, 'ms'] : [us / 1e6, 's'];
  return `${n === 0 ? '0' : n < 9.995 ? n.toFixed(2) : n < 99.95 ? n.toFixed(1) : whole(Math.round(n))} ${unit}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** When, for people: "14:03", "yesterday", "3 Mar 2026". */
export function when(ms: number): string {
  if (!ms) return '';
  const date = new Date(ms), now = new Date();
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
  if (days === 1) return 'yesterday';
  if (days < 7) return `${days} days ago`;
  return `${date.getDate()} ${MONTHS[date.getMonth()]}${date.getFullYear() === now.getFullYear() ? '' : ` ${date.getFullYear()}`}`;
}
