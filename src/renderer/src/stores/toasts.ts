import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { ApiFailure } from '../../../shared/api/failures.ts';
import { failureOf } from '../api/api-error.ts';

export interface Toast {
  readonly id: number;
  readonly level: 'info' | 'good' | 'warning' | 'error';
  readonly text: string;
  /** Of an error: what to do, and details to copy. */
  readonly failure?: ApiFailure;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const MOST = 5;

/** Short notices at the edge of the page. */
export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([]);
  let nextId = 1;

  function show(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
    toasts.value = [...toasts.value, { id: nextId++, level: 'info' as const, text, ...options }].slice(-MOST);
  }

  /** Shows what went wrong. An abandoned request is no error. */
  function showError(error: unknown): void {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    const failure = failureOf(error);
    show(failure.cause, { level: 'error', failure });
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }

  return { toasts, show, showError, dismiss };
});
