// Undo and redo of what changes the view: expansion, selection, root, moves of the camera that somebody asked for.
// Each step knows how to go back and forth itself, so that any feature can add steps of its own.

import { computed, signal } from '@preact/signals';

export interface Step {
  /** What was done, for the menu: "Expand layer". */
  title: string;
  undo: () => void;
  redo: () => void;
}

const LIMIT = 200;
const done = signal<readonly Step[]>([]);
const undone = signal<readonly Step[]>([]);
let walking = false;

export const canUndo = computed(() => done.value.length > 0);
export const canRedo = computed(() => undone.value.length > 0);
export const undoTitle = computed(() => done.value.at(-1)?.title ?? '');
export const redoTitle = computed(() => undone.value.at(-1)?.title ?? '');

/** Adds a step that has just been done. Ignored while a step is being undone or redone. */
export function record(step: Step): void {
  if (walking) return;
  done.value = [...done.value.slice(-(LIMIT - 1)), step];
  undone.value = [];
}

function walk(action: () => void): void {
  walking = true;
  try {
    action();
  } finally {
    walking = false;
  }
}

export function undo(): void {
  const step = done.value.at(-1);
  if (!step) return;
  done.value = done.value.slice(0, -1);
  undone.value = [...undone.value, step];
  walk(step.undo);
}

export function redo(): void {
  const step = undone.value.at(-1);
  if (!step) return;
  undone.value = undone.value.slice(0, -1);
  done.value = [...done.value, step];
  walk(step.redo);
}

export function clearHistory(): void {
  done.value = [];
  undone.value = [];
}
