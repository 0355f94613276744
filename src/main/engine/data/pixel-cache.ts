/** Prepared 8-bit pictures by path, bounded by bytes; what was used longest ago goes first. */
export class PixelCache {
  private readonly limit: number;
  private bytes = 0;
  /** In the order of use: a Map iterates by insertion. */
  private readonly entries = new Map<string, Uint8Array>();

  /** @param limit bytes; 0 keeps nothing */
  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): { readonly bytes: number; readonly images: number } {
    return { bytes: this.bytes, images: this.entries.size };
  }

  get(path: string): Uint8Array | undefined {
    const pixels = this.entries.get(path);
    if (!pixels) return undefined;
    this.entries.delete(path);
    this.entries.set(path, pixels);
    return pixels;
  }

  /** Keeps the pixels unless they alone exceed the limit. They must not change afterwards. */
  set(path: string, pixels: Uint8Array): void {
    if (pixels.byteLength > this.limit) return;
    this.bytes += pixels.byteLength - (this.entries.get(path)?.byteLength ?? 0);
    this.entries.delete(path);
    this.entries.set(path, pixels);
    for (const [oldest, { byteLength }] of this.entries) {
      if (this.bytes <= this.limit) break;
      this.entries.delete(oldest);
      this.bytes -= byteLength;
    }
  }
}
