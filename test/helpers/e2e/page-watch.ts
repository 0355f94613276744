/** Notes whatever a page should not do, for as long as it is open. */
import type { Page } from 'playwright-core';

/** Written as text: what runs in the page knows names that this file's types do not. */
const REPORT_POLICY = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('refused by the policy: ' + event.violatedDirective + ' ' + event.blockedURI));`;

export class PageWatch {
  private troubles: string[] = [];
  private readonly allowed: RegExp[] = [];

  /** Says that this is to be expected from now on. */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  /** Everything that was wrong since the last look: errors and warnings of the console, of scripts, of the policy, and requests elsewhere. */
  take(): string[] {
    const found = this.troubles;
    this.troubles = [];
    return found.filter((trouble) => !this.allowed.some((pattern) => pattern.test(trouble)));
  }

  async attach(page: Page): Promise<void> {
    await page.addInitScript(REPORT_POLICY);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        this.troubles.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.troubles.push(`page error: ${error.stack ?? error.message}`));
    // The studio asks on its own pages: a dialog of the browser is a script that was in some text.
    page.on('dialog', (dialog) => {
      this.troubles.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1')
        this.troubles.push(`request elsewhere: ${request.url()}`);
    });
  }
}
