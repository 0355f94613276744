import { useToasts } from '../stores/toasts.ts';

/** Copies text and says so. */
export async function copyText(text: string): Promise<void> {
  const toasts = useToasts();
  try {
    await navigator.clipboard.writeText(text);
    toasts.show('Copied', { level: 'good' });
  } catch (error) {
    toasts.showError(
      new Error('The browser does not allow copying here: select the text and copy it.', { cause: error }),
    );
  }
}

/** Hands a file to the user. */
export function download(name: string, content: Blob | string, type = 'text/plain'): void {
  const url = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser needs the address until it has begun to save.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
