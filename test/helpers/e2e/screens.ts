/** What a user does and sees on the studio's screens, by roles and labels. */
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** How long the page may take to show what an engine does: it loads TensorFlow first. */
export const ENGINE_MS = 90_000;

/** How long the page may take to show what it knows already, or asks the studio for. */
export const SOON = { timeout: 15_000, interval: 50 } as const;

export const main = (page: Page): Locator => page.getByRole('main');
export const region = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('region', typeof name === 'string' ? { name, exact: true } : { name });
export const button = (place: Page | Locator, name: string | RegExp): Locator =>
  place.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });

/** Goes to a screen by the navigation. */
export async function goTo(
  page: Page,
  screen: 'Runs' | 'Train' | 'Data' | 'Compare' | 'Study' | 'Engine',
): Promise<void> {
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: screen }).click();
}

/** Times that a list is opened, and how long its entry is waited for each time. */
const [OPENINGS, ENTRY_MS] = [3, 5000];

/** Chooses an entry of a list field. A page that still loads may draw the field anew and so close its list: it is opened again. */
export async function choose(place: Page | Locator, label: string, option: string | RegExp): Promise<void> {
  const field = place.getByRole('combobox', { name: label });
  const entry = field.page().getByRole('option', { name: option, exact: true });
  for (let opening = 0; opening < OPENINGS && !(await entry.isVisible()); opening++) {
    if ((await field.getAttribute('aria-expanded')) !== 'true') await field.click();
    await entry.waitFor({ timeout: ENTRY_MS }).catch(() => undefined);
  }
  await entry.click();
}

/** Types into a field what then stands in it alone. */
export async function fill(place: Page | Locator, label: string, text: string): Promise<void> {
  await place.getByRole('textbox', { name: label, exact: true }).fill(text);
}

/** The steps that a run's screen says are done. */
export async function stepShown(page: Page): Promise<number> {
  const text = await region(page, 'Progress').innerText();
  return Number(/Step ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '') ?? NaN);
}

/** Waits until more steps are done than so many. */
export async function stepsBeyond(page: Page, step: number, timeoutMs = ENGINE_MS): Promise<void> {
  await expect.poll(() => stepShown(page), { timeout: timeoutMs, interval: 50 }).toBeGreaterThan(step);
}

/** Waits until the run's screen says this of its state. */
export async function stateIs(page: Page, state: string, timeoutMs = ENGINE_MS): Promise<void> {
  await main(page).getByText(state, { exact: true }).first().waitFor({ timeout: timeoutMs });
}

/** Does something that makes the browser save a file. @returns its text */
export async function downloaded(page: Page, act: () => Promise<void>): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

/** Drops a file from elsewhere on the desktop. */
export async function dropFile(
  target: Locator,
  file: { readonly name: string; readonly type: string; readonly content: Buffer },
): Promise<void> {
  // Written as text: what runs in the page knows names that this file's types do not.
  const made = `(() => {
    const bytes = Uint8Array.from(atob('${file.content.toString('base64')}'), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], ${JSON.stringify(file.name)}, { type: ${JSON.stringify(file.type)} }));
    return transfer;
  })()`;
  const dataTransfer = await target.page().evaluateHandle(made);
  for (const event of ['dragenter', 'dragover', 'drop']) await target.dispatchEvent(event, { dataTransfer });
}
